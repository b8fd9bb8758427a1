"""May this act be sent? Owns the agent's own checks, each a line in a table with the code of its refusal.

They stand beside the daemon's, not instead of them: each holds even against a daemon that is wrong, old or replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from hydrad.agent import caps, plans
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames
from hydrad.link.frames import PositionRow, Tick

KINDS: dict[type[frames.Command], frozenset[ActKind]] = {
    frames.Fire: frozenset({ActKind.FIRE}),
    frames.Close: frozenset({ActKind.CLOSE, ActKind.PART_CLOSE, ActKind.CLOSE_BY}),
    frames.Modify: frozenset({ActKind.MODIFY}),
    frames.Cancel: frozenset({ActKind.CANCEL}),
}
ACTS_MAX = 64
# How long an agent that ends still takes acts that reduce out of its queue.
STOP_NS_MAX = 20 * SECOND


class Situation(msgspec.Struct, frozen=True):
    """What is known when an act is judged. `not_after_ns`: the act's deadline by the agent's clock, None while the
    daemon's clock is unmeasured. `beat_age_ns`: since the daemon was last heard. `stopping_ns`: since the agent was
    told to end, None while it was not. `queued`: the act was taken before, and waited."""

    now_ns: int
    market_ms: int
    account: str
    ready: bool
    identified: bool
    clock_trusted: bool
    not_after_ns: int | None
    mission_expiry_ms: int
    fenced: bool
    halted: bool
    beat_age_ns: int
    dead_man_ns: int
    waiting: int
    caps: caps.Caps
    opened_within_minute: int
    equity: Decimal | None
    terms: SymbolTerms | None
    quote: Tick | None
    offset_known: bool
    positions: Mapping[int, PositionRow]
    stopping_ns: int | None = None
    queued: bool = False


Check = Callable[[Situation, Order], bool]


def _in_time(now: Situation, order: Order) -> bool:
    return now.not_after_ns is not None and now.now_ns <= now.not_after_ns


def _mission_open(now: Situation, order: Order) -> bool:
    return not now.mission_expiry_ms or now.market_ms < now.mission_expiry_ms


def _may_finish(now: Situation, order: Order) -> bool:
    """Of an agent that was told to end: what waited and opens nothing leaves within a bound, all else does not."""
    if now.stopping_ns is None:
        return True
    return now.queued and order.kind is not ActKind.FIRE and now.stopping_ns <= STOP_NS_MAX


def _latch(now: Situation, order: Order) -> bool:
    return not now.halted or order.kind is not ActKind.FIRE


def _tighter(now: Situation, order: Order) -> bool:
    """While halted a stop may only move towards the price; a position without one may get one."""
    if not now.halted or order.kind is not ActKind.MODIFY:
        return True
    held = now.positions.get(order.position_id)
    if held is None or not order.stop_points:
        return False
    return not held.stop_points or (order.stop_points - held.stop_points) * Side(held.side).sign >= 0


def _entry(now: Situation, order: Order) -> bool:
    """By the agent's own last tick: the price that a market fire would get lies within entry ± collar, and the price
    of one that shall rest was not reached yet."""
    if now.quote is None:
        return False
    price = now.quote.ask_points if order.side is Side.BUY else now.quote.bid_points
    if order.rests:
        return (price - order.entry_points) * order.side.sign * (1 if order.entry_type is EntryType.LIMIT else -1) > 0
    return abs(price - order.entry_points) <= order.collar_points


def _type(now: Situation, order: Order) -> bool:
    return not order.rests or (now.terms is not None and now.terms.may_rest(order.entry_type))


def _expiration(now: Situation, order: Order) -> bool:
    """What rests ends at the broker, in whole seconds, and no later than its mission."""
    if not order.rests:
        return not order.expiration_ms
    ends_ms = order.expiration_ms
    return now.market_ms < ends_ms <= (now.mission_expiry_ms or ends_ms) and ends_ms % 1000 == 0


def _alive(now: Situation, order: Order) -> bool:
    return now.beat_age_ns <= now.dead_man_ns


# The codes stand in the ledger and are shown to people. Order is the order of the checks.
ANY_ACT: tuple[tuple[str, Check], ...] = (
    ("VERSION", lambda now, order: order.version == ORDER_VERSION),
    ("ACCOUNT", lambda now, order: order.account == now.account),
    ("NOT_READY", lambda now, order: now.ready),
    ("IDENTITY", lambda now, order: now.identified),
    ("BUSY", lambda now, order: now.waiting < ACTS_MAX),
)
# Asked when the act comes, and again when it leaves for the worker.
AT_RELEASE: tuple[tuple[str, Check], ...] = (
    ("STOPPING", _may_finish),
    ("FENCED", lambda now, order: not now.fenced),
    ("EXPIRED", _in_time),
    ("MISSION_EXPIRED", _mission_open),
    ("HALTED", _latch),
    ("NOT_TIGHTER", _tighter),
)
OPENING: tuple[tuple[str, Check], ...] = (
    ("CLOCK", lambda now, order: now.clock_trusted),
    ("DEAD_MAN", _alive),
    ("ORDER_TYPE", _type),
    ("EXPIRATION", _expiration),
    ("BROKER_CLOCK", lambda now, order: now.offset_known),
    ("STOP_PRESENT", lambda now, order: order.stop_points > 0),
    ("PLAN_UNSUPPORTED", lambda now, order: not plans.unsupported(order.plan)),
)
OPENING_AT_RELEASE: tuple[tuple[str, Check], ...] = (("ENTRY_MISSED", _entry),)


def refusal(now: Situation, order: Order) -> str:
    """The code of the first check that an arriving act fails, or empty."""
    opening = order.kind is ActKind.FIRE
    code = _first(ANY_ACT + AT_RELEASE + (OPENING if opening else ()), now, order)
    if code or not opening:
        return code
    code = caps.exceeded(now.caps, order, now.terms, now.equity, now.opened_within_minute)
    return code or _first(OPENING_AT_RELEASE, now, order)


def withheld(now: Situation, order: Order) -> str:
    """The code of the first check that fails at the last moment, when a journaled act would go to the worker."""
    opening = order.kind is ActKind.FIRE
    return _first(AT_RELEASE + (OPENING_AT_RELEASE if opening else ()), now, order)


def _first(table: tuple[tuple[str, Check], ...], now: Situation, order: Order) -> str:
    return next((code for code, passes in table if not passes(now, order)), "")
