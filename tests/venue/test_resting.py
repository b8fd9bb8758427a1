"""Resting orders: placed, changed, removed, reached, expired."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Entry, OrderKind, OrderState, Reason, Rules, Tickets, TimeType
from hydrad.venue.checks import BOC, FOK, IOC
from hydrad.venue.contract import CONTRACTS, Contract, Execution, TradeMode
from hydrad.venue.fills import RESTING, reached_points
from hydrad.venue.rates import Quote
from hydrad.venue.resting import (
    ChangeAsk,
    RemoveAsk,
    RestingAsk,
    Terms,
    change,
    judge_change,
    judge_place,
    judge_remove,
    place,
    remove,
)
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.ticks import expire, on_tick

EMPTY = Book(1001, "USD", 100, True, Decimal(10_000))
MARKET = Quote(110_000, 110_013)
LIMIT = RestingAsk("EURUSD", OrderKind.BUY_LIMIT, 10, Terms(109_900), magic=7, comment="mine")
KINDS = st.sampled_from(sorted(RESTING))


class OneSymbol:
    """EURUSD at one price, on terms that a test may change."""

    def __init__(self, quote: Quote | None = MARKET, **terms: object) -> None:
        self._quote = quote
        self._contract = replace(CONTRACTS["EURUSD"], **terms)  # type: ignore[arg-type]

    def contract(self, symbol: str) -> Contract | None:
        return self._contract if symbol == "EURUSD" else None

    def quote(self, symbol: str) -> Quote | None:
        return self._quote if symbol == "EURUSD" else None


def room(book: Book = EMPTY, *, symbol_open: bool = True, **terms: object) -> Room:
    return Room(book, OneSymbol(MARKET, **terms), 5_000, symbol_open)


def asked(kind: OrderKind, price: int, limit: int = 0, stop: int = 0, target: int = 0) -> RestingAsk:
    return RestingAsk("EURUSD", kind, 10, Terms(price, limit, stop, target))


def placed(ask: RestingAsk = LIMIT, book: Book = EMPTY) -> Outcome:
    outcome = place(ask, room(book), Tickets(1, 1))
    assert outcome.retcode is Retcode.DONE
    return outcome


def test_an_order_rests_and_ties_up_nothing() -> None:
    outcome = placed()
    (row,) = outcome.book.orders.values()
    assert outcome.change is not None and (outcome.change.order, outcome.change.deal) == (row, None)
    assert (row.ticket, row.state, row.left_steps, row.position, row.done_ms) == (1, OrderState.PLACED, 10, 0, 0)
    assert (row.magic, row.comment, row.setup_ms) == (7, "mine", 5_000)
    assert outcome.book.balance == EMPTY.balance and not outcome.book.positions


@pytest.mark.parametrize(
    ("kind", "price", "limit", "stop", "target", "expected"),
    [
        (OrderKind.BUY_LIMIT, 110_003, 0, 0, 0, None),
        (OrderKind.BUY_LIMIT, 110_004, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_LIMIT, 110_100, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_LIMIT, 0, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.SELL_LIMIT, 110_010, 0, 0, 0, None),
        (OrderKind.SELL_LIMIT, 110_009, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_STOP, 110_023, 0, 0, 0, None),
        (OrderKind.BUY_STOP, 110_022, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.SELL_STOP, 109_990, 0, 0, 0, None),
        (OrderKind.SELL_STOP, 109_991, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_STOP_LIMIT, 110_100, 110_090, 0, 0, None),
        (OrderKind.BUY_STOP_LIMIT, 110_100, 110_091, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_STOP_LIMIT, 110_100, 0, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.SELL_STOP_LIMIT, 109_900, 109_910, 0, 0, None),
        (OrderKind.SELL_STOP_LIMIT, 109_900, 109_909, 0, 0, Retcode.INVALID_PRICE),
        (OrderKind.BUY_LIMIT, 109_900, 0, 109_890, 109_910, None),
        (OrderKind.BUY_LIMIT, 109_900, 0, 109_891, 0, Retcode.INVALID_STOPS),
        (OrderKind.BUY_LIMIT, 109_900, 0, 0, 109_909, Retcode.INVALID_STOPS),
        (OrderKind.SELL_STOP, 109_900, 0, 109_910, 109_890, None),
        (OrderKind.SELL_STOP, 109_900, 0, 109_909, 0, Retcode.INVALID_STOPS),
        (OrderKind.BUY_STOP_LIMIT, 110_100, 110_050, 110_041, 0, Retcode.INVALID_STOPS),
        (OrderKind.BUY, 110_100, 0, 0, 0, Retcode.INVALID_ORDER),
        (OrderKind.CLOSE_BY, 110_100, 0, 0, 0, Retcode.INVALID_ORDER),
    ],
)
def test_prices_and_levels(
    kind: OrderKind, price: int, limit: int, stop: int, target: int, expected: Retcode | None
) -> None:
    ask = asked(kind, price, limit, stop, target)
    assert judge_place(ask, room()) is expected
    outcome = place(ask, room(), Tickets(1, 1))
    assert outcome.retcode is (expected or Retcode.DONE)
    assert (outcome.book is EMPTY) is (expected is not None)


TIMED = replace(LIMIT, terms=replace(LIMIT.terms, time_type=TimeType.SPECIFIED, expires_ms=6_000))


@pytest.mark.parametrize(
    ("ask", "terms", "expected"),
    [
        (replace(LIMIT, symbol="NOPE"), {}, Retcode.INVALID),
        (LIMIT, {"order_flags": 127 - 2}, Retcode.INVALID_ORDER),
        (LIMIT, {"trade_mode": TradeMode.SHORT_ONLY}, Retcode.SHORT_ONLY),
        (LIMIT, {"trade_mode": TradeMode.CLOSE_ONLY}, Retcode.CLOSE_ONLY),
        (LIMIT, {"trade_mode": TradeMode.DISABLED}, Retcode.TRADE_DISABLED),
        (LIMIT, {"trade_mode": TradeMode.LONG_ONLY}, None),
        (LIMIT, {"tick_size_points": 11}, Retcode.INVALID_PRICE),
        (LIMIT, {"volume_limit_steps": 9}, Retcode.LIMIT_VOLUME),
        (LIMIT, {"execution": Execution.MARKET}, None),
        (replace(LIMIT, filling=FOK), {"execution": Execution.MARKET}, None),
        (replace(LIMIT, filling=IOC), {"execution": Execution.MARKET}, Retcode.INVALID_FILL),
        (replace(LIMIT, filling=BOC), {}, Retcode.INVALID_FILL),
        (replace(LIMIT, filling=BOC), {"filling_flags": 4}, None),
        (replace(asked(OrderKind.BUY_STOP, 110_100), filling=BOC), {"filling_flags": 4}, Retcode.INVALID_FILL),
        (replace(LIMIT, volume_steps=0), {}, Retcode.INVALID_VOLUME),
        (TIMED, {}, None),
        (TIMED, {"expiration_flags": 1}, Retcode.INVALID_EXPIRATION),
        (LIMIT, {"expiration_flags": 4}, Retcode.INVALID_EXPIRATION),
        (replace(TIMED, terms=replace(TIMED.terms, expires_ms=5_000)), {}, Retcode.INVALID_EXPIRATION),
    ],
)
def test_what_a_symbol_does_not_offer(ask: RestingAsk, terms: dict[str, object], expected: Retcode | None) -> None:
    assert judge_place(ask, room(**terms)) is expected


def test_refusals_that_depend_on_the_account_or_the_market() -> None:
    assert judge_place(LIMIT, room(symbol_open=False)) is Retcode.MARKET_CLOSED
    assert judge_place(LIMIT, Room(EMPTY, OneSymbol(None), 0, True)) is Retcode.PRICE_OFF
    assert judge_place(LIMIT, room(replace(EMPTY, currency="GBP"))) is Retcode.PRICE_OFF
    full = replace(placed().book, rules=Rules(limit_orders=1))
    assert judge_place(LIMIT, room(full)) is Retcode.LIMIT_ORDERS
    assert judge_place(LIMIT, room(placed().book, volume_limit_steps=19)) is Retcode.LIMIT_VOLUME


@pytest.mark.parametrize(
    ("ask", "terms", "expected"),
    [
        (ChangeAsk(1, Terms(109_800, 0, 109_700, 0)), {}, None),
        (ChangeAsk(1, LIMIT.terms), {}, Retcode.NO_CHANGES),
        (ChangeAsk(2, Terms(109_800)), {}, Retcode.INVALID),
        (ChangeAsk(1, Terms(110_100)), {}, Retcode.INVALID_PRICE),
        (ChangeAsk(1, Terms(109_800, 0, 109_900)), {}, Retcode.INVALID_STOPS),
        (ChangeAsk(1, Terms(109_800)), {"freeze_level_points": 114}, Retcode.FROZEN),
        (ChangeAsk(1, Terms(109_800)), {"freeze_level_points": 113}, None),
        (ChangeAsk(1, TIMED.terms), {}, None),
        (ChangeAsk(1, TIMED.terms), {"expiration_flags": 1}, Retcode.INVALID_EXPIRATION),
    ],
)
def test_new_terms(ask: ChangeAsk, terms: dict[str, object], expected: Retcode | None) -> None:
    here = room(placed().book, **terms)
    assert judge_change(ask, here) is expected
    outcome = change(ask, here)
    assert outcome.retcode is (expected or Retcode.DONE)
    if expected is None:
        row = outcome.book.orders[1]
        assert (row.price_points, row.stop_points, row.expires_ms) == (
            ask.terms.price_points,
            ask.terms.stop_points,
            ask.terms.expires_ms,
        )
        assert row.ticket == 1 and row.magic == 7


def test_a_removed_order_keeps_its_volume_and_has_no_position() -> None:
    outcome = remove(RemoveAsk(1), room(placed().book))
    assert outcome.change is not None and outcome.change.order is not None and not outcome.book.orders
    row = outcome.change.order
    assert (row.state, row.left_steps, row.position, row.done_ms) == (OrderState.CANCELED, 10, 0, 5_000)
    assert judge_remove(RemoveAsk(1), room(outcome.book)) is Retcode.INVALID
    assert judge_remove(RemoveAsk(1), room(placed().book, freeze_level_points=114)) is Retcode.FROZEN
    assert judge_remove(RemoveAsk(1), room(placed().book, symbol_open=False)) is Retcode.MARKET_CLOSED


@pytest.mark.parametrize(
    ("kind", "price", "quote", "expected"),
    [
        (OrderKind.BUY_LIMIT, 100, Quote(95, 101), None),
        (OrderKind.BUY_LIMIT, 100, Quote(94, 100), 100),
        (OrderKind.BUY_LIMIT, 100, Quote(50, 60), 100),  # no windfall of a gap
        (OrderKind.SELL_LIMIT, 100, Quote(99, 110), None),
        (OrderKind.SELL_LIMIT, 100, Quote(140, 150), 100),
        (OrderKind.BUY_STOP, 100, Quote(90, 99), None),
        (OrderKind.BUY_STOP, 100, Quote(140, 150), 150),  # the gap is paid
        (OrderKind.SELL_STOP, 100, Quote(101, 110), None),
        (OrderKind.SELL_STOP, 100, Quote(60, 70), 60),
        (OrderKind.BUY_STOP_LIMIT, 100, Quote(90, 100), 100),
        (OrderKind.SELL_STOP_LIMIT, 100, Quote(100, 105), 100),
    ],
)
def test_at_which_price_an_order_is_reached(kind: OrderKind, price: int, quote: Quote, expected: int | None) -> None:
    assert reached_points(kind, price, quote) == expected


@given(KINDS, st.integers(1, 300), st.integers(1, 300))
def test_what_was_accepted_is_not_reached_by_the_same_tick(kind: OrderKind, off: int, limit_off: int) -> None:
    for sign in (1, -1):
        ask = asked(kind, 110_006 + sign * off, 110_006 + sign * (off + limit_off))
        for terms in ({}, {"stops_level_points": 0}):
            if judge_place(ask, room(**terms)) is None:
                assert reached_points(kind, ask.terms.price_points, MARKET) is None


def test_a_reached_order_becomes_a_position_of_its_ticket() -> None:
    ask = asked(OrderKind.SELL_STOP, 109_900, stop=110_000, target=109_500)
    book = placed(replace(ask, magic=9)).book
    book, (made,) = on_tick(book, "EURUSD", Quote(109_880, 109_890), 9_000, Tickets(2, 5), OneSymbol())
    held = book.positions[1]
    assert (held.side, held.open_points, held.stop_points, held.target_points) == (Side.SELL, 109_880, 110_000, 109_500)
    assert (held.identifier, held.magic, held.margin) == (1, 9, Decimal("110.00"))
    assert made.deal is not None and made.order is not None and not book.orders
    assert (made.deal.ticket, made.deal.order, made.deal.entry, made.deal.reason) == (5, 1, Entry.IN, Reason.EXPERT)
    row = made.order
    assert (row.state, row.price_points, row.left_steps, row.position) == (OrderState.FILLED, 109_900, 0, 1)
    assert (row.setup_ms, row.done_ms) == (5_000, 9_000)


def test_a_stop_limit_becomes_a_limit_first() -> None:
    book, tickets = placed(asked(OrderKind.BUY_STOP_LIMIT, 110_100, 110_050)).book, Tickets(2, 1)
    board = OneSymbol()
    book, (made,) = on_tick(book, "EURUSD", Quote(110_110, 110_120), 6_000, tickets, board)
    row = book.orders[1]
    assert made.deal is None and (row.kind, row.price_points) == (OrderKind.BUY_LIMIT, 110_050)
    book, (made,) = on_tick(book, "EURUSD", Quote(110_030, 110_040), 7_000, tickets, board)
    assert made.deal is not None and made.deal.price_points == 110_050 and not book.orders


def test_what_cannot_be_paid_for_is_rejected() -> None:
    book = placed(replace(LIMIT, volume_steps=1_000)).book
    book, (made,) = on_tick(book, "EURUSD", Quote(109_880, 109_890), 9_000, Tickets(2, 5), OneSymbol())
    assert not book.orders and not book.positions
    assert made.order is not None and made.deal is None
    assert (made.order.state, made.order.left_steps, made.order.done_ms) == (OrderState.REJECTED, 1_000, 9_000)


def test_an_order_expires_at_its_instant() -> None:
    book = placed(TIMED).book
    assert expire(book, 5_999) == (book, ())
    gone, (made,) = expire(book, 8_000)
    assert not gone.orders and made.order is not None
    assert (made.order.state, made.order.done_ms) == (OrderState.EXPIRED, 6_000)
