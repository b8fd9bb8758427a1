"""Framing of the unix socket, sans-IO: 4 bytes of length, big-endian, then msgpack. Both ends use it."""

from __future__ import annotations

import struct

import msgspec

from hydrad.wire.answers import Answer
from hydrad.wire.calls import PROTOCOL, Call

FRAME_BYTES_MAX = 1 << 20
_LENGTH = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()
_CALL = msgspec.msgpack.Decoder(Call)
_ANSWER = msgspec.msgpack.Decoder(Answer)


class BadMessage(ValueError):
    """Bytes that are no message of this protocol; the message names the place."""


class WrongProtocol(BadMessage):
    """A client or daemon of another protocol version."""


class Framer:
    """Collects bytes and gives whole messages. One message is at most 1 MiB."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages completed by `data`; raises BadMessage for a length above the limit, once the messages before it
        have been given."""
        self._buffer += data
        messages: list[bytes] = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > FRAME_BYTES_MAX:
                if messages:
                    break  # what came whole before it is heard first; the next feed raises
                raise BadMessage(f"message of {length} bytes, {FRAME_BYTES_MAX} at most")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            messages.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return messages


def frame(payload: bytes) -> bytes:
    """A payload with its length before it."""
    if len(payload) > FRAME_BYTES_MAX:
        raise BadMessage(f"message of {len(payload)} bytes, {FRAME_BYTES_MAX} at most")
    return _LENGTH.pack(len(payload)) + payload


def encode_call(call: Call) -> bytes:
    return frame(_ENCODER.encode(call))


def encode_answer(answer: Answer) -> bytes:
    return frame(_ENCODER.encode(answer))


class _Head(msgspec.Struct, frozen=True):
    protocol: int
    id: int = 0


_HEAD = msgspec.msgpack.Decoder(_Head)


def decode_call(payload: bytes) -> Call:
    """A call; raises WrongProtocol or BadMessage."""
    try:
        head = _HEAD.decode(payload)
        if head.protocol == PROTOCOL:
            return _CALL.decode(payload)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadMessage(str(error)) from None
    raise WrongProtocol(f"client speaks protocol {head.protocol}, this daemon {PROTOCOL}")


def decode_answer(payload: bytes) -> Answer:
    """An answer with `data` as plain dicts and lists; raises BadMessage."""
    try:
        return _ANSWER.decode(payload)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadMessage(str(error)) from None
