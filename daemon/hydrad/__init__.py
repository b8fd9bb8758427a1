"""HydraX: the daemon and everything it shares with its clients and its terminals."""

__version__ = "0.1.0"
