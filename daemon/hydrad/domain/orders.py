"""An order and its hash: exactly what a verdict was given for, and what may reach `order_send`.

The hash is SHA-256 over the msgpack array of the order's fields in the order in which they stand here (version
first). Verdict, link and ledger carry the same order; whoever holds one can check the hash (invariant I12).
Fields that an order of some kind does not need are zero or empty, never absent.
"""

from __future__ import annotations

import enum
import hashlib

import msgspec

ORDER_VERSION = 1
PLAN_STEPS_MAX = 8


class Side(enum.IntEnum):
    """Numbers are MetaTrader's."""

    BUY = 0
    SELL = 1

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class EntryType(enum.IntEnum):
    MARKET = 0
    LIMIT = 1
    STOP = 2


class ActKind(enum.IntEnum):
    """Everything that reaches `order_send`, and SET_PLAN, which stays at the agent. FIRE opens; all others reduce,
    move or remove."""

    FIRE = 1
    CLOSE = 2
    PART_CLOSE = 3
    CLOSE_BY = 4
    MODIFY = 5
    CANCEL = 6
    PLAN_STEP = 7
    SET_PLAN = 8


class PlanStepKind(enum.IntEnum):
    TIME_STOP = 1
    BREAK_EVEN = 2
    TRAIL = 3
    PART_CLOSE = 4
    EXIT_BEFORE_NEWS = 5
    EXIT_BEFORE_WEEKEND = 6


class PlanStep(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One step of a plan, run by the agent without the daemon. `act_id` is drawn by the daemon with the fire.

    `at_ms`: market time (time stop, exits). `trigger_r_milli`: thousandths of R (break-even, trail, part close), R
    being the real open price's distance from the fire's stop. `distance_points`: offset or trail distance.
    `volume_steps`: part close; 0 means all that is left.
    """

    kind: PlanStepKind
    act_id: int
    at_ms: int = 0
    trigger_r_milli: int = 0
    distance_points: int = 0
    volume_steps: int = 0


class Order(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one act asks of one account. Prices in points and volumes in steps of the account's own symbol."""

    version: int
    kind: ActKind
    account: str
    symbol: str
    side: Side
    entry_type: EntryType = EntryType.MARKET
    entry_points: int = 0
    volume_steps: int = 0
    stop_points: int = 0
    target_points: int = 0
    collar_points: int = 0
    expiration_ms: int = 0
    plan: tuple[PlanStep, ...] = ()
    position_id: int = 0
    volume_expected_steps: int = 0
    volume_remaining_steps: int = 0
    ticket: int = 0

    @property
    def rests(self) -> bool:
        """Whether this is an opening order that waits at the broker for its price."""
        return self.kind is ActKind.FIRE and self.entry_type is not EntryType.MARKET

    @property
    def moves_levels(self) -> bool:
        """Whether this changes stop and target of a position, and deals nothing."""
        return self.kind is ActKind.MODIFY or (self.kind is ActKind.PLAN_STEP and not self.volume_steps)


def whole_close(account: str, symbol: str, side: Side, volume_steps: int, position_id: int, ticket: int) -> Order:
    """The order that closes all of a position, as it stands now. `side`: the position's."""
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.CLOSE,
        account=account,
        symbol=symbol,
        side=side.opposite,
        volume_steps=volume_steps,
        position_id=position_id,
        volume_expected_steps=volume_steps,
        volume_remaining_steps=0,
        ticket=ticket,
    )


_ENCODER = msgspec.msgpack.Encoder()


def order_hash(order: Order) -> bytes:
    """SHA-256 of the order's canonical msgpack array, 32 bytes."""
    return hashlib.sha256(_ENCODER.encode(order)).digest()
