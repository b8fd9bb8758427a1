"""Guards: must something be closed? Limits refuse what would open; guards act on what is open.

Theory of operation
===================

A guard is a row of the table that `[guards]` makes: a measure, a warning level, a limit and an action. It is judged on
every report of an account's figures or positions, and those of time also by the clock. It warns once and trips once;
both are journaled, and stand with an alarm until the measure is well back (`_REARM`), so that a figure that trembles
on a level writes nothing. A restart finds the standing in the journal and does not begin anew.

Tripped, a guard may cancel resting orders, latch its account (never looser than it is), and with `flatten` close what
is ours: all positions whose fires were asked for before it tripped, so that one that was in flight is caught too. Each
close is an act like a person's, with its own id, of the volume that is open. A position has at most one such act
without a verdict. UNKNOWN is waited for. Only what provably was not done, or took a part, is followed by another act,
`ACTS_MAX` in all; a position that stays open has an alarm of its own until it is gone, and its guard is not armed
again before that.

Figures that contradict what the deals explain (`cash`) are not judged for a few seconds: a withdrawal is no loss,
though its report may be ahead of its deal. What cannot be measured changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from hydrad.domain import calendar
from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, parse, show
from hydrad.domain.instants import MINUTE_MS, SECOND
from hydrad.link import frames as f
from hydrad.toc import cash, closing, exposure, latch, peak, risk, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.fold_guards import guard_key
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limiting import limits_for
from hydrad.toc.limits import Limits
from hydrad.toc.live import Link
from hydrad.toc.state import Account, Act, GuardStanding, Position
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn

ACTOR = "guard"
ACTS_MAX = 3
RETRY_NS = 5 * SECOND
# How long a close that was executed, or a position that is busy, may take before a person is told.
UNCLOSED_NS = 10 * SECOND
WARNED_ALARM, TRIPPED_ALARM, UNCLOSED_ALARM = "GUARD_WARNED", "GUARD_TRIPPED", "GUARD_UNCLOSED"
_REARM = Decimal("0.8")
_FAR = Decimal(1_000_000)
_LEVELS = {
    "reducing": Authority.REDUCING,
    "flatten": Authority.REDUCING,
    "halted": Authority.HALTED,
}


class Guard(msgspec.Struct, frozen=True):
    """One row. `falling`: the lower the worse. A level of 0 is off."""

    measure: str
    warning: Decimal
    limit: Decimal
    action: str
    unit: str
    falling: bool = False

    def reached(self, value: Decimal, level: Decimal) -> bool:
        return bool(level) and (value <= level if self.falling else value >= level)

    def calm(self, value: Decimal) -> bool:
        """Far enough back to be armed again."""
        level = self.warning or self.limit
        return value * _REARM > level if self.falling else value < level * _REARM

    def text(self, value: Decimal) -> str:
        return f"{value:.3f} {self.unit}" if self.unit == "%" else f"{value:.0f} {self.unit}"


def table(guards: Guards, limits: Limits) -> dict[str, Guard]:
    """The guards that are on, by measure."""
    share = limits.day_loss_max_percent / 100
    g = guards
    rows = (
        Guard("day_loss", g.day_loss_warning_percent * share, g.day_loss_limit_percent * share, g.day_loss_action, "%"),
        Guard(
            "drawdown_start",
            g.drawdown_start_warning_percent,
            g.drawdown_start_limit_percent,
            g.drawdown_start_action,
            "%",
        ),
        Guard(
            "drawdown_peak", g.drawdown_peak_warning_percent, g.drawdown_peak_limit_percent, g.drawdown_peak_action, "%"
        ),
        Guard(
            "margin_level",
            g.margin_level_warning_percent,
            g.margin_level_limit_percent,
            g.margin_level_action,
            "%",
            falling=True,
        ),
        Guard("open_risk", g.open_risk_warning_percent, g.open_risk_limit_percent, g.open_risk_action, "%"),
        Guard("age", Decimal(g.age_warning_minutes), Decimal(g.age_limit_minutes), g.age_action, "minutes"),
        Guard(
            "weekend",
            Decimal(g.weekend_warning_minutes),
            Decimal(g.weekend_limit_minutes),
            g.weekend_action,
            "minutes",
            falling=True,
        ),
    )
    return {row.measure: row for row in rows if row.warning or row.limit}


# --- when ---------------------------------------------------------------------------------------------------


def on_started(turn: Turn) -> None:
    """A guard that is configured no more stands no more."""
    for standing in list(turn.state.guards_standing.values()):
        if standing.measure not in _table(turn, standing.account):
            _clear(turn, standing, "this guard is switched off")


def on_figures(turn: Turn, link: Link) -> None:
    """An account's figures came, after the deals and positions that they fit."""
    account = turn.state.accounts[turn.state.terminals[link.terminal].account]
    if link.account is None or not _trusted(link) or not cash.explained(turn, link, account):
        return
    peak.look(turn, account.name, link.account.equity)
    _judge_figures(turn, link, account, _FIGURES)


def on_positions(turn: Turn, link: Link) -> None:
    """An account's positions came; its figures may be older, so that only the risk at the stops is looked at."""
    if _trusted(link):
        account = turn.state.accounts[turn.state.terminals[link.terminal].account]
        _judge_figures(turn, link, account, ("open_risk",))


def _judge_figures(turn: Turn, link: Link, account: Account, measures: Iterable[str]) -> None:
    rows = _table(turn, account.name)
    assert link.account is not None
    for measure in measures:
        value = _FIGURES[measure](turn, account, link, link.account) if measure in rows else None
        if value is not None:
            _judge(turn, rows[measure], account.name, 0, value)
    pursue(turn)


def on_clock(turn: Turn) -> None:
    """Time went by: ages, the weekend, and what became of closes."""
    guards = turn.state.guards
    if (
        guards
        and turn.market_ms
        and any(
            (
                guards.age_warning_minutes,
                guards.age_limit_minutes,
                guards.weekend_warning_minutes,
                guards.weekend_limit_minutes,
            )
        )
    ):
        _by_time(turn)
    pursue(turn)


def _table(turn: Turn, account: str) -> dict[str, Guard]:
    """By the limits that hold for this account: a tighter one of its own tightens its guard."""
    return table(turn.state.guards, limits_for(turn.state, account)) if turn.state.guards else {}


def _trusted(link: Link) -> bool:
    """Figures of a terminal that has its trade server, after its hand-shake; one without may report zeros."""
    alive = link.state in REDUCES_IN and (link.beat is None or link.beat.connected)
    return alive and link.account is not None and bool(link.account.equity or link.account.balance)


def _by_time(turn: Turn) -> None:
    minutes = Decimal(calendar.minutes_to_weekend(turn.market_ms))
    for name in turn.state.accounts:
        held, rows = exposure.open_positions(turn.state, name), _table(turn, name)
        if "weekend" in rows:
            _judge(turn, rows["weekend"], name, 0, minutes if held else _FAR)
        for position in held if "age" in rows else ():
            age = Decimal(max(turn.market_ms - position.opened_ms, 0) // MINUTE_MS)
            _judge(turn, rows["age"], name, position.number, age)


# --- measures -----------------------------------------------------------------------------------------------


def _day_loss(turn: Turn, account: Account, link: Link, now: f.Account) -> Decimal | None:
    if not account.day_equity:
        return None
    return (account.day_equity + account.day_cash - now.equity) * 100 / account.day_equity


def _drawdown_start(turn: Turn, account: Account, link: Link, now: f.Account) -> Decimal | None:
    start = account.start_equity
    return (start - now.equity) * 100 / start if start and start > 0 else None


def _drawdown_peak(turn: Turn, account: Account, link: Link, now: f.Account) -> Decimal | None:
    highest = account.peak_equity
    return (highest - now.equity) * 100 / highest if highest and highest > 0 else None


def _margin_level(turn: Turn, account: Account, link: Link, now: f.Account) -> Decimal | None:
    return now.equity * 100 / now.margin if now.margin > 0 else _FAR


def _open_risk(turn: Turn, account: Account, link: Link, now: f.Account) -> Decimal | None:
    held, base = exposure.open_risk(turn.state, turn.live, account.name), risk.base_of(link)
    return held * 100 / base if held is not None and base is not None and base > 0 else None


_FIGURES: dict[str, Callable[[Turn, Account, Link, f.Account], Decimal | None]] = {
    "day_loss": _day_loss,
    "drawdown_start": _drawdown_start,
    "drawdown_peak": _drawdown_peak,
    "margin_level": _margin_level,
    "open_risk": _open_risk,
}


# --- once ---------------------------------------------------------------------------------------------------


def _judge(turn: Turn, guard: Guard, account: str, position: int, value: Decimal) -> None:
    standing = turn.state.guards_standing.get(guard_key(account, guard.measure, position))
    if guard.reached(value, guard.limit):
        if standing is None or not standing.tripped:
            _trip(turn, guard, account, position, value)
    elif guard.reached(value, guard.warning):
        if standing is None:
            _warn(turn, guard, account, position, value)
    elif standing is not None and guard.calm(value) and not _unclosed(turn, standing):
        _clear(turn, standing, f"{guard.text(value)} now")


def _warn(turn: Turn, guard: Guard, account: str, position: int, value: Decimal) -> None:
    measured, level = guard.text(value), guard.text(guard.warning)
    turn.emit(r.GuardWarned(account, guard.measure, position, measured, level))
    turn.alarm(WARNED_ALARM, _subject(account, guard.measure, position), f"{measured}, warning level {level}")


def _trip(turn: Turn, guard: Guard, account: str, position: int, value: Decimal) -> None:
    measured, limit = guard.text(value), guard.text(guard.limit)
    subject = _subject(account, guard.measure, position)
    before = turn.actor
    turn.actor = ACTOR
    turn.emit(r.GuardTripped(account, guard.measure, position, measured, limit, guard.action))
    turn.clear_alarm(WARNED_ALARM, subject, "tripped")
    turn.alarm(TRIPPED_ALARM, subject, f"{measured}, limit {limit}: {guard.action}")
    if guard.action != "alarm" and not position:
        _cancel_resting(turn, account, f"guard {guard.measure}")
    if guard.action in _LEVELS and not position:
        latch.tighten(turn, account, _LEVELS[guard.action], f"guard {guard.measure}: {measured}, limit {limit}")
    turn.actor = before


def _clear(turn: Turn, standing: GuardStanding, why: str) -> None:
    subject = _subject(standing.account, standing.measure, standing.position)
    turn.emit(r.GuardCleared(standing.account, standing.measure, standing.position, why))
    for code in (WARNED_ALARM, TRIPPED_ALARM):
        turn.clear_alarm(code, subject, why)


def _subject(account: str, measure: str, position: int) -> str:
    return f"{account} {measure}" + (f" {show(IdKind.POSITION, position)}" if position else "")


def _cancel_resting(turn: Turn, account: str, reason: str) -> None:
    for number in sorted(turn.state.acts_open):
        fire = turn.state.acts[number]
        if fire.account == account and fire.state is ActState.WORKING and fire.order_ticket:
            closing.cancel(turn, fire, closing.Asked(reason))


# --- closing ------------------------------------------------------------------------------------------------


def pursue(turn: Turn) -> None:
    """Follow each tripped guard's closes: begin what has not begun, tell of what came to nothing."""
    _clear_closed(turn)
    for standing in list(turn.state.guards_standing.values()):
        if standing.position and not turn.state.positions[standing.position].open:
            _clear(turn, standing, "the position is closed")
        elif standing.tripped and standing.action == "flatten":
            for position in _scope(turn, standing):
                _pursue(turn, standing, position)


def _scope(turn: Turn, standing: GuardStanding) -> list[Position]:
    """What this guard must see closed: of its account, asked for before it tripped."""
    return [
        position
        for position in exposure.open_positions(turn.state, standing.account)
        if standing.position in (0, position.number) and position.number < standing.before
    ]


def _unclosed(turn: Turn, standing: GuardStanding) -> bool:
    return standing.tripped and standing.action == "flatten" and bool(_scope(turn, standing))


def _pursue(turn: Turn, standing: GuardStanding, position: Position) -> None:
    acts = standing.acts.get(position.number, [])
    last = turn.state.acts[acts[-1]] if acts else None
    if last is not None and last.state not in FINAL:
        return  # on its way, UNKNOWN or a person's to decide: never sent again
    since_ns = turn.now_ns - (last.moved_ns if last else standing.at_ns)
    if last is None or not closing.whole(last):
        if last is not None:
            _tell_unclosed(turn, standing, position, f"{routing.shown(last)} {last.state.value}")
        if _due(acts, since_ns) and _reachable(turn, position):
            _close(turn, standing, position)
            return
    if since_ns >= UNCLOSED_NS:
        _tell_unclosed(turn, standing, position, _why(last))


def _due(acts: list[int], since_ns: int) -> bool:
    """At once the first time; later ones each twice as long after the last verdict."""
    return not acts or (len(acts) < ACTS_MAX and since_ns >= RETRY_NS << (len(acts) - 1))


def _reachable(turn: Turn, position: Position) -> bool:
    """Whether a close could be executed at all: an act is not spent where it could not."""
    trades = not turn.market_ms or calendar.hours(turn.market_ms) is not calendar.Hours.CLOSED
    link = routing.reducing_link(turn, position.account)
    return trades and link is not None and closing.not_busy(turn, position).ok


def _close(turn: Turn, standing: GuardStanding, position: Position) -> None:
    before = turn.actor
    turn.actor = ACTOR
    act_id = closing.close(turn, position, closing.Asked(f"guard {standing.measure}"))
    scope = (standing.account, standing.measure, standing.position)
    turn.emit(r.GuardActed(*scope, position.number, act_id))
    turn.actor = before


def _why(last: Act | None) -> str:
    return f"{routing.shown(last)} {last.state.value}" if last else "busy, market closed, or no terminal in reach"


def _tell_unclosed(turn: Turn, standing: GuardStanding, position: Position, why: str) -> None:
    shown = show(IdKind.POSITION, position.number)
    text = f"guard {standing.measure} must close {shown} on {standing.account}, and it is open: {why}"
    turn.alarm(UNCLOSED_ALARM, shown, text)


def _clear_closed(turn: Turn) -> None:
    for alarm in list(turn.state.alarms.values()):
        if alarm.code == UNCLOSED_ALARM and not turn.state.positions[parse(alarm.subject)[1]].open:
            turn.clear_alarm(UNCLOSED_ALARM, alarm.subject, "the position is closed")
