"""Recorded market data: reading, and the bundled sample day."""
