"""How long recordings stay: whole days go, oldest first, over a number of days or of bytes. Owns which may never go.

Never the newest day of a symbol, which the recorder writes; never the market's day, or a later one; never a day that a
finding names (`Held`): it is the evidence. With a day's ticks go what stands beside them, its `.unused` and `.torn`.
Imports are somebody's own and are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from hydrad.domain.calendar import day_text
from hydrad.market import tickfile

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MIB = 1 << 20


class Held(NamedTuple):
    """A symbol's day that a finding refers to."""

    symbol: str
    day: str


class Day(NamedTuple):
    """One symbol's day, all its files, the ticks first."""

    symbol: str
    day: str
    paths: tuple[Path, ...]
    size_bytes: int


class Swept(NamedTuple):
    """What went and what stays. `held`: would have gone, and a finding names it."""

    gone: tuple[Day, ...]
    held: tuple[Day, ...]
    left_bytes: int

    @property
    def line(self) -> str:
        """For people."""
        parts = [f"{_sum(self.gone)} deleted{_span(self.gone)}" if self.gone else "nothing is too old or too much"]
        parts += [f"{_sum(self.held)} stay, findings name them{_span(self.held)}"] if self.held else []
        return "; ".join([*parts, f"{self.left_bytes / _MIB:.1f} MiB left"])


def _sum(days: Sequence[Day]) -> str:
    return f"{len(days)} days of {sum(day.size_bytes for day in days) / _MIB:.1f} MiB"


def _span(days: Sequence[Day]) -> str:
    texts = sorted(day.day for day in days)
    symbols = ", ".join(sorted({day.symbol for day in days})[:8])
    return f" ({symbols}, {texts[0]} to {texts[-1]})"


def named_in(findings: Iterable[tuple[str, str]]) -> frozenset[Held]:
    """The days that findings about recordings name: each word of a subject with each date in subject or detail."""
    return frozenset(
        Held(word, day)
        for subject, detail in findings
        for word in subject.split()
        for day in _DAY.findall(f"{subject} {detail}")
    )


def days(folder: Path) -> list[Day]:
    """All recorded days, the oldest first."""
    found: list[Day] = []
    for of_symbol in sorted(folder.glob("*/")):
        files: dict[str, list[Path]] = {}
        for path in sorted(of_symbol.iterdir(), key=lambda path: (path.suffix != tickfile.SUFFIX, path.name)):
            if _DAY.fullmatch(path.stem):
                files.setdefault(path.stem, []).append(path)
        symbol = tickfile.symbol_of(of_symbol.name)
        found += [Day(symbol, day, tuple(paths), _size(paths)) for day, paths in files.items()]
    return sorted(found, key=lambda day: (day.day, day.symbol))


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def chosen(
    there: Sequence[Day], today: int, keep_days: int, keep_bytes: int, named: Collection[Held]
) -> tuple[list[Day], list[Day]]:
    """Which go, and which are held though they should. `today`: the market's day; 0 of `keep_days` or `keep_bytes`
    sets no bound."""
    newest = {day.symbol: day.day for day in there if day.paths[0].suffix == tickfile.SUFFIX}
    too_old = day_text(today - keep_days) if keep_days else ""
    left = sum(day.size_bytes for day in there)
    gone: list[Day] = []
    held: list[Day] = []
    for day in there:
        if day.day >= min(day_text(today), newest.get(day.symbol, day_text(today))):
            continue
        if day.day >= too_old and not (keep_bytes and left > keep_bytes):
            continue
        if Held(day.symbol, day.day) in named:
            held.append(day)
            continue
        gone.append(day)
        left -= day.size_bytes
    return gone, held


def sweep(folder: Path, today: int, keep_days: int, keep_bytes: int, named: Collection[Held]) -> Swept:
    """Delete what is too old or too much. Raises OSError; what went before that is gone."""
    there = days(folder) if folder.is_dir() else []
    gone, held = chosen(there, today, keep_days, keep_bytes, named)
    for day in gone:
        for path in day.paths:
            path.unlink(missing_ok=True)
    left = sum(day.size_bytes for day in there) - sum(day.size_bytes for day in gone)
    return Swept(tuple(gone), tuple(held), left)
