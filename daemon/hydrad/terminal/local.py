"""`hydra-terminal local`: what a person does on the terminal's own host, with or without a daemon.

Owns these verbs, their words and their exit codes, which are those of `hydractl`. Reading is done by a worker of our
own. Orders are only ever sent by an agent: the running one, which finds what is asked of it in its ledger; where none
runs, an agent without a link that lives as long as this command and holds the same lock.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from hydrad.agent import flatten
from hydrad.agent.entries import Entry, EpochStored, FlattenStored, LatchStored, RowStored
from hydrad.agent.ledger import UNSETTLED, Ledger
from hydrad.domain.money import price_text, volume_text
from hydrad.domain.orders import ActKind, Order, Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.host.clock import SystemClock
from hydrad.host.lock import FileLock, Held, holder
from hydrad.link.frames import LedgerRow, OrderRow, PositionRow, RowState
from hydrad.terminal import bundle as bundles
from hydrad.terminal import caps_file, once
from hydrad.terminal.agent import Agent
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.ledger import LedgerFile
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.selftest import report

DONE, FAILED, USAGE, PARTLY, UNKNOWN_OUTCOME, REJECTED, NOT_EXECUTED = 0, 1, 2, 7, 12, 13, 14
# Longer than an ask holds and the bound of the order that is sent last.
FOLLOW_S = 90.0
FOLLOW_EVERY_S = 0.1


class Book:
    """The fold over a ledger's file, as far as people are told of it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.ledger = Ledger()
        self.epoch = 0
        self.latch = LatchStored(False, "")
        self.add(entries)

    def add(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            match entry:
                case RowStored(row):
                    self.ledger.apply(row)
                case EpochStored(epoch):
                    self.epoch = epoch
                case LatchStored():
                    self.latch = entry


def status(arguments: argparse.Namespace) -> int:
    """What the ledger says, whether or not an agent runs."""
    bundle, file = _ledger_of(arguments)
    book, caps = Book(file.read()), caps_file.effective(arguments.bundle, bundle)
    symbols = " ".join(caps.symbols) or "no symbol"
    lines = {
        "terminal": bundle.name,
        "account": f"{bundle.account} ({bundle.login} at {bundle.server}, {bundle.kind})",
        "running": "yes" if holder(Path(bundle.lock)) else "no",
        "halted": f"yes, by {book.latch.by}" if book.latch.halted else "no",
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


def halt(arguments: argparse.Namespace) -> int:
    """Store the latch; a running agent obeys it within a tenth of a second, a later one from its start."""
    bundle, file = _ledger_of(arguments)
    file.append_local(LatchStored(True, _who()))
    file.close()
    running = holder(Path(bundle.lock)) is not None
    sys.stdout.write(f"{bundle.name} is halted; its agent {'runs' if running else 'does not run'}\n")
    return DONE


def positions(arguments: argparse.Namespace) -> int:
    """What is open, asked of the terminal now."""
    bundle, file = _ledger_of(arguments)
    ledger = Book(file.read()).ledger
    file.close()
    try:
        reading = once.read(bundle)
    except TerminalError as error:
        return _failed(str(error))
    _show(reading, ledger, sys.stdout)
    return DONE


def flatten_all(arguments: argparse.Namespace) -> int:
    """Close what is ours, and with `--foreign` what is not; each order stands in the ledger before it is sent."""
    bundle, file = _ledger_of(arguments)
    try:
        return _flatten(arguments, bundle, file)
    except TerminalError as error:
        return _failed(f"{error}; nothing was asked for")
    finally:
        file.close()


def _flatten(arguments: argparse.Namespace, bundle: Bundle, file: LedgerFile) -> int:
    foreign = arguments.foreign or arguments.yes_foreign is not None
    if arguments.yes_foreign not in (None, bundle.account):
        return _refused(f"--yes-foreign {arguments.yes_foreign} is not the account {bundle.account}; nothing was sent")
    agreed = arguments.yes and (not foreign or arguments.yes_foreign is not None)
    if not agreed and not sys.stdin.isatty():
        return _refused("flatten sends orders: it needs --yes, and --yes-foreign NAME for what is not ours")
    book = Book(file.read())
    reading = once.read(bundle)
    _show(reading, book.ledger, sys.stderr)
    held = [row for row in reading.polled.positions if foreign or book.ledger.is_ours(row.position_id, row.magic)]
    placed = {row.order_ticket for _, row in book.ledger.resting}
    wanted = [_Wanted.of_position(row) for row in held]
    wanted += [_Wanted.of_order(row) for row in reading.polled.orders if row.ticket in placed]
    if not wanted:
        sys.stdout.write("nothing to close\n")
        return DONE
    if not agreed and not _confirmed(bundle, len(wanted), foreign):
        return _failed("not confirmed; nothing was sent")
    asked = tuple(row.position_id for row in held)
    until_ns = SystemClock().machine_ns() + flatten.HOLDS_NS
    file.news()
    file.append_local(FlattenStored(_who(), asked, until_ns))
    follower = _Follower(file, wanted)
    _send(arguments.bundle, bundle, follower)
    code = _told(wanted, follower)
    if not Book(file.read()).latch.halted:
        sys.stderr.write(f"{bundle.name} is not halted: what is fired may open; hydra-terminal local halt stops that\n")
    return code


class _Wanted(NamedTuple):
    """One thing that shall go: a position by its id, or a resting order by its ticket."""

    cancel: bool
    number: int
    ticket: int
    symbol: str
    volume_steps: int

    @classmethod
    def of_position(cls, row: PositionRow) -> Self:
        return cls(False, row.position_id, row.ticket, row.symbol, row.volume_steps)

    @classmethod
    def of_order(cls, row: OrderRow) -> Self:
        return cls(True, row.ticket, row.ticket, row.symbol, 0)

    def meant_by(self, order: Order) -> bool:
        """Whether an act of this order is about it."""
        if self.cancel:
            return order.kind is ActKind.CANCEL and order.ticket == self.number
        return order.kind is not ActKind.CANCEL and order.position_id == self.number


class _Follower:
    """Waits until each thing that was asked for has a verdict of an act begun since."""

    def __init__(self, file: LedgerFile, wanted: Sequence[_Wanted]) -> None:
        self._file, self._wanted = file, wanted
        self._about: dict[tuple[int, int], _Wanted] = {}
        self.rows: dict[_Wanted, LedgerRow] = {}
        self._end_s = time.monotonic() + FOLLOW_S

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        settled = [row for row in self.rows.values() if row.state not in UNSETTLED]
        return len(settled) == len(self._wanted) or time.monotonic() >= self._end_s

    def look(self) -> None:
        for entry in self._file.news():
            if isinstance(entry, RowStored):
                self._learn(entry.row)

    def _learn(self, row: LedgerRow) -> None:
        key, order = (row.act_id, row.move), row.order
        if order is not None:
            self._about.update((key, one) for one in self._wanted if one.meant_by(order))
        if key in self._about:
            self.rows[self._about[key]] = row


def _send(path: Path, bundle: Bundle, follower: _Follower) -> None:
    """Let the running agent do it, or be one until it is done."""
    try:
        with FileLock(Path(bundle.lock)):
            agent = Agent(path, bundle, linked=False)
            agent.run(_each_turn(agent, follower))
    except Held:
        while not follower.over:
            time.sleep(FOLLOW_EVERY_S)
            follower.look()


def _each_turn(agent: Agent, follower: _Follower) -> Callable[[], None]:
    def look() -> None:
        follower.look()
        if follower.over:
            agent.stop()

    return look


def _told(wanted: Sequence[_Wanted], follower: _Follower) -> int:
    """A line for each, and the exit code of the worst of them."""
    codes = []
    for one in wanted:
        word, code = _verdict(one, follower.rows.get(one))
        codes.append(code)
        sys.stdout.write(f"{one.ticket} {one.symbol} {word}\n")
    if all(code == codes[0] for code in codes):
        return codes[0]
    return UNKNOWN_OUTCOME if UNKNOWN_OUTCOME in codes else PARTLY


def _verdict(asked: _Wanted, row: LedgerRow | None) -> tuple[str, int]:
    if row is None:
        return "not begun: no order was sent for it", NOT_EXECUTED
    if row.state in UNSETTLED:
        return f"UNKNOWN ({row.code or row.state.name}): the agent looks for it; do not repeat it", UNKNOWN_OUTCOME
    if row.state is RowState.REFUSED:
        return f"rejected by the broker: {row.code} {row.detail}".rstrip(), REJECTED
    if row.state is not RowState.DONE:
        return f"not executed: {row.code} {row.detail}".rstrip(), NOT_EXECUTED
    if asked.cancel:
        return "cancelled", DONE
    if row.volume_steps < asked.volume_steps:
        return f"closed in part by deal {row.deal_ticket}", PARTLY
    return f"closed by deal {row.deal_ticket}", DONE


# --- words ----------------------------------------------------------------------------------------------


def _show(reading: once.Reading, ledger: Ledger, stream: TextIO) -> None:
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


def _confirmed(bundle: Bundle, count: int, foreign: bool) -> bool:
    """Asked on the terminal: a live account's label, or the account's name where strangers' positions go too."""
    expected = bundle.account if foreign else "LIVE" if bundle.kind == "live" else "y"
    sys.stderr.write(
        f"[{bundle.kind.upper()}] close {count} position(s) and orders of {bundle.account}? [type {expected}] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip() == expected


def _tell(lines: Mapping[str, str]) -> None:
    sys.stdout.writelines(f"{name:<16} {value}\n" for name, value in lines.items())


def _ledger_of(arguments: argparse.Namespace) -> tuple[Bundle, LedgerFile]:
    bundle = bundles.load(arguments.bundle)
    return bundle, LedgerFile(Path(bundle.ledger))


def _who() -> str:
    return f"{getpass.getuser()} on this host"


def _failed(text: str) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return FAILED


def _refused(text: str) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return USAGE
