"""The simulated broker: a process with durable books, a market clock, and a control socket for faults."""

from __future__ import annotations

from pathlib import Path


def module_path() -> str:
    """The folder to put on PYTHONPATH so that `import MetaTrader5` finds the simulated broker's client."""
    return str(Path(__file__).resolve().parent.parent / "simulated")
