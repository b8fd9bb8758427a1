"""A frame as bytes, and bytes as a frame or a named error. Owns what is no frame, and what another version may say."""

from __future__ import annotations

import msgspec

from hydrad.link.frames.base import FRAME_BYTES_MAX, LINK_VERSION
from hydrad.link.frames.down import Down, Versions
from hydrad.link.frames.up import Up
from hydrad.link.session import SESSION_MAX


class BadFrame(ValueError):
    """Bytes that are no frame of this version; the message says where."""


class OtherVersion(BadFrame):
    """A frame of another version, whose head is the same in all of them. `text`: what its sender said about it."""

    def __init__(self, version: int, session: int, text: str) -> None:
        super().__init__(f"link version {version}, {LINK_VERSION} is spoken here")
        self.version = version
        self.session = session
        self.text = text


class UpFrame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    epoch: int
    session: int
    seq: int
    body: Up


class DownFrame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    epoch: int
    session: int
    seq: int
    body: Down


_ENCODER = msgspec.msgpack.Encoder()
_UP = msgspec.msgpack.Decoder(UpFrame)
_DOWN = msgspec.msgpack.Decoder(DownFrame)
_HEAD = msgspec.msgpack.Decoder(tuple[int, int, int, int, msgspec.Raw])
_VERSIONS = msgspec.msgpack.Decoder(Versions)
_TEXT_MAX = 200


def encode(frame: UpFrame | DownFrame) -> bytes:
    """The frame's bytes; a frame over 64 KiB is a programming error (pages are cut before)."""
    data = _ENCODER.encode(frame)
    assert len(data) <= FRAME_BYTES_MAX, f"{type(frame.body).__name__} frame of {len(data)} bytes"
    return data


def decode_up(data: bytes) -> UpFrame:
    """A frame from an agent; raises BadFrame."""
    frame = _decode(_UP, data)
    assert isinstance(frame, UpFrame)
    return frame


def decode_down(data: bytes) -> DownFrame:
    """A frame from a daemon; raises BadFrame."""
    frame = _decode(_DOWN, data)
    assert isinstance(frame, DownFrame)
    return frame


def versions_told(session: int, theirs: int) -> DownFrame:
    """The answer to an agent of another version, in its session."""
    whose = "the agent" if theirs < LINK_VERSION else "the daemon"
    text = f"this daemon speaks link {LINK_VERSION} and the agent {theirs}: install a newer version of {whose}"
    return DownFrame(LINK_VERSION, 0, session, 1, Versions(LINK_VERSION, LINK_VERSION, text))


def _decode(decoder: msgspec.msgpack.Decoder[UpFrame] | msgspec.msgpack.Decoder[DownFrame], data: bytes) -> object:
    if len(data) > FRAME_BYTES_MAX:
        raise BadFrame(f"{len(data)} bytes, {FRAME_BYTES_MAX} at most")
    try:
        frame = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        _look_at_head(data)
        raise BadFrame(str(error)) from None
    if frame.version != LINK_VERSION:
        _look_at_head(data)
        raise BadFrame(f"link version {frame.version}")
    if frame.epoch < 0 or not 1 <= frame.session <= SESSION_MAX or frame.seq < 1:
        raise BadFrame("epoch, session and seq count upwards, a session to 2^53-1")
    return frame


def _look_at_head(data: bytes) -> None:
    """Raises OtherVersion where all that is wrong with a frame may be its version."""
    try:
        version, _, session, _, body = _HEAD.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return
    if version == LINK_VERSION or not 0 < version < 1 << 16 or not 0 < session <= SESSION_MAX:
        return
    try:
        text = "".join(letter for letter in _VERSIONS.decode(body).text[:_TEXT_MAX] if letter.isprintable())
    except (msgspec.DecodeError, RecursionError, ValueError):
        text = ""
    raise OtherVersion(version, session, text)
