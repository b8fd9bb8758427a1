"""The TUI: a store, a feed, and screens that draw what the store holds."""
