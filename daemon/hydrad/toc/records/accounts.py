"""Accounts: their limits, day, cash, funds and peak, and the arming of live ones."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.accounts import AccountKind
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc.records.acts import Check
from hydrad.toc.records.base import Body


class AccountLimitsSet(Body, frozen=True):
    """All of an account's own limits, by the name of the field of Limits; they only tighten those of all accounts."""

    account: str
    limits: dict[str, str]


class SymbolsMapped(Body, frozen=True):
    """All of an account's maps: symbol as missions name it -> what its broker calls it. `terms`: the broker's, of those
    that were confirmed with this record."""

    account: str
    maps: dict[str, str]
    terms: dict[str, SymbolTerms] = {}


class LaneSet(Body, frozen=True):
    """The terminal that opens for this account as long as it can."""

    account: str
    terminal: str
    reason: str


class AccountAdded(Body, frozen=True):
    """`feed_only`: nothing is ever traded on it; only its quotes are wanted, whatever its kind."""

    name: str
    kind: AccountKind
    login: int
    server: str
    currency: str
    hedging: bool
    feed_only: bool = False


class BrokerPhoneSet(Body, frozen=True):
    """The number of the broker's dealing desk, as it stands on the account's card; empty: none is known."""

    account: str
    phone: str


class CashBooked(Body, frozen=True):
    """A deal that is no trade. `kind`: its MT5 deal type; which ones are money from outside stands in `cash`."""

    account: str
    ticket: int
    amount: Decimal
    comment: str
    kind: int = 2


class FundsAnchored(Body, frozen=True):
    """Balance plus credit at an instant at which all deals were read: from here on deals explain it."""

    account: str
    funds: Decimal


class FundsDrifted(Body, frozen=True):
    """Balance plus credit as reported, and as the deals explain it; equal when a drift was explained after all."""

    account: str
    expected: Decimal
    reported: Decimal


class DaySet(Body, frozen=True):
    """The account's trading day turns at this minute of the day in this zone. `day`: the one that runs now by that
    reckoning; its first equity stays, so that nothing is forgiven by moving the clock."""

    account: str
    zone: str
    minute: int
    day: int


class DayStarted(Body, frozen=True):
    """Day loss counts from this equity."""

    account: str
    day: int
    equity: Decimal


class EquityPeak(Body, frozen=True):
    """A new highest equity of an account, a step above the last one; cash that is booked moves it."""

    account: str
    equity: Decimal


class Base(msgspec.Struct, frozen=True, array_like=True):
    """What losses are counted from: `name` is peak, start or day."""

    name: str
    was: Decimal
    equity: Decimal


class BasesCorrected(Body, frozen=True):
    """A person's word on what reports had made."""

    account: str
    bases: tuple[Base, ...]
    reason: str


class SelfTestTold(Body, frozen=True):
    """The newest report of `hydra-terminal selftest` at a terminal, as its agent told it. `server`: where it ran;
    `at_ns`: when, by its host's clock."""

    terminal: str
    server: str
    build: int
    passed: bool
    at_ns: int


class Drilled(msgspec.Struct, frozen=True, array_like=True):
    """`ms`: from the request to the agent's answer, its ledger written; None: it has not confirmed in time."""

    terminal: str
    ms: int | None


class HaltDrilled(Body, frozen=True):
    """A halt on purpose, measured. `account` empty: of everything."""

    account: str
    terminals: tuple[Drilled, ...]


class AccountArmed(Body, frozen=True):
    """A live account may open from here on. `evidence`: its preconditions, as they were met when it was asked for."""

    account: str
    evidence: tuple[Check, ...]


class AccountDisarmed(Body, frozen=True):
    account: str
    why: str
