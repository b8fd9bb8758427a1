"""`hydrad journal ...`: a journal on disk proves itself: its chain of hashes, its records from the inputs beside it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from hydrad.host.exits import EXIT_DIFFERENCES, EXIT_NOT_FOUND, Done, Stopped
from hydrad.host.places import find_places
from hydrad.journal.verify import verify as proof
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    noun = verbs.add_parser("journal", help="the journal").add_subparsers(required=True, metavar="VERB")
    parser = noun.add_parser("verify", parents=[common], help="check the chain of hashes")
    parser.add_argument("file", nargs="?", type=Path, help="a journal; else the home's own")
    parser.add_argument("--replay", action="store_true", help="and make it again from the logged inputs")
    parser.set_defaults(work=verify, schema="hydra.journal_verify/v1")


def verify(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    path = options.file or find_places(os.environ).journal
    if not path.exists():
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no journal at {path}")
    verdict = proof(path)
    head = verdict.head[1].hex()
    data = {
        "file": str(path),
        "records": verdict.records,
        "ok": verdict.ok,
        "broken_at_seq": verdict.broken_at_seq,
        "detail": verdict.detail,
        "head": head,
    }
    if not verdict.ok:
        message = f"{path}: broken at record {verdict.broken_at_seq}: {verdict.detail}"
        return Done(data, [], Problem(ErrorCode.DIFFERENCES.value, message), EXIT_DIFFERENCES)
    if options.replay:
        return _replayed(path, data)
    return Done(data, [f"{path}: {verdict.records} records verify, head {head[:16]}"])


def _replayed(path: Path, data: dict[str, object]) -> Done:
    """The journal made again from the inputs beside it. Raises Stopped."""
    from hydrad.journal import inputs
    from hydrad.journal.sqlite import SqliteJournal
    from hydrad.replay.replay import compare

    journal = SqliteJournal(path)
    try:
        outcome = compare(inputs.read(path.parent / "inputs"), journal.replay())
    finally:
        journal.close()
    data |= {"inputs": outcome.inputs, "replayed": outcome.records, "differs_at_seq": outcome.differs_at}
    if outcome.differs_at is not None:
        message = f"{path}: the replay differs from record {outcome.differs_at} on"
        raise Stopped(EXIT_DIFFERENCES, ErrorCode.DIFFERENCES, message)
    line = f"{path}: {outcome.records} records verify, and {outcome.inputs} inputs give them again"
    return Done(data, [line])
