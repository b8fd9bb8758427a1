"""The size: volume within the symbol's bounds, risk of the trade, margin after it."""

from __future__ import annotations

from hydrad.domain.money import money_text, volume_text
from hydrad.toc import exposure
from hydrad.toc.gate.case import UNKNOWN, Case, Measure


def size(c: Case) -> Measure:
    if c.terms is None:
        return False, UNKNOWN, "known"
    least = volume_text(c.terms.volume_min_steps, c.terms.volume_step)
    return c.steps >= c.terms.volume_min_steps, volume_text(c.steps, c.terms.volume_step), f"at least {least}"


def volume_limits(c: Case) -> Measure:
    if c.terms is None:
        return False, UNKNOWN, "known"
    step = c.terms.volume_step
    same_side = exposure.steps_on_side(c.state, c.live, c.ask.account.name, c.terms.symbol, c.ask.signal.side)
    limit = c.terms.volume_limit_steps
    ok = c.steps <= c.terms.volume_max_steps and (not limit or c.steps + same_side <= limit)
    text = f"{volume_text(c.terms.volume_max_steps, step)} an order"
    if limit:
        text += f", {volume_text(limit, step)} a side"
    return ok, volume_text(c.steps, step), text


def risk_per_trade(c: Case) -> Measure:
    limit = c.limits.risk_per_trade_max_percent
    if c.base is None or c.base <= 0 or c.risk_money is None:
        return False, UNKNOWN, f"{limit} %"
    percent = c.risk_money * 100 / c.base
    return percent <= limit, f"{money_text(c.risk_money)} = {percent:.3f} %", f"{limit} %"


def margin(c: Case) -> Measure:
    limit = c.limits.margin_level_min_percent
    account = c.link.account if c.link else None
    if account is None or c.terms is None:
        return False, UNKNOWN, f"{limit} %"
    per_lot = c.terms.margin_buy if c.ask.signal.side.sign > 0 else c.terms.margin_sell
    if per_lot <= 0:
        return False, UNKNOWN, f"{limit} %"
    needed = account.margin + per_lot * c.terms.volume_step * c.steps
    if not needed:
        return True, "no margin used", f"{limit} %"
    level = account.equity * 100 / needed
    return level >= limit, f"{level:.0f} % after", f"{limit} %"
