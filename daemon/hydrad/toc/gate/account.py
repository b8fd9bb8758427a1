"""The account's day and history: losses, fires, limits that must be set."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.accounts import AccountKind
from hydrad.domain.instants import MINUTE_MS, ms_text
from hydrad.domain.money import money_text, volume_text
from hydrad.toc.first_fires import FIRST_FIRES, first_fires_left
from hydrad.toc.gate.case import NOT_SET, UNKNOWN, Case, Measure
from hydrad.toc.limit_table import unset
from hydrad.toc.limits import Limits
from hydrad.toc.state import Account


def fires_per_minute(c: Case) -> Measure:
    recent = [ms for ms in c.state.routed_ms.get(c.ask.account.name, ()) if c.market_ms - ms < MINUTE_MS]
    limit = c.limits.fires_per_minute_max
    return len(recent) + 1 <= limit, f"{len(recent)} and this one", str(limit)


def fires_per_day(c: Case) -> Measure:
    count, limit = c.ask.account.day_fires, c.limits.fires_per_day_max
    return limit is None or count + 1 <= limit, f"{count} and this one", NOT_SET if limit is None else str(limit)


def cool_at_ms(account: Account, limits: Limits) -> int:
    """Market time from which the account's last loss keeps it from nothing more; 0: it never did."""
    if not account.last_loss_ms or not limits.cool_down_minutes:
        return 0
    return account.last_loss_ms + limits.cool_down_minutes * MINUTE_MS


def cool_down(c: Case) -> Measure:
    """Market time since the account's last position that closed with a loss."""
    minutes, lost_ms = c.limits.cool_down_minutes, c.ask.account.last_loss_ms
    limit = NOT_SET if minutes is None else f"{minutes} minutes after a loss"
    if not lost_ms:
        return True, "no loss", limit
    return c.market_ms >= cool_at_ms(c.ask.account, c.limits), f"a loss at {ms_text(lost_ms, 0)}", limit


def day_loss(c: Case) -> Measure:
    limit = c.limits.day_loss_max_percent
    account = c.ask.account
    if c.link is None or c.link.account is None or not account.day_equity:
        return False, UNKNOWN, f"{limit} %"
    loss = account.day_equity + account.day_cash - c.link.account.equity
    percent = loss * 100 / account.day_equity
    return percent < limit, f"{money_text(loss)} = {percent:z.3f} %", f"below {limit} %"


def drawdown(c: Case) -> Measure:
    """From the highest equity that was journaled, net of cash."""
    limit, peak = c.limits.drawdown_max_percent, c.ask.account.peak_equity
    text = NOT_SET if limit is None else f"below {limit} %"
    if c.link is None or c.link.account is None or peak is None or peak <= 0:
        return limit is None, UNKNOWN, text
    lost = max(peak - c.link.account.equity, Decimal(0))
    percent = lost * 100 / peak
    measured = f"{money_text(lost)} below {money_text(peak)} = {percent:.3f} %"
    return limit is None or percent < limit, measured, text


def first_fires(c: Case) -> Measure:
    """A live account begins small: a size that was left to us is the least, one that was named must be it."""
    if c.ask.account.kind is not AccountKind.LIVE:
        return True, f"a {c.ask.account.kind.value} account", "the least volume, on a live account's first fills"
    left = first_fires_left(c.ask.account)
    limit = f"the least volume for the first {FIRST_FIRES} fills"
    if c.terms is None:
        return not left, UNKNOWN, limit
    volume = volume_text(c.steps, c.terms.volume_step)
    return not left or c.steps <= c.terms.volume_min_steps, f"{FIRST_FIRES - left} done, {volume}", limit


def limits_set(c: Case) -> Measure:
    missing, kind = unset(c.limits), c.ask.account.kind
    if kind is not AccountKind.LIVE:
        return True, f"{len(missing)} not set, as a {kind.value} account may", "all are set, on a live account"
    names = "missing: " + ", ".join(f"risk.{name}" for name in missing) if missing else "all are set"
    if not c.ask.account.armed:
        return False, f"{names}; not armed", "all are set, and the live account is armed"
    return not missing, names, "all are set, on a live account"
