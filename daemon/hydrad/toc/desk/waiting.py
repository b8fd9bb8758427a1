"""Idempotency keys, and clients that wait for acts to settle or for terminals to confirm a latch."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from hydrad.domain import money
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind
from hydrad.toc import act_views, approvals, drilling, halt_views, remainders, resting, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, HOLDS_POSITION, ActState
from hydrad.toc.desk.refusals import (
    Refused,
    usage,
)
from hydrad.toc.effects import Reply
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Drill, Kept, Link, Waiter
from hydrad.toc.state import Act, Position, State
from hydrad.toc.turn import Turn
from hydrad.wire.answers import Problem
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

WAIT_MAX_S = 60.0
FIRE_SCHEMA = "hydra.fire/v1"


def hash_of(verb: Verb) -> bytes:
    """SHA-256 of the parameters, without how long the client waits."""
    plain = msgspec.to_builtins(verb)
    plain.pop("wait_s", None)
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).digest()


def told_before(turn: Turn, asked: Requested, verb: Any) -> bool:
    """Answer a repeated key with what its first request came to."""
    if len(asked.key) > 64:
        raise usage("a key has at most 64 characters")
    known = turn.state.keys.get((turn.actor, asked.key)) if asked.key else None
    if known is None and (not asked.key or (turn.actor, asked.key) not in turn.state.answers):
        return False
    if known is None or known.asked != hash_of(verb):
        raise Refused(ErrorCode.CONFLICT, "this key was used with other parameters", None, key=asked.key)
    wait(turn, asked.request, "fire", verb.wait_s, tuple(known.acts))
    return True


def deadline_of(turn: Turn, wait_s: float) -> int:
    """When a waiting client is answered whatever has come; what is no number does not wait."""
    seconds = wait_s if 0.0 < wait_s < WAIT_MAX_S else (WAIT_MAX_S if wait_s >= WAIT_MAX_S else 0.0)
    return turn.now_ns + int(seconds * SECOND)


def wait(turn: Turn, request: int, verb: str, wait_s: float, acts: tuple[int, ...]) -> None:
    deadline_ns = deadline_of(turn, wait_s)
    turn.live.waiters.append(Waiter(request, verb, deadline_ns, acts, since_ns=turn.now_ns))


def await_latch(
    turn: Turn,
    request: int,
    verb: str,
    wait_s: float,
    terminals: tuple[str, ...],
    account: str,
    fires: tuple[int, ...] = (),
    drill: Drill | None = None,
    kept: Kept | None = None,
) -> None:
    """`fires`: those whose resting orders the latch cancels. `drill`: the latch is closed on purpose. `kept`: under
    what the answer is kept."""
    deadline_ns = deadline_of(turn, wait_s)
    waiter = Waiter(request, verb, deadline_ns, fires, terminals, turn.now_ns, account, drill=drill, kept=kept)
    turn.live.waiters.append(waiter)


def answer_waiters(turn: Turn) -> None:
    """Reply to every waiting client whose acts are settled, or whose time is over."""
    if not turn.live.waiters:
        return
    still = []
    for waiter in turn.live.waiters:
        done = _settled(turn, waiter)
        if done or turn.now_ns >= waiter.deadline_ns:
            _answer(turn, waiter)
        else:
            still.append(waiter)
    turn.live.waiters[:] = still


def _settled(turn: Turn, waiter: Waiter) -> bool:
    if waiter.verb in ("fire", "flatten"):
        return all(_act_settled(turn, turn.state.acts[act]) for act in waiter.acts)
    orders = all(resting.settled(turn.state, turn.live, turn.state.acts[fire]) for fire in waiter.acts)
    return orders and all(_confirmed(turn, waiter, turn.live.link(name)) for name in waiter.terminals)


def _act_settled(turn: Turn, act: Act) -> bool:
    if act.kind in (ActKind.CLOSE, ActKind.PART_CLOSE) and act.state is ActState.DONE:
        position = turn.state.positions.get(act.position)  # none: it was FOREIGN
        return position is None or not position.open or act.deal_ticket in position.deals
    if act.kind is ActKind.CANCEL and act.state in _TELLS_OF_ORDER:
        return not _still_rests(turn, act)
    return act.state in FINAL or act.state in (
        ActState.FILLED,
        ActState.WORKING,
        ActState.CLOSING,
        ActState.QUARANTINED,
        ActState.AWAITING_APPROVAL,
    )


# What became of the order itself follows these.
_TELLS_OF_ORDER = (ActState.DONE, ActState.NOT_EXECUTED)


def _still_rests(turn: Turn, act: Act) -> bool:
    """Whether the order that a cancel removed, or did not find, is still held as resting, and its end will be told
    soon."""
    fire = resting.fire_of(turn.state, act)
    gone = act.state is ActState.DONE or resting.GONE in act.codes
    if not gone or fire is None or fire.state is not ActState.WORKING:
        return False
    return not resting.told_later(turn.live, fire)


def _confirmed(turn: Turn, waiter: Waiter, link: Link) -> bool:
    """What was asked for, or, of a resume, the answer that the agent is still halted by itself."""
    halts = waiter.verb == "halt"
    told = link.halted is halts or (not halts and bool(routing.own_latches(link)))
    return told and link.halted_ns >= waiter.since_ns


def _answer(turn: Turn, waiter: Waiter) -> None:
    if waiter.verb in ("fire", "flatten"):
        data = act_views.fire_answer(turn.state, turn.now_ns, waiter.acts)
        problem = _act_problem(turn, waiter.acts)
        if waiter.verb == "flatten":
            problem = problem or not_flat(turn, waiter.account, waiter.symbol)
        turn.reply(waiter.request, FIRE_SCHEMA, data, problem)
    else:
        data_halt = halt_views.halt_data(turn.state, turn.live, waiter)
        if waiter.drill is not None:
            drilling.finish(turn, waiter, waiter.drill)
            after = halt_views.halt_data(turn.state, turn.live, waiter)
            data_halt = msgspec.structs.replace(data_halt, drill=True, authority=after.authority)
        turn.reply(waiter.request, "hydra.halt/v1", data_halt, _halt_problem(data_halt, waiter.verb))
        _keep(turn, waiter)


def _keep(turn: Turn, waiter: Waiter) -> None:
    """The answer just given, under the key of the request; the first one stands."""
    kept, reply = waiter.kept, turn.effects[-1]
    known = turn.state.answers.get((kept.actor, kept.key)) if kept else None
    if kept is None or known is None or known.schema or not isinstance(reply, Reply):
        return
    before = turn.actor, turn.surface
    turn.actor, turn.surface = kept.actor, kept.surface
    turn.emit(answer_of(kept.key, kept.asked, reply))
    turn.actor, turn.surface = before


def answer_of(key: str, asked: bytes, reply: Reply) -> r.RequestAnswered:
    """The record that keeps an answer."""
    problem = msgspec.json.encode(reply.problem) if reply.problem else b""
    return r.RequestAnswered(key, asked, reply.schema, msgspec.json.encode(reply.data), problem)


_PROBLEMS: dict[ActState, ErrorCode] = {
    ActState.DENIED: ErrorCode.DENIED,
    ActState.REJECTED: ErrorCode.REJECTED,
    ActState.NOT_EXECUTED: ErrorCode.NOT_EXECUTED,
    ActState.UNKNOWN: ErrorCode.UNKNOWN_OUTCOME,
    ActState.ROUTED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.ACKED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.QUARANTINED: ErrorCode.UNKNOWN_OUTCOME,
    ActState.QUEUED: ErrorCode.TIMED_OUT,
    ActState.AWAITING_APPROVAL: ErrorCode.PENDING,
}


def _act_problem(turn: Turn, acts: tuple[int, ...]) -> Problem | None:
    """None when every act was executed; PARTLY when some were; else the worst act's."""
    found = [turn.state.acts[act] for act in acts]
    for act in found:
        if act.kind is ActKind.CANCEL and (late := _too_late(turn.state, act)) is not None:
            return late
    bad = [act for act in found if act.state in _PROBLEMS]
    if not bad:
        return _partly(found)
    worst = bad[0]
    message = act_views.verdict_line(worst)
    failed = [f"{c.code}: {c.measured}, limit {c.limit}" for c in worst.checks if not c.ok]
    facts: dict[str, Any] = {
        "act": routing.shown(worst),
        "state": worst.state.value,
        "codes": list(worst.codes),
        "failed": failed,
    }
    code = _PROBLEMS[worst.state] if len(bad) == len(found) else ErrorCode.PARTLY
    hint = None
    if worst.state is ActState.AWAITING_APPROVAL:
        facts["approvers"] = list(approvals.who_may(turn.state, worst))
        hint = act_views.how_approved(turn.state, worst)
    if worst.state in (ActState.UNKNOWN, ActState.ROUTED, ActState.ACKED):
        hint = f"hydractl trace {routing.shown(worst)}; nothing is resent, its exposure stays reserved"
    return Problem(code.value, message, hint, facts)


def _too_late(state: State, act: Act) -> Problem | None:
    """A cancel that found its order filled: there is a position now, and that is what the answer says."""
    fire = resting.fire_of(state, act)
    if fire is None or fire.state not in HOLDS_POSITION:
        return None
    position = show(IdKind.POSITION, fire.position) if fire.position else "its position"
    message = f"{routing.shown(fire)} was filled before it could be cancelled: {position} is {fire.state.value}"
    return Problem(ErrorCode.CONFLICT.value, message, f"hydractl close {position}", {"position": position})


def not_flat(turn: Turn, account: str, symbol: str) -> Problem | None:
    """What of ours is open, or may open, on an account and in a symbol (empty: any) after all closes were done."""
    left = [show(IdKind.POSITION, p.number) for p in _positions_in(turn, account, symbol)]
    flying = may_open(turn, account, symbol)
    if not left and not flying:
        return None
    parts = [f"{words} {', '.join(ids)}" for words, ids in (("still open:", left), ("may open yet:", flying)) if ids]
    hint = "hydractl cancel --all, or halt; then flatten again" if flying else "flatten again"
    return Problem(ErrorCode.PARTLY.value, "not flat: " + "; ".join(parts), hint, {"open": left, "flying": flying})


def may_open(turn: Turn, account: str, symbol: str) -> list[str]:
    """Fires of ours, resting and on their way, that may open yet on an account and in a symbol (empty: any)."""
    state = turn.state
    flying = [
        routing.shown(act)
        for act in (state.acts[number] for number in sorted(state.acts_pending))
        if act.kind is ActKind.FIRE
        and act.state not in (ActState.REQUESTED, ActState.AWAITING_APPROVAL)
        and account in ("", act.account)
        and symbol in ("", act.order.symbol if act.order else symbol)
    ]
    return flying + [f"the rest of {routing.shown(fire)}" for fire in _rests_in(turn, account, symbol)]


def _positions_in(turn: Turn, account: str, symbol: str) -> list[Position]:
    held = (turn.state.positions[number] for number in sorted(turn.state.positions_open))
    return [p for p in held if account in ("", p.account) and symbol in ("", p.symbol)]


def _rests_in(turn: Turn, account: str, symbol: str) -> list[Act]:
    names = [account] if account else list(turn.state.accounts)
    fires = [rest.fire for name in names for rest in remainders.standing(turn.state, turn.live, name)]
    return [fire for fire in fires if symbol in ("", fire.order.symbol if fire.order else symbol)]


def _partly(acts: list[Act]) -> Problem | None:
    """A close that took less than was asked is no success."""
    for act in acts:
        if act.kind is ActKind.CLOSE and act.order and 0 < act.volume_steps < act.order.volume_steps:
            left = money.volume_text(act.order.volume_steps - act.volume_steps, act.volume_step)
            return Problem(ErrorCode.PARTLY.value, f"{routing.shown(act)} closed a part: {left} is still open")
    return None


def _halt_problem(data: Any, verb: str) -> Problem | None:
    unverified = [row.terminal for row in data.terminals if not row.verified]
    if not unverified:
        return _orders_problem(data)
    if verb == "resume":
        return Problem(
            ErrorCode.PARTLY.value,
            f"released here; halted still, or not confirmed: {', '.join(unverified)}",
            "an agent that is halted by itself needs `resume --local`; another one is told again by another `resume`",
            {"unverified": unverified},
        )
    return Problem(
        ErrorCode.PARTLY.value,
        f"latched here; not confirmed by {', '.join(unverified)}",
        "their stops stand at the broker; look at the host, or close in the broker's own app",
        {"unverified": unverified},
    )


def _orders_problem(data: Any) -> Problem | None:
    """Latched everywhere, and yet an order of ours may rest, or was filled before it was cancelled."""
    bad = [f"{row.id} {row.verdict}" for row in data.resting if row.verdict != "verified"]
    if not bad:
        return None
    hint = "hydractl orders; it is cancelled again by itself, and may be filled until then"
    return Problem(ErrorCode.PARTLY.value, f"latched; resting orders: {', '.join(bad)}", hint, {"resting": bad})
