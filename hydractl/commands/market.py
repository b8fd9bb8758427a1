"""The market of a paper home whose clock a person moves, and the terms of symbols."""

from __future__ import annotations

from hydractl.diagnostics import Failure
from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MINUTES_AT_ONCE = 30
MINUTES_MAX = 1440

SYMBOLS = (
    Column("SYMBOL", "symbol"),
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
