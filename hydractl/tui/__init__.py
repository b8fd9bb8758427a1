"""`hydractl tui`: the screens that people leave open all day. The only package that imports Textual."""
