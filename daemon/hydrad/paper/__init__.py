"""A paper home's own processes, its market clock, and the broker's part in it."""
