"""After a fill: was it what was approved, and does the table of hours agree with the broker?

Findings and alarms only; what to do about them is a person's or a policy's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hydrad.domain.calendar import Hours
from hydrad.domain.hours import hours, rule_of
from hydrad.domain.instants import MINUTE_MS, ms_text
from hydrad.domain.money import money_text
from hydrad.link import frames as f
from hydrad.link import retcodes
from hydrad.toc import limiting, routing
from hydrad.toc.live import Link
from hydrad.toc.state import Act, Position
from hydrad.wire.codes import Finding

if TYPE_CHECKING:
    from hydrad.toc.turn import Turn

RISK_AFTER_FILL_PERCENT = 125
TICKS_BEYOND_MS = 5 * MINUTE_MS  # ticks this far inside what the table calls closed are no late or early ones


def risk(turn: Turn, link: Link, act: Act) -> None:
    """A fire was filled: its loss at the stop, from the price that was got, against the money that was approved."""
    position = turn.state.positions.get(act.position)
    terms = link.terms.get(position.symbol) if position else None
    if position is None or terms is None or not position.open_points or act.risk_money <= 0:
        return
    money = at_stop(position, terms.tick_value_loss, terms.volume_step)
    if money * 100 > act.risk_money * RISK_AFTER_FILL_PERCENT:
        currency = turn.state.accounts[act.account].currency
        detail = f"{money_text(money)} {currency} at the stop, {money_text(act.risk_money)} approved"
        turn.finding(Finding.RISK_AFTER_FILL, routing.shown(act), detail)


def at_stop(position: Position, money_per_point: Decimal, step: Decimal) -> Decimal:
    distance = (position.open_points - position.stop_points) * position.side.sign
    return money_per_point * max(distance, 0) * step * position.volume_steps


def refused(turn: Turn, link: Link, act: Act, row: f.LedgerRow) -> None:
    """The broker said MARKET_CLOSED while the table says open: the table is wrong there."""
    if row.retcode != retcodes.MARKET_CLOSED or act.order is None:
        return
    found = table(turn, link, act.order.symbol, turn.market_ms)
    if found is not None and found is not Hours.CLOSED:
        detail = f"{routing.shown(act)} was answered MARKET_CLOSED at {ms_text(turn.market_ms, 0)}, the table says open"
        turn.finding(Finding.MARKET_HOURS, f"{link.terminal} {act.order.symbol}", detail, alarm=False)


def ticked(turn: Turn, link: Link, symbol: str, time_ms: int) -> None:
    """Ticks while the table says closed, at least five minutes from its edges: told once a symbol and day."""
    day = time_ms // (24 * 60 * MINUTE_MS)
    if turn.live.hours_told.get((link.terminal, symbol)) == day:
        return
    if all(
        table(turn, link, symbol, at_ms) is Hours.CLOSED
        for at_ms in (time_ms, time_ms - TICKS_BEYOND_MS, time_ms + TICKS_BEYOND_MS)
    ):
        turn.live.hours_told[(link.terminal, symbol)] = day
        detail = f"ticks at {ms_text(time_ms, 0)}, the table says closed"
        turn.finding(Finding.MARKET_HOURS, f"{link.terminal} {symbol}", detail, alarm=False)


def table(turn: Turn, link: Link, symbol: str, at_ms: int) -> Hours | None:
    """What the table says of a symbol at a terminal's account; None while its terms or hours are not known."""
    terms, terminal = link.terms.get(symbol), turn.state.terminals.get(link.terminal)
    if terms is None or terminal is None:
        return None
    overrides = limiting.limits_for(turn.state, terminal.account, "").market_hours
    text, asset = rule_of(overrides, terminal.account, symbol, terms.currency_base, terms.currency_profit)
    return hours(at_ms, text, asset)
