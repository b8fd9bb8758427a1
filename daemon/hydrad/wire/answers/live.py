"""What a page is told each second, and when its stream begins. Ages are measured at `ts`."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.market import QuoteRow


class Hello(Out, frozen=True):
    """`seq`: the last record before the stream begins. Another `instance`: what the page knows is old."""

    instance: str
    version: str
    mode: str
    seq: int
    ts: str


class LivePosition(Out, frozen=True):
    """`pnl` in the account's currency, as the last report of a terminal had it, `as_of_age_s` ago, counted by that
    report's `report_price`."""

    id: str
    pnl: str | None
    currency: str
    r: str | None
    as_of_age_s: float | None
    reachable: bool
    report_price: str | None = None


class LiveTerminal(Out, frozen=True):
    name: str
    link: str
    duty: str
    heartbeat_age_s: float | None


class Now(Out, frozen=True):
    """`market`: the market's time, null before the first tick. `quotes`: of each symbol's source. `unread`: alarms that
    nobody has acknowledged; `unknown`: acts without a verdict."""

    ts: str
    market: str | None
    speed: str
    seq: int
    authority: str
    quotes: tuple[QuoteRow, ...]
    positions: tuple[LivePosition, ...]
    terminals: tuple[LiveTerminal, ...]
    missions: int
    unread: int
    unknown: int
    in_flight: int
