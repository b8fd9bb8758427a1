"""What the control server and the daemon behind it owe each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hydrad.wire.answers import Answer, Problem
from hydrad.wire.calls import Call


@dataclass(frozen=True, slots=True)
class Peer:
    """A client as the kernel names it (SO_PEERCRED at connect). `connection` counts from 1 and is never
    reused."""

    uid: int
    pid: int
    connection: int


class Reply(Protocol):
    """The way back to one call. It ends with the first answer whose `more` is False."""

    @property
    def call_id(self) -> int: ...

    def send(self, answer: Answer) -> bool:
        """Send an answer under this call's id; False when the client is gone, was cut off because it lags, or
        the call has ended already."""
        ...

    def send_bytes(self, data: bytes) -> bool:
        """Send an event that was encoded before (`wire.codec.encode_answer`, with this call's id and
        `more`)."""
        ...

    def ready(self, resume: Callable[[], None]) -> bool:
        """True when more may be written now. Else `resume` is called once, when what was written has
        drained."""
        ...


class Handler(Protocol):
    """The daemon behind the socket. Called on the loop; an exception in it is not the server's to catch."""

    def call(self, peer: Peer, call: Call, reply: Reply) -> None:
        """A decoded call. It may be answered later, or several times."""
        ...

    def gone(self, peer: Peer) -> None:
        """The client has left; its replies take nothing more."""
        ...

    def problem(self, problem: Problem) -> Answer:
        """The envelope for a message that the server itself must answer."""
        ...
