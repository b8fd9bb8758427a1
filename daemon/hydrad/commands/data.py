"""`hydrad data ...`: the command lines of market data, which need no daemon. Owns their words; the work, which needs
numpy, is imported when one of them is asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydrad.commands import home
from hydrad.host.clock import SystemClock
from hydrad.host.exits import Done
from hydrad.host.places import Places, find_places

TIMEFRAMES = ("M1", "M5", "M15", "M30", "H1", "H4", "D1")


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    noun = verbs.add_parser("data", help="market data: import, verify, export").add_subparsers(
        required=True, metavar="VERB"
    )
    for name, text, arguments in (
        ("import", "take CSV and Parquet files into this home", _import),
        ("ls", "what this home has", _nothing),
        (
            "verify",
            "gaps, duplicates, crossed quotes, disorder, opens that never traded; 10 where there are any",
            _verify,
        ),
        ("export", "write a symbol's ticks or bars as CSV or Parquet", _export),
        ("bars", "bars of a recording, or of imported ticks", _bars),
        (
            "compare",
            "hold terminals' bars, told on standard input, against the recording; marks what differs",
            _nothing,
        ),
    ):
        parser = noun.add_parser(name, parents=[common], help=text)
        arguments(parser)
        parser.set_defaults(work=data, schema=f"hydra.data_{name}/v1", carry_out=name)


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to import: CSV or Parquet")
    parser.add_argument("--source", help="whose data it is; else as the file's name begins: SOURCE_SYMBOL_...")
    parser.add_argument("--symbol", help="else as in the file's name")
    parser.add_argument("--timeframe", choices=TIMEFRAMES, help="of bars; else as in the file's name")
    parser.add_argument("--licence", type=Path, metavar="FILE", help="its licence; kept beside the data")
    parser.add_argument(
        "--replace", action="store_true", help="take the place of what is there; what goes is told first"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would be imported and replaced")


def _nothing(parser: argparse.ArgumentParser) -> None:
    return


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="before importing; else all that is here")
    parser.add_argument("--source", help="only this source; `recorded` for the daemon's own recordings")
    parser.add_argument("--symbol", help="only this symbol")


def _range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", metavar="SYMBOL", help="the symbol, as its source calls it")
    parser.add_argument("--source", default="recorded", help="an imported source; else the daemon's own recording")
    parser.add_argument("--since", help="an instant such as 2014-05-02T12:00:00Z, or how long ago (2h)")
    parser.add_argument("--until", help="likewise; not included")


def _export(parser: argparse.ArgumentParser) -> None:
    _range(parser)
    parser.add_argument("--timeframe", default="ticks", choices=("ticks", *TIMEFRAMES), help="of bars, or ticks")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="FILE.csv or FILE.parquet")


def _bars(parser: argparse.ArgumentParser) -> None:
    _range(parser)
    parser.add_argument("--timeframe", default="M1", choices=TIMEFRAMES, help="of the bars")
    parser.add_argument("-n", "--limit", type=int, default=100, help="the newest so many (100)")


def data(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    from hydrad.market import commands

    places = find_places(os.environ)
    if options.carry_out == "ls":
        options.keeps = _keeps(places)
    verb: Callable[[argparse.Namespace, Path, int], Done] = commands.VERBS[options.carry_out]
    return verb(options, places.market, SystemClock().machine_ns())


def _keeps(places: Places) -> str:
    """How long recordings stay by the configuration. Raises Stopped."""
    market = home.loaded(places).config.market
    bounds = [f"{market.keep_days} days"] if market.keep_days else []
    bounds += [f"{market.keep_mib} MiB in all"] if market.keep_mib else []
    return ", ".join(bounds) or "all"
