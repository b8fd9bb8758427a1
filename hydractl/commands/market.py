"""The market of a paper home whose clock a person moves, and the terms of symbols."""

from __future__ import annotations

from hydractl.diagnostics import Failure
from hydractl.output import Column, age
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


@verb("market step", "step", argument("minutes", "Minutes of market time.", required=False))
def market_step(session: Session, minutes: str | None) -> int:
    """Move the market of a paper home with paper.conductor = "client", tick by tick through every agent."""
    try:
        left = int(minutes or "1")
    except ValueError:
        raise Failure("USAGE", f"'{minutes}' is not a whole number of minutes") from None
    if not 1 <= left <= MINUTES_MAX:
        raise Failure("USAGE", f"minutes are from 1 to {MINUTES_MAX}")
    while True:
        answer = session.client.request("market.step", minutes=min(left, MINUTES_AT_ONCE))
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
