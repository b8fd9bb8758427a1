"""What hangs on a terminal, and what becomes of it when the lane leaves it, when it drains, or when it is removed.

One list for all three, so that what is shown before the act is what the act looks at.
"""

from __future__ import annotations

from typing import NamedTuple

from hydrad.domain.ids import IdKind, show
from hydrad.domain.money import volume_text
from hydrad.toc import plan_moves, planning, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.live import Link
from hydrad.toc.state import Act, Position, State, Terminal
from hydrad.toc.terminal import REDUCES_IN, Duty
from hydrad.toc.turn import Turn
from hydrad.wire.answers.terminals import LeavingAct, LeavingData, LeavingPosition

# No verdict, and no way to one but evidence or a person: an act never changes its terminal.
UNDECIDED = frozenset({ActState.UNKNOWN, ActState.QUARANTINED})
_HANGS = IN_FLIGHT | UNDECIDED | {ActState.WORKING, ActState.QUEUED}


class Leaving(NamedTuple):
    """`to`: where the lane goes, empty for nowhere. `moves`: whether plans go with it."""

    terminal: Terminal
    to: str
    moves: bool


# --- what hangs ------------------------------------------------------------------------------------------


def acts_of(state: State, account: str, terminal: str = "") -> list[Act]:
    """Acts of an account, or of one of its terminals, that have not come to their end; what is open is a position."""
    found = (state.acts[number] for number in sorted(state.acts_open))
    return [x for x in found if x.account == account and x.state in _HANGS and terminal in ("", x.terminal)]


def positions_of(state: State, account: str, terminal: str = "") -> list[Position]:
    """Open positions of an account, or those whose plan one of its terminals has."""
    found = (state.positions[number] for number in sorted(state.positions_open))
    return [p for p in found if p.account == account and terminal in ("", p.terminal)]


def undecided(state: State, account: str, terminal: str = "") -> list[str]:
    """Shown ids of acts that a person has to resolve first."""
    return [routing.shown(act) for act in acts_of(state, account, terminal) if act.state in UNDECIDED]


def others(turn: Turn, terminal: Terminal) -> list[Link]:
    """Links of the account's other terminals through which a close would pass now."""
    ranked = sorted(turn.state.terminals.values(), key=lambda t: t.rank)
    able = [t.name for t in ranked if t.account == terminal.account and t.name != terminal.name and t.reduces]
    return [link for link in map(turn.live.link, able) if link.state in REDUCES_IN]


# --- drained ---------------------------------------------------------------------------------------------


def holds(state: State, terminal: Terminal) -> int:
    """How many acts and positions still need this terminal: its own, and all of its account where it is the last."""
    alone = not any(t.account == terminal.account and t is not terminal for t in state.terminals.values())
    scope = "" if alone else terminal.name
    account = terminal.account
    return len(acts_of(state, account, terminal.name)) + len(positions_of(state, account, scope))


def drain(turn: Turn) -> None:
    """Say once when a draining terminal has come to its end."""
    for terminal in turn.state.terminals.values():
        if terminal.duty is Duty.DRAINING and not terminal.drained and not holds(turn.state, terminal):
            turn.emit(r.TerminalDrained(terminal.name))


# --- shown -----------------------------------------------------------------------------------------------


def data(turn: Turn, leaving: Leaving, blocked: str, done: bool) -> LeavingData:
    """Everything of the account that this touches, each with what becomes of it."""
    state, account = turn.state, leaving.terminal.account
    lane = risk.lane_holder(state, turn.live, account)
    acts = tuple(_act_row(leaving, act) for act in acts_of(state, account))
    positions = tuple(_position_row(turn, leaving, p) for p in positions_of(state, account))
    return LeavingData(
        terminal=leaving.terminal.name,
        account=account,
        lane=lane.name if lane else None,
        lane_after=leaving.to or None,
        acts=acts,
        positions=positions,
        blocked=blocked or None,
        done=done,
    )


def _act_row(leaving: Leaving, act: Act) -> LeavingAct:
    if act.state in UNDECIDED:
        becomes = "has no verdict: resolve it first"
    elif act.state is ActState.QUEUED:
        becomes = f"is judged again at its turn, for {leaving.to}" if leaving.to else "is judged again at its turn"
    elif act.state is ActState.WORKING:
        becomes = "rests at the broker; any terminal of the account cancels it"
    else:
        becomes = f"stays at {act.terminal}, its verdict comes from there"
    return LeavingAct(routing.shown(act), act.kind.name, act.state.value, act.terminal or None, becomes)


def _position_row(turn: Turn, leaving: Leaving, position: Position) -> LeavingPosition:
    left = plan_moves.left_of(turn.state, position)
    return LeavingPosition(
        id=show(IdKind.POSITION, position.number),
        symbol=position.symbol,
        side=position.side.name,
        volume=volume_text(position.volume_steps, position.volume_step),
        stop=bool(position.stop_points),
        terminal=position.terminal,
        plan=planning.name_of(turn.state, position),
        steps_left=len(left),
        becomes=_becomes(turn, leaving, position, len(left)),
    )


def _becomes(turn: Turn, leaving: Leaving, position: Position, left: int) -> str:
    move = turn.state.plan_moves.get(position.number)
    if move is not None:
        return f"its plan moves already, from {move.source} to {move.target}"
    if not left:
        return "has no step left to run; closes go through any terminal"
    at, steps = position.terminal, "1 step" if left == 1 else f"{left} steps"
    if at == leaving.to:
        return f"its plan ({steps} left) runs there already"
    if not leaving.to or not leaving.moves:
        return f"its plan ({steps} left) stays at {at}, and runs there or nowhere"
    link = turn.live.link(at)
    if link.state in REDUCES_IN:
        return f"its plan ({steps} left) is withdrawn at {at}, then set at {leaving.to}"
    return f"its plan ({steps} left) is at {at}, which is {link.state.value}: it waits there until {at} answers"
