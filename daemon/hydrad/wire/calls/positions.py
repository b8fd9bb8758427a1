"""What is done to positions and resting orders. `dry_run`: what it would be, and nothing is sent; whoever may look may
ask."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class Close(Verb, frozen=True, tag="close"):
    """Close a position (`P-…`, or its fire's `F-…`), or all of a mission (`M-…`). `part`: "50%" or lots. `stays`: the
    lots of the one position that were shown to stay open; CONFLICT, and nothing is sent, when others would by now."""

    id: str
    part: str | None = None
    wait_s: float = 10.0
    reason: str | None = None
    dry_run: bool = False
    stays: str | None = None


class Cancel(Verb, frozen=True, tag="cancel"):
    """Cancel a resting order (`O-…`, or its fire's `F-…`), or `all_orders` of ours, of one `account` where it is named.
    Passes in every authority."""

    id: str | None = None
    all_orders: bool = False
    account: str | None = None
    wait_s: float = 10.0
    reason: str | None = None
    dry_run: bool = False


class Modify(Verb, frozen=True, tag="modify"):
    """New stop and/or target; what is not named stays. `target="none"` removes it; a stop is never removed."""

    id: str
    stop: str | None = None
    target: str | None = None
    wait_s: float = 10.0
    reason: str | None = None
    dry_run: bool = False


class Flatten(Verb, frozen=True, tag="flatten"):
    """Close all of ours that is open, one act a position; of one `account`, of one `symbol`. `foreign`: also what is
    not ours on that account, its name typed once more."""

    account: str | None = None
    symbol: str | None = None
    foreign: str | None = None
    wait_s: float = 10.0
    reason: str | None = None
    dry_run: bool = False


class PlanSet(Verb, frozen=True, tag="plan.set"):
    """Put a named plan in place of a position's (`P-…`, `F-…`, or all of `M-…`). What is done stays done."""

    id: str
    plan: str
    wait_s: float = 10.0
    reason: str | None = None


class Adopt(Verb, frozen=True, tag="adopt"):
    """A FOREIGN position of a hedging account becomes ours, with this stop."""

    ticket: int
    account: str
    stop: str
    wait_s: float = 10.0
    reason: str | None = None
