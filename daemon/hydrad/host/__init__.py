"""What the host provides: clocks, entropy, locks, keys, paths."""
