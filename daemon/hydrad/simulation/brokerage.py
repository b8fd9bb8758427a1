"""Owns the broker: the market, true books by the venue's own arithmetic, and the ways in which a broker disappoints.

Nobody in the run can see these books but through a terminal; the oracles can. `sends` and `executions` are the truth
that every verdict is held against.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hydrad.agent.calls import Found, Performed
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.money import cents
from hydrad.domain.orders import ActKind, EntryType, Order, Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.simulation import told
from hydrad.simulation.faults import Faults
from hydrad.simulation.world import START_NS, World
from hydrad.venue.book import (
    Book,
    Change,
    Deal,
    Entry,
    OrderKind,
    OrderRow,
    OrderState,
    Position,
    Reason,
    Tickets,
    deposit,
)
from hydrad.venue.contract import CONTRACTS, Contract
from hydrad.venue.desk import Ask, LevelsAsk, execute, execute_levels
from hydrad.venue.fills import closing_points
from hydrad.venue.margin import margin
from hydrad.venue.positions import Fill, close_position
from hydrad.venue.profit import point_value
from hydrad.venue.rates import Quote
from hydrad.venue.resting import RemoveAsk, place, remove
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.standing import standing
from hydrad.venue.ticks import expire, on_tick

SERVER = "Sim"
BALANCE = Decimal(100_000)
SYMBOLS = ("EURUSD", "XAUUSD")
TICK_NS = SECOND
_CLOSE_DEVIATION = 1_000
_FIRST_PRICE = {"EURUSD": 110_000, "XAUUSD": 2_350_000}
_STEP = {"EURUSD": 12, "XAUUSD": 160}
_SPREAD = {"EURUSD": (6, 12), "XAUUSD": (120, 220)}
_ENDS = {
    OrderState.CANCELED: "CANCELLED",
    OrderState.EXPIRED: "ORDER_EXPIRED",
    OrderState.REJECTED: "ORDER_REJECTED",
}
_REFUSALS = {"requote": Retcode.REQUOTE, "reject": Retcode.REJECT, "no_money": Retcode.NO_MONEY}


@dataclass(frozen=True, slots=True)
class Sent:
    """One call of `order_send`."""

    act_id: int
    move: int
    login: int
    order: Order
    at_ns: int


@dataclass(frozen=True, slots=True)
class Execution:
    """What the broker dealt or changed for one order of ours."""

    act_id: int
    login: int
    order: Order
    at_ns: int
    position: int
    volume_steps: int
    price_points: int


class Brokerage:
    """The broker, and its board for the venue's formulas. `on_sent` and `on_executed` are the oracles' ears."""

    def __init__(self, world: World, faults: Faults, settle_ns: int) -> None:
        self.world = world
        self.faults = faults
        self.books: dict[int, Book] = {}
        self.sends: list[Sent] = []
        self.executions: list[Execution] = []
        self.filled: set[int] = set()  # magics of opening deals
        self.on_sent: Callable[[Sent], None] = lambda sent: None
        self.on_executed: Callable[[Execution], None] = lambda done: None
        self._settle_ns = settle_ns
        self._resting = False
        self._rng = world.rng("broker")
        self._market = world.rng("market")
        self._orders = world.rng("orders")
        self._tickets = Tickets(1_000_001, 5_000_001)
        self._quotes: dict[str, Quote] = {}
        self._ticks: dict[str, list[f.Tick]] = {symbol: [] for symbol in SYMBOLS}
        self._deals: dict[int, list[tuple[int, f.DealRow]]] = {}
        self._version: dict[int, int] = {}
        self._past: dict[int, dict[int, tuple[int, OrderRow]]] = {}  # resting orders that ended, from when on visible
        self._rows: dict[int, tuple[int, tuple[f.PositionRow, ...]]] = {}
        self._figures: dict[int, tuple[int, int, f.Account]] = {}
        self._ticked = 0
        self._levels = dict(_FIRST_PRICE)
        for symbol in SYMBOLS:
            self._tick(symbol)

    # --- the market --------------------------------------------------------------------------------------

    @property
    def market_ms(self) -> int:
        return self.world.now_ns // MS

    def contract(self, symbol: str) -> Contract | None:
        return CONTRACTS.get(symbol)

    def quote(self, symbol: str) -> Quote | None:
        return self._quotes.get(symbol)

    def start(self) -> None:
        """A tick a second for each symbol, from now on; and the owner's hand."""
        for number, symbol in enumerate(SYMBOLS):
            self.world.after(TICK_NS * number // len(SYMBOLS), self._ticking, symbol)
        self._plan_owner(self.world.rng("owner"))

    def rest(self) -> None:
        """The market stands still from here on: no stop is hit at the very instant at which the books are compared."""
        self._resting = True

    def _ticking(self, symbol: str) -> None:
        if self._resting:
            return
        self._tick(symbol)
        self.world.after(TICK_NS, self._ticking, symbol)

    def _tick(self, symbol: str) -> None:
        step, (low, high) = _STEP[symbol], _SPREAD[symbol]
        self._levels[symbol] += self._market.randint(-step, step)
        bid = self._levels[symbol]
        quote = Quote(bid, bid + self._market.randint(low, high))
        self._quotes[symbol] = quote
        self._ticked += 1
        series = self._ticks[symbol]
        if not series or series[-1].time_ms < self.market_ms:
            series.append(f.Tick(self.market_ms, *quote))
        else:
            series[-1] = f.Tick(self.market_ms, *quote)
        for login, book in self.books.items():
            lapsed, ends = expire(book, self.market_ms)
            changed, changes = on_tick(lapsed, symbol, quote, self.market_ms, self._tickets, self)
            for change in (*ends, *changes):
                self._book(login, changed, change)

    def ticks(self, symbol: str, after_ms: int) -> tuple[f.Tick, ...]:
        """Ticks younger than an instant, oldest first."""
        series = self._ticks[symbol]
        first = len(series)
        while first and series[first - 1].time_ms > after_ms:
            first -= 1
        return tuple(series[first:])

    # --- what a terminal may read ----------------------------------------------------------------------

    def open_account(self, login: int) -> None:
        """A new account with money in it."""
        empty = Book(login, "USD", 100, True, Decimal(0))
        book, row = deposit(empty, BALANCE, self._tickets.next()[1], self.market_ms)
        self.books[login], self._version[login], self._deals[login] = book, 0, []
        self._past[login] = {}
        self._deal(login, row)

    def positions(self, login: int) -> tuple[f.PositionRow, ...]:
        """Open positions, oldest first."""
        version = self._version[login]
        known = self._rows.get(login)
        if known is None or known[0] != version:
            rows = tuple(told.position_row(held) for held in self.books[login].positions.values())
            known = self._rows[login] = (version, rows)
        return known[1]

    def orders(self, login: int) -> tuple[f.OrderRow, ...]:
        """Resting orders, oldest first."""
        return tuple(told.order_row(row) for row in self.books[login].orders.values())

    def account(self, login: int) -> f.Account:
        """Money, at the present prices."""
        version = self._version[login]
        known = self._figures.get(login)
        if known is None or known[:2] != (version, self._ticked):
            known = self._figures[login] = (version, self._ticked, self._measured(login))
        return known[2]

    def _measured(self, login: int) -> f.Account:
        book = self.books[login]
        now = standing(book, self)
        level = cents(now.margin_level)
        return f.Account(
            now.balance, Decimal(0), now.equity, now.margin, now.margin_free, level, 100, "USD", self.market_ms
        )

    def deals(self, login: int, after: int) -> tuple[f.DealRow, ...]:
        """Deals with a higher ticket that the history shows by now."""
        rows = self._deals[login]
        first = len(rows)
        while first and rows[first - 1][1].ticket > after:
            first -= 1
        return tuple(row for visible_ns, row in rows[first:] if visible_ns <= self.world.now_ns)

    def terms(self) -> tuple[SymbolTerms, ...]:
        return tuple(self._terms(symbol) for symbol in SYMBOLS)

    def find(self, login: int, act_id: int, order: Order) -> Found:
        """Look for an act in the history; for a change of levels, at the position."""
        if order.moves_levels:
            held = self.books[login].positions.get(order.position_id)
            levels = (order.stop_points, order.target_points)
            there = held is not None and (held.stop_points, held.target_points) == levels
            return Found(
                RowState.DONE if there else None, True, order_ticket=order.ticket, position_id=order.position_id
            )
        opens = order.kind is ActKind.FIRE
        if order.kind is ActKind.CANCEL:
            return self._find_cancel(login, order)
        resting = next((row for row in self.books[login].orders.values() if opens and row.magic == act_id), None)
        if resting is not None:
            return Found(RowState.WORKING, True, order_ticket=resting.ticket)
        rows = self.deals(login, 0)
        row = next((row for row in rows if row.magic == act_id and (row.entry == 0) is opens), None)
        if row is None:
            return self._ended(login, act_id) if order.rests else Found(None, True)
        return Found(RowState.DONE, True, row.order_id, row.ticket, row.position_id, row.price_points, row.volume_steps)

    def _find_cancel(self, login: int, order: Order) -> Found:
        past = self.past_order(login, ticket=order.ticket)
        if order.ticket in self.books[login].orders or past is None:
            return Found(None, True, order_ticket=order.ticket)
        done = past.state is OrderState.CANCELED
        code = "" if done else "ORDER_GONE"
        return Found(RowState.DONE if done else RowState.NOT_EXECUTED, True, order.ticket, code=code)

    def _ended(self, login: int, act_id: int) -> Found:
        """As the real worker tells it: FILLED without its deal counts as resting."""
        past = self.past_order(login, magic=act_id)
        if past is None:
            return Found(None, True)
        code = _ENDS.get(past.state, "")
        return Found(RowState.ENDED if code else RowState.WORKING, True, past.ticket, code=code)

    # --- orders ------------------------------------------------------------------------------------------

    def send(self, login: int, act_id: int, move: int, order: Order) -> Performed:
        """`order_send`, once. What the caller hears need not be all that happens."""
        sent = Sent(act_id, move, login, order, self.world.now_ns)
        self.sends.append(sent)
        self.on_sent(sent)
        for name, retcode in _REFUSALS.items():
            if self._happens(name):
                return told.refused(retcode)
        if self._happens("timeout_not"):
            return Performed(RowState.UNKNOWN, "TIMEOUT", int(Retcode.TIMEOUT))
        for name, low, high in (("late", 0.02, 0.8), ("too_late", 1.1, 1.6)):
            if self._happens(name):
                delay_ns = int(self._settle_ns * self._rng.uniform(low, high))
                self.world.after(delay_ns, self._execute_late, login, act_id, order)
                return Performed(RowState.UNKNOWN, "TIMEOUT", int(Retcode.TIMEOUT))
        done = self._execute(login, act_id, order)
        if done.state is not RowState.REFUSED and self._happens("timeout_executed"):
            return Performed(RowState.UNKNOWN, "TIMEOUT", int(Retcode.TIMEOUT))
        return done

    def _execute_late(self, login: int, act_id: int, order: Order) -> None:
        self._execute(login, act_id, order)

    def _execute(self, login: int, act_id: int, order: Order) -> Performed:
        if self._happens("slippage"):
            self._tick(order.symbol)
        if order.position_id and not order.moves_levels and self._happens("stop_in_flight"):
            self._stop_out(login, order.position_id)
        outcome = self._dealt(login, act_id, order)
        if outcome.change is None:
            return told.refused(outcome.retcode)
        self._book(login, outcome.book, outcome.change)
        done = told.performed(order, outcome)
        execution = Execution(
            act_id, login, order, self.world.now_ns, done.position_id, done.volume_steps, done.price_points
        )
        self.executions.append(execution)
        self.world.say("broker", f"executed act {act_id & 0xFFFFFF} {order.kind.name} at {login}")
        self.on_executed(execution)
        return done

    def _dealt(self, login: int, act_id: int, order: Order) -> Outcome:
        room = Room(self.books[login], self, self.market_ms, symbol_open=True)
        if order.moves_levels:
            ask = LevelsAsk(order.symbol, order.position_id, order.stop_points, order.target_points)
            return execute_levels(ask, room)
        if order.kind is ActKind.CANCEL:
            return remove(RemoveAsk(order.ticket), room)
        if order.entry_type is not EntryType.MARKET:
            return place(told.resting_ask(act_id, order), room, self._tickets)
        quote = self._quotes[order.symbol]
        price = order.entry_points or (quote.ask_points if order.side is Side.BUY else quote.bid_points)
        return execute(
            Ask(
                order.symbol,
                order.side,
                order.volume_steps,
                price,
                order.collar_points if order.kind is ActKind.FIRE else _CLOSE_DEVIATION,
                order.stop_points,
                order.target_points,
                position=order.position_id,
                magic=act_id,
            ),
            room,
            self._tickets,
        )

    def _stop_out(self, login: int, ticket: int) -> None:
        """The stop is hit while the close is on its way."""
        held = self.books[login].positions.get(ticket)
        if held is not None:
            self._closed(login, held, held.volume_steps, Reason.STOP, held.magic)

    def _closed(self, login: int, held: Position, steps: int, reason: Reason, magic: int) -> None:
        order, deal = self._tickets.next()
        price = closing_points(held.side, self._quotes[held.symbol])
        fill = Fill(order, deal, price, self.market_ms, reason, magic, "")
        book, changes = close_position(self.books[login], fill, held, steps, self)
        for change in changes:
            self._book(login, book, change)

    def _book(self, login: int, book: Book, change: Change) -> None:
        self.books[login] = book
        self._version[login] += 1
        row = change.order
        if row is not None and row.done_ms and row.kind >= OrderKind.BUY_LIMIT:
            self._past[login][row.ticket] = (self._visible_ns(), row)
        if change.deal is not None:
            self._deal(login, change.deal)

    def _visible_ns(self) -> int:
        """When the history shows an order that has ended."""
        late = self.faults.history_late and self._orders.random() < self.faults.history_late
        return self.world.now_ns + int(self._settle_ns * self._orders.uniform(0.05, 0.3) * 0.5 if late else 0)

    def past_order(self, login: int, *, ticket: int = 0, magic: int = 0) -> OrderRow | None:
        """A resting order that has ended, as far as the history shows it."""
        rows = self._past[login].values()
        found = (row for visible_ns, row in rows if visible_ns <= self.world.now_ns)
        return next((row for row in found if ticket == row.ticket or (magic and magic == row.magic)), None)

    def _deal(self, login: int, deal: Deal) -> None:
        """A history shows deals in their order; a late one holds back those after it."""
        if deal.entry is Entry.IN:
            self.filled.add(deal.magic)
        rows = self._deals[login]
        visible_ns = max(self.world.now_ns, rows[-1][0] if rows else 0)
        if self._happens("history_late"):
            visible_ns += int(self._settle_ns * self._rng.uniform(0.05, 0.3))
            visible_ns = min(visible_ns, self.world.now_ns + int(self._settle_ns * 0.15))
            visible_ns = max(visible_ns, rows[-1][0] if rows else 0)
        rows.append((visible_ns, told.deal_row(deal)))

    def _happens(self, name: str) -> bool:
        begun = self.world.now_ns > START_NS
        return begun and self.world.happens(name, getattr(self.faults, name), self._rng)

    # --- the owner's hand ----------------------------------------------------------------------------------

    def _plan_owner(self, rng: random.Random) -> None:
        if self.faults.owner_deal_s:
            self.world.after(int(rng.expovariate(1 / self.faults.owner_deal_s) * SECOND), self._owner, rng)

    def _owner(self, rng: random.Random) -> None:
        if not self.faults.owner_deal_s:
            return
        login = rng.choice(sorted(self.books))
        held = list(self.books[login].positions.values())
        rests = list(self.books[login].orders)
        what = rng.random()
        if rests and what < 0.3:
            self._cancel_by_hand(login, rng.choice(rests))
        elif held and what < 0.5:
            position = rng.choice(held)
            self._closed(login, position, rng.randint(1, position.volume_steps), Reason.CLIENT, 0)
        elif held and what < 0.7:
            position = rng.choice(held)
            stop = position.stop_points + position.side.sign * rng.randint(-40, 40)
            self._levels_by_hand(login, position, stop)
        elif what < 0.9:
            self._open_by_hand(login, rng)
        else:
            amount, ticket = Decimal(rng.randint(-50, 50)), self._tickets.next()[1]
            book, row = deposit(self.books[login], amount, ticket, self.market_ms)
            self._book(login, book, Change(0, None, None, row))
        self.world.hit("owner_deal")
        self._plan_owner(rng)

    def _cancel_by_hand(self, login: int, ticket: int) -> None:
        room = Room(self.books[login], self, self.market_ms, symbol_open=True)
        outcome = remove(RemoveAsk(ticket), room)
        if outcome.change is not None:
            self.world.hit("owner_cancel")
            self._book(login, outcome.book, outcome.change)

    def _levels_by_hand(self, login: int, position: Position, stop: int) -> None:
        room = Room(self.books[login], self, self.market_ms, symbol_open=True)
        ask = LevelsAsk(position.symbol, position.ticket, max(stop, 1), position.target_points)
        outcome = execute_levels(ask, room)
        if outcome.change is not None:
            self._book(login, outcome.book, outcome.change)

    def _open_by_hand(self, login: int, rng: random.Random) -> None:
        symbol = rng.choice(SYMBOLS)
        quote = self._quotes[symbol]
        stop = quote.bid_points - 30 * _STEP[symbol]
        room = Room(self.books[login], self, self.market_ms, symbol_open=True)
        ask = Ask(symbol, Side.BUY, rng.randint(1, 3), quote.ask_points, 0, stop, reason=Reason.CLIENT)
        outcome = execute(ask, room, self._tickets)
        if outcome.change is not None:
            self._book(login, outcome.book, outcome.change)

    def _terms(self, symbol: str) -> SymbolTerms:
        contract = CONTRACTS[symbol]
        lot = int(1 / contract.volume_step)
        quote = self._quotes[symbol]
        buy, sell = (
            margin(contract, side, lot, price, 100, "USD", self)
            for side, price in ((Side.BUY, quote.ask_points), (Side.SELL, quote.bid_points))
        )
        return SymbolTerms(
            symbol=symbol,
            digits=contract.digits,
            contract_size=contract.contract_size,
            volume_step=contract.volume_step,
            volume_min_steps=contract.volume_min_steps,
            volume_max_steps=contract.volume_max_steps,
            volume_limit_steps=contract.volume_limit_steps,
            stops_level_points=contract.stops_level_points,
            freeze_level_points=contract.freeze_level_points,
            tick_value_profit=point_value(contract, "USD", self, loss=False),
            tick_value_loss=point_value(contract, "USD", self, loss=True),
            currency_base=contract.currency_base,
            currency_profit=contract.currency_profit,
            currency_margin=contract.currency_margin,
            trade_mode=int(contract.trade_mode),
            execution=int(contract.execution),
            filling_flags=contract.filling_flags,
            expiration_flags=contract.expiration_flags,
            order_flags=contract.order_flags,
            margin_buy=buy,
            margin_sell=sell,
            swap_mode=int(contract.swap_mode),
            swap_long=contract.swap_long,
            swap_short=contract.swap_short,
            swap_triple_day=contract.swap_rollover3days,
        )
