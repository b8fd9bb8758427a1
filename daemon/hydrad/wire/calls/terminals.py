"""Terminals: enrolment, duty, lane, removal, and their books compared with ours."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class Reconcile(Verb, frozen=True, tag="reconcile"):
    """Have the terminals read their books again now, and compare them with the journal."""

    account: str | None = None
    wait_s: float = 8.0


class TerminalEnroll(Verb, frozen=True, tag="terminal.enroll"):
    """Enrol a terminal for an account: draws its keys, writes its bundle and its card. The account is added when new.
    `feed_only`: it gives quotes and is sent nothing that trades, nor could its agent. `phone`: of the broker's dealing
    desk; None leaves what the account has."""

    name: str
    account: str
    login: int
    server: str
    kind: str = "paper"
    currency: str = "USD"
    hedging: bool = True
    symbols: tuple[str, ...] = ()
    feed_only: bool = False
    phone: str | None = None


class TerminalAssign(Verb, frozen=True, tag="terminal.assign"):
    """Give a terminal's account to an operator; with `primary` their fires without a choice go there."""

    terminal: str
    operator: str
    primary: bool = False


class TerminalRelease(Verb, frozen=True, tag="terminal.release"):
    """Take a terminal's account from an operator."""

    terminal: str
    operator: str


class TerminalDuty(Verb, frozen=True, tag="terminal.duty"):
    """`duty`: active, draining or quarantined."""

    terminal: str
    duty: str
    reason: str = ""


class TerminalFailover(Verb, frozen=True, tag="terminal.failover"):
    """Give the lane of its account to this terminal: new fires go there while it is READY and ACTIVE. Plans of open
    positions follow, unless `keep_plans`. `dry_run`: only what it would do."""

    terminal: str
    reason: str = ""
    dry_run: bool = False
    keep_plans: bool = False


class TerminalRemove(Verb, frozen=True, tag="terminal.remove"):
    """Take a terminal away for ever: its key opens nothing any more. `force`: though plans of open positions are at
    its agent, since its host is gone. `dry_run`: only what hangs on it."""

    terminal: str
    reason: str = ""
    dry_run: bool = False
    force: bool = False
