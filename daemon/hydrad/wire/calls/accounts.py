"""Accounts: arming, limits, groups, pools, symbols, their day, their statement."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class AccountDay(Verb, frozen=True, tag="account.day"):
    """When the account's trading day turns: `at` is HH:MM in `zone`."""

    account: str
    zone: str
    at: str


class Statement(Verb, frozen=True, tag="statement"):
    """The broker's deals of an account in a month, `YYYY-MM`, read from its terminal now."""

    account: str
    month: str
    wait_s: float = 8.0


class SymbolMap(Verb, frozen=True, tag="symbol.map"):
    """What an account's broker calls symbols: `values` sets, `clear` takes away."""

    account: str
    values: dict[str, str] = {}
    clear: tuple[str, ...] = ()


class AccountArm(Verb, frozen=True, tag="account.arm"):
    """Take a live account into use: what must be so is shown, and a second person lets it be done. `dry_run`: shown."""

    account: str
    dry_run: bool = False


class AccountDisarm(Verb, frozen=True, tag="account.disarm"):
    """Nothing opens on this account any more, at once."""

    account: str
    reason: str = ""


class AccountCorrect(Verb, frozen=True, tag="account.correct"):
    """What losses are counted from, where a report was wrong: money in the account's currency, as text. `peak`: the
    highest equity; `start`: the first; `day`: the day's first. What is None stays."""

    account: str
    peak: str | None = None
    start: str | None = None
    day: str | None = None
    reason: str = ""


class AccountPhone(Verb, frozen=True, tag="account.phone"):
    """The number of the broker's dealing desk, for the account's card and for a terminal that is lost; empty takes it
    away."""

    account: str
    phone: str


class AccountLimits(Verb, frozen=True, tag="account.limits"):
    """Set (`values`) and take away (`clear`) limits of one account. Tighter is at once, looser waits."""

    account: str
    values: dict[str, str] = {}
    clear: tuple[str, ...] = ()


class AccountGroup(Verb, frozen=True, tag="account.group"):
    """Make a group of accounts, each with its multiplier; no members takes it away."""

    group: str
    members: dict[str, str] = {}


class AccountPool(Verb, frozen=True, tag="account.pool"):
    """Make a pool of accounts, each with its weight: a fire on it goes to one of them, in turn; no members takes it
    away."""

    pool: str
    members: dict[str, str] = {}
