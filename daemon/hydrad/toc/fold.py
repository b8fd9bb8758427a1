"""`apply(state, record)`: the only thing that changes durable state, live and in the fold alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hydrad.domain import calendar
from hydrad.domain.ids import act_id, sequence_of
from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.domain.news import NewsEvent
from hydrad.domain.orders import ActKind, Side
from hydrad.toc import act as acts
from hydrad.toc import fold_arming, fold_guards, fold_oncall, fold_terminals, planning
from hydrad.toc import fold_crew as crew
from hydrad.toc import mission as missions
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, HOLDING, ActEvent, ActState
from hydrad.toc.mission import MissionState
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.service import Service
from hydrad.toc.state import (
    Account,
    Act,
    Alarm,
    Approval,
    Job,
    Key,
    Mission,
    Note,
    Position,
    SetupCount,
    State,
    Terminal,
)
from hydrad.toc.terminal import Cause, Duty

FOLD_VERSION = 12
PROPOSED = "PROPOSED"  # what a setup became, in `state.setups`
ENTRY_IN = 0  # of a deal
ALARMS_PAST_MAX = 200
FINDINGS_MAX = 1_000
PENDING = frozenset(ActState) - FINAL - HOLDING


def apply(state: State, record: Record) -> None:
    """Fold one record into the state. Raises AssertionError on a hole in the sequence, IllegalMove on an event
    that its table does not have."""
    assert record.seq == state.seq + 1, f"record {record.seq} after {state.seq}"
    apply_body(state, record, r.decode(record.type, record.body))


def apply_body(state: State, record: Record, body: Body) -> None:
    """As `apply`, for a body that is at hand already."""
    state.seq = record.seq
    state.market_ms = max(state.market_ms, record.market_ms)
    handler = _HANDLERS.get(type(body))
    if handler is not None:
        handler(state, record, body)


def _used(state: State, number: int) -> None:
    state.next_number = max(state.next_number, number + 1)


def _home_created(state: State, record: Record, body: r.HomeCreated) -> None:
    assert record.seq == 1, "a home is created once"
    state.mode, state.tag, state.created_ns = body.mode, body.tag, record.at_ns
    state.live_feed = body.live_feed


def _daemon_started(state: State, record: Record, body: r.DaemonStarted) -> None:
    assert body.epoch == state.epoch + 1, f"epoch {body.epoch} after {state.epoch}"
    state.epoch, state.instance, state.started_ns = body.epoch, body.instance, record.at_ns
    state.code_version = body.code_version
    state.limits, state.timing = body.limits, body.timing
    state.guards = body.guards
    state.news_mode = body.news_mode or state.news_mode
    _name_plans(state, body.plans)


def _account_added(state: State, record: Record, body: r.AccountAdded) -> None:
    assert body.name not in state.accounts
    assert body.feed_only or state.mode.takes(body.kind), "paper and real never mix"
    state.accounts[body.name] = Account(
        body.name, body.kind, body.login, body.server, body.currency, body.hedging, body.feed_only
    )


def _phone_set(state: State, record: Record, body: r.BrokerPhoneSet) -> None:
    state.accounts[body.account].phone = body.phone


def _terminal_enrolled(state: State, record: Record, body: r.TerminalEnrolled) -> None:
    known = state.terminals.get(body.name)
    rank = known.rank if known else max((t.rank for t in state.terminals.values()), default=-1) + 1
    state.terminals[body.name] = Terminal(body.name, body.account, body.public_key, body.symbols, rank, body.feed_only)


def _terminal_duty(state: State, record: Record, body: r.TerminalDutySet) -> None:
    terminal = state.terminals[body.terminal]
    terminal.duty, terminal.why = body.duty, body.why
    terminal.drained = False
    terminal.cause = (body.cause or Cause.PERSON) if body.duty is Duty.QUARANTINED else None


def _ledger_booked(state: State, record: Record, body: r.LedgerBooked) -> None:
    terminal = state.terminals[body.terminal]
    if body.ledger_id != terminal.ledger_id or body.length < terminal.ledger_known:
        terminal.ledger_count += 1
    terminal.ledger_id, terminal.ledger_known = body.ledger_id, body.length


def _mission_proposed(state: State, record: Record, body: r.MissionProposed) -> None:
    _used(state, body.number)
    state.missions[body.number] = Mission(
        body.number, body.signal, body.origin, body.source, MissionState.PROPOSED, record.at_ns
    )
    state.missions_open.add(body.number)
    state.missions_unended.add(body.number)
    if body.origin == "apex":
        s = body.signal
        _counted(state, s.symbol, s.detector, PROPOSED, s.at_ms, "")


def _mission_moved(state: State, record: Record, body: r.MissionMoved) -> None:
    mission = state.missions[body.number]
    mission.state = missions.after(mission.state, body.event)
    if not missions.TRANSITIONS[mission.state]:
        state.missions_open.discard(body.number)


def _mission_passed(state: State, record: Record, body: r.MissionPassed) -> None:
    passed = state.missions[body.number].passed_by
    if body.identity not in passed:
        passed.append(body.identity)


def _mission_outcome(state: State, record: Record, body: r.MissionOutcome) -> None:
    mission = state.missions[body.number]
    mission.outcome, mission.outcome_r_milli = body.outcome, body.r_milli
    state.missions_unended.discard(body.number)


def _suppressed(state: State, record: Record, body: r.SignalSuppressed) -> None:
    reason = body.suppressed.reason
    state.suppressed[reason] = state.suppressed.get(reason, 0) + 1
    s = body.suppressed
    _counted(state, s.symbol, s.detector, reason, s.at_ms, s.detail)


def _counted(state: State, symbol: str, detector: str, became: str, at_ms: int, detail: str) -> None:
    """One more setup. A setup of a day before the newest one's, which a late source may bring, counts in all only."""
    key = f"{symbol}/{detector}/{became}"
    count = state.setups.get(key)
    if count is None:
        count = state.setups[key] = SetupCount(symbol, detector, became)
    count.total += 1
    day = calendar.trading_day(at_ms)
    if day > count.day:
        count.day, count.today = day, 0
    count.today += day == count.day
    if at_ms >= count.last_ms:
        count.last_ms, count.detail = at_ms, detail


def _act_requested(state: State, record: Record, body: r.ActRequested) -> None:
    assert body.act_id not in state.acts, "an act id is used once"
    steps = planning.room(state.plans, body.plan) if body.kind is ActKind.FIRE else 0
    _used(state, sequence_of(body.act_id) + steps)
    state.acts[body.act_id] = Act(
        act_id=body.act_id,
        kind=body.kind,
        state=ActState.REQUESTED,
        account=body.account,
        mission=body.mission,
        position=body.position,
        actor=record.actor,
        surface=record.surface,
        requested_ns=record.at_ns,
        market_ms=record.market_ms,
        deadline_ns=body.deadline_ns,
        reason=body.reason,
        key=body.key,
        volume_asked_steps=body.volume_asked_steps,
        risk_asked_percent=body.risk_asked_percent,
        plan=body.plan,
        moved_ns=record.at_ns,
        again=body.again,
    )
    _index(state, state.acts[body.act_id])
    if body.mission:
        state.missions[body.mission].acts.append(body.act_id)
    if body.key:
        key = state.keys.setdefault((record.actor, body.key), Key(body.asked, []))
        assert key.asked == body.asked, "a key names one request"
        key.acts.append(body.act_id)


def _act_judged(state: State, record: Record, body: r.ActJudged) -> None:
    act = state.acts[body.act_id]
    act.order, act.order_hash, act.checks = body.order, body.order_hash, body.checks
    act.digits, act.volume_step = body.digits, body.volume_step
    act.risk_money, act.base_money = body.risk_money, body.base_money
    fire_id = state.positions[act.position].fire_id if act.kind is ActKind.SET_PLAN else body.act_id
    for step in body.order.plan if body.order else ():
        _used(state, sequence_of(step.act_id))
        state.plan_fires[step.act_id] = fire_id
        state.plan_steps[step.act_id] = step


def _act_moved(state: State, record: Record, body: r.ActMoved) -> None:
    act = state.acts[body.act_id]
    act.state = acts.after(act.state, body.event)
    act.by, act.moved_ns = body.by, record.at_ns
    act.codes = body.codes or act.codes
    act.detail = body.detail or act.detail
    act.retcode = body.retcode or act.retcode
    act.order_ticket = body.order_ticket or act.order_ticket
    act.deal_ticket = body.deal_ticket or act.deal_ticket
    act.price_points = body.price_points or act.price_points
    act.volume_steps = body.volume_steps or act.volume_steps
    if body.event is ActEvent.ROUTE:
        act.terminal, act.epoch = body.terminal, body.epoch
        act.ledger = state.terminals[body.terminal].ledger_count
        if act.kind is ActKind.FIRE:
            _routed(state, act.account, record.market_ms)
            crew.fired(state, act.actor, record.market_ms)
            state.accounts[act.account].day_fires += 1
            state.accounts[act.account].day_fired.append(act.act_id)
    if body.event is ActEvent.EXECUTE and act.kind is ActKind.SET_PLAN and act.order is not None:
        position = state.positions[act.position]
        position.plan, position.plan_act, position.terminal = act.order.plan, act.act_id, act.terminal
    _index(state, act)


def _index(state: State, act: Act) -> None:
    for index, within in (
        (state.acts_open, act.state not in FINAL),
        (state.acts_pending, act.state in PENDING),
        (state.resting, act.state is ActState.WORKING and act.kind is ActKind.FIRE),
        (state.awaiting, act.state is ActState.AWAITING_APPROVAL),
    ):
        if within:
            index.add(act.act_id)
        else:
            index.discard(act.act_id)


def _approval_asked(state: State, record: Record, body: r.ApprovalAsked) -> None:
    asked_ns = record.at_ns
    state.acts[body.act_id].approval = Approval(body.why, asked_ns, body.due_ns, body.rules, body.contract)


def _act_approved(state: State, record: Record, body: r.ActApproved) -> None:
    act = state.acts[body.act_id]
    approval = act.approval
    assert approval is not None and not approval.by, "an approval is asked for, and used once"
    assert act.order_hash == body.order_hash, "an approval is of one order"
    act.deadline_ns = body.deadline_ns
    approval.by, approval.surface, approval.at_ns = record.actor, record.surface, record.at_ns
    if body.key:
        state.keys[(record.actor, body.key)] = Key(body.asked, [body.act_id])


def _routed(state: State, account: str, market_ms: int) -> None:
    recent = [ms for ms in state.routed_ms.get(account, ()) if market_ms - ms < MINUTE_MS]
    state.routed_ms[account] = [*recent, market_ms]


def _plan_step_begun(state: State, record: Record, body: r.PlanStepBegun) -> None:
    fire = state.acts[body.fire_id]
    if fire.mission and body.act_id not in state.acts:
        state.missions[fire.mission].acts.append(body.act_id)
    state.acts[body.act_id] = Act(
        act_id=body.act_id,
        kind=ActKind.PLAN_STEP,
        state=ActState.ACKED,
        account=fire.account,
        mission=fire.mission,
        position=fire.position,
        actor="plan",
        surface="agent",
        requested_ns=record.at_ns,
        market_ms=record.market_ms,
        deadline_ns=0,
        reason="plan",
        key="",
        order=body.order,
        order_hash=body.order_hash,
        digits=fire.digits,
        volume_step=fire.volume_step,
        terminal=body.terminal,
        epoch=state.epoch,
        ledger=state.terminals[body.terminal].ledger_count,
        move=body.move,
        moved_ns=record.at_ns,
    )
    _index(state, state.acts[body.act_id])


def _agent_act_begun(state: State, record: Record, body: r.AgentActBegun) -> None:
    terminal, position = state.terminals[body.terminal], state.positions.get(body.position)
    fire = state.acts[position.fire_id] if position else _resting_fire(state, terminal.account, body.order.ticket)
    reason = alone_why(body.order.kind)
    requested = r.ActRequested(
        body.act_id, body.order.kind, terminal.account, fire.mission if fire else 0, body.position, "", b"", 0, reason
    )
    _act_requested(state, record, requested)
    act = state.acts[body.act_id]
    act.actor, act.surface, act.state = "agent", "agent", ActState.ACKED
    act.order, act.order_hash, act.move, act.local_id = body.order, body.order_hash, body.move, body.local_id
    act.terminal, act.epoch, act.ledger = body.terminal, record.epoch, terminal.ledger_count
    if fire is not None:
        act.digits, act.volume_step = fire.digits, fire.volume_step
    state.agent_acts[fold_guards.agent_act_key(body.terminal, body.ledger_id, body.local_id, body.move)] = body.act_id
    _index(state, act)


def _resting_fire(state: State, account: str, ticket: int) -> Act | None:
    fires = (state.acts[number] for number in sorted(state.resting))
    return next((fire for fire in fires if fire.account == account and fire.order_ticket == ticket), None)


def alone_why(kind: ActKind) -> str:
    """Why an agent begins such an act by itself."""
    return "dead-man" if kind is ActKind.CANCEL else "equity floor"


def _position_opened(state: State, record: Record, body: r.PositionOpened) -> None:
    _hold_position(state, body)
    if state.accounts[body.account].armed:
        state.accounts[body.account].armed_fills += 1


def _hold_position(state: State, body: r.PositionOpened) -> None:
    """One that was adopted is held like one that was fired, and is no fill of ours."""
    assert body.number not in state.positions, "a fire opens one position"
    order = state.acts[body.fire_id].order
    state.positions[body.number] = Position(
        number=body.number,
        fire_id=body.fire_id,
        account=body.account,
        terminal=body.terminal,
        position_id=body.position_id,
        symbol=body.symbol,
        digits=body.digits,
        volume_step=body.volume_step,
        side=Side(body.side),
        volume_steps=body.volume_steps,
        opened_steps=body.volume_steps,
        open_points=body.open_points,
        stop_points=body.stop_points,
        target_points=body.target_points,
        opened_ms=body.at_ms,
        plan=order.plan if order else (),
    )
    state.positions_open.add(body.number)
    state.position_numbers[(body.account, body.position_id)] = body.number
    state.acts[body.fire_id].position = body.number


def _adopted(state: State, record: Record, body: r.PositionAdopted) -> None:
    """As after a fire that was filled: the act that stands for it, and the position that it holds."""
    number = sequence_of(body.act_id)
    requested = r.ActRequested(
        body.act_id, ActKind.FIRE, body.account, 0, 0, body.key, body.asked, 0, body.reason, plan="none"
    )
    _act_requested(state, record, requested)
    act = state.acts[body.act_id]
    act.state, act.by, act.terminal, act.epoch = ActState.FILLED, "adopt", body.terminal, record.epoch
    act.order, act.order_hash, act.digits, act.volume_step = body.order, body.order_hash, body.digits, body.volume_step
    act.order_ticket, act.price_points = body.order.ticket, body.open_points
    act.volume_steps, act.risk_money, act.base_money = body.order.volume_steps, body.risk_money, body.base_money
    act.ledger = state.terminals[body.terminal].ledger_count
    _index(state, act)
    opened = r.PositionOpened(
        number=number,
        fire_id=body.act_id,
        account=body.account,
        terminal=body.terminal,
        position_id=body.order.position_id,
        symbol=body.order.symbol,
        digits=body.digits,
        volume_step=body.volume_step,
        side=int(body.order.side),
        volume_steps=body.order.volume_steps,
        open_points=body.open_points,
        stop_points=body.stop_points,
        target_points=body.target_points,
        at_ms=body.at_ms,
    )
    _hold_position(state, opened)
    state.foreign.pop((body.account, body.order.ticket), None)


def _position_changed(state: State, record: Record, body: r.PositionChanged) -> None:
    position = state.positions[body.number]
    position.volume_steps = body.volume_steps
    position.stop_points, position.target_points = body.stop_points, body.target_points


def _deal_booked(state: State, record: Record, body: r.DealBooked) -> None:
    position = state.positions[body.number]
    assert body.ticket not in position.deals, "a deal is booked once"
    position.deals.append(body.ticket)
    position.profit += body.profit + body.swap + body.commission
    position.swap += body.swap
    position.commission += body.commission
    if body.entry == ENTRY_IN:
        position.in_steps += body.volume_steps
        position.opened_steps = position.in_steps
    else:
        position.closed_steps += body.volume_steps
    position.volume_steps = position.opened_steps - position.closed_steps


def _position_closed(state: State, record: Record, body: r.PositionClosed) -> None:
    position = state.positions[body.number]
    position.open, position.volume_steps = False, 0
    position.close_reason, position.close_points = body.reason, body.close_points
    position.profit, position.r_milli, position.closed_ms = body.profit, body.r_milli, body.at_ms
    state.positions_open.discard(body.number)
    if body.profit < 0:
        account = state.accounts[position.account]
        account.last_loss_ms = max(account.last_loss_ms, body.at_ms)


def _deals_read(state: State, record: Record, body: r.DealsRead) -> None:
    account = state.accounts[body.account]
    account.deals_after = body.after
    if account.funds is not None:
        account.funds += body.funds_change


def _foreign_seen(state: State, record: Record, body: r.ForeignSeen) -> None:
    _used(state, body.number)
    state.foreign[(body.account, body.ticket)] = body.number


def _cash_booked(state: State, record: Record, body: r.CashBooked) -> None:
    fold_guards.cash_booked(state.accounts[body.account], body)


def _day_started(state: State, record: Record, body: r.DayStarted) -> None:
    account = state.accounts[body.account]
    account.day, account.day_equity, account.day_cash = body.day, body.equity, Decimal(0)
    account.day_fires, account.day_fired = 0, []
    if account.start_equity is None:
        account.start_equity = body.equity


def _authority_set(state: State, record: Record, body: r.AuthoritySet) -> None:
    where = state.accounts[body.account] if body.account else state
    where.authority, where.authority_ns = body.level, record.at_ns
    if not body.account:
        state.authority_reason = body.reason


def _alarm_raised(state: State, record: Record, body: r.AlarmRaised) -> None:
    _used(state, body.number)
    state.alarms[body.number] = Alarm(
        number=body.number,
        code=body.code,
        subject=body.subject,
        text=body.text,
        since_ns=record.at_ns,
        severity=body.severity,
        account=body.account,
        owner=body.owner,
        told=(body.owner,) if body.owner else (),
        told_ns=record.at_ns,
    )


def _alarm_cleared(state: State, record: Record, body: r.AlarmCleared) -> None:
    alarm = state.alarms.pop(body.number)
    alarm.cleared_ns, alarm.cleared_why = record.at_ns, body.why
    state.alarms_past = [*state.alarms_past, alarm][-ALARMS_PAST_MAX:]


def _alarm_acknowledged(state: State, record: Record, body: r.AlarmAcknowledged) -> None:
    alarm = state.alarms[body.number]
    alarm.acked_by, alarm.acked_ns, alarm.ack_note = record.actor, record.at_ns, body.note


def _alarm_repeated(state: State, record: Record, body: r.AlarmRepeated) -> None:
    alarm = state.alarms[body.number]
    alarm.repeats, alarm.step, alarm.told, alarm.told_ns = body.repeats, body.step, body.told, record.at_ns


def _alarm_changed(state: State, record: Record, body: r.AlarmChanged) -> None:
    state.alarms[body.number].text = body.text


def _finding_made(state: State, record: Record, body: r.FindingMade) -> None:
    state.findings.append(record.seq)
    del state.findings[:-FINDINGS_MAX]


def _note_made(state: State, record: Record, body: r.NoteMade) -> None:
    note = Note(record.actor, record.at_ns, body.text, body.tag)
    state.notes.setdefault(body.subject, []).append(note)


def _news_ahead(state: State, record: Record, body: r.NewsAhead) -> None:
    _news_told(state, body.event, 1)


def _news_window(state: State, record: Record, body: r.NewsWindow) -> None:
    _news_told(state, body.event, 2)


def _news_told(state: State, event: NewsEvent, stage: int) -> None:
    """Kept for a day after the event, so that no restart tells it twice."""
    recent = {key: told for key, told in state.news_told.items() if event.time_ms - int(key.split()[0]) < DAY_MS}
    state.news_told = recent | {event.key: stage}


def _service_changed(state: State, record: Record, body: r.ServiceChanged) -> None:
    known = state.services.get(body.name)
    since_ns = known.since_ns if known and known.state is body.state else record.at_ns
    state.services[body.name] = Service(body.name, body.wanted, body.state, since_ns, body.restarts, body.why)


def _job_ran(state: State, record: Record, body: r.JobRan) -> None:
    state.jobs[body.name] = Job(body.name, body.scheduled_ns, body.began_ns, body.ended_ns, body.ok, body.detail)


def _config_changed(state: State, record: Record, body: r.ConfigChanged) -> None:
    state.limits, state.timing = body.limits, body.timing or state.timing


def _timing_changed(state: State, record: Record, body: r.TimingChanged) -> None:
    state.timing = body.timing


def _plans_changed(state: State, record: Record, body: r.PlansChanged) -> None:
    _name_plans(state, body.plans)


def _name_plans(state: State, plans: dict[str, str]) -> None:
    state.plans = dict(plans)
    state.plans_ever |= plans


def _news_mode(state: State, record: Record, body: r.NewsModeSet) -> None:
    state.news_mode = body.mode


_HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.HomeCreated: _home_created,
    r.DaemonStarted: _daemon_started,
    **crew.HANDLERS,
    r.AccountAdded: _account_added,
    r.BrokerPhoneSet: _phone_set,
    r.TerminalEnrolled: _terminal_enrolled,
    r.TerminalDutySet: _terminal_duty,
    r.LedgerBooked: _ledger_booked,
    r.MissionProposed: _mission_proposed,
    r.MissionMoved: _mission_moved,
    r.MissionPassed: _mission_passed,
    r.MissionOutcome: _mission_outcome,
    r.SignalSuppressed: _suppressed,
    r.ActRequested: _act_requested,
    r.ActJudged: _act_judged,
    r.ActMoved: _act_moved,
    r.ApprovalAsked: _approval_asked,
    r.ActApproved: _act_approved,
    r.PlanStepBegun: _plan_step_begun,
    r.PositionOpened: _position_opened,
    r.PositionChanged: _position_changed,
    r.DealBooked: _deal_booked,
    r.PositionClosed: _position_closed,
    r.DealsRead: _deals_read,
    r.ForeignSeen: _foreign_seen,
    r.CashBooked: _cash_booked,
    r.DayStarted: _day_started,
    r.AuthoritySet: _authority_set,
    r.AlarmRaised: _alarm_raised,
    r.AlarmCleared: _alarm_cleared,
    r.NewsAhead: _news_ahead,
    r.NewsWindow: _news_window,
    **fold_guards.HANDLERS,
    **fold_terminals.HANDLERS,
    **fold_arming.HANDLERS,
    **fold_oncall.HANDLERS,
    r.PositionAdopted: _adopted,
    r.AgentActBegun: _agent_act_begun,
    r.AlarmAcknowledged: _alarm_acknowledged,
    r.AlarmRepeated: _alarm_repeated,
    r.AlarmChanged: _alarm_changed,
    r.FindingMade: _finding_made,
    r.NoteMade: _note_made,
    r.ServiceChanged: _service_changed,
    r.JobRan: _job_ran,
    r.ConfigChanged: _config_changed,
    r.TimingChanged: _timing_changed,
    r.PlansChanged: _plans_changed,
    r.NewsModeSet: _news_mode,
}


def new_act_id(state: State) -> int:
    """The next act id; the record that uses it moves the sequence on."""
    return act_id(state.tag, state.next_number)
