"""What came of it: the arithmetic of `report`. Pure; knows trades and groups, not the state.

A *trade* is a closed position that we fired, or the followed outcome of a ghosted mission. R is what came out over
what was risked, after costs.

Formulas
========

*Effective n.* Trades that are open at the same time in the same symbol are not independent, and one mission fired on
five accounts is one bet. Each trade counts by its average uniqueness: the mean over its life of 1/(trades of its
symbol that are open then); n_eff is the sum. Five identical trades count 1, five one after another count 5.
(M. Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 4.) Different symbols count as independent,
which flatters baskets that move together. A ghosted mission is taken to live until its horizon, since the instant of
its outcome is not kept: that counts it for less, never for more.

*Win rate.* Wilson's score interval at 95 % with n_eff in place of n: centre (p + z²/2n)/(1 + z²/n), half width
z/(1 + z²/n) * sqrt(p(1-p)/n + z²/4n²). (E. B. Wilson, JASA 22, 1927; n_eff in place of n: E. Korn and B. Graubard,
Survey Methodology 24, 1998.) A win came out above zero after costs.

*Mean R.* mean +- t(0.975, n_eff - 1) * s / sqrt(n_eff), s the sample's standard deviation. The quantile of Student's t
is the normal one with its series in 1/df (Abramowitz and Stegun, 26.7.5), which is 0.1 % off at 5 degrees; below
that a table. Under n_eff 2 no interval is given.

*n needed.* How many independent trades like these would tell their mean from zero at 5 % with a power of 80 %:
((z(0.975) + z(0.80)) * s / mean)², rounded up. (S.-C. Chow, J. Shao, H. Wang, Sample Size Calculations in Clinical
Research, chapter 3.) Compare it with n_eff: below it the report's mean says nothing yet. It takes the mean and the
deviation as they are now, so it is itself an estimate, and a rough one while n_eff is small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

Z = 1.959963984540054  # of the normal distribution, 97.5 %
Z_POWER = 0.8416212335729143  # 80 %
N_NEEDED_MAX = 1_000_000_000
_T_SMALL = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764}


@dataclass(slots=True, frozen=True)
class Trade:
    """`number`: of the position or mission, so that no two are the same. `r_milli`: thousandths of R. `won`: it came
    out above zero after costs. `slippage_points`: None where no entry was asked for, or nothing was fired."""

    number: int
    symbol: str
    begin_ms: int
    end_ms: int
    r_milli: int
    won: bool
    currency: str = ""
    profit: Decimal = Decimal(0)
    slippage_points: int | None = None


@dataclass(slots=True, frozen=True)
class Interval:
    value: float | None
    low: float | None
    high: float | None


NOTHING = Interval(None, None, None)


@dataclass(slots=True, frozen=True)
class Side:
    """Figures of one side of a group; see the module's formulas."""

    n: int
    n_effective: float
    n_needed: int | None
    wins: int
    win_rate: Interval
    mean_r: Interval
    total_r: float


@dataclass(slots=True)
class Group:
    """What falls under one key of the report."""

    fired: list[Trade] = field(default_factory=list)
    ghosted: list[Trade] = field(default_factory=list)
    asked: int = 0
    denied: int = 0
    requotes: int = 0
    rejections: int = 0


def side(trades: Sequence[Trade], weights: Sequence[float]) -> Side:
    """`weights`: each trade's uniqueness, among all trades that were made, not among this group's alone."""
    n, n_eff = len(trades), sum(weights)
    wins = sum(trade.won for trade in trades)
    rs = [trade.r_milli / 1000 for trade in trades]
    return Side(
        n=n,
        n_effective=round(n_eff, 2),
        n_needed=needed(rs),
        wins=wins,
        win_rate=wilson(wins / n, n_eff) if n else NOTHING,
        mean_r=mean(rs, n_eff),
        total_r=round(sum(trade.r_milli for trade in trades) / 1000, 3),
    )


def money(trades: Iterable[Trade]) -> list[tuple[str, Decimal]]:
    """Profit by currency, in the order of their names; never summed across them."""
    totals: dict[str, Decimal] = {}
    for trade in trades:
        totals[trade.currency] = totals.get(trade.currency, Decimal(0)) + trade.profit
    return sorted(totals.items())


def slippage(trades: Iterable[Trade]) -> tuple[float | None, int | None]:
    """Mean and worst, in points; above zero is worse than the entry."""
    points = [trade.slippage_points for trade in trades if trade.slippage_points is not None]
    return (round(sum(points) / len(points), 2), max(points)) if points else (None, None)


def uniqueness(trades: Sequence[Trade]) -> list[float]:
    """Each trade's share: the mean over its life of 1/(open trades of its symbol). A life is at least 1 ms."""
    shares = [0.0] * len(trades)
    by_symbol: dict[str, list[int]] = {}
    for index, trade in enumerate(trades):
        by_symbol.setdefault(trade.symbol, []).append(index)
    for indices in by_symbol.values():
        _shares(trades, indices, shares)
    return shares


def _shares(trades: Sequence[Trade], indices: list[int], shares: list[float]) -> None:
    """One symbol: sweep over the instants at which a trade begins or ends, keeping the integral of 1/open."""
    lives = {i: (trades[i].begin_ms, max(trades[i].end_ms, trades[i].begin_ms + 1)) for i in indices}
    begins, ends = [(life[0], 1, i) for i, life in lives.items()], [(life[1], -1, i) for i, life in lives.items()]
    events = sorted(begins + ends)
    count, last_ms, integral = 0, events[0][0], 0.0
    began: dict[int, float] = {}
    for at, change, index in events:
        if count:
            integral += (at - last_ms) / count
        last_ms = at
        count += change
        if change > 0:
            began[index] = integral
        else:
            begin, end = lives[index]
            shares[index] = (integral - began[index]) / (end - begin)


def wilson(p: float, n: float) -> Interval:
    """95 % interval of a share `p` of `n` (which need not be whole); nothing without any."""
    if n <= 0:
        return NOTHING
    scale = 1 + Z * Z / n
    centre = (p + Z * Z / (2 * n)) / scale
    half = Z / scale * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return _rounded(p, max(centre - half, 0.0), min(centre + half, 1.0))


def mean(rs: Sequence[float], n_eff: float) -> Interval:
    """Mean with its 95 % interval; without one under two effective values."""
    if not rs:
        return NOTHING
    middle = sum(rs) / len(rs)
    if n_eff < 2:
        return Interval(round(middle, 4), None, None)
    half = t_quantile(n_eff - 1) * deviation(rs) / math.sqrt(n_eff)
    return _rounded(middle, middle - half, middle + half)


def deviation(rs: Sequence[float]) -> float:
    """Of the sample, with n - 1; 0 for fewer than two."""
    if len(rs) < 2:
        return 0.0
    middle = sum(rs) / len(rs)
    return math.sqrt(sum((x - middle) ** 2 for x in rs) / (len(rs) - 1))


def t_quantile(df: float) -> float:
    """97.5 % of Student's t. Below 5 degrees the table's row of the whole degrees (the wider side)."""
    if df < 5:
        return _T_SMALL[max(math.floor(df), 1)]
    z2 = Z * Z
    return Z * (
        1
        + (z2 + 1) / (4 * df)
        + (5 * z2**2 + 16 * z2 + 3) / (96 * df**2)
        + (3 * z2**3 + 19 * z2**2 + 17 * z2 - 15) / (384 * df**3)
    )


def needed(rs: Sequence[float]) -> int | None:
    """Independent trades like these that would tell their mean from zero; None when that cannot be said."""
    if len(rs) < 2:
        return None
    middle, spread = sum(rs) / len(rs), deviation(rs)
    if not middle or not spread:
        return None
    return min(math.ceil(((Z + Z_POWER) * spread / middle) ** 2), N_NEEDED_MAX)


def _rounded(value: float, low: float, high: float) -> Interval:
    return Interval(round(value, 4), round(low, 4), round(high, 4))
