"""The market: whether it is open, quoting, and near news."""

from __future__ import annotations

from hydrad.domain.calendar import Hours
from hydrad.domain.hours import hours, rule_of
from hydrad.domain.instants import ms_text
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import news as newsroom
from hydrad.toc.gate.case import UNKNOWN, Case, Measure
from hydrad.toc.limits import Limits

FULL_TRADE_MODE = 4
LONG_ONLY, SHORT_ONLY = 1, 2


def trade_mode(c: Case) -> Measure:
    if c.terms is None:
        return False, UNKNOWN, "this side allowed"
    allowed = {FULL_TRADE_MODE, LONG_ONLY if c.ask.signal.side.sign > 0 else SHORT_ONLY}
    return c.terms.trade_mode in allowed, f"mode {c.terms.trade_mode}", "this side allowed"


def market_hours(c: Case) -> Measure:
    """By the shipped table of the symbol's class, unless the configuration says otherwise."""
    if not c.market_ms or c.terms is None:
        return False, UNKNOWN, Hours.OPEN.value
    found, rule = hours_now(c.limits, c.ask.account.name, c.terms, c.market_ms)
    if found is None:
        return False, f"no hours are known for {c.terms.symbol}", "OPEN; risk.market_hours can say when it trades"
    return found is Hours.OPEN, f"{found.value} at {ms_text(c.market_ms, 0)} ({rule})", Hours.OPEN.value


def hours_now(limits: Limits, account: str, terms: SymbolTerms, market_ms: int) -> tuple[Hours | None, str]:
    """The hours of a symbol at an instant, None where none are known, and by which rule."""
    text, asset = rule_of(limits.market_hours, account, terms.symbol, terms.currency_base, terms.currency_profit)
    return hours(market_ms, text, asset), text or asset.value


def news(c: Case) -> Measure:
    """No opens from 5 minutes before to 10 after high impact in one of the symbol's currencies."""
    return newsroom.check(c.live.news, c.terms, c.market_ms, c.now_ns, c.limits.news_age_max_hours)


def tick_age(c: Case) -> Measure:
    limit_ms = c.limits.tick_age_max_ms
    if c.quote is None:
        return False, "no quote", f"{limit_ms} ms"
    age_ms = c.market_ms - c.quote.time_ms
    return 0 <= age_ms <= limit_ms, f"{age_ms} ms", f"{limit_ms} ms"
