"""The verbs of `hydrad data`, by name, and the daemon's hourly question among them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from hydrad.host.exits import EXIT_USAGE, Done, Stopped
from hydrad.market import comparing, importing, looking, ranges
from hydrad.wire import market as m
from hydrad.wire.codes import ErrorCode


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
    "import": importing.import_,
    "ls": looking.ls,
    "verify": looking.verify,
    "export": ranges.export,
    "bars": ranges.bars,
    "compare": _compare,
}
