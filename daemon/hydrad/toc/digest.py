"""What a day came to for one person: on the accounts that they see, by the clock of their zone. Pure.

The numbers are the report's (`reports`, method in `reporting`); a day on which nothing was fired says so. Positions
count on the day of their close, by market time; of a replayed market the alarms are those of the last 24 hours.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from hydrad.domain import calendar
from hydrad.domain.instants import DAY_MS, HOUR, MS, ms_text, ns_text
from hydrad.domain.money import money_text
from hydrad.domain.orders import ActKind
from hydrad.toc import audience, crew, exposure, reports
from hydrad.toc.act import ActState
from hydrad.toc.audience import Audience, sees
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Operator, Position, State
from hydrad.toc.texts import line
from hydrad.toc.turn import Turn
from hydrad.wire.answers.reports import CurvePoint, DigestData, Estimate, MoneyPoint, MoneyTotal, ReportSide
from hydrad.wire.runbooks import Severity

SHOWN_MAX = 8


def made(turn: Turn, operator: Operator, back: int = 0) -> DigestData:
    """Of the day that market time is in, or so many days before it."""
    zone = operator.hears.zone
    since_ms, until_ms = day_of(turn.market_ms, zone, back)
    seen = audience.of(turn.state, operator.identities[0])
    closed = _closed(turn.state, seen, since_ms, until_ms)
    currency, money = _equity(turn.state, closed)
    report = reports.made(turn.state, None, since_ms, until_ms, seen)
    group = report.groups[0] if report.groups else None
    day = calendar.day_text(calendar.local_ms(since_ms, zone) // DAY_MS)
    lines = [f"DIGEST {day} {zone}, {operator.name}, {turn.state.mode.value}"]
    if group is None:
        lines.append("nothing was fired, and no mission was let go")
    else:
        lines += [f"fired {_side(group.fired)}", f"P&L {_money(group.money)}", f"let go {_side(group.ghosted)}"]
        lines.append(_refusals(turn.state, seen, since_ms, until_ms, group.asked))
    lines.append(_accounts(turn, seen))
    since_ns = since_ms * MS if turn.state.machine_time else turn.now_ns - 24 * HOUR
    lines += _alarms(turn.state, seen, since_ns)
    return DigestData(
        name=operator.name,
        day=day,
        zone=zone,
        since=ms_text(since_ms, 0),
        until=ms_text(until_ms, 0),
        eventful=group is not None or len(lines) > 4,
        text="\n".join(lines),
        curve=_summed((p.closed_ms, p.r_milli) for p in closed),
        let_go=_summed(_let_go(turn.state, since_ms, until_ms)),
        money=money,
        currency=currency,
        denied=group.denied if group is not None else 0,
    )


def day_of(market_ms: int, zone: str, back: int) -> tuple[int, int]:
    """The UTC instants at which a zone's day begins and ends."""
    local_day = calendar.local_ms(market_ms, zone) // DAY_MS - back
    begin, end = (_utc_ms(day * DAY_MS, zone) for day in (local_day, local_day + 1))
    return begin, end


def _utc_ms(wall_ms: int, zone: str) -> int:
    """The UTC instant of a midnight; where clocks change at that hour, the first that is not before it."""
    guess = wall_ms - (calendar.local_ms(wall_ms, zone) - wall_ms)
    return guess - (calendar.local_ms(guess, zone) - wall_ms)


# --- curves ------------------------------------------------------------------------------------------------


def _closed(state: State, seen: Audience, since_ms: int, until_ms: int) -> list[Position]:
    """The report's, in the order of closing."""
    within = [p for p in state.positions.values() if not p.open and since_ms <= p.closed_ms < until_ms]
    own = [p for p in within if sees(seen, p.account) and state.acts[p.fire_id].mission]
    return sorted(own, key=lambda p: (p.closed_ms, p.number))


def _let_go(state: State, since_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    """The report's ghosted ones: by the time of their expiry, in thousandths of R."""
    for mission in sorted(state.missions.values(), key=lambda m: (m.signal.expires_ms, m.number)):
        expired = mission.state is MissionState.EXPIRED and since_ms <= mission.signal.expires_ms < until_ms
        if expired and mission.outcome:
            yield mission.signal.expires_ms, mission.outcome_r_milli


def _summed(steps: Iterable[tuple[int, int]]) -> tuple[CurvePoint, ...]:
    taken = list(steps)
    return tuple(
        CurvePoint(at_ms, total)
        for (at_ms, _), total in zip(taken, itertools.accumulate(r for _, r in taken), strict=True)
    )


def _equity(state: State, closed: list[Position]) -> tuple[str | None, tuple[MoneyPoint, ...]]:
    """What was closed, in the currency of most of it: money of two currencies is no sum without a rate."""
    if not closed:
        return None, ()
    of = [state.accounts[p.account].currency for p in closed]
    currency = Counter(of).most_common(1)[0][0]
    own = [p for p, name in zip(closed, of, strict=True) if name == currency]
    totals = itertools.accumulate(p.profit for p in own)
    return currency, tuple(MoneyPoint(p.closed_ms, money_text(total)) for p, total in zip(own, totals, strict=True))


# --- lines -------------------------------------------------------------------------------------------------


def _side(side: ReportSide) -> str:
    if not side.n:
        return "0"
    rate = f"{side.wins} won" + _interval(side.win_rate, "{:.0%}")
    return f"{side.n}: {rate}; R {side.total_r:+z.2f}, mean{_interval(side.mean_r, '{:+z.2f}') or ' unknown'}"


def _interval(found: Estimate, form: str) -> str:
    if found.value is None:
        return ""
    known = found.low is not None and found.high is not None
    span = f" [{form.format(found.low)}, {form.format(found.high)}]" if known else " [too few]"
    return f" {form.format(found.value)}{span}"


def _money(totals: tuple[MoneyTotal, ...]) -> str:
    return ", ".join(f"{total.amount} {total.currency}" for total in totals) or "none"


def _refusals(state: State, seen: Audience, since_ms: int, until_ms: int, asked: int) -> str:
    fires = [
        act
        for act in state.acts.values()
        if act.kind is ActKind.FIRE and since_ms <= act.market_ms < until_ms and sees(seen, act.account)
    ]
    denied = [act for act in fires if act.state is ActState.DENIED]
    codes = Counter(code for act in denied for code in act.codes)
    why = ", ".join(f"{count} {code}" for code, count in codes.most_common(SHOWN_MAX))
    return f"asked {asked}, denied {len(denied)}" + (f": {why}" if why else "")


def _accounts(turn: Turn, seen: Audience) -> str:
    told = []
    for account in turn.state.traded():
        if sees(seen, account.name):
            link = exposure.reporter(turn.state, turn.live, account.name)
            equity = link.account.equity if link and link.account else None
            shown = "equity not known" if equity is None else f"equity {money_text(equity)} {account.currency}"
            held = len(exposure.open_positions(turn.state, account.name))
            told.append(f"{line(account.name)} {shown}, {held} open")
    return "; ".join(told[:SHOWN_MAX]) or "no account"


def _alarms(state: State, seen: Audience, since_ns: int) -> list[str]:
    found = [
        alarm
        for alarm in (*state.alarms_past, *state.alarms.values())
        if alarm.since_ns >= since_ns and alarm.severity == Severity.ALARM and sees(seen, alarm.account)
    ]
    rows = [
        f"- {ns_text(alarm.since_ns, 0)[11:16]}Z {alarm.code} {line(alarm.subject)}"
        + (f", {line(crew.name_of(state, alarm.acked_by))} took it on" if alarm.acked_by else "")
        + ("" if alarm.cleared_ns else ", STANDS")
        for alarm in found[-SHOWN_MAX:]
    ]
    return [f"alarms {len(found)}", *rows] if found else ["no alarm"]
