"""A paper home's simulated broker, as it is laid out: its sockets, its file, its server and its logins."""

from __future__ import annotations

from hydrad.host.places import Places
from hydrad.host.secrets import Secret

PAPER_SERVER = "HydraX-Paper"
PAPER_LOGIN_FIRST = 100001
PAPER_PASSWORD = Secret("paper")  # of the simulated broker alone, which listens on a socket in a private folder
PAPER_NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")


def paper_name(number: int) -> str:
    """Names of paper accounts: alpha, bravo, ... then paper9, paper10."""
    return PAPER_NAMES[number] if number < len(PAPER_NAMES) else f"paper{number + 1}"


def broker_socket(places: Places) -> str:
    return str(places.run_dir / "broker.sock")


def broker_control(places: Places) -> str:
    return str(places.run_dir / "broker-control.sock")


def broker_config(places: Places) -> str:
    return str(places.broker_dir / "broker.toml")
