"""An account's statement of a month, from the broker's own deals. Pure.

A month is the broker's: from midnight to midnight of its server's clock, whose offset from UTC is the one measured
now (a change of daylight saving between then and now moves the edges by an hour; the answer names the offset). The
balance is the sum of all deals but credits (type 3), which MetaTrader 5 keeps apart from it:
https://www.mql5.com/en/docs/constants/tradingconstants/dealproperties
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.link import frames as f
from hydrad.toc.histories import History
from hydrad.toc.live import Link
from hydrad.toc.reconcile import DEAL_TRADES
from hydrad.toc.state import Account, State
from hydrad.toc.texts import act_id_text
from hydrad.toc.turn import Turn
from hydrad.wire.answers.accounts import StatementData, StatementRow

CREDIT = 3
TYPES = {
    0: "BUY",
    1: "SELL",
    2: "BALANCE",
    3: "CREDIT",
    4: "CHARGE",
    5: "CORRECTION",
    6: "BONUS",
    7: "COMMISSION",
    8: "COMMISSION_DAILY",
    9: "COMMISSION_MONTHLY",
    10: "AGENT_DAILY",
    11: "AGENT_MONTHLY",
    12: "INTEREST",
    13: "BUY_CANCELED",
    14: "SELL_CANCELED",
    15: "DIVIDEND",
    16: "DIVIDEND_FRANKED",
    17: "TAX",
}
ENTRIES = {0: "IN", 1: "OUT", 2: "INOUT", 3: "OUT_BY"}
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_of(text: str, offset_ms: int) -> tuple[int, int, str] | None:
    """First and last millisecond (UTC) of a broker's month `YYYY-MM`, and its name; None for another text."""
    found = _MONTH.fullmatch(text)
    if found is None or not 1970 < int(found[1]) < 2200:
        return None
    year, month = int(found[1]), int(found[2])
    return _first_ms(year, month) - offset_ms, _first_ms(year + month // 12, month % 12 + 1) - offset_ms - 1, text


def _first_ms(year: int, month: int) -> int:
    return (dt.date(year, month, 1) - dt.date(1970, 1, 1)).days * 86_400_000


def amount_of(row: f.DealRow) -> Decimal:
    """What a deal adds to the balance."""
    return Decimal(0) if row.deal_type == CREDIT else row.profit + row.swap + row.commission + row.fee


def made(turn: Turn, account: Account, link: Link, history: History, month: tuple[int, int, str]) -> StatementData:
    """The month's rows with the running balance, and whether all deals come to the broker's balance."""
    assert link.account is not None
    start_ms, end_ms, name = month
    deals = sorted(history.rows.values(), key=lambda row: (row.time_ms, row.ticket))
    opening = sum((amount_of(row) for row in deals if row.time_ms < start_ms), Decimal(0))
    wanted = [row for row in deals if start_ms <= row.time_ms <= end_ms]
    balance, rows = opening, []
    for deal in wanted:
        balance += amount_of(deal)
        rows.append(_row(turn.state, account, link, deal, balance))
    trades = [row for row in wanted if row.deal_type in DEAL_TRADES]
    total = sum((amount_of(row) for row in deals), Decimal(0))
    offset_ms = link.beat.offset_ms if link.beat else None
    return StatementData(
        account=account.name,
        currency=account.currency,
        kind=account.kind.value,
        month=name,
        start=ms_text(start_ms),
        end=ms_text(end_ms),
        broker_offset_s=offset_ms / 1000 if offset_ms is not None else None,
        opening=money_text(opening),
        closing=money_text(balance),
        total_profit=money_text(sum((row.profit for row in trades), Decimal(0))),
        total_swap=money_text(sum((row.swap for row in trades), Decimal(0))),
        total_commission=money_text(sum((row.commission + row.fee for row in trades), Decimal(0))),
        total_cash=money_text(sum((amount_of(row) for row in wanted if row not in trades), Decimal(0))),
        deals_balance=money_text(total),
        broker_balance=money_text(link.account.balance),
        difference=money_text(link.account.balance - total),
        agrees=total == link.account.balance,
        rows=tuple(rows),
    )


def _row(state: State, account: Account, link: Link, deal: f.DealRow, balance: Decimal) -> StatementRow:
    terms, trade = link.terms.get(deal.symbol), deal.deal_type in DEAL_TRADES
    return StatementRow(
        at=ms_text(deal.time_ms),
        ticket=deal.ticket,
        order=deal.order_id,
        position=deal.position_id,
        owner=_owner(state, account, deal) if trade else "CASH",
        type=TYPES.get(deal.deal_type, str(deal.deal_type)),
        entry=ENTRIES.get(deal.entry, str(deal.entry)) if trade else None,
        symbol=deal.symbol or None,
        volume=volume_text(deal.volume_steps, terms.volume_step) if terms and trade else None,
        price=price_text(deal.price_points, terms.digits) if terms and trade else None,
        profit=money_text(deal.profit),
        swap=money_text(deal.swap),
        commission=money_text(deal.commission + deal.fee),
        amount=money_text(amount_of(deal)),
        balance=money_text(balance),
        comment=deal.comment,
    )


def _owner(state: State, account: Account, deal: f.DealRow) -> str:
    """The act of ours whose deal it is, else the fire whose position it belongs to (closed by its owner or a stop)."""
    act = state.acts.get(deal.magic)
    if act is not None and act.account == account.name:
        return act_id_text(act)
    position = state.position_by_id(account.name, deal.position_id)
    return show(IdKind.FIRE, sequence_of(position.fire_id)) if position else "FOREIGN"
