"""Profit, margin and an account's figures, against numbers that real terminals gave."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Position, Reason
from hydrad.venue.contract import Contract
from hydrad.venue.margin import margin
from hydrad.venue.profit import point_value, profit
from hydrad.venue.rates import Board, NoRate, rate
from hydrad.venue.standing import Standing, standing

BoardOf = Callable[..., Board]
ContractOf = Callable[[str], Contract]

# Prices of the day of the recorded `order_calc_margin` page: asks EURUSD 1.09910 and GBPUSD 1.22730.
PAGE = {
    "EURUSD": (109_900, 109_910),
    "GBPUSD": (122_720, 122_730),
    "USDJPY": (108_178, 108_184),
    "USDCHF": (98_000, 98_010),
}


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("EURUSD", "109.91"),
        ("GBPUSD", "122.73"),
        ("USDJPY", "100.00"),
        ("USDCHF", "100.00"),
        ("EURJPY", "109.91"),
        ("GBPJPY", "122.73"),
    ],
)
def test_recorded_margins_of_a_tenth_of_a_lot(
    symbol: str, expected: str, board_of: BoardOf, contract_of: ContractOf
) -> None:
    tied_up = margin(contract_of(symbol), Side.BUY, 10, 1, 100, "USD", board_of(**PAGE))
    assert tied_up == Decimal(expected)


def test_gold_is_charged_by_price_and_leverage(board_of: BoardOf, contract_of: ContractOf) -> None:
    tied_up = margin(contract_of("XAUUSD"), Side.BUY, 100, 1_285_277, 100, "USD", board_of())
    assert tied_up == Decimal("1285.28")


@pytest.mark.parametrize(
    ("symbol", "side", "opened", "closed", "steps", "expected"),
    [
        ("EURUSD", Side.BUY, 109_910, 110_210, 100, "300.00"),
        ("EURUSD", Side.SELL, 109_900, 109_600, 100, "300.00"),
        ("USDJPY", Side.BUY, 108_184, 108_484, 100, "276.54"),
        ("USDJPY", Side.SELL, 108_178, 107_878, 100, "278.09"),
        ("USDJPY", Side.BUY, 144_132, 144_124, 10, "-0.56"),
        ("USDCHF", Side.SELL, 99_145, 98_530, 1, "6.24"),
        ("GBPUSD", Side.BUY, 106_740, 108_113, 1, "13.73"),
        ("XAUUSD", Side.BUY, 1_970_980, 1_970_090, 1, "-0.89"),
        ("XAUUSD", Side.SELL, 1_969_950, 1_969_880, 110, "7.70"),
    ],
)
def test_recorded_profits(
    symbol: str,
    side: Side,
    opened: int,
    closed: int,
    steps: int,
    expected: str,
    board_of: BoardOf,
    contract_of: ContractOf,
) -> None:
    gain = profit(contract_of(symbol), side, steps, opened, closed, "USD", board_of())
    assert gain == Decimal(expected)


def test_recorded_values_of_a_point(board_of: BoardOf, contract_of: ContractOf) -> None:
    """A gain is converted at the bid of the profit currency and a loss at its ask."""
    board = board_of(EURUSD=(109_137, 109_152))
    eurusd = contract_of("EURUSD")
    assert float(point_value(eurusd, "EUR", board, loss=False)) == pytest.approx(0.9161536206391089)
    assert float(point_value(eurusd, "EUR", board, loss=True)) == pytest.approx(0.9162795385616245)


def test_a_cross_is_converted_against_the_holder(board_of: BoardOf, contract_of: ContractOf) -> None:
    board = board_of(USDJPY=(108_000, 109_000))
    cross = contract_of("EURJPY")
    assert profit(cross, Side.BUY, 100, 120_000, 121_090, "USD", board) == Decimal("1000.00")
    assert profit(cross, Side.BUY, 100, 120_000, 118_920, "USD", board) == Decimal("-1000.00")


def test_without_a_pair_between_them_there_is_no_rate(board_of: BoardOf) -> None:
    with pytest.raises(NoRate, match="CHF and USD"):
        rate(board_of(EURUSD=(1, 2)), "CHF", "USD", at_ask=True)
    assert rate(board_of(), "USD", "USD", at_ask=True) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(opened=st.integers(50_000, 200_000), moved=st.integers(-40_000, 40_000), steps=st.integers(1, 10_000))
def test_what_one_side_wins_the_other_loses(
    opened: int, moved: int, steps: int, board_of: BoardOf, contract_of: ContractOf
) -> None:
    eurusd, board = contract_of("EURUSD"), board_of()
    won = profit(eurusd, Side.BUY, steps, opened, opened + moved, "USD", board)
    assert won == -profit(eurusd, Side.SELL, steps, opened, opened + moved, "USD", board)
    assert won == Decimal(moved * steps) / 100  # a cent a point and step


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bid=st.integers(1, 10**7), spread=st.integers(0, 10**4))
def test_buying_a_currency_never_costs_less_than_selling_it_fetches(bid: int, spread: int, board_of: BoardOf) -> None:
    board = board_of(EURUSD=(bid, bid + spread))
    for pair in (("EUR", "USD"), ("USD", "EUR")):
        assert rate(board, *pair, at_ask=True) >= rate(board, *pair, at_ask=False)


def test_recorded_account_figures() -> None:
    figures = Standing(Decimal("99511.40"), Decimal("41.82"), Decimal("98.18"))
    assert figures.equity == Decimal("99553.22")
    assert figures.margin_free == Decimal("99455.04")
    assert float(figures.margin_level) == 101398.67590140559
    assert Standing(Decimal(5), Decimal(0), Decimal(0)).margin_level == 0


def test_open_profit_is_taken_at_the_closing_side(board_of: BoardOf) -> None:
    book = Book(1, "USD", 100, True, Decimal(1000), {1: _held(1, Side.BUY), 2: _held(2, Side.SELL)})
    figures = standing(book, board_of(EURUSD=(110_000, 110_013)))
    assert figures.profit == Decimal("-0.13")
    assert figures.margin == Decimal("20.00")


def _held(ticket: int, side: Side) -> Position:
    return Position(
        ticket, ticket, "EURUSD", side, 1, Decimal(110_000), 0, 0, 0, "", Reason.EXPERT, 0, 0, Decimal("10.00")
    )


def test_money_goes_over_the_dollar_where_no_pair_is(board_of: Callable[..., Board]) -> None:
    """Each leg at its own side: who buys francs for pounds pays the ask of GBPUSD's way and of USDCHF's."""
    board = board_of(GBPUSD=(125_000, 125_100), USDCHF=(90_000, 90_100))
    assert rate(board, "GBP", "CHF", at_ask=True) == Decimal("1.25100") * Decimal("0.90100")
    assert rate(board, "CHF", "GBP", at_ask=False) == (1 / Decimal("0.90100")) * (1 / Decimal("1.25100"))
    assert rate(board, "GBP", "CHF", at_ask=False) < rate(board, "GBP", "CHF", at_ask=True)
    with pytest.raises(NoRate, match="GBP and SEK"):
        rate(board, "GBP", "SEK", at_ask=True)
