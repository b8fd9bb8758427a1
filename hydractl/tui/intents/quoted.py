"""The market beside a fire by hand, while its fields are filled in: price, age, spread, and how near a stop may be.

Owns whose price that is: of the account that is chosen, at the terminal that opens for it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.text import Text

from hydractl.fitting import wrapped
from hydractl.output import age
from hydractl.plain import plain
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.intents.base import PRICE
from hydractl.tui.store import Ask, Kept, View

SYMBOLS = Ask.of("symbols")
SYMBOLS_S = 30.0
_BAD, _WARN = "bold red", "yellow"


def wants(view: View, values: Mapping[str, str]) -> tuple[Want, ...]:
    """The terms of all symbols, and the quotes of the one that is chosen, whatever each broker calls it."""
    return Want(SYMBOLS, SYMBOLS_S), Want(_ticks(view, values["symbol"]), 1.0)


def lines(frame: Frame, values: Mapping[str, str], room: int) -> list[Text]:
    """What the market of the chosen symbol is, and what it lets be done; one line where there is little room."""
    ask = _ticks(frame.view, values["symbol"])
    kept, account = frame.view.answers.get(ask), account_of(frame.view, values)
    where = f" on {account}" if account else ""
    if kept is None or kept.data is None:
        why = kept.problem.message if kept is not None and kept.problem is not None else "is being asked for ..."
        return _line(f"price   of {values['symbol']}{where}: {why}", room, "dim")
    row = _chosen(frame, kept, account)
    if row is None:
        return _line(f"price   UNKNOWN: no quote of {values['symbol']}{where} has come", room, _BAD)
    old = frame.old(kept, 1.0)
    stale = f"{', STALE' if row.stale else ''}{', OLD' if old else ''}"
    head = f"{row.bid} / {row.ask}, {age(row.age_s)} old{stale}"
    if frame.scant:
        return _line(head, room, "dim" if old else _WARN if row.stale else "")[:1]
    style = "dim" if old else _WARN if row.stale else "bold"
    text = f"{row.symbol:<7} {head}, spread {row.spread_points} points, at {row.terminal}"
    terms = _terms(frame.view, row)
    made = _line(text, room, style)
    return made if terms is None else [*made, *_near(row, terms, values, room)]


def account_of(view: View, values: Mapping[str, str]) -> str | None:
    """The account that would be fired on; None where it is several, or not known."""
    kind, _, name = values["where"].partition(":")
    status = view.data("status")
    primary = status.primary if status is not None else None
    return name if kind == "account" else primary if not kind else None


def _ticks(view: View, symbol: str) -> Ask:
    rows = view.data("symbols") or ()
    own = {row.symbol for row in rows if symbol in (row.stands_for or ())}
    return Ask.of("ticks", symbols=tuple(sorted({symbol, *own})))


def _chosen(frame: Frame, kept: Kept, account: str | None) -> Any:
    """The quote of the account's terminal that opens, else of any of its; of several accounts the source's."""
    rows = [row for row in frame.rows(kept, kept.data) if account in (None, row.account)]
    status = frame.view.data("status")
    lanes = {row.name for row in status.terminals if row.lane} if status is not None else set()
    return max(rows, key=lambda row: (account is None and row.source, row.terminal in lanes), default=None)


def _terms(view: View, quote: Any) -> Any:
    rows = view.data("symbols") or ()
    return next((row for row in rows if (row.terminal, row.symbol) == (quote.terminal, quote.symbol)), None)


def _near(quote: Any, terms: Any, values: Mapping[str, str], room: int) -> list[Text]:
    """How near a stop may be; or how far the one is that was typed, and the collar that follows from it."""
    least = max(terms.stops_level_points, terms.freeze_level_points)
    buys = values["side"] == "buy"
    entry = _number(values["entry"]) if values["type"] else _number(quote.ask if buys else quote.bid)
    stop = _number(values["stop"])
    if entry is None or stop is None:
        return _line(f"levels  at least {least} points away; collar: a tenth of the way to the stop", room, "dim")
    away = int((entry - stop).scaleb(terms.digits)) * (1 if buys else -1)
    side = "below" if buys else "above"
    if away <= 0:
        return _line(f"stop    WRONG SIDE: of a {values['side'].upper()} it is {side} {entry}", room, _BAD)
    near = f", TOO NEAR: at least {least}" if away < least else ""
    collar = "" if values["type"] == "limit" else f"; collar {away // 10} points"
    return _line(f"stop    {away} points {side} {entry}{near}{collar}", room, _WARN if near else "")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if PRICE.fullmatch(text) else None


def _line(text: str, room: int, style: str) -> list[Text]:
    return [Text(row, style, no_wrap=True, end="") for row in wrapped(plain(text), max(room, 20), 8)]
