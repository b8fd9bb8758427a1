"""One client of the unix socket: its frames in, its calls in flight, its answers out. Owns that connection.

Limits, and what happens at each: a message that does not decode is answered and the connection closed; a call
above 64 in flight, or under an id that is in flight, is refused and the connection stays; a client with more
than 4 MiB unread is cut off.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

import msgspec

from hydrad.control.handler import Handler, Peer
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.calls import Call
from hydrad.wire.codec import BadMessage, Framer, WrongProtocol, decode_call, encode_answer
from hydrad.wire.codes import ErrorCode

CALLS_IN_FLIGHT_MAX = 64
UNREAD_BYTES_MAX = 4 << 20
# Above this a stream waits (`ready`), so that history is sent as fast as it is read and no faster.
STREAM_BYTES_HIGH = 256 << 10
_PEERCRED = struct.Struct("3i")


class CallReply:
    """The `Reply` of one call."""

    def __init__(self, client: Client, call_id: int) -> None:
        self._client = client
        self._call_id = call_id

    @property
    def call_id(self) -> int:
        return self._call_id

    def send(self, answer: Answer) -> bool:
        if not self._client.is_in_flight(self):
            return False
        if not answer.more:
            self._client.end(self)
        return self._client.send(msgspec.structs.replace(answer, id=self._call_id))

    def send_bytes(self, data: bytes) -> bool:
        return self._client.is_in_flight(self) and self._client.write(data)

    def ready(self, resume: Callable[[], None]) -> bool:
        return self._client.ready(resume)


class Client(asyncio.Protocol):
    """`admit(client)` tells whether there is room; `left(client)` is called once for each that was
    admitted."""

    def __init__(
        self, number: int, handler: Handler, admit: Callable[[Client], bool], left: Callable[[Client], None]
    ) -> None:
        self._number = number
        self._handler = handler
        self._admit = admit
        self._left = left
        self._admitted = False
        self._framer = Framer()
        self._in_flight: dict[int, CallReply] = {}
        self._waiting: list[Callable[[], None]] = []
        self._paused = False
        self._open = False
        self._peer = Peer(-1, -1, number)

    # --- what asyncio calls -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=STREAM_BYTES_HIGH)
        self._open = True
        self._peer = _peer(transport.get_extra_info("socket"), self._number)
        self._admitted = self._admit(self)
        if not self._admitted:
            self._refuse(ErrorCode.FAILED, "too many clients are connected")

    def data_received(self, data: bytes) -> None:
        if not self._open:
            return
        try:
            for payload in self._framer.feed(data):
                self._call(decode_call(payload))
        except WrongProtocol as error:
            self._refuse(ErrorCode.PROTOCOL, str(error))
        except BadMessage as error:
            self._refuse(ErrorCode.USAGE, str(error))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        waiting, self._waiting = self._waiting, []
        for resume in waiting:
            resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        self._in_flight.clear()
        self._waiting.clear()
        if self._admitted:
            self._left(self)
            self._handler.gone(self._peer)

    # --- what replies and the server call ---------------------------------------------------------------

    @property
    def uid(self) -> int:
        return self._peer.uid

    @property
    def idle(self) -> bool:
        """Whether it waits for nothing."""
        return not self._in_flight

    def is_in_flight(self, reply: CallReply) -> bool:
        """True while the call may still be answered."""
        return self._in_flight.get(reply.call_id) is reply

    def end(self, reply: CallReply) -> None:
        """The call has its last answer; its id may be used again."""
        del self._in_flight[reply.call_id]

    def send(self, answer: Answer) -> bool:
        """Encode and write an answer; one over the limit of a message becomes an error under the same id."""
        try:
            data = encode_answer(answer)
        except BadMessage as error:
            problem = Problem(ErrorCode.FAILED, f"the answer is too large: {error}", "ask for fewer rows")
            data = encode_answer(msgspec.structs.replace(self._handler.problem(problem), id=answer.id))
        return self.write(data)

    def write(self, data: bytes) -> bool:
        """Queue bytes; False when the client is gone or has just been cut off."""
        if not self._open:
            return False
        self._transport.write(data)
        if self._transport.get_write_buffer_size() <= UNREAD_BYTES_MAX:
            return True
        self.abort()
        return False

    def ready(self, resume: Callable[[], None]) -> bool:
        """See `Reply.ready`; a client that is gone is ready, and the next send says so."""
        if self._paused and self._open:
            self._waiting.append(resume)
            return False
        return True

    def close(self) -> None:
        """Take no more calls; what was written still goes out."""
        self._open = False
        self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        self._open = False
        self._transport.abort()

    # --- calls ------------------------------------------------------------------------------------------

    def _call(self, call: Call) -> None:
        if not self._open:
            return
        if call.id in self._in_flight:
            self._error(ErrorCode.USAGE, f"call id {call.id} is in flight already", call.id)
        elif len(self._in_flight) >= CALLS_IN_FLIGHT_MAX:
            self._error(ErrorCode.USAGE, f"{CALLS_IN_FLIGHT_MAX} calls are in flight already", call.id)
        else:
            reply = self._in_flight[call.id] = CallReply(self, call.id)
            self._handler.call(self._peer, call, reply)

    def _error(self, code: ErrorCode, message: str, call_id: int = 0) -> None:
        answer = self._handler.problem(Problem(code, message))
        self.send(msgspec.structs.replace(answer, id=call_id))

    def _refuse(self, code: ErrorCode, message: str) -> None:
        self._error(code, message)
        self.close()


def _peer(connected: socket.socket, number: int) -> Peer:
    """Who the kernel says is at the other end of a unix socket (unix(7), SO_PEERCRED)."""
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size)
    pid, uid, _ = _PEERCRED.unpack(credentials)
    return Peer(uid, pid, number)
