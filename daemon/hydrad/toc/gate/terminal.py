"""The way to the account: its figures and terms, its terminal, the clocks between."""

from __future__ import annotations

from hydrad.domain.instants import HOUR, MS, SECOND
from hydrad.domain.money import money_text
from hydrad.toc.gate.case import UNKNOWN, Case, Measure
from hydrad.toc.live import Link
from hydrad.toc.terminal import Duty, LinkState

MEASUREMENT_AGE_MAX_NS = 60 * SECOND


def account_known(c: Case) -> Measure:
    known = c.base is not None and c.base > 0
    return known, money_text(c.base) if c.base is not None else UNKNOWN, "a balance above zero"


def terms_known(c: Case) -> Measure:
    return c.terms is not None, c.terms.symbol if c.terms else UNKNOWN, "reported in this session"


def terminal_link(c: Case) -> Measure:
    if c.terminal is None or c.link is None:
        return False, "no terminal", "READY"
    return c.link.state is LinkState.READY, f"{c.terminal.name} {c.link.state.value}", "READY"


def terminal_duty(c: Case) -> Measure:
    duty = c.terminal.duty if c.terminal else None
    if c.ask.account.feed_only:
        return False, "it only gives quotes", "ACTIVE"
    return duty is Duty.ACTIVE, duty.value if duty else "no terminal", "ACTIVE"


def clock_offset(c: Case) -> Measure:
    limit = f"{c.limits.clock_offset_max_ms} ms, measured within 60 s"
    if c.link is None or c.link.offset_ns is None:
        return False, UNKNOWN, limit
    age = c.now_ns - c.link.measured_ns
    worst = abs(c.link.offset_ns) + c.link.uncertainty_ns
    ok = worst <= c.limits.clock_offset_max_ms * MS and age <= MEASUREMENT_AGE_MAX_NS
    return (
        ok,
        f"{c.link.offset_ns / MS:z.1f} ± {c.link.uncertainty_ns / MS:.1f} ms, {age // SECOND} s old",
        limit,
    )


def broker_clock(c: Case) -> Measure:
    beat = c.link.beat if c.link else None
    known = beat is not None and beat.offset_ms is not None
    return known, f"UTC {beat.offset_ms * MS / HOUR:+g} h" if beat and beat.offset_ms is not None else UNKNOWN, "known"


def trading_on(c: Case) -> Measure:
    return trading(c.link)


def trading(link: Link | None) -> Measure:
    """Whether the terminal is connected to its trade server, and trading is allowed there."""
    beat = link.beat if link else None
    if beat is None:
        return False, UNKNOWN, "connected, allowed"
    measured = (
        f"{'connected' if beat.connected else 'disconnected'}, {'allowed' if beat.trade_allowed else 'switched off'}"
    )
    return beat.connected and beat.trade_allowed, measured, "connected, allowed"
