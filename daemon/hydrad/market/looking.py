"""`data ls` and `data verify`: what a home has, and what is wrong with it. Owns the answers' shapes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hydrad.domain.instants import ms_text
from hydrad.host.exits import EXIT_DIFFERENCES, EXIT_FAILED, EXIT_NOT_FOUND, Done, Stopped
from hydrad.market import checks, layouts, shelf
from hydrad.market.layouts import UTC, BadSource
from hydrad.market.recorder import RECORDED
from hydrad.market.saying import reason, table
from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode
from hydrad.wire.market import DataTrouble as Trouble


def ls(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
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
                "" if one.told else options.keeps,
            )
        )
    cells = [
        (
            row.source,
            row.symbol,
            row.layout,
            str(row.rows),
            row.first[:16],
            row.last[:16],
            _megabytes(row),
            row.clock,
            row.keeps,
        )
        for row in rows
    ]
    head = ("SOURCE", "SYMBOL", "WHAT", "ROWS", "FIRST", "LAST", "MB", "CLOCK", "KEEPS")
    return Done(
        rows, table(head, cells, right=(3, 6)) if rows else ["no market data yet: hydractl data import FILE..."]
    )


def _megabytes(row: m.DataSet) -> str:
    return f"{row.size_bytes / 1e6:.1f}"


def verify(options: argparse.Namespace, market: Path, now_ns: int) -> Done:
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
            raise Stopped(EXIT_FAILED, ErrorCode.FAILED, reason(path, error)) from None
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
