"""`data import`: which files were taken, which refused, and why. Owns the answer's shape, not the work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydrad.domain.instants import ms_text
from hydrad.host.exits import EXIT_CONFLICT, EXIT_FAILED, EXIT_NOT_FOUND, EXIT_PARTLY, Done, Stopped
from hydrad.host.lock import FileLock, Held
from hydrad.market import imports, layouts, measuring, provenance
from hydrad.market.imports import Import, Replaced
from hydrad.market.layouts import UTC, BadSource, Parsed
from hydrad.market.saying import Refused, reason
from hydrad.market.server_clock import Clock
from hydrad.market.tickfile import BadFile
from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode

LOCK = ".import.lock"


@dataclass(slots=True)
class _Asked:
    """One file of the command line. `row` once it is known what became of it."""

    path: Path
    parsed: Parsed | None = None
    row: m.DataFile | None = None
    taken: bool = False


def import_(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
    """UTC first: what is on a server's clock is measured against it. A file is whole or not there; the others go on."""
    licence = _licence(options.licence)
    with _alone(market):
        return _imported(options, market, now_ns, licence)


def _alone(market: Path) -> FileLock:
    folder = market / provenance.IMPORTED
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return FileLock(folder / LOCK)
    except Held as held:
        message = f"another import is at work in this home (process {held.pid})"
        raise Stopped(EXIT_CONFLICT, ErrorCode.CONFLICT, message, "wait for its end") from None


def _imported(options: argparse.Namespace, market: Path, now_ns: int, licence: str | None) -> Done:
    asked = [_Asked(path) for path in options.files]
    for one in asked:
        _parse(one, options)
    for one in sorted(asked, key=lambda one: one.parsed is not None and one.parsed.clock != UTC):
        if one.parsed is not None:
            _take(one, asked, market, now_ns, licence, options)
    rows = [one.row for one in asked if one.row is not None]
    refused = [row for row in rows if row.problem]
    data = m.DataImport(len(rows) - len(refused), len(refused), tuple(rows), options.dry_run)
    lines = [line for row in rows for line in _import_lines(row, options.dry_run)]
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
        one.row = m.DataFile(str(one.path), None, None, None, 0, 0, 0, False, None, reason(one.path, error))


def _take(
    one: _Asked, asked: Sequence[_Asked], market: Path, now_ns: int, licence: str | None, options: argparse.Namespace
) -> None:
    parsed = one.parsed
    assert parsed is not None
    named = (str(one.path), parsed.source, parsed.data.symbol, parsed.layout)
    try:
        clock = Clock()
        if parsed.clock != UTC:
            others = [other.parsed for other in asked if other.parsed is not None]
            clock = measuring.measured(market, parsed, others)
        made = imports.plan(market, parsed, clock, options.replace)
        _tell_first(made)
        if not options.dry_run:
            imports.carry_out(made, now_ns, licence)
    except (Refused, BadFile, OSError) as error:
        refused = error if isinstance(error, Refused) else Refused(reason(one.path, error))
        one.taken = refused.taken
        rows_out = len(parsed.data)
        one.row = m.DataFile(*named, 0, rows_out, 0, False, None, str(refused), refused.hint)
        return
    view = _clock_view(made.clock)
    replaced = tuple(_replaced_view(gone) for gone in made.replaced)
    one.row = m.DataFile(*named, made.rows, made.rows_out, len(made.files), made.there, view, None, replaced=replaced)


def _tell_first(made: Import) -> None:
    """What goes is told before it goes."""
    for gone in made.replaced:
        whose = ", ".join(gone.files) or "no import"
        span = f"{ms_text(gone.first_ms, 0)} to {ms_text(gone.last_ms, 0)}" if gone.rows else "unreadable"
        rest = f"; its other {gone.kept} rows stay" if gone.kept else ""
        sys.stderr.write(f"replaces {gone.rows} rows of {gone.stored} ({whose}), {span}{rest}\n")
    sys.stderr.flush()


def _replaced_view(gone: Replaced) -> m.DataReplaced:
    first, last = (ms_text(ms, 0) if gone.rows else None for ms in (gone.first_ms, gone.last_ms))
    return m.DataReplaced(gone.stored, gone.files, gone.rows, gone.kept, first, last)


def _clock_view(clock: Clock) -> m.ClockView:
    told = provenance.clock_view(clock)
    spans = tuple(
        m.ClockSpan(span["offset_h"], span["from"], span["to"], span["weeks"], span["confidence"])
        for span in told["measured"]
    )
    return m.ClockView(told["is"], spans, told["unmeasured"])


def _import_lines(row: m.DataFile, dry_run: bool) -> list[str]:
    name = Path(row.file).name
    if row.problem:
        hint = f" ({row.hint})" if row.hint else ""
        return [f"NOT IMPORTED  {row.problem}{hint}"]
    assert row.clock is not None
    verb = "there already" if row.already_there else "would import" if dry_run else "imported"
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
