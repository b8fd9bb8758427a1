"""Owns resting orders: how they are placed, changed, removed, reached and ended.

Each verb judges first and returns the first retcode that refuses. Placing ties up no margin; whether there is
money is asked when a tick reaches the order (`reach`), and one that cannot be paid for ends REJECTED. An order
keeps its ticket for life; on a hedging account it is the ticket of the position that it opens. On a netting
account it is dealt against the symbol's position.

Sources: MQL5 reference, SYMBOL_TRADE_STOPS_LEVEL, SYMBOL_TRADE_FREEZE_LEVEL, SYMBOL_EXPIRATION_MODE and
ENUM_ORDER_TYPE. A price at the market's own is refused even where the stops level is 0, since it would be
reached at once.

Prices in points, volumes in steps, instants in UTC milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hydrad.domain.orders import Side
from hydrad.venue.book import Book, Change, OrderKind, OrderRow, OrderState, Reason, Tickets, TimeType
from hydrad.venue.checks import (
    BOC,
    FOK,
    RETURN,
    convertible,
    filling_offered,
    found_steps,
    mode_refuses,
    on_grid,
    over_volume_limit,
    volume_offered,
)
from hydrad.venue.contract import FILL_BOC, Contract
from hydrad.venue.fills import LIMITS, RESTING, STOP_LIMITS, opening_points
from hydrad.venue.positions import Fill, Lot, deal_in, with_order
from hydrad.venue.rates import Board, Quote
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.standing import standing, tied_up

_ORDER_FLAG = {
    OrderKind.BUY_LIMIT: 2,
    OrderKind.SELL_LIMIT: 2,
    OrderKind.BUY_STOP: 4,
    OrderKind.SELL_STOP: 4,
    OrderKind.BUY_STOP_LIMIT: 8,
    OrderKind.SELL_STOP_LIMIT: 8,
}
_LIMIT_OF = {
    OrderKind.BUY_STOP_LIMIT: OrderKind.BUY_LIMIT,
    OrderKind.SELL_STOP_LIMIT: OrderKind.SELL_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a resting order says of prices and time, placed or sent anew. `limit_points`: of stop-limits alone.

    `expires_ms`: 0 for GTC; for the other types the instant that ends it. `expiration_s`: as it was asked for,
    in seconds of the server's clock, to be shown.
    """

    price_points: int
    limit_points: int = 0
    stop_points: int = 0
    target_points: int = 0
    time_type: TimeType = TimeType.GTC
    expires_ms: int = 0
    expiration_s: int = 0


@dataclass(frozen=True, slots=True)
class RestingAsk:
    """A new resting order."""

    symbol: str
    kind: OrderKind
    volume_steps: int
    terms: Terms
    filling: int = RETURN
    magic: int = 0
    comment: str = ""
    reason: Reason = Reason.EXPERT


@dataclass(frozen=True, slots=True)
class ChangeAsk:
    """New terms of a resting order: all of them are sent anew."""

    order: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class RemoveAsk:
    """The end of a resting order."""

    order: int


@dataclass(frozen=True, slots=True)
class _Placing:
    """Terms beside the symbol and the quote that were found. `row`: the order they change, None for a new one."""

    ask: RestingAsk
    room: Room
    contract: Contract
    quote: Quote
    row: OrderRow | None = None

    @property
    def terms(self) -> Terms:
        return self.ask.terms

    @property
    def side(self) -> Side:
        return self.ask.kind.side

    @property
    def nearest_points(self) -> int:
        return max(self.contract.stops_level_points, 1)


def _offered(placing: _Placing) -> Retcode | None:
    flag = _ORDER_FLAG.get(placing.ask.kind, 0)
    return None if flag & placing.contract.order_flags else Retcode.INVALID_ORDER


def _mode(placing: _Placing) -> Retcode | None:
    return mode_refuses(placing.contract, placing.side)


def _filling(placing: _Placing) -> Retcode | None:
    """RETURN always; FOK and IOC as for a market deal; BOC for what rests at a limit, where the symbol has it."""
    filling = placing.ask.filling
    if filling == BOC:
        allowed = placing.ask.kind in LIMITS | STOP_LIMITS and bool(placing.contract.filling_flags & FILL_BOC)
    else:
        allowed = filling == RETURN or filling_offered(placing.contract, filling)
    return None if allowed else Retcode.INVALID_FILL


def _volume(placing: _Placing) -> Retcode | None:
    return None if volume_offered(placing.contract, placing.ask.volume_steps) else Retcode.INVALID_VOLUME


def _volume_limit(placing: _Placing) -> Retcode | None:
    over = over_volume_limit(placing.room.book, placing.contract, placing.side, placing.ask.volume_steps)
    return Retcode.LIMIT_VOLUME if over else None


def _prices(placing: _Placing) -> Retcode | None:
    prices = [placing.terms.price_points]
    if placing.ask.kind in STOP_LIMITS:
        prices.append(placing.terms.limit_points)
    return None if all(on_grid(placing.contract, price) for price in prices) else Retcode.INVALID_PRICE


def _expiration(placing: _Placing) -> Retcode | None:
    """The symbol must offer the kind of expiration, and its instant must lie ahead."""
    terms = placing.terms
    if not placing.contract.expiration_flags & 1 << terms.time_type:
        return Retcode.INVALID_EXPIRATION
    ahead = terms.time_type is TimeType.GTC or terms.expires_ms > placing.room.time_ms
    return None if ahead else Retcode.INVALID_EXPIRATION


def _hours(placing: _Placing) -> Retcode | None:
    return None if placing.room.symbol_open else Retcode.MARKET_CLOSED


def _count(placing: _Placing) -> Retcode | None:
    book = placing.room.book
    return Retcode.LIMIT_ORDERS if len(book.orders) >= book.rules.limit_orders else None


def _distance(placing: _Placing) -> Retcode | None:
    """A limit lies on the better side of the market, a stop on the worse; a stop-limit's limit on the better side
    of its stop."""
    terms, sign, nearest = placing.terms, placing.side.sign, placing.nearest_points
    beyond = (terms.price_points - opening_points(placing.side, placing.quote)) * sign
    if placing.ask.kind in LIMITS:
        beyond = -beyond
    good = beyond >= nearest
    if placing.ask.kind in STOP_LIMITS:
        good = good and (terms.price_points - terms.limit_points) * sign >= nearest
    return None if good else Retcode.INVALID_PRICE


def _levels(placing: _Placing) -> Retcode | None:
    """Stop and target are measured from the price at which the order would open."""
    terms, sign, nearest = placing.terms, placing.side.sign, placing.nearest_points
    entry = terms.limit_points if placing.ask.kind in STOP_LIMITS else terms.price_points
    stop_ok = not terms.stop_points or (entry - terms.stop_points) * sign >= nearest
    target_ok = not terms.target_points or (terms.target_points - entry) * sign >= nearest
    return None if stop_ok and target_ok else Retcode.INVALID_STOPS


def _rates(placing: _Placing) -> Retcode | None:
    return None if convertible(placing.contract, placing.room.book.currency, placing.room.board) else Retcode.PRICE_OFF


def _freeze(placing: _Placing) -> Retcode | None:
    assert placing.row is not None
    return Retcode.FROZEN if _frozen(placing.row, placing.contract, placing.quote) else None


def _no_changes(placing: _Placing) -> Retcode | None:
    assert placing.row is not None
    return Retcode.NO_CHANGES if _terms_of(placing.row) == placing.terms else None


_CHECKS = tuple[Callable[[_Placing], Retcode | None], ...]
_TERMS: _CHECKS = (_prices, _expiration, _hours, _distance, _levels)
_PLACING: _CHECKS = (_offered, _mode, _filling, _volume, *_TERMS[:3], _count, _volume_limit, *_TERMS[3:], _rates)
_CHANGING: _CHECKS = (*_TERMS[:3], _no_changes, _freeze, *_TERMS[3:])


def judge_place(ask: RestingAsk, room: Room) -> Retcode | None:
    """The first reason to refuse a new resting order, or None."""
    found = _find(ask, room)
    return found if isinstance(found, Retcode) else _first(found, _PLACING)


def place(ask: RestingAsk, room: Room, tickets: Tickets) -> Outcome:
    """Judge a resting order and, when nothing refuses it, put it into the book."""
    refused = judge_place(ask, room)
    if refused is not None:
        return Outcome(room.book, refused)
    row = OrderRow(
        ticket=tickets.next_order(),
        position=0,
        symbol=ask.symbol,
        kind=ask.kind,
        state=OrderState.PLACED,
        filling=ask.filling,
        reason=ask.reason,
        volume_steps=ask.volume_steps,
        left_steps=ask.volume_steps,
        price_points=ask.terms.price_points,
        stop_points=ask.terms.stop_points,
        target_points=ask.terms.target_points,
        magic=ask.magic,
        comment=ask.comment,
        setup_ms=room.time_ms,
        done_ms=0,
        limit_points=ask.terms.limit_points if ask.kind in STOP_LIMITS else 0,
        time_type=ask.terms.time_type,
        expires_ms=ask.terms.expires_ms,
        expiration_s=ask.terms.expiration_s,
    )
    return _done(room.book, row)


def judge_change(ask: ChangeAsk, room: Room) -> Retcode | None:
    """The first reason to refuse new terms, or None. An order that does not rest is INVALID."""
    found = _find_change(ask, room)
    return found if isinstance(found, Retcode) else _first(found, _CHANGING)


def change(ask: ChangeAsk, room: Room) -> Outcome:
    """Judge new terms and, when nothing refuses them, give them to the order."""
    refused = judge_change(ask, room)
    if refused is not None:
        return Outcome(room.book, refused)
    row, terms = room.book.orders[ask.order], ask.terms
    return _done(
        room.book,
        replace(
            row,
            price_points=terms.price_points,
            limit_points=terms.limit_points if row.kind in STOP_LIMITS else 0,
            stop_points=terms.stop_points,
            target_points=terms.target_points,
            time_type=terms.time_type,
            expires_ms=terms.expires_ms,
            expiration_s=terms.expiration_s,
        ),
    )


def judge_remove(ask: RemoveAsk, room: Room) -> Retcode | None:
    """The first reason to refuse the end of an order, or None. An order that does not rest is INVALID."""
    row = room.book.orders.get(ask.order)
    if row is None:
        return Retcode.INVALID
    contract, quote = room.board.contract(row.symbol), room.board.quote(row.symbol)
    if contract is None or quote is None or not room.symbol_open:
        return Retcode.MARKET_CLOSED
    return Retcode.FROZEN if _frozen(row, contract, quote) else None


def remove(ask: RemoveAsk, room: Room) -> Outcome:
    """Judge the end of an order and, when nothing refuses it, cancel it."""
    refused = judge_remove(ask, room)
    if refused is not None:
        return Outcome(room.book, refused)
    book, gone = ended(room.book, room.book.orders[ask.order], OrderState.CANCELED, room.time_ms)
    return Outcome(book, Retcode.DONE, (gone,))


def ended(book: Book, row: OrderRow, state: OrderState, time_ms: int) -> tuple[Book, Change]:
    """A resting order that fills no more: its volume stays as it was, and it has no position."""
    done = replace(row, state=state, done_ms=time_ms)
    return replace(book, orders=with_order(book, done)), Change(0, None, done)


def reach(
    book: Book, row: OrderRow, price_points: int, time_ms: int, tickets: Tickets, board: Board
) -> tuple[Book, tuple[Change, ...]]:
    """What becomes of an order that a tick reached at a price: a limit order, a deal, or its end.

    What the market cannot fill at once ends a FOK order, and the rest of an IOC one; others wait on, but for a
    rest whose position has been closed meanwhile. Only the first part brings stop and target with it.
    """
    if row.kind in _LIMIT_OF:
        limit = replace(row, kind=_LIMIT_OF[row.kind], price_points=row.limit_points, limit_points=0)
        return replace(book, orders=with_order(book, limit)), (Change(0, None, limit),)
    contract = board.contract(row.symbol)
    assert contract is not None, row.symbol
    steps = found_steps(row.left_steps, contract)
    orphaned = book.hedging and row.state is OrderState.PARTIAL and row.ticket not in book.positions
    if orphaned or (row.filling == FOK and steps < row.left_steps):
        return _ended(book, row, OrderState.CANCELED, time_ms)
    if not convertible(contract, book.currency, board):
        return _ended(book, row, OrderState.REJECTED, time_ms)
    fill = Fill(
        order=row.ticket,
        deal=tickets.deal,
        price_points=price_points,
        time_ms=time_ms,
        reason=row.reason,
        magic=row.magic,
        comment=row.comment,
        resting=row,
        rests=row.filling in (RETURN, BOC),
    )
    levels = (row.stop_points, row.target_points) if row.state is OrderState.PLACED else (0, 0)
    lot = Lot(row.symbol, row.kind.side, steps, *levels)
    after, changes = deal_in(book, fill, lot, board)
    added = tied_up(after, board) - tied_up(book, board)
    if added > 0 and added > standing(book, board).margin_free:
        return _ended(book, row, OrderState.REJECTED, time_ms)
    tickets.next_deal()
    return after, changes


def _ended(book: Book, row: OrderRow, state: OrderState, time_ms: int) -> tuple[Book, tuple[Change, ...]]:
    book, change = ended(book, row, state, time_ms)
    return book, (change,)


def _find(ask: RestingAsk, room: Room) -> _Placing | Retcode:
    contract, quote = room.board.contract(ask.symbol), room.board.quote(ask.symbol)
    if contract is None:
        return Retcode.INVALID
    if ask.kind not in RESTING:
        return Retcode.INVALID_ORDER
    if quote is None:
        return Retcode.PRICE_OFF
    return _Placing(ask, room, contract, quote)


def _find_change(ask: ChangeAsk, room: Room) -> _Placing | Retcode:
    row = room.book.orders.get(ask.order)
    if row is None:
        return Retcode.INVALID
    contract, quote = room.board.contract(row.symbol), room.board.quote(row.symbol)
    if contract is None or quote is None:
        return Retcode.MARKET_CLOSED
    return _Placing(RestingAsk(row.symbol, row.kind, row.volume_steps, ask.terms), room, contract, quote, row)


def _first(placing: _Placing, checks: _CHECKS) -> Retcode | None:
    for check in checks:
        refused = check(placing)
        if refused is not None:
            return refused
    return None


def _terms_of(row: OrderRow) -> Terms:
    return Terms(
        row.price_points,
        row.limit_points,
        row.stop_points,
        row.target_points,
        row.time_type,
        row.expires_ms,
        row.expiration_s,
    )


def _frozen(row: OrderRow, contract: Contract, quote: Quote) -> bool:
    return abs(opening_points(row.kind.side, quote) - row.price_points) < contract.freeze_level_points


def _done(book: Book, row: OrderRow) -> Outcome:
    return Outcome(replace(book, orders=with_order(book, row)), Retcode.DONE, (Change(0, None, row),))
