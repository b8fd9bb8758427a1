"""An account's book under any sequence of asks and ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Change, Deal, DealType, Entry, Reason, Rules, Tickets, deposit
from hydrad.venue.checks import FOK, IOC, RETURN
from hydrad.venue.contract import CONTRACTS, Contract, Execution
from hydrad.venue.desk import (
    Ask,
    LevelsAsk,
    execute,
    execute_levels,
    judge,
    judge_levels,
    margin_of,
)
from hydrad.venue.rates import Board, Quote
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.standing import standing
from hydrad.venue.ticks import on_tick

BoardOf = Callable[..., Board]
EMPTY = Book(1001, "USD", 100, True, Decimal(10_000))
BUY = Ask("EURUSD", Side.BUY, 10, 110_013, magic=7, stop_points=109_900, target_points=110_300)


class OneSymbol:
    """EURUSD at one price, on terms that a test may change."""

    def __init__(self, quote: Quote | None, **terms: object) -> None:
        self._quote = quote
        self._contract = replace(CONTRACTS["EURUSD"], **terms)  # type: ignore[arg-type]

    def contract(self, symbol: str) -> Contract | None:
        return self._contract if symbol == "EURUSD" else None

    def quote(self, symbol: str) -> Quote | None:
        return self._quote if symbol == "EURUSD" else None


def room(book: Book = EMPTY, *, symbol_open: bool = True, **terms: object) -> Room:
    return Room(book, OneSymbol(Quote(110_000, 110_013), **terms), 5_000, symbol_open)


def opened(ask: Ask = BUY, book: Book = EMPTY) -> Outcome:
    outcome = execute(ask, room(book), Tickets(1, 1))
    assert outcome.retcode is Retcode.DONE
    return outcome


def close(ticket: int, steps: int) -> Ask:
    return Ask("EURUSD", Side.SELL, steps, 110_000, position=ticket)


def test_an_opening_makes_a_position_an_order_and_a_deal() -> None:
    outcome = opened()
    change = outcome.change
    assert change is not None and change.order is not None and change.deal is not None
    assert change.position == outcome.book.positions[1]
    assert (change.position.open_points, change.position.margin) == (110_013, Decimal("110.01"))
    assert (change.deal.entry, change.deal.position, change.deal.profit) == (Entry.IN, 1, 0)
    assert (change.order.ticket, change.order.position) == (1, 1)


def test_a_part_close_leaves_the_rest_and_its_margin() -> None:
    outcome = execute(close(1, 4), room(opened().book), Tickets(2, 2))
    change = outcome.change
    assert change is not None and change.position is not None and change.deal is not None
    assert (change.position.volume_steps, change.position.margin) == (6, Decimal("66.01"))
    assert (change.deal.kind, change.deal.entry) == (DealType.SELL, Entry.OUT)
    assert change.deal.profit == Decimal("-0.52")
    assert outcome.book.balance == Decimal("9999.48")


def test_a_full_close_leaves_nothing() -> None:
    outcome = execute(close(1, 10), room(opened().book), Tickets(2, 2))
    assert outcome.change is not None and outcome.change.position is None
    assert not outcome.book.positions


def test_a_stopped_position_says_by_what() -> None:
    book, (change,) = on_tick(opened().book, "EURUSD", Quote(109_850, 109_860), 9_000, Tickets(2, 2), room().board)
    assert change.deal is not None and not book.positions
    assert (change.deal.reason, change.deal.price_points, change.deal.time_ms) == (Reason.STOP, 109_850, 9_000)
    assert (change.deal.comment, change.deal.magic) == ("[sl 1.09900]", 7)


def test_other_symbols_do_not_touch_it(board_of: BoardOf) -> None:
    book = opened().book
    assert on_tick(book, "GBPUSD", Quote(1, 2), 9, Tickets(2, 2), board_of()) == (book, ())


def test_a_deposit_has_no_order() -> None:
    book, row = deposit(EMPTY, Decimal(500), 3, 9)
    assert book.balance == 10_500
    assert (row.kind, row.order, row.position, row.symbol, row.profit) == (DealType.BALANCE, 0, 0, "", 500)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"symbol": "NOPE"}, Retcode.INVALID),
        ({"position": 99}, Retcode.POSITION_CLOSED),
        ({"filling": 3}, Retcode.INVALID_FILL),
        ({"volume_steps": 0}, Retcode.INVALID_VOLUME),
        ({"volume_steps": 10_001}, Retcode.INVALID_VOLUME),
        ({"price_points": 0}, Retcode.INVALID_PRICE),
        ({"stop_points": 109_991}, Retcode.INVALID_STOPS),
        ({"stop_points": 110_100}, Retcode.INVALID_STOPS),
        ({"target_points": 109_000}, Retcode.INVALID_STOPS),
        ({"price_points": 110_010}, Retcode.REQUOTE),
        ({"price_points": 110_016}, Retcode.REQUOTE),
        ({"price_points": 110_010, "deviation_points": 3}, None),
        ({"volume_steps": 1_000}, Retcode.NO_MONEY),
        ({"volume_steps": 908}, None),
        ({"filling": IOC}, None),
        ({"filling": RETURN}, None),
    ],
)
def test_what_an_opening_is_refused_for(change: dict[str, object], expected: Retcode | None) -> None:
    ask = replace(BUY, **change)  # type: ignore[arg-type]
    assert judge(ask, room()) is expected
    outcome = execute(ask, room(), Tickets(1, 1))
    assert outcome.retcode is (expected or Retcode.DONE)
    assert (outcome.book is EMPTY) is (expected is not None)


def test_refusals_that_depend_on_the_account_or_the_market() -> None:
    assert judge(BUY, room(symbol_open=False)) is Retcode.MARKET_CLOSED
    barred = replace(opened().book, rules=Rules(hedge_prohibited=True))
    sell = Ask("EURUSD", Side.SELL, 10, 110_000)
    assert judge(sell, room(barred)) is Retcode.HEDGE_PROHIBITED and judge(sell, room(opened().book)) is None
    assert judge(BUY, room(barred)) is None
    assert judge(BUY, Room(EMPTY, OneSymbol(None), 0, True)) is Retcode.PRICE_OFF
    assert judge(BUY, room(replace(EMPTY, currency="GBP"))) is Retcode.PRICE_OFF
    assert judge(BUY, room(opened().book, volume_limit_steps=19)) is Retcode.LIMIT_VOLUME


def test_market_execution_ignores_the_price_and_asks_for_a_filling_mode() -> None:
    market = {"execution": Execution.MARKET, "filling_flags": 2}
    ask = replace(BUY, price_points=0)
    assert judge(replace(ask, filling=IOC), room(**market)) is None
    assert judge(replace(ask, filling=FOK), room(**market)) is Retcode.INVALID_FILL
    assert judge(replace(ask, filling=RETURN), room(**market)) is Retcode.INVALID_FILL


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (close(1, 11), Retcode.INVALID_CLOSE_VOLUME),
        (close(1, 0), Retcode.INVALID_VOLUME),
        (replace(close(1, 10), side=Side.BUY), Retcode.INVALID),
        (replace(close(1, 10), price_points=110_013), Retcode.REQUOTE),
        (close(1, 10), None),
    ],
)
def test_what_a_close_is_refused_for(ask: Ask, expected: Retcode | None) -> None:
    assert judge(ask, room(opened().book)) is expected


def test_a_close_below_the_minimum_left_or_when_frozen_is_refused() -> None:
    book = opened().book
    assert judge(close(1, 9), room(book, volume_min_steps=2)) is Retcode.INVALID_VOLUME
    assert judge(close(1, 10), room(book, freeze_level_points=101)) is Retcode.FROZEN


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (LevelsAsk("EURUSD", 1, 109_950, 0), None),
        (LevelsAsk("EURUSD", 1, 0, 0), None),
        (LevelsAsk("EURUSD", 1, 109_900, 110_300), Retcode.NO_CHANGES),
        (LevelsAsk("EURUSD", 1, 110_050, 0), Retcode.INVALID_STOPS),
        (LevelsAsk("EURUSD", 2, 109_950, 0), Retcode.POSITION_CLOSED),
        (LevelsAsk("NOPE", 1, 109_950, 0), Retcode.INVALID),
    ],
)
def test_new_levels(ask: LevelsAsk, expected: Retcode | None) -> None:
    here = room(opened().book)
    assert judge_levels(ask, here) is expected
    outcome = execute_levels(ask, here)
    assert outcome.retcode is (expected or Retcode.DONE)
    if expected is None:
        moved = outcome.book.positions[1]
        assert (moved.stop_points, moved.target_points) == (ask.stop_points, ask.target_points)
        assert outcome.change == Change(1, moved)


def test_levels_wait_for_the_market_and_for_the_freeze_level() -> None:
    book, ask = opened().book, LevelsAsk("EURUSD", 1, 109_950, 0)
    assert judge_levels(ask, room(book, symbol_open=False)) is Retcode.MARKET_CLOSED
    assert judge_levels(ask, room(book, freeze_level_points=101)) is Retcode.FROZEN


def test_the_margin_of_an_ask() -> None:
    assert margin_of(BUY, room()) == Decimal("110.01")
    assert margin_of(close(1, 10), room(opened().book)) == 0
    assert margin_of(replace(BUY, symbol="NOPE"), room()) == 0


class Account(RuleBasedStateMachine):
    """Asks and ticks in any order: the history always explains the book."""

    def __init__(self) -> None:
        super().__init__()
        self.book, first = deposit(replace(EMPTY, balance=Decimal(0)), Decimal(10_000), 1, 0)
        self.deals: list[Deal] = [first]
        self.tickets = Tickets(1, 2)
        self.quote = Quote(110_000, 110_013)

    @property
    def room(self) -> Room:
        return Room(self.book, OneSymbol(self.quote), 1, True)

    def note(self, change: Change | None) -> None:
        if change is not None and change.deal is not None:
            self.deals.append(change.deal)

    @rule(side=st.sampled_from(list(Side)), steps=st.integers(0, 400), stop=st.integers(0, 40), far=st.integers(0, 40))
    def open(self, side: Side, steps: int, stop: int, far: int) -> None:
        price = self.quote.ask_points if side is Side.BUY else self.quote.bid_points
        levels = (price - side.sign * stop if stop else 0, price + side.sign * far if far else 0)
        self._deal(Ask("EURUSD", side, steps, price, stop_points=levels[0], target_points=levels[1]))

    @precondition(lambda self: self.book.positions)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(list(self.book.positions.values())))
        steps = data.draw(st.integers(1, held.volume_steps + 1))
        price = self.quote.bid_points if held.side is Side.BUY else self.quote.ask_points
        self._deal(Ask("EURUSD", held.side.opposite, steps, price, position=held.ticket))

    @rule(moved=st.integers(-60, 60), spread=st.integers(0, 30))
    def tick(self, moved: int, spread: int) -> None:
        bid = self.quote.bid_points + moved
        self.quote = Quote(bid, bid + spread)
        self.book, changes = on_tick(self.book, "EURUSD", self.quote, 1, self.tickets, self.room.board)
        for change in changes:
            self.note(change)
        assert on_tick(self.book, "EURUSD", self.quote, 1, self.tickets, self.room.board) == (self.book, ())

    def _deal(self, ask: Ask) -> None:
        refused = judge(ask, self.room)
        outcome = execute(ask, self.room, self.tickets)
        assert outcome.retcode is (refused or Retcode.DONE)
        self.book = outcome.book
        self.note(outcome.change)

    @invariant()
    def the_deals_add_up_to_the_balance(self) -> None:
        assert sum(deal.profit for deal in self.deals) == self.book.balance

    @invariant()
    def the_deals_add_up_to_what_is_open(self) -> None:
        volume: dict[int, int] = {}
        for deal in self.deals[1:]:
            sign = 1 if deal.entry is Entry.IN else -1
            volume[deal.position] = volume.get(deal.position, 0) + sign * deal.volume_steps
        left = {ticket: steps for ticket, steps in volume.items() if steps}
        assert left == {ticket: held.volume_steps for ticket, held in self.book.positions.items()}

    @invariant()
    def no_ticket_is_given_twice(self) -> None:
        assert len({deal.ticket for deal in self.deals}) == len(self.deals)

    @invariant()
    def equity_is_what_closing_all_would_leave(self) -> None:
        figures, book, tickets = standing(self.book, self.room.board), self.book, replace(self.tickets)
        for held in self.book.positions.values():
            price = self.quote.bid_points if held.side is Side.BUY else self.quote.ask_points
            ask = Ask("EURUSD", held.side.opposite, held.volume_steps, price, position=held.ticket)
            book = execute(ask, Room(book, self.room.board, 1, True), tickets).book
        assert book.balance == figures.equity and not book.positions


Account.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAccount = Account.TestCase
