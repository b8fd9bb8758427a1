"""Quotes, feeds, symbols and news; and what is done to a paper market."""

from __future__ import annotations

from typing import Any

from hydrad.wire.answers import Out


class FeedRow(Out, frozen=True):
    """`terminal`: the source of the symbol's ticks and its `account`, `since` when it is, and `why` it was taken.
    `age_max_s`: the age, in market time as `age_s` is, over which it is `stale`."""

    symbol: str
    terminal: str
    age_s: float | None
    rate_per_s: float
    stale: bool
    since: str | None = None
    why: str | None = None
    account: str | None = None
    age_max_s: float | None = None


class NewsView(Out, frozen=True):
    """`age_s`: since the file was last written; null when there is none, and `problem` says why. `explicit`: the
    configuration says the mode. `holding`: the events that hold opens back now."""

    mode: str
    explicit: bool
    file: str
    age_s: float | None
    problem: str | None
    events: int
    next: str | None
    holding: tuple[str, ...]


class NewsRow(Out, frozen=True):
    """`in_s`: until the event, in market time. `symbols`: those that it concerns. `holds`: opens are held back now."""

    at: str
    in_s: float
    currency: str
    impact: str
    title: str
    source: str
    symbols: tuple[str, ...]
    holds: bool


class NewsData(Out, frozen=True):
    news: NewsView
    today: tuple[NewsRow, ...]


class QuoteRow(Out, frozen=True):
    """`age_max_s`: the age, in market time as `age_s` is, over which it is `stale`."""

    symbol: str
    terminal: str
    bid: str
    ask: str
    spread_points: int
    time: str
    age_s: float
    stale: bool
    source: bool
    source_since: str | None = None
    source_why: str | None = None
    account: str | None = None
    age_max_s: float | None = None


class StepData(Out, frozen=True):
    market: str
    done: bool
    held_by: tuple[str, ...]


class SymbolRow(Out, frozen=True):
    """A symbol as one terminal's broker has it. `stands_for`: the symbols of missions that are traded as it.

    `point_value`: what one lot loses in a point against it, in the
    account's currency, as told with the terms; margins are of one lot."""

    symbol: str
    account: str
    terminal: str
    digits: int
    contract_size: str
    volume_min: str
    volume_step: str
    volume_max: str
    point_value: str
    currency: str
    stops_level_points: int
    freeze_level_points: int
    margin_buy: str
    margin_sell: str
    trade_mode: str
    bid: str | None
    quote_age_s: float | None
    stands_for: tuple[str, ...] = ()


class SymbolPair(Out, frozen=True):
    """Two sides that were compared: who tells each, and under which name. `left` is `confirmed` where it is what a
    person said yes to, `confirmed_by` whom, at `confirmed_at`. `told_age_s`: how long ago, by market time, the older of
    those that terminals tell was told: every 15 minutes while a terminal is READY."""

    symbol: str
    left: str
    left_symbol: str
    right: str
    right_symbol: str
    differ: int
    told_age_s: float | None = None
    confirmed_at: str | None = None
    confirmed_by: str | None = None


class SymbolDifference(Out, frozen=True):
    """One term of which two sides differ. `sized`: orders are sized and rounded by it."""

    symbol: str
    left: str
    right: str
    term: str
    left_value: str
    right_value: str
    sized: bool


class SymbolDiffData(Out, frozen=True):
    """`symbol diff`. `missing`: what could not be compared, and why."""

    compared: tuple[SymbolPair, ...]
    differences: tuple[SymbolDifference, ...]
    missing: tuple[str, ...]


class PaperData(Out, frozen=True):
    """What the simulated broker said; `facts` are its own words."""

    text: str
    facts: dict[str, Any]
