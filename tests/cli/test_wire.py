"""What the shell writes by hand is what the codec of record reads, and the other way round."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl import client
from hydractl.msgpack import BadMessagePack, View, pack, unpack
from hydrad.wire import calls
from hydrad.wire.codec import FRAME_BYTES_MAX, Framer

scalars = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(), inner, max_size=40)
)


@given(values)
def test_pack_is_msgspecs(value: Any) -> None:
    assert pack(value) == msgspec.msgpack.encode(value)


@given(values)
def test_unpack_is_msgspecs(value: Any) -> None:
    assert unpack(msgspec.msgpack.encode(value)) == value


@pytest.mark.parametrize("length", [31, 32, 255, 256, 65535, 65536])
def test_every_length_form(length: int) -> None:
    for value in ("x" * length, [1] * length, {str(n): n for n in range(length)}):
        assert pack(value) == msgspec.msgpack.encode(value)
        assert unpack(pack(value)) == value


@given(st.binary(max_size=60))
def test_junk_is_an_error_of_ours_or_what_msgspec_reads(data: bytes) -> None:
    try:
        value = unpack(data)
    except BadMessagePack:
        return
    assert repr(value) is not None


def test_too_deep() -> None:
    with pytest.raises(BadMessagePack):
        unpack(b"\x91" * 1000 + b"\xc0")


def test_a_key_of_a_map_reads_as_an_attribute_and_a_missing_one_is_none() -> None:
    view = unpack(pack({"a": {"b": 1}}))
    assert isinstance(view, View) and view.a.b == 1 and view.a.c is None


def test_constants_are_the_wires() -> None:
    assert client.PROTOCOL == calls.PROTOCOL
    assert client.FRAME_BYTES_MAX == FRAME_BYTES_MAX


def test_a_frame_in_pieces(fake: Any, hydractl: Any, wire: Any) -> None:
    def slowly(call: calls.Call) -> list[bytes]:
        whole = wire.encode_answer(wire.answer(call))
        return [whole[:3], whole[3:40], whole[40:]]

    fake.script = slowly
    assert hydractl("missions", "-o", "json").returncode == 0
    assert Framer().feed(b"") == []
