"""A mission before it is fired, as it would be on one account: what a person decides by."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.acts import FireAnswer
from hydrad.wire.answers.missions import MissionShow
from hydrad.wire.answers.positions import NightView


class PriceNow(Out, frozen=True):
    """The account's own market now. `off_points`: from the mission's entry on this account to where a market order
    would be filled now, above zero where that is worse; `collar_points`: how far it may be. `rests`: the order waits
    for its price, and `off_points` is how far the market is from it. `stale`: as the gate judges."""

    terminal: str
    bid: str
    ask: str
    spread_points: int
    spread_of_stop_percent: str | None
    off_points: int
    collar_points: int
    age_s: float
    stale: bool
    rests: bool = False


class Stake(Out, frozen=True):
    """Money in the account's currency, at the size that would be sent. `at_stop` and `at_target` from where it would
    open, before commission and nights; below zero is a loss. `commission`: in and out, as the last closed position in
    the symbol paid it; null: not known. `needs_percent`: how often the target must come before the stop for nothing to
    be lost, commission included where it is known. `break_even`: the price that pays the commission."""

    currency: str
    volume: str
    of_base_percent: str | None
    at_stop: str
    at_target: str | None
    r: str | None
    commission: str | None
    needs_percent: str | None
    break_even: str | None
    night: NightView | None


class SpanView(Out, frozen=True):
    session: str
    start: str
    end: str


class LevelView(Out, frozen=True):
    """A price to draw: `entry`, `stop`, `target`, or a level of the detector's by its own name."""

    name: str
    price: str


class ChartView(Out, frozen=True):
    """What to draw over the bars of `symbol` (`hydra.bars/v1`), from `start` on: `signal_at` is the close of the bar
    that made the mission."""

    symbol: str
    start: str
    signal_at: str
    sessions: tuple[SpanView, ...]
    levels: tuple[LevelView, ...]


class Briefing(Out, frozen=True):
    """`fire`: the dry run, every check of it. `accounts`: those that the asker may fire on. `price` and `stake` null:
    the terminal has not told what they are made of, and `fire` says what is missing. `tcs_text` is never shown without
    what it needs."""

    mission: MissionShow
    market_at: str | None
    account: str
    kind: str
    accounts: tuple[str, ...]
    fire: FireAnswer
    price: PriceNow | None
    stake: Stake | None
    tcs_text: str
    chart: ChartView
