"""The recorded arithmetic of real terminals holds in a world of its terms."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hydrad.domain.orders import Side
from hydrad.venue.book import Book, DealType, Entry, OrderKind, Tickets, deposit
from hydrad.venue.desk import Ask, execute, judge, margin_of
from hydrad.venue.margin import margin
from hydrad.venue.profit import point_value, profit
from hydrad.venue.resting import RemoveAsk, RestingAsk, Terms, place, remove
from hydrad.venue.room import Retcode, Room
from hydrad.venue.standing import Standing, floating, standing
from hydrad.venue.swap import swap_of_night
from tests.venue import recorded as r

DOLLARS = Book(1, "USD", 100, True, Decimal(0))


@pytest.mark.parametrize("symbol", r.MARGINS)
def test_margins(symbol: str) -> None:
    quote = r.MARGINS_WORLD.quote(symbol)
    price = quote.ask_points if quote else 1
    tied_up = margin(r.TERMS[symbol], Side.BUY, 10, price, 100, "USD", r.MARGINS_WORLD)
    assert tied_up == Decimal(r.MARGINS[symbol])


@pytest.mark.parametrize("symbol", r.PROFITS)
def test_profits_of_300_points(symbol: str) -> None:
    bid, ask, bought, sold = r.PROFITS[symbol]
    world = r.World(**{symbol: (bid, ask)})
    assert profit(r.TERMS[symbol], Side.BUY, 100, ask, ask + 300, "USD", world) == Decimal(bought)
    assert profit(r.TERMS[symbol], Side.SELL, 100, bid, bid - 300, "USD", world) == Decimal(sold)


@pytest.mark.parametrize(("symbol", "side", "steps", "opened", "closed", "gain"), r.DEALS)
def test_deals_and_positions(symbol: str, side: Side, steps: int, opened: int, closed: int, gain: str) -> None:
    """The same number while it floats and as the closing deal's."""
    at_open = (opened, opened)
    book, _ = deposit(DOLLARS, Decimal(100_000), 1, 0)
    tickets = Tickets(1, 2)
    ask = Ask(symbol, side, steps, opened)
    made = execute(ask, Room(book, r.World(**{symbol: at_open}), 1, True), tickets)
    world = r.World(**{symbol: (closed, closed)})
    (held,) = made.book.positions.values()
    assert floating(held, "USD", world) == Decimal(gain)
    close = Ask(symbol, side.opposite, steps, closed, position=held.ticket)
    done = execute(close, Room(made.book, world, 2, True), tickets)
    assert done.change is not None and done.change.deal is not None and made.change and made.change.deal
    deal = done.change.deal
    assert (deal.profit, deal.entry, deal.position) == (Decimal(gain), Entry.OUT, held.ticket)
    assert deal.kind is DealType(side.opposite) and deal.order != held.ticket == made.change.deal.order
    assert done.book.balance == 100_000 + Decimal(gain)


def test_an_accounts_figures() -> None:
    figures = Standing(*(Decimal(r.ACCOUNT[name]) for name in ("balance", "profit", "margin")))
    assert {name: str(getattr(figures, name)) for name in r.ACCOUNT_IS} == r.ACCOUNT_IS
    assert float(figures.margin_level) == r.ACCOUNT_LEVEL
    assert standing(DOLLARS, r.World()).margin_level == 0


def test_a_check_before_an_order() -> None:
    book, _ = deposit(DOLLARS, Decimal(r.CHECK_BALANCE), 1, 0)
    room = Room(book, r.World(USDJPY=(144_120, 144_128)), 1, True)
    ask = Ask("USDJPY", Side.BUY, 100, 144_128, stop_points=144_028, target_points=144_228)
    assert judge(ask, room) is None
    after = Standing(book.balance, Decimal(0), margin_of(ask, room))
    assert (after.margin, after.margin_free) == (Decimal(r.CHECK_MARGIN), Decimal("9000.17"))
    assert float(after.margin_level) == pytest.approx(r.CHECK_LEVEL)


@pytest.mark.parametrize(("currency", "world", "symbol", "gain", "loss"), [*r.TICK_VALUES, r.CROSS_TICK_VALUES])
def test_values_of_a_tick(currency: str, world: r.World, symbol: str, gain: float, loss: float) -> None:
    if symbol == "EURJPY":  # the recorded name of the gain is what the ask of USDJPY makes of 100 yen
        assert pytest.approx(gain, rel=1e-12) == 100 / 111.387 and pytest.approx(loss, rel=1e-12) == 100 / 111.380
    contract = r.TERMS[symbol]
    assert float(point_value(contract, currency, world, loss=False)) == pytest.approx(gain, rel=1e-12)
    assert float(point_value(contract, currency, world, loss=True)) == pytest.approx(loss, rel=1e-12)


def test_a_cancelled_order_keeps_its_volume() -> None:
    book, _ = deposit(DOLLARS, Decimal(10_000), 1, 0)
    room = Room(book, r.World(EURUSD=(109_900, 109_910)), 1, True)
    placed = place(RestingAsk("EURUSD", OrderKind.BUY_LIMIT, 1, Terms(109_000)), room, Tickets(1, 2))
    gone = remove(RemoveAsk(1), replace(room, book=placed.book))
    assert placed.retcode is gone.retcode is Retcode.DONE and gone.change and gone.change.order
    row = gone.change.order
    assert (row.kind, row.filling, row.state, row.position, row.volume_steps, row.left_steps) == (2, 2, 2, 0, 1, 1)


def test_swaps_per_night_of_recorded_terms() -> None:
    """0.7 and 1.0 points of a lot of EURUSD are 0.70 and 1.00 dollars."""
    world = r.World(EURUSD=(109_137, 109_152))
    assert swap_of_night(r.SWAPPED, Side.BUY, 100, "USD", world) == Decimal("-0.70")
    assert swap_of_night(r.SWAPPED, Side.SELL, 100, "USD", world) == Decimal("-1.00")
    assert swap_of_night(r.SWAPPED, Side.SELL, 100, "EUR", world) == Decimal("-0.92")
