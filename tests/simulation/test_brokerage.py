"""Resting orders at the seeded world's broker: dealt by the venue, seen by find, rows and deals."""

from __future__ import annotations

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind, EntryType, Order, Side
from hydrad.link.frames import RowState
from hydrad.simulation.brokerage import Brokerage
from hydrad.simulation.faults import Faults
from hydrad.simulation.world import START_NS, World

LOGIN = 1


def brokerage() -> Brokerage:
    broker = Brokerage(World(7), Faults(), 10 * SECOND)
    broker.open_account(LOGIN)
    broker.start()
    return broker


def resting(broker: Brokerage, entry_type: EntryType, off: int, expiration_ms: int = 0) -> Order:
    quote = broker.quote("EURUSD")
    assert quote is not None
    price = quote.ask_points + off
    return Order(
        1, ActKind.FIRE, "A", "EURUSD", Side.BUY, entry_type, price, 1, price - 300, price + 300, 0, expiration_ms
    )


def test_an_order_rests_until_a_tick_reaches_it() -> None:
    broker = brokerage()
    order = resting(broker, EntryType.STOP, 20)
    sent = broker.send(LOGIN, 77, 0, order)
    assert (sent.state, sent.deal_ticket) == (RowState.WORKING, 0)
    (row,) = broker.orders(LOGIN)
    assert (row.ticket, row.magic, row.price_points) == (sent.order_ticket, 77, order.entry_points)
    assert broker.find(LOGIN, 77, order).state is RowState.WORKING
    broker.world.run(START_NS + 3_600 * SECOND)
    found = broker.find(LOGIN, 77, order)
    assert (found.state, found.position_id, broker.orders(LOGIN)) == (RowState.DONE, sent.order_ticket, ())
    assert found.price_points >= order.entry_points


def test_an_order_is_cancelled_once_or_expires() -> None:
    broker = brokerage()
    lapsing = resting(broker, EntryType.LIMIT, -9_000, broker.market_ms + 5_000)
    first = broker.send(LOGIN, 1, 0, lapsing)
    second = broker.send(LOGIN, 2, 0, resting(broker, EntryType.LIMIT, -9_000))
    cancel = Order(1, ActKind.CANCEL, "A", "EURUSD", Side.BUY, ticket=second.order_ticket)
    assert broker.find(LOGIN, 3, cancel).state is None
    assert broker.send(LOGIN, 3, 0, cancel).state is RowState.DONE
    assert broker.find(LOGIN, 3, cancel).state is RowState.DONE
    assert broker.send(LOGIN, 3, 1, cancel).state is RowState.REFUSED
    assert [row.ticket for row in broker.orders(LOGIN)] == [first.order_ticket]
    broker.world.run(START_NS + 6 * SECOND)
    assert broker.orders(LOGIN) == ()
