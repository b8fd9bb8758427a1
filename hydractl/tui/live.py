"""Open positions as they are now: the money of the newest answer, what is to be said of each, and their sums.

Owns which of two answers tells a position's money, and that nothing is added across currencies. A result always has its
sign and an arrow; its colour comes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from rich.text import Text

from hydractl.commands.positions import POSITIONS
from hydractl.output import Column, age
from hydractl.tui.draw.glyphs import Glyphs
from hydractl.tui.draw.track import Track, track
from hydractl.tui.frame import OLD_S, Frame, older

TRACK_CELLS = 16


def live_positions(frame: Frame) -> list[Any]:
    """Positions with the money of the last `now` in place of what it was when they were listed."""
    kept, now = frame.view.kept("positions"), frame.view.kept("now")
    rows = frame.rows(kept, frame.view.data("positions"))
    if now is None or now.data is None or kept is None or now.at_s < kept.at_s:
        return rows
    fresh = {row.id: older(row, frame.since(now)) for row in now.data.positions}
    return [type(row)({**row, **fresh[row.id]}) if row.id in fresh else row for row in rows]


def unlisted(frame: Frame) -> str:
    """That the last `now` tells of positions that were opened since they were listed; "" where it tells of none."""
    kept, now = frame.view.kept("positions"), frame.view.kept("now")
    if now is None or now.data is None or kept is None or kept.data is None or now.at_s < kept.at_s:
        return ""
    listed = {row.id for row in kept.data}
    names = [row.id for row in now.data.positions if row.id not in listed]
    many = f"{names[0]}, which was" if len(names) == 1 else f"{len(names)} that were"
    return f"asking ... for {many} opened since" if names else ""


def live_feed(frame: Frame) -> list[Any]:
    """Feeds, with the age of their last tick as the last `now` tells it, which is asked for more often than a status:
    where the market's time goes faster than ours, two seconds are long."""
    kept, now, status = frame.view.kept("status"), frame.view.kept("now"), frame.view.data("status")
    rows = frame.rows(kept, status.feed if status is not None else ())
    if now is None or now.data is None or kept is None or now.at_s < kept.at_s:
        return rows
    quotes = {(quote.symbol, quote.terminal): frame.older(quote, now) for quote in now.data.quotes}
    return [_aged(row, quotes.get((row.symbol, row.terminal))) for row in rows]


def _aged(row: Any, quote: Any) -> Any:
    return row if quote is None else type(row)({**row, "age_s": quote.age_s, "stale": quote.stale})


def amount(text: str | None) -> Decimal | None:
    """A number as the wire has it; None where it is none."""
    try:
        found = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def signed(text: str | None, glyphs: Glyphs) -> str:
    """A result with an arrow and its sign, in the digits that it came with."""
    value = amount(text)
    if value is None:
        return text or "-"
    if not value:
        return str(abs(value))  # nothing has no sign
    return f"{glyphs.up} +{value}" if value > 0 else f"{glyphs.down} {value}"


def style_of(text: str | None) -> str:
    """A result's colour."""
    value = amount(text)
    return "" if not value else "green" if value > 0 else "red"


def marks(row: Any) -> list[str]:
    """What a person must know of a position before anything else; nothing of one of ours that is just open."""
    found = ["FOREIGN"] if row.foreign else [] if row.state in ("FILLED", "OPEN") else [row.state]
    if row.closed_at is None and row.reachable is False:
        found.append("NOT REACHABLE")
    if row.closed_at is None and row.stop is None:
        found.append("NO STOP")
    return found


def columns(glyphs: Glyphs, keys: Sequence[str]) -> list[Column]:
    """The shell's columns with these keys, in this order; a result has its arrow, `mark` is what `marks` says, and
    `plan_name` the plan's name."""
    own = {
        "plan_name": Column("PLAN", "plan_name"),
        "mark": Column("MARK", "mark", show=lambda row: ", ".join(marks(row))),
        "price": Column("PRICE", "price", right=True, show=price_now),
        "track": Column("STOP TO TARGET", "track", show=lambda row: _track(row, glyphs)),
        "pnl": Column("P&L", "pnl", right=True, show=lambda row: _money(row, glyphs)),
        "as_of_age_s": Column("AS OF", "as_of_age_s", right=True, show=lambda row: age(row.as_of_age_s)),
    }
    known = {column.key: column for column in POSITIONS} | own
    return [known[key] for key in keys]


def price_now(row: Any) -> str:
    """The price that its money was counted by, of the same report, so that a row is of one moment; of an agent that
    does not tell it, at what it would be closed. With how long ago that was, where that is too long for now."""
    price, age_s = _told(row)
    if price is None:
        return "-"
    return str(price) if _is_now(age_s) else f"{price}, {age(age_s)} old"


def _told(row: Any) -> tuple[str | None, float | None]:
    return (row.price, row.price_age_s) if row.report_price is None else (row.report_price, row.as_of_age_s)


def _is_now(age_s: float | None) -> bool:
    return age_s is not None and age_s <= OLD_S


def _track(row: Any, glyphs: Glyphs) -> str:
    """Without an arrow where the price is too old to say where it stands."""
    price, age_s = _told(row)
    return track_of(row, price if _is_now(age_s) else None, TRACK_CELLS, glyphs).plain or "-"


def track_of(row: Any, price: str | None, width: int, glyphs: Glyphs) -> Text:
    """Where a price stands between a position's stop and its target; empty where nothing measures it."""
    opened, stop, target, now = (_number(text) for text in (row.open_price, row.stop, row.target, price))
    return (
        Text()
        if opened is None
        else track(Track(1 if row.side == "BUY" else -1, opened, stop, target, now), width, glyphs)
    )


def _number(text: str | None) -> float | None:
    value = amount(text)
    return None if value is None else float(value)


def _money(row: Any, glyphs: Glyphs) -> str:
    return "-" if row.pnl is None else f"{signed(row.pnl, glyphs)} {row.currency}"


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one account and currency: how many positions, how many of them have a result that is known, and the results
    together; `None`: none is known."""

    account: str
    currency: str
    count: int
    known: int
    pnl: Decimal | None


def sums(rows: Iterable[Any]) -> list[Sum]:
    """By account and currency, in the order in which they come."""
    found: dict[tuple[str, str], list[Decimal | None]] = {}
    for row in rows:
        found.setdefault((row.account, row.currency), []).append(amount(row.pnl))
    made = []
    for (account, currency), results in found.items():
        known = [result for result in results if result is not None]
        made.append(Sum(account, currency, len(results), len(known), sum(known, Decimal(0)) if known else None))
    return made


def sum_text(one: Sum, glyphs: Glyphs) -> str:
    """A sum in words, with what is missing in it."""
    if one.pnl is None:
        return f"not known {one.currency}"
    missing = f" without {one.count - one.known} not known" if one.known < one.count else ""
    return f"{signed(str(one.pnl), glyphs)} {one.currency}{missing}"


def closed_text(closed: Sequence[Any], opened: Sequence[Any], glyphs: Glyphs) -> str:
    """What positions that are closed have brought, by account, and what the closed parts of open ones have: of those it
    is not told on which day."""
    results = {(one.account, one.currency): sum_text(one, glyphs) for one in sums(closed)}
    parts = [type(row)({**row, "pnl": row.realised}) for row in opened if row.realised is not None]
    apart = {(one.account, one.currency): sum_text(one, glyphs) for one in sums(parts)}
    keys = dict.fromkeys((*results, *apart))
    told = (
        (key[0], results.get(key, ""), f"{apart[key]} of parts of open ones" if key in apart else "") for key in keys
    )
    return "  ".join(f"{account} {' and '.join(filter(None, texts))}" for account, *texts in told)
