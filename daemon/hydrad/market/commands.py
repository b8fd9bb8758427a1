"""What each verb of `hydrad data` does. Owns the answers' shapes for people and scripts, not the work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from hydrad.domain.instants import DAY_MS, MS, BadInstant, ms_text, parse_duration_ns, parse_ms
from hydrad.market import barring, checks, comparing, imports, layouts, shelf, stored, table_files, tickfile
from hydrad.market.barring import MadeBars
from hydrad.market.cut import TickArrays
from hydrad.market.done import Done, Stopped
from hydrad.market.imports import Clock, Refused
from hydrad.market.layouts import TIMEFRAMES, UTC, BadSource, Bars, Parsed
from hydrad.market.recorder import RECORDED
from hydrad.market.tickfile import BadFile, Source
from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode
from hydrad.wire.market import DataTrouble as Trouble

EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_PARTLY, EXIT_DIFFERENCES, EXIT_CONFLICT = 1, 2, 5, 7, 10, 15
BARS_MAX = 10_000


# --- import ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Asked:
    """One file of the command line. `row` once it is known what became of it."""

    path: Path
    parsed: Parsed | None = None
    row: m.DataFile | None = None
    taken: bool = False


def _import(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    """UTC first: what is on a server's clock is measured against it. A file is whole or not there; the others go on."""
    licence = _licence(options.licence)
    asked = [_Asked(path) for path in options.files]
    for one in asked:
        _parse(one, options)
    for one in sorted(asked, key=lambda one: one.parsed is not None and one.parsed.clock != UTC):
        if one.parsed is not None:
            _take(one, asked, market, now_ns, licence, options.replace)
    rows = [one.row for one in asked if one.row is not None]
    refused = [row for row in rows if row.problem]
    data = m.DataImport(len(rows) - len(refused), len(refused), tuple(rows))
    lines = [line for row in rows for line in _import_lines(row)]
    if not refused:
        return Done(data, lines)
    problem = Problem(ErrorCode.PARTLY.value, f"{len(refused)} of {len(rows)} files were not imported")
    if len(refused) < len(rows):
        return Done(data, lines, problem, EXIT_PARTLY)
    code, exit_code = _why_none(asked)
    first = refused[0]
    return Done(data, lines, Problem(code.value, str(first.problem), first.hint), exit_code)


def _why_none(asked: Sequence[_Asked]) -> tuple[ErrorCode, int]:
    if all(one.taken for one in asked):
        return ErrorCode.CONFLICT, EXIT_CONFLICT
    if not any(one.path.exists() for one in asked):
        return ErrorCode.NOT_FOUND, EXIT_NOT_FOUND
    return ErrorCode.FAILED, EXIT_FAILED


def _licence(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"{path}: {error}") from None


def _parse(one: _Asked, options: argparse.Namespace) -> None:
    try:
        one.parsed = layouts.parse(one.path, options.source, options.symbol, getattr(options, "timeframe", None))
    except (BadSource, OSError, UnicodeDecodeError) as error:
        one.row = m.DataFile(str(one.path), None, None, None, 0, 0, 0, False, None, _reason(one.path, error))


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}"
    return str(error)


def _take(one: _Asked, asked: Sequence[_Asked], market: Path, now_ns: int, licence: str | None, replace: bool) -> None:
    parsed = one.parsed
    assert parsed is not None
    named = (str(one.path), parsed.source, parsed.data.symbol, parsed.layout)
    try:
        clock = Clock()
        if parsed.clock != UTC:
            clock = imports.measured(market, parsed, [other.parsed for other in asked if other.parsed is not None])
        done = imports.import_one(market, parsed, clock, now_ns, licence, replace)
    except (Refused, BadFile, OSError) as error:
        refused = error if isinstance(error, Refused) else Refused(_reason(one.path, error))
        one.taken = refused.taken
        rows_out = len(parsed.data)
        one.row = m.DataFile(*named, 0, rows_out, 0, False, None, str(refused), refused.hint)
        return
    view = _clock_view(done.clock)
    one.row = m.DataFile(*named, done.rows, done.rows_out, len(done.files), done.there, view, None)


def _clock_view(clock: Clock) -> m.ClockView:
    told = imports.clock_view(clock)
    spans = tuple(
        m.ClockSpan(span["offset_h"], span["from"], span["to"], span["weeks"], span["confidence"])
        for span in told["measured"]
    )
    return m.ClockView(told["is"], spans, told["unmeasured"])


def _import_lines(row: m.DataFile) -> list[str]:
    name = Path(row.file).name
    if row.problem:
        hint = f" ({row.hint})" if row.hint else ""
        return [f"NOT IMPORTED  {row.problem}{hint}"]
    assert row.clock is not None
    verb = "there already" if row.already_there else "imported"
    out = f", {row.rows_out} stay out" if row.rows_out else ""
    files = f"{row.files} file{'' if row.files == 1 else 's'}"
    lines = [f"{verb:12}  {name}: {row.source} {row.symbol} {row.layout}, {row.rows} rows in {files}{out}"]
    if row.clock.measured:
        lines.append(f"              clock {row.clock.how}:")
    for span in row.clock.measured:
        lines.append(
            f"              UTC{span.offset_h:+g}  {span.begins[:10]} to {span.ends[:10]}"
            f"  {span.weeks:3} weeks, confidence {span.confidence:.2f}"
        )
    lines += [f"              not measured: {weeks} x {why}" for why, weeks in row.clock.unmeasured.items()]
    return lines


# --- ls and verify --------------------------------------------------------------------------------------


def _ls(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    rows = []
    for one in shelf.sets(market):
        found = shelf.edges(one)
        digits, count, first, last = found or (0, 0, 0, 0)
        told = one.told or {}
        rows.append(
            m.DataSet(
                "imported" if one.told else RECORDED,
                one.source,
                one.symbol,
                one.layout,
                digits,
                count,
                ms_text(first, 0),
                ms_text(last, 0),
                len(one.paths),
                sum(path.stat().st_size for path in one.paths if path.exists()),
                str(told["clock"]["is"]) if told else "UTC",
                told.get("file"),
                told.get("licence"),
            )
        )
    cells = [
        (row.source, row.symbol, row.layout, str(row.rows), row.first[:16], row.last[:16], _megabytes(row), row.clock)
        for row in rows
    ]
    head = ("SOURCE", "SYMBOL", "WHAT", "ROWS", "FIRST", "LAST", "MB", "CLOCK")
    return Done(
        rows, _table(head, cells, right=(3, 6)) if rows else ["no market data yet: hydractl data import FILE..."]
    )


def _megabytes(row: m.DataSet) -> str:
    return f"{row.size_bytes / 1e6:.1f}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join(
            cell.rjust(widths[at]) if at in right else cell.ljust(widths[at]) for at, cell in enumerate(row)
        ).rstrip()
        for row in (head, *rows)
    ]


def _verify(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    verdicts = _verdicts_of_files(options) if options.files else _verdicts_here(options, market)
    if not verdicts:
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, "nothing to verify: no such data in this home")
    troubled = [verdict for verdict in verdicts if any(trouble.count for trouble in verdict.troubles)]
    data = m.DataVerify(len(verdicts), len(troubled), tuple(verdicts))
    lines = [line for verdict in verdicts for line in _verdict_lines(verdict)]
    if not troubled:
        return Done(data, lines)
    message = f"{len(troubled)} of {len(verdicts)} have something to look at"
    return Done(data, lines, Problem(ErrorCode.DIFFERENCES.value, message), EXIT_DIFFERENCES)


def _verdicts_of_files(options: argparse.Namespace) -> list[m.DataVerdict]:
    """Files before they are imported; times on a server's clock are not judged for gaps."""
    verdicts = []
    for path in options.files:
        try:
            parsed = layouts.parse(path, options.source, options.symbol)
        except (BadSource, OSError, UnicodeDecodeError) as error:
            raise Stopped(EXIT_FAILED, ErrorCode.FAILED, _reason(path, error)) from None
        troubles = checks.examine(parsed.data, parsed.clock == UTC)
        if parsed.clock != UTC:
            troubles.append(Trouble("gap", 0, (), "its clock is not UTC: gaps were not looked for"))
        verdicts.append(_verdict(path.name, parsed.data.symbol, parsed.layout, len(parsed.data), troubles))
    return verdicts


def _verdicts_here(options: argparse.Namespace, market: Path) -> list[m.DataVerdict]:
    found = []
    for one in shelf.sets(market):
        if options.source in (None, one.source) and options.symbol in (None, one.symbol):
            rows, troubles = shelf.verify(one)
            found.append(_verdict(one.name, one.symbol, one.layout, rows, troubles))
    return found


def _verdict(name: str, symbol: str, layout: str, rows: int, troubles: Sequence[Trouble]) -> m.DataVerdict:
    return m.DataVerdict(name, symbol, layout, rows, tuple(troubles))


def _verdict_lines(verdict: m.DataVerdict) -> list[str]:
    bad = any(trouble.count for trouble in verdict.troubles)
    lines = [f"{'LOOK' if bad else 'good'}  {verdict.name}: {verdict.symbol} {verdict.layout}, {verdict.rows} rows"]
    for trouble in verdict.troubles:
        count = str(trouble.count) if trouble.count else "-"
        lines.append(f"      {trouble.kind:17}{count:>8}  {trouble.note}".rstrip())
        lines += [f"      {'':25}  {example}" for example in trouble.examples]
    return lines


# --- export and bars ------------------------------------------------------------------------------------


def _range_of(options: argparse.Namespace, now_ns: int) -> tuple[int, int]:
    try:
        since = _instant(options.since, now_ns) if options.since else 0
        until = _instant(options.until, now_ns) if options.until else 1 << 62
    except BadInstant as error:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, str(error)) from None
    return since, until


def _instant(text: str, now_ns: int) -> int:
    if text[:1].isdigit() and "T" not in text and "-" not in text:
        return (now_ns - parse_duration_ns(text)) // MS
    return parse_ms(text)


def _load(options: argparse.Namespace, market: Path, layout: str, since_ms: int, until_ms: int) -> TickArrays | Bars:
    """Ticks or imported bars of a range, in the order of time. Raises Stopped where there are none."""
    parts: list[TickArrays | Bars] = []
    seen: set[Path] = set()
    for one in shelf.sets(market):
        if (one.source, one.symbol) == (options.source, options.symbol) and one.layout == layout:
            wanted = _only_days(one, since_ms, until_ms)
            fresh = tuple(path for path in wanted.paths if path not in seen)  # two imports may name one file
            seen.update(fresh)
            data, _ = shelf.load(replace(wanted, paths=fresh))
            if data is not None:
                parts.append(data)
    if not parts:
        what = "recording" if options.source == RECORDED else f"{layout} of {options.source}"
        raise Stopped(
            EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no {what} of {options.symbol} here", "hydractl data ls lists what is"
        )
    return _cut(parts, since_ms, until_ms)


def _only_days(one: shelf.DataSet, since_ms: int, until_ms: int) -> shelf.DataSet:
    if one.layout != "ticks":
        return one
    days = [path for path in one.paths if since_ms < (tickfile.day_of(path) + 1) * DAY_MS]
    days = [path for path in days if tickfile.day_of(path) * DAY_MS < until_ms]
    return shelf.DataSet(one.source, one.symbol, one.layout, tuple(days), one.told)


def _cut(parts: list[TickArrays | Bars], since_ms: int, until_ms: int) -> TickArrays | Bars:
    whole = parts[0] if len(parts) == 1 else shelf.joined(parts)
    inside = (whole.time_ms >= since_ms) & (whole.time_ms < until_ms)
    if isinstance(whole, Bars):
        return whole.taken(np.flatnonzero(inside))
    return TickArrays(
        whole.symbol, whole.digits, whole.time_ms[inside], whole.bid_points[inside], whole.ask_points[inside]
    )


def _export(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    since_ms, until_ms = _range_of(options, now_ns)
    data = _load(options, market, options.timeframe, since_ms, until_ms)
    if not len(data):
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, "nothing in that range")
    try:
        table_files.write(options.to, data)
    except (BadSource, OSError) as error:
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, _reason(options.to, error)) from None
    first, last = (ms_text(int(ms)) for ms in (data.time_ms.min(), data.time_ms.max()))
    told = m.DataExport(str(options.to), options.symbol, options.source, options.timeframe, len(data), first, last)
    return Done(told, [f"{options.to}: {len(data)} rows, {first} to {last}"])


def _bars(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    """The newest bars of a range; of a recording, those that are not whole say so."""
    if not 0 < options.limit <= BARS_MAX:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, f"-n goes from 1 to {BARS_MAX}")
    since_ms, until_ms = _range_of(options, now_ns)
    minutes = TIMEFRAMES[options.timeframe]
    made = _made(options, market, minutes, since_ms, until_ms)
    rows = [_bar_row(made, at) for at in range(max(len(made) - options.limit, 0), len(made))]
    head = ("TIME", "BID O", "H", "L", "C", "ASK O", "H", "L", "C", "TICKS", "SPREAD", "")
    cells = [
        (
            *(row.time[:16], row.bid_open, row.bid_high, row.bid_low, row.bid_close),
            *(row.ask_open, row.ask_high, row.ask_low, row.ask_close),
            *(str(row.ticks), f"{row.spread_points:.1f}", "" if row.used else "NOT USED"),
        )
        for row in rows
    ]
    return Done(rows, _table(head, cells, right=tuple(range(1, 11))) if rows else ["no bar in that range"])


def _made(options: argparse.Namespace, market: Path, minutes: int, since_ms: int, until_ms: int) -> MadeBars:
    """Bars of ticks day by day, newest first until there are enough."""
    folder = market / RECORDED / tickfile.folder_name(options.symbol)
    if options.source != RECORDED:
        folder = imports.folder_of(market, options.source, options.symbol)
    paths = tickfile.days(folder)
    if not paths:
        what = "recording" if options.source == RECORDED else f"ticks of {options.source}"
        raise Stopped(
            EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no {what} of {options.symbol} here", "hydractl data ls lists what is"
        )
    return bars_of_days(paths, minutes, since_ms, until_ms, options.limit)


def bars_of_days(paths: Sequence[Path], minutes: int, since_ms: int, until_ms: int, limit: int) -> MadeBars:
    """Bars of the files of one symbol; days are read from the newest back. Raises Stopped for a damaged header."""
    width_ms = minutes * 60_000
    kept: list[stored.DayTicks] = []
    unused: list[int] = []
    for path in reversed(paths):
        day = tickfile.day_of(path)
        if day * DAY_MS >= until_ms:
            continue
        if (day + 1) * DAY_MS <= since_ms:
            break
        try:
            kept.insert(0, stored.load_day(path))
        except BadFile as error:
            raise Stopped(EXIT_DIFFERENCES, ErrorCode.DIFFERENCES, f"{path.name}: {error}") from None
        unused += barring.unused_of(path, day * DAY_MS)
        if sum(len(np.unique(one.ticks.time_ms // width_ms)) for one in kept) > limit:
            break
    marks: list[tuple[int, Source]] = []
    at = 0
    for one in kept:
        marks += [(at + row, source) for row, source in one.marks]
        at += len(one.ticks)
    if not kept:
        return barring.of_ticks(TickArrays("", 0, *(np.zeros(0, np.int64) for _ in range(3))), minutes)  # type: ignore[arg-type]
    joined = shelf.joined_ticks([one.ticks for one in kept])
    made = barring.of_ticks(joined, minutes, marks, unused)
    inside = np.flatnonzero((made.time_ms >= since_ms) & (made.time_ms < until_ms))
    return barring.picked(made, inside)


def _bar_row(made: MadeBars, at: int) -> m.BarRow:
    prices = tuple(f"{int(points) / 10**made.digits:.{made.digits}f}" for points in made.prices[at])
    ticks = int(made.ticks[at])
    spread = round(int(made.spread_sum[at]) / ticks, 2)
    told = (ms_text(int(made.time_ms[at]), 0), *prices, ticks, spread, bool(made.used[at]))
    return m.BarRow(*told)  # type: ignore[arg-type]


def _compare(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    """The daemon's hourly question."""
    try:
        asked = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[comparing.Told, ...])
    except msgspec.DecodeError as error:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, f"standard input: {error}") from None
    rows = []
    for told in asked:
        found = comparing.compare(market, told)
        marked = comparing.mark(market, found)
        rows.append(
            m.DataCompared(
                *(
                    found.terminal,
                    found.symbol,
                    found.agreed,
                    len(found.differing),
                    marked,
                    found.examples,
                    found.problem,
                )
            )
        )
    lines = [f"{row.terminal} {row.symbol}: {row.agreed} agree, {row.differing} differ" for row in rows]
    return Done(rows, lines)


VERBS: dict[str, Callable[[argparse.Namespace, Path, int], Done]] = {
    "import": _import,
    "ls": _ls,
    "verify": _verify,
    "export": _export,
    "bars": _bars,
    "compare": _compare,
}
