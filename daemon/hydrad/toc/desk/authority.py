"""The latch: halt and resume."""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.link import frames as f
from hydrad.toc import records as r
from hydrad.toc import routing
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.desk.refusals import (
    account_named,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import await_latch
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import Reason


def _halt(turn: Turn, asked: Requested, verb: calls.Halt) -> None:
    level = Authority.REDUCING if verb.reduce else Authority.HALTED
    account = account_named(turn, verb.account).name if verb.account else ""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    if level > now:
        turn.emit(r.AuthoritySet(account, level, verb.reason or ""))
    for act in [turn.state.acts[n] for n in sorted(turn.state.acts_open)]:
        if act.state is ActState.QUEUED and routing.latched(turn, act.account):
            turn.move(act, ActEvent.DENY, "latch", codes=(Reason.AUTHORITY.name,))
    terminals = _tell_latch(turn, account, f.Halt(turn.actor))
    await_latch(turn, asked.request, "halt", verb.wait_s, terminals, account)


def _resume(turn: Turn, asked: Requested, verb: calls.Resume) -> None:
    account = account_named(turn, verb.account).name if verb.account else ""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    if now is not Authority.ACTIVE:
        turn.emit(r.AuthoritySet(account, Authority.ACTIVE, verb.reason or ""))
    terminals = tuple(
        name
        for name in _tell_latch(turn, account, f.Resume(turn.actor))
        if not routing.latched(turn, turn.state.terminals[name].account)
    )
    await_latch(turn, asked.request, "resume", verb.wait_s, terminals, account)


def _tell_latch(turn: Turn, account: str, body: f.Halt | f.Resume) -> tuple[str, ...]:
    """Send to every terminal concerned, connected or not; those that are not cannot confirm."""
    told = []
    for terminal in turn.state.terminals.values():
        if account and terminal.account != account:
            continue
        if isinstance(body, f.Resume) and routing.latched(turn, terminal.account):
            continue
        turn.send(turn.live.link(terminal.name), body)
        told.append(terminal.name)
    return tuple(told)


VERBS: Table = {calls.Halt: (Role.TRADER, _halt), calls.Resume: (Role.COMMANDER, _resume)}
