"""The synchronous client of the daemon's unix socket.

Owns the connection, the deadlines, the idempotency key and the resuming of streams. One client makes one
invocation's calls: all its requests carry the same key, and a request that lost its connection is sent
again with that key, so that the daemon answers what it did the first time.

What may happen to a call: it is answered (an `Answer`, its `error` included); nobody took it (UNREACHABLE,
with advice); the peer speaks another version (PROTOCOL); time is up (TIMED_OUT for a query, UNKNOWN_OUTCOME
for a request that was handed to the socket whole, since it may have been carried out). Of a request `sent` says how far
it came: a frame that was not handed over whole is no request, whatever became of its bytes.
"""

from __future__ import annotations

import enum
import errno
import os
import select
import socket
import struct
import time

from hydractl.diagnostics import Failure
from hydractl.msgpack import BadMessagePack, pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from hydractl.places import Places
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.journal import Event

# As in hydrad.wire.calls and hydrad.wire.codec, whose import would double the start; a test compares them.
PROTOCOL = 1
FRAME_BYTES_MAX = 1 << 20

TIMEOUT_S = 10.0
RETRY_FIRST_S = 0.05
RETRY_MAX_S = 2.0
SILENCE_S = 5.0  # a followed daemon says each second that it is there
QUERY_RETRY_S = 2.0
_LENGTH = struct.Struct(">I")
_SUN_PATH_MAX = 107


class Lost(Exception):
    """The connection ended before the answer did."""


class Sent(enum.Enum):
    """How far the requests of a client came. The one that came least far after it was handed over decides."""

    NOTHING = "no request was handed to a daemon's socket"
    UNANSWERED = "a request was handed over whole, and its answer is missing"
    ANSWERED = "each request that was handed over was answered"


class Client:
    """Calls to one daemon. `timeout_s`: longest wait for an answer beyond what a call itself asks to wait."""

    def __init__(
        self, places: Places, timeout_s: float = TIMEOUT_S, key: str | None = None, surface: str = "shell"
    ) -> None:
        self.places = places
        self.surface = surface
        self.timeout_s = timeout_s
        self.key = key or os.urandom(16).hex()
        self.sent = Sent.NOTHING
        self._is_handed = False  # the call that is being made, whole, at least once
        self._connection: _Connection | None = None
        self._calls = 0

    def query(self, verb: str, /, **fields: Any) -> Answer:
        """Asks for something that changes nothing; fields are those of the verb's Struct in `wire.calls`."""
        deadline = time.monotonic() + self.timeout_s
        try:
            return self._exchange(verb, fields, "", deadline, deadline_lost_s=QUERY_RETRY_S)
        except TimeoutError:
            raise Failure("TIMED_OUT", f"no answer to {verb} within {self.timeout_s:g} s") from None
        except Lost:
            raise Failure("UNREACHABLE", "the daemon went away before it answered", _HINT_UP) from None

    def request(self, verb: str, /, *, wait_s: float | None = None, nth: int = 0, **fields: Any) -> Answer:
        """Asks for a change, with this invocation's key. `wait_s`, where the verb has it: how long the daemon itself
        may wait for a verdict before it answers. `nth`: which request of several, each of which has a key of its
        own."""
        if wait_s is not None:
            fields["wait_s"] = wait_s
        deadline = time.monotonic() + (wait_s or 0.0) + self.timeout_s
        try:
            key = f"{self.key}.{nth}" if nth else self.key
            return self._exchange(verb, fields, key, deadline, deadline_lost_s=self.timeout_s)
        except (TimeoutError, Lost) as lost:
            if not self._is_handed:
                raise Failure("UNREACHABLE", f"nothing was sent: no daemon took {verb}", _HINT_UP) from None
            why = f" ({lost})" if str(lost) else ""
            raise Failure(
                "UNKNOWN_OUTCOME",
                f"{verb} was sent and not answered{why}: it may have been carried out",
                self._how_to_know(verb),
                {"key": self.key},
            ) from None
        except KeyboardInterrupt:
            if not self._is_handed:
                raise Failure("INTERRUPTED", f"interrupted before {verb} was sent: nothing was done") from None
            raise Failure(
                "INTERRUPTED",
                f"interrupted while waiting for {verb}: it may have been carried out",
                self._how_to_know(verb),
                {"key": self.key},
            ) from None

    def _how_to_know(self, verb: str) -> str:
        """How a person learns what became of a request; a halt is found by what it has stopped."""
        if verb == "halt":
            return "look first: hydractl status"
        return (
            f"look first: hydractl asked {self.key} tells what became of it, and sends nothing; "
            f"the same again with --key {self.key} (where the verb has it) is not done twice"
        )

    def events(
        self,
        follow: bool,
        on_lost: Callable[[int], None],
        on_silent: Callable[[float], None] = lambda silent_s: None,
        on_heard: Callable[[], None] = lambda: None,
        **fields: Any,
    ) -> Iterator[Event]:
        """Records as they come, each once: after a lost connection it goes on behind the last one seen, for
        as long as it takes when following. `on_lost` is told where it will go on. `on_silent` is told when a
        followed daemon gives no sign of life, which it does each second (so many seconds), and when it does
        again (0); `on_heard` of each sign of life."""
        seen = fields.pop("after_seq", None)
        if follow and seen is None:
            begin = self.journal_seq()
        else:
            begin = seen or 0
        retry = _Retry(None if follow else QUERY_RETRY_S)
        while True:
            try:
                for event in self._stream("tail", on_silent, on_heard, follow=follow, after_seq=seen, **fields):
                    if seen is None or event.seq > seen:
                        seen = event.seq
                        yield event
                    retry.reset()
                return
            except Lost:
                seen = begin if seen is None else seen
                on_lost(seen)
                self._await_daemon(retry)
                self._check_journal(seen)

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _await_daemon(self, retry: _Retry) -> None:
        """Dials until the daemon listens again; raises the last failure when the retries are over."""
        while True:
            try:
                retry.pause()
            except Lost:
                raise Failure("UNREACHABLE", "the daemon went away", _HINT_UP) from None
            try:
                self._dial(time.monotonic() + self.timeout_s)
                return
            except Failure as failure:
                if failure.code != "UNREACHABLE":
                    raise

    def journal_seq(self) -> int:
        """The newest record's number."""
        answer = self.query("status")
        if answer.error is not None:
            raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
        seq: int = answer.data.journal.seq
        return seq

    def _check_journal(self, seen: int) -> None:
        """A shorter journal than the one already shown is another one: going on would skip what it holds."""
        try:
            length = self.journal_seq()
        except Failure as failure:
            if failure.code in ("UNREACHABLE", "TIMED_OUT"):
                return
            raise
        if length < seen:
            raise Failure(
                "DIFFERENCES",
                f"the journal ends at {length}, but {seen} was already shown: it is another journal",
                facts={"journal_seq": length, "shown_seq": seen},
            )

    def _stream(
        self, verb: str, on_silent: Callable[[float], None], on_heard: Callable[[], None], follow: bool, **fields: Any
    ) -> Iterator[Event]:
        deadline = time.monotonic() + self.timeout_s
        connection = self._dial(deadline)
        call = self._send(connection, verb, {"follow": follow, **fields}, "", deadline)
        while True:
            if follow and connection.silent(SILENCE_S):
                on_silent(SILENCE_S)
                connection.silent(None)
                on_silent(0.0)
            answer = connection.receive(None)
            if answer.id not in (call, 0):
                continue
            if answer.error is not None:
                raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
            on_heard()
            if answer.data is not None:
                yield answer.data
            if not answer.more:
                return

    def _exchange(self, verb: str, fields: dict[str, Any], key: str, deadline: float, deadline_lost_s: float) -> Answer:
        """Sends and receives, again after a lost connection. Before anything was sent, a failure is what it is; after
        it, Lost with its words, but for a daemon of another version, which does nothing that it is asked."""
        retry = _Retry(deadline_lost_s)
        self._is_handed = lost = False
        while True:
            try:
                connection = self._dial(deadline)
                call = self._send(connection, verb, fields, key, deadline)
                answer = self._answer(connection, call, deadline)
                if key:
                    self.sent = Sent.ANSWERED
                return answer
            except Lost:
                self.close()
                lost = self._is_handed
            except Failure as failure:
                if not self._is_handed or (isinstance(failure, _OtherVersion) and not lost):
                    raise
                if failure.code != "UNREACHABLE":
                    raise (Lost(failure.message) if key else failure) from None
            retry.pause()

    def _answer(self, connection: _Connection, call: int, deadline: float) -> Answer:
        while True:
            answer = connection.receive(deadline)
            if answer.id in (call, 0):
                return answer

    def _send(self, connection: _Connection, verb: str, fields: dict[str, Any], key: str, deadline: float) -> int:
        self._calls += 1
        body = {"verb": verb, **{name: value for name, value in fields.items() if value is not None}}
        call = {"protocol": PROTOCOL, "id": self._calls, "body": body, "key": key, "surface": self.surface}
        try:
            message = pack(call)
        except (OverflowError, UnicodeEncodeError) as error:  # a number beyond 64 bits, bytes that are no UTF-8
            raise Failure("USAGE", str(error)) from None
        before = self.sent, self._is_handed
        # It counts as handed over from here on, until it is known that the socket did not take all of it.
        self.sent, self._is_handed = (Sent.UNANSWERED if key else self.sent), True
        try:
            connection.send(message, deadline)
        except (Lost, TimeoutError, Failure):
            self.sent, self._is_handed = before
            raise
        return self._calls

    def _dial(self, deadline: float) -> _Connection:
        """The open connection, or a new one."""
        if self._connection is None or self._connection.ended:
            self._connection = _Connection(_connect(self.places, deadline))
        return self._connection


class _Retry:
    """Growing pauses between tries, at most `for_s` in all (None: for ever)."""

    def __init__(self, for_s: float | None) -> None:
        self._for_s = for_s
        self.reset()

    def reset(self) -> None:
        self._pause_s = RETRY_FIRST_S
        self._until: float | None = None

    def pause(self) -> None:
        """Waits; raises Lost when the time for tries is over."""
        now = time.monotonic()
        if self._until is None and self._for_s is not None:
            self._until = now + self._for_s
        if self._until is not None and now >= self._until:
            raise Lost
        time.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, RETRY_MAX_S)


class _Connection:
    """Frames over one connected socket; any loss of it is Lost."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self.ended = False

    def send(self, payload: bytes, deadline: float) -> None:
        if len(payload) > FRAME_BYTES_MAX:
            raise Failure("USAGE", f"the call has {len(payload)} bytes, {FRAME_BYTES_MAX} at most")
        self._timed(deadline)
        try:
            self._sock.sendall(_LENGTH.pack(len(payload)) + payload)
        except ConnectionError:
            self.close()
            raise Lost from None

    def receive(self, deadline: float | None) -> Answer:
        """The next answer; None waits without end."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > FRAME_BYTES_MAX:
            raise _Misunderstood(f"a message of {length} bytes, {FRAME_BYTES_MAX} at most")
        try:
            answer: Answer = unpack(self._read(length, deadline))
        except BadMessagePack as error:
            raise _Misunderstood(str(error)) from None
        if not isinstance(answer, dict) or not isinstance(answer.daemon, dict):
            raise _Misunderstood("what came is no answer")
        if answer.daemon.protocol != PROTOCOL:
            raise _OtherVersion(f"the daemon speaks protocol {answer.daemon.protocol}, this shell {PROTOCOL}")
        return answer

    def silent(self, within_s: float | None) -> bool:
        """Whether nothing at all comes within that time; None waits for it without end."""
        return not self._buffer and not select.select((self._sock,), (), (), within_s)[0]

    def close(self) -> None:
        self.ended = True
        self._sock.close()

    def _read(self, length: int, deadline: float | None) -> bytes:
        while len(self._buffer) < length:
            self._timed(deadline)
            try:
                data = self._sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                self.close()
                raise Lost
            self._buffer += data
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _timed(self, deadline: float | None) -> None:
        """Bounds the next system call; raises TimeoutError when there is no time left."""
        if deadline is None:
            self._sock.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        self._sock.settimeout(left)


class _Misunderstood(Failure):
    """What came is no answer of this protocol."""

    def __init__(self, what: str) -> None:
        words = f"shell and daemon do not understand each other: {what}"
        super().__init__("PROTOCOL", words, "install the same version of both")


class _OtherVersion(_Misunderstood):
    """A daemon of another version, which refuses whatever it is asked."""


_HINT_UP = "start it with: hydractl up"


def _connect(places: Places, deadline: float) -> socket.socket:
    path = places.socket
    if len(os.fsencode(path)) > _SUN_PATH_MAX:
        raise Failure("USAGE", f"socket path {path} is longer than {_SUN_PATH_MAX} bytes")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        sock.connect(path)
    except OSError as error:
        sock.close()
        raise _advice(places, error) from None
    return sock


def _advice(places: Places, error: OSError) -> Failure:
    """What to do about a socket that cannot be reached."""
    where = f"{places.socket} ({places.source})"
    facts = {"socket": places.socket, "source": places.source}
    if error.errno in (errno.EACCES, errno.EPERM):
        return Failure(
            "FORBIDDEN", f"your user may not open {where}", "ask for membership in the socket's group", facts
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Failure("UNREACHABLE", f"no daemon listens on {where}", _HINT_UP, facts)
    if error.errno == errno.ECONNREFUSED:
        text = f"the daemon that made {where} is gone"
        return Failure("UNREACHABLE", text, _HINT_UP, facts)
    return Failure("UNREACHABLE", f"{where} does not answer: {error.strerror or 'timed out'}", _HINT_UP, facts)
