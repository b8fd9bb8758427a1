"""APEX: ticks to bars to features to signals. Pure."""
