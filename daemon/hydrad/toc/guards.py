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

from hydrad.domain import calendar
from hydrad.domain.accounts import Authority
from hydrad.domain.instants import MINUTE_MS
from hydrad.link import frames as f
from hydrad.toc import cash, exposure, latch, peak, resting, risk
from hydrad.toc import records as r
from hydrad.toc.fold_guards import guard_key
from hydrad.toc.guard_closes import ACTOR, TRIPPED_ALARM, WARNED_ALARM, clear, pursue, subject, unclosed
from hydrad.toc.guard_table import FAR, Guard, table
from hydrad.toc.limiting import limits_for
from hydrad.toc.live import Link
from hydrad.toc.state import Account
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn

_LEVELS = {
    "reducing": Authority.REDUCING,
    "flatten": Authority.REDUCING,
    "halted": Authority.HALTED,
}


# --- when ---------------------------------------------------------------------------------------------------


def clear_unwanted(turn: Turn) -> None:
    """A guard that is configured no more stands no more. At a start, and by the clock: a change may have waited."""
    for standing in list(turn.state.guards_standing.values()):
        if standing.measure not in _table(turn, standing.account):
            clear(turn, standing, "this guard is switched off")


def on_figures(turn: Turn, link: Link) -> None:
    """An account's figures came, after the deals and positions that they fit."""
    account = turn.state.accounts[turn.state.terminals[link.terminal].account]
    if link.account is None or not _trusted(link) or not cash.explained(turn, link, account):
        return
    peak.look(turn, link, account.name, link.account.equity)
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
    clear_unwanted(turn)
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
            _judge(turn, rows["weekend"], name, 0, minutes if held else FAR)
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
    return now.equity * 100 / now.margin if now.margin > 0 else FAR


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
    elif standing is not None and guard.calm(value) and not unclosed(turn, standing):
        clear(turn, standing, f"{guard.text(value)} now")


def _warn(turn: Turn, guard: Guard, account: str, position: int, value: Decimal) -> None:
    measured, level = guard.text(value), guard.text(guard.warning)
    turn.emit(r.GuardWarned(account, guard.measure, position, measured, level))
    turn.alarm(WARNED_ALARM, subject(account, guard.measure, position), f"{measured}, warning level {level}")


def _trip(turn: Turn, guard: Guard, account: str, position: int, value: Decimal) -> None:
    measured, limit = guard.text(value), guard.text(guard.limit)
    about = subject(account, guard.measure, position)
    before = turn.actor
    turn.actor = ACTOR
    turn.emit(r.GuardTripped(account, guard.measure, position, measured, limit, guard.action))
    turn.clear_alarm(WARNED_ALARM, about, "tripped")
    turn.alarm(TRIPPED_ALARM, about, f"{measured}, limit {limit}: {guard.action}")
    if guard.action != "alarm" and not position:
        for fire in resting.fires(turn.state, account):
            resting.cancel(turn, fire, f"guard {guard.measure}")
    if guard.action in _LEVELS and not position:
        latch.tighten(turn, account, _LEVELS[guard.action], f"guard {guard.measure}: {measured}, limit {limit}")
    turn.actor = before
