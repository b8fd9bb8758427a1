"""Terminals: enrolment, to whom their accounts are given, their duty, and which of an account's holds the lane."""

from __future__ import annotations

from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.toc import crew, views, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import Refused, is_plain, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.effects import Admit
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Operator, Terminal
from hydrad.toc.terminal import Cause, Duty, LinkState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import EnrollData
from hydrad.wire.codes import ErrorCode


def _enroll(turn: Turn, asked: Requested, verb: calls.TerminalEnroll) -> None:
    """Add the account when it is new; a known one must be described the same."""
    if not is_plain(verb.name) or not is_plain(verb.account):
        raise usage("names are 1 to 32 letters, digits, dashes or underscores")
    try:
        kind = AccountKind(verb.kind)
    except ValueError:
        raise usage(f"kind '{verb.kind}' is not paper, demo or live") from None
    if not turn.state.mode.takes(kind):
        raise Refused(ErrorCode.CONFLICT, f"a {turn.state.mode.value} home takes no {kind.value} account")
    if verb.name in turn.state.terminals:
        raise Refused(ErrorCode.CONFLICT, f"terminal {verb.name} is enrolled already")
    known = turn.state.accounts.get(verb.account)
    wanted = (kind, verb.login, verb.server, verb.currency, verb.hedging)
    if known is None:
        turn.emit(r.AccountAdded(verb.account, kind, verb.login, verb.server, verb.currency, verb.hedging))
    elif (known.kind, known.login, known.server, known.currency, known.hedging) != wanted:
        raise Refused(ErrorCode.CONFLICT, f"account {verb.account} is enrolled as another one")
    turn.emit(r.TerminalEnrolled(verb.name, verb.account, asked.extra, verb.symbols))
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
    """New fires of the account go there. What is in flight keeps its terminal."""
    terminal = _named(turn, verb.terminal)
    link = turn.live.link(terminal.name)
    if link.state is not LinkState.READY or terminal.duty is not Duty.ACTIVE:
        raise Refused(
            ErrorCode.CONFLICT,
            f"{terminal.name} is {link.state.value} and {terminal.duty.value}; the lane goes to a READY, ACTIVE one",
        )
    if turn.state.lanes.get(terminal.account) != terminal.name:
        turn.emit(r.LaneSet(terminal.account, terminal.name, verb.reason))
    _tell_terminal(turn, asked, terminal.name)


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
    row = views.terminal_row(turn.state, turn.live, turn.now_ns, name)
    turn.reply(asked.request, "hydra.terminal/v1", row)


_DUTIES = {duty.value.lower(): duty for duty in (Duty.ACTIVE, Duty.DRAINING, Duty.QUARANTINED)}
VERBS: Table = {
    calls.TerminalEnroll: (Role.COMMANDER, _enroll),
    calls.TerminalAssign: (Role.COMMANDER, _assign),
    calls.TerminalRelease: (Role.COMMANDER, _release),
    calls.TerminalDuty: (Role.TRADER, _duty),
    calls.TerminalFailover: (Role.TRADER, _failover),
}
