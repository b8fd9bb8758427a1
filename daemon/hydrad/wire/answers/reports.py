"""The report: counts, rates and money by group, the ghosted beside the fired."""

from __future__ import annotations

from hydrad.wire.answers import Out


class Estimate(Out, frozen=True):
    """A value with its 95 % interval; null where there is too little to say it."""

    value: float | None
    low: float | None
    high: float | None


class MoneyTotal(Out, frozen=True):
    currency: str
    amount: str


class ReportSide(Out, frozen=True):
    """One side of a group: what was fired, or what was ghosted. `n_effective`: how many independent ones it is worth;
    `n_needed`: how many it would take to tell the mean R from zero. Method: `hydrad.toc.reporting`."""

    n: int
    n_effective: float
    n_needed: int | None
    wins: int
    win_rate: Estimate
    mean_r: Estimate
    total_r: float


class ReportGroup(Out, frozen=True):
    """`money`: never summed across currencies. Slippage in points, above zero is worse than the entry."""

    group: str
    fired: ReportSide
    money: tuple[MoneyTotal, ...]
    slippage_mean: float | None
    slippage_worst: int | None
    asked: int
    denied: int
    requotes: int
    rejections: int
    ghosted: ReportSide


class CurvePoint(Out, frozen=True):
    """`at_ms`: market UTC. `r_milli`: thousandths of R, summed from the day's beginning."""

    at_ms: int
    r_milli: int


class MoneyPoint(Out, frozen=True):
    """`at_ms`: market UTC. `amount`: what was closed since the day's beginning, summed."""

    at_ms: int
    amount: str


class DigestData(Out, frozen=True):
    """What a day came to for one person, on the accounts that they see. `eventful`: whether there is anything to
    tell. `text`: for people; the numbers by themselves are `report`'s. `curve`: of the fires that were closed;
    `let_go`: of the missions that nobody fired; `money`: of those fires, in the `currency` of most of them."""

    name: str
    day: str
    zone: str
    since: str
    until: str
    eventful: bool
    text: str
    curve: tuple[CurvePoint, ...]
    let_go: tuple[CurvePoint, ...] = ()
    money: tuple[MoneyPoint, ...] = ()
    currency: str | None = None
    denied: int = 0


class ReportData(Out, frozen=True):
    """`open`: positions that are not in it because they are not closed; `unended`: ghosted missions without an outcome
    yet. With `by` null there is one group, `all`."""

    by: str | None
    since: str | None
    until: str | None
    groups: tuple[ReportGroup, ...]
    open: int
    unended: int
