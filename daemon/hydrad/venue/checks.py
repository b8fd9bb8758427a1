"""Owns the rules that market deals and resting orders share: modes, filling, volumes, the grid, conversion."""

from __future__ import annotations

from hydrad.domain.orders import Side
from hydrad.venue.book import Book
from hydrad.venue.contract import FILL_BOC, FILL_FOK, FILL_IOC, Contract, Execution, TradeMode
from hydrad.venue.rates import Board, NoRate, rate
from hydrad.venue.room import Retcode

FOK, IOC, RETURN, BOC = 0, 1, 2, 3  # ENUM_ORDER_TYPE_FILLING
_BIT = {FOK: FILL_FOK, IOC: FILL_IOC, BOC: FILL_BOC}
_MODE_REFUSES: dict[tuple[TradeMode, Side], Retcode] = {
    (TradeMode.DISABLED, Side.BUY): Retcode.TRADE_DISABLED,
    (TradeMode.DISABLED, Side.SELL): Retcode.TRADE_DISABLED,
    (TradeMode.LONG_ONLY, Side.SELL): Retcode.LONG_ONLY,
    (TradeMode.SHORT_ONLY, Side.BUY): Retcode.SHORT_ONLY,
    (TradeMode.CLOSE_ONLY, Side.BUY): Retcode.CLOSE_ONLY,
    (TradeMode.CLOSE_ONLY, Side.SELL): Retcode.CLOSE_ONLY,
}


def mode_refuses(contract: Contract, side: Side) -> Retcode | None:
    """Why a symbol's trade mode takes no new position of this side, or None."""
    return _MODE_REFUSES.get((contract.trade_mode, side))


def filling_offered(contract: Contract, filling: int) -> bool:
    """True where a market deal may be filled so: FOK, IOC and RETURN where prices bind; FOK and IOC by the
    symbol's bits elsewhere, and RETURN at an exchange."""
    if contract.execution.prices_bind:
        return filling in (FOK, IOC, RETURN)
    if filling == RETURN:
        return contract.execution is Execution.EXCHANGE
    return filling != BOC and bool(_BIT.get(filling, 0) & contract.filling_flags)


def volume_offered(contract: Contract, steps: int) -> bool:
    """True for a volume that one order may have."""
    within = contract.volume_min_steps <= steps <= contract.volume_max_steps
    return within and steps % contract.volume_every_steps == 0


def found_steps(steps: int, contract: Contract, liquidity_steps: int = 0) -> int:
    """How much of a volume the market has at once; a bound of 0 is none."""
    return min(bound for bound in (steps, contract.liquidity_steps, liquidity_steps) if bound)


def over_volume_limit(book: Book, contract: Contract, side: Side, steps: int) -> bool:
    """True where so many steps more would pass the symbol's limit of one direction, resting orders included."""
    limit, symbol = contract.volume_limit_steps, contract.symbol
    if not limit:
        return False
    held = sum(p.volume_steps for p in book.positions.values() if (p.symbol, p.side) == (symbol, side))
    resting = sum(o.left_steps for o in book.orders.values() if (o.symbol, o.kind.side) == (symbol, side))
    return held + resting + steps > limit


def on_grid(contract: Contract, price_points: int) -> bool:
    """True for a price above zero that is a multiple of the tick size."""
    return price_points > 0 and price_points % contract.tick_size_points == 0


def convertible(contract: Contract, currency: str, board: Board) -> bool:
    """True where prices are there that convert margin and profit; without them nobody can be charged."""
    try:
        for source in (contract.currency_profit, contract.currency_margin):
            rate(board, source, currency, at_ask=True)
    except NoRate:
        return False
    return True
