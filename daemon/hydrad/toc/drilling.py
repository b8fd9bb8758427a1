"""The halt drill: the real latch, on purpose, measured, and taken back.

Everything is as in a halt: the latch in memory, the record, the frame, each agent's own ledger, its answer. What the
drill lowered it raises again by itself, to exactly what it was, unless somebody has halted meanwhile; a daemon that
dies in between stays HALTED. It is refused where it would cost something: fires in flight or waiting, orders that rest;
and where an agent is halted alone (its equity floor, a person on its host): a drill would release what it did not halt.
Only agents that were free when it began, or when they came in between, are told RESUME.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.toc import latch, routing, uplink
from hydrad.toc import records as r
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.live import Drill, Waiter
from hydrad.toc.records.accounts import Drilled
from hydrad.toc.state import Terminal
from hydrad.toc.turn import Turn

REASON = "halt drill"
OVER = "halt drill over"
_COSTS = IN_FLIGHT | {ActState.QUEUED, ActState.AWAITING_APPROVAL, ActState.UNKNOWN, ActState.WORKING}


def in_the_way(turn: Turn, account: str) -> list[str]:
    """Shown ids of what a halt would deny, cancel or leave open."""
    acts = (turn.state.acts[number] for number in sorted(turn.state.acts_open))
    fires = [
        routing.shown(act)
        for act in acts
        if act.kind is ActKind.FIRE and act.state in _COSTS and account in ("", act.account)
    ]
    alone = [t for t in _terminals(turn, account) if turn.live.link(t.name).halted and not _latched(turn, t)]
    return [*fires, *(f"{terminal.name} is halted by itself" for terminal in alone)]


def _terminals(turn: Turn, account: str) -> list[Terminal]:
    return [terminal for terminal in turn.state.terminals.values() if account in ("", terminal.account)]


def _latched(turn: Turn, terminal: Terminal) -> bool:
    return routing.latched(turn, terminal.account)


def running(turn: Turn) -> bool:
    return any(waiter.drill for waiter in turn.live.waiters)


def begin(turn: Turn, account: str) -> tuple[tuple[str, ...], Drill]:
    """Close the latch; the terminals told, and what to take back."""
    now = turn.state.accounts[account].authority if account else turn.state.authority
    free = tuple(t.name for t in _terminals(turn, account) if turn.live.link(t.name).halted is False)
    drill = Drill(turn.actor, turn.surface, now, free)
    return latch.tighten(turn, account, Authority.HALTED, REASON), drill


def finish(turn: Turn, waiter: Waiter, drill: Drill) -> None:
    """Write what each terminal's answer took, and take back what the drill did."""
    turn.actor, turn.surface = drill.actor, drill.surface
    turn.emit(r.HaltDrilled(waiter.account, tuple(_row(turn, waiter, name) for name in waiter.terminals)))
    where = turn.state.accounts[waiter.account] if waiter.account else turn.state
    ours = where.authority is Authority.HALTED and not drill.overtaken
    if ours and drill.before is not Authority.HALTED:
        turn.emit(r.AuthoritySet(waiter.account, drill.before, OVER))
        if drill.before is Authority.ACTIVE:
            _release(turn, drill, _terminals(turn, waiter.account))


def _release(turn: Turn, drill: Drill, terminals: list[Terminal]) -> None:
    for terminal in terminals:
        link = turn.live.link(terminal.name)
        if _latched(turn, terminal):
            continue
        came_free = link.hello is not None and not link.hello.halted
        if terminal.name in drill.free or came_free:
            turn.send(link, f.Resume(turn.actor))
        else:
            uplink.halted_alone(turn, link, "the hand-shake, or itself before that")


def _row(turn: Turn, waiter: Waiter, name: str) -> Drilled:
    link = turn.live.link(name)
    confirmed = link.halted is True and link.halted_ns >= waiter.since_ns
    return Drilled(name, (link.halted_ns - waiter.since_ns) // MS if confirmed else None)
