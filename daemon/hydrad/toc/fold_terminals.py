"""How terminals that leave, and plans that move between agents, change durable state. Only `fold` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import PlanMove, State


def _drained(state: State, record: Record, body: r.TerminalDrained) -> None:
    state.terminals[body.terminal].drained = True


def _removed(state: State, record: Record, body: r.TerminalRemoved) -> None:
    terminal = state.terminals.pop(body.terminal)
    terminal.why = body.reason
    state.terminals_removed[body.terminal] = terminal
    if state.lanes.get(terminal.account) == body.terminal:
        del state.lanes[terminal.account]
    for number in sorted(state.positions_open):
        position = state.positions[number]
        if position.terminal == body.terminal and body.heir:
            position.terminal = body.heir


def _move_begun(state: State, record: Record, body: r.PlanMoveBegun) -> None:
    known = state.plan_moves.get(body.position)
    if known is not None:
        known.target = body.target
    else:
        state.plan_moves[body.position] = PlanMove(
            body.position, body.source, body.target, body.steps, body.plan, record.at_ns
        )


def _move_acted(state: State, record: Record, body: r.PlanMoveActed) -> None:
    move = state.plan_moves[body.position]
    (move.settings if body.sets else move.withdrawals).append(body.act_id)


def _move_ended(state: State, record: Record, body: r.PlanMoveEnded) -> None:
    del state.plan_moves[body.position]


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.TerminalDrained: _drained,
    r.TerminalRemoved: _removed,
    r.PlanMoveBegun: _move_begun,
    r.PlanMoveActed: _move_acted,
    r.PlanMoveEnded: _move_ended,
}
