"""What terminals that leave, and plans that move, write, told to people. Only `narrate` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.toc.state import State

Told = tuple[str, tuple[str, ...], str]


def _drained(state: State, b: r.TerminalDrained) -> Told:
    return f"{b.terminal} is drained: nothing of ours is left there", (), ""


def _removed(state: State, b: r.TerminalRemoved) -> Told:
    heir = f", {b.heir} closes for it" if b.heir else ""
    return f"terminal {b.terminal} removed{heir}: {b.reason}", (), ""


def _begun(state: State, b: r.PlanMoveBegun) -> Told:
    shown = show(IdKind.POSITION, b.position)
    return f"plan {b.plan} of {shown} moves from {b.source} to {b.target}", (shown,), ""


def _acted(state: State, b: r.PlanMoveActed) -> Told:
    shown, act = show(IdKind.POSITION, b.position), show(IdKind.ACT, sequence_of(b.act_id))
    return f"{act} {'sets' if b.sets else 'withdraws'} the plan of {shown}", (act, shown), ""


def _ended(state: State, b: r.PlanMoveEnded) -> Told:
    shown = show(IdKind.POSITION, b.position)
    return f"plan of {shown} {b.how}: {b.detail}", (shown,), ""


TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.TerminalDrained: _drained,
    r.TerminalRemoved: _removed,
    r.PlanMoveBegun: _begun,
    r.PlanMoveActed: _acted,
    r.PlanMoveEnded: _ended,
}
