"""The halt drill: the real latch, on purpose, measured, and taken back.

Everything is as in a halt: the latch in memory, the record, the frame, each agent's own ledger, its answer. What the
drill lowered it raises again by itself, to exactly what it was, unless somebody has halted meanwhile; a daemon that
dies in between stays HALTED. It is refused where it would cost something: fires in flight or waiting, orders that rest.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind
from hydrad.toc import latch, routing
from hydrad.toc import records as r
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.live import Drill, Waiter
from hydrad.toc.turn import Turn

REASON = "halt drill"
OVER = "halt drill over"
_COSTS = IN_FLIGHT | {ActState.QUEUED, ActState.AWAITING_APPROVAL, ActState.UNKNOWN, ActState.WORKING}


def in_the_way(turn: Turn, account: str) -> list[str]:
    """Shown ids of what a halt would deny, cancel or leave open."""
    acts = (turn.state.acts[number] for number in sorted(turn.state.acts_open))
    return [
        routing.shown(act)
        for act in acts
        if act.kind is ActKind.FIRE and act.state in _COSTS and account in ("", act.account)
    ]


def running(turn: Turn) -> bool:
    return any(waiter.drill for waiter in turn.live.waiters)


def begin(turn: Turn, account: str) -> tuple[tuple[str, ...], Drill]:
    """Close the latch; the terminals told, and what to take back."""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    return latch.tighten(turn, account, Authority.HALTED, REASON), Drill(turn.actor, turn.surface, now)


def finish(turn: Turn, waiter: Waiter, drill: Drill) -> None:
    """Write what each terminal's answer took, and take back what the drill did."""
    turn.actor, turn.surface = drill.actor, drill.surface
    turn.emit(r.HaltDrilled(waiter.account, tuple(_row(turn, waiter, name) for name in waiter.terminals)))
    where = turn.state.accounts[waiter.account] if waiter.account else turn.state
    ours = where.authority is Authority.HALTED and not drill.overtaken
    if ours and drill.before is not Authority.HALTED:
        turn.emit(r.AuthoritySet(waiter.account, drill.before, OVER))
        if drill.before is Authority.ACTIVE:
            routing.tell_released(turn, waiter.account)


def _row(turn: Turn, waiter: Waiter, name: str) -> r.Drilled:
    link = turn.live.link(name)
    confirmed = link.halted is True and link.halted_ns >= waiter.since_ns
    return r.Drilled(name, (link.halted_ns - waiter.since_ns) // MS if confirmed else None)
