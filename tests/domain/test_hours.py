"""When symbols trade: weeks, breaks, holidays, early closes, overrides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import assets, calendar, holidays, hours
from hydrad.domain.assets import Asset
from hydrad.domain.calendar import Hours, day_number
from hydrad.domain.instants import MINUTE_MS, parse_ms

UP, C, W, R = Hours.OPEN, Hours.CLOSED, Hours.WEEK_OPENING, Hours.ROLLOVER


def at(text: str, asset: Asset = Asset.FX, override: str = "") -> Hours | None:
    return hours.hours(parse_ms(text), override, asset)


@pytest.mark.parametrize(
    ("text", "asset", "wanted"),
    [
        # The week of currencies, in summer: 17:00 New York is 21:00 UTC.
        ("2024-05-19T20:59:59Z", Asset.FX, C),
        ("2024-05-19T21:00:00Z", Asset.FX, W),
        ("2024-05-19T21:10:00Z", Asset.FX, R),
        ("2024-05-19T21:15:00Z", Asset.FX, UP),
        ("2024-05-15T20:49:59Z", Asset.FX, UP),
        ("2024-05-15T20:50:00Z", Asset.FX, R),
        ("2024-05-15T21:14:59Z", Asset.FX, R),
        ("2024-05-15T21:15:00Z", Asset.FX, UP),
        ("2024-05-17T20:49:59Z", Asset.FX, UP),
        ("2024-05-17T21:00:00Z", Asset.FX, C),
        ("2024-05-18T12:00:00Z", Asset.FX, C),
        # In winter it is 22:00 UTC.
        ("2024-01-12T21:59:00Z", Asset.FX, R),
        ("2024-01-12T22:00:00Z", Asset.FX, C),
        # Metals, indices and energies rest from 17:00 to 18:00, and open anew.
        ("2024-05-15T21:00:00Z", Asset.METAL, C),
        ("2024-05-15T21:59:00Z", Asset.INDEX, C),
        ("2024-05-15T22:00:00Z", Asset.ENERGY, W),
        ("2024-05-15T22:10:00Z", Asset.METAL, UP),
        ("2024-05-19T21:30:00Z", Asset.METAL, C),
        ("2024-05-19T22:00:00Z", Asset.METAL, W),
        # Coins never close; nothing of theirs opens around 17:00 New York either.
        ("2024-05-18T12:00:00Z", Asset.CRYPTO, UP),
        ("2024-05-18T21:00:00Z", Asset.CRYPTO, R),
        ("2024-12-25T12:00:00Z", Asset.CRYPTO, UP),
        # Christmas: a trading day that ends and begins at 17:00 New York.
        ("2024-12-24T21:45:00Z", Asset.FX, UP),
        ("2024-12-24T22:00:00Z", Asset.FX, C),
        ("2024-12-25T21:59:00Z", Asset.FX, C),
        ("2024-12-25T22:00:00Z", Asset.FX, W),
        ("2025-01-01T12:00:00Z", Asset.FX, C),
        # Metals end early on Christmas Eve and on Thanksgiving, and rest on Good Friday.
        ("2024-12-24T17:59:00Z", Asset.METAL, UP),
        ("2024-12-24T18:00:00Z", Asset.METAL, C),
        ("2024-11-28T18:00:00Z", Asset.INDEX, C),
        ("2024-11-28T23:00:00Z", Asset.INDEX, W),
        ("2024-11-28T18:00:00Z", Asset.FX, UP),
        ("2024-03-29T12:00:00Z", Asset.METAL, C),
        ("2024-03-29T12:00:00Z", Asset.FX, UP),
        # New Year's Day 2022 was a Saturday: the Friday before is kept by what follows the exchange.
        ("2021-12-31T12:00:00Z", Asset.METAL, C),
        ("2021-12-31T12:00:00Z", Asset.FX, UP),
        # Nothing is known of what has no table.
        ("2024-05-15T12:00:00Z", Asset.OTHER, None),
    ],
)
def test_the_table(text: str, asset: Asset, wanted: Hours | None) -> None:
    assert at(text, asset) is wanted


def test_the_demos_day_is_open() -> None:
    for minute in range(20 * 60 + 50 - 12 * 60):
        ms = parse_ms("2014-05-02T12:00:00Z") + minute * MINUTE_MS
        assert hours.hours(ms, "", Asset.FX) is UP and hours.hours(ms, "", Asset.METAL) is UP


@given(st.integers(parse_ms("2000-01-01T00:00:00Z"), parse_ms("2040-01-01T00:00:00Z")))
def test_currencies_are_the_calendars_week_but_for_holidays(ms: int) -> None:
    found, week = hours.hours(ms, "", Asset.FX), calendar.hours(ms)
    local = calendar.local_ms(ms, calendar.NEW_YORK)
    trading_day = (local + 7 * 3_600_000) // 86_400_000
    around = {trading_day, trading_day - 1}
    if not any(holidays.is_closed(day, Asset.FX) for day in around):
        assert found is week


@given(
    ms=st.integers(parse_ms("2013-01-01T00:00:00Z"), parse_ms("2027-01-01T00:00:00Z")),
    asset=st.sampled_from(list(Asset)),
    override=st.sampled_from(["", "always", "fx", "Mon 03:00-Fri 12:00"]),
)
def test_closed_is_the_closed_of_hours(ms: int, asset: Asset, override: str) -> None:
    assert hours.closed(ms, override, asset) == (hours.hours(ms, override, asset) is Hours.CLOSED)


def test_overrides() -> None:
    frankfurt = "Mon 03:00-11:30, Tue 03:00-11:30"
    assert at("2024-05-13T12:00:00Z", Asset.OTHER, frankfurt) is UP  # Monday 08:00
    assert at("2024-05-13T15:30:00Z", Asset.OTHER, frankfurt) is C
    assert at("2024-05-13T07:00:00Z", Asset.OTHER, frankfurt) is W
    assert at("2024-05-15T12:00:00Z", Asset.OTHER, frankfurt) is C
    assert at("2024-05-18T12:00:00Z", Asset.FX, "crypto") is UP
    assert at("2024-05-18T12:00:00Z", Asset.FX, "always") is UP
    assert at("2024-05-15T21:30:00Z", Asset.FX, "metal") is C
    week = "Sun 18:00-Fri 16:00"
    assert at("2024-05-17T19:59:00Z", Asset.METAL, week) is UP and at("2024-05-17T20:00:00Z", Asset.METAL, week) is C
    assert at("2024-03-29T12:00:00Z", Asset.METAL, week) is C  # the class's holidays still hold


@pytest.mark.parametrize("text", ["", "open", "Mon 3:00-4:00", "Xyz 03:00-04:00", "Mon 25:00-26:00", "other"])
def test_a_bad_override_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"Sun 17:00|time of a week"):
        hours.parse(text)


def test_the_accounts_own_override_comes_first() -> None:
    table = {"DE40": "always", "alpha/DE40": "crypto"}
    assert hours.rule_of(table, "alpha", "DE40", "EUR", "EUR") == ("crypto", Asset.OTHER)
    assert hours.rule_of(table, "bravo", "DE40", "EUR", "EUR") == ("always", Asset.OTHER)
    assert hours.rule_of({}, "bravo", "EURUSD", "EUR", "USD") == ("", Asset.FX)


# --- holidays -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2014, 4, 20), (2024, 3, 31), (2025, 4, 20), (2000, 4, 23), (2038, 4, 25), (2035, 3, 25)]
)
def test_easter(year: int, month: int, day: int) -> None:
    assert holidays.easter(year) == day_number(year, month, day)


def test_the_holidays_of_2024() -> None:
    early = [(1, 15), (2, 19), (5, 27), (6, 19), (7, 4), (9, 2), (11, 28), (11, 29), (12, 24)]
    assert holidays.early_days(2024, Asset.METAL) == {day_number(2024, month, day) for month, day in early}
    assert holidays.early_days(2024, Asset.FX) == frozenset()
    assert day_number(2021, 6, 18) not in holidays.early_days(2021, Asset.INDEX)
    assert holidays.closed_days(2024, Asset.FX) == {day_number(2024, 12, 25), day_number(2024, 1, 1)}


# --- assets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "base", "profit", "asset", "held"),
    [
        ("EURUSD", "EUR", "USD", Asset.FX, "EUR"),
        ("EURGBP.r", "EUR", "GBP", Asset.FX, "EUR"),
        ("XAUUSD", "XAU", "USD", Asset.METAL, "XAU"),
        ("XAUUSD.m", "USD", "USD", Asset.METAL, "XAU"),
        ("GOLD", "USD", "USD", Asset.METAL, "GOLD"),
        ("BTCUSD", "BTC", "USD", Asset.CRYPTO, "BTC"),
        ("US500.cash", "USD", "USD", Asset.INDEX, "US500"),
        ("UKOIL", "USD", "USD", Asset.ENERGY, "UKOIL"),
        ("DE40", "EUR", "EUR", Asset.OTHER, "DE40"),
    ],
)
def test_what_a_symbol_is(symbol: str, base: str, profit: str, asset: Asset, held: str) -> None:
    assert (assets.asset_of(symbol, base, profit), assets.held_of(symbol, base, profit)) == (asset, held)


def test_blocs_do_not_overlap() -> None:
    names = [name for members in assets.BLOCS.values() for name in members]
    assert len(names) == len(set(names))
    assert assets.bloc_of("EUR") == assets.bloc_of("GBP") != assets.bloc_of("AUD")
    assert assets.bloc_of("USD") is None
