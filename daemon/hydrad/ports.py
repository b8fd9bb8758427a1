"""What the driver asks of the world. Each port is small enough that its fake is a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from hydrad.domain.actors import Actor
from hydrad.link.frames import DownFrame
from hydrad.toc.record import Record
from hydrad.wire.answers import Answer
from hydrad.wire.calls import AnyVerb


class Unfit(Exception):
    """A part of the daemon cannot run as things stand: the message says why, and what to do. No fault of the code."""


class Ask(Protocol):
    """How an edge that has worked out who asks puts a call to the daemon, and gets its one answer.

    A query is answered from memory, a request after its commit. `key`: idempotency key of a request, at most 64
    characters; same key, same answer. Never raises: what goes wrong is the answer's `error`.
    """

    def __call__(self, actor: Actor, verb: AnyVerb, key: str = "") -> Awaitable[Answer]: ...


class JournalPort(Protocol):
    """The truth. `append` returns when the records are durable, or raises and the process ends."""

    def append(self, records: Sequence[Record]) -> None: ...

    def head(self) -> tuple[int, bytes]:
        """Sequence and hash of the last record; (0, GENESIS) when empty."""
        ...

    def read(self, after_seq: int, limit: int) -> list[Record]:
        """Records with seq > after_seq, oldest first."""
        ...

    def replay(self, after_seq: int = 0) -> Iterator[Record]: ...


class InputLogPort(Protocol):
    """Numbered inputs, written before their batch's commit, synced once a second."""

    def append(self, number: int, data: bytes) -> None: ...

    def flush(self) -> None:
        """Hand what was appended to the operating system."""
        ...


class BridgePort(Protocol):
    """The way to agents. A send never blocks; False when the connection is gone or its queue is full."""

    def send(self, terminal: str, connection: int, frame: DownFrame) -> bool: ...


class ClockPort(Protocol):
    def machine_ns(self) -> int:
        """UTC nanoseconds."""
        ...

    def boot_ns(self) -> int:
        """A clock that counts suspend and never steps."""
        ...


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at this time of day, UTC."""

    hour: int
    minute: int

    def __str__(self) -> str:
        return f"daily at {self.hour:02}:{self.minute:02}Z"


@dataclass(frozen=True, slots=True)
class Every:
    """At every whole multiple of so many seconds since 1970."""

    seconds: int

    def __str__(self) -> str:
        return f"every {self.seconds} s"


When = Daily | Every


class SchedulerPort(Protocol):
    """Calls at times of machine time. Runs that were missed while it slept are one call; none runs beside itself."""

    def add(self, name: str, when: When, call: Callable[[], Awaitable[None]]) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None:
        """No more calls; what runs is not ended."""
        ...

    def next_ns(self, name: str) -> int | None:
        """When a job is called next; None while it is not scheduled."""
        ...
