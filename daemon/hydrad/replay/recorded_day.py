"""A recorded day once more: its ticks through this build's APEX, held against what the journal says it said then. Owns
which part of the day the daemon lived through, and what counts as the same.

APEX gives the same for the same ticks however they are cut into frames, so a recording is enough. Ticks from before the
daemon ran, and of the memory before the day, are history, as a hand-shake tells them: they build bars and never signal.
Where no daemon ran on that day at all, the whole day is live and there is nothing to hold it against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hydrad.apex.engine import Apex
from hydrad.apex.profile import Profile
from hydrad.domain.instants import DAY_MS, MINUTE_MS, ms_text
from hydrad.domain.money import price_text
from hydrad.domain.signals import Signal, Suppressed
from hydrad.link.frames import SymbolTicks, Tick
from hydrad.market import stored, tickfile
from hydrad.market.days import files
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.wire.market import ReplayData, ReplayRow

Said = Signal | Suppressed
_TYPES = ("MISSION_PROPOSED", "SIGNAL_SUPPRESSED")


class NotRecorded(Exception):
    """Ticks that are needed are not there; the message says which."""


class Span(NamedTuple):
    """Market time that a daemon lived through, from its first record to its last, both included."""

    first_ms: int
    last_ms: int


class Then(NamedTuple):
    """What the journal says. `before`: signals of earlier days, for rate and repetition."""

    spans: tuple[Span, ...]
    said: tuple[Said, ...]
    before: tuple[Signal, ...]


def then(journal: Iterable[Record], day: int) -> Then:
    """What a home's journal says of a UTC day of market time."""
    begin_ms, end_ms = day * DAY_MS, (day + 1) * DAY_MS
    lives: list[list[int]] = [[]]
    said: list[Said] = []
    before: list[Signal] = []
    for record in journal:
        if record.type == "DAEMON_STARTED":
            lives.append([])
        elif record.market_ms:
            lives[-1] = [min([*lives[-1][:1], record.market_ms]), max([*lives[-1][1:], record.market_ms])]
        if record.type not in _TYPES:
            continue
        body = r.decode(record.type, record.body)
        if isinstance(body, r.MissionProposed) and body.origin == "apex":
            if begin_ms <= body.signal.at_ms < end_ms:
                said.append(body.signal)
            elif body.signal.at_ms < begin_ms:
                before.append(body.signal)
        elif isinstance(body, r.SignalSuppressed) and begin_ms <= body.suppressed.at_ms < end_ms:
            said.append(body.suppressed)
    spans = (Span(max(life[0], begin_ms), min(life[1], end_ms - 1)) for life in lives if life)
    return Then(tuple(span for span in spans if span.first_ms < span.last_ms), tuple(said), tuple(before))


# --- now ------------------------------------------------------------------------------------------------


def now(folder: Path, profile: Profile, day: int, known: Then) -> tuple[list[Said], int]:
    """What this build says of the recorded day, and of how many ticks of it. Raises NotRecorded, BadFile, OSError."""
    wanted = Apex(profile, dict.fromkeys(profile.symbols, 5)).history_from_ms(day * DAY_MS)
    found = files(folder, range(wanted // DAY_MS, day + 1))
    missing = [symbol for symbol in profile.symbols if not _has(found.get(symbol, []), day)]
    if missing:
        raise NotRecorded(f"{', '.join(missing)}: no ticks of that day in {folder}")
    series = {symbol: [stored.load_day(path) for path in found[symbol]] for symbol in profile.symbols}
    digits = {symbol: max(one.ticks.digits for one in parts) for symbol, parts in series.items()}
    ticks = {symbol: _ticks(parts, digits[symbol]) for symbol, parts in series.items()}
    apex = Apex(profile, digits, known.before)
    said: list[Said] = []
    at = dict.fromkeys(ticks, 0)
    for end_ms, history in _steps(wanted, day, known.spans):
        batches = []
        for symbol, rows in ticks.items():
            first = at[symbol]
            while at[symbol] < len(rows) and rows[at[symbol]].time_ms <= end_ms:
                at[symbol] += 1
            if at[symbol] > first:
                batches.append(SymbolTicks(symbol, tuple(rows[first : at[symbol]])))
        said += apex.on_frame(batches, end_ms, history, end_ms)
    return said, sum(len(one.ticks) for parts in series.values() for one in parts if one.header.day == day)


def _has(paths: Sequence[Path], day: int) -> bool:
    return any(tickfile.day_of(path) == day for path in paths)


def _ticks(parts: Sequence[stored.DayTicks], digits: int) -> list[Tick]:
    rows: list[Tick] = []
    for one in parts:
        factor = 10 ** (digits - one.ticks.digits)
        columns = (one.ticks.time_ms, one.ticks.bid_points * factor, one.ticks.ask_points * factor)
        rows += [Tick(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return rows


def _steps(from_ms: int, day: int, spans: Sequence[Span]) -> Iterator[tuple[int, bool]]:
    """Ends of frames, a minute apart and at the ends of spans, and whether each is history."""
    begin_ms, end_ms = day * DAY_MS, (day + 1) * DAY_MS
    live = spans or (Span(begin_ms, end_ms),)
    cuts = {ms for span in spans for ms in span} | {begin_ms}
    for ms in sorted({*range(from_ms // MINUTE_MS * MINUTE_MS, end_ms, MINUTE_MS), *cuts, end_ms - 1}):
        yield ms, not any(span.first_ms < ms <= span.last_ms for span in live)


# --- held against each other ----------------------------------------------------------------------------


def replayed(folder: Path, profile: Profile, day: int, journal: Iterable[Record]) -> ReplayData:
    """The day's answer. Raises as `now` does."""
    known = then(journal, day)
    said, ticks = now(folder, profile, day, known)
    there, here = {_key(one): one for one in known.said}, {_key(one): one for one in said}
    rows = tuple(_row(there.get(key), here.get(key), bool(known.spans)) for key in sorted({*there, *here}))
    return ReplayData(
        day=ms_text(day * DAY_MS)[:10],
        profile=profile.name,
        ticks=ticks,
        spans=tuple((ms_text(span.first_ms), ms_text(span.last_ms)) for span in known.spans),
        same=sum(row.same is True for row in rows),
        differ=sum(row.same is False for row in rows),
        rows=rows,
    )


def _key(said: Said) -> tuple[int, str, str]:
    return said.at_ms, said.symbol, said.detector


def _row(there: Said | None, here: Said | None, lived: bool) -> ReplayRow:
    one = here or there
    assert one is not None
    same = there == here if lived else None
    return ReplayRow(ms_text(one.at_ms, 0), one.symbol, one.detector, _text(there), _text(here), same)


def _text(said: Said | None) -> str | None:
    if said is None:
        return None
    if isinstance(said, Suppressed):
        return f"suppressed {said.reason}: {said.detail}"
    prices = (price_text(points, said.digits) for points in (said.entry_points, said.stop_points, said.target_points))
    return "{} at {}, stop {}, target {}".format(said.side.name, *prices)
