"""The worker's orders and the self-test's, over a terminal that answers as it is told to."""

from __future__ import annotations

import errno
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hydrad.agent.calls import Find, Found, Perform, ReadTerms, Terms
from hydrad.agent.effects import Call
from hydrad.domain.orders import ORDER_VERSION, ActKind, EntryType, Order, Side
from hydrad.link.frames import Identity, RowState
from hydrad.terminal import pipe
from hydrad.terminal.handle import WorkerHandle
from hydrad.terminal.metatrader import Terminal, TerminalError
from hydrad.terminal.orders import Orders
from hydrad.terminal.pipe import Grid
from hydrad.terminal.readings import Readings
from hydrad.terminal.selftest.desk import Desk
from hydrad.terminal.steady import SteadyClock
from hydrad.terminal.worker import Worker

FIRE, CLOSE = 77, 78
IN, OUT, INOUT, OUT_BY = 0, 1, 2, 3


class Told:
    """A terminal of a hedging account; `deals` are its history."""

    def __init__(self, deals: list[SimpleNamespace]) -> None:
        self.deals, self.sent, self.is_same = deals, [], True
        self.past: list[SimpleNamespace] = []

    sent: list[object]

    def same(self) -> bool:
        return self.is_same

    def standing(self) -> SimpleNamespace:
        return SimpleNamespace(connected=True)

    def market_ms(self) -> int:
        return 0

    def grid(self, symbol: str, *_: object) -> Grid:
        return Grid(5, Decimal("0.01"), 1, 2)

    def utc_ms(self, wall_ms: int) -> int:
        return wall_ms

    def deals_within(self, *_: int) -> list[SimpleNamespace]:
        return self.deals

    def orders_within(self, *_: int) -> list[SimpleNamespace]:
        return self.past

    def deals_of_order(self, ticket: int) -> list[SimpleNamespace]:
        return [deal for deal in self.deals if deal.order == ticket]

    def ask(self, function: str, *_: object, **__: object) -> Any:
        return () if function == "orders_get" else SimpleNamespace(volume_min=0.01, point=0.00001)

    def try_ask(self, function: str, *arguments: object) -> Any:
        self.sent.append(arguments)
        return None


def deal(ticket: int, magic: int, entry: int, volume: float, order: int = 5, position_id: int = 9) -> SimpleNamespace:
    return SimpleNamespace(
        ticket=ticket, order=order, position_id=position_id, symbol="EURUSD", type=0, entry=entry, reason=3, volume=volume,
        price=1.1, magic=magic, time_msc=0, profit=0.0, swap=0.0, commission=0.0, fee=0.0, comment="",
    )  # fmt: skip


def orders(terminal: Told) -> Orders:
    readings = Readings.__new__(Readings)
    readings._terminal = cast(Terminal, terminal)
    return Orders(cast(Terminal, terminal), readings, SteadyClock())


def find(kind: ActKind, act_id: int, deals: list[SimpleNamespace]) -> RowState | None:
    order = Order(ORDER_VERSION, kind, "alpha", "EURUSD", Side.BUY, volume_steps=10)
    return orders(Told(deals)).find(Find(act_id, 0, order, 0)).state


def test_an_act_that_reversed_a_netted_position_is_found() -> None:
    """One deal, IN and OUT at once: not to find it would prove an order absent that was executed."""
    assert find(ActKind.FIRE, FIRE, [deal(1, FIRE, INOUT, 0.1)]) is RowState.DONE
    assert find(ActKind.CLOSE, CLOSE, [deal(1, CLOSE, INOUT, 0.1)]) is RowState.DONE
    assert find(ActKind.FIRE, FIRE, [deal(1, FIRE, OUT, 0.1)]) is None  # its stop, under its magic


def test_a_history_that_has_not_all_deals_yet_does_not_make_the_volume_less() -> None:
    order = Order(ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.BUY, volume_steps=10)
    result = SimpleNamespace(order=5, deal=1, volume=0.1, price=1.1)
    first, second = deal(1, FIRE, IN, 0.04), deal(2, FIRE, IN, 0.06)
    for deals in ([], [first], [first, second]):
        assert orders(Told(deals))._facts(order, result)["volume_steps"] == 10


def test_a_close_by_is_told_once_though_it_makes_a_deal_on_each_position() -> None:
    order = Order(
        ORDER_VERSION, ActKind.CLOSE_BY, "alpha", "EURUSD", Side.SELL, volume_steps=10, position_id=9, ticket=8
    )  # fmt: skip
    named, other = deal(1, CLOSE, OUT_BY, 0.1), deal(2, CLOSE, OUT_BY, 0.1, position_id=8)
    result = SimpleNamespace(order=5, deal=1, volume=0.1, price=1.1)
    for deals in ([named, other], [other, named], [named], [other], []):  # a history may lag
        assert orders(Told(deals))._facts(order, result)["volume_steps"] == 10
        found = orders(Told(deals)).find(Find(CLOSE, 0, order, 0))
        if deals:
            assert (found.state, found.position_id, found.volume_steps) == (RowState.DONE, 9, 10)


class Switched(Told):
    """Somebody logs it in to another account while the order is checked."""

    def ask(self, function: str, *_: object, **__: object) -> Any:
        return SimpleNamespace(bid=1.1, ask=1.1)

    def try_ask(self, function: str, *arguments: object) -> Any:
        self.sent.append(function)
        self.is_same = False
        return SimpleNamespace(retcode=0, comment="Done")


@pytest.mark.parametrize(("left", "state"), [(0.16, RowState.ENDED), (0.06, RowState.WORKING)])
def test_a_cancelled_order_that_was_filled_in_part_rests_until_the_history_has_the_part(
    left: float, state: RowState
) -> None:
    told = Told([])
    told.past = [SimpleNamespace(ticket=5, magic=FIRE, state=2, volume_initial=0.16, volume_current=left)]
    order = Order(
        ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.BUY, entry_type=EntryType.LIMIT, entry_points=109_000,
        volume_steps=16, stop_points=108_000,
    )  # fmt: skip
    found = orders(told).find(Find(FIRE, 0, order, 0))
    assert (found.state, found.order_ticket) == (state, 5)
    told.deals = [deal(7, FIRE, IN, 0.1)]
    assert orders(told).find(Find(FIRE, 0, order, 0)).state is RowState.DONE


def test_a_terminal_switched_while_its_order_is_checked_gets_no_order() -> None:
    terminal = Switched([])
    order = Order(
        ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.BUY, entry_points=110_000, volume_steps=10,
        stop_points=109_000, collar_points=10,
    )  # fmt: skip
    done = orders(terminal).perform(Perform(FIRE, 0, order, 1 << 62))
    assert (done.state, done.code) == (RowState.NOT_EXECUTED, "IDENTITY")
    assert terminal.sent == ["order_check"]


def test_what_the_history_of_another_account_does_not_have_proves_nothing() -> None:
    """Found nowhere is a proof after a while; not when it was looked for in another account's records."""
    terminal = Terminal.__new__(Terminal)
    ours, theirs = (Identity(login, "S", "paper", "USD", True, 0, 1, "", "") for login in (1, 2))
    worker = Worker.__new__(Worker)
    worker.terminal, terminal.who = terminal, ours
    order = Order(ORDER_VERSION, ActKind.FIRE, "alpha", "EURUSD", Side.BUY, volume_steps=10)
    call = Find(FIRE, 0, order, 0)
    worker._answers = {Find: lambda _: Found(None, True), ReadTerms: lambda _: Terms(0, ())}
    for now, passes in ((ours, True), (theirs, False)):
        terminal.identity = lambda now=now: now  # type: ignore[method-assign,misc]
        for asked in (call, ReadTerms()):
            if passes:
                assert worker.answer(asked)
            else:
                with pytest.raises(TerminalError, match="another"):
                    worker.answer(asked)


def test_the_self_test_sends_nothing_to_a_terminal_that_was_switched_to_another_account() -> None:
    terminal = Told([])
    desk = Desk(cast(Terminal, terminal), "EURUSD", 1.0)
    terminal.is_same = False
    with pytest.raises(TerminalError):
        desk.send({"action": 1})
    assert not terminal.sent


def test_a_worker_that_is_gone_ends_no_agent_on_windows_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(fd: int, data: bytes) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(pipe, "write_all", closed)
    worker = WorkerHandle.__new__(WorkerHandle)
    worker._process = cast(Any, SimpleNamespace(stdin=SimpleNamespace(fileno=lambda: 0)))
    worker.ask(Call(ReadTerms(), 1_000), 0)


def test_a_position_is_read_with_the_price_that_its_profit_is_counted_by() -> None:
    row = SimpleNamespace(
        ticket=7, identifier=7, symbol="EURUSD", type=0, volume=0.1, price_open=1.1, price_current=1.10036, sl=1.09, tp=0.0,
        magic=1, time_msc=0, profit=3.6, swap=0.0, comment="",
    )  # fmt: skip
    told = orders(Told([]))._readings._position(row)
    assert (told.open_points, told.price_points, told.profit) == (110_000, 110_036, Decimal("3.60"))
