"""Terminals: enrolment, to whom their accounts are given, their duty, which of an account's holds the lane, removal."""

from __future__ import annotations

import re

import msgspec

from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.toc import account_views, crew, leaving, plan_moves, routing, uplink, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk import accounts
from hydrad.toc.desk.refusals import Refused, is_plain, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.effects import Admit
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Alarm, Operator, Position, Terminal
from hydrad.toc.terminal import Cause, Duty, LinkState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.terminals import EnrollData, LeavingData
from hydrad.wire.codes import ErrorCode, Finding

SERVER_MAX = 128
_CURRENCY = re.compile(r"[A-Za-z0-9]{2,8}")


def _enroll(turn: Turn, asked: Requested, verb: calls.TerminalEnroll) -> None:
    """Add the account when it is new; a known one must be described the same, and has one name: by another its limits,
    its peak and its day would begin anew. An account that only feeds may be of any
    kind in any home: nothing of it but quotes is ever looked at."""
    if not is_plain(verb.name) or not is_plain(verb.account):
        raise usage("names are 1 to 32 letters, digits, dashes or underscores")
    if not _CURRENCY.fullmatch(verb.currency):
        raise usage("a currency is 2 to 8 letters or digits")
    if not 0 < len(verb.server) <= SERVER_MAX or not verb.server.isprintable():
        raise usage(f"a broker's server has 1 to {SERVER_MAX} printable characters")
    try:
        kind = AccountKind(verb.kind)
    except ValueError:
        raise usage(f"kind '{verb.kind}' is not paper, demo or live") from None
    if not verb.feed_only and not turn.state.mode.takes(kind):
        raise Refused(ErrorCode.CONFLICT, f"a {turn.state.mode.value} home takes no {kind.value} account")
    if verb.name in turn.state.terminals_removed:
        raise Refused(ErrorCode.CONFLICT, f"a terminal {verb.name} was removed; its name is not used again")
    if verb.name in turn.state.terminals:
        raise Refused(ErrorCode.CONFLICT, f"terminal {verb.name} is enrolled already")
    accounts.checked_phone(verb.phone or "")
    known = turn.state.accounts.get(verb.account)
    same = next((a for a in turn.state.traded() if (a.login, a.server) == (verb.login, verb.server)), None)
    if same is not None and known is not same and not verb.feed_only:
        message = f"{verb.login} at {verb.server} is account {same.name} already"
        raise Refused(ErrorCode.CONFLICT, message, f"hydractl terminal enroll NAME --account {same.name} ...")
    wanted = (kind, verb.login, verb.server, verb.currency, verb.hedging, verb.feed_only)
    if known is None:
        turn.emit(r.AccountAdded(verb.account, *wanted))
    elif (known.kind, known.login, known.server, known.currency, known.hedging, known.feed_only) != wanted:
        raise Refused(ErrorCode.CONFLICT, f"account {verb.account} is enrolled as another one")
    if verb.phone is not None:
        accounts.set_phone(turn, turn.state.accounts[verb.account], verb.phone)
    turn.emit(r.TerminalEnrolled(verb.name, verb.account, asked.extra, verb.symbols, verb.feed_only))
    turn.effects.append(Admit())
    turn.reply(asked.request, "hydra.enroll/v1", EnrollData(verb.name, verb.account, "", asked.extra))


def _assign(turn: Turn, asked: Requested, verb: calls.TerminalAssign) -> None:
    terminal, operator = _named(turn, verb.terminal), _operator(turn, verb.operator)
    accounts = operator.accounts if crew.reaches(operator, terminal.account) else (*operator.accounts, terminal.account)
    primary = terminal.account if verb.primary else operator.primary
    if (accounts, primary) != (operator.accounts, operator.primary):
        turn.emit(r.OperatorAccountsSet(operator.name, accounts, primary))
    _tell_operator(turn, asked, operator)


def _release(turn: Turn, asked: Requested, verb: calls.TerminalRelease) -> None:
    terminal, operator = _named(turn, verb.terminal), _operator(turn, verb.operator)
    held = tuple(turn.state.accounts) if crew.ALL in operator.accounts else operator.accounts
    accounts = tuple(name for name in held if name != terminal.account)
    primary = "" if operator.primary == terminal.account else operator.primary
    turn.emit(r.OperatorAccountsSet(operator.name, accounts, primary))
    _tell_operator(turn, asked, operator)


def _duty(turn: Turn, asked: Requested, verb: calls.TerminalDuty) -> None:
    """Draining and quarantine are any trader's to begin; a quarantine is a commander's to end."""
    terminal = _named(turn, verb.terminal)
    try:
        duty = _DUTIES[verb.duty]
    except KeyError:
        raise usage(f"duty '{verb.duty}' is not one of {', '.join(_DUTIES)}") from None
    ending = terminal.duty is Duty.QUARANTINED and duty is not Duty.QUARANTINED
    if ending and turn.state.role(turn.actor) < Role.COMMANDER:
        raise Refused(ErrorCode.FORBIDDEN, "a quarantine is ended by a commander")
    if ending and not verb.reason.strip():
        raise usage("a quarantine is ended with a reason")
    if terminal.duty is not duty:
        cause = Cause.PERSON if duty is Duty.QUARANTINED else None
        turn.emit(r.TerminalDutySet(terminal.name, duty, verb.reason or f"by {turn.actor}", cause))
    _tell_terminal(turn, asked, terminal.name)


def _failover(turn: Turn, asked: Requested, verb: calls.TerminalFailover) -> None:
    """New fires of the account go there, and the plans of its open positions after them. What is in flight keeps its
    terminal; while an act has no verdict nothing is moved."""
    terminal = _named(turn, verb.terminal)
    plan = leaving.Leaving(terminal, terminal.name, not verb.keep_plans)
    blocked = _lane_blocked(turn, terminal)
    shown = leaving.data(turn, plan, blocked, False)
    if blocked or verb.dry_run:
        return _tell_leaving(turn, asked, shown, blocked)
    if turn.state.lanes.get(terminal.account) != terminal.name:
        turn.emit(r.LaneSet(terminal.account, terminal.name, verb.reason))
    if not verb.keep_plans:
        for position in leaving.positions_of(turn.state, terminal.account):
            plan_moves.begin(turn, position, terminal.name)
        plan_moves.pursue(turn)
    return _tell_leaving(turn, asked, msgspec.structs.replace(shown, done=True), "")


def _lane_blocked(turn: Turn, terminal: Terminal) -> str:
    link = turn.live.link(terminal.name)
    if terminal.feed_only:
        return f"{terminal.name} only gives quotes"
    if link.state is not LinkState.READY or terminal.duty is not Duty.ACTIVE:
        state = f"{link.state.value} and {terminal.duty.value}"
        return f"{terminal.name} is {state}; the lane goes to a READY, ACTIVE one"
    undecided = leaving.undecided(turn.state, terminal.account)
    return f"no verdict yet: {', '.join(undecided)}; resolve it first" if undecided else ""


def _remove(turn: Turn, asked: Requested, verb: calls.TerminalRemove) -> None:
    """Its key is off the list with this commit. Refused while something of ours could be lost by it."""
    terminal = _named(turn, verb.terminal)
    heirs = leaving.others(turn, terminal)
    heir = heirs[0].terminal if heirs else ""
    blocked = _removal_blocked(turn, terminal, heir, verb.force)
    shown = leaving.data(turn, leaving.Leaving(terminal, heir, False), blocked, False)
    if blocked or verb.dry_run:
        return _tell_leaving(turn, asked, shown, blocked)
    if not verb.reason.strip():
        raise usage("a terminal is removed with a reason")
    link = turn.live.link(terminal.name)
    if link.session is not None:
        uplink.drop_session(turn, link, LinkState.LOST, "removed")
    plans = _plans_at(turn, terminal)
    turn.emit(r.TerminalRemoved(terminal.name, heir, verb.reason))
    for position in plans:
        plan_moves.lost(turn, position, f"{terminal.name} was removed with it")
    for alarm in list(turn.state.alarms.values()):
        if _is_of(turn, alarm, terminal.name):
            turn.clear_alarm(alarm.code, alarm.subject, f"{terminal.name} was removed")
    _forget(turn, terminal.name)
    turn.effects.append(Admit())
    return _tell_leaving(turn, asked, msgspec.structs.replace(shown, done=True), "")


def _is_of(turn: Turn, alarm: Alarm, name: str) -> bool:
    """Whether an alarm is about this terminal; an account may have the same name, and its alarms stand on."""
    first, _, rest = alarm.subject.partition(" ")
    alone = not rest or alarm.code == Finding.SYMBOL_TERMS.name or name not in turn.state.accounts
    return first == name and alone


def _forget(turn: Turn, name: str) -> None:
    """Nobody waits for a word of a terminal that is gone."""
    turn.live.links.pop(name)
    for waiter in turn.live.waiters:
        waiter.terminals = tuple(other for other in waiter.terminals if other != name)
    for asking in turn.live.askings:
        asking.histories.pop(name, None)
        asking.silent = tuple(other for other in asking.silent if other != name)


def _plans_at(turn: Turn, terminal: Terminal) -> list[Position]:
    held = leaving.positions_of(turn.state, terminal.account, terminal.name)
    return [position for position in held if plan_moves.left_of(turn.state, position)]


def _removal_blocked(turn: Turn, terminal: Terminal, heir: str, force: bool) -> str:
    pending = [routing.shown(act) for act in leaving.acts_of(turn.state, terminal.account, terminal.name)]
    if pending:
        return f"not at their end: {', '.join(pending)}"
    held = leaving.positions_of(turn.state, terminal.account)
    if held and not heir:
        return f"{len(held)} open positions, and no other terminal reaches {terminal.account} now"
    plans = _plans_at(turn, terminal)
    moving = [m for m in turn.state.plan_moves.values() if terminal.name in (m.source, m.target)]
    if not force and (plans or moving):
        numbers = sorted({p.number for p in plans} | {m.position for m in moving})
        named = ", ".join(show(IdKind.POSITION, number) for number in numbers)
        return f"plans of {named} are at its agent: fail over first, or --force when its host is gone for ever"
    return ""


def _tell_leaving(turn: Turn, asked: Requested, data: LeavingData, blocked: str) -> None:
    problem = Problem(ErrorCode.CONFLICT.value, blocked) if blocked else None
    turn.reply(asked.request, "hydra.leaving/v1", data, problem)


def _named(turn: Turn, name: str) -> Terminal:
    terminal = turn.state.terminals.get(name)
    if terminal is None:
        known = ", ".join(turn.state.terminals) or "none"
        raise Refused(ErrorCode.NOT_FOUND, f"no terminal {name}", f"known terminals: {known}")
    return terminal


def _operator(turn: Turn, name: str) -> Operator:
    operator = turn.state.operators.get(name)
    if operator is None:
        known = ", ".join(turn.state.operators)
        raise Refused(ErrorCode.NOT_FOUND, f"no operator {name}", f"known operators: {known}")
    return operator


def _tell_operator(turn: Turn, asked: Requested, operator: Operator) -> None:
    row = views_crew.operator_row(turn.state, operator, turn.market_ms)
    turn.reply(asked.request, "hydra.operator/v1", row)


def _tell_terminal(turn: Turn, asked: Requested, name: str) -> None:
    row = account_views.terminal_row(turn.state, turn.live, turn.now_ns, name)
    turn.reply(asked.request, "hydra.terminal/v1", row)


_DUTIES = {duty.value.lower(): duty for duty in (Duty.ACTIVE, Duty.DRAINING, Duty.QUARANTINED)}
VERBS: Table = {
    calls.TerminalEnroll: (Role.COMMANDER, _enroll),
    calls.TerminalAssign: (Role.COMMANDER, _assign),
    calls.TerminalRelease: (Role.COMMANDER, _release),
    calls.TerminalDuty: (Role.TRADER, _duty),
    calls.TerminalFailover: (Role.TRADER, _failover),
    calls.TerminalRemove: (Role.COMMANDER, _remove),
}
