"""Connections that ended before authentication asked about them. Owns the ROUTER's monitor socket.

A peer with another mechanism (NULL, PLAIN), or one that does not speak ZeroMQ at all, never reaches ZAP:
libzmq hangs up, and only the monitor tells. Refused keys are left out here, since ZAP has counted them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq
from zmq.utils.monitor import parse_monitor_message

from hydrad.bridge.reader import SocketReader

_EVENTS = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_DISCONNECTED


class Strangers:
    """`refused(reason, detail)`: reason is `mechanism`, `protocol` or `handshake`. `disconnected()`: any peer
    left, also one that was dropped for a message above the limit; libzmq does not say which peer it was."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        router: zmq.Socket[bytes],
        refused: Callable[[str, str], None],
        disconnected: Callable[[], None],
    ) -> None:
        self._router = router
        self._refused = refused
        self._disconnected = disconnected
        self._monitor = router.get_monitor_socket(_EVENTS)
        self._reader = SocketReader(loop, self._monitor, self._event)

    def close(self) -> None:
        self._reader.close()
        self._router.disable_monitor()
        self._monitor.close(linger=0)

    def _event(self, parts: list[zmq.Frame]) -> None:
        message = parse_monitor_message([part.bytes for part in parts])
        event, value = message["event"], message["value"]
        if event == zmq.EVENT_DISCONNECTED:
            self._disconnected()
        elif event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            self._refused("handshake", f"errno {value}")
        elif event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            reason = "mechanism" if value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH else "protocol"
            self._refused(reason, f"ZMTP error {value:#x}")
