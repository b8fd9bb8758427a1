"""Calls and answers on the unix socket: framing, golden bytes, round trips, and refusals that never break."""

from __future__ import annotations

import types
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.codec import (
    FRAME_BYTES_MAX,
    BadMessage,
    Framer,
    WrongProtocol,
    decode_answer,
    decode_call,
    encode_answer,
    encode_call,
    frame,
)

VERBS = typing.get_args(calls.AnyVerb)
DAEMON = DaemonInfo("0.1.0", calls.PROTOCOL, "test", "paper")
CALL = (
    "000000c385a870726f746f636f6c01a2696407a4626f64798fa476657262a466697265a76d697373696f6eaa4d2d30303030"
    "30303130a76163636f756e74c0a86163636f756e747390a567726f7570c0ac616c6c5f6163636f756e7473c2a6766f6c756d"
    "65c0a47269736ba4302e3525a4706c616ea764656661756c74a76472795f72756ec2a6776169745f73cb4024000000000000"
    "a6726561736f6ec0a4706f6f6cc0a5616761696ec2a573697a656490a36b6579a26b31a773757266616365a57368656c6c"
)
ANSWER = (
    "000000b589a6736368656d61af68796472612e7374617475732f7631a26f6bc2a27473b8323031342d30352d30325431"
    "323a33303a30302e3030305aa66461656d6f6e84a776657273696f6ea5302e312e30a870726f746f636f6c01a8696e73"
    "74616e6365a474657374a46d6f6465a57061706572a464617461c0a87761726e696e677390a56572726f7284a4636f64"
    "65a55553414745a76d657373616765a26e6fa468696e74c0a5666163747380a2696407a46d6f7265c2"
)


def strategy(kind: object) -> st.SearchStrategy[object]:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([strategy(arg) for arg in args])
    if origin is dict:
        return st.dictionaries(strategy(args[0]), strategy(args[1]), max_size=3)
    if origin is tuple:
        return st.lists(strategy(args[0]), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return any_verb(kind)
    simple: dict[object, st.SearchStrategy[object]] = {
        type(None): st.none(),
        bool: st.booleans(),
        int: st.integers(-(1 << 63), (1 << 63) - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(max_size=20),
    }
    return simple[kind]


def any_verb(verb: type[msgspec.Struct]) -> st.SearchStrategy[msgspec.Struct]:
    hints = typing.get_type_hints(verb)
    return st.builds(verb, **{name: strategy(hints[name]) for name in verb.__struct_fields__})


def payloads(data: bytes) -> list[bytes]:
    return Framer().feed(data)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
@given(draw=st.data())
def test_calls_come_back_the_same(verb: type[msgspec.Struct], draw: st.DataObject) -> None:
    body = draw.draw(any_verb(verb))
    call = calls.Call(calls.PROTOCOL, draw.draw(st.integers(0, 1 << 53)), body, "k", "tui")  # type: ignore[arg-type]
    (payload,) = payloads(encode_call(call))
    assert decode_call(payload) == call


def test_each_verb_has_a_tag_of_its_own() -> None:
    tags = {verb.__struct_config__.tag for verb in VERBS}
    assert len(tags) == len(VERBS)


def test_golden_call_and_answer() -> None:
    call = calls.Call(1, 7, calls.Fire("M-00000010", risk="0.5%"), key="k1")
    assert encode_call(call).hex() == CALL
    answer = Answer("hydra.status/v1", False, "2014-05-02T12:30:00.000Z", DAEMON, error=Problem("USAGE", "no"), id=7)
    assert encode_answer(answer).hex() == ANSWER
    assert decode_answer(payloads(bytes.fromhex(ANSWER))[0]) == answer


def test_data_of_answers_arrives_as_plain_values() -> None:
    answer = Answer("hydra.x/v1", True, "t", DAEMON, data=calls.Fire("M"), more=True)
    (payload,) = payloads(encode_answer(answer))
    back = decode_answer(payload)
    assert back.more
    assert back.data["mission"] == "M"


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_messages_survive_any_cut_of_the_stream(sent: list[bytes], draw: st.DataObject) -> None:
    stream = b"".join(frame(payload) for payload in sent)
    framer, got = Framer(), []
    while stream:
        cut = draw.draw(st.integers(1, len(stream)))
        got += framer.feed(stream[:cut])
        stream = stream[cut:]
    assert got == sent


def test_a_length_above_the_limit_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(BadMessage, match="at most"):
        Framer().feed((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))
    with pytest.raises(BadMessage, match="at most"):
        frame(bytes(FRAME_BYTES_MAX + 1))
    assert payloads(frame(bytes(FRAME_BYTES_MAX))) == [bytes(FRAME_BYTES_MAX)]


def test_another_protocol_is_named_before_anything_else_is_read() -> None:
    payload = msgspec.msgpack.encode({"protocol": 99, "id": 1, "body": "from the future", "new": 1})
    with pytest.raises(WrongProtocol, match="99"):
        decode_call(payload)


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        {"protocol": 1, "id": 1},
        {"protocol": 1, "id": 1, "body": {"verb": "nope"}},
        {"protocol": 1, "id": 1, "body": {"verb": "fire"}},
        {"protocol": 1, "id": 1, "body": {"verb": "fire", "mission": 5}},
        {"protocol": 1, "id": 1, "body": {"verb": "status", "surplus": 1}},
        {"protocol": 1, "id": 1, "body": {"verb": "status"}, "surplus": 1},
        {"protocol": "1", "id": 1, "body": {"verb": "status"}},
    ],
    ids=str,
)
def test_what_is_no_call_is_refused(value: object) -> None:
    with pytest.raises(BadMessage):
        decode_call(msgspec.msgpack.encode(value))


def survives(data: bytes) -> None:
    """A value or BadMessage. Text that is not UTF-8 is looked at by the test below."""
    for decoder in (decode_call, decode_answer):
        try:
            decoder(data)
        except (BadMessage, UnicodeDecodeError):
            continue


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    survives(data)


@given(st.sampled_from(VERBS), st.data())
def test_damaged_calls_are_a_call_or_refused(verb: type[msgspec.Struct], draw: st.DataObject) -> None:
    call = calls.Call(calls.PROTOCOL, 1, draw.draw(any_verb(verb)))  # type: ignore[arg-type]
    data = bytearray(payloads(encode_call(call))[0])
    for _ in range(draw.draw(st.integers(1, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    survives(bytes(data))


@pytest.mark.parametrize("decoder", [decode_call, decode_answer])
def test_a_deep_nest_is_refused(decoder: typing.Callable[[bytes], object]) -> None:
    with pytest.raises(BadMessage):
        decoder(b"\x82\xa8protocol\x01\xa1x" + b"\x91" * 100_000)


@pytest.mark.parametrize(
    ("decoder", "payload"),
    [(decode_call, b"\x82\xa8protocol\x01\xa2\xff\xfe\x01"), (decode_answer, b"\x81\xa6schema\xa2\xff\xfe")],
    ids=["call", "answer"],
)
def test_text_that_is_not_utf8_is_refused(decoder: typing.Callable[[bytes], object], payload: bytes) -> None:
    with pytest.raises(BadMessage):
        decoder(payload)
