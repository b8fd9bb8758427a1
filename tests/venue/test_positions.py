"""What deals do to positions: netting, close-by, parts, commission; in both modes nothing is made or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hydrad.domain.orders import Side
from hydrad.venue.book import (
    Book,
    Change,
    Deal,
    Entry,
    OrderKind,
    OrderRow,
    OrderState,
    Reason,
    Tickets,
    TimeType,
    deposit,
)
from hydrad.venue.checks import FOK, IOC, RETURN
from hydrad.venue.contract import CONTRACTS, Contract, Execution, SwapMode
from hydrad.venue.desk import (
    Ask,
    CloseByAsk,
    LevelsAsk,
    execute,
    execute_close_by,
    execute_levels,
    judge,
    judge_close_by,
    judge_levels,
)
from hydrad.venue.positions import Fill, close_position, position_of
from hydrad.venue.rates import Quote
from hydrad.venue.resting import ChangeAsk, RemoveAsk, RestingAsk, Terms, change, place, remove
from hydrad.venue.room import Outcome, Retcode, Room
from hydrad.venue.standing import current_points, standing
from hydrad.venue.swap import roll_over
from hydrad.venue.ticks import below_stop_out, expire, on_tick, stop_out

MARKET = Quote(110_000, 110_010)
HEDGING = Book(1, "USD", 100, True, Decimal(10_000))
NETTING = replace(HEDGING, hedging=False)


class OneSymbol:
    """EURUSD at one price, on terms that a test may change."""

    def __init__(self, quote: Quote = MARKET, **terms: object) -> None:
        self._quote = quote
        self._contract = replace(CONTRACTS["EURUSD"], **terms)  # type: ignore[arg-type]

    def contract(self, symbol: str) -> Contract | None:
        return self._contract if symbol == "EURUSD" else None

    def quote(self, symbol: str) -> Quote | None:
        return self._quote if symbol == "EURUSD" else None


class Desk:
    """An account at a desk: deals at the market's price, one after another."""

    def __init__(self, book: Book, **terms: object) -> None:
        self.book, self.tickets, self.terms = book, Tickets(1, 1), terms
        self.board = OneSymbol(MARKET, **terms)
        self.deals: list[Deal] = []

    @property
    def room(self) -> Room:
        return Room(self.book, self.board, 1_000, True)

    def deal(self, side: Side, steps: int, **more: object) -> Outcome:
        price = MARKET.ask_points if side is Side.BUY else MARKET.bid_points
        ask = replace(Ask("EURUSD", side, steps, price), **more)  # type: ignore[arg-type]
        return self.note(execute(ask, self.room, self.tickets))

    def note(self, outcome: Outcome) -> Outcome:
        self.book = outcome.book
        self.deals += [change.deal for change in outcome.changes if change.deal]
        return outcome

    def tick(self, quote: Quote) -> tuple[Change, ...]:
        self.book, changes = on_tick(self.book, "EURUSD", quote, 2_000, self.tickets, OneSymbol(quote, **self.terms))
        self.deals += [change.deal for change in changes if change.deal]
        return changes


def test_netting_averages_reduces_closes_and_reverses() -> None:
    desk = Desk(NETTING)
    desk.deal(Side.BUY, 10, stop_points=109_000)
    desk.board = OneSymbol(Quote(110_020, 110_031))
    desk.deal(Side.BUY, 5, price_points=110_031)
    held = desk.book.positions[1]
    assert (held.volume_steps, held.open_points, held.stop_points) == (15, 110_017, 109_000)
    desk.deal(Side.SELL, 5, price_points=110_020, position=99)  # netting looks at the symbol alone
    assert desk.book.positions[1].volume_steps == 10 and desk.deals[-1].profit == Decimal("0.15")
    turned = desk.deal(Side.SELL, 25, price_points=110_020, target_points=109_000)
    held = desk.book.positions[4]
    assert (held.side, held.volume_steps, held.identifier, held.ticket) == (Side.SELL, 15, 1, 4)
    assert (held.open_points, held.stop_points, held.target_points) == (110_020, 0, 109_000)
    assert [c.ticket for c in turned.changes] == [4, 1] and turned.changes[1].position is None
    assert (desk.deals[-1].entry, desk.deals[-1].volume_steps, desk.deals[-1].position) == (Entry.INOUT, 25, 1)
    desk.deal(Side.BUY, 15, price_points=110_031)
    assert not desk.book.positions and desk.deals[-1].entry is Entry.OUT


def test_a_netted_close_sent_twice_opens_the_reverse() -> None:
    desk = Desk(NETTING)
    desk.deal(Side.BUY, 10)
    desk.deal(Side.SELL, 10, position=1)
    desk.deal(Side.SELL, 10, position=1)
    (held,) = desk.book.positions.values()
    assert (held.side, held.volume_steps) == (Side.SELL, 10)


def test_a_reversal_is_paid_for_by_what_it_sets_free() -> None:
    desk = Desk(replace(NETTING, balance=Decimal(1_000)))
    assert desk.deal(Side.BUY, 80).retcode is Retcode.DONE
    assert desk.deal(Side.SELL, 180).retcode is Retcode.NO_MONEY
    assert desk.deal(Side.SELL, 160).retcode is Retcode.DONE
    assert standing(desk.book, desk.board).margin == Decimal("880.00")


def test_resting_orders_net() -> None:
    desk = Desk(NETTING)
    desk.deal(Side.BUY, 10)
    ask = RestingAsk("EURUSD", OrderKind.SELL_LIMIT, 15, Terms(110_100))
    desk.note(place(ask, desk.room, desk.tickets))
    desk.tick(Quote(110_100, 110_110))
    (held,) = desk.book.positions.values()
    assert (held.ticket, held.identifier, held.side, held.volume_steps) == (2, 1, Side.SELL, 5)
    assert desk.deals[-1].entry is Entry.INOUT and not desk.book.orders


@pytest.mark.parametrize(("first", "second", "left"), [(30, 10, 1), (10, 30, 2), (20, 20, None)])
def test_close_by_takes_the_smaller_volume_of_both(first: int, second: int, left: int | None) -> None:
    desk = Desk(HEDGING, commission_per_lot=Decimal(3))
    desk.deal(Side.BUY, first)
    desk.deal(Side.SELL, second)
    before = desk.book
    outcome = desk.note(execute_close_by(CloseByAsk(1, 2), desk.room, desk.tickets))
    steps = min(first, second)
    deals = [change.deal for change in outcome.changes]
    assert [(d.entry, d.volume_steps, d.position) for d in deals if d] == [
        (Entry.OUT_BY, steps, 1),
        (Entry.OUT_BY, steps, 2),
    ]
    assert [d.profit for d in deals if d] == [Decimal(-steps) / 10, 0]
    assert desk.book.balance == before.balance + sum(d.money for d in deals if d)
    rest = {ticket: held.volume_steps for ticket, held in desk.book.positions.items()}
    assert rest == ({} if left is None else {left: max(first, second) - steps})


def test_what_a_close_by_is_refused_for() -> None:
    desk = Desk(HEDGING)
    desk.deal(Side.BUY, 10)
    desk.deal(Side.BUY, 10)
    desk.deal(Side.SELL, 10)
    assert judge_close_by(CloseByAsk(1, 2), desk.room) is Retcode.INVALID
    assert judge_close_by(CloseByAsk(1, 1), desk.room) is Retcode.INVALID
    assert judge_close_by(CloseByAsk(1, 9), desk.room) is Retcode.POSITION_CLOSED
    assert judge_close_by(CloseByAsk(1, 3), desk.room) is None
    assert judge_close_by(CloseByAsk(1, 3), replace(desk.room, symbol_open=False)) is Retcode.MARKET_CLOSED
    assert judge_close_by(CloseByAsk(1, 3), replace(desk.room, book=NETTING)) is Retcode.INVALID
    barred = replace(desk.room, board=OneSymbol(order_flags=63))
    assert judge_close_by(CloseByAsk(1, 3), barred) is Retcode.INVALID_ORDER


@pytest.mark.parametrize(
    ("filling", "retcode", "dealt", "resting"),
    [
        (FOK, Retcode.REJECT, 0, 0),
        (IOC, Retcode.DONE_PARTIAL, 4, 0),
        (RETURN, Retcode.DONE_PARTIAL, 4, 6),
    ],
)
def test_what_the_market_does_not_have(filling: int, retcode: Retcode, dealt: int, resting: int) -> None:
    desk = Desk(HEDGING, liquidity_steps=4)
    outcome = desk.deal(Side.BUY, 10, filling=filling)
    assert outcome.retcode is retcode
    assert sum(held.volume_steps for held in desk.book.positions.values()) == dealt
    assert sum(row.left_steps for row in desk.book.orders.values()) == resting
    if outcome.change is not None and outcome.change.order is not None:
        row = outcome.change.order
        assert (row.state, row.volume_steps, row.left_steps) == (OrderState.PARTIAL, 10, 6)
        assert bool(row.done_ms) is not bool(resting)


def test_the_rest_of_an_order_is_filled_by_the_next_ticks() -> None:
    desk = Desk(HEDGING, liquidity_steps=4, execution=Execution.EXCHANGE)
    desk.deal(Side.BUY, 10, filling=RETURN, stop_points=109_000)
    desk.tick(Quote(110_030, 110_040))
    held = desk.book.positions[1]
    assert (held.volume_steps, held.open_points, held.stop_points) == (8, 110_025, 109_000)
    (last,) = desk.tick(Quote(110_000, 110_010))
    assert last.order is not None and last.order.state is OrderState.FILLED and not desk.book.orders
    assert desk.book.positions[1].volume_steps == 10 == sum(d.volume_steps for d in desk.deals)


def test_a_rest_whose_position_is_gone_ends() -> None:
    desk = Desk(HEDGING, liquidity_steps=4)
    desk.deal(Side.BUY, 10, filling=RETURN)
    desk.deal(Side.SELL, 4, position=1)
    (ended,) = desk.tick(Quote(110_000, 110_010))
    assert ended.order is not None and (ended.order.state, ended.order.left_steps) == (OrderState.CANCELED, 6)
    assert not desk.book.positions and not desk.book.orders


@pytest.mark.parametrize(("filling", "state", "left"), [(FOK, OrderState.CANCELED, 10), (IOC, OrderState.PARTIAL, 6)])
def test_a_reached_order_finds_less(filling: int, state: OrderState, left: int) -> None:
    desk = Desk(HEDGING, liquidity_steps=4)
    ask = RestingAsk("EURUSD", OrderKind.BUY_STOP, 10, Terms(110_100), filling)
    desk.note(place(ask, desk.room, desk.tickets))
    (made,) = desk.tick(Quote(110_100, 110_110))
    assert made.order is not None and (made.order.state, made.order.left_steps) == (state, left)
    assert not desk.book.orders and sum(d.volume_steps for d in desk.deals) == 10 - left


def test_each_deal_pays_commission() -> None:
    desk = Desk(HEDGING, commission_per_lot=Decimal("3.5"), commission_per_deal=Decimal("0.1"))
    desk.deal(Side.BUY, 10)
    desk.deal(Side.SELL, 4, position=1)
    assert [d.commission for d in desk.deals] == [Decimal("-0.45"), Decimal("-0.24")]
    assert desk.book.balance == 10_000 + sum(d.money for d in desk.deals)


class Account(RuleBasedStateMachine):
    """Any asks and ticks: refusals leave the book as it was, and the history explains what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.quote = Quote(110_000, 110_010)

    @initialize(hedging=st.booleans(), liquidity=st.sampled_from([0, 0, 7]), hedged=st.sampled_from([None, 0, 100_000]))
    def begin(self, hedging: bool, liquidity: int, hedged: int | None) -> None:
        self.terms: dict[str, object] = {
            "liquidity_steps": liquidity,
            "margin_hedged": None if hedged is None else Decimal(hedged),
            "commission_per_lot": Decimal("3.5"),
            "swap_mode": SwapMode.POINTS,
            "swap_long": Decimal("-7.3"),
            "swap_short": Decimal("2.1"),
        }
        empty = replace(HEDGING, hedging=hedging, balance=Decimal(0))
        self.book, first = deposit(empty, Decimal(10_000), 1, 0)
        self.tickets, self.deals, self.rows = Tickets(1, 2), [first], {}
        self.now_ms, self.charged = 1, Decimal(0)

    deals: list[Deal]
    rows: dict[int, OrderRow]

    @property
    def board(self) -> OneSymbol:
        return OneSymbol(self.quote, **self.terms)

    @property
    def room(self) -> Room:
        return Room(self.book, self.board, self.now_ms, True)

    def note(self, changes: Iterable[Change]) -> None:
        for made in changes:
            if made.deal is not None:
                self.deals.append(made.deal)
            if made.order is not None:
                self.rows[made.order.ticket] = made.order

    def settle(self, outcome: Outcome, refused: Retcode | None) -> None:
        if refused is not None:
            assert outcome.retcode is refused
        if not outcome.changes:
            assert outcome.book is self.book and outcome.retcode not in (Retcode.DONE, Retcode.DONE_PARTIAL)
        else:
            assert refused is None and outcome.retcode in (Retcode.DONE, Retcode.DONE_PARTIAL)
        self.book = outcome.book
        self.note(outcome.changes)

    @property
    def swap_held(self) -> Decimal:
        return sum((held.swap for held in self.book.positions.values()), Decimal(0))

    @property
    def trades(self) -> list[Deal]:
        return [deal for deal in self.deals if deal.symbol]

    def market(self, side: Side) -> int:
        return self.quote.ask_points if side is Side.BUY else self.quote.bid_points

    @rule(
        side=st.sampled_from(list(Side)),
        steps=st.integers(0, 400),
        stop=st.integers(0, 40),
        filling=st.sampled_from([FOK, IOC, RETURN, 3]),
        data=st.data(),
    )
    def deal(self, side: Side, steps: int, stop: int, filling: int, data: st.DataObject) -> None:
        names = st.sampled_from([0, 0, *self.book.positions, 999])
        price = self.market(side)
        ask = Ask("EURUSD", side, steps, price, filling=filling, position=data.draw(names))
        ask = replace(ask, stop_points=price - side.sign * stop if stop and not ask.position else 0)
        self.settle(execute(ask, self.room, self.tickets), judge(ask, self.room))

    @precondition(lambda self: self.book.positions)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(list(self.book.positions.values())))
        steps = data.draw(st.integers(1, held.volume_steps + 2))
        ask = Ask("EURUSD", held.side.opposite, steps, self.market(held.side.opposite), position=held.ticket)
        self.settle(execute(ask, self.room, self.tickets), judge(ask, self.room))

    @precondition(lambda self: len(self.book.positions) > 1)
    @rule(data=st.data())
    def close_by(self, data: st.DataObject) -> None:
        tickets = st.sampled_from([*self.book.positions])
        ask = CloseByAsk(data.draw(tickets), data.draw(tickets))
        before = standing(self.book, self.board)
        refused = judge_close_by(ask, self.room)
        self.settle(execute_close_by(ask, self.room, self.tickets), refused)
        assert refused is not None or standing(self.book, self.board).margin <= before.margin

    @precondition(lambda self: self.book.positions)
    @rule(data=st.data(), stop=st.integers(-40, 40), far=st.integers(-40, 40))
    def levels(self, data: st.DataObject, stop: int, far: int) -> None:
        held = data.draw(st.sampled_from(list(self.book.positions.values())))
        middle = self.market(held.side.opposite)
        ask = LevelsAsk("EURUSD", held.ticket, middle + stop if stop else 0, middle + far if far else 0)
        self.settle(execute_levels(ask, self.room), judge_levels(ask, self.room))

    @rule(
        kind=st.sampled_from([k for k in OrderKind if 2 <= k <= 7]),
        steps=st.integers(0, 300),
        off=st.integers(-60, 60),
        limit=st.integers(-60, 60),
        filling=st.sampled_from([FOK, IOC, RETURN]),
        lives=st.sampled_from([0, 0, 3]),
    )
    def rest(self, kind: OrderKind, steps: int, off: int, limit: int, filling: int, lives: int) -> None:
        price = self.market(kind.side) + off
        expiry = (TimeType.SPECIFIED, self.now_ms + lives) if lives else (TimeType.GTC, 0)
        terms = Terms(price, price + limit, 0, 0, *expiry)
        self.settle(place(RestingAsk("EURUSD", kind, steps, terms, filling), self.room, self.tickets), None)

    @precondition(lambda self: self.book.orders)
    @rule(data=st.data(), off=st.integers(-60, 60))
    def touch(self, data: st.DataObject, off: int) -> None:
        row = data.draw(st.sampled_from(list(self.book.orders.values())))
        if off:
            terms = Terms(row.price_points + off, row.limit_points + off if row.limit_points else 0)
            self.settle(change(ChangeAsk(row.ticket, terms), self.room), None)
        else:
            self.settle(remove(RemoveAsk(row.ticket), self.room), None)

    @rule(moved=st.integers(-60, 60), spread=st.integers(1, 30))
    def tick(self, moved: int, spread: int) -> None:
        self.now_ms += 1
        bid = self.quote.bid_points + moved
        self.quote = Quote(bid, bid + spread)
        self.book, lapsed = expire(self.book, self.now_ms)
        self.book, made = on_tick(self.book, "EURUSD", self.quote, self.now_ms, self.tickets, self.board)
        self.note((*lapsed, *made))
        self.book, stopped = stop_out(self.book, self.now_ms, self.tickets, self.board)
        self.note(stopped)
        assert not below_stop_out(self.book, self.board)

    @rule(weekday=st.integers(0, 6))
    def night(self, weekday: int) -> None:
        balance, before = self.book.balance, self.swap_held
        self.book, charged = roll_over(self.book, weekday, self.board)
        assert self.book.balance == balance and all(made.deal is None for made in charged)
        self.charged += self.swap_held - before

    @rule(amount=st.integers(-9_000, 3_000))
    def cash(self, amount: int) -> None:
        self.book, row = deposit(self.book, Decimal(amount), self.tickets.next_deal(), self.now_ms)
        self.deals.append(row)

    @invariant()
    def the_deals_add_up_to_the_balance(self) -> None:
        assert sum(deal.money for deal in self.deals) == self.book.balance

    @invariant()
    def no_volume_is_made_or_lost(self) -> None:
        """By position: what went in less what came out is what is open; a reversal is both."""
        signed: Counter[int] = Counter()
        for deal in self.trades:
            signed[deal.position] += deal.volume_steps * Side(deal.kind).sign
        open_now = {held.identifier: held.volume_steps * held.side.sign for held in self.book.positions.values()}
        assert {ticket: steps for ticket, steps in signed.items() if steps} == open_now

    @invariant()
    def orders_and_deals_agree(self) -> None:
        """What an order dealt and what is left of it is what was asked for."""
        dealt: Counter[int] = Counter()
        for deal in self.trades:
            if deal.entry is not Entry.OUT_BY or self.rows[deal.order].position == deal.position:
                dealt[deal.order] += deal.volume_steps
        for ticket, row in self.rows.items():
            assert row.volume_steps - row.left_steps == dealt[ticket], row
        assert {t: row for t, row in self.rows.items() if not row.done_ms} == self.book.orders

    @invariant()
    def a_netting_account_has_one_position(self) -> None:
        assert self.book.hedging or len(self.book.positions) <= 1

    @invariant()
    def equity_is_balance_and_what_is_open(self) -> None:
        now = standing(self.book, self.board)
        assert now.equity == now.balance + now.credit + now.profit
        assert 0 <= now.margin <= sum(held.margin for held in self.book.positions.values()) + 1

    @invariant()
    def swap_is_held_or_booked_once(self) -> None:
        assert self.swap_held + sum(deal.swap for deal in self.deals) == self.charged

    @invariant()
    def closing_all_leaves_the_equity(self) -> None:
        """But for the commission of the closing deals."""
        book, tickets, fees = self.book, replace(self.tickets), Decimal(0)
        before = standing(book, self.board).equity
        for held in self.book.positions.values():
            price = current_points(held, self.board)
            fill = Fill(tickets.next_order(), tickets.next_deal(), price, 1, Reason.CLIENT, 0, "")
            book, (made,) = close_position(book, fill, held, held.volume_steps, self.board)
            assert made.deal is not None
            fees += made.deal.commission
        assert book.balance + book.credit == before + fees and not book.positions

    @invariant()
    def no_ticket_is_given_twice(self) -> None:
        assert len({deal.ticket for deal in self.deals}) == len(self.deals)


Account.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestAccount = Account.TestCase


def test_positions_are_found_by_symbol() -> None:
    desk = Desk(NETTING)
    assert position_of(desk.book, "EURUSD") is None
    desk.deal(Side.BUY, 1)
    assert position_of(desk.book, "EURUSD") is desk.book.positions[1] and position_of(desk.book, "XAUUSD") is None
