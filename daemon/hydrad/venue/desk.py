"""Owns the dealing desk: judges a trade request in exact numbers and executes what passes.

`judge` runs a fixed tuple of checks and returns the first retcode that refuses, or None. `execute` judges and
then changes the book. On a hedging account an ask that names a position closes it (all or part), and any other
opens a new one. On a netting account the symbol's one position decides, whatever the ask names: an ask against
it that is no larger closes, so that a close sent twice opens the reverse. Market deals, changes of stop and
target and closes by an opposite position are dealt here; resting orders in `hydrad.venue.resting`.

What the market cannot fill at once: a FOK order is refused, an IOC order is filled in part and ends, a RETURN
order is filled in part and waits for the next ticks (one that closes a position ends). The answer to a part is
DONE_PARTIAL.

Prices in points, volumes in steps, instants in UTC milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from hydrad.domain.orders import Side
from hydrad.venue.book import Position, Reason, Tickets
from hydrad.venue.checks import (
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
from hydrad.venue.contract import Contract, TradeMode
from hydrad.venue.fills import opening_points
from hydrad.venue.positions import Fill, Lot, close_by, close_position, deal_in, modify_position, position_of
from hydrad.venue.rates import Quote
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.standing import tied_up
from hydrad.venue.stops import frozen, valid

_CLOSE_BY_FLAG = 64


@dataclass(frozen=True, slots=True)
class Ask:
    """A market deal. `position` 0 opens; whether price and deviation bind is the contract's execution."""

    symbol: str
    side: Side
    volume_steps: int
    price_points: int = 0
    deviation_points: int = 0
    stop_points: int = 0
    target_points: int = 0
    filling: int = FOK
    position: int = 0
    magic: int = 0
    comment: str = ""
    reason: Reason = Reason.EXPERT


@dataclass(frozen=True, slots=True)
class LevelsAsk:
    """New stop and target (0: none) of a position, in points."""

    symbol: str
    position: int
    stop_points: int
    target_points: int


@dataclass(frozen=True, slots=True)
class CloseByAsk:
    """Two opposite positions of one symbol close one another."""

    position: int
    position_by: int
    magic: int = 0
    comment: str = ""
    reason: Reason = Reason.EXPERT


@dataclass(frozen=True, slots=True)
class _Deal:
    """A deal whose symbol and quote were found, and the position that it closes or reduces, if any."""

    ask: Ask
    room: Room
    contract: Contract
    quote: Quote
    position: Position | None

    @property
    def market_points(self) -> int:
        return opening_points(self.ask.side, self.quote)

    @property
    def lot(self) -> Lot:
        ask = self.ask
        return Lot(ask.symbol, ask.side, ask.volume_steps, ask.stop_points, ask.target_points)

    @property
    def margin(self) -> Decimal:
        """What the deal adds to the margin; below zero where it sets some free. Raises NoRate."""
        room, tried = self.room, Fill(-1, -1, self.market_points, 0, self.ask.reason, 0, "")
        after, _ = deal_in(room.book, tried, self.lot, room.board)
        return tied_up(after, room.board) - tied_up(room.book, room.board)


def _mode(deal: _Deal) -> Retcode | None:
    return mode_refuses(deal.contract, deal.ask.side)


def _closing_mode(deal: _Deal) -> Retcode | None:
    return Retcode.TRADE_DISABLED if deal.contract.trade_mode is TradeMode.DISABLED else None


def _filling(deal: _Deal) -> Retcode | None:
    return None if filling_offered(deal.contract, deal.ask.filling) else Retcode.INVALID_FILL


def _volume(deal: _Deal) -> Retcode | None:
    return None if volume_offered(deal.contract, deal.ask.volume_steps) else Retcode.INVALID_VOLUME


def _close_volume(deal: _Deal) -> Retcode | None:
    """The whole position, or less on the volume's grid, but what stays must not be below the minimum."""
    assert deal.position is not None
    if deal.ask.volume_steps <= 0:
        return Retcode.INVALID_VOLUME
    left = deal.position.volume_steps - deal.ask.volume_steps
    if left < 0:
        return Retcode.INVALID_CLOSE_VOLUME
    if left and deal.ask.volume_steps % deal.contract.volume_every_steps:
        return Retcode.INVALID_VOLUME
    return Retcode.INVALID_VOLUME if 0 < left < deal.contract.volume_min_steps else None


def _volume_limit(deal: _Deal) -> Retcode | None:
    over = over_volume_limit(deal.room.book, deal.contract, deal.ask.side, deal.ask.volume_steps)
    return Retcode.LIMIT_VOLUME if over else None


def _hours(deal: _Deal) -> Retcode | None:
    return None if deal.room.symbol_open else Retcode.MARKET_CLOSED


def _price(deal: _Deal) -> Retcode | None:
    if not deal.contract.execution.prices_bind:
        return None
    return None if on_grid(deal.contract, deal.ask.price_points) else Retcode.INVALID_PRICE


def _levels(deal: _Deal) -> Retcode | None:
    ask = deal.ask
    good = valid(deal.contract, ask.side, ask.stop_points, ask.target_points, deal.quote)
    return None if good else Retcode.INVALID_STOPS


def _opposite(deal: _Deal) -> Retcode | None:
    assert deal.position is not None
    fits = (deal.position.symbol, deal.position.side) == (deal.ask.symbol, deal.ask.side.opposite)
    return None if fits else Retcode.INVALID


def _freeze(deal: _Deal) -> Retcode | None:
    held = deal.position
    assert held is not None
    stuck = frozen(deal.contract, held.side, held.stop_points, held.target_points, deal.quote)
    return Retcode.FROZEN if stuck else None


def _deviation(deal: _Deal) -> Retcode | None:
    """A market further from the requested price than allowed, to either side, is a requote."""
    if not deal.contract.execution.prices_bind:
        return None
    moved = abs(deal.market_points - deal.ask.price_points)
    return Retcode.REQUOTE if moved > deal.ask.deviation_points else None


def _rates(deal: _Deal) -> Retcode | None:
    return None if convertible(deal.contract, deal.room.book.currency, deal.room.board) else Retcode.PRICE_OFF


def _money(deal: _Deal) -> Retcode | None:
    added = deal.margin
    short = added > 0 and added > deal.room.standing().margin_free
    return Retcode.NO_MONEY if short else None


def _hedge(deal: _Deal) -> Retcode | None:
    book, ask = deal.room.book, deal.ask
    if not book.rules.hedge_prohibited:
        return None
    against = any((p.symbol, p.side) == (ask.symbol, ask.side.opposite) for p in book.positions.values())
    return Retcode.HEDGE_PROHIBITED if against and book.hedging else None


_OPENING: tuple[Callable[[_Deal], Retcode | None], ...] = (
    _mode,
    _filling,
    _volume,
    _price,
    _hours,
    _volume_limit,
    _hedge,
    _levels,
    _deviation,
    _rates,
    _money,
)
_CLOSING: tuple[Callable[[_Deal], Retcode | None], ...] = (
    _opposite,
    _closing_mode,
    _filling,
    _close_volume,
    _price,
    _hours,
    _freeze,
    _deviation,
)


def judge(ask: Ask, room: Room) -> Retcode | None:
    """The first reason to refuse a deal, or None."""
    found = _find(ask, room)
    return found if isinstance(found, Retcode) else _verdict(found)


def margin_of(ask: Ask, room: Room) -> Decimal:
    """Margin that a deal would add, in the account's currency; 0 for a close or a refused symbol."""
    found = _find(ask, room)
    if isinstance(found, Retcode) or found.position or not convertible(found.contract, room.book.currency, room.board):
        return Decimal(0)
    return found.margin


def execute(ask: Ask, room: Room, tickets: Tickets) -> Outcome:
    """Judge a deal and, when nothing refuses it, fill at the market's price what the market has."""
    found = _find(ask, room)
    if isinstance(found, Retcode):
        return Outcome(room.book, found)
    refused = _verdict(found)
    if refused is not None:
        return Outcome(room.book, refused)
    steps = found_steps(ask.volume_steps, found.contract, room.liquidity_steps)
    if steps < ask.volume_steps and ask.filling == FOK:
        return Outcome(room.book, Retcode.REJECT)
    order, deal = tickets.next()
    fill = Fill(
        order=order,
        deal=deal,
        price_points=found.market_points,
        time_ms=room.time_ms,
        reason=ask.reason,
        magic=ask.magic,
        comment=ask.comment,
        filling=ask.filling,
        asked_steps=ask.volume_steps,
        rests=ask.filling == RETURN and found.position is None,
    )
    if found.position is not None:
        book, changes = close_position(room.book, fill, found.position, steps, room.board)
    else:
        book, changes = deal_in(room.book, fill, replace(found.lot, volume_steps=steps), room.board)
    return Outcome(book, Retcode.DONE if steps == ask.volume_steps else Retcode.DONE_PARTIAL, changes)


def judge_close_by(ask: CloseByAsk, room: Room) -> Retcode | None:
    """The first reason to refuse that two positions close one another, or None."""
    first, second = room.book.positions.get(ask.position), room.book.positions.get(ask.position_by)
    if not room.book.hedging:
        return Retcode.INVALID
    if first is None or second is None:
        return Retcode.POSITION_CLOSED
    contract = room.board.contract(first.symbol)
    if contract is None or (first.symbol, first.side) != (second.symbol, second.side.opposite):
        return Retcode.INVALID
    if not contract.order_flags & _CLOSE_BY_FLAG:
        return Retcode.INVALID_ORDER
    return None if room.symbol_open else Retcode.MARKET_CLOSED


def execute_close_by(ask: CloseByAsk, room: Room, tickets: Tickets) -> Outcome:
    """Judge and, when nothing refuses it, close two positions by one another: the smaller volume of each."""
    refused = judge_close_by(ask, room)
    if refused is not None:
        return Outcome(room.book, refused)
    first, second = room.book.positions[ask.position], room.book.positions[ask.position_by]
    order, deal = tickets.next()
    fill = Fill(order, deal, 0, room.time_ms, ask.reason, ask.magic, ask.comment)
    book, changes = close_by(room.book, fill, first, second, tickets.next_deal(), room.board)
    return Outcome(book, Retcode.DONE, changes)


def judge_levels(ask: LevelsAsk, room: Room) -> Retcode | None:
    """The first reason to refuse new levels, or None."""
    found = _find_levels(ask, room)
    return found if isinstance(found, Retcode) else None


def execute_levels(ask: LevelsAsk, room: Room) -> Outcome:
    """Judge new levels and, when nothing refuses them, put them on the position."""
    found = _find_levels(ask, room)
    if isinstance(found, Retcode):
        return Outcome(room.book, found)
    book, change = modify_position(room.book, found, ask.stop_points, ask.target_points, room.time_ms)
    return Outcome(book, Retcode.DONE, (change,))


def _find(ask: Ask, room: Room) -> _Deal | Retcode:
    contract = room.board.contract(ask.symbol)
    if contract is None:
        return Retcode.INVALID
    position = room.book.positions.get(ask.position)
    if room.book.hedging and ask.position and position is None:
        return Retcode.POSITION_CLOSED
    if not room.book.hedging:
        position = _reduced(ask, room)
    quote = room.board.quote(ask.symbol)
    if quote is None:
        return Retcode.PRICE_OFF
    return _Deal(ask, room, contract, quote, position)


def _reduced(ask: Ask, room: Room) -> Position | None:
    """The position of a netting account that a deal reduces or closes; None where it opens, adds or reverses."""
    held = position_of(room.book, ask.symbol)
    reduces = held is not None and held.side is ask.side.opposite and ask.volume_steps <= held.volume_steps
    return held if reduces else None


def _verdict(deal: _Deal) -> Retcode | None:
    for check in _OPENING if deal.position is None else _CLOSING:
        refused = check(deal)
        if refused is not None:
            return refused
    return None


def _find_levels(ask: LevelsAsk, room: Room) -> Position | Retcode:
    position = room.book.positions.get(ask.position) if room.book.hedging else position_of(room.book, ask.symbol)
    contract, quote = room.board.contract(ask.symbol), room.board.quote(ask.symbol)
    if contract is None or (position is not None and position.symbol != ask.symbol):
        return Retcode.INVALID
    if position is None:
        return Retcode.POSITION_CLOSED
    if not room.symbol_open or quote is None:
        return Retcode.MARKET_CLOSED
    if (position.stop_points, position.target_points) == (ask.stop_points, ask.target_points):
        return Retcode.NO_CHANGES
    if frozen(contract, position.side, position.stop_points, position.target_points, quote):
        return Retcode.FROZEN
    if not valid(contract, position.side, ask.stop_points, ask.target_points, quote):
        return Retcode.INVALID_STOPS
    return position
