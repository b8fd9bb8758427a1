"""Orders: the hash is fixed for ever, and every field is in it."""

from __future__ import annotations

import enum
import typing

import msgspec
import pytest

from hydrad.domain.orders import (
    ORDER_VERSION,
    ActKind,
    EntryType,
    Order,
    PlanStep,
    PlanStepKind,
    Side,
    order_hash,
    whole_close,
)

STEP = PlanStep(PlanStepKind.TIME_STOP, 274877906945, at_ms=1_399_040_000_000)
ORDER = Order(
    ORDER_VERSION,
    ActKind.FIRE,
    "paper-1",
    "EURUSD",
    Side.BUY,
    EntryType.MARKET,
    entry_points=138_672,
    volume_steps=9,
    stop_points=138_572,
    target_points=138_872,
    collar_points=20,
    plan=(STEP,),
)
GOLDEN_BYTES = (
    "dc00110101a770617065722d31a64555525553440000ce00021db009ce00021d4cce00021e781400"
    "919601cf0000004000000001cf00000145bd48400000000000000000"
)
GOLDEN_HASH = "e306e249dc4bde0fd077bdc3c0e7e9e442e37aa06ee82d79357ea154e0cc85cc"


def test_the_hash_is_what_it_was() -> None:
    assert msgspec.msgpack.encode(ORDER).hex() == GOLDEN_BYTES
    assert order_hash(ORDER).hex() == GOLDEN_HASH


def changed(value: object) -> object:
    """Another value of the same type."""
    if isinstance(value, enum.Enum):
        return next(other for other in type(value) if other is not value)
    if isinstance(value, tuple):
        return (*value, STEP)
    return value + (1 if isinstance(value, int) else "x")  # type: ignore[operator]


@pytest.mark.parametrize("field", Order.__struct_fields__)
def test_every_field_of_an_order_is_in_the_hash(field: str) -> None:
    other = msgspec.structs.replace(ORDER, **{field: changed(getattr(ORDER, field))})
    assert order_hash(other) != order_hash(ORDER)


@pytest.mark.parametrize("field", PlanStep.__struct_fields__)
def test_every_field_of_a_plan_is_in_the_hash(field: str) -> None:
    step = msgspec.structs.replace(STEP, **{field: changed(getattr(STEP, field))})
    assert order_hash(msgspec.structs.replace(ORDER, plan=(step,))) != order_hash(ORDER)


def test_an_order_comes_back_with_the_same_hash() -> None:
    data = msgspec.msgpack.encode(ORDER)
    back = msgspec.msgpack.decode(data, type=Order)
    assert back == ORDER
    assert order_hash(back) == order_hash(ORDER)


def test_each_field_stands_where_the_hash_expects_it() -> None:
    hints = typing.get_type_hints(Order)
    assert list(hints)[:5] == ["version", "kind", "account", "symbol", "side"]
    assert len(msgspec.msgpack.decode(msgspec.msgpack.encode(ORDER))) == len(Order.__struct_fields__)


def test_sides() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)


@pytest.mark.parametrize("side", Side)
def test_what_closes_a_whole_position_deals_the_other_way_and_leaves_nothing(side: Side) -> None:
    order = whole_close("alpha", "EURUSD", side, 30, 7, 8)
    assert (order.kind, order.side, order.volume_steps) == (ActKind.CLOSE, side.opposite, 30)
    assert (order.position_id, order.ticket) == (7, 8)
    assert (order.volume_expected_steps, order.volume_remaining_steps) == (30, 0)
