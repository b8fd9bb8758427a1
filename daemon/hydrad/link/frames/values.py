"""Values inside frames: rows of the ledger, of books and of ticks, and who an agent is."""

from __future__ import annotations

import enum
from decimal import Decimal

from hydrad.domain.orders import Order
from hydrad.link.frames.base import Body, finite, instant


class RowState(enum.IntEnum):
    """State of one (act id, move) in an agent's ledger."""

    JOURNALED = 1  # written before order_send; no verdict yet
    DONE = 2  # executed: tickets are known
    WORKING = 3  # accepted as a resting order
    REFUSED = 4  # the broker said no
    NOT_EXECUTED = 5  # never sent, or proven absent from the broker's records
    TOMBSTONED = 6  # asked about before it was seen: it will never be executed
    UNKNOWN = 7  # sent, or maybe sent; the broker's records have not answered yet
    ENDED = 8  # rested, and ended without a deal: `code` is CANCELLED, ORDER_EXPIRED or ORDER_REJECTED


class LedgerRow(Body, frozen=True):
    """One entry of the agent's append-only ledger; the newest entry of an (act id, move) is its state.

    `index` counts from 1. `code` is the agent's reason (`EXPIRED`, `FENCED`, `CAP_LOTS`, ...) or empty. `order`
    stands in the JOURNALED entry only.
    """

    index: int
    act_id: int
    move: int
    state: RowState
    order_hash: bytes
    at_ns: int
    market_ms: int
    code: str = ""
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    detail: str = ""
    order: Order | None = None

    def __post_init__(self) -> None:
        instant(self.market_ms)


class Tick(Body, frozen=True, gc=False):
    """`time_ms` is UTC: the agent has removed the broker's offset."""

    time_ms: int
    bid_points: int
    ask_points: int


class SymbolTicks(Body, frozen=True):
    symbol: str
    ticks: tuple[Tick, ...]


class PositionRow(Body, frozen=True):
    ticket: int
    position_id: int
    symbol: str
    side: int
    volume_steps: int
    open_points: int
    stop_points: int
    target_points: int
    magic: int
    time_ms: int
    profit: Decimal
    swap: Decimal
    comment: str
    price_points: int = 0

    def __post_init__(self) -> None:
        finite(self.profit, self.swap)
        instant(self.time_ms)


class OrderRow(Body, frozen=True):
    """A resting order at the broker."""

    ticket: int
    symbol: str
    order_type: int
    volume_steps: int
    price_points: int
    stop_points: int
    target_points: int
    magic: int
    expiration_ms: int
    comment: str


class DealRow(Body, frozen=True):
    """One deal. `entry`: 0 in, 1 out, 2 inout, 3 out by. `deal_type`: 0 buy, 1 sell, 2 balance, 3 credit, ...
    `reason`: 0 client, 3 expert (Python API), 4 stop, 5 target, 6 stop-out. `order_id`: the order it came from."""

    ticket: int
    order_id: int
    position_id: int
    symbol: str
    deal_type: int
    entry: int
    reason: int
    volume_steps: int
    price_points: int
    magic: int
    time_ms: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    fee: Decimal
    comment: str

    def __post_init__(self) -> None:
        finite(self.profit, self.swap, self.commission, self.fee)
        instant(self.time_ms)


class RateRow(Body, frozen=True):
    """One bar of the terminal's own, of bids. `ticks` as the terminal counts them."""

    start_ms: int
    open_points: int
    high_points: int
    low_points: int
    close_points: int
    ticks: int

    def __post_init__(self) -> None:
        instant(self.start_ms)


class Identity(Body, frozen=True):
    """Who the terminal says it is; compared with the enrolment at each hand-shake and around each order.

    `kind` is paper where the MetaTrader5 module carries the simulator's mark, demo or live by trade mode where it
    does not. `sim_broker` names the simulator's instance, empty on a real terminal.
    """

    login: int
    server: str
    kind: str
    currency: str
    hedging: bool
    trade_mode: int
    build: int
    data_path: str
    sim_broker: str
