"""Terminals: enrolment, sessions, duty, ledgers, and whose ticks are taken."""

from __future__ import annotations

from hydrad.toc.records.base import Body
from hydrad.toc.terminal import Cause, Duty


class TerminalEnrolled(Body, frozen=True):
    """`feed_only`: gives quotes and is sent nothing that trades."""

    name: str
    account: str
    public_key: str
    symbols: tuple[str, ...]
    feed_only: bool = False


class TerminalSession(Body, frozen=True):
    """A hand-shake was completed: the books of this session are in the journal."""

    terminal: str
    session: int
    epoch: int
    boot_id: str
    ledger_id: str
    ledger_length: int
    agent_version: str
    build: int


class TerminalLinkChanged(Body, frozen=True):
    terminal: str
    link: str
    why: str


class SourceChanged(Body, frozen=True):
    """Ticks of these symbols are taken from `terminal` now, no longer from `before`."""

    symbols: tuple[str, ...]
    terminal: str
    before: str
    why: str


class TerminalDutySet(Body, frozen=True):
    """`cause`: of a quarantine; one without (of an old journal) counts as a person's."""

    terminal: str
    duty: Duty
    why: str
    cause: Cause | None = None


class LedgerBooked(Body, frozen=True):
    """Entries of this ledger up to `length` stand in this journal. Another id, or a shorter length than before, is
    another ledger: what the earlier one may have executed, this one does not know."""

    terminal: str
    ledger_id: str
    length: int


class TicksRejected(Body, frozen=True):
    """Bad ticks of a source, counted; one record a minute and reason."""

    terminal: str
    symbol: str
    reason: str
    count: int
    example: str


class TerminalDrained(Body, frozen=True):
    """A DRAINING terminal has nothing of ours left: no position of its own, no act without an end."""

    terminal: str


class TerminalRemoved(Body, frozen=True):
    """Its key is off the list and its name is not used again. `heir`: the terminal that closes for it from here on,
    empty where the account has no other one."""

    terminal: str
    heir: str
    reason: str
