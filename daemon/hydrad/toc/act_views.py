"""Acts as people see them: the line that says what became of one, its order, its checks, a dry run. Pure."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.instants import MINUTE, ms_text, ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import ActKind, Order
from hydrad.link import retcodes
from hydrad.toc import approvals, crew, plan_views, realised, risk
from hydrad.toc.act import ActState
from hydrad.toc.changes import ALONE_AFTER_NS
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Account, Act, State
from hydrad.toc.texts import act_id_text, mission_id_text, position_id_text, seconds
from hydrad.wire.answers.acts import ActRow, ActShow, ApprovalView, CheckRow, FireAnswer, OrderView, TargetRow
from hydrad.wire.codes import Reason


def verdict_line(act: Act) -> str:
    """The one line that says what became of an act."""
    price = price_text(act.price_points, act.digits) if act.price_points else ""
    match act.state:
        case ActState.FILLED | ActState.CLOSING | ActState.CLOSED:
            volume = volume_text(act.volume_steps, act.volume_step)
            since = "" if act.state is ActState.FILLED else f", {act.state.value} since"
            return f"FILLED {volume} at {price}, ticket {act.order_ticket}{since}"
        case ActState.WORKING if act.order is not None and act.order.rests:
            until = ms_text(act.order.expiration_ms, 0)
            entry = price_text(act.order.entry_points, act.digits)
            return f"WORKING, {act.order.entry_type.name} at {entry} until {until}, ticket {act.order_ticket}"
        case ActState.CANCELLED:
            return f"CANCELLED {act.detail}, ticket {act.order_ticket}"
        case ActState.EXPIRED if act.order_ticket:
            return f"EXPIRED at the broker, ticket {act.order_ticket}"
        case ActState.DONE if act.kind is ActKind.CANCEL and act.order is not None:
            return f"DONE, order {act.order.ticket} is cancelled"
        case ActState.DONE if act.deal_ticket:
            return f"DONE at {price}, deal {act.deal_ticket}"
        case ActState.DONE:
            return ", ".join(filter(None, ("DONE", changes(act))))
        case ActState.DENIED:
            return "DENIED by us: " + ", ".join(act.codes) + (f" ({act.detail})" if act.by == "approval" else "")
        case ActState.AWAITING_APPROVAL if act.approval is not None:
            return f"AWAITING APPROVAL by a second person: {'; '.join(act.approval.why)}"
        case ActState.EXPIRED if act.by == "approval":
            return f"EXPIRED unapproved: {act.detail}"
        case ActState.REJECTED:
            return f"REJECTED by the broker: {retcodes.name(act.retcode)} ({act.retcode})"
        case ActState.NOT_EXECUTED:
            why = ", ".join(act.codes) or act.detail or act.by
            return f"NOT EXECUTED, proven by {act.by}: {why}"
        case ActState.UNKNOWN:
            return f"UNKNOWN since {act.by}: {act.detail}; its exposure is held, nothing is resent"
        case ActState.QUARANTINED:
            return f"QUARANTINED: {act.detail}; a person decides"
        case _:
            return act.state.value


def changes(act: Act) -> str:
    """What an act is about that deals nothing: levels, an order, a plan; "" of any other."""
    order = act.order
    if order is None or order.volume_steps:
        return ""
    if act.kind is ActKind.CANCEL:
        return f"order {order.ticket}"
    if act.kind is ActKind.SET_PLAN:
        return f"plan {', '.join(step.kind.name for step in order.plan) or 'none'}"
    if not order.moves_levels:
        return ""
    stop = _moved(act.stop_was_points, order.stop_points, act.digits, "NONE")
    target = _moved(act.target_was_points, order.target_points, act.digits, "none")
    moved = [f"{name} {text}" for name, text in (("stop", stop), ("target", target)) if "->" in text]
    return ", ".join(moved) or f"stop {stop} as it was"


def _moved(was: int, points: int, digits: int, none: str) -> str:
    """A level before and after."""
    before, after = (price_text(each, digits) if each else none for each in (was, points))
    return after if was == points else f"{before} -> {after}"


def how_approved(state: State, act: Act) -> str:
    """Who may let a waiting fire go, and how."""
    names = approvals.who_may(state, act)
    if not names:
        return "nobody may approve it: hydractl operator role"
    wait = f", by another identity, {ALONE_AFTER_NS // MINUTE} minutes later" if _is_alone(state, act) else ""
    return f"hydractl approve {act_id_text(act)}, by {' or '.join(names)}{wait}"


def _is_alone(state: State, act: Act) -> bool:
    asked = state.operator(act.actor)
    names = approvals.who_may(state, act)
    return asked is not None and names == (asked.name,)


def approval_view(state: State, act: Act) -> ApprovalView | None:
    """What a second person is, or was, asked about this fire."""
    approval = act.approval
    if approval is None:
        return None
    waits = act.state is ActState.AWAITING_APPROVAL
    mission = state.missions[act.mission]
    return ApprovalView(
        why=approval.why,
        asked_by=crew.name_of(state, act.actor),
        asked_at=ns_text(approval.asked_ns),
        due_at=ns_text(approval.due_ns),
        mission_expires_at=ms_text(mission.signal.expires_ms, 0),
        approvers=approvals.who_may(state, act) if waits else (),
        how=how_approved(state, act) if waits else None,
        approved_by=crew.name_of(state, approval.by) if approval.by else None,
        approved_at=ns_text(approval.at_ns) if approval.by else None,
        surface=approval.surface or None,
    )


def act_row(state: State, now_ns: int, act: Act) -> ActRow:
    order = act.order
    deals = order is not None and order.volume_steps > 0
    asked = act.price_points and order and order.entry_points
    slippage = (act.price_points - order.entry_points) * order.side.sign if asked and order else None
    return ActRow(
        id=act_id_text(act),
        kind=act.kind.name,
        state=act.state.value,
        mission=mission_id_text(act.mission),
        position=position_id_text(act.position) if act.position else None,
        account=act.account,
        terminal=act.terminal or None,
        symbol=order.symbol if order and order.symbol else _symbol(state, act),
        side=order.side.name if order and order.symbol else _side(state, act),
        volume=volume_text(order.volume_steps, act.volume_step) if order and act.volume_step and deals else "",
        requested_at=ns_text(act.requested_ns),
        market_at=ms_text(act.market_ms),
        by=act.actor,
        surface=act.surface,
        age_s=seconds(now_ns - act.requested_ns),
        retcode=act.retcode or None,
        retcode_name=retcodes.name(act.retcode) if act.retcode else None,
        ticket=act.order_ticket or None,
        price=price_text(act.price_points, act.digits) if act.price_points else None,
        filled_volume=volume_text(act.volume_steps, act.volume_step) if act.volume_steps else None,
        slippage_points=slippage,
        codes=act.codes,
        verdict=verdict_line(act),
        reason=act.reason or None,
        approval=approval_view(state, act),
        changes=changes(act) or None,
        realised=realised.of_act(state, act),
    )


def _symbol(state: State, act: Act) -> str:
    mission = state.missions.get(act.mission)
    return mission.signal.symbol if mission else ""


def _side(state: State, act: Act) -> str:
    mission = state.missions.get(act.mission)
    return mission.signal.side.name if mission else ""


def check_rows(checks: tuple[Check, ...]) -> tuple[CheckRow, ...]:
    return tuple(CheckRow(c.code, c.ok, c.measured, c.limit) for c in checks)


def order_view(order: Order, digits: int, step: Decimal, digest: bytes, left_out: tuple[str, ...] = ()) -> OrderView:
    def price(points: int) -> str | None:
        return price_text(points, digits) if points else None

    return OrderView(
        account=order.account,
        symbol=order.symbol,
        side=order.side.name,
        type=order.entry_type.name,
        volume=volume_text(order.volume_steps, step),
        entry=price(order.entry_points),
        collar=price(order.collar_points),
        stop=price(order.stop_points),
        target=price(order.target_points),
        plan=plan_views.rows_of_order(order, digits, step),
        hash=digest.hex(),
        plan_left_out=left_out,
        expires_at=ms_text(order.expiration_ms, 0) if order.expiration_ms else None,
    )


def _order_of(state: State, act: Act) -> OrderView | None:
    if act.order is None or not act.volume_step:
        return None
    if act.kind is ActKind.SET_PLAN:
        return _plan_order(state, act, act.order)
    return order_view(act.order, act.digits, act.volume_step, act.order_hash)


def _plan_order(state: State, act: Act, order: Order) -> OrderView:
    """What replaces a plan is no order of the broker's: its position, and the steps."""
    position = state.positions[act.position]
    return OrderView(
        account=order.account,
        symbol=position.symbol,
        side=position.side.name,
        type="PLAN",
        volume=volume_text(position.volume_steps, position.volume_step),
        entry=None,
        collar=None,
        stop=None,
        target=None,
        plan=plan_views.rows_of_set(state, position, order.plan),
        hash=act.order_hash.hex(),
    )


def act_show(state: State, now_ns: int, act: Act) -> ActShow:
    return ActShow(
        act_row(state, now_ns, act),
        _order_of(state, act),
        check_rows(act.checks),
        money_text(act.risk_money) if act.risk_money else None,
        state.accounts[act.account].currency,
    )


def fire_answer(state: State, now_ns: int, acts: tuple[int, ...]) -> FireAnswer:
    """Answer of fire, close and modify: the first act in full, a row for each."""
    rows = tuple(act_row(state, now_ns, state.acts[number]) for number in acts)
    first = state.acts[acts[0]]
    return FireAnswer(
        dry_run=False,
        would=rows[0].verdict,
        act=rows[0],
        acts=rows,
        mission=mission_id_text(first.mission),
        order=_order_of(state, first),
        checks=check_rows(first.checks),
        risk_money=money_text(first.risk_money) if first.risk_money else None,
        currency=state.accounts[first.account].currency,
        basis=_basis(first.checks),
    )


def _basis(checks: tuple[Check, ...]) -> str | None:
    return next((check.measured for check in checks if check.code == Reason.BASIS.name), None)


def would(verdict: risk.Verdict) -> str:
    if verdict.ok:
        return f"would be ROUTED to {verdict.terminal}"
    if approvals.only_missing(verdict):
        why = next(check.measured for check in verdict.checks if check.code == Reason.APPROVAL.name)
        return f"would be AWAITING APPROVAL by a second person: {why}"
    return "would be DENIED: " + ", ".join(verdict.codes)


def target_row(verdict: risk.Verdict, account: Account, multiplier: Decimal) -> TargetRow:
    """One account of a dry run."""
    order, terms = verdict.order, verdict.terms
    return TargetRow(
        account=account.name,
        kind=account.kind.value,
        multiplier=f"{multiplier.normalize():f}",
        terminal=verdict.terminal or None,
        volume=volume_text(order.volume_steps, terms.volume_step) if order and terms else None,
        risk_money=money_text(verdict.risk_money) if verdict.risk_money else None,
        currency=account.currency,
        basis=f"{verdict.basis.points:+d} points" if verdict.basis else None,
        would=would(verdict),
        codes=verdict.codes,
        failed=check_rows(tuple(check for check in verdict.checks if not check.ok)),
    )


def dry_run(state: State, verdict: risk.Verdict, account: Account, targets: tuple[TargetRow, ...] = ()) -> FireAnswer:
    """`verdict` is of the first account."""
    order = None
    if verdict.order and verdict.terms:
        terms = verdict.terms
        order = order_view(verdict.order, terms.digits, terms.volume_step, verdict.order_hash, verdict.left_out)
    return FireAnswer(
        dry_run=True,
        would=would(verdict),
        act=None,
        acts=(),
        mission=None,
        order=order,
        checks=check_rows(verdict.checks),
        risk_money=money_text(verdict.risk_money),
        currency=account.currency,
        targets=targets,
        basis=_basis(verdict.checks),
    )
