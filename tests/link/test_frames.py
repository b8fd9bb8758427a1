"""Frames: golden bytes, round trips, and decoders that refuse and never break.

`make golden-link` writes the golden files anew, for a frame that has grown at its end. Those of the first release, in
`golden/1.0`, stay what they are for as long as the version is 1.
"""

from __future__ import annotations

import enum
import os
import types
import typing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import Order
from hydrad.link import frames as f

GOLDEN = Path(__file__).parent / "golden"
UP = typing.get_args(f.Up)
DOWN = typing.get_args(f.Down)
Frame = f.UpFrame | f.DownFrame


def tag(body: type[msgspec.Struct]) -> str:
    return str(body.__struct_config__.tag)


def sample(kind: object, name: str = "") -> object:
    """A fixed value of a type, different for each field name."""
    number = 1 + sum(name.encode()) % 100
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return sample(args[0], name)
    if origin is tuple:
        return (sample(args[0], name),)
    assert isinstance(kind, type)
    if issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{field: sample(hints[field], field) for field in kind.__struct_fields__})
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    simple = {bool: True, int: number, str: name.upper(), bytes: bytes([number]) * 32}
    return Decimal(number).scaleb(-2) if kind is Decimal else simple[kind]


def golden_frame(body: type[msgspec.Struct]) -> Frame:
    made = sample(body)
    wrap = f.UpFrame if body in UP else f.DownFrame
    return wrap(f.LINK_VERSION, 3, 77, 2, made)  # type: ignore[arg-type]


def golden_path(body: type[msgspec.Struct]) -> Path:
    way = "up" if body in UP else "down"
    return GOLDEN / f"{way}_{tag(body).lower()}.hex"


def decode(frame: Frame, data: bytes) -> Frame:
    return f.decode_up(data) if isinstance(frame, f.UpFrame) else f.decode_down(data)


def strategy(kind: object) -> st.SearchStrategy[object]:
    """Any value of a type that a frame may hold."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([strategy(arg) for arg in args])
    if origin is tuple:
        return st.lists(strategy(args[0]), max_size=3).map(tuple)
    if kind is type(None):
        return st.none()
    assert isinstance(kind, type)
    if issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{field: _field(field, hints[field]) for field in kind.__struct_fields__})
    if issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    simple: dict[type, st.SearchStrategy[object]] = {
        bool: st.booleans(),
        int: st.integers(-(1 << 63), (1 << 63) - 1),
        str: st.text(max_size=20),
        bytes: st.binary(max_size=32),
        Decimal: st.decimals(-(10**14), 10**14, allow_nan=False, allow_infinity=False),
    }
    return simple[kind]


def _field(name: str, kind: typing.Any) -> st.SearchStrategy[object]:
    """Market time has a range of its own; every other number is any."""
    return st.integers(0, f.INSTANT_MS_MAX - 1) if name.endswith("_ms") and kind is int else strategy(kind)


HEAD = st.tuples(st.integers(0, 1 << 53), st.integers(1, (1 << 53) - 1), st.integers(1, 1 << 53))


def any_frame(bodies: tuple[type[msgspec.Struct], ...]) -> st.SearchStrategy[Frame]:
    wrap = f.UpFrame if bodies is UP else f.DownFrame
    return st.one_of([strategy(body) for body in bodies]).flatmap(
        lambda body: HEAD.map(lambda head: wrap(f.LINK_VERSION, *head, body))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("body", UP + DOWN, ids=lambda body: body.__name__)
def test_golden_bytes(body: type[msgspec.Struct]) -> None:
    frame, path = golden_frame(body), golden_path(body)
    if os.environ.get("HYDRA_GOLDEN") == "write":
        path.write_text(f.encode(frame).hex() + "\n")
    golden = bytes.fromhex(path.read_text())
    assert f.encode(frame) == golden
    assert decode(frame, golden) == frame


def test_each_golden_file_has_its_frame() -> None:
    assert {path.name for path in GOLDEN.glob("*.hex")} == {golden_path(body).name for body in UP + DOWN}


@given(any_frame(UP))
def test_frames_from_agents_come_back_the_same(frame: Frame) -> None:
    assert f.decode_up(f.encode(frame)) == frame


@given(any_frame(DOWN))
def test_frames_from_the_daemon_come_back_the_same(frame: Frame) -> None:
    assert f.decode_down(f.encode(frame)) == frame


def survives(data: bytes) -> None:
    """Either decoder gives a frame or BadFrame; anything else is a defect."""
    for decoder in (f.decode_up, f.decode_down):
        try:
            frame = decoder(data)
        except f.BadFrame:
            continue
        assert frame.version == f.LINK_VERSION
        assert len(f.encode(frame)) <= f.FRAME_BYTES_MAX


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    survives(data)


@given(st.sampled_from(UP + DOWN), st.data())
def test_damaged_frames_are_a_frame_or_refused(body: type[msgspec.Struct], draw: st.DataObject) -> None:
    data = bytearray(f.encode(golden_frame(body)))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    survives(bytes(data))


@pytest.mark.parametrize("body", UP + DOWN, ids=lambda body: body.__name__)
def test_every_cut_of_a_frame_is_refused(body: type[msgspec.Struct]) -> None:
    frame = golden_frame(body)
    data = f.encode(frame)
    for length in range(len(data)):
        with pytest.raises(f.BadFrame):
            decode(frame, data[:length])
    with pytest.raises(f.BadFrame):
        decode(frame, data + b"\x00")


@given(st.recursive(st.none() | st.integers(0, 9) | st.text(max_size=3), lambda inner: st.lists(inner, max_size=6)))
def test_well_formed_msgpack_of_another_shape_is_refused(value: object) -> None:
    survives(msgspec.msgpack.encode(value))


def edited(frame: Frame, **head: int) -> bytes:
    return f.encode(msgspec.structs.replace(frame, **head))


@pytest.mark.parametrize(
    "head",
    [{"version": 0}, {"version": 2}, {"epoch": -1}, {"session": -1}, {"session": 1 << 53}, {"seq": 0}],
    ids=str,
)
def test_wrong_heads_are_refused(head: dict[str, int]) -> None:
    for body in (f.Ready, f.Halt):
        frame = golden_frame(body)
        with pytest.raises(f.BadFrame):
            decode(frame, edited(frame, **head))


def test_surplus_unknown_and_misplaced_are_refused() -> None:
    head: list[object] = [f.LINK_VERSION, 3, 77, 2]
    ready = ["READY"]
    bad: list[object] = [
        [*head, ready, 1],
        [*head, ["NO_SUCH"]],
        [*head, ["FIRE"]],
        [*head, []],
        [*head, None],
        head,
        {"version": 1},
        [f.LINK_VERSION, "3", 77, 2, ready],
        [f.LINK_VERSION, 3.5, 77, 2, ready],
    ]
    assert f.decode_up(msgspec.msgpack.encode([*head, ready]))
    for value in bad:
        with pytest.raises(f.BadFrame):
            f.decode_up(msgspec.msgpack.encode(value))


def test_a_frame_over_the_limit_is_refused_on_both_sides() -> None:
    with pytest.raises(f.BadFrame, match="at most"):
        f.decode_up(bytes(f.FRAME_BYTES_MAX + 1))
    with pytest.raises(AssertionError):
        f.encode(f.UpFrame(f.LINK_VERSION, 1, 1, 1, f.Warn("X", "x" * f.FRAME_BYTES_MAX)))


def test_the_largest_pages_fit_a_frame() -> None:
    """The page limits and the frame limit agree for rows of the largest numbers and usual texts."""
    big = (1 << 53) - 1
    tick = f.Tick(big, big, big)
    late = f.INSTANT_MS_MAX - 1
    ticks = f.Ticks(late, True, (f.SymbolTicks("EURUSD.suffix", (tick,) * f.TICKS_PER_FRAME_MAX),))
    money = Decimal("-123456789.12")
    deal = f.DealRow(
        *(big, big, big, "EURUSD.suffix", 1, 1, 1, big, big, big, late),
        *(money, money, money, money, "c" * 31),
    )
    row = sample(f.LedgerRow)
    assert isinstance(row, f.LedgerRow)
    assert isinstance(row.order, Order)
    for body in (ticks, f.Deals((deal,) * f.ROWS_PER_PAGE_MAX, True), f.Ledger("x" * 36, (row,) * 100, True)):
        f.encode(f.UpFrame(f.LINK_VERSION, big, big, big, body))


LONG = "x" * 65


@pytest.mark.parametrize(
    ("body", "where"), [(f.Hello, (11, 0)), (f.Fire, (5, 2)), (f.Fire, (5, 3)), (f.QueryRates, (2,))], ids=str
)
def test_a_name_that_no_broker_gives_is_refused(body: type[msgspec.Struct], where: tuple[int, ...]) -> None:
    """Names come back in answers: a frame that just fits must not be answered by one that does not."""
    frame = golden_frame(body)
    plain = msgspec.msgpack.decode(f.encode(frame))
    inner = plain[4]
    for step in where[:-1]:
        inner = inner[step]
    assert isinstance(inner[where[-1]], str)
    for name, good in ((LONG[1:], True), (LONG, False)):
        inner[where[-1]] = name
        data = msgspec.msgpack.encode(plain)
        if good:
            assert decode(frame, data)
            continue
        with pytest.raises(f.BadFrame, match="letters"):
            decode(frame, data)


@pytest.mark.parametrize("amount", ["1E+15", "-1E+999", "Infinity", "NaN"])
def test_terms_of_amounts_beyond_reason_are_refused(amount: str) -> None:
    plain = msgspec.msgpack.decode(f.encode(golden_frame(f.Specs)))
    plain[4][1][0][9] = amount
    with pytest.raises(f.BadFrame, match="beyond reason"):
        f.decode_up(msgspec.msgpack.encode(plain))


def test_a_plan_beyond_reason_is_refused() -> None:
    plain = msgspec.msgpack.decode(f.encode(golden_frame(f.Fire)))
    plain[4][5][12] *= 65
    with pytest.raises(f.BadFrame, match="steps"):
        f.decode_down(msgspec.msgpack.encode(plain))


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_money_that_is_no_number_is_refused(text: str) -> None:
    frame = golden_frame(f.Account)
    plain = msgspec.to_builtins(frame)
    plain[4][3] = text  # equity
    with pytest.raises(f.BadFrame, match="finite"):
        f.decode_up(msgspec.msgpack.encode(plain))


@pytest.mark.parametrize("time_ms", [-1, f.INSTANT_MS_MAX, 1 << 60])
def test_an_instant_beyond_reason_is_refused(time_ms: int) -> None:
    """The calendar has no such year: whoever asked it would end the daemon. (A broker's tick is not the agent's word;
    the daemon leaves such ones out.)"""
    money = [Decimal(1)] * 6
    for body in (
        lambda: f.LedgerRow(1, 2, 0, f.RowState.DONE, b"", 0, time_ms),
        lambda: f.Account(*money, 100, "USD", time_ms),
    ):
        with pytest.raises(ValueError, match="beyond reason"):
            body()
