"""Positions and the deals they are made of."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.orders import Order
from hydrad.toc.records.base import Body


class PositionOpened(Body, frozen=True):
    """`number` is the fire's sequence number."""

    number: int
    fire_id: int
    account: str
    terminal: str
    position_id: int
    symbol: str
    digits: int
    volume_step: Decimal
    side: int
    volume_steps: int
    open_points: int
    stop_points: int
    target_points: int
    at_ms: int


class PositionChanged(Body, frozen=True):
    """What the broker now says of an open position."""

    number: int
    volume_steps: int
    stop_points: int
    target_points: int


class DealBooked(Body, frozen=True):
    """A deal that belongs to one of our positions. Money in the account's currency."""

    account: str
    number: int
    ticket: int
    order_id: int
    entry: int
    reason: int
    volume_steps: int
    price_points: int
    magic: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    at_ms: int


class PositionClosed(Body, frozen=True):
    """`reason`: STOP, TARGET, CLOSED (by us), OWNER (by hand in MT5), STOP_OUT, or the plan step's kind."""

    number: int
    reason: str
    close_points: int
    profit: Decimal
    r_milli: int
    at_ms: int


class DealsRead(Body, frozen=True):
    """All deals of this account up to this ticket have been looked at. `funds_change`: what those that are new add to
    balance plus credit."""

    account: str
    after: int
    funds_change: Decimal = Decimal(0)


class ForeignSeen(Body, frozen=True):
    """A position that is not ours gets a number to be shown under."""

    account: str
    ticket: int
    number: int
    symbol: str


class PositionAdopted(Body, frozen=True):
    """A position that was FOREIGN is ours from here on. `act_id`: stands for the fire that it never had; nothing was
    sent under it. `stop_points`: as the broker has it now, 0 for none. `key` and `asked` as in an act's request, where
    no act follows that would have them."""

    act_id: int
    account: str
    terminal: str
    order: Order
    order_hash: bytes
    digits: int
    volume_step: Decimal
    open_points: int
    stop_points: int
    target_points: int
    risk_money: Decimal
    base_money: Decimal
    at_ms: int
    reason: str
    key: str = ""
    asked: bytes = b""
