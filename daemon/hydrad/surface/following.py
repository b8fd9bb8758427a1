"""Who follows the journal over the control socket. Owns their streams; one without a role any more is told no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from hydrad.control.handler import Peer, Reply
from hydrad.control.stream import TailStream, selector
from hydrad.domain.actors import Role
from hydrad.surface.daemon import Daemon
from hydrad.toc import narrate
from hydrad.toc.record import Record
from hydrad.wire import calls
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.journal import Event
from hydrad.wire.codes import ErrorCode


class Envelope(Protocol):
    def __call__(self, schema: str, data: object, problem: Problem | None, more: bool = False) -> Answer: ...


class Follower(NamedTuple):
    """One client that follows the journal."""

    identity: str
    stream: TailStream
    verb: calls.Tail
    reply: Reply


class Followers:
    """`envelope` makes an answer, `refuse` sends one that says why there is none."""

    def __init__(
        self, daemon: Daemon, envelope: Envelope, refuse: Callable[[Reply, calls.Tail, ErrorCode, str], None]
    ) -> None:
        self._daemon, self._envelope, self._refuse = daemon, envelope, refuse
        self._followers: dict[int, list[Follower]] = {}

    def follow(self, peer: Peer, verb: calls.Tail, reply: Reply) -> None:
        def envelope(event: Event | None, more: bool) -> Answer:
            return self._envelope("hydra.event/v1", event, None, more)

        stream = TailStream(
            verb,
            self._daemon.journal_seq,
            self._daemon.read,
            selector(verb, self._event),
            envelope,
            reply,
            asyncio.get_running_loop().call_soon,
        )
        one = Follower(f"uid:{peer.uid}", stream, verb, reply)
        self._followers.setdefault(peer.connection, []).append(one)

    def gone(self, connection: int) -> None:
        for one in self._followers.pop(connection, []):
            one.stream.stop()

    def published(self, head_seq: int) -> None:
        """Records up to here are durable: followers may read on, those who still have a role."""
        for connection, found in list(self._followers.items()):
            for one in found:
                self._let_read(one, head_seq)
            if all(one.stream.done for one in found):
                del self._followers[connection]

    def keep_alive(self) -> None:
        """Tell all who follow that the loop turns."""
        for found in self._followers.values():
            for one in found:
                one.stream.keep_alive()

    def _let_read(self, one: Follower, head_seq: int) -> None:
        if self._daemon.state.role(one.identity) is not Role.NONE:
            one.stream.notify(head_seq)
        elif not one.stream.done:
            one.stream.stop()
            self._refuse(one.reply, one.verb, ErrorCode.FORBIDDEN, f"{one.identity} has no role any more")

    def _event(self, record: Record) -> Event:
        return narrate.event(self._daemon.state, record)
