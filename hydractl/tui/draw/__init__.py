"""Pictures out of characters: pure functions from values to lines of `rich.text.Text`: no Textual, no clock, no I/O."""
