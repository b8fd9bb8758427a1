"""Money that is not trading: cash booked from deal types, and whether the deals explain what the broker reports.

Balance plus credit (the *funds*) is anchored once, when it has stood still with all deals read; from then on every
deal moves it, ours or not. What the broker reports and the deals do not explain is BALANCE_DRIFT once it has stood
for the settle window: a report may be a moment ahead of the history.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.instants import MS, SECOND
from hydrad.domain.money import money_text
from hydrad.link import frames as f
from hydrad.toc import records as r
from hydrad.toc.live import Link
from hydrad.toc.state import Account
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding

# How long figures that the deals do not explain yet are left alone by the guards.
HOLD_NS = 5 * SECOND


def book(turn: Turn, account: str, row: f.DealRow) -> None:
    """A deal that is no trade."""
    turn.emit(r.CashBooked(account, row.ticket, change_of(row), row.comment, row.deal_type))


def change_of(row: f.DealRow) -> Decimal:
    """What a deal adds to balance plus credit."""
    return row.profit + row.swap + row.commission + row.fee


def deals_came(link: Link) -> None:
    """New deals were booked: how long a difference has stood counts anew."""
    link.funds_seen = None


def watch(turn: Turn, link: Link) -> None:
    """Look at one report of an account's figures, after the deals that came before it."""
    if link.account is None:
        return
    account = turn.state.accounts[turn.state.terminals[link.terminal].account]
    reported = link.account.balance + link.account.credit
    difference = reported - (account.funds or Decimal(0))
    if link.funds_seen is None or link.funds_seen[0] != difference:
        link.funds_seen = (difference, turn.now_ns)
    settled = turn.now_ns - link.funds_seen[1] >= turn.state.timing.settle_ms * MS
    if account.funds is None:
        if settled:
            turn.emit(r.FundsAnchored(account.name, reported))
    elif difference != account.drift and (settled or not difference):
        _told(turn, account, reported, difference)


def _told(turn: Turn, account: Account, reported: Decimal, difference: Decimal) -> None:
    assert account.funds is not None
    turn.emit(r.FundsDrifted(account.name, account.funds, reported))
    turn.clear_alarm(Finding.BALANCE_DRIFT.name, account.name, "another difference" if difference else "explained")
    if difference:
        detail = f"{money_text(reported)} reported, {money_text(account.funds)} by the deals"
        turn.finding(Finding.BALANCE_DRIFT, account.name, detail)


def explained(turn: Turn, link: Link, account: Account) -> bool:
    """Whether the reported figures may be judged: they fit the deals, or have not done so for long enough."""
    if account.funds is None or link.account is None:
        return True
    difference = link.account.balance + link.account.credit - account.funds
    if difference == account.drift:
        return True
    seen = link.funds_seen
    return seen is not None and seen[0] == difference and turn.now_ns - seen[1] >= HOLD_NS
