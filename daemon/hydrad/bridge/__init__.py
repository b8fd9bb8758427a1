"""The daemon's end of the terminal link: one ZeroMQ ROUTER with CURVE, and who may speak through it."""
