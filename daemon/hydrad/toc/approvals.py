"""Fires that wait for a second person: how one begins to wait, what ends it, and who may say yes.

What a person is asked about is one exact order: its levels, volume and plan are frozen, and the approval is bound to
its hash. Until then the fire holds its (mission, account) and nothing else, neither exposure nor the lane: it is judged
again by every check when somebody has said yes, and is then ROUTED or DENIED. It lapses at its own limit or with its
mission, whichever is first, and is void as soon as the limits, the person who asked, the symbol's terms or the order
are not as they were; a halt ends it. An approval is used once, since the fire moves on with it.

The second person is another operator from approver on who reaches the account; one person by two identities is one.
Where fewer than two may approve and `approval_alone` is set, it is the same person, by another identity, ten minutes
later.
"""

from __future__ import annotations

import hashlib

import msgspec

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.instants import MINUTE, MS
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import crew, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.approvers import alone, approvers
from hydrad.toc.changes import ALONE_AFTER_NS
from hydrad.toc.limiting import limits_for
from hydrad.toc.mission import ACCEPTS_FIRES
from hydrad.toc.state import Act, Approval, State
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Reason

WAITING_MAX = 8
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def waiting(state: State, account: str = "") -> list[Act]:
    """Those of an account (empty: of all), in the order in which they came."""
    acts = (state.acts[number] for number in sorted(state.awaiting))
    return [act for act in acts if account in ("", act.account)]


# --- beginning to wait ------------------------------------------------------------------------------------


def only_missing(verdict: risk.Verdict) -> bool:
    """Whether a second person's word is all that a fire lacks."""
    return verdict.order is not None and verdict.codes == (Reason.APPROVAL.name,)


def ask(turn: Turn, act: Act, verdict: risk.Verdict) -> None:
    """Let a fire wait, its order frozen as it was just judged."""
    if len(waiting(turn.state, act.account)) >= WAITING_MAX:
        turn.move(act, ActEvent.DENY, "gate", codes=(Reason.APPROVALS_FULL.name,))
        return
    why = next(check.measured for check in verdict.checks if check.code == Reason.APPROVAL.name)
    due_ns = turn.now_ns + turn.state.timing.approval_wait_ms * MS
    rules, contract = _rules(turn.state, act), _contract(verdict.terms)
    turn.emit(r.ApprovalAsked(act.act_id, tuple(why.split("; ")), due_ns, rules, contract))
    turn.move(act, ActEvent.ASK_APPROVAL, "gate")


def _rules(state: State, act: Act) -> bytes:
    """Digest of what the fire was asked under: the limits of its account, and who asked, with role and policy."""
    operator = state.operator(act.actor)
    asked_by = (
        (operator.name, operator.role, crew.policy_named(state, operator.policy)) if operator is not None else None
    )
    return hashlib.sha256(_ENCODER.encode((limits_for(state, act.account, act.actor), asked_by))).digest()


def _contract(terms: SymbolTerms | None) -> bytes:
    """Digest of what an order in points and steps means at the broker. Values of money move with the market, and are
    judged again."""
    assert terms is not None, "an order was made by terms"
    meant = (terms.symbol, terms.digits, terms.contract_size, terms.volume_step, terms.currency_profit)
    return hashlib.sha256(_ENCODER.encode(meant)).digest()


# --- while it waits ---------------------------------------------------------------------------------------


def pursue(turn: Turn) -> None:
    """End what waits no longer: its time is over, its mission takes no fires, a halt came, or something changed."""
    for act in waiting(turn.state):
        approval = _of(act)
        mission = turn.state.missions[act.mission]
        if turn.market_ms >= mission.signal.expires_ms:
            turn.move(act, ActEvent.LAPSE, "approval", detail="its mission expired")
        elif turn.now_ns >= approval.due_ns:
            turn.move(act, ActEvent.LAPSE, "approval", detail="nobody approved it in time")
        elif mission.state not in ACCEPTS_FIRES:
            _deny(turn, act, Reason.MISSION_STATE, f"its mission is {mission.state.value}")
        elif turn.state.account_authority(act.account) is not Authority.ACTIVE:
            _deny(turn, act, Reason.AUTHORITY, turn.state.account_authority(act.account).name)
        elif turn.records and (what := changed(turn, act)):
            _deny(turn, act, Reason.APPROVAL_VOID, what)


def changed(turn: Turn, act: Act) -> str:
    """What is not as it was when the fire began to wait; empty: nothing. Terms that are not known now are none of
    another contract: the gate denies what it cannot look up."""
    if turn.state.role(act.actor) < Role.TRADER:
        return f"{crew.name_of(turn.state, act.actor)} may not fire any more"
    if _rules(turn.state, act) != _of(act).rules and "approval_outlives_change" not in turn.mutants:
        return "the limits, or the policy of whoever fired it, were changed"
    holder = risk.lane_holder(turn.state, turn.live, act.account)
    terms = turn.live.link(holder.name).terms.get(act.order.symbol) if holder and act.order else None
    if terms is not None and _contract(terms) != _of(act).contract:
        return f"the broker's terms of {terms.symbol} were changed"
    return ""


def take_back(turn: Turn, act: Act, reason: str) -> None:
    """Somebody refuses it, or whoever asked thinks better of it."""
    who = crew.name_of(turn.state, turn.actor)
    _deny(turn, act, Reason.NOT_APPROVED, f"by {who}: {reason}" if reason else f"by {who}")


def pass_on(turn: Turn, mission: int) -> None:
    """Whoever lets a mission go takes back what they asked for of it."""
    person = turn.state.operator(turn.actor)
    for act in waiting(turn.state):
        if act.mission == mission and person is not None and act.actor in person.identities:
            take_back(turn, act, "its mission was passed")


def _deny(turn: Turn, act: Act, reason: Reason, detail: str) -> None:
    turn.move(act, ActEvent.DENY, "approval", codes=(reason.name,), detail=detail)


def _of(act: Act) -> Approval:
    assert act.approval is not None, "what waits was asked for"
    return act.approval


# --- the second person's word -----------------------------------------------------------------------------


def approve(turn: Turn, act: Act, key: str, asked: bytes) -> None:
    """The word of somebody who may give it: every check again, on the very order, and on to the terminal."""
    turn.emit(r.ActApproved(act.act_id, act.order_hash, routing.deadline_ns(turn), key, asked))
    what = changed(turn, act)
    verdict = risk.judge(
        turn.state, turn.live, turn.now_ns, routing.ask_of(turn.state, act, turn.state.missions[act.mission])
    )
    if what or (verdict.order is not None and verdict.order_hash != act.order_hash):
        _deny(turn, act, Reason.APPROVAL_VOID, what or "the order would be another one now")
        return
    if verdict.order is not None:
        routing.record_verdict(turn, act, verdict)
    if verdict.ok:
        routing.route(turn, act, turn.live.link(verdict.terminal))
    else:
        turn.move(act, ActEvent.DENY, "gate", codes=verdict.codes)


def may_approve(state: State, act: Act, actor: str, now_ns: int) -> str:
    """Empty when this person may say yes now; else why not."""
    asked, approving = state.operator(act.actor), state.operator(actor)
    if approving is None or state.role(actor) < Role.APPROVER:
        return "an approver or a commander is needed"
    if not crew.reaches(approving, act.account):
        return f"{act.account} was not given to {approving.name}"
    if asked is None or asked.name != approving.name:
        return ""
    if not alone(state, limits_for(state, act.account)):
        return "it was fired by the same person; another approver or commander approves it"
    if actor == act.actor:
        return f"it was fired as {actor}; alone, one approves by another of one's identities"
    left_ns = _of(act).asked_ns + ALONE_AFTER_NS - now_ns
    return f"alone, one approves ten minutes later: in {-(-left_ns // MINUTE)} minutes" if left_ns > 0 else ""


def who_may(state: State, act: Act) -> tuple[str, ...]:
    """The names of those who may say yes to this fire, now or after the wait of one who is alone."""
    asked = state.operator(act.actor)
    able = [o for o in approvers(state) if not o.suspended and crew.reaches(o, act.account)]
    if not alone(state, limits_for(state, act.account)):
        able = [operator for operator in able if asked is None or operator.name != asked.name]
    return tuple(operator.name for operator in able)
