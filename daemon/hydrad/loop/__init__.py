"""What waits for the core, and the loop that turns."""
