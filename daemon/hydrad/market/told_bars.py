"""Bars of a recording, made by a process of its own: `python -m hydrad.market.told_bars`, one JSON object in, one out.

It reads whole days of ticks, so that neither the daemon's loop nor its interpreter's lock waits; and pages that people
look at ask it, so it imports no more than that takes. The daemon imports the question and the answer alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from hydrad.wire import market as m
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode


class Asked(msgspec.Struct, frozen=True):
    """The newest `limit` bars of [since_ms, until_ms). `folder`: where the days of one symbol's recording are."""

    folder: str
    symbol: str
    timeframe: str
    since_ms: int
    until_ms: int
    limit: int


class Told(msgspec.Struct, frozen=True):
    rows: tuple[m.BarRow, ...] = ()
    problem: Problem | None = None


def made(asked: Asked) -> Told:
    from hydrad.host.exits import Stopped
    from hydrad.market import ranges, tickfile  # with numpy, which the daemon has no need of
    from hydrad.market.layouts import TIMEFRAMES

    if asked.timeframe not in TIMEFRAMES:
        return Told(problem=Problem(ErrorCode.USAGE.value, f"a timeframe is one of {', '.join(TIMEFRAMES)}"))
    try:
        paths = tickfile.days(Path(asked.folder))
    except OSError:  # a name that no folder can have
        paths = []
    if not paths:
        hint = "hydractl data ls lists what is"
        return Told(problem=Problem(ErrorCode.NOT_FOUND.value, f"no recording of {asked.symbol} here", hint))
    try:
        found = ranges.bars_of_days(paths, TIMEFRAMES[asked.timeframe], asked.since_ms, asked.until_ms, asked.limit)
    except Stopped as stopped:
        return Told(problem=stopped.problem)
    return Told(tuple(ranges.newest(found, asked.limit)))


def main() -> int:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(made(asked)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
