"""Data of others in a home: `imported/SOURCE/SYMBOL/`, never mixed with recordings. Owns what may be imported, and what
an import takes the place of.

An import is planned whole before anything is written, so that what it replaces can be told first: days of ticks as
whole days, bars as exactly the stretch that the new ones cover; what lies before and after stays with the import that
it came from. Then it is one change of its folder (`change`), with the provenance in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from hydrad.domain.instants import ms_text
from hydrad.market import change, provenance, server_clock, stored, tickfile
from hydrad.market.change import New
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars, Parsed
from hydrad.market.saying import Refused
from hydrad.market.server_clock import Clock
from hydrad.market.tickfile import BadFile

OVER_HINT = "give it another --source, or --replace"


@dataclass(frozen=True)
class Replaced:
    """What goes of one stored file: `rows` from `first_ms` to `last_ms`; `kept` stay. `files`: whose imports it was."""

    stored: str
    files: tuple[str, ...]
    rows: int
    kept: int
    first_ms: int
    last_ms: int


@dataclass(slots=True)
class Import:
    """One source file, planned. `new`: data that is not there yet; `files`: all that it names, with rows; `pieces`:
    what stays of each stored file that is replaced."""

    parsed: Parsed
    folder: Path
    clock: Clock
    sides: str
    rows_out: int = 0
    files: list[tuple[str, int]] = field(default_factory=list)
    new: list[New] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    pieces: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.files)

    @property
    def there(self) -> bool:
        return not self.new and not self.pieces


# --- planning -------------------------------------------------------------------------------------------


def plan(market: Path, parsed: Parsed, clock: Clock, replace: bool) -> Import:
    """What an import would do; bars become UTC by the clock. Raises Refused, OSError, BadFile."""
    folder = provenance.folder_of(market, parsed.source, parsed.data.symbol)
    change.finish(folder)
    if isinstance(parsed.data, TickArrays):
        return _plan_ticks(Import(parsed, folder, clock, "both"), parsed.data, replace)
    return _plan_bars(Import(parsed, folder, clock, parsed.data.sides), parsed.data, replace)


def _plan_ticks(made: Import, ticks: TickArrays, replace: bool) -> Import:
    name_of, source = made.parsed.path.name, made.parsed.source
    runs = stored.days_of(ticks)
    again = {day for day, _ in runs if sum(day == other for other, _ in runs) > 1} if len(runs) < 4096 else {0}
    if again:
        raise Refused(f"{name_of}: its ticks jump between days and back: sort it first")
    for day, rows in runs:
        name, path = tickfile.file_name(day), made.folder / tickfile.file_name(day)
        made.files.append((name, rows.stop - rows.start))
        if path.exists():
            known = _times_if(path, ticks, rows)
            if known is None:
                continue
            if not replace:
                raise Refused(f"{name_of}: {name} of {source} {ticks.symbol} has other ticks already", OVER_HINT, True)
            _replace(made, name, known, [])
        encode = partial(stored.encode_day, day, source, ticks, rows)
        made.new.append(New(name, encode, partial(_holds_ticks, ticks=ticks, rows=rows)))
    return made


def _plan_bars(made: Import, bars: Bars, replace: bool) -> Import:
    if made.clock.by:
        utc, covered = server_clock.to_utc(bars.time_ms, made.clock.spans)
        made.rows_out = int((~covered).sum())
        bars = bars.taken(covered, utc[covered])
    if not len(bars):
        raise Refused(f"{made.parsed.path.name}: no bar is left")
    taken = {path.name for path in made.folder.glob(f"*{stored.BAR_SUFFIX}")}
    same = ""
    for name in sorted(name for name in taken if name.startswith(f"{made.parsed.layout}-")):
        known, _ = stored.load_bars(made.folder / name)
        before = np.flatnonzero(known.time_ms < bars.time_ms.min())
        after = np.flatnonzero(known.time_ms > bars.time_ms.max())
        if _same_bars(known, bars) and not same:
            same = name
        elif len(before) + len(after) < len(known):
            if not replace:
                message = f"{made.parsed.path.name}: overlaps {name} of {made.parsed.source} {bars.symbol}"
                raise Refused(message, OVER_HINT, True)
            pieces = [_bars_file(made, known.taken(rows), taken) for rows in (before, after) if len(rows)]
            inside = (known.time_ms >= bars.time_ms.min()) & (known.time_ms <= bars.time_ms.max())
            _replace(made, name, known.time_ms[inside], pieces)
    made.files.append((same, len(bars)) if same else _bars_file(made, bars, taken))
    return made


def _bars_file(made: Import, bars: Bars, taken: set[str]) -> tuple[str, int]:
    """A new file of bars, under a name that nothing has: two may cover the same days."""
    stem = f"{made.parsed.layout}-{_date(bars.time_ms.min())}-{_date(bars.time_ms.max())}"
    names = (f"{stem}{'' if number == 1 else f'-{number}'}{stored.BAR_SUFFIX}" for number in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    made.new.append(New(name, partial(stored.encode_bars, bars), partial(_holds_bars, bars=bars)))
    return name, len(bars)


def _date(ms: np.int64) -> str:
    return ms_text(int(ms))[:10].replace("-", "")


def _replace(made: Import, name: str, gone_ms: stored.Ints, pieces: list[tuple[str, int]]) -> None:
    told = [told for _, told in provenance.of_folder(made.folder) if _names(told, name)]
    kept = sum(rows for _, rows in pieces)
    first_ms, last_ms = (int(gone_ms.min()), int(gone_ms.max())) if len(gone_ms) else (0, 0)
    files = tuple(str(one["file"]) for one in told)
    made.replaced.append(Replaced(name, files, len(gone_ms), kept, first_ms, last_ms))
    made.pieces[name] = pieces


def _names(told: provenance.Told, name: str) -> bool:
    return any(entry["name"] == name for entry in told["files"])


# --- carrying out ---------------------------------------------------------------------------------------


def carry_out(made: Import, now_ns: int, licence: str | None) -> None:
    """Do it, in one change of the folder. Raises OSError, BadFile."""
    name = provenance.name_of(made.parsed)
    if made.there and (made.folder / name).exists():
        return
    told = provenance.of_import(made.parsed, made.files, made.rows_out, made.clock, now_ns, licence, made.sides)
    rests, gone = _rests(made, name)
    removed = [old for old in made.pieces if old not in {one.name for one in made.new}]
    change.make(made.folder, [*made.new, *rests, provenance.file_of(name, told)], [*removed, *gone])


def _rests(made: Import, own: str) -> tuple[list[New], list[str]]:
    """The provenances that change with what is replaced, and those that go since nothing is left of them."""
    rests, gone = [], []
    known = provenance.of_folder(made.folder)
    names = {name for name, _ in known} | {own}
    for name, told in known:
        replaced = [old for old in made.pieces if _names(told, old)]
        if not replaced:
            continue
        files = list(_left(told, made.pieces))
        if not files:
            gone.append(name)
            continue
        if name == own:  # the same file again, of which other rows are kept now
            name = _free(name.removesuffix(provenance.SUFFIX), names)
        by = [{"name": old, "by": made.parsed.path.name, "sha256": made.parsed.sha256} for old in replaced]
        rests.append(provenance.file_of(name, provenance.rest_of(told, files, by)))
    return rests, gone


def _left(told: provenance.Told, pieces: dict[str, list[tuple[str, int]]]) -> Iterable[tuple[str, int]]:
    for entry in told["files"]:
        yield from pieces.get(entry["name"], [(entry["name"], entry["rows"])])


def _free(stem: str, names: set[str]) -> str:
    name = next(
        f"{stem}-rest{number}{provenance.SUFFIX}"
        for number in range(1, len(names) + 2)
        if f"{stem}-rest{number}{provenance.SUFFIX}" not in names
    )
    names.add(name)
    return name


# --- comparing ------------------------------------------------------------------------------------------


def _times_if(path: Path, ticks: TickArrays, rows: slice) -> stored.Ints | None:
    """The times that a stored day has, as far as they can be read; None where it holds just these ticks."""
    try:
        return None if _holds_ticks(path, ticks, rows) else stored.load_day(path).ticks.time_ms
    except BadFile:
        return np.zeros(0, np.int64)


def _holds_ticks(path: Path, ticks: TickArrays, rows: slice) -> bool:
    day = stored.load_day(path)
    return (
        not day.damage
        and day.ticks.digits == ticks.digits
        and np.array_equal(day.ticks.time_ms, ticks.time_ms[rows])
        and np.array_equal(day.ticks.bid_points, ticks.bid_points[rows])
        and np.array_equal(day.ticks.ask_points, ticks.ask_points[rows])
    )


def _holds_bars(path: Path, bars: Bars) -> bool:
    known, damage = stored.load_bars(path)
    return not damage and _same_bars(known, bars)


def _same_bars(a: Bars, b: Bars) -> bool:
    return (
        (a.digits, a.sides) == (b.digits, b.sides)
        and np.array_equal(a.time_ms, b.time_ms)
        and np.array_equal(a.prices, b.prices)
        and np.array_equal(a.volume, b.volume)
    )
