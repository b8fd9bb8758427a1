"""`apply(state, record)`: the only thing that changes durable state, live and in the fold alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.instants import DAY_MS
from hydrad.domain.news import NewsEvent
from hydrad.toc import (
    fold_acts,
    fold_alarms,
    fold_arming,
    fold_guards,
    fold_missions,
    fold_oncall,
    fold_positions,
    fold_terminals,
)
from hydrad.toc import fold_crew as crew
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.service import Service
from hydrad.toc.state import Account, Job, State, Terminal
from hydrad.toc.terminal import Cause, Duty

FOLD_VERSION = 14


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


def _authority_set(state: State, record: Record, body: r.AuthoritySet) -> None:
    where = state.accounts[body.account] if body.account else state
    where.authority, where.authority_ns = body.level, record.at_ns
    if not body.account:
        state.authority_reason = body.reason


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
    r.AccountAdded: _account_added,
    r.BrokerPhoneSet: _phone_set,
    r.TerminalEnrolled: _terminal_enrolled,
    r.TerminalDutySet: _terminal_duty,
    r.LedgerBooked: _ledger_booked,
    r.AuthoritySet: _authority_set,
    r.NewsAhead: _news_ahead,
    r.NewsWindow: _news_window,
    r.ServiceChanged: _service_changed,
    r.JobRan: _job_ran,
    r.ConfigChanged: _config_changed,
    r.TimingChanged: _timing_changed,
    r.PlansChanged: _plans_changed,
    r.NewsModeSet: _news_mode,
    **crew.HANDLERS,
    **fold_terminals.HANDLERS,
    **fold_missions.HANDLERS,
    **fold_acts.HANDLERS,
    **fold_positions.HANDLERS,
    **fold_guards.HANDLERS,
    **fold_alarms.HANDLERS,
    **fold_oncall.HANDLERS,
    **fold_arming.HANDLERS,
}
