"""`hydra-terminal local`: what a person does on the terminal's own host, with or without a daemon.

Owns the verbs that only look, and the words and exit codes that all of these verbs share; the codes are those of
`hydractl`. Reading is done by a worker of our own.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from hydrad.agent.ledger import Ledger
from hydrad.domain.money import price_text, volume_text
from hydrad.domain.orders import Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.host.lock import holder
from hydrad.link.frames import PositionRow
from hydrad.terminal import bundle as bundles
from hydrad.terminal import caps_file, once
from hydrad.terminal.book import Book
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.ledger import LedgerFile
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.selftest import report

DONE, FAILED, USAGE, PARTLY, UNKNOWN_OUTCOME, REJECTED, NOT_EXECUTED = 0, 1, 2, 7, 12, 13, 14


def status(arguments: argparse.Namespace) -> int:
    """What the ledger says, whether or not an agent runs."""
    bundle, file = ledger_of(arguments)
    book, caps = Book(file.read()), caps_file.effective(arguments.bundle, bundle)
    symbols = " ".join(caps.symbols) or "no symbol"
    lines = {
        "terminal": bundle.name,
        "account": f"{bundle.account} ({bundle.login} at {bundle.server}, {bundle.kind})",
        "running": "yes" if holder(Path(bundle.lock)) else "no",
        "halted": f"yes, by {book.halted_by}" if book.latches.halted else "no",
        "caps": f"{caps.max_lots} lots, {caps.opens_per_minute} opens a minute, {symbols}",
        "equity floor": f"{caps.equity_floor}, then {caps.floor_action}" if caps.equity_floor else "none",
        "epoch": str(book.epoch),
        "ledger": f"{file.id}, {len(book.ledger)} entries",
        "self-test": _self_test(arguments.bundle),
        "without verdict": ", ".join(f"{act}/{move}" for act, move in book.ledger.unsettled) or "none",
    }
    _tell(lines)
    file.close()
    return DONE


def _self_test(bundle: Path) -> str:
    found = report.newest(bundle)
    if found is None:
        return "none"
    verdict = "passed" if found.passed else "NOT PASSED"
    return f"{verdict} at {found.at} on {found.identity.server}, build {found.identity.build}, {found.symbol}"


def positions(arguments: argparse.Namespace) -> int:
    """What is open, asked of the terminal now."""
    bundle, file = ledger_of(arguments)
    ledger = Book(file.read()).ledger
    file.close()
    try:
        reading = once.read(bundle)
    except TerminalError as error:
        return failed(str(error))
    show(reading, ledger, sys.stdout)
    return DONE


# --- words ----------------------------------------------------------------------------------------------


def show(reading: once.Reading, ledger: Ledger, stream: TextIO) -> None:
    who, account = reading.who.identity, reading.polled.account
    money = f"balance {account.balance}, equity {account.equity} {who.currency}" if account else "no figures"
    stream.write(f"{who.kind.upper()} {who.login} at {who.server}: {money}\n")
    for row in reading.polled.positions:
        stream.write(_line(row, ledger, reading.terms.get(row.symbol)) + "\n")


def _line(row: PositionRow, ledger: Ledger, terms: SymbolTerms | None) -> str:
    """In the symbol's own units; a symbol that is none of ours is told as the link tells it."""
    side, whose = Side(row.side).name, "ours" if ledger.is_ours(row.position_id, row.magic) else "FOREIGN"
    if terms is None:
        volume, prices = f"{row.volume_steps} steps", f"at {row.open_points} points, stop {row.stop_points}"
    else:
        volume = volume_text(row.volume_steps, terms.volume_step)
        opened, stop = (price_text(points, terms.digits) for points in (row.open_points, row.stop_points))
        prices = f"at {opened}, stop {stop if row.stop_points else 'NONE'}"
    return f"{row.ticket} {row.symbol} {side} {volume} {prices}, {row.profit} {whose}"


def confirmed(bundle: Bundle, question: str, expected: str = "") -> bool:
    """Asked on the terminal: a live account's label, or what is expected instead."""
    expected = expected or ("LIVE" if bundle.kind == "live" else "y")
    sys.stderr.write(f"[{bundle.kind.upper()}] {question} [type {expected}] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == expected


def _tell(lines: Mapping[str, str]) -> None:
    sys.stdout.writelines(f"{name:<16} {value}\n" for name, value in lines.items())


def ledger_of(arguments: argparse.Namespace) -> tuple[Bundle, LedgerFile]:
    bundle = bundles.load(arguments.bundle)
    return bundle, LedgerFile(Path(bundle.ledger))


def who() -> str:
    return f"{getpass.getuser()} on this host"


def failed(text: str) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return FAILED


def refused(text: str) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return USAGE
