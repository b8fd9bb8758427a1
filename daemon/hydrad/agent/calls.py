"""What the agent asks of its worker, and what the worker answers. Owns these shapes, nothing else.

The worker answers one call at a time, each by the answer that its docstring names. Prices are in points, volumes
in steps, times UTC: the worker alone knows floats and the broker's wall clock.
"""

from __future__ import annotations

import msgspec

from hydrad.domain.orders import Order
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import Account, DealRow, OrderRow, PositionRow, RateRow, RowState, SymbolTicks


class _Value(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all values here."""


class Cursor(_Value, frozen=True):
    """How far a symbol's ticks were read: up to `time_ms`, of which `seen` ticks bear just that millisecond."""

    symbol: str
    time_ms: int
    seen: int


# --- calls ----------------------------------------------------------------------------------------------


class Perform(_Value, frozen=True, tag="PERFORM"):
    """Send an act's order to the broker, once. `not_after_ns`: agent's machine time past which `order_send` may
    not be called any more. Answered by Performed."""

    act_id: int
    move: int
    order: Order
    not_after_ns: int


class Find(_Value, frozen=True, tag="FIND"):
    """Look for an act in the broker's records. `since_ms`: market time at which it was journaled. Answered by
    Found."""

    act_id: int
    move: int
    order: Order
    since_ms: int


class Poll(_Value, frozen=True, tag="POLL"):
    """Read what changed. `since_ms`: market time of the last full reading; nothing more is read while the clock
    still stands there, -1 reads in any case. `deals_after`: the last deal's ticket, -1 for no deals;
    `deals_from_ms`: its market time. Answered by Polled."""

    since_ms: int
    cursors: tuple[Cursor, ...]
    deals_after: int
    deals_from_ms: int


class ReadBooks(_Value, frozen=True, tag="BOOKS"):
    """Everything for a hand-shake: terms, positions, resting orders, account, deals after a ticket. Answered by
    Books."""

    deals_after: int


class ReadTerms(_Value, frozen=True, tag="TERMS"):
    """Answered by Terms."""


class ReadDeals(_Value, frozen=True, tag="DEALS"):
    """Deals of an interval of market time, both ends included. Answered by DealsRead."""

    query_id: int
    from_ms: int
    to_ms: int


class ReadRates(_Value, frozen=True, tag="RATES"):
    """Minute bars that open within an interval of market time, both ends included. Answered by RatesRead."""

    query_id: int
    symbol: str
    from_ms: int
    to_ms: int


Call = Perform | Find | Poll | ReadBooks | ReadTerms | ReadDeals | ReadRates


# --- answers --------------------------------------------------------------------------------------------


class Performed(_Value, frozen=True, tag="PERFORMED"):
    """What came of an act: DONE, WORKING, REFUSED, NOT_EXECUTED (then `order_send` was not called, and `code` says
    why) or UNKNOWN. `identity_changed`: the terminal was another after the order than before it."""

    state: RowState
    code: str = ""
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    detail: str = ""
    identity_changed: bool = False


class Found(_Value, frozen=True, tag="FOUND"):
    """Evidence about an act: DONE, WORKING, ENDED (then `code` says how), NOT_EXECUTED (of a cancel whose order ended
    otherwise), or None while the records hold nothing. `connected`: the terminal had its trade server while they were
    read."""

    state: RowState | None
    connected: bool
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    code: str = ""


class Polled(_Value, frozen=True, tag="POLLED"):
    """`market_ms`: read before anything else. `read` is False where the clock stood still and nothing more was
    read. `complete` is False where more ticks or deals wait than one answer takes. `offset_ms`: the broker's wall
    clock minus UTC as known now, None while it is unknown."""

    market_ms: int
    connected: bool
    trade_allowed: bool
    read: bool = False
    complete: bool = True
    ticks: tuple[SymbolTicks, ...] = ()
    cursors: tuple[Cursor, ...] = ()
    positions: tuple[PositionRow, ...] = ()
    deals: tuple[DealRow, ...] = ()
    account: Account | None = None
    orders: tuple[OrderRow, ...] = ()
    offset_ms: int | None = None


class Books(_Value, frozen=True, tag="BOOKS"):
    market_ms: int
    terms: tuple[SymbolTerms, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    deals: tuple[DealRow, ...]
    account: Account


class Terms(_Value, frozen=True, tag="TERMS"):
    market_ms: int
    terms: tuple[SymbolTerms, ...]


class DealsRead(_Value, frozen=True, tag="DEALS"):
    query_id: int
    rows: tuple[DealRow, ...]


class RatesRead(_Value, frozen=True, tag="RATES"):
    """`why`: what kept them from being read."""

    query_id: int
    symbol: str
    rows: tuple[RateRow, ...]
    why: str = ""


Answer = Performed | Found | Polled | Books | Terms | DealsRead | RatesRead
