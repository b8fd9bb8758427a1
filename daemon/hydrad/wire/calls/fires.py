"""Missions and fires: what opens, and what is decided about it."""

from __future__ import annotations

import msgspec

from hydrad.wire.calls.base import Verb


class Sized(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account of a fire with the lots that its person was shown: no other size is sent there."""

    account: str
    volume: str


class Fire(Verb, frozen=True, tag="fire"):
    """Fire a mission. One of `volume` (lots) and `risk` ("0.5%") or neither (the configured risk). `wait_s`: how long
    to wait for the verdict; 0 answers once routed. `plan`: a named one, such as `default` or `none`. One of
    `account`, `accounts`, `group` and `all_accounts` (those that were given to the operator), or none: the operator's
    primary account. Several make one fire each. `sized` names each account with its own volume, in place of all of
    these; one of it beside `pool` is the account whose turn was shown: CONFLICT when it is another's by now. `again`,
    with `pool`: another account of it may take the mission, too."""

    mission: str
    account: str | None = None
    accounts: tuple[str, ...] = ()
    group: str | None = None
    all_accounts: bool = False
    volume: str | None = None
    risk: str | None = None
    plan: str = "default"
    dry_run: bool = False
    wait_s: float = 10.0
    reason: str | None = None
    pool: str | None = None
    again: bool = False
    sized: tuple[Sized, ...] = ()


class FireSymbol(Verb, frozen=True, tag="fire.symbol"):
    """By hand: makes a mission, then fires it. `side` is buy or sell. `again`: meant, though it looks repeated. `entry`
    with `type` (limit or stop): an order that rests at this price until the expiry; without, at the market. `shown`:
    the entry at the market that the person was shown; the collar lies around it, not around the price by then."""

    symbol: str
    side: str
    stop: str
    target: str | None = None
    expiry_s: float = 300.0
    account: str | None = None
    accounts: tuple[str, ...] = ()
    group: str | None = None
    all_accounts: bool = False
    volume: str | None = None
    risk: str | None = None
    plan: str = "default"
    dry_run: bool = False
    wait_s: float = 10.0
    reason: str | None = None
    again: bool = False
    entry: str | None = None
    type: str | None = None
    pool: str | None = None
    sized: tuple[Sized, ...] = ()
    shown: str | None = None


class Pass(Verb, frozen=True, tag="pass"):
    """This operator lets the mission go; others may still fire it."""

    mission: str
    reason: str | None = None


class Withdraw(Verb, frozen=True, tag="withdraw"):
    """The mission takes no more fires, from anybody."""

    mission: str
    reason: str | None = None


class Resolve(Verb, frozen=True, tag="resolve"):
    """A commander's verdict on an UNKNOWN act. `verdict`: filled or not-executed."""

    act: str
    verdict: str
    reason: str
    ticket: int | None = None


class Approve(Verb, frozen=True, tag="approve"):
    """A second person lets a fire go that waits for one, or a waiting change be made. `wait_s`: how long to wait for
    the fire's verdict."""

    id: str
    wait_s: float = 10.0
