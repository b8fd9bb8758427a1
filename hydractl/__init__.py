"""The operator's side: a light, synchronous client of the daemon."""
