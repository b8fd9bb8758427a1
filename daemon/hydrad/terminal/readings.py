"""What is read from a terminal: ticks, positions, orders, deals, money. Owns the way from floats to exact rows.

Prices and volumes must lie on the symbol's grid, or the reading fails; only averages (a netted position's open) are
rounded to it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hydrad.agent import calls
from hydrad.domain.instants import DAY_MS, SECOND
from hydrad.domain.money import CENT, cents, float_points, float_steps
from hydrad.host.clock import SystemClock
from hydrad.link.frames import Account, DealRow, OrderRow, PositionRow, RateRow, SymbolTicks, Tick
from hydrad.terminal.metatrader import Standing, Terminal, TerminalError, exact

TICKS_PER_SYMBOL_MAX = 2_000
DEALS_PER_POLL_MAX = 500
RESTING_FROM = 2  # ENUM_ORDER_TYPE: BUY_LIMIT, the first that rests
TIMEFRAME_M1 = 1
COPY_TICKS_INFO = 1  # changes of bid or ask
STANDING_EVERY_NS = SECOND  # so often it is asked who it is, too
_COUNT_MAX = 1 << 20


class _TicksRead(NamedTuple):
    ticks: tuple[Tick, ...]
    cursor: calls.Cursor
    complete: bool


class Readings:
    """Answers every call that only reads."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._clock = SystemClock()
        self._standing = terminal.standing()
        self._standing_ns = self._clock.boot_ns()
        self._book_seen: tuple[object, ...] | None = None

    def poll(self, call: calls.Poll) -> calls.Polled:
        """What changed since the last poll. The clock is read before everything else; the account after what is told
        as its own, so that nothing of another one is told."""
        now_ms = self._terminal.market_ms()
        standing = self._fresh_standing()
        self._terminal.measure()
        offset_ms = self._terminal.offset_ms
        if now_ms == call.since_ms:
            return calls.Polled(now_ms, *standing, offset_ms=offset_ms)
        read = [self._ticks(cursor, now_ms, offset_ms) for cursor in call.cursors] if offset_ms is not None else []
        positions, orders, account = self.positions(), self.orders(), self.account(now_ms)
        deals, all_deals = self._new_deals(call, positions, orders, account, now_ms)
        return calls.Polled(
            market_ms=now_ms,
            connected=standing.connected,
            trade_allowed=standing.trade_allowed,
            offset_ms=offset_ms,
            read=True,
            complete=all_deals and all(one.complete for one in read),
            ticks=tuple(SymbolTicks(one.cursor.symbol, one.ticks) for one in read if one.ticks),
            cursors=tuple(one.cursor for one in read) if read else call.cursors,
            positions=positions,
            deals=deals,
            account=account,
            orders=orders,
        )

    def books(self, call: calls.ReadBooks) -> calls.Books:
        """Everything for a hand-shake."""
        now_ms = self._terminal.market_ms()
        return calls.Books(
            market_ms=now_ms,
            terms=self._terminal.terms(),
            positions=self.positions(),
            orders=self.orders(),
            deals=self._deals_after(call.deals_after, 0, now_ms),
            account=self.account(now_ms),
        )

    def terms(self, call: calls.ReadTerms) -> calls.Terms:
        return calls.Terms(self._terminal.market_ms(), self._terminal.terms())

    def deals(self, call: calls.ReadDeals) -> calls.DealsRead:
        rows = (self.deal(row) for row in self._terminal.deals_within(call.from_ms, call.to_ms))
        wanted = [row for row in rows if call.from_ms <= row.time_ms <= call.to_ms]
        return calls.DealsRead(call.query_id, tuple(sorted(wanted, key=lambda row: row.ticket)))

    def rates(self, call: calls.ReadRates) -> calls.RatesRead:
        """The terminal's minute bars. Without them nothing can be compared, and `why` says so; it ends no worker."""
        offset_ms = self._terminal.offset_ms
        if offset_ms is None or call.symbol not in self._terminal.symbols:
            why = "the broker's clock is not known" if offset_ms is None else "no such symbol here"
            return calls.RatesRead(call.query_id, call.symbol, (), why)
        bounds = ((ms + offset_ms) // 1000 for ms in (call.from_ms, min(call.to_ms, call.from_ms + DAY_MS)))
        rows = self._terminal.try_ask("copy_rates_range", call.symbol, TIMEFRAME_M1, *bounds)
        if rows is None:
            return calls.RatesRead(call.query_id, call.symbol, (), self._terminal.last_error()[1])
        digits = self._terminal.grid(call.symbol).digits
        try:
            prices = [_points(rows[name], digits, call.symbol) for name in ("open", "high", "low", "close")]
        except TerminalError as error:
            return calls.RatesRead(call.query_id, call.symbol, (), str(error))
        times = (rows["time"].astype(np.int64) * 1000 - offset_ms).tolist()
        bars = map(RateRow, times, *prices, rows["tick_volume"].tolist())
        return calls.RatesRead(call.query_id, call.symbol, tuple(bars))

    def positions(self) -> tuple[PositionRow, ...]:
        rows = [self._position(row) for row in self._terminal.ask("positions_get")]
        return tuple(sorted(rows, key=lambda row: row.ticket))

    def orders(self) -> tuple[OrderRow, ...]:
        """Those that rest: a market order that is on its way is none of them."""
        asked = self._terminal.ask("orders_get")
        rows = [self._order(row) for row in asked if int(row.type) >= RESTING_FROM]
        return tuple(sorted(rows, key=lambda row: row.ticket))

    def account(self, now_ms: int) -> Account:
        info = self._terminal.ask("account_info")
        self._terminal.check_account(info)
        return Account(
            balance=_money(info.balance),
            credit=_money(info.credit),
            equity=_money(info.equity),
            margin=_money(info.margin),
            margin_free=_money(info.margin_free),
            margin_level=exact(info.margin_level).quantize(CENT, ROUND_HALF_EVEN),
            leverage=int(info.leverage),
            currency=str(info.currency),
            market_ms=now_ms,
        )

    def deal(self, row: Any) -> DealRow:
        """One deal; a deposit has no symbol, so neither price nor volume."""
        grid = self._terminal.grid(row.symbol, (row.price,), row.volume) if row.symbol else None
        return DealRow(
            ticket=int(row.ticket),
            order_id=int(row.order),
            position_id=int(row.position_id),
            symbol=str(row.symbol),
            deal_type=int(row.type),
            entry=int(row.entry),
            reason=int(row.reason),
            volume_steps=float_steps(row.volume, grid.step) if grid else 0,
            price_points=nearest_points(row.price, grid.digits) if grid else 0,
            magic=int(row.magic),
            time_ms=self._terminal.utc_ms(row.time_msc),
            profit=_money(row.profit),
            swap=_money(row.swap),
            commission=_money(row.commission),
            fee=_money(row.fee),
            comment=str(row.comment),
        )

    def _position(self, row: Any) -> PositionRow:
        grid = self._terminal.grid(row.symbol, (row.price_open, row.price_current, row.sl, row.tp), row.volume)
        return PositionRow(
            ticket=int(row.ticket),
            position_id=int(row.identifier),
            symbol=str(row.symbol),
            side=int(row.type),
            volume_steps=float_steps(row.volume, grid.step),
            open_points=nearest_points(row.price_open, grid.digits),
            stop_points=float_points(row.sl, grid.digits),
            target_points=float_points(row.tp, grid.digits),
            magic=int(row.magic),
            time_ms=self._terminal.utc_ms(row.time_msc),
            profit=_money(row.profit),
            swap=_money(row.swap),
            comment=str(row.comment),
            price_points=nearest_points(row.price_current, grid.digits),
        )

    def _order(self, row: Any) -> OrderRow:
        grid = self._terminal.grid(row.symbol, (row.price_open, row.sl, row.tp), row.volume_current)
        return OrderRow(
            ticket=int(row.ticket),
            symbol=str(row.symbol),
            order_type=int(row.type),
            volume_steps=float_steps(row.volume_current, grid.step),
            price_points=float_points(row.price_open, grid.digits),
            stop_points=float_points(row.sl, grid.digits),
            target_points=float_points(row.tp, grid.digits),
            magic=int(row.magic),
            expiration_ms=self._terminal.utc_ms(row.time_expiration * 1000) if row.time_expiration else 0,
            comment=str(row.comment),
        )

    def _fresh_standing(self) -> Standing:
        now_ns = self._clock.boot_ns()
        if now_ns - self._standing_ns >= STANDING_EVERY_NS:
            self._terminal.check_same()
            self._standing, self._standing_ns = self._terminal.standing(), now_ns
        return self._standing

    def _new_deals(
        self,
        call: calls.Poll,
        positions: tuple[PositionRow, ...],
        orders: tuple[OrderRow, ...],
        account: Account,
        now_ms: int,
    ) -> tuple[tuple[DealRow, ...], bool]:
        """Deals after the last one told; only looked for where positions or money changed, or when a full reading is
        asked for. The second value is False where some were left for the next poll."""
        held = tuple((row.ticket, row.volume_steps, row.stop_points, row.target_points) for row in positions)
        rests = tuple((row.ticket, row.volume_steps) for row in orders)
        book = (held, rests, account.balance, account.credit)
        if call.deals_after < 0 or (book == self._book_seen and call.since_ms >= 0):
            return (), True
        found = self._deals_after(call.deals_after, call.deals_from_ms, now_ms)
        self._terminal.check_same()
        complete = len(found) <= DEALS_PER_POLL_MAX
        self._book_seen = book if complete else None
        return found[:DEALS_PER_POLL_MAX], complete

    def _deals_after(self, ticket: int, from_ms: int, now_ms: int) -> tuple[DealRow, ...]:
        rows = self._terminal.deals_within(from_ms, now_ms)
        return tuple(sorted((self.deal(row) for row in rows if row.ticket > ticket), key=lambda row: row.ticket))

    def _ticks(self, cursor: calls.Cursor, now_ms: int, offset_ms: int) -> _TicksRead:
        """Ticks after a cursor, up to an instant. The module cuts dates to whole seconds, so some come again."""
        if cursor.symbol not in self._terminal.symbols:
            return _TicksRead((), cursor, True)
        start_s, count = self._terminal.wall_s(cursor.time_ms), TICKS_PER_SYMBOL_MAX
        while True:
            rows = self._terminal.ask("copy_ticks_from", cursor.symbol, start_s, count, COPY_TICKS_INFO)
            # One that came late, behind a younger one, counts as being as old as that.
            times: npt.NDArray[np.int64] = np.maximum.accumulate(rows["time_msc"].astype(np.int64)) - offset_ms
            first = int(np.searchsorted(times, cursor.time_ms, "left")) + cursor.seen
            end = int(np.searchsorted(times, now_ms, "right"))
            if end > first or len(rows) < count:
                break
            if times[-1] > now_ms:
                break
            if count >= _COUNT_MAX:
                raise TerminalError(f"{count} ticks of {cursor.symbol} within a second")
            count *= 4  # all of them were read before: one second has more ticks than that
        last = min(end, first + TICKS_PER_SYMBOL_MAX)
        complete = last == end and not (end == len(rows) == count)
        return self._cut(cursor, rows, times, first, last, complete)

    def _cut(
        self, cursor: calls.Cursor, rows: Any, times: npt.NDArray[np.int64], first: int, last: int, complete: bool
    ) -> _TicksRead:
        if last <= first:
            return _TicksRead((), cursor, complete)
        digits = self._terminal.grid(cursor.symbol).digits
        bids, asks = (_points(rows[side][first:last], digits, cursor.symbol) for side in ("bid", "ask"))
        ticks = map(Tick, times[first:last].tolist(), bids, asks)
        end_ms = int(times[last - 1])
        seen = last - int(np.searchsorted(times, end_ms, "left"))
        return _TicksRead(tuple(ticks), calls.Cursor(cursor.symbol, end_ms, seen), complete)


def nearest_points(price: float, digits: int) -> int:
    """Points of a price that may be an average: the nearest."""
    points: int = round(price * 10**digits)
    return points


def _points(prices: npt.NDArray[np.float64], digits: int, symbol: str) -> list[int]:
    scaled = prices * 10**digits
    points = np.rint(scaled)
    if not bool((np.abs(scaled - points) <= 1e-3).all()):
        raise TerminalError(f"a quote of {symbol} is not on the grid of {digits} digits")
    return [int(value) for value in points.tolist()]


def _money(value: float) -> Decimal:
    return cents(exact(value))
