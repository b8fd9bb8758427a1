"""Enrolment."""

from __future__ import annotations

from hydrad.domain.accounts import AccountKind
from hydrad.domain.actors import Role
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import (
    Refused,
    is_plain,
    usage,
)
from hydrad.toc.desk.table import Table
from hydrad.toc.effects import Admit
from hydrad.toc.inputs import Requested
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


VERBS: Table = {calls.TerminalEnroll: (Role.COMMANDER, _enroll)}
