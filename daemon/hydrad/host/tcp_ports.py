"""Free TCP ports of this machine."""

from __future__ import annotations

import errno
import socket


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a listener could bind `port` now. Another process may take it before the caller does."""
    with _socket() as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def free_port(preferred: int | None = None, host: str = "127.0.0.1") -> int:
    """`preferred` if it is free, else one that the system chooses."""
    if preferred is not None and is_free(preferred, host):
        return preferred
    with _socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _socket() -> socket.socket:
    """As ZeroMQ binds: an address in TIME_WAIT is free, one with a listener is not."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return probe
