"""What would be held with this one: positions, risk, currencies."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hydrad.domain.assets import bloc_of
from hydrad.domain.money import money_text
from hydrad.toc import crew, exposure
from hydrad.toc.gate import currencies
from hydrad.toc.gate.case import NOT_SET, UNKNOWN, Case, Measure


def open_positions(c: Case) -> Measure:
    count = exposure.positions_and_in_flight(c.state, c.live, c.ask.account.name)
    limit = c.limits.open_positions_max
    return count + 1 <= limit, f"{count} and this one", str(limit)


def resting_orders(c: Case) -> Measure:
    """What is on its way to rest counts."""
    limit = c.limits.resting_orders_max
    if not c.rests:
        return True, "a market order", str(limit)
    held = exposure.reserved(c.state, c.ask.account.name)
    count = sum(act.order is not None and act.order.rests and act.act_id != c.ask.act_id for act in held)
    return count + 1 <= limit, f"{count} and this one", str(limit)


def symbol_positions(c: Case) -> Measure:
    count = exposure.held_in_symbol(c.state, c.live, c.ask.account.name, c.symbol)
    return _one_more(count, c.limits.symbol_positions_max)


def operator_positions(c: Case) -> Measure:
    """On all accounts together; nobody without a name holds anything."""
    operator, limit = c.state.operator(c.ask.actor), c.limits.operator_positions_max
    if operator is None:
        return limit is None, "no operator", NOT_SET if limit is None else str(limit)
    return _one_more(crew.open_of(c.state, operator, but=c.ask.act_id), limit)


def _one_more(count: int, limit: int | None) -> Measure:
    if limit is None:
        return True, f"{count} and this one", NOT_SET
    return count + 1 <= limit, f"{count} and this one", str(limit)


def opposite_position(c: Case) -> Measure:
    if c.limits.opposite_positions:
        return True, "allowed", "allowed by risk.opposite_positions"
    signal = c.ask.signal
    steps = exposure.steps_on_side(c.state, c.live, c.ask.account.name, c.symbol, signal.side.opposite)
    held = f"{signal.side.opposite.name} is held or in flight" if steps else "none"
    return not steps, held, "nothing on the other side"


def open_risk(c: Case) -> Measure:
    limit = c.limits.open_risk_max_percent
    held = exposure.open_risk(c.state, c.live, c.ask.account.name)
    if c.base is None or c.base <= 0 or c.risk_money is None or held is None:
        return False, UNKNOWN if held is not None else "a foreign position has no stop", f"{limit} %"
    percent = (held + c.risk_money) * 100 / c.base
    return (
        percent <= limit,
        f"{money_text(held)} and {money_text(c.risk_money)} = {percent:.3f} %",
        f"{limit} %",
    )


def netting_busy(c: Case) -> Measure:
    if c.ask.account.hedging:
        return True, "hedging", "hedging, or nothing else in this symbol"
    busy = exposure.symbol_busy(c.state, c.live, c.ask.account.name, c.symbol)
    return not busy, busy or "free", "hedging, or nothing else in this symbol"


def currency_exposure(c: Case) -> Measure:
    """Net per currency, the worst one: EURUSD and EURGBP add up in EUR."""
    return _worst(c, c.limits.currency_exposure_max_percent, lambda held: held)


def correlated_exposure(c: Case) -> Measure:
    """Net per bloc of what moves together, the worst one."""
    return _worst(c, c.limits.correlated_exposure_max_percent, bloc_of)


def _worst(c: Case, limit: Decimal | None, name_of: Callable[[str], str | None]) -> Measure:
    """Of those that this act makes larger: what is over its limit already may be brought down."""
    text = f"{limit} % of the account" if limit is not None else NOT_SET
    after, before = currencies.net(c, True, name_of), currencies.net(c, False, name_of)
    if after is None or before is None or c.base is None or c.base <= 0:
        return limit is None, UNKNOWN, text
    grown = {name: money for name, money in after.items() if abs(money) > abs(before.get(name, Decimal(0)))}
    if not grown:
        return True, "nothing grows", text
    name = max(sorted(grown), key=lambda one: abs(grown[one]))
    percent = abs(grown[name]) * 100 / c.base
    return limit is None or percent <= limit, f"{name} {money_text(grown[name])} = {percent:.1f} %", text
