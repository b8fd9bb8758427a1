"""`hydra-terminal local flatten`: nothing opens any more, and what is ours goes.

Owns the order of it: the latch first, so that nothing opens behind the closes; then what is open is read, shown and
asked for; then the terminal is read again, which is the evidence. Orders are only ever sent by an agent: the running
one, which finds what is asked of it in its ledger; where none runs, an agent without a link that lives as long as this
command and holds the same lock.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from hydrad.agent import flatten, resting
from hydrad.agent.entries import FlattenStored, RowStored
from hydrad.agent.ledger import UNSETTLED, Ledger
from hydrad.domain.orders import ActKind, Order
from hydrad.host.clock import SystemClock
from hydrad.host.lock import FileLock, Held
from hydrad.link.frames import LedgerRow, OrderRow, PositionRow, RowState
from hydrad.terminal import local, local_latch, once
from hydrad.terminal.agent import Agent
from hydrad.terminal.book import Book
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.ledger import LedgerFile
from hydrad.terminal.local import DONE, NOT_EXECUTED, PARTLY, REJECTED, UNKNOWN_OUTCOME
from hydrad.terminal.metatrader import TerminalError

# Longer than an ask holds and the bound of the order that is sent last.
FOLLOW_S = 90.0
FOLLOW_EVERY_S = 0.1
# What rests may fill while its cancel is on its way: what came of it is closed in the next round.
ROUNDS_MAX = 3


def flatten_all(arguments: argparse.Namespace) -> int:
    """Halt, close what is ours, and with `--foreign` what is not; each order stands in the ledger before it is sent."""
    bundle, file = local.ledger_of(arguments)
    try:
        return _flatten(arguments, bundle, file)
    finally:
        file.close()


def _flatten(arguments: argparse.Namespace, bundle: Bundle, file: LedgerFile) -> int:
    foreign = arguments.foreign or arguments.yes_foreign is not None
    if arguments.yes_foreign not in (None, bundle.account):
        told = f"--yes-foreign {arguments.yes_foreign} is not the account {bundle.account}"
        return local.refused(f"{told}; nothing was sent")
    agreed = arguments.yes and (not foreign or arguments.yes_foreign is not None)
    if not agreed and not sys.stdin.isatty():
        return local.refused("flatten sends orders: it needs --yes, and --yes-foreign NAME for what is not ours")
    code = DONE if arguments.no_halt else local_latch.close(bundle, file)
    try:
        reading = once.read(bundle)
    except TerminalError as error:
        return local.failed(f"{error}; nothing was asked for{_latch_words(bundle, file)}")
    ledger = Book(file.read()).ledger
    local.show(reading, ledger, sys.stderr)
    wanted = _wanted(reading, ledger, foreign=foreign)
    if wanted and not agreed and not _confirmed(bundle, len(wanted), foreign):
        return local.failed(f"not confirmed; nothing was sent{_latch_words(bundle, file)}")
    return _worst(code, *_rounds(arguments.bundle, bundle, file, wanted, foreign=foreign))


def _rounds(
    path: Path, bundle: Bundle, file: LedgerFile, wanted: list[_Wanted], *, foreign: bool
) -> tuple[list[int], int]:
    """Ask for what is open, and for what has come since; then say what the terminal shows at the end. The codes of
    the orders, and of that."""
    codes: list[int] = []
    asked: set[_Wanted] = set()
    left = wanted
    for _ in range(ROUNDS_MAX):
        fresh = [one for one in left if one.key not in {known.key for known in asked}]
        if not fresh:
            break
        asked.update(fresh)
        codes.append(_close(path, bundle, file, fresh))
        try:
            left = _wanted(once.read(bundle), Book(file.read()).ledger, foreign=foreign)
        except TerminalError as error:
            sys.stdout.write(f"NOT VERIFIED: {error}{_latch_words(bundle, file)}\n")
            return codes, PARTLY
    return codes, _evidence(bundle, file, left, foreign=foreign)


def _close(path: Path, bundle: Bundle, file: LedgerFile, wanted: Sequence[_Wanted]) -> int:
    positions = tuple(one.number for one in wanted if not one.cancel)
    until_ns = SystemClock().machine_ns() + flatten.HOLDS_NS
    file.news()
    file.append_local(FlattenStored(local.who(), positions, until_ns))
    follower = _Follower(file, wanted)
    _send(path, bundle, follower)
    return _told(wanted, follower)


def _evidence(bundle: Bundle, file: LedgerFile, left: Sequence[_Wanted], *, foreign: bool) -> int:
    """What the terminal shows after it all, and what may still come."""
    for one in left:
        sys.stdout.write(f"{one.ticket} {one.symbol} IS STILL {'RESTING' if one.cancel else 'OPEN'}\n")
    opening = Book(file.read()).opening
    for key in opening:
        sys.stdout.write(f"act {key[0]} HAS NO VERDICT: it may have opened a position\n")
    if not left and not opening:
        whose = "nothing is open" if foreign else "nothing of ours is open"
        sys.stdout.write(f"{whose}, and nothing of ours rests, as the terminal shows it{_latch_words(bundle, file)}\n")
        return DONE
    sys.stdout.write(f"{bundle.name} is not flat{_latch_words(bundle, file)}\n")
    return UNKNOWN_OUTCOME if opening else PARTLY


def _latch_words(bundle: Bundle, file: LedgerFile) -> str:
    if Book(file.read()).latches.halted:
        return f"; {bundle.name} is halted: hydra-terminal local resume ends that"
    return f"; {bundle.name} is NOT halted: what is fired may open, hydra-terminal local halt stops that"


def _wanted(reading: once.Reading, ledger: Ledger, *, foreign: bool) -> list[_Wanted]:
    held = [row for row in reading.polled.positions if foreign or ledger.is_ours(row.position_id, row.magic)]
    orders = [row for _, row in resting.ours(reading.polled.orders, ledger)]
    return [*map(_Wanted.of_position, held), *map(_Wanted.of_order, orders)]


def _worst(latch: int, orders: Sequence[int], evidence: int) -> int:
    """One code for all: something is unknown; else what became of the orders; else that not all is as wanted."""
    if UNKNOWN_OUTCOME in (latch, *orders, evidence):
        return UNKNOWN_OUTCOME
    sent = orders[0] if len(set(orders)) == 1 else PARTLY if orders else DONE
    return next((code for code in (sent, latch, evidence) if code != DONE), DONE)


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

    @property
    def key(self) -> tuple[bool, int]:
        """What it is, whatever its volume is by now."""
        return self.cancel, self.number

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


def _confirmed(bundle: Bundle, count: int, foreign: bool) -> bool:
    """The account's name is asked for where strangers' positions go too."""
    return local.confirmed(
        bundle, f"close {count} position(s) and orders of {bundle.account}?", bundle.account if foreign else ""
    )
