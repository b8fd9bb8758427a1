"""Records as events for people and scripts: one line of text, the ids concerned, the fields as facts."""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, act_id, parse, show
from hydrad.domain.instants import duration_text, ms_text, ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import ActKind, Side
from hydrad.link import retcodes
from hydrad.toc import narrate_arming, narrate_crew, narrate_guards, narrate_oncall, narrate_terminals
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import State
from hydrad.toc.texts import act_id_text
from hydrad.wire.answers.journal import Event

Told = tuple[str, tuple[str, ...], str]  # text, ids, symbol


def event(state: State, record: Record) -> Event:
    """One record as `tail` and `trace` show it. `state` gives ids and digits of what the record speaks of."""
    body = r.decode(record.type, record.body)
    teller = _TELLERS.get(type(body))
    text, ids, symbol = teller(state, body) if teller else ("", (), "")
    facts = {name: _plain(getattr(body, name)) for name in body.__struct_fields__}
    if symbol:
        facts["symbol"] = symbol
    return Event(
        seq=record.seq,
        at=ns_text(record.at_ns, 6),
        market_at=ms_text(record.market_ms) if record.market_ms else None,
        kind=record.type,
        text=text,
        actor=record.actor,
        surface=record.surface,
        ids=ids,
        facts=facts,
    )


def _plain(value: Any) -> Any:
    """Structs by field name, bytes as hex, decimals as text."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value, str) else value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return str(value if value else abs(value))  # nothing has no sign
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _act(state: State, act_id: int) -> tuple[str, tuple[str, ...], str]:
    """Shown id, all ids concerned, symbol."""
    act = state.acts[act_id]
    ids = [act_id_text(act)]
    if act.mission:
        ids.append(show(IdKind.MISSION, act.mission))
    if act.position:
        ids.append(show(IdKind.POSITION, act.position))
    symbol = act.order.symbol if act.order else ""
    if not symbol and act.mission:
        symbol = state.missions[act.mission].signal.symbol
    return ids[0], tuple(ids), symbol


def _home_created(state: State, b: r.HomeCreated) -> Told:
    return f"{b.mode.value} home created, commander {b.commander}, tzdata {b.tzdata_version}", (), ""


def _daemon_started(state: State, b: r.DaemonStarted) -> Told:
    return f"daemon {b.code_version} started, epoch {b.epoch}, instance {b.instance}", (), ""


def _daemon_stopped(state: State, b: r.DaemonStopped) -> Told:
    return f"daemon stopped: {b.reason}", (), ""


def _account(state: State, b: r.AccountAdded) -> Told:
    book = "hedging" if b.hedging else "netting"
    return f"account {b.name}: {b.kind.value} {b.login}@{b.server}, {b.currency}, {book}", (), ""


def _phone(state: State, b: r.BrokerPhoneSet) -> Told:
    return f"{b.account} broker's phone {b.phone or 'taken off its card'}", (), ""


def _enrolled(state: State, b: r.TerminalEnrolled) -> Told:
    return f"terminal {b.name} enrolled for {b.account}", (), ""


def _session(state: State, b: r.TerminalSession) -> Told:
    return f"{b.terminal} READY: epoch {b.epoch} stored, ledger of {b.ledger_length} entries read", (), ""


def _link(state: State, b: r.TerminalLinkChanged) -> Told:
    return f"{b.terminal} {b.link}: {b.why}", (), ""


def _source(state: State, b: r.SourceChanged) -> Told:
    symbol = b.symbols[0] if len(b.symbols) == 1 else ""
    return (
        f"ticks of {', '.join(b.symbols)} are taken from {b.terminal}, no longer from {b.before}: {b.why}",
        (),
        symbol,
    )


def _duty(state: State, b: r.TerminalDutySet) -> Told:
    return f"{b.terminal} duty {b.duty.value}: {b.why}", (), ""


def _ledger(state: State, b: r.LedgerBooked) -> Told:
    return f"{b.terminal} ledger booked to entry {b.length}", (), ""


def _proposed(state: State, b: r.MissionProposed) -> Told:
    s, shown = b.signal, show(IdKind.MISSION, b.number)
    target = f", target {price_text(s.target_points, s.digits)}" if s.target_points else ""
    text = (
        f"{shown} {s.kind.value} {s.symbol} {s.side.name} at {price_text(s.entry_points, s.digits)}, "
        f"stop {price_text(s.stop_points, s.digits)}{target}, R {s.r_milli / 1000:.2f}, TCS "
        f"{'not calibrated' if s.tcs is None else s.tcs}, expires {ms_text(s.expires_ms, 0)}"
    )
    return text, (shown,), s.symbol


def _suppressed(state: State, b: r.SignalSuppressed) -> Told:
    s = b.suppressed
    return f"{s.symbol} {s.detector} suppressed: {s.reason} {s.detail}", (), s.symbol


def _mission_moved(state: State, b: r.MissionMoved) -> Told:
    shown = show(IdKind.MISSION, b.number)
    words = {"ENGAGE": "engaged", "EXPIRE": "expired", "WITHDRAW": "withdrawn", "FINISH": "done"}
    why = f": {b.reason}" if b.reason else ""
    return f"{shown} {words[b.event.value]}{why}", (shown,), state.missions[b.number].signal.symbol


def _passed(state: State, b: r.MissionPassed) -> Told:
    shown = show(IdKind.MISSION, b.number)
    return f"{shown} passed by {b.identity}", (shown,), state.missions[b.number].signal.symbol


def _outcome(state: State, b: r.MissionOutcome) -> Told:
    shown = show(IdKind.MISSION, b.number)
    return f"{shown} outcome {b.outcome} {b.r_milli / 1000:+z.2f} R", (shown,), state.missions[b.number].signal.symbol


def _requested(state: State, b: r.ActRequested) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    what = f" '{b.plan}'" if b.kind is ActKind.SET_PLAN else ""
    return f"{shown} {b.kind.name}{what} requested on {b.account}", ids, symbol


def _judged(state: State, b: r.ActJudged) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    failed = [f"{c.code} ({c.measured}, limit {c.limit})" for c in b.checks if not c.ok]
    verdict = f"passed {len(b.checks)} checks" if b.ok else "failed " + "; ".join(failed)
    size = ""
    if b.order is not None and b.volume_step and b.order.volume_steps:
        size = f", {b.order.side.name} {volume_text(b.order.volume_steps, b.volume_step)}"
        if b.risk_money:
            size += f", risk {money_text(b.risk_money)}"
    return f"{shown} {verdict}{size}", ids, symbol


_WORDS: dict[ActEvent, str] = {
    ActEvent.DENY: "DENIED",
    ActEvent.QUEUE: "QUEUED in its lane",
    ActEvent.ROUTE: "ROUTED",
    ActEvent.WITHHOLD: "NOT EXECUTED, withheld",
    ActEvent.ACK: "ACKED, in the agent's ledger",
    ActEvent.DOUBT: "UNKNOWN",
    ActEvent.WORK: "WORKING at the broker",
    ActEvent.FILL: "FILLED",
    ActEvent.EXECUTE: "DONE",
    ActEvent.REJECT: "REJECTED by the broker",
    ActEvent.PROVE_ABSENT: "NOT EXECUTED, proven",
    ActEvent.BEGIN_CLOSE: "CLOSING",
    ActEvent.STAY_OPEN: "FILLED, stays open",
    ActEvent.POSITION_CLOSED: "CLOSED",
    ActEvent.CANCEL: "CANCELLED",
    ActEvent.ORDER_EXPIRED: "EXPIRED at the broker",
    ActEvent.QUARANTINE: "QUARANTINED",
    ActEvent.LAPSE: "EXPIRED unapproved",
    ActEvent.ASK_APPROVAL: "AWAITING APPROVAL",
}


def _moved(state: State, b: r.ActMoved) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    act = state.acts[b.act_id]
    parts = [f"{shown} {_WORDS[b.event]}"]
    if b.volume_steps and act.volume_step:
        parts.append(volume_text(b.volume_steps, act.volume_step))
    if b.price_points:
        parts.append(f"at {price_text(b.price_points, act.digits)}")
    if b.order_ticket:
        parts.append(f"ticket {b.order_ticket}")
    if b.terminal:
        parts.append(f"to {b.terminal}")
    if b.retcode:
        parts.append(f"{retcodes.name(b.retcode)} {b.retcode}")
    parts += b.codes
    parts.append(f"(by {b.by}{': ' + b.detail if b.detail else ''})")
    return " ".join(parts), ids, symbol


def _approval_asked(state: State, b: r.ApprovalAsked) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    return f"{shown} waits for a second person until {ns_text(b.due_ns)}: {'; '.join(b.why)}", ids, symbol


def _approved(state: State, b: r.ActApproved) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    return f"{shown} approved, order {b.order_hash.hex()[:16]}", ids, symbol


def _plan_step(state: State, b: r.PlanStepBegun) -> Told:
    shown, ids, symbol = _act(state, b.act_id)
    fire = act_id_text(state.acts[b.fire_id])
    step = state.plan_steps.get(b.act_id)
    what = f"{step.kind.name} " if step else ""
    act, again = state.acts[b.fire_id], f", move {b.move}" if b.move else ""
    if b.order.moves_levels:
        does = f"stop to {price_text(b.order.stop_points, act.digits)}"
    else:
        does = f"close {volume_text(b.order.volume_steps, act.volume_step)}"
    return f"{shown} {what}step of {fire}'s plan{again}: {does}, run by {b.terminal}", (*ids, fire), symbol


def _position_ids(state: State, number: int) -> tuple[str, ...]:
    position = state.positions[number]
    _, ids, _ = _act(state, position.fire_id)
    return (show(IdKind.POSITION, number), *(x for x in ids if not x.startswith("P")))


def _opened(state: State, b: r.PositionOpened) -> Told:
    shown = show(IdKind.POSITION, b.number)
    text = (
        f"{shown} {Side(b.side).name} {volume_text(b.volume_steps, b.volume_step)} {b.symbol} "
        f"open at {price_text(b.open_points, b.digits)}, position {b.position_id}"
    )
    return text, _position_ids(state, b.number), b.symbol


def _changed(state: State, b: r.PositionChanged) -> Told:
    position = state.positions[b.number]
    shown = show(IdKind.POSITION, b.number)
    stop = price_text(b.stop_points, position.digits) if b.stop_points else "NONE"
    target = price_text(b.target_points, position.digits) if b.target_points else "none"
    return f"{shown} stop {stop}, target {target} at the broker", _position_ids(state, b.number), position.symbol


def _deal(state: State, b: r.DealBooked) -> Told:
    position = state.positions[b.number]
    shown = show(IdKind.POSITION, b.number)
    way = "in" if b.entry == 0 else "out"
    text = (
        f"{shown} deal {b.ticket} {way} {volume_text(b.volume_steps, position.volume_step)} "
        f"at {price_text(b.price_points, position.digits)}, profit {money_text(b.profit)}"
    )
    return text, _position_ids(state, b.number), position.symbol


def _closed(state: State, b: r.PositionClosed) -> Told:
    position = state.positions[b.number]
    shown = show(IdKind.POSITION, b.number)
    currency = state.accounts[position.account].currency
    text = (
        f"{shown} closed {b.reason} at {price_text(b.close_points, position.digits)}: "
        f"{money_text(b.profit)} {currency}, {b.r_milli / 1000:+z.2f} R"
    )
    return text, _position_ids(state, b.number), position.symbol


def _deals_read(state: State, b: r.DealsRead) -> Told:
    return f"{b.account} deals read to {b.after}", (), ""


def _foreign(state: State, b: r.ForeignSeen) -> Told:
    shown = show(IdKind.POSITION, b.number)
    return f"{shown} FOREIGN {b.symbol}, ticket {b.ticket} on {b.account}", (shown,), b.symbol


def _day(state: State, b: r.DayStarted) -> Told:
    return f"{b.account} trading day began at equity {money_text(b.equity)}", (), ""


def _authority(state: State, b: r.AuthoritySet) -> Told:
    where = b.account or "everything"
    why = f": {b.reason}" if b.reason else ""
    return f"authority of {where} is {Authority(b.level).name}{why}", (), ""


def _alarm(state: State, b: r.AlarmRaised) -> Told:
    shown = show(IdKind.ALARM, b.number)
    return f"{shown} ALARM {b.code} {b.subject}: {b.text}", (shown, b.subject), ""


def _alarm_cleared(state: State, b: r.AlarmCleared) -> Told:
    shown = show(IdKind.ALARM, b.number)
    return f"{shown} alarm cleared: {b.why}", (shown,), ""


def _alarm_acknowledged(state: State, b: r.AlarmAcknowledged) -> Told:
    shown = show(IdKind.ALARM, b.number)
    return f"{shown} acknowledged{': ' + b.note if b.note else ''}", (shown,), ""


def _alarm_repeated(state: State, b: r.AlarmRepeated) -> Told:
    shown = show(IdKind.ALARM, b.number)
    who = ", ".join(b.told) or "nobody: there is no operator to tell"
    return f"{shown} not acknowledged, told again ({b.repeats}) to {who}", (shown,), ""


def _alarm_changed(state: State, b: r.AlarmChanged) -> Told:
    shown = show(IdKind.ALARM, b.number)
    return f"{shown} alarm: {b.text}", (shown,), ""


def _note(state: State, b: r.NoteMade) -> Told:
    kind, number = parse(b.subject)
    ids: tuple[str, ...] = (b.subject,)
    if kind is IdKind.POSITION and number in state.positions:
        ids = _position_ids(state, number)
    elif kind in (IdKind.FIRE, IdKind.ACT):
        _, ids, _ = _act(state, act_id(state.tag, number))
    return f"note on {b.subject}{f' [{b.tag}]' if b.tag else ''}: {b.text}", ids, ""


def _finding(state: State, b: r.FindingMade) -> Told:
    return f"finding {b.code} {b.subject}: {b.detail}", (b.subject,), ""


def _refused(state: State, b: r.CallRefused) -> Told:
    if b.why:
        return f"{b.verb} refused: {b.why}", (), ""
    return f"{b.verb} refused: {b.needs.name.lower()} is needed, caller is {b.has.name.lower()}", (), ""


def _strangers(state: State, b: r.StrangersCounted) -> Told:
    return f"{b.count} stranger(s) at {b.surface}: {b.reason}", (), ""


def _bad_ticks(state: State, b: r.TicksRejected) -> Told:
    return f"{b.count} tick(s) of {b.symbol} from {b.terminal} refused: {b.reason} ({b.example})", (), b.symbol


def _news_read(state: State, b: r.NewsRead) -> Told:
    if b.problem:
        return f"news could not be read: {b.problem}", (), ""
    return f"news read: {b.events} events, written {ns_text(b.as_of_ns, 0)}", (), ""


def _news_ahead(state: State, b: r.NewsAhead) -> Told:
    return f"news ahead: {b.event.text} concerns {', '.join(b.positions)}", b.positions, ""


def _news_window(state: State, b: r.NewsWindow) -> Told:
    return f"news: {b.event.text}; no opens in {b.event.currency} until {ms_text(b.until_ms, 0)}", (), ""


def _service(state: State, b: r.ServiceChanged) -> Told:
    again = f", restarts {b.restarts}" if b.restarts else ""
    return f"service {b.name} {b.state.value}: {b.why}{again}", (), ""


def _job(state: State, b: r.JobRan) -> Told:
    took = duration_text(b.ended_ns - b.began_ns)
    missed = f", {b.missed} missed runs before it" if b.missed else ""
    return f"job {b.name} {'ok' if b.ok else 'FAILED'} after {took}: {b.detail}{missed}", (), ""


def _config(state: State, b: r.ConfigChanged) -> Told:
    what = "limits and timing" if b.timing else "limits"
    return f"{what} of everything set ({b.why})", (), ""


_TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.HomeCreated: _home_created,
    r.DaemonStarted: _daemon_started,
    r.DaemonStopped: _daemon_stopped,
    **narrate_crew.TELLERS,
    r.AccountAdded: _account,
    r.BrokerPhoneSet: _phone,
    r.TerminalEnrolled: _enrolled,
    r.TerminalSession: _session,
    r.TerminalLinkChanged: _link,
    r.SourceChanged: _source,
    r.TerminalDutySet: _duty,
    r.LedgerBooked: _ledger,
    r.MissionProposed: _proposed,
    r.SignalSuppressed: _suppressed,
    r.MissionMoved: _mission_moved,
    r.MissionPassed: _passed,
    r.MissionOutcome: _outcome,
    r.ActRequested: _requested,
    r.ActJudged: _judged,
    r.ActMoved: _moved,
    r.ApprovalAsked: _approval_asked,
    r.ActApproved: _approved,
    r.PlanStepBegun: _plan_step,
    r.PositionOpened: _opened,
    r.PositionChanged: _changed,
    r.DealBooked: _deal,
    r.PositionClosed: _closed,
    r.DealsRead: _deals_read,
    r.ForeignSeen: _foreign,
    r.DayStarted: _day,
    r.AuthoritySet: _authority,
    r.AlarmRaised: _alarm,
    r.AlarmCleared: _alarm_cleared,
    r.AlarmAcknowledged: _alarm_acknowledged,
    r.AlarmRepeated: _alarm_repeated,
    r.AlarmChanged: _alarm_changed,
    r.NoteMade: _note,
    r.FindingMade: _finding,
    r.CallRefused: _refused,
    r.StrangersCounted: _strangers,
    r.TicksRejected: _bad_ticks,
    r.NewsRead: _news_read,
    r.NewsAhead: _news_ahead,
    r.NewsWindow: _news_window,
    **narrate_guards.TELLERS,
    **narrate_terminals.TELLERS,
    **narrate_arming.TELLERS,
    **narrate_oncall.TELLERS,
    r.ServiceChanged: _service,
    r.JobRan: _job,
    r.ConfigChanged: _config,
}
