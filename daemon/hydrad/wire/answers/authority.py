"""What a halt or a resume has verified, terminal by terminal and order by order."""

from __future__ import annotations

from hydrad.wire.answers import Out


class HaltedTerminal(Out, frozen=True):
    terminal: str
    account: str
    verified: bool
    detail: str


class HaltedOrder(Out, frozen=True):
    """A resting order that the latch cancels, or what a part fill has left of one. `verdict`: verified (it is gone),
    filled (before it could be cancelled), refused (by the broker) or unknown."""

    id: str
    fire: str
    account: str
    symbol: str
    verdict: str
    detail: str


class HaltData(Out, frozen=True):
    """What the latch has stopped, as verified. `on_the_wire`: acts that had left before the latch. `orders`: resting
    orders of ours, one by one in `resting`. `drill`: it was closed on purpose, and `authority` is what holds again.
    `elsewhere`: terminals of accounts that were not given to who asks, and how many of them are not verified."""

    authority: str
    account: str | None
    latched_at: str
    terminals: tuple[HaltedTerminal, ...]
    on_the_wire: tuple[str, ...]
    withheld: tuple[str, ...]
    orders: tuple[str, ...]
    positions_open: int
    resting: tuple[HaltedOrder, ...] = ()
    drill: bool = False
    elsewhere: int = 0
    elsewhere_unverified: int = 0
