"""How the bot says what the daemon answered: plain text, never markup, so that no broker's or operator's text is any.

Pure. `for_group`: without sizes, money and accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydrad.toc.texts import line as line
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.acts import ActRow, CheckRow, FireAnswer
from hydrad.wire.answers.authority import HaltData
from hydrad.wire.answers.briefing import Briefing, PriceNow, Stake
from hydrad.wire.answers.missions import MissionRow, MissionShow
from hydrad.wire.answers.people import OperatorRow
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.answers.reports import ReportData, ReportGroup
from hydrad.wire.answers.status import StatusData
from hydrad.wire.answers.terminals import TerminalRow
from hydrad.wire.codes import ErrorCode, Reason

SHOWN_MAX = 12


def clock(instant: str | None) -> str:
    """`2026-11-26T12:34:56.789Z` as `12:34:56Z`."""
    return "?" if instant is None else instant[11:19] + "Z"


def span(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    return f"{whole // 60} m {whole % 60:02} s" if whole < 3_600 else f"{whole // 3_600} h {whole // 60 % 60:02} m"


# --- what went wrong --------------------------------------------------------------------------------------

_HOW = {
    ErrorCode.UNKNOWN_OUTCOME.value: "UNKNOWN: it may have been executed. Nothing is resent; look at /positions.",
    ErrorCode.PENDING.value: "It waits for another person's approval.",
    ErrorCode.TIMED_OUT.value: "The time was over with nothing routed.",
}


def problem(said: Problem) -> str:
    lines = [f"{said.code}: {line(said.message)}"]
    failed = said.facts.get("failed")
    if isinstance(failed, list | tuple):
        lines += [f"- {line(str(each))}" for each in failed[:SHOWN_MAX]]
    if said.code in _HOW:
        lines.append(_HOW[said.code])
    if said.hint:
        lines.append(line(said.hint))
    return "\n".join(lines)


# --- missions ---------------------------------------------------------------------------------------------


def needs(r: str | None) -> str:
    """What a reward-to-risk needs before costs, in percent."""
    if r is None:
        return "what it needs is not known"
    return f"(needs {100 / (1 + float(r)):.0f}%)"


def mission(row: MissionRow) -> str:
    """Two lines. Prices are the source's, as proposed."""
    target = f", target {row.target}" if row.target else ""
    r = f", R {row.r}" if row.r else ""
    first = f"{line(row.symbol)} {row.side} {row.tcs_text} {needs(row.r)}"
    return f"{first}\n{row.id} at {row.entry}, stop {row.stop}{target}{r}, until {clock(row.expires_at)}"


def mission_line(row: MissionRow) -> str:
    left = f"{span(row.expires_in_s)} left" if row.expires_in_s > 0 else "over"
    return f"{row.id} {line(row.symbol)} {row.side} {row.tcs_text} {needs(row.r)}, {row.state}, {left}{_missed(row)}"


def _missed(row: MissionRow) -> str:
    """Where a fire would be denied for its entry now; nothing where it would not."""
    now = row.entry_now
    if now is None or now.missed_by_points == 0:
        return ""
    return f", entry missed by {now.missed_by_points} points" if now.missed_by_points else ", no price is known"


def mission_show(data: MissionShow, for_group: bool) -> str:
    row = data.mission
    lines = [mission(row), f"{row.kind}, {row.state}, {row.session}"]
    if row.state in ("PROPOSED", "ENGAGED"):
        lines[-1] += f", {span(max(row.expires_in_s, 0))} left"
    if row.outcome:
        lines.append(f"outcome {row.outcome} {row.outcome_r} R")
    if for_group:
        return "\n".join(lines)
    lines.append(f"why: {line(data.why)}")
    lines += [act(each) for each in data.acts[:SHOWN_MAX]]
    lines += [f"note by {line(note.by)}: {line(note.text)}" for note in data.notes[-3:]]
    return "\n".join(lines)


# --- acts -------------------------------------------------------------------------------------------------


def act(row: ActRow) -> str:
    return f"{row.id} {row.kind} on {line(row.account)}: {line(row.verdict)}"


def acted(answer: Answer) -> str:
    """Of a fire, a close, a modify."""
    data = answer.data
    lines = [act(row) for row in data.acts] if isinstance(data, FireAnswer) else []
    if answer.error is not None:
        lines.append(problem(answer.error))
    return "\n".join(lines) or "done"


def failing(checks: Sequence[CheckRow]) -> list[str]:
    return [f"FAILS {c.code}: {line(c.measured)}, limit {line(c.limit)}" for c in checks if not c.ok]


def waiting(checks: Sequence[CheckRow]) -> list[str]:
    """Where a second person's word is all that a fire lacks; else nothing."""
    bad = [check for check in checks if not check.ok]
    if [check.code for check in bad] != [Reason.APPROVAL.name]:
        return []
    return [f"It will wait for a second person: {line(bad[0].measured)}"]


def ask_fire(data: Briefing) -> str:
    """The confirmation: everything a person must know before the second tap."""
    row, stake = data.mission.mission, data.stake
    size = stake.volume if stake else (data.fire.order.volume if data.fire.order else "no size")
    lines = [f"Fire {row.id}?", f"{line(row.symbol)} {row.side} {size} on {line(data.account)} ({data.kind})"]
    lines.append(f"TCS {data.tcs_text}" if stake and stake.needs_percent else f"TCS {row.tcs_text} {needs(row.r)}")
    lines.append(_stake(stake) if stake else "money at stop and target is not known: no fresh price, or no terms")
    lines.append(_price(data.price) if data.price else "there is no price of this account now")
    bad = waiting(data.fire.checks) or failing(data.fire.checks)
    lines += bad[:SHOWN_MAX] if bad else [f"all {len(data.fire.checks)} checks pass now; each runs again when it fires"]
    return "\n".join(lines)


def _stake(stake: Stake) -> str:
    of = f" ({stake.of_base_percent}%)" if stake.of_base_percent else ""
    target = f", at the target {stake.at_target}" if stake.at_target else ", no target"
    paid = f", commission {stake.commission}" if stake.commission else ""
    r = f", R {stake.r}" if stake.r else ""
    return f"at the stop {stake.at_stop}{of}{target} {line(stake.currency)}{r}{paid}"


def _price(price: PriceNow) -> str:
    off = f"{price.off_points} points {'worse' if price.off_points > 0 else 'off'}" if price.off_points else "at entry"
    off = f"{off} (collar {price.collar_points})"
    if price.rests:
        off = f"the order would rest {abs(price.off_points)} points away"
    stale = ", STALE" if price.stale else ""
    return f"bid {price.bid} ask {price.ask}, {span(max(price.age_s, 0))} old{stale}, {off}"


def ask_close(rows: Sequence[PositionRow], part: str) -> str:
    what = f"{line(part)} of " if part else ""
    lines = [f"Close {what}{rows[0].id if len(rows) == 1 else f'{len(rows)} positions'}?"]
    return "\n".join(lines + [position(row) for row in rows[:SHOWN_MAX]])


# --- positions, terminals, status ---------------------------------------------------------------------------


def position(row: PositionRow) -> str:
    """`stop`, `target`: as the broker last said."""
    foreign = " FOREIGN" if row.foreign else ""
    pnl = f"{row.pnl} {line(row.currency)}" if row.pnl is not None else "P&L not known"
    r = f" ({row.r} R)" if row.r else ""
    age = f", {span(row.as_of_age_s)} old" if row.as_of_age_s is not None else ", not told in this session"
    reach = "" if row.reachable else ", NOT REACHABLE"
    return (
        f"{row.id}{foreign} {line(row.symbol)} {row.side} {row.volume} on {line(row.account)} at {row.open_price}, "
        f"stop {row.stop or 'NONE'}, target {row.target or 'none'}: {pnl}{r}{age}{reach}"
    )


def terminal(row: TerminalRow) -> str:
    beat = f"beat {span(row.heartbeat_age_s)} ago" if row.heartbeat_age_s is not None else "no beat"
    latch = ", HALTED" if row.halted else ""
    why = f" ({line(row.why)})" if row.why else ""
    return f"{line(row.name)} for {line(row.account)}: {row.link}, {row.duty}{why}{latch}, {beat}"


def status(data: StatusData, for_group: bool) -> str:
    m = data.missions
    stale = [line(feed.symbol) for feed in data.feed if feed.stale]
    lines = [
        f"{data.mode} home, {data.authority}, market {clock(data.clocks.market)} ({data.clocks.speed})",
        f"missions: {m.open} open, {m.proposed_today} today; {len(data.alarms)} alarms",
        f"feed: {len(data.feed)} symbols, stale: {', '.join(stale[:SHOWN_MAX]) or 'none'}",
    ]
    failing_now = [line(row.check) for row in data.health if not row.ok]
    lines.append(f"health: {'failing ' + ', '.join(failing_now) if failing_now else 'good'}")
    if for_group:
        return "\n".join(lines)
    lines.append(f"positions {data.positions}, acts UNKNOWN {data.acts.unknown}, in flight {data.acts.in_flight}")
    for row in data.accounts[:SHOWN_MAX]:
        equity = f"{row.equity} {line(row.currency)}" if row.equity is not None else "not told"
        day = f", day {row.day_pnl}" if row.day_pnl is not None else ""
        lines.append(f"{line(row.name)} ({row.kind}): equity {equity}{day}, {row.authority}")
    lines += [
        f"{row.id} {line(row.text)} on {line(row.account)} waits: {line(row.how)}" for row in data.approvals[:SHOWN_MAX]
    ]
    lines += [f"{alarm.id} {alarm.code} {line(alarm.subject)}: {line(alarm.text)}" for alarm in data.alarms[:SHOWN_MAX]]
    return "\n".join(lines)


def halted(data: HaltData) -> str:
    """What was verified, terminal by terminal and order by order."""
    lines = [f"{data.authority} {f'on {line(data.account)} ' if data.account else ''}since {clock(data.latched_at)}"]
    all_of_them = len(data.terminals) + data.elsewhere
    verified = sum(row.verified for row in data.terminals) + data.elsewhere - data.elsewhere_unverified
    lines.append(f"{verified} of {all_of_them} terminals have confirmed:")
    for row in data.terminals:
        lines.append(f"- {line(row.terminal)}: {'verified' if row.verified else 'NOT VERIFIED'}, {line(row.detail)}")
    if data.elsewhere:
        count = f"{data.elsewhere_unverified} NOT VERIFIED" if data.elsewhere_unverified else "all verified"
        lines.append(f"- {data.elsewhere} of accounts that were not given to you: {count}")
    lines += [f"- order {row.id} {line(row.symbol)}: {line(row.verdict)}, {line(row.detail)}" for row in data.resting]
    if data.on_the_wire:
        lines.append("already on the wire: " + ", ".join(data.on_the_wire))
    if data.withheld:
        lines.append("withheld: " + ", ".join(data.withheld))
    lines.append(f"{data.positions_open} positions stay open, their stops at the broker; /close still works")
    return "\n".join(lines)


def me(row: OperatorRow, fired: ReportGroup | None) -> str:
    lines = [
        f"{line(row.name)}: {row.role}, policy {line(row.policy)}, {row.state}",
        f"accounts: {', '.join(map(line, row.accounts)) or 'none'}; primary {line(row.primary or 'none')}",
        f"{row.open} open, {row.fires_today} fires today",
    ]
    if fired is not None:
        lines.append("fired: " + _group(fired))
    return "\n".join(lines)


def report(data: ReportData) -> str:
    lines = [f"by {line(data.by or 'all')}; {data.open} open positions are not in it"]
    return "\n".join(lines + [f"{line(group.group)}: {_group(group)}" for group in data.groups[:SHOWN_MAX]])


def _group(group: ReportGroup) -> str:
    side = group.fired
    mean = f"{side.mean_r.value:+z.2f} R" if side.mean_r.value is not None else "no mean"
    wide = ""
    if side.mean_r.low is not None and side.mean_r.high is not None:
        wide = f" ({side.mean_r.low:+z.2f} to {side.mean_r.high:+z.2f})"
    money = ", ".join(f"{total.amount} {line(total.currency)}" for total in group.money)
    return f"n {side.n}, {side.wins} won, mean {mean}{wide}, sum {side.total_r:+z.2f} R{', ' + money if money else ''}"


def listed(lines: Sequence[Any], none: str, more: str = "") -> str:
    """At most `SHOWN_MAX` of them; what is left out is counted."""
    kept = [str(each) for each in lines[:SHOWN_MAX]]
    if len(lines) > SHOWN_MAX:
        kept.append(f"and {len(lines) - SHOWN_MAX} more{more}")
    return "\n".join(kept) or none
