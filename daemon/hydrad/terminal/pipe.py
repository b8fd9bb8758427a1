"""What goes over the pipe between the agent and its worker. Owns the framing: four bytes of length, then msgpack.

The first message down is Login, answered by LoggedIn or LoginFailed; after that one call at a time, each answered.
"""

from __future__ import annotations

import os
import struct
from decimal import Decimal

import msgspec

from hydrad.agent.calls import Answer, Call
from hydrad.host.secrets import Secret, hidden, revealed
from hydrad.link.frames import Identity

MESSAGE_BYTES_MAX = 64 << 20
_LENGTH = struct.Struct("!I")
_READ_BYTES = 1 << 16


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the messages that are no calls."""


class Grid(_Message, frozen=True):
    """What a symbol's floats are multiples of. `filling_flags`, `execution`: as in SymbolTerms."""

    digits: int
    step: Decimal
    filling_flags: int
    execution: int


class Login(_Message, frozen=True, tag="LOGIN"):
    """`clock_base_ns`: what the agent adds to the clock that counts since boot, to get its machine time.
    `kind`, `terminal_path`, `portable`: as in the bundle. `grids`: of symbols as an earlier worker saw them."""

    simulated: bool
    login: int
    server: str
    password: Secret
    symbols: tuple[str, ...]
    clock_base_ns: int
    kind: str
    terminal_path: str = ""
    portable: bool = False
    grids: dict[str, Grid] = {}


class LoggedIn(_Message, frozen=True, tag="LOGGED_IN"):
    """`offset_ms`: the broker's wall clock minus UTC, None while unknown. `market_ms`: market time now.
    `connected`, `trade_allowed`: whether it could trade. `symbols`: those that are followed. `stand_ins`: what may
    stand for a symbol of the bundle that the broker does not have, by its name."""

    identity: Identity
    offset_ms: int | None
    market_ms: int
    connected: bool
    trade_allowed: bool
    symbols: tuple[str, ...] = ()
    stand_ins: dict[str, tuple[str, ...]] = {}


class LoginFailed(_Message, frozen=True, tag="LOGIN_FAILED"):
    """`identity`: where it was not the terminal that is meant, who it is."""

    reason: str
    identity: Identity | None = None


Down = Login | Call
Up = LoggedIn | LoginFailed | Answer
# The pipe ends in a child of ours: the one place where a password is told.
_ENCODER = msgspec.msgpack.Encoder(enc_hook=revealed)
_DOWN: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down, dec_hook=hidden)
_UP: msgspec.msgpack.Decoder[Up] = msgspec.msgpack.Decoder(Up)


class BadPipe(ConnectionError):
    """Bytes that are no message: the other side is not what it should be."""


def frame(message: Down | Up) -> bytes:
    """A message's bytes."""
    data = _ENCODER.encode(message)
    assert len(data) <= MESSAGE_BYTES_MAX, f"{type(message).__name__} of {len(data)} bytes"
    return _LENGTH.pack(len(data)) + data


def decode_down(data: bytes) -> Down:
    """A call; raises BadPipe."""
    try:
        return _DOWN.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:  # ValueError: text that is not UTF-8
        raise BadPipe(f"from the agent: {error}") from None


def decode_up(data: bytes) -> Up:
    """An answer; raises BadPipe."""
    try:
        return _UP.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BadPipe(f"from the worker: {error}") from None


class Assembler:
    """Puts messages together from what a pipe gives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now; raises BadPipe."""
        self._buffer += data
        whole = []
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > MESSAGE_BYTES_MAX:
                raise BadPipe(f"a message of {size} bytes")
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                break
            whole.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return whole


def write_all(fd: int, data: bytes) -> None:
    """Write to a blocking descriptor; raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_some(fd: int) -> bytes:
    """What a descriptor has, empty at its end; raises OSError."""
    return os.read(fd, _READ_BYTES)
