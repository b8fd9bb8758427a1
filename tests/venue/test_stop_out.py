"""Nights and the want of margin: swap, hedged margin, stop-out, conversion through a third currency."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.assets import Asset
from hydrad.domain.money import cents
from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Position, Reason, Rules, Tickets
from hydrad.venue.contract import CONTRACTS, Contract, MarginFormula, SwapMode
from hydrad.venue.desk import Ask, execute
from hydrad.venue.margin import margin
from hydrad.venue.positions import Fill, close_position
from hydrad.venue.profit import point_value, profit
from hydrad.venue.rates import NoRate, Quote, rate
from hydrad.venue.room import Retcode, Room
from hydrad.venue.standing import standing, tied_up
from hydrad.venue.swap import nights, roll_over, swap_of_night
from hydrad.venue.ticks import below_stop_out, stop_out
from tests.venue import recorded as r

EURUSD = r.TERMS["EURUSD"]
SIDES = st.sampled_from(list(Side))


class Board:
    """Contracts and quotes as given."""

    def __init__(self, contracts: dict[str, Contract], **quotes: tuple[int, int]) -> None:
        self.contracts, self.quotes = contracts, {name: Quote(*prices) for name, prices in quotes.items()}

    def contract(self, symbol: str) -> Contract | None:
        return self.contracts.get(symbol)

    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)


def held(
    ticket: int, side: Side, steps: int, opened: int = 110_000, symbol: str = "EURUSD", swap: str = "0"
) -> Position:
    charged = Decimal(steps) * 11
    return Position(
        ticket, ticket, symbol, side, steps, Decimal(opened), 0, 0, 7, "", Reason.EXPERT, 0, 0, charged, Decimal(swap)
    )


def book_of(*positions: Position, balance: str = "1000", **more: object) -> Book:
    empty = Book(1, "USD", 100, True, Decimal(balance), {position.ticket: position for position in positions})
    return replace(empty, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("weekday", "expected"), [(0, 0), (1, 1), (2, 1), (3, 3), (4, 1), (5, 1), (6, 0)])
def test_a_week_has_seven_nights_and_a_coin_one_each_day(weekday: int, expected: int) -> None:
    assert nights(Asset.FX, 3, weekday) == expected
    assert nights(Asset.CRYPTO, 3, weekday) == 1
    assert nights(Asset.FX, 5, weekday) == {3: 1, 5: 3}.get(weekday, expected)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (SwapMode.DISABLED, "0"),
        (SwapMode.POINTS, "-7.00"),
        (SwapMode.BASE_CURRENCY, "-7.70"),
        (SwapMode.MARGIN_CURRENCY, "-7.70"),
        (SwapMode.DEPOSIT_CURRENCY, "-7.00"),
    ],
)
def test_what_a_night_costs(mode: SwapMode, expected: str) -> None:
    terms = replace(EURUSD, swap_mode=mode, swap_long=Decimal(-7), swap_short=Decimal(2))
    board = Board({"EURUSD": terms}, EURUSD=(109_990, 110_000))
    assert swap_of_night(terms, Side.BUY, 100, "USD", board) == Decimal(expected)


def test_swap_waits_at_the_position_and_is_booked_with_the_close() -> None:
    terms = replace(EURUSD, swap_mode=SwapMode.POINTS, swap_long=Decimal(-7), swap_short=Decimal(2))
    board = Board({"EURUSD": terms}, EURUSD=(110_000, 110_000))
    book, changes = roll_over(book_of(held(1, Side.BUY, 100), held(2, Side.SELL, 50)), 3, board)
    assert [p.swap for p in book.positions.values()] == [Decimal("-21.00"), Decimal("3.00")]
    assert [c.position for c in changes] == list(book.positions.values())
    assert book.balance == 1000 and standing(book, board).equity == 982
    assert roll_over(book, 6, board) == (book, ())
    fill = Fill(9, 9, 110_000, 1, Reason.EXPERT, 0, "")
    after, (made,) = close_position(book, fill, book.positions[1], 30, board)
    assert made.deal is not None and made.position is not None
    assert (made.deal.swap, made.position.swap, after.balance) == (
        Decimal("-6.30"),
        Decimal("-14.70"),
        Decimal("993.70"),
    )


@given(st.lists(st.tuples(SIDES, st.integers(1, 500)), min_size=1, max_size=8), st.integers(0, 200_000))
def test_hedged_margin_is_between_the_larger_side_and_both(legs: list[tuple[Side, int]], hedged: int) -> None:
    positions = [held(number, side, steps) for number, (side, steps) in enumerate(legs, 1)]
    whole = sum(position.margin for position in positions)
    for size in (Decimal(hedged), None):
        board = Board({"EURUSD": replace(EURUSD, margin_hedged=size)})
        relieved = tied_up(book_of(*positions), board)
        sums = [sum(p.margin for p in positions if p.side is side) for side in Side]
        assert max(sums) - min(sums) <= relieved <= whole
        assert size is not None or relieved == whole


def test_one_lot_against_another_costs_what_one_hedged_lot_costs() -> None:
    board = Board({"EURUSD": EURUSD})  # hedged 100,000, as recorded
    assert tied_up(book_of(held(1, Side.BUY, 100), held(2, Side.SELL, 100)), board) == 1_100
    assert tied_up(book_of(held(1, Side.BUY, 100), held(2, Side.SELL, 40)), board) == 1_100
    free = Board({"EURUSD": replace(EURUSD, margin_hedged=Decimal(0))})
    assert tied_up(book_of(held(1, Side.BUY, 100), held(2, Side.SELL, 40)), free) == 660


def test_an_opposite_position_may_be_opened_without_free_margin() -> None:
    board = Board({"EURUSD": EURUSD}, EURUSD=(110_000, 110_000))
    room = Room(book_of(held(1, Side.BUY, 100), balance="1100"), board, 1, True)
    assert execute(Ask("EURUSD", Side.BUY, 1, 110_000), room, Tickets(2, 2)).retcode is Retcode.NO_MONEY
    assert execute(Ask("EURUSD", Side.SELL, 100, 110_000), room, Tickets(2, 2)).retcode is Retcode.DONE


def test_the_worst_position_goes_first_until_the_level_is_back() -> None:
    """Equity 1000 - 300 - 600 + 100 = 200 of 660 tied up: 30 % is kept, one point less is not."""
    book = book_of(held(1, Side.BUY, 30, 111_000), held(2, Side.SELL, 20, 107_000), held(3, Side.BUY, 10, 109_000))
    board = Board({"EURUSD": replace(EURUSD, margin_hedged=None)}, EURUSD=(110_000, 110_000))
    assert not below_stop_out(book, board) and stop_out(book, 5, Tickets(4, 4), board) == (book, ())
    poorer = replace(book, balance=Decimal("997"))
    assert not below_stop_out(replace(book, balance=Decimal("998")), board)
    after, (made,) = stop_out(poorer, 5, Tickets(4, 4), board)
    assert made.deal is not None and made.position is None
    assert (made.deal.position, made.deal.reason, made.deal.profit) == (2, Reason.STOP_OUT, Decimal("-600.00"))
    assert made.deal.comment == "[so 29.85%]" and sorted(after.positions) == [1, 3]
    assert not below_stop_out(after, board)
    gone, changes = stop_out(replace(poorer, balance=Decimal(-5_000)), 5, Tickets(4, 4), board)
    assert not gone.positions and [c.ticket for c in changes] == [2, 1, 3]


def test_credit_keeps_an_account_alive_and_a_free_hedge_ends_below_zero() -> None:
    board = Board({"EURUSD": replace(EURUSD, margin_hedged=Decimal(0))}, EURUSD=(110_000, 110_100))
    hedge = (held(1, Side.BUY, 100), held(2, Side.SELL, 100))  # the spread costs 100
    assert not below_stop_out(book_of(*hedge, balance="100"), board)
    assert below_stop_out(book_of(*hedge, balance="99"), board)
    assert not below_stop_out(book_of(*hedge, balance="99", credit=Decimal(1)), board)
    assert below_stop_out(book_of(held(1, Side.BUY, 10), balance="80", rules=Rules(stop_out_percent=100)), board)


WORLD = {
    "EURUSD": r.TERMS["EURUSD"],
    "USDJPY": r.TERMS["USDJPY"],
    "GBPUSD": r.TERMS["GBPUSD"],
    "GBPJPY": r.TERMS["GBPJPY"],
}
QUOTES = {"EURUSD": (110_000, 110_020), "USDJPY": (150_000, 150_030), "GBPUSD": (125_000, 125_040)}


def test_two_currencies_without_a_pair_are_joined_through_a_third() -> None:
    board = Board(WORLD, **QUOTES)
    assert rate(board, "EUR", "JPY", at_ask=True) == Decimal("1.10020") * Decimal("150.030")
    assert rate(board, "JPY", "EUR", at_ask=True) == (1 / Decimal("150.000")) * (1 / Decimal("1.10000"))
    assert rate(board, "GBP", "EUR", at_ask=False) == Decimal("1.25000") * (1 / Decimal("1.10020"))
    with pytest.raises(NoRate, match="SEK and USD"):
        rate(board, "SEK", "USD", at_ask=True)


@given(
    symbol=st.sampled_from(sorted(WORLD)),
    side=SIDES,
    steps=st.integers(1, 10_000),
    leverage=st.sampled_from([1, 30, 100, 500]),
    currency=st.sampled_from(["USD", "EUR", "JPY"]),
)
def test_margin_in_three_account_currencies(symbol: str, side: Side, steps: int, leverage: int, currency: str) -> None:
    """What it costs in the base currency, converted; in no currency less than half a unit of its last digit off."""
    board, contract = Board(WORLD, **QUOTES), WORLD[symbol]
    in_base = contract.contract_size * contract.lots(steps) / leverage
    cost = rate(board, contract.currency_base, currency, at_ask=side is Side.BUY)
    tied = margin(contract, side, steps, 1, leverage, currency, board)
    assert abs(tied - in_base * cost) <= Decimal("0.005")
    other = margin(contract, side.opposite, steps, 1, leverage, currency, board)
    assert (tied >= other) if side is Side.BUY else (tied <= other)


@given(
    symbol=st.sampled_from(sorted(WORLD)),
    side=SIDES,
    steps=st.integers(1, 10_000),
    moved=st.integers(-50_000, 50_000),
    currency=st.sampled_from(["USD", "EUR", "JPY"]),
)
def test_profit_in_three_account_currencies_to_the_cent(
    symbol: str, side: Side, steps: int, moved: int, currency: str
) -> None:
    board, contract = Board(WORLD, **QUOTES), WORLD[symbol]
    gain = profit(contract, side, steps, 120_000, 120_000 + moved, currency, board)
    in_profit_currency = contract.price(moved * side.sign) * contract.contract_size * contract.lots(steps)
    if currency == contract.currency_base:
        assert gain == cents(in_profit_currency / contract.price(120_000 + moved))
        return
    per_point = point_value(contract, currency, board, loss=in_profit_currency < 0)
    assert abs(gain - per_point * moved * side.sign * contract.lots(steps)) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("formula", "terms", "expected"),
    [
        (MarginFormula.FOREX, {}, "1000.00"),
        (MarginFormula.FOREX, {"margin_initial": Decimal(50_000)}, "500.00"),
        (MarginFormula.FOREX_NO_LEVERAGE, {}, "100000.00"),
        (MarginFormula.CFD, {"contract_size": Decimal(10)}, "20000.00"),
        (MarginFormula.CFD_LEVERAGE, {"contract_size": Decimal(10)}, "200.00"),
        (MarginFormula.CFD_INDEX, {"contract_size": Decimal(1), "tick_value": Decimal(5)}, "40000.00"),
        (MarginFormula.FUTURES, {"margin_initial": Decimal(1_500)}, "1500.00"),
    ],
)
def test_every_formula_of_margin(formula: MarginFormula, terms: dict[str, object], expected: str) -> None:
    """One lot at 2000.00, a tick of a quarter, at 1:100, all in dollars."""
    usual: dict[str, object] = {
        "margin_formula": formula,
        "digits": 2,
        "tick_size_points": 25,
        "currency_margin": "USD",
    }
    contract = replace(EURUSD, **{**usual, **terms})  # type: ignore[arg-type]
    assert margin(contract, Side.BUY, 100, 200_000, 100, "USD", Board({})) == Decimal(expected)


def test_futures_are_worth_their_ticks() -> None:
    usual = {
        "margin_formula": MarginFormula.FUTURES,
        "digits": 2,
        "tick_size_points": 25,
        "tick_value": Decimal("12.5"),
    }
    future = replace(CONTRACTS["XAUUSD"], symbol="ES", **usual)  # type: ignore[arg-type]
    assert profit(future, Side.SELL, 200, 500_000, 499_000, "USD", Board({})) == Decimal("1000.00")
    assert point_value(future, "USD", Board({}), loss=True) == Decimal("0.5")
