"""What is measured for `status` and `health`; nothing is inferred from a process being there. Pure."""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.accounts import Authority
from hydrad.domain.instants import MS, SECOND, duration_text, ns_text
from hydrad.domain.money import volume_text
from hydrad.toc import act_views, after_fill, approvals, approvers, crew, exposure
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.limit_table import thresholds
from hydrad.toc.limiting import limits_for
from hydrad.toc.live import Link, Live
from hydrad.toc.quote_views import NO_SOURCE, feed_rows
from hydrad.toc.state import Act, State
from hydrad.toc.terminal import Duty, LinkState
from hydrad.toc.texts import act_id_text, seconds
from hydrad.toc.turn import Turn
from hydrad.wire.answers.market import FeedRow
from hydrad.wire.answers.status import ActCounts, HealthRow, WaitingRow
from hydrad.wire.runbooks import Severity

FIGURES_MAX_NS = 15 * SECOND  # agents tell what they read again every 5 s, changed or not


def act_counts(state: State, live: Live) -> ActCounts:
    today = calendar.trading_day(live.market_ms) if live.market_ms else 0
    day = [x for x in state.acts.values() if x.market_ms and calendar.trading_day(x.market_ms) == today]
    return ActCounts(
        unknown=sum(state.acts[n].state is ActState.UNKNOWN for n in state.acts_open),
        in_flight=sum(state.acts[n].state in IN_FLIGHT for n in state.acts_open),
        today=len(day),
        denied_today=sum(x.state is ActState.DENIED for x in day),
        resting=len(state.resting),
    )


def waiting_rows(turn: Turn) -> tuple[WaitingRow, ...]:
    """Fires that wait for a second person, the oldest first."""
    return tuple(_waiting_row(turn, act) for act in approvals.waiting(turn.state))


def _waiting_row(turn: Turn, act: Act) -> WaitingRow:
    order, approval = act.order, act.approval
    assert order is not None and approval is not None, "what waits was judged and asked for"
    return WaitingRow(
        id=act_id_text(act),
        account=act.account,
        text=f"{order.side.name} {volume_text(order.volume_steps, act.volume_step)} {order.symbol}",
        why="; ".join(approval.why),
        asked_by=crew.name_of(turn.state, act.actor),
        due_at=ns_text(approval.due_ns),
        age_s=seconds(turn.now_ns - approval.asked_ns),
        how=act_views.how_approved(turn.state, act),
    )


def one_person(state: State) -> str | None:
    """Who does without a second person, where fires wait for one."""
    everywhere = (limits_for(state, account.name) for account in state.traded())
    if not any(thresholds(limits) and approvers.alone(state, limits) for limits in everywhere):
        return None
    return ", ".join(operator.name for operator in approvers.approvers(state))


def health_rows(turn: Turn, standing_ms: int = 0) -> tuple[HealthRow, ...]:
    """Measured just now; nothing is inferred from a process being there."""
    state, live = turn.state, turn.live
    rows = []
    live_feed = state.machine_time  # a replayed market may stand, and is not read again while it does
    for terminal in state.terminals.values():
        link = live.link(terminal.name)
        age = duration_text(turn.now_ns - link.heard_ns) if link.heard_ns else "never heard"
        ok = link.state is LinkState.READY and terminal.duty is Duty.ACTIVE
        detail = f"{link.state.value}, {terminal.duty.value}, last frame {age} ago"
        read_ns = turn.now_ns - link.account_ns if link.account else 0
        if live_feed and read_ns > FIGURES_MAX_NS:  # beats prove the agent, only what it reads proves the terminal
            ok, detail = False, f"{detail}, but the terminal was last read {duration_text(read_ns)} ago"
        if skew := _skew(state, link, terminal.account):
            ok, detail = False, f"{detail}, {skew}"
        rows.append(HealthRow(f"terminal {terminal.name}", ok, detail, (terminal.account,)))
    for feed in feed_rows(turn, standing_ms):
        closed = _closed(turn, feed)
        nothing = "no terminal is READY to take it from" if feed.terminal == NO_SOURCE else "no tick in this session"
        detail = f"last tick {feed.age_s} s old" if feed.age_s is not None else nothing
        if standing_ms:
            detail += ", and the market stands still"
        rows.append(
            HealthRow(
                f"feed {feed.symbol}",
                closed or not feed.stale,
                detail + (", market closed" if closed else ""),
            )
        )
    unknown = [act.account for act in map(state.acts.__getitem__, state.acts_open) if act.state is ActState.UNKNOWN]
    held = [act.account for act in map(state.acts.__getitem__, state.acts_open) if act.state is ActState.QUARANTINED]
    detail = f"{len(unknown)} UNKNOWN, {len(held)} QUARANTINED"
    rows.append(HealthRow("acts", not unknown and not held, detail, tuple(sorted({*unknown, *held}))))
    traded = sorted(account.name for account in state.traded())
    unsized = [name for name in traded if exposure.open_risk(state, live, name) is None]
    why = "not known (a foreign position without a stop, or without terms): nothing opens on "
    detail = why + ", ".join(unsized) if unsized else "known on all accounts"
    rows.append(HealthRow("open risk", not unsized, detail, tuple(unsized)))
    strictest = max((state.account_authority(name) for name in state.accounts), default=state.authority)
    rows.append(HealthRow("authority", strictest is Authority.ACTIVE, strictest.name))
    ringing = [alarm.account for alarm in state.alarms.values() if alarm.severity == Severity.ALARM]
    detail = f"{len(ringing)} standing, {len(state.alarms) - len(ringing)} warning(s)"
    theirs = () if "" in ringing else tuple(sorted(set(ringing)))  # one of them is everybody's
    rows.append(HealthRow("alarms", not ringing, detail, theirs))
    return tuple(rows)


def _skew(state: State, link: Link, account: str) -> str:
    """What is wrong with a terminal's clock, by the gate's own limit; nothing while it was not measured, for which
    there is an alarm."""
    limit_ms = limits_for(state, account).clock_offset_max_ms
    if link.offset_ns is None or abs(link.offset_ns) + link.uncertainty_ns <= limit_ms * MS:
        return ""
    off = f"{link.offset_ns / MS:+z.0f} ± {link.uncertainty_ns / MS:.0f} ms"
    return f"its clock is {off} from ours (limit {limit_ms} ms): nothing opens there"


def _closed(turn: Turn, feed: FeedRow) -> bool:
    """By the table of the symbol at its source; while that is not there, by the currencies' week."""
    if not turn.market_ms:
        return False
    table = after_fill.table(turn, turn.live.link(feed.terminal), feed.symbol, turn.market_ms)
    return (table or calendar.hours(turn.market_ms)) is calendar.Hours.CLOSED
