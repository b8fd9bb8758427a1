"""The market of a paper home whose clock a person moves, and the terms of symbols."""

from __future__ import annotations

from itertools import count

from hydractl.diagnostics import Failure
from hydractl.output import Column, age, ago
from hydractl.session import Session
from hydractl.verbs import YES, argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MINUTES_AT_ONCE = 30
MINUTES_MAX = 1440

SYMBOLS = (
    Column("SYMBOL", "symbol"),
    Column("STANDS FOR", "stands_for", show=lambda row: ", ".join(row.stands_for or ()) or "-"),
    Column("ACCOUNT", "account"),
    Column("TERMINAL", "terminal"),
    Column("DIGITS", "digits", right=True),
    Column("CONTRACT", "contract_size", right=True),
    Column("MIN", "volume_min", right=True),
    Column("STEP", "volume_step", right=True),
    Column("MAX", "volume_max", right=True),
    Column("POINT VALUE", "point_value", right=True, show=lambda row: f"{row.point_value} {row.currency}"),
    Column("STOPS LEVEL", "stops_level_points", right=True),
    Column("FREEZE", "freeze_level_points", right=True, wide=True),
    Column("MARGIN BUY", "margin_buy", right=True, wide=True),
    Column("MARGIN SELL", "margin_sell", right=True, wide=True),
    Column("TRADE MODE", "trade_mode"),
    Column("BID", "bid", right=True),
    Column("QUOTE AGE", "quote_age_s", right=True, show=lambda row: age(row.quote_age_s)),
)

PAIRS = (
    Column("SYMBOL", "symbol"),
    Column("LEFT", "left"),
    Column("NAME", "left_symbol"),
    Column("RIGHT", "right"),
    Column("NAME", "right_symbol"),
    Column("", "differ", show=lambda row: f"{row.differ} DIFFER" if row.differ else "same"),
    Column("TOLD", "told_age_s", show=lambda row: ago(row.told_age_s)),
    Column("CONFIRMED", "confirmed_at", show=lambda row: (row.confirmed_at or "-")[:10]),
    Column("BY", "confirmed_by", wide=True),
)
DIFFERENCES = (
    Column("SYMBOL", "symbol"),
    Column("TERM", "term"),
    Column("LEFT", "left"),
    Column("VALUE", "left_value", right=True),
    Column("RIGHT", "right"),
    Column("VALUE", "right_value", right=True),
    Column("", "sized", show=lambda row: "sizes depend on it" if row.sized else ""),
)


@verb("market step", "step", argument("minutes", "Minutes of market time.", required=False))
def market_step(session: Session, minutes: str | None) -> int:
    """Move the market of a paper home with paper.conductor = "client", tick by tick through every agent."""
    try:
        left = int(minutes or "1")
    except ValueError:
        raise Failure("USAGE", f"'{minutes}' is not a whole number of minutes") from None
    if not 1 <= left <= MINUTES_MAX:
        raise Failure("USAGE", f"minutes are from 1 to {MINUTES_MAX}")
    for part in count():
        answer = session.client.request("market.step", nth=part, minutes=min(left, MINUTES_AT_ONCE))
        left -= MINUTES_AT_ONCE
        if left <= 0 or answer.error is not None or answer.data.done:
            break

    def people(data: Any) -> None:
        session.heading(answer)
        session.out.line(f"market {session.out.instant(data.market)}{', the day has ended' if data.done else ''}")

    return session.present(answer, people)


@verb("symbols", "symbols", option("--account", "Only of this account.", metavar="NAME"))
def symbols(session: Session, account: str | None) -> int:
    """What each account's broker says of its symbols: the figures that sizes are made from."""
    return session.rows(session.client.query("symbols", account=account), SYMBOLS, "no terminal has told its terms yet")


@verb(
    "symbol diff",
    "symbol_diff",
    argument("first", "An account; all without. With a second name also a terminal.", required=False),
    argument("second", "Another account or terminal, to compare what both tell now.", required=False),
    option("--symbol", "Only this symbol of missions.", metavar="NAME"),
)
def symbol_diff(session: Session, first: str | None, second: str | None, symbol: str | None) -> int:
    """What brokers say of symbols now and when a map was confirmed, or of two accounts; 10 where it differs."""
    answer = session.client.query("symbol.diff", first=first, second=second, symbol=symbol)

    def people(data: Any) -> None:
        out = session.out
        session.heading(answer)
        none = "no map is there to compare: symbol map ACCOUNT EURUSD=EURUSD confirms one as it is"
        out.table(PAIRS, data.compared, empty="nothing could be compared" if data.missing else none)
        for line in data.missing:
            out.line(f"NOT COMPARED {line}")
        if data.differences:
            out.line()
            out.table(DIFFERENCES, data.differences, empty="")

    return session.present(answer, people)


@verb(
    "symbol map",
    "symbols",
    argument("account", "The account's name."),
    argument("maps", "Such as EURUSD=EURUSD.r.", required=False, many=True),
    option("--clear", "Maps to take away, with commas.", default="", metavar="A,B"),
    YES,
)
def symbol_map(session: Session, account: str, maps: tuple[str, ...], clear: str, yes: bool) -> int:
    """Say what an account's broker calls the symbols of missions; needs a commander. Shows both sides first."""
    values = {}
    for word in maps:
        symbol, mark, own = word.partition("=")
        if not mark or not symbol or not own:
            raise Failure("USAGE", f"'{word}' is not SYMBOL=NAME")
        values[symbol] = own
    taken = [word for word in clear.split(",") if word]
    if not values and not taken:
        raise Failure("USAGE", "name SYMBOL=NAME, or --clear")
    session.require(yes, "symbol map")
    if not yes:
        _compare(session, account, values)
    return session.rows(
        session.client.request("symbol.map", account=account, values=values, clear=taken), SYMBOLS, "no terms are known"
    )


def _compare(session: Session, account: str, values: dict[str, str]) -> None:
    """Contract size, digits, point value and price of both sides, one below the other, before anything is asked."""
    told = session.client.query("symbols")
    rows = told.data or ()
    shown = [
        row
        for symbol, own in values.items()
        for row in rows
        if (row.account == account and row.symbol == own) or (row.account != account and row.symbol == symbol)
    ]
    session.out.table(SYMBOLS, shown, empty="no terminal has told terms of these symbols")
    session.out.flush()
    what = ", ".join(f"{symbol} is {own}" for symbol, own in values.items()) or "these maps are gone"
    session.confirm(f"on {account}: {what}?", session.label(told, account))
