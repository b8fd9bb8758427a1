"""Accounts: their figures, limits, groups, what arming waits for, their day, and their statement."""

from __future__ import annotations

from hydrad.wire.answers import Out


class AccountRow(Out, frozen=True):
    """Amounts are null until the terminal has reported them in this session; `as_of_age_s` is their age."""

    name: str
    kind: str
    login: int
    server: str
    currency: str
    hedging: bool
    balance: str | None
    equity: str | None
    margin_level: str | None
    day_pnl: str | None
    day_limit: str | None
    open_risk: str | None
    open_risk_limit: str | None
    authority: str
    positions: int
    as_of_age_s: float | None


class LimitRow(Out, frozen=True):
    """`everywhere`: of all accounts; `own`: the account's; `holds`: the stricter one. Null is not set."""

    name: str
    everywhere: str | None
    own: str | None
    holds: str | None


class AccountShow(Out, frozen=True):
    """`lane`: the terminal that opens for the account now. `operators`: those to whom it was given. `armed`: of a live
    account, with the fills that still use the minimum volume. `peak`, `start`, `day`: equities that losses are
    counted from, net of cash but for the day's. `phone`: of the broker's dealing desk."""

    account: AccountRow
    limits: tuple[LimitRow, ...]
    groups: dict[str, str]
    terminals: tuple[str, ...]
    lane: str | None
    operators: tuple[str, ...]
    armed: bool = False
    first_fires_left: int = 0
    peak: str | None = None
    start: str | None = None
    day: str | None = None
    phone: str | None = None


class ConditionRow(Out, frozen=True):
    """`at`: when its evidence was made, null where it was measured now."""

    name: str
    ok: bool
    measured: str
    needed: str
    at: str | None
    age_s: float | None


class ArmData(Out, frozen=True):
    """`armed`: now. `first_fires_left`: fills that still use the minimum volume. `change`: what waits for a second
    person."""

    account: str
    kind: str
    armed: bool
    first_fires_left: int
    ok: bool
    conditions: tuple[ConditionRow, ...]
    change: str | None


class GroupRow(Out, frozen=True):
    name: str
    members: dict[str, str]


class PoolRow(Out, frozen=True):
    """`members`: account -> weight. `fires`: how many each has taken since the pool was set. `turn`: the account that
    takes the next one, if nothing would deny it there."""

    name: str
    members: dict[str, str]
    fires: dict[str, int]
    turn: str


class StatementRow(Out, frozen=True):
    """One deal of the broker's. `amount`: what it added to the balance; `balance`: after it. `owner`: the act of ours
    that it belongs to, FOREIGN, or CASH. `volume` and `price` are null where the symbol's terms are not known."""

    at: str
    ticket: int
    order: int
    position: int
    owner: str
    type: str
    entry: str | None
    symbol: str | None
    volume: str | None
    price: str | None
    profit: str
    swap: str
    commission: str
    amount: str
    balance: str
    comment: str


class StatementData(Out, frozen=True):
    """A month by the broker's clock. `opening` and `closing`: the sum of all deals before and up to its end.
    `deals_balance`: the sum of all deals until now; `difference` from `broker_balance`, which it must equal."""

    account: str
    currency: str
    kind: str
    month: str
    start: str
    end: str
    broker_offset_s: float | None
    opening: str
    closing: str
    total_profit: str
    total_swap: str
    total_commission: str
    total_cash: str
    deals_balance: str
    broker_balance: str
    difference: str
    agrees: bool
    rows: tuple[StatementRow, ...]


class AccountDayData(Out, frozen=True):
    """`day`: the trading day that runs now, a date; None before the first figures."""

    account: str
    zone: str
    at: str
    day: str | None
