"""A broker's arithmetic: fills, stops, margin, profit. Pure."""
