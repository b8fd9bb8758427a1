"""The fold of what guards, cash and the trading day write. Only `fold` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Account, GuardStanding, State

# Deal types that bring or take money from outside: balance, credit, correction, bonus. All others that are no trade
# (charges, commissions, interest, dividends, taxes) are costs of trading, and count in the day's result.
EXTERNAL = frozenset({2, 3, 5, 6})


def guard_key(account: str, measure: str, position: int) -> str:
    """What a guard's standing is kept under."""
    return f"{account} {measure}" + (f" {position}" if position else "")


def agent_act_key(terminal: str, ledger_id: str, local_id: int, move: int) -> str:
    """What an act that an agent began by itself is kept under: its id is its ledger's alone."""
    return f"{terminal} {ledger_id} {local_id} {move}"


def cash_booked(account: Account, body: r.CashBooked) -> None:
    """Money from outside is neither profit nor loss: the day, the start and the peak move with it."""
    if body.kind not in EXTERNAL:
        return
    account.day_cash += body.amount
    if account.start_equity is not None:
        account.start_equity += body.amount
    if account.peak_equity is not None:
        account.peak_equity += body.amount


def _anchored(state: State, record: Record, body: r.FundsAnchored) -> None:
    state.accounts[body.account].funds = body.funds


def _drifted(state: State, record: Record, body: r.FundsDrifted) -> None:
    state.accounts[body.account].drift = body.reported - body.expected


def _equity_peak(state: State, record: Record, body: r.EquityPeak) -> None:
    state.accounts[body.account].peak_equity = body.equity


def _corrected(state: State, record: Record, body: r.BasesCorrected) -> None:
    account = state.accounts[body.account]
    for base in body.bases:
        setattr(account, f"{base.name}_equity", base.equity)


def _day_set(state: State, record: Record, body: r.DaySet) -> None:
    account = state.accounts[body.account]
    account.day_zone, account.day_minute = body.zone, body.minute
    if account.day_equity is not None:
        account.day = body.day


def _warned(state: State, record: Record, body: r.GuardWarned) -> None:
    _standing(state, body)


def _tripped(state: State, record: Record, body: r.GuardTripped) -> None:
    standing = _standing(state, body)
    standing.tripped, standing.action, standing.at_ns = True, body.action, record.at_ns
    standing.before = state.next_number


def _acted(state: State, record: Record, body: r.GuardActed) -> None:
    _standing(state, body).acts.setdefault(body.number, []).append(body.act_id)


def _cleared(state: State, record: Record, body: r.GuardCleared) -> None:
    del state.guards_standing[guard_key(body.account, body.measure, body.position)]


def _changed(state: State, record: Record, body: r.GuardsChanged) -> None:
    state.guards = body.guards


def _standing(state: State, body: r.GuardWarned | r.GuardTripped | r.GuardActed) -> GuardStanding:
    key = guard_key(body.account, body.measure, body.position)
    fresh = GuardStanding(body.account, body.measure, body.position)
    return state.guards_standing.setdefault(key, fresh)


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.FundsAnchored: _anchored,
    r.FundsDrifted: _drifted,
    r.EquityPeak: _equity_peak,
    r.BasesCorrected: _corrected,
    r.DaySet: _day_set,
    r.GuardWarned: _warned,
    r.GuardTripped: _tripped,
    r.GuardActed: _acted,
    r.GuardCleared: _cleared,
    r.GuardsChanged: _changed,
}
