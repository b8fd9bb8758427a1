"""A measured number's last minutes, at even steps, for a spark line. Owns how often a sample is taken, and what a hole
is: a step at which nothing was measured, or nobody was heard."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_S = 2.0
KEPT = 60
_EARLY_S = 0.2  # answers are not that punctual


@dataclass(frozen=True, slots=True)
class Series:
    """The newest `KEPT` numbers at most, a step of `EVERY_S` apart, the last one of `at_s`; None is a hole."""

    at_s: float
    numbers: tuple[float | None, ...]


def noted(series: Series | None, at_s: float, number: float | None) -> Series:
    """The series with one more number; unchanged where the last one is younger than a step."""
    if series is None:
        return Series(at_s, (number,))
    passed_s = at_s - series.at_s
    if passed_s < EVERY_S - _EARLY_S:
        return series
    holes = min(max(int(passed_s / EVERY_S) - 1, 0), KEPT)
    return Series(at_s, (*series.numbers, *(None,) * holes, number)[-KEPT:])
