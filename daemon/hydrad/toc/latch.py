"""Closing the latch: authority down, waiting fires denied, terminals told, resting orders cancelled. Raising it again
is a person's act.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.toc import changes, resting, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Reason


def subject(account: str) -> str:
    """What a change that would raise the authority again is about; empty: everything."""
    return f"authority {account or 'of everything'}"


def tighten(turn: Turn, account: str, level: Authority, reason: str) -> tuple[str, ...]:
    """Bring one account (empty: everything) to a level that is no looser than it has; the terminals told, connected
    or not. A resume that waits for a second person is void."""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    changes.void(turn, subject(account), "halted again")
    for waiter in turn.live.waiters:  # a drill takes nothing back that somebody wants now
        if waiter.drill is not None:
            waiter.drill.overtaken = True
    if level > now:
        turn.emit(r.AuthoritySet(account, level, reason))
    for act in [turn.state.acts[number] for number in sorted(turn.state.acts_open)]:
        if act.state is ActState.QUEUED and routing.latched(turn, act.account):
            turn.move(act, ActEvent.DENY, "latch", codes=(Reason.AUTHORITY.name,))
    told = routing.tell_halt(turn, account)
    resting.pursue(turn)
    return told
