"""What a home has of market data, for `data ls`, `verify` and `export`: recordings and imports as sets of files. Owns
how a set is named and loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hydrad.market import change, checks, provenance, reading, stored, tickfile
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars
from hydrad.market.recorder import RECORDED
from hydrad.market.tickfile import BadFile
from hydrad.wire.market import DataTrouble as Trouble


@dataclass(frozen=True)
class DataSet:
    """Files that belong together: one import, or one symbol's recording. `told`: the provenance of an import."""

    source: str
    symbol: str
    layout: str
    paths: tuple[Path, ...]
    told: dict[str, Any] | None

    @property
    def name(self) -> str:
        return str(self.told["file"]) if self.told else f"recorded {self.symbol}"


def sets(market: Path) -> Iterator[DataSet]:
    """Recordings, then imports."""
    for folder in sorted((market / RECORDED).glob("*/")):
        if paths := tickfile.days(folder):
            yield DataSet(RECORDED, tickfile.symbol_of(folder.name), "ticks", tuple(paths), None)
    _finish(market)
    for path, told in provenance.every(market):
        paths_of = tuple(path.parent / entry["name"] for entry in told["files"])
        yield DataSet(told["source"], told["symbol"], told["layout"], paths_of, told)


def _finish(market: Path) -> None:
    """An import that a crash left in the middle is finished by whoever looks."""
    for path in (market / provenance.IMPORTED).glob(f"*/*/{change.PLAN}"):
        change.finish(path.parent)


def load(one: DataSet) -> tuple[TickArrays | Bars | None, list[str]]:
    """All of a set in its order, and a line a place that is damaged or missing."""
    damage: list[str] = []
    ticks: list[TickArrays] = []
    bars: list[Bars] = []
    for path in one.paths:
        try:
            if path.suffix == stored.BAR_SUFFIX:
                found, lines = stored.load_bars(path)
                bars.append(found)
            else:
                day = stored.load_day(path)
                lines = day.damage
                ticks.append(day.ticks)
        except (BadFile, OSError) as error:
            damage.append(f"{path.name}: {error}")
            continue
        damage += lines
    return (joined_ticks(ticks) if ticks else _joined_bars(bars) if bars else None), damage


def joined(parts: list[TickArrays | Bars]) -> TickArrays | Bars:
    """Parts of one kind, in the order of time."""
    parts = sorted(parts, key=lambda part: int(part.time_ms.min()) if len(part) else 0)
    ticks = [part for part in parts if isinstance(part, TickArrays)]
    return joined_ticks(ticks) if ticks else _joined_bars([part for part in parts if isinstance(part, Bars)])


def joined_ticks(parts: list[TickArrays]) -> TickArrays:
    digits = max(part.digits for part in parts)
    factors = [10 ** (digits - part.digits) for part in parts]
    return TickArrays(
        parts[0].symbol,
        digits,
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.bid_points * factor for part, factor in zip(parts, factors, strict=True)]),
        np.concatenate([part.ask_points * factor for part, factor in zip(parts, factors, strict=True)]),
    )


def _joined_bars(parts: list[Bars]) -> Bars:
    """Of one import: the same digits and sides."""
    first = parts[0]
    return Bars(
        first.symbol,
        first.minutes,
        first.digits,
        first.sides,
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.prices for part in parts]),
        np.concatenate([part.volume for part in parts]),
    )


def verify(one: DataSet) -> tuple[int, list[Trouble]]:
    """Rows that were read, and all that is wrong with them; a recording is looked at day by day."""
    if one.told is None:
        return _by_file(one)
    data, damage = load(one)
    rows = len(data) if data is not None else 0
    wanted = sum(entry["rows"] for entry in one.told["files"])
    if rows != wanted:
        damage.append(f"{rows} rows are there, {wanted} were imported")
    troubles = [Trouble("damage", len(damage), tuple(damage[: checks.EXAMPLES]))] if damage else []
    if one.told.get("replaced"):  # what was replaced is no gap
        return rows, troubles + [trouble for trouble in _by_file(one)[1] if trouble.kind != "damage"]
    return rows, troubles + (checks.examine(data) if data is not None else [])


def _by_file(one: DataSet) -> tuple[int, list[Trouble]]:
    rows = 0
    found: dict[str, Trouble] = {}
    for path in one.paths:
        day, damage = load(DataSet(one.source, one.symbol, one.layout, (path,), None))
        rows += len(day) if day is not None else 0
        troubles = checks.examine(day) if day is not None else []
        if damage:
            troubles.append(Trouble("damage", len(damage), tuple(damage)))
        for trouble in troubles:
            known = found.get(trouble.kind, Trouble(trouble.kind, 0, ()))
            examples = (known.examples + trouble.examples)[: checks.EXAMPLES]
            found[trouble.kind] = Trouble(trouble.kind, known.count + trouble.count, examples, trouble.note)
    return rows, list(found.values())


def edges(one: DataSet) -> tuple[int, int, int, int] | None:
    """Digits, rows, first and last time of a set; None where nothing can be read. Only the first and the last file are
    read whole."""
    ends = DataSet(one.source, one.symbol, one.layout, tuple(dict.fromkeys((one.paths[0], one.paths[-1]))), one.told)
    data, _ = load(ends)
    if data is None or not len(data):
        return None
    rows = sum(entry["rows"] for entry in one.told["files"]) if one.told else sum(map(reading.rows_of, one.paths))
    return data.digits, rows, int(data.time_ms.min()), int(data.time_ms.max())
