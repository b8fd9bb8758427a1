"""Where the daemon listens, as it notes it for people and for its next start."""

from __future__ import annotations

import msgspec

from hydrad.host import tcp_ports
from hydrad.host.places import Places


def endpoint_at(address: str) -> str:
    """The configured address if its port is free now, else the same host with a free port (paper homes)."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    preferred = int(port) if port.isdigit() else None
    return f"tcp://{host}:{tcp_ports.free_port(preferred, host)}"


def last_endpoint(places: Places, default: str) -> str:
    """Where the last daemon listened: agents that survived it look there."""
    try:
        found = msgspec.json.decode(places.endpoints_file.read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return default
    return found.get("bridge", default)


def write_endpoint(places: Places, address: str) -> None:
    """Note the bridge's address for people and for the next start."""
    places.endpoints_file.write_bytes(msgspec.json.encode({"bridge": address}) + b"\n")


def endpoints(places: Places) -> dict[str, str]:
    """Where the daemon's services listen, as it noted; raises FileNotFoundError."""
    return msgspec.json.decode(places.endpoints_file.read_bytes(), type=dict[str, str])


def note_endpoint(places: Places, name: str, address: str | None) -> None:
    """Note where another service listens beside the bridge; None: nowhere."""
    found = endpoints(places)
    found.pop(name, None)
    if address is not None:
        found[name] = address
    places.endpoints_file.write_bytes(msgspec.json.encode(found) + b"\n")
