"""The simulated broker as a process: real sockets, the real client module, faults, and kill -9 at any moment."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tomli_w

from hydrad.domain.instants import parse_ms
from hydrad.terminal.broker import module_path
from hydrad.terminal.broker.dealing import TEXTS
from hydrad.terminal.broker.faults import FaultKind

START_MS = parse_ms("2014-05-02T09:00:00Z")  # a Friday
OFFSET_S = 10_800
SECONDS = 3_600  # of ticks, one a second
DONE = 10009


def prices() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Bids of EURUSD (a saw: 20 points up in 20 seconds, then down) and of XAUUSD (a slow rise)."""
    seconds = np.arange(SECONDS)
    return 138_600 + np.abs((seconds + 20) % 40 - 20), 1_285_000 + seconds


def write_feed(path: Path, days_later: int = 0) -> None:
    time_ms = START_MS + days_later * 86_400_000 + np.arange(SECONDS, dtype=np.int64) * 1_000
    arrays: dict[str, Any] = {}
    for symbol, bids, spread in zip(("EURUSD", "XAUUSD"), prices(), (10, 300), strict=True):
        arrays[f"{symbol}.time_ms"] = time_ms
        arrays[f"{symbol}.bid_points"] = bids.astype(np.int32)
        arrays[f"{symbol}.ask_points"] = (bids + spread).astype(np.int32)
    np.savez(path, **arrays)


class RunningBroker:
    """A broker process in a folder, and lines on its control socket."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.socket = folder / "s"
        config = {
            "instance": "test-broker",
            "socket": str(self.socket),
            "control": str(folder / "c"),
            "books": str(folder / "books.db"),
            "feed": str(folder / "feed.npz"),
            "start_ms": START_MS,
            "server_offset_s": OFFSET_S,
            "accounts": [
                {"login": 1001, "password": "one", "server": "HydraX-Paper"},
                {"login": 1002, "password": "two", "server": "HydraX-Paper", "currency": "EUR", "balance": "500.00"},
                {"login": 1003, "password": "three", "server": "HydraX-Paper", "hedging": False},
            ],
            **changes,
        }
        self.config = folder / "broker.toml"
        self.config.write_text(tomli_w.dumps(config))
        if not (folder / "feed.npz").exists():
            write_feed(folder / "feed.npz")
        self.process = self.spawn()

    def spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "hydrad.terminal.broker", "--config", str(self.config)]
        return subprocess.Popen(command, stderr=subprocess.PIPE)

    def start(self) -> None:
        self.process = self.spawn()

    def kill(self) -> None:
        self.process.kill()
        with self.process:
            pass  # waits, and closes the pipe

    def stop(self) -> int:
        self.ask(op="shutdown")
        return self.process.wait()

    def lines(self) -> Any:
        """A connection to the control socket, once there is one."""
        while True:
            assert self.process.poll() is None, self.process.communicate()[1]
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(str(self.folder / "c"))
            except (FileNotFoundError, ConnectionRefusedError):
                peer.close()
                threading.Event().wait(0.01)  # between two looks at the condition
                continue
            return peer.makefile("rwb")

    def ask(self, **request: Any) -> Any:
        return self.raw(json.dumps(request).encode())

    def raw(self, line: bytes) -> Any:
        with self.lines() as control:
            control.write(line + b"\n")
            control.flush()
            return json.loads(control.readline())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    running = RunningBroker(tmp_path)
    running.ask(op="clock")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """One broker for all that must not disturb it."""
    running = RunningBroker(tmp_path_factory.mktemp("undisturbed"))
    running.ask(op="clock")  # it listens for clients before it listens here
    yield running
    running.kill()


Client = Callable[..., Any]


@pytest.fixture
def client(broker: RunningBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """`client()` is a fresh MetaTrader5 module, logged in to 1001."""
    modules: list[ModuleType] = []

    def fresh(login: int = 1001, password: str = "one", **more: Any) -> Any:
        monkeypatch.setenv("HYDRA_SIM_SOCKET", str(broker.socket))
        module = load_client(f"mt5_{len(modules)}")
        modules.append(module)
        assert module.initialize(login=login, password=password, server="HydraX-Paper", **more), module.last_error()
        return module

    yield fresh
    for module in modules:
        module.shutdown()


def load_client(name: str) -> Any:
    """The client module under another name, with a connection of its own."""
    folder = Path(module_path()) / "MetaTrader5"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def deal(mt5: Any, **changes: Any) -> dict[str, Any]:
    """A market BUY of 0.10 EURUSD at the ask of now."""
    tick = mt5.symbol_info_tick(changes.get("symbol", "EURUSD"))
    request = {
        "action": mt5.TRADE_ACTION_DEAL,
        "symbol": "EURUSD",
        "volume": 0.1,
        "type": mt5.ORDER_TYPE_BUY,
        "price": tick.bid if changes.get("type") == mt5.ORDER_TYPE_SELL else tick.ask,
        "magic": 42,
        "comment": "python script open",
    }
    return {**request, **changes}


def close(mt5: Any, held: Any, volume: float) -> Any:
    opposite = mt5.ORDER_TYPE_SELL if held.type == mt5.POSITION_TYPE_BUY else mt5.ORDER_TYPE_BUY
    return mt5.order_send(deal(mt5, type=opposite, position=held.ticket, volume=volume, symbol=held.symbol))


def test_a_trade_from_start_to_end(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    assert mt5.account_info().balance == 10_000.0
    sent = mt5.order_send(deal(mt5))
    assert (sent.retcode, sent.comment, sent.volume, sent.price) == (DONE, "Request executed", 0.1, 1.3861)
    (held,) = mt5.positions_get(ticket=sent.order)
    assert (held.ticket, held.identifier, held.magic) == (sent.order, sent.order, 42)
    assert held.comment == "python script op"  # cut as recorded servers do
    assert (held.price_current, held.profit, held.time_msc) == (1.386, -1.0, START_MS + OFFSET_S * 1000)
    assert mt5.account_info().equity == 9_999.0
    assert mt5.account_info().margin == pytest.approx(138.61)

    part = close(mt5, held, 0.04)
    assert (part.retcode, part.volume) == (DONE, 0.04)
    assert mt5.positions_get()[0].volume == 0.06
    assert close(mt5, held, 0.06).retcode == DONE
    assert mt5.positions_total() == 0

    deposit, opened, *closed = mt5.history_deals_get(0, 2**31 - 1)
    assert (deposit.type, deposit.order, deposit.profit) == (2, 0, 10_000.0)
    assert (opened.order, opened.position_id, opened.entry) == (sent.order, sent.order, 0)
    assert [(d.type, d.entry, d.position_id, d.profit) for d in closed] == [
        (1, 1, sent.order, -0.4),
        (1, 1, sent.order, -0.6),
    ]
    assert mt5.history_deals_get(position=sent.order) == (opened, *closed)
    assert mt5.history_deals_get(ticket=part.order) == (closed[0],)
    assert [o.state for o in mt5.history_orders_get(position=sent.order)] == [4, 4, 4]
    assert mt5.account_info().balance == 9_999.0
    books = broker.ask(op="books", login=1001)
    assert (books["balance"], books["equity"], books["positions"]) == ("9999.00", "9999.00", [])
    assert [(d["ticket"], d["volume"], d["price"], d["profit"]) for d in books["deals"][1:]] == [
        (d.ticket, f"{d.volume:.2f}", f"{d.price:.5f}", f"{d.profit:.2f}") for d in (opened, *closed)
    ]


def test_a_step_closes_at_the_ticks_on_the_way(broker: RunningBroker, client: Client) -> None:
    """The saw of bids goes 138600..138620..138600: both targets and stops lie on known seconds."""
    mt5, other = client(), client(1002, "two")
    winner = mt5.order_send(deal(mt5, tp=1.38615, sl=1.38500))
    assert winner.retcode == DONE
    loser = other.order_send(deal(other, type=1, sl=1.38625, volume=0.2))  # the ask reaches it 5 s later
    assert loser.retcode == DONE, loser
    gold = mt5.order_send(deal(mt5, symbol="XAUUSD", tp=1285.1))
    assert gold.retcode == DONE
    before = broker.ask(op="clock")
    after = broker.ask(op="step", ms=60_000)
    assert after == {**before, "market_ms": START_MS + 60_000}
    assert mt5.positions_get(symbol="EURUSD") == () and other.positions_get() == ()

    (_, won) = mt5.history_deals_get(position=winner.order)
    assert (won.price, won.reason, won.time_msc) == (1.38615, 5, (START_MS + OFFSET_S * 1000) + 15_000)
    assert (won.profit, won.magic, won.comment) == (0.5, 42, "[tp 1.38615]")
    (_, lost) = other.history_deals_get(position=loser.order)
    assert (lost.price, lost.reason, lost.time_msc) == (1.38625, 4, (START_MS + OFFSET_S * 1000) + 15_000)
    in_dollars, rate = Decimal("-5.00"), Decimal("1.38625")
    assert lost.profit == float(round(in_dollars / rate, 2))
    assert mt5.positions_get()[0].ticket == gold.order


def test_the_clock_stops_at_the_end_and_with_it_trading(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    held = mt5.order_send(deal(mt5)).order
    last = broker.ask(op="step", ms=86_400_000)
    assert (last["ended"], last["market_ms"]) == (True, last["end_ms"])
    assert mt5.order_send(deal(mt5)).retcode == 10018
    assert close(mt5, mt5.positions_get(ticket=held)[0], 0.1).retcode == 10018
    assert broker.ask(op="step", ms=1) == last


def test_the_weekend_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_feed(tmp_path / "feed.npz", days_later=1)
    broker = RunningBroker(tmp_path, start_ms=START_MS + 86_400_000 + 60_000)
    broker.ask(op="clock")
    monkeypatch.setenv("HYDRA_SIM_SOCKET", str(broker.socket))
    mt5 = load_client("mt5_weekend")
    try:
        assert mt5.initialize() and mt5.order_send(deal(mt5)).retcode == 10018
    finally:
        mt5.shutdown()
        broker.kill()


@pytest.mark.parametrize(
    ("change", "retcode"),
    [
        ({"volume": 0.015}, 10014),
        ({"volume": 0.0}, 10014),
        ({"volume": 1e300}, 10014),
        ({"price": 1.386101}, 10015),
        ({"price": 0.0}, 10015),
        ({"price": 1e300}, 10015),
        ({"price": 1.387}, 10004),
        ({"sl": 1.39}, 10016),
        ({"tp": -1.0}, 10016),
        ({"type_filling": 3}, 10030),
        ({"volume": 90.0}, 10019),
        ({"position": 5}, 10036),
        ({"symbol": "GBPUSD", "price": 1.0}, 10013),
        ({"action": 0}, 10013),
        ({"action": 5, "type": 1}, 10035),
        ({"action": 5, "type": 9}, 10035),
        ({"action": 5, "type": 2}, 10015),
        ({"action": 5, "type": 2, "price": 1.38, "sl": 1.381}, 10016),
        ({"action": 5, "type": 2, "price": 1.38, "type_time": 2, "expiration": 5}, 10022),
        ({"action": 5, "type": 2, "price": 1.38, "type_time": 4}, 10022),
        ({"action": 5, "type": 2, "price": 1.38, "volume": 101.0}, 10014),
        ({"action": 7, "order": 5}, 10013),
        ({"action": 10, "position": 5, "position_by": 6}, 10036),
        ({"action": 8}, 10013),
        ({"type": 4}, 10013),
        ({"magic": 2**64 - 1}, 10013),
    ],
)
def test_refusals(change: dict[str, Any], retcode: int, client: Client) -> None:
    mt5 = client()
    request = {**deal(mt5), **change}
    sent = mt5.order_send(request)
    assert (sent.retcode, sent.comment) == (retcode, TEXTS[retcode])
    assert (sent.deal, sent.order, sent.volume, sent.price) == (0, 0, 0.0, 0.0)
    assert (sent.bid, sent.ask) == ((1.386, 1.3861) if retcode == 10004 else (0.0, 0.0))
    assert sent.request._asdict()["volume"] == request["volume"]
    assert mt5.order_check(request).retcode == retcode
    assert mt5.positions_total() == 0


def test_levels_and_deviation(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    ticket = mt5.order_send(deal(mt5)).order
    levels = {"action": mt5.TRADE_ACTION_SLTP, "symbol": "EURUSD", "position": ticket, "sl": 1.38, "tp": 1.39}
    moved = mt5.order_send(levels)
    assert (moved.retcode, moved.order, moved.deal) == (DONE, 0, 0)
    assert mt5.order_send(levels).retcode == 10025
    assert (mt5.positions_get()[0].sl, mt5.positions_get()[0].tp) == (1.38, 1.39)
    assert mt5.order_send({**levels, "position": ticket + 1}).retcode == 10036

    stale = deal(mt5)
    broker.ask(op="step", ms=3_000)
    assert mt5.order_send({**stale, "deviation": 2}).retcode == 10004
    filled = mt5.order_send({**stale, "deviation": 3})
    assert (filled.retcode, filled.price) == (DONE, 1.38613)


def pending(mt5: Any, kind: int, price: float, **changes: Any) -> dict[str, Any]:
    return deal(mt5, action=mt5.TRADE_ACTION_PENDING, type=kind, price=price, type_filling=2, **changes)


def test_a_resting_order_from_start_to_end(broker: RunningBroker, client: Client) -> None:
    """Placed, changed, reached on a known second of the saw; another one cancelled."""
    mt5 = client()
    assert mt5.order_check(pending(mt5, mt5.ORDER_TYPE_BUY_STOP, 1.38625)).retcode == 0
    sent = mt5.order_send(pending(mt5, mt5.ORDER_TYPE_BUY_STOP, 1.38625, sl=1.385))
    assert (sent.retcode, sent.deal, sent.volume, sent.price) == (DONE, 0, 0.1, 0.0)
    (row,) = mt5.orders_get(ticket=sent.order)
    assert (row.state, row.type, row.price_open, row.sl, row.position_id) == (1, 4, 1.38625, 1.385, 0)
    assert (row.price_current, row.time_done, row.magic) == (1.3861, 0, 42)
    assert (mt5.orders_total(), mt5.positions_total(), mt5.history_orders_get(ticket=sent.order)) == (1, 0, ())
    change = {"action": mt5.TRADE_ACTION_MODIFY, "order": sent.order, "price": 1.38621, "sl": 1.3859, "tp": 1.387}
    assert mt5.order_send(change).retcode == DONE and mt5.order_send(change).retcode == 10025

    other = mt5.order_send(pending(mt5, mt5.ORDER_TYPE_BUY_LIMIT, 1.38))
    remove = {"action": mt5.TRADE_ACTION_REMOVE, "order": other.order}
    assert (mt5.order_send(remove).retcode, mt5.order_send(remove).retcode) == (DONE, 10013)
    (gone,) = mt5.history_orders_get(ticket=other.order)
    assert (gone.state, gone.volume_current, gone.position_id) == (2, 0.1, 0)
    assert mt5.history_orders_get(position=0) == (gone,)
    assert mt5.symbol_select("EURUSD", False) is False and mt5.symbol_select("XAUUSD", False) is True

    broker.ask(op="step", ms=11_000)
    (held,) = mt5.positions_get()
    assert (held.ticket, held.price_open, held.sl, held.tp) == (sent.order, 1.38621, 1.3859, 1.387)
    assert held.time_msc == START_MS + OFFSET_S * 1000 + 11_000
    (filled,) = mt5.history_orders_get(ticket=sent.order)
    assert (filled.state, filled.type, filled.volume_current, filled.position_id) == (4, 4, 0.0, sent.order)
    assert mt5.orders_total() == 0


def test_an_order_expires_by_the_servers_clock(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    wall_s = START_MS // 1000 + OFFSET_S
    asked = {"type_time": mt5.ORDER_TIME_SPECIFIED, "expiration": wall_s + 20}
    first = mt5.order_send(pending(mt5, mt5.ORDER_TYPE_SELL_LIMIT, 1.39, **asked)).order
    day = mt5.order_send(pending(mt5, mt5.ORDER_TYPE_SELL_LIMIT, 1.39, type_time=mt5.ORDER_TIME_DAY)).order
    assert [row.time_expiration for row in mt5.orders_get()] == [wall_s + 20, 0]
    broker.ask(op="step", ms=30_000)
    assert [row.ticket for row in mt5.orders_get()] == [day]
    (gone,) = mt5.history_orders_get(ticket=first)
    assert (gone.state, gone.time_done) == (6, wall_s + 20)
    orders = broker.ask(op="books", login=1001)["orders"]
    assert [order["state"] for order in orders] == ["EXPIRED", "PLACED"]
    assert orders[1]["expires_ms"] == (wall_s // 86_400 + 1) * 86_400_000 - OFFSET_S * 1000  # the server's midnight


def test_resting_orders_outlive_kill_9(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    order = mt5.order_send(pending(mt5, mt5.ORDER_TYPE_BUY_STOP_LIMIT, 1.3863, stoplimit=1.3861)).order
    before = mt5.orders_get()[0]._asdict()
    broker.kill()
    broker.start()
    broker.ask(op="clock")
    mt5 = client()
    assert [row._asdict() for row in mt5.orders_get()] == [before] and before["price_stoplimit"] == 1.3861
    broker.ask(op="step", ms=20_000)
    assert [(row.type, row.price_open) for row in mt5.orders_get()] == [(mt5.ORDER_TYPE_BUY_LIMIT, 1.3861)]
    broker.ask(op="step", ms=20_000)
    assert mt5.positions_get()[0].ticket == order


def test_a_netting_account_has_one_position_a_symbol(client: Client) -> None:
    mt5 = client(1003, "three")
    assert mt5.account_info().margin_mode == 0
    first = mt5.order_send(deal(mt5)).order
    assert mt5.order_send(deal(mt5, volume=0.3)).retcode == DONE
    (held,) = mt5.positions_get()
    assert (held.ticket, held.volume, held.magic) == (first, 0.4, 42)
    levels = {"action": mt5.TRADE_ACTION_SLTP, "symbol": "EURUSD", "sl": 1.38, "tp": 1.39}
    assert mt5.order_send(levels).retcode == DONE
    assert mt5.order_send(deal(mt5, type=1, volume=0.1)).retcode == DONE
    turned = mt5.order_send(deal(mt5, type=1, volume=0.5))
    (held,) = mt5.positions_get()
    assert (held.ticket, held.identifier, held.type, held.volume, held.sl) == (turned.order, first, 1, 0.2, 0.0)
    assert [d.entry for d in mt5.history_deals_get(position=first)] == [0, 0, 1, 2]
    by = {"action": mt5.TRADE_ACTION_CLOSE_BY, "position": held.ticket, "position_by": held.ticket}
    assert mt5.order_send(by).retcode == 10013


def test_two_positions_close_one_another(client: Client) -> None:
    mt5 = client()
    bought, sold = mt5.order_send(deal(mt5, volume=0.3)).order, mt5.order_send(deal(mt5, type=1, volume=0.1)).order
    by = {"action": mt5.TRADE_ACTION_CLOSE_BY, "position": bought, "position_by": sold}
    assert mt5.order_check(by).retcode == 0
    sent = mt5.order_send(by)
    assert (sent.retcode, sent.volume) == (DONE, 0.1)
    (left,) = mt5.positions_get()
    assert (left.ticket, left.volume, mt5.account_info().balance) == (bought, 0.2, 9_999.0)
    made = mt5.history_deals_get(ticket=sent.order)
    assert [(d.entry, d.position_id, d.volume, d.profit) for d in made] == [(3, bought, 0.1, -1.0), (3, sold, 0.1, 0.0)]
    (order,) = mt5.history_orders_get(ticket=sent.order)
    assert (order.type, order.position_id, order.position_by_id) == (8, bought, sold)
    assert mt5.order_send(by).retcode == 10036


def test_checks_and_sums_in_the_accounts_currency(client: Client) -> None:
    mt5, euro = client(), client(1002, "two")
    check = mt5.order_check(deal(mt5))
    assert (check.retcode, check.comment, check.margin, check.margin_free) == (0, "Done", 138.61, 9861.39)
    assert mt5.order_calc_margin(mt5.ORDER_TYPE_BUY, "EURUSD", 0.1, 1.3861) == 138.61
    assert euro.order_calc_margin(mt5.ORDER_TYPE_BUY, "EURUSD", 0.1, 1.3861) == 100.0
    assert mt5.order_calc_profit(mt5.ORDER_TYPE_BUY, "EURUSD", 1, 1.1, 1.103) == 300.0
    assert euro.order_calc_profit(mt5.ORDER_TYPE_SELL, "EURUSD", 1.0, 1.103, 1.1) == 272.73
    assert mt5.order_calc_profit(7, "EURUSD", 1.0, 1.1, 1.2) is None
    assert mt5.last_error() == (-2, "Terminal: Invalid params")
    terms = euro.symbol_info("EURUSD")
    assert terms.trade_tick_value_profit == pytest.approx(1 / 1.3861)
    assert terms.trade_tick_value_loss == pytest.approx(1 / 1.386)
    assert (terms.bid, terms.ask, terms.spread, terms.trade_stops_level) == (1.386, 1.3861, 10, 10)


def test_ticks_and_bars_carry_the_servers_clock(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    broker.ask(op="step", ms=130_000)
    wall_s = START_MS // 1_000 + OFFSET_S
    ticks = mt5.copy_ticks_from("EURUSD", wall_s, 10_000, mt5.COPY_TICKS_ALL)
    assert ticks["time"].tolist() == list(range(wall_s, wall_s + 131))  # nothing after the clock
    assert ticks["bid"].tolist() == [points / 100_000 for points in prices()[0][:131].tolist()]
    assert ticks.dtype.itemsize == 60 and ticks.flags.writeable
    assert len(mt5.copy_ticks_from("EURUSD", wall_s + 5, 3, mt5.COPY_TICKS_ALL)) == 3
    assert len(mt5.copy_ticks_range("EURUSD", wall_s + 5, wall_s + 9, mt5.COPY_TICKS_INFO)) == 5
    assert len(mt5.copy_ticks_range("EURUSD", wall_s, wall_s + 9, mt5.COPY_TICKS_TRADE)) == 0
    assert mt5.symbol_info_tick("EURUSD").time_msc == int(ticks[-1]["time_msc"])

    bars = mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M1, wall_s, wall_s + 3_600)
    assert bars["time"].tolist() == [wall_s, wall_s + 60, wall_s + 120]
    assert bars["tick_volume"].tolist() == [60, 60, 11]
    assert bars[0].tolist() == (wall_s, 1.386, 1.3862, 1.386, 1.38619, 60, 10, 0)
    assert mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 2).tolist() == bars[1:].tolist()
    assert mt5.copy_rates_from("EURUSD", mt5.TIMEFRAME_M1, wall_s + 60, 1).tolist() == bars[1:2].tolist()
    (day,) = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_D1, 0, 5)
    assert day["time"] % 86_400 == 0 and day["tick_volume"] == 131


def test_logins(broker: RunningBroker, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    mt5 = client()
    assert mt5.__hydra_sim__.broker == "test-broker" and mt5.__hydra_sim__.offset_s == OFFSET_S
    assert mt5.__hydra_sim__.clock_ms() == START_MS
    assert mt5.__hydra_sim__.moment() == (START_MS, OFFSET_S)
    assert mt5.login(1002, "wrong") is False
    assert mt5.last_error() == (-6, "Terminal: Authorization failed")
    assert mt5.account_info().login == 1001
    assert mt5.login(1002, password="two") and mt5.account_info().currency == "EUR"
    for wrong in ({"login": 7}, {"login": 1001, "password": "two"}, {"server": "Else"}):
        assert mt5.initialize(**wrong) is False
        assert mt5.last_error()[0] == -6
    assert mt5.account_info() is None and mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.initialize() and mt5.account_info().login == 1001


def fault(broker: RunningBroker, kind: str, **more: Any) -> None:
    assert broker.ask(op="fault", kind=kind, **more) == {"ok": True}


def fired(broker: RunningBroker, kind: str) -> int:
    return int(broker.ask(op="faults")["fired"][kind])


@pytest.mark.parametrize(
    ("kind", "retcode", "executed"),
    [
        ("timeout_executed", 10012, True),
        ("timeout_not_executed", 10012, False),
        ("requote", 10004, False),
        ("reject", 10006, False),
        ("no_money", 10019, False),
    ],
)
def test_counted_faults_hit_so_many_orders(
    kind: str, retcode: int, executed: bool, broker: RunningBroker, client: Client
) -> None:
    mt5 = client()
    fault(broker, kind, login=1002)
    fault(broker, kind, login=1001, count=2)
    for number in (1, 2):
        assert mt5.order_send(deal(mt5)).retcode == retcode
        assert fired(broker, kind) == number
        assert mt5.positions_total() == (number if executed else 0)
    assert mt5.order_send(deal(mt5)).retcode == DONE
    pending = broker.ask(op="faults")["pending"]
    assert pending == [{"kind": kind, "login": 1002, "count": 1, "ms": 0}]
    assert broker.ask(op="clear") == {"ok": True}
    assert broker.ask(op="faults")["pending"] == []


def test_a_lost_reply_was_executed(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "lost_reply")
    assert mt5.order_send(deal(mt5)) is None
    assert mt5.last_error() == (-10005, "IPC timeout")
    assert (mt5.positions_total(), fired(broker, "lost_reply")) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "retcode"), [("disconnect", 10031), ("trade_disabled", 10017), ("autotrading_off", 10027)]
)
def test_lasting_faults_hold_until_cleared(kind: str, retcode: int, broker: RunningBroker, client: Client) -> None:
    mt5, other = client(), client(1002, "two")
    fault(broker, kind, login=1001)
    for _ in range(2):
        assert mt5.order_send(deal(mt5)).retcode == retcode
    seen = (mt5.terminal_info().connected, mt5.account_info().trade_allowed, mt5.terminal_info().trade_allowed)
    assert seen == (kind != "disconnect", kind != "trade_disabled", kind != "autotrading_off")
    assert other.order_send(deal(other, volume=0.01)).retcode == DONE
    broker.ask(op="clear")
    assert mt5.order_send(deal(mt5)).retcode == DONE
    assert fired(broker, kind) == 2


def test_a_lasting_fault_can_end_by_itself(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "disconnect", ms=50)
    while not mt5.terminal_info().connected:
        threading.Event().wait(0.01)
    assert mt5.order_send(deal(mt5)).retcode == DONE


def test_the_switch_for_programs_answers_none(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "api_disabled")
    assert mt5.order_send(deal(mt5)) is None
    assert mt5.last_error()[0] == -8 and mt5.terminal_info().tradeapi_disabled
    assert fired(broker, "api_disabled") == 1


def test_latency_holds_one_answer_and_nobody_else(broker: RunningBroker, client: Client) -> None:
    slow, quick = client(timeout=200), client(1002, "two")
    fault(broker, "latency", login=1001, ms=60_000)
    assert slow.order_send(deal(slow)) is None  # its own patience ends long before the answer comes
    assert slow.last_error() == (-10005, "IPC timeout")
    assert quick.order_send(deal(quick, volume=0.01)).retcode == DONE
    assert slow.positions_total() == 1  # executed, and the connection still serves
    fault(broker, "latency", login=1001, ms=20)
    assert slow.order_send(deal(slow)).retcode == DONE
    assert fired(broker, "latency") == 2


def test_a_part_is_filled(broker: RunningBroker, client: Client) -> None:
    """Half of it, and the rest is not done; a volume that cannot be halved waits for the next order."""
    mt5 = client()
    fault(broker, "partial_fill")
    assert mt5.order_send(deal(mt5, volume=0.01)).retcode == DONE and fired(broker, "partial_fill") == 0
    sent = mt5.order_send(deal(mt5, volume=0.11))
    assert (sent.retcode, sent.comment, sent.volume) == (10010, TEXTS[10010], 0.05)
    (order,) = mt5.history_orders_get(ticket=sent.order)
    assert (order.state, order.volume_initial, order.volume_current) == (3, 0.11, 0.06)
    fault(broker, "partial_fill")
    half = close(mt5, mt5.positions_get(ticket=sent.order)[0], 0.05)
    assert (half.retcode, half.volume, mt5.positions_get(ticket=sent.order)[0].volume) == (10010, 0.02, 0.03)


def test_an_order_executed_late(broker: RunningBroker, client: Client) -> None:
    """Answered 10012 at once; done after the machine's or the market's milliseconds."""
    mt5 = client()
    fault(broker, "executed_late", ms=30)
    assert mt5.order_send(deal(mt5)).retcode == 10012
    while not mt5.positions_total():
        threading.Event().wait(0.005)
    fault(broker, "executed_late_market", ms=5_000)
    assert mt5.order_send(deal(mt5, deviation=50)).retcode == 10012
    broker.ask(op="step", ms=4_999)
    assert mt5.positions_total() == 1
    broker.ask(op="step", ms=1)
    late = mt5.positions_get()[1]
    assert (late.time_msc, late.price_open) == (START_MS + OFFSET_S * 1000 + 5_000, 1.38615)
    assert (fired(broker, "executed_late"), fired(broker, "executed_late_market")) == (1, 1)


def test_a_late_history(broker: RunningBroker, client: Client) -> None:
    """The position is there, its rows and what comes after are not yet."""
    mt5 = client()
    fault(broker, "history_late", ms=300)
    sent = mt5.order_send(deal(mt5))
    assert sent.retcode == DONE and mt5.positions_total() == 1
    other = mt5.order_send(deal(mt5, volume=0.02))
    for ticket in (sent.order, other.order):
        assert mt5.history_orders_get(ticket=ticket) == mt5.history_deals_get(ticket=ticket) == ()
    while not mt5.history_deals_get(ticket=other.order):
        threading.Event().wait(0.01)
    assert len(mt5.history_deals_get(position=sent.order)) == 1 and fired(broker, "history_late") == 1


def test_the_owner_deals_just_before(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "owner_trade")
    mine = mt5.order_send(deal(mt5, volume=0.1)).order
    theirs, _ = mt5.positions_get()
    assert (theirs.magic, theirs.reason, theirs.volume) == (0, 0, 0.01)
    fault(broker, "owner_trade")
    assert close(mt5, mt5.positions_get(ticket=mine)[0], 0.1).retcode == 10038
    assert mt5.positions_get(ticket=mine)[0].volume == 0.05


def test_a_stop_is_dropped(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "stop_dropped", count=2)
    assert mt5.order_send(deal(mt5)).retcode == DONE and fired(broker, "stop_dropped") == 0
    sent = mt5.order_send(deal(mt5, sl=1.38, tp=1.39))
    (held,) = mt5.positions_get(ticket=sent.order)
    assert (sent.retcode, held.sl, held.tp) == (DONE, 0.0, 1.39)
    assert mt5.order_send(pending(mt5, mt5.ORDER_TYPE_BUY_LIMIT, 1.38, sl=1.37)).retcode == DONE
    assert mt5.orders_get()[0].sl == 0.0 and fired(broker, "stop_dropped") == 2


def test_terms_change_and_a_symbol_goes(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    ticket = mt5.order_send(deal(mt5, volume=0.1)).order
    fault(broker, "terms_changed", count=4)
    assert mt5.order_send(deal(mt5, sl=1.38590)).retcode == 10016
    assert mt5.symbol_info("EURUSD").trade_stops_level == 100
    assert mt5.order_send(deal(mt5, volume=0.11)).retcode == 10014
    assert mt5.symbol_info("EURUSD").volume_step == 0.1
    assert mt5.order_send(deal(mt5, price=1.386103)).retcode == 10015
    digits = mt5.symbol_info("EURUSD")
    assert (digits.digits, digits.point, digits.spread, digits.bid) == (6, 1e-06, 100, 1.386)
    assert mt5.order_send(deal(mt5)).retcode == 10044
    assert close(mt5, mt5.positions_get(ticket=ticket)[0], 0.1).retcode == DONE
    broker.ask(op="terms", symbol="EURUSD", change="restore")
    assert mt5.symbol_info("EURUSD").digits == 5
    ticket = mt5.order_send(deal(mt5)).order
    stale = deal(mt5)
    fault(broker, "symbol_gone")
    assert mt5.order_send(stale).retcode == 10013 and fired(broker, "symbol_gone") == 1
    assert mt5.symbol_info("EURUSD") is None and mt5.last_error()[0] == -4
    assert [info.name for info in mt5.symbols_get()] == ["XAUUSD"]
    held = mt5.positions_get(ticket=ticket)[0]
    away = {**stale, "type": 1, "position": ticket, "price": held.price_current}
    assert mt5.order_send(away).retcode == DONE and fired(broker, "terms_changed") == 4


def test_a_terminal_answers_as_its_neighbour(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    fault(broker, "neighbour", login=1001)
    assert (mt5.account_info().login, mt5.account_info().currency) == (1002, "EUR")
    assert mt5.order_send(deal(mt5, volume=0.01)).retcode == DONE
    broker.ask(op="clear")
    assert mt5.account_info().login == 1001 and mt5.positions_total() == 0
    assert fired(broker, "neighbour") == 4 and broker.ask(op="books", login=1002)["positions"]


def test_the_same_account_at_another_server(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    server = mt5.account_info().server
    fault(broker, "other_server")
    assert (mt5.account_info().login, mt5.account_info().server) == (1001, f"{server}-2")
    assert fired(broker, "other_server") == 2


def test_a_call_that_never_returns(broker: RunningBroker, client: Client) -> None:
    mt5 = client(timeout=100)
    fault(broker, "hang")
    assert mt5.order_send(deal(mt5)) is None and mt5.last_error() == (-10005, "IPC timeout")
    assert mt5.positions_total() == 0 and fired(broker, "hang") == 1


def test_a_plan_draws_its_own_faults(broker: RunningBroker, client: Client) -> None:
    """The same seed draws the same; a plan with rates draws only those."""
    mt5 = client()
    told: list[list[int]] = []
    for _ in range(2):
        assert broker.ask(op="plan", seed=5, rates={"reject": 0.4, "requote": 0.3, "stop_dropped": 1.0})["ok"]
        told.append([mt5.order_send(deal(mt5, volume=0.01)).retcode for _ in range(20)])
    assert told[0] == told[1] and set(told[0]) == {10004, 10006, DONE}
    counts = broker.ask(op="faults")
    assert (counts["fired"]["reject"], counts["fired"]["stop_dropped"]) == (2 * told[0].count(10006), 0)
    assert counts["rates"] == {"reject": 0.4, "requote": 0.3, "stop_dropped": 1.0}
    broker.ask(op="plan", seed=6)
    drawn = broker.ask(op="faults")["rates"]
    assert drawn and all(0 < rate <= 0.1 for rate in drawn.values())
    broker.ask(op="plan", seed=0)
    assert broker.ask(op="faults")["rates"] == {}


def test_every_kind_of_fault_was_looked_at_here() -> None:
    text = Path(__file__).read_text()
    assert [kind for kind in FaultKind if f'"{kind.value}"' not in text] == []


def test_trades_by_hand(broker: RunningBroker, client: Client) -> None:
    mt5 = client()
    opened = broker.ask(op="manual", login=1001, action="open", symbol="XAUUSD", side="SELL", volume="0.30")
    assert opened["ok"] and opened["retcode"] == DONE
    (held,) = mt5.positions_get()
    assert (held.ticket, held.magic, held.reason, held.type, held.volume) == (opened["position"], 0, 0, 1, 0.3)
    part = broker.ask(op="manual", login=1001, action="close", position=held.ticket, volume="0.1")
    assert part["retcode"] == DONE and mt5.positions_get()[0].volume == 0.2
    assert broker.ask(op="manual", login=1001, action="close", position=held.ticket)["retcode"] == DONE
    assert mt5.positions_total() == 0
    assert {d["magic"] for d in broker.ask(op="books", login=1001)["deals"]} == {0}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'{"op": "nothing"}',
        b'{"op": "step"}',
        b'{"op": "step", "ms": 0}',
        b'{"op": "step", "ms": -5}',
        b'{"op": "step", "ms": 1e99}',
        b'{"op": "books", "login": 5}',
        b'{"op": "fault", "kind": "no such"}',
        b'{"op": "fault", "kind": "reject", "count": 0}',
        b'{"op": "fault", "kind": "latency", "ms": -1}',
        b'{"op": "fault", "kind": "reject", "login": 5}',
        b'{"op": "clock", "more": 1}',
        b'{"op": "plan", "seed": 1, "rates": {"reject": 2}}',
        b'{"op": "plan", "seed": 1, "rates": {"disconnect": 0.5}}',
        b'{"op": "plan", "seed": 1, "rates": {"no such": 0.5}}',
        b'{"op": "plan", "seed": 1, "ms": -1}',
        b'{"op": "terms", "symbol": "NOPE", "change": "step"}',
        b'{"op": "terms", "symbol": "EURUSD", "change": "colour"}',
        b'{"op": "manual", "login": 1001, "action": "dance"}',
        b'{"op": "cash", "login": 5, "amount": "1"}',
        b'{"op": "cash", "login": 1001, "amount": "0"}',
        b'{"op": "cash", "login": 1001, "amount": "0.001"}',
        b'{"op": "cash", "login": 1001, "amount": "nan"}',
        b'{"op": "cash", "login": 1001, "amount": "-10000.01"}',
        b'{"op": "cash", "login": 1001, "amount": "-1", "kind": "credit"}',
        b'{"op": "cash", "login": 1001, "amount": "1", "kind": "gift"}',
        b'{"op": "manual", "login": 1001, "action": "open", "symbol": "EURUSD", "side": "UP", "volume": "1"}',
        b'{"op": "manual", "login": 1001, "action": "open", "symbol": "EURUSD", "side": "BUY", "volume": "x"}',
        b'{"op": "manual", "login": 1001, "action": "close", "position": 1}',
        b"\xff\xfe",
    ],
)
def test_a_bad_control_line_disturbs_nothing(line: bytes, undisturbed: RunningBroker) -> None:
    reply = undisturbed.raw(line)
    assert reply["ok"] is False and reply["error"]
    assert undisturbed.ask(op="clock")["market_ms"] == START_MS


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x05hello",
        b"\x00\x00\x00\x14" + b'{"id":1,"call":true}',
    ],
)
def test_a_client_that_breaks_the_protocol_is_cut_off(frame: bytes, undisturbed: RunningBroker) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(undisturbed.socket))
        peer.sendall(frame)
        assert peer.recv(1) == b""
    assert undisturbed.ask(op="clock")["ok"]


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        ("account_info", [], -6),
        ("no_such_call", [], -7),
        ("initialize", [1, 2, 3], -2),
        ("initialize", [], -2),
        ("clock", [1], -2),
    ],
)
def test_a_frame_that_asks_nonsense_is_answered(
    call: str, arguments: list[Any], code: int, undisturbed: RunningBroker
) -> None:
    body = json.dumps({"id": 9, "call": call, "arguments": arguments}).encode()
    with socket.socket(socket.AF_UNIX) as peer, peer.makefile("rb") as stream:
        peer.connect(str(undisturbed.socket))
        peer.sendall(len(body).to_bytes(4, "big") + body)
        reply = json.loads(stream.read(int.from_bytes(stream.read(4), "big")))
    assert (reply["id"], reply["error"][0]) == (9, code)


def test_cash_is_a_deal_of_its_kind_and_outlives_kill_9(broker: RunningBroker, client: Client) -> None:
    """BALANCE and CORRECTION move the balance, CREDIT what stands beside it; equity has them all."""
    mt5 = client()
    first = broker.ask(op="cash", login=1001, amount="-2500.50", comment="withdrawal")
    assert first["ok"] and first["balance"] == "7499.50"
    broker.ask(op="cash", login=1001, amount="1000", kind="credit")
    last = broker.ask(op="cash", login=1001, amount="0.50", kind="correction")["deal"]
    for _ in range(2):
        info = mt5.account_info()
        assert (info.balance, info.credit, info.equity) == (7500.0, 1000.0, 8500.0)
        made = [d for d in broker.ask(op="books", login=1001)["deals"] if d["ticket"] >= first["deal"]]
        kinds = [("BALANCE", "-2500.50"), ("CREDIT", "1000.00"), ("CORRECTION", "0.50")]
        assert [(d["type"], d["profit"]) for d in made] == kinds
        assert made[0]["comment"] == "withdrawal" and made[-1]["ticket"] == last
        broker.kill()
        broker.start()
        broker.ask(op="clock")
        mt5 = client()
    row = mt5.history_deals_get(0, 2_000_000_000)[-1]
    assert (row.ticket, row.type, row.profit, row.symbol) == (last, 5, 0.5, "")


def test_kill_9_loses_nothing_that_was_acknowledged(broker: RunningBroker, client: Client) -> None:
    acknowledged: list[int] = []
    for round_number in range(4):
        mt5 = client()
        for _ in range(3):
            acknowledged.append(mt5.order_send(deal(mt5, magic=len(acknowledged), volume=0.01)).order)
        moved = broker.ask(op="step", ms=2_000)["market_ms"]
        broker.kill()
        assert mt5.account_info() is None and mt5.last_error()[0] in (-10001, -10002)
        assert mt5.account_info() is None and mt5.last_error() == (-10004, "No IPC connection")
        broker.start()
        assert broker.ask(op="clock")["market_ms"] == moved == START_MS + 2_000 * (round_number + 1)
        books = broker.ask(op="books", login=1001)
        assert [p["ticket"] for p in books["positions"]] == acknowledged
        assert [d["order"] for d in books["deals"]] == [0, *acknowledged]
        assert [p["magic"] for p in books["positions"]] == list(range(len(acknowledged)))
    assert len(set(acknowledged)) == 12


def test_kill_9_amid_orders_and_steps_leaves_whole_books(broker: RunningBroker, client: Client) -> None:
    """Whatever instant the kill hits: no order is half there, and what was answered is there."""
    for _ in range(5):
        mt5 = client()
        answered: list[int] = []
        trader = threading.Thread(target=trade_until_gone, args=(mt5, answered))
        trader.start()
        ended = False
        while len(answered) < 20 and not ended:
            ended = broker.ask(op="step", ms=200)["ended"]
        broker.kill()
        trader.join()
        broker.start()
        books = broker.ask(op="books", login=1001)
        opened = {d["order"] for d in books["deals"] if d["entry"] == "IN"} - {0}
        closed = {d["position"] for d in books["deals"] if d["entry"] == "OUT"}
        assert len(answered) >= 20 and set(answered) <= opened
        assert {p["ticket"] for p in books["positions"]} == opened - closed
        assert sum(Decimal(d["profit"]) for d in books["deals"]) == Decimal(books["balance"])
        assert {o["ticket"] for o in books["orders"]} == {d["order"] for d in books["deals"]} - {0}
    assert closed


def trade_until_gone(mt5: Any, answered: list[int]) -> None:
    """Buy whenever the saw is low, with a target that it reaches 12 seconds later."""
    request = deal(mt5, volume=0.01, price=1.3861, tp=1.38612, deviation=50)
    while (sent := mt5.order_send(request)) is not None:
        if sent.retcode == DONE:
            answered.append(sent.order)


def test_a_second_broker_on_the_same_books_is_refused(broker: RunningBroker) -> None:
    second = broker.spawn()
    _, text = second.communicate()
    assert second.returncode == 75 and b"another broker has" in text
    assert broker.ask(op="clock")["ok"]


def test_it_ends_in_good_order(broker: RunningBroker) -> None:
    assert broker.stop() == 0
    assert not broker.socket.exists()
    broker.start()
    broker.ask(op="clock")
    os.kill(broker.process.pid, signal.SIGTERM)
    assert broker.process.wait() == 0


def test_books_of_another_broker_or_account_are_refused(broker: RunningBroker) -> None:
    assert broker.stop() == 0
    text = broker.config.read_text()
    for change in (
        ("books.db", "none/books.db"),
        ('"test-broker"', '"another"'),
        ('"EUR"', '"USD"'),
        ("feed.npz", "none.npz"),
        ("1003", "1002"),
    ):
        broker.config.write_text(text.replace(*change))
        refused = broker.spawn()
        refused.communicate()
        assert refused.returncode == 78, change


def test_the_recorded_day_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [{"login": 1, "password": "p", "server": "s"}]
    broker = RunningBroker(tmp_path, feed="sample", start_ms=START_MS, accounts=accounts)
    monkeypatch.setenv("HYDRA_SIM_SOCKET", str(broker.socket))
    try:
        assert broker.ask(op="clock")["market_ms"] == START_MS
        mt5 = load_client("mt5_sample")
        assert mt5.initialize() and mt5.order_send(deal(mt5)).retcode == DONE
        broker.ask(op="step", ms=3_600_000)
        assert [info.name for info in mt5.symbols_get()] == ["EURUSD", "XAUUSD"]
        assert mt5.copy_rates_from_pos("XAUUSD", mt5.TIMEFRAME_H1, 0, 3)["tick_volume"].min() > 0
        mt5.shutdown()
    finally:
        broker.kill()
