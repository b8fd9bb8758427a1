"""Owns the two unix sockets and the one loop that serves them.

Clients speak frames: 4 bytes of big-endian length, then a JSON header of that length, then, where the
header's `tail` is not zero, as many bytes. A request is `{"id": N, "call": NAME, "arguments": [...]}`; its
reply `{"id": N, "value": ..., "error": null or [code, text], "tail": N}`. The control socket speaks JSON
lines.

One thread does one thing at a time, so that each request sees the books that the one before it left. An
answer that a fault holds back waits in a heap while others are served. A connection whose peer does not read
its answers is not read from either; one that breaks the protocol is closed.
"""

from __future__ import annotations

import contextlib
import heapq
import hmac
import itertools
import os
import selectors
import signal
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import msgspec

from hydrad.terminal.broker import places
from hydrad.terminal.broker.api import Api
from hydrad.terminal.broker.control import Control
from hydrad.terminal.broker.pace import Pace
from hydrad.terminal.broker.private import Parent
from hydrad.terminal.broker.replies import ApiError, Reply, Session

HEADER_BYTES_MAX = 1 << 20
LINE_BYTES_MAX = 1 << 16
CLIENTS_MAX = 256
PARENT_LOOK_S = 1.0
_LENGTH = struct.Struct("!I")
_READ_BYTES = 1 << 16
_EVENTS = {False: selectors.EVENT_READ, True: selectors.EVENT_WRITE}


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's frame."""

    id: int
    call: str
    arguments: list[Any] = []


_REQUESTS = msgspec.json.Decoder(Request)
_ENCODER = msgspec.json.Encoder()


class Connection(ABC):
    """Bytes in and out of one peer; `take` answers what is complete in the buffer."""

    def __init__(self, server: Server, peer: socket.socket) -> None:
        self._server = server
        self._peer = peer
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._waiting = False  # for the peer to read its answers
        self._word = b""  # that it has to say first
        self.open = True
        peer.setblocking(False)

    def expect(self, word: bytes) -> None:
        """Answer nothing before the peer has said this; close it when it says something else."""
        self._word = word

    def ready(self, mask: int) -> None:
        """Write what waits, else read and answer."""
        try:
            if mask & selectors.EVENT_WRITE:
                self._flush()
            elif mask & selectors.EVENT_READ:
                self._read()
            self._answer_all()
        except OSError:  # the peer is gone; what it asked for is in the books
            self.close()

    def send(self, data: bytes) -> None:
        """Queue an answer; nothing when the peer has gone."""
        if not self.open:
            return
        self._outgoing += data
        try:
            self._flush()
        except OSError:
            self.close()

    def close(self) -> None:
        if self.open:
            self.open = False
            self._server.forget(self._peer)
            self._peer.close()

    @abstractmethod
    def take(self, buffer: bytearray) -> int:
        """Answer the first complete request; returns its length in bytes, 0 when there is none yet."""

    def _read(self) -> None:
        data = self._peer.recv(_READ_BYTES)
        self._incoming += data
        if not data:
            self.close()

    def _admitted(self) -> bool:
        size = len(self._word)
        if len(self._incoming) < size:
            return False
        if not hmac.compare_digest(bytes(self._incoming[:size]), self._word):
            self.close()
        del self._incoming[:size]
        self._word = b""
        return self.open

    def _answer_all(self) -> None:
        if self._word and not self._admitted():
            return
        while self.open and not self._outgoing:
            used = self.take(self._incoming)
            if not used:
                return
            del self._incoming[:used]

    def _flush(self) -> None:
        try:
            sent = self._peer.send(self._outgoing)
        except BlockingIOError:
            sent = 0
        del self._outgoing[:sent]
        if self._waiting != bool(self._outgoing):
            self._waiting = not self._waiting
            self._server.watch(self._peer, _EVENTS[self._waiting], self.ready)


class ClientConnection(Connection):
    """A program that imported MetaTrader5."""

    def __init__(self, server: Server, peer: socket.socket, api: Api) -> None:
        super().__init__(server, peer)
        self._api = api
        self._session = Session()

    def take(self, buffer: bytearray) -> int:
        if len(buffer) < _LENGTH.size:
            return 0
        (length,) = _LENGTH.unpack_from(buffer)
        if length > HEADER_BYTES_MAX:
            self.close()
            return 0
        end = _LENGTH.size + length
        if len(buffer) < end:
            return 0
        self._answer(bytes(buffer[_LENGTH.size : end]))
        return end if self.open else 0

    def _answer(self, header: bytes) -> None:
        try:
            request = _REQUESTS.decode(header)
        except msgspec.MsgspecError:
            self.close()
            return
        reply = self._reply(request)
        frame = encode(request.id, reply)
        if reply.later is not None:
            self._server.later(*reply.later)
        if reply.hold_ms is not None:
            self._server.later(reply.hold_ms, lambda: self.send(frame))

    def _reply(self, request: Request) -> Reply:
        try:
            return self._api.call(self._session, request.call, request.arguments)
        except ApiError as error:
            return Reply(None, error=(error.code, error.text))


class ControlConnection(Connection):
    """The conductor, or a test."""

    def __init__(self, server: Server, peer: socket.socket, control: Control) -> None:
        super().__init__(server, peer)
        self._control = control

    def take(self, buffer: bytearray) -> int:
        end = buffer.find(b"\n")
        if end < 0:
            if len(buffer) > LINE_BYTES_MAX:
                self.close()
            return 0
        self.send(self._control.answer(bytes(buffer[:end])))
        return end + 1


class Server:
    """The loop. `stop` ends it after the answers that are on their way. The clock is moved on before each round."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._parent: Parent | None = None
        self._selector = selectors.DefaultSelector()
        self._held: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._connections: dict[socket.socket, Connection] = {}
        self._stopping = False

    def listen(self, place: str, accept: Callable[[socket.socket], Connection]) -> None:
        """Serve a place; the caller holds the lock."""
        listener = places.listener(place)
        listener.listen(64)
        listener.setblocking(False)
        word = places.word(place)
        self._selector.register(listener, selectors.EVENT_READ, lambda _: self._accept(listener, accept, word))

    def on_signals(self, *numbers: signal.Signals) -> None:
        """Stop in good order on these."""
        ours, wakes = socket.socketpair()
        ours.setblocking(False)
        wakes.setblocking(False)
        signal.set_wakeup_fd(wakes.fileno())
        for number in numbers:
            signal.signal(number, lambda _number, _frame: None)
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._woken(ours, wakes))

    def end_with(self, parent: Parent, descriptor: int) -> None:
        """Stop when a descriptor of the parent's is at its end, or the parent is gone. A thread reads it, since Windows
        waits for sockets alone."""
        self._parent = parent
        ours, theirs = socket.socketpair()
        threading.Thread(target=_read_out, args=(descriptor, theirs), daemon=True).start()
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self.stop())

    def run(self) -> None:
        """Serve until stopped."""
        while not self._stopping:
            events = self._selector.select(self._patience_s())
            self._pace.advance()
            for key, mask in events:
                key.data(mask)
            self._release()
            if self._parent is not None and self._parent.gone:
                self.stop()
        for connection in list(self._connections.values()):
            connection.close()

    def stop(self) -> None:
        self._stopping = True

    def later(self, ms: int, act: Callable[[], object]) -> None:
        """Do it after so many milliseconds of wall time, at once when 0."""
        if ms == 0:
            act()
        else:
            heapq.heappush(self._held, (time.monotonic() + ms / 1000, next(self._order), act))

    def watch(self, peer: socket.socket, events: int, ready: Callable[[int], None]) -> None:
        self._selector.modify(peer, events, ready)

    def forget(self, peer: socket.socket) -> None:
        self._selector.unregister(peer)
        del self._connections[peer]

    def _accept(self, listener: socket.socket, accept: Callable[[socket.socket], Connection], word: bytes) -> None:
        try:
            peer, _ = listener.accept()
        except BlockingIOError:
            return
        if len(self._connections) >= CLIENTS_MAX:
            peer.close()
            return
        connection = accept(peer)
        connection.expect(word)
        self._connections[peer] = connection
        self._selector.register(peer, selectors.EVENT_READ, connection.ready)

    def _woken(self, ours: socket.socket, wakes: socket.socket) -> None:
        """`wakes` is kept here, since the signal module holds only its number."""
        assert wakes.fileno() >= 0
        ours.recv(64)
        self.stop()

    def _patience_s(self) -> float | None:
        """Until the next thing to do; None where only a request is waited for."""
        held_s = max(self._held[0][0] - time.monotonic(), 0.0) if self._held else None
        bounds = (held_s, self._pace.patience_s, PARENT_LOOK_S if self._parent else None)
        return min((bound for bound in bounds if bound is not None), default=None)

    def _release(self) -> None:
        now_s = time.monotonic()
        while self._held and self._held[0][0] <= now_s:
            heapq.heappop(self._held)[2]()


def _read_out(descriptor: int, told: socket.socket) -> None:
    """Read to the end, and close a socket then."""
    with told, contextlib.suppress(OSError):
        while os.read(descriptor, 64):
            pass


def encode(number: int, reply: Reply) -> bytes:
    """A reply's frame."""
    header = _ENCODER.encode({"id": number, "value": reply.value, "error": reply.error, "tail": len(reply.tail)})
    return _LENGTH.pack(len(header)) + header + reply.tail
