"""The MetaTrader5 client module by itself: forms of call, types, errors, and a peer that misbehaves."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hydrad.terminal.broker import module_path

POSITIONAL = (
    "symbol_info",
    "symbol_info_tick",
    "symbol_select",
    "market_book_add",
    "market_book_get",
    "market_book_release",
    "copy_rates_from",
    "copy_rates_from_pos",
    "copy_rates_range",
    "copy_ticks_from",
    "copy_ticks_range",
    "history_orders_total",
    "history_deals_total",
    "order_calc_margin",
    "order_calc_profit",
)
NO_ARGUMENTS = (
    "shutdown",
    "version",
    "last_error",
    "account_info",
    "terminal_info",
    "symbols_total",
    "positions_total",
    "orders_total",
)
WITH_KEYWORDS = (
    "initialize",
    "login",
    "symbols_get",
    "positions_get",
    "orders_get",
    "history_orders_get",
    "history_deals_get",
    "order_check",
    "order_send",
)
MARK = {"version": "1", "broker": "fake", "offset_s": 7_200}
Answer = Callable[[str, list[Any]], Any]


@pytest.fixture
def mt5(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module as a program imports it, not connected."""
    monkeypatch.syspath_prepend(module_path())
    import MetaTrader5

    MetaTrader5.shutdown()
    yield MetaTrader5
    MetaTrader5.shutdown()
    for name in [name for name in sys.modules if name.partition(".")[0] == "MetaTrader5"]:
        del sys.modules[name]


class Peer:
    """A broker in a thread: answers `initialize`, and leaves the rest to a function of the test."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self.asked: list[tuple[str, list[Any]]] = []
        self._answer = answer
        self._connections: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        for open_socket in (self._listener, *self._connections):
            with contextlib.suppress(OSError):  # closed already
                open_socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener was shut down, or the client left
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                with connection, connection.makefile("rb") as stream, contextlib.suppress(Gone):
                    while size := stream.read(4):
                        self._one(connection, json.loads(stream.read(int.from_bytes(size, "big"))))

    def _one(self, connection: socket.socket, request: dict[str, Any]) -> None:
        self.asked.append((request["call"], request["arguments"]))
        value = MARK if request["call"] == "initialize" else self._answer(*self.asked[-1])
        if value is not Gone:
            connection.sendall(frame(request["id"], value))


class Gone(Exception):
    """Raised: the peer hangs up. Returned: it never answers."""


def frame(number: int, value: Any) -> bytes:
    header = json.dumps({"id": number, "value": value, "error": None, "tail": 0}).encode()
    return len(header).to_bytes(4, "big") + header


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Peer]]:
    peers: list[Peer] = []

    def start(answer: Answer) -> Peer:
        monkeypatch.setenv("HYDRA_SIM_SOCKET", str(tmp_path / "s"))
        peers.append(Peer(tmp_path / "s", answer))
        return peers[0]

    yield start
    for one in peers:
        one.close()


def test_it_needs_nothing_of_ours() -> None:
    """A fresh interpreter without the product on its path."""
    code = "import MetaTrader5, sys; print([m for m in sys.modules if m.startswith(('hydra', 'msgspec', 'apsw'))])"
    clean = {"PYTHONPATH": module_path()}
    ran = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_function_is_there_and_none_binds_self(mt5: Any) -> None:
    for name in (*POSITIONAL, *NO_ARGUMENTS, *WITH_KEYWORDS):
        function = getattr(mt5, name)
        assert callable(function) and not hasattr(type(function), "__get__")
        assert getattr(type("Program", (), {name: function})(), name) is function
        assert function.__name__ == name and function.__doc__.startswith(f"{name}(" if "book" not in name else "")


def test_constants(mt5: Any) -> None:
    assert len([name for name in dir(mt5) if name.isupper()]) == 223
    assert (mt5.TIMEFRAME_MN1, mt5.TRADE_ACTION_SLTP, mt5.ORDER_FILLING_RETURN) == (49153, 6, 2)
    assert (mt5.TRADE_RETCODE_DONE, mt5.RES_E_INTERNAL_FAIL_TIMEOUT, mt5.COPY_TICKS_ALL) == (10009, -10005, -1)


def test_positional_functions_take_no_keywords(mt5: Any) -> None:
    for name in POSITIONAL:
        with pytest.raises(TypeError, match=rf"{name}\(\) takes no keyword arguments"):
            getattr(mt5, name)(symbol="EURUSD")
        assert not getattr(mt5, name)(), name  # a wrong count is no exception
        assert mt5.last_error() == (-2, "Invalid arguments")


def test_functions_without_arguments_take_none(mt5: Any) -> None:
    for name in NO_ARGUMENTS:
        with pytest.raises(TypeError, match=rf"{name}\(\) takes no arguments \(1 given\)"):
            getattr(mt5, name)(1)


def test_unnamed_arguments_and_missing_ones(mt5: Any) -> None:
    for call in (lambda: mt5.positions_get(1), lambda: mt5.orders_get("EURUSD")):
        assert call() is None
        assert mt5.last_error() == (-2, "Unnamed arguments not allowed")
    for call in (mt5.history_deals_get, mt5.history_orders_get, lambda: mt5.history_deals_get(1)):
        assert call() is None
        assert mt5.last_error() == (-2, "Invalid arguments")
    assert mt5.positions_get(ticket="1") is None
    assert mt5.last_error() == (-2, 'Invalid "ticket" argument')
    assert mt5.symbols_get(5) is False
    assert mt5.symbol_info("X" * 30) is None
    assert mt5.last_error() == (-2, "Invalid arguments")


def test_without_a_broker(mt5: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HYDRA_SIM_SOCKET", str(tmp_path / "none"))
    assert mt5.initialize() is False
    assert mt5.last_error()[0] == -10003 and "No such file" in mt5.last_error()[1]
    assert mt5.account_info() is None
    assert mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.login(1) is False and mt5.symbol_select("EURUSD") is False
    with pytest.raises(ConnectionError):
        mt5.__hydra_sim__.clock_ms()
    assert mt5.shutdown() is True and mt5.last_error() == (1, "Success")


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"login": "1"}, 'Invalid "login" argument'),
        ({"password": 1}, 'Invalid "password" argument'),
        ({"server": "x" * 254}, 'Invalid "server" argument'),
        ({"path": 5}, 'Invalid "path" argument'),
        ({"timeout": "1"}, 'Invalid "timeout" argument'),
    ],
)
def test_initialize_checks_its_arguments(keywords: dict[str, Any], text: str, mt5: Any) -> None:
    assert mt5.initialize(**keywords) is False
    assert mt5.last_error() == (-2, text)


REQUEST = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "price": 1.1, "magic": 7, "comment": "c"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("volume", 1),
        ("price", 1),
        ("sl", "1.1"),
        ("tp", None),
        ("magic", 1.0),
        ("magic", np.int64(1)),
        ("expiration", dt.datetime(2014, 5, 2, tzinfo=dt.UTC)),
        ("symbol", 5),
        ("symbol", "x" * 30),
        ("comment", "x" * 30),
        ("position", "1"),
    ],
)
def test_a_field_of_a_wrong_type_fails(field: str, value: Any, mt5: Any) -> None:
    for send in (mt5.order_send, mt5.order_check):
        assert send({**REQUEST, field: value}) is None
        assert mt5.last_error() == (-2, f'Invalid "{field}" argument')


def test_forms_of_a_request(mt5: Any) -> None:
    for argument in (5, []):
        assert mt5.order_send(argument) is None
        assert mt5.last_error() == (-2, "Invalid arguments")
    assert mt5.order_send(REQUEST, REQUEST) is None
    assert mt5.last_error() == (-2, "Invalid number of arguments")
    assert mt5.order_send(REQUEST, volume=0.1) is None
    assert mt5.last_error() == (-2, "Unnamed arguments not allowed")
    with pytest.raises(SystemError):
        mt5.order_send({**REQUEST, "magic": -1})
    with pytest.raises(SystemError):
        mt5.copy_rates_from("EURUSD", "H1", 0, 5)
    with pytest.raises(SystemError):
        mt5.copy_ticks_from("EURUSD", 0, 2**31, -1)
    with pytest.raises(SystemError):
        mt5.order_calc_margin(0, "EURUSD", "0.1", 1.1)


def test_a_request_reaches_the_broker_as_given(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    seen = peer(lambda call, arguments: {"retcode": 10009, "request": arguments[0]})
    assert mt5.initialize("C:\\terminal64.exe", login=5, password="p", server="s", portable=True, unknown=1)
    sent = mt5.order_send({**REQUEST, "volume": np.float64(0.1), "deviation": True, "nonsense": 1})
    assert mt5.order_send(**REQUEST).request.volume == 0.1
    assert seen.asked[0] == ("initialize", [5, "p", "s"])
    assert seen.asked[1] == ("order_send", [{**REQUEST, "deviation": 1}])
    assert (sent.retcode, sent.request.magic, sent.request.deviation, sent.bid) == (10009, 7, 1, 0.0)
    assert mt5.order_send({**REQUEST, "price": float("nan")}) is None
    assert mt5.last_error() == (-2, "Terminal: Invalid params")


def test_dates(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    seen = peer(lambda call, arguments: [])
    assert mt5.initialize()
    aware = dt.datetime(2014, 5, 2, 12, 0, 0, 900_000, tzinfo=dt.UTC)
    naive = dt.datetime(2014, 5, 2, 12)  # the host's local time
    mt5.history_deals_get(aware, naive)
    mt5.history_deals_get(1_399_032_000.9, 2**31 + 5)
    assert seen.asked[1:] == [
        ("history_deals", ["time", 1_399_032_000, int(naive.timestamp())]),
        ("history_deals", ["time", 1_399_032_000, -(2**31) + 5]),
    ]
    assert mt5.history_deals_get("yesterday", 5) is None
    assert mt5.last_error() == (-2, "Invalid arguments")


def test_filters(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    names = ["EURUSD", "EURGBP", "XAUUSD", "eurusd", ""]
    peer(lambda call, arguments: [{"ticket": n, "symbol": name} for n, name in enumerate(names)])
    assert mt5.initialize()

    def found(**keywords: Any) -> list[str]:
        return [row.symbol for row in mt5.positions_get(**keywords)]

    assert found() == names
    assert found(ticket=2, symbol="EURUSD", group="*") == ["XAUUSD"]
    assert found(ticket=77) == []
    assert found(symbol="EURUSD", group="*") == ["EURUSD"]
    assert found(group="EUR*") == ["EURUSD", "EURGBP"]
    assert found(group="*USD, !EUR*") == ["XAUUSD"]
    assert found(group="*,!*USD") == ["EURGBP", "eurusd", ""]
    assert found(group="!EUR*") == []
    assert found(group="*R*S*") == ["EURUSD"]
    assert found(group="EURUSD*USD") == []
    assert [row.symbol for row in mt5.history_deals_get(0, 9, group="X*")] == ["XAUUSD"]


def test_rows_behave_as_struct_sequences(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    peer(lambda call, arguments: {"bid": 1, "time": 5, "more": 1})
    assert mt5.initialize()
    tick = mt5.symbol_info_tick("EURUSD")
    assert tick == (5, 1.0, 0.0, 0.0, 0, 0, 0, 0.0) and type(tick) is mt5.Tick
    assert isinstance(tick.bid, float) and isinstance(tick, tuple)
    assert repr(tick) == ("Tick(time=5, bid=1.0, ask=0.0, last=0.0, volume=0, time_msc=0, flags=0, volume_real=0.0)")
    assert list(tick._asdict()) == list(mt5.Tick.__match_args__)
    assert (tick.n_fields, tick.n_sequence_fields, tick.n_unnamed_fields) == (8, 8, 0)
    assert not hasattr(tick, "_fields") and not hasattr(tick, "_replace")
    with pytest.raises(AttributeError):
        tick.bid = 2.0
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(tick)
    with pytest.raises(TypeError, match="8-sequence"):
        mt5.Tick((1, 2))


def test_a_nested_struct_stays_one(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    peer(lambda call, arguments: {"retcode": 0, "request": arguments[0]})
    assert mt5.initialize()
    assert type(mt5.order_check(REQUEST)._asdict()["request"]) is mt5.TradeRequest


def test_dtypes_are_packed(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    peer(lambda call, arguments: True)
    assert mt5.initialize()
    ticks = mt5.copy_ticks_from("EURUSD", 0, 1, mt5.COPY_TICKS_ALL)
    rates = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 1)
    assert (ticks.dtype.itemsize, rates.dtype.itemsize) == (60, 60)
    assert (ticks.dtype["flags"], rates.dtype["spread"], rates.dtype["tick_volume"]) == ("<u4", "<i4", "<u8")
    assert [rates.dtype.fields[name][1] for name in rates.dtype.names] == [0, 8, 16, 24, 32, 40, 48, 52]


def test_the_mark(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    mark = mt5.__hydra_sim__
    assert (mark.version, mark.offset_s) == ("", 0)
    peer(lambda call, arguments: {"clock": 123, "offset_s": 10_800, "moment": [124, 7_200]}[call])
    assert mt5.initialize()
    assert (mark.version, mark.broker, mark.offset_s, mark.clock_ms()) == ("1", "fake", 10_800, 123)
    assert mt5.version() == (500, 5000, "01 Aug 2025")
    assert mark.moment() == (124, 7_200)
    mt5.shutdown()
    assert mark.offset_s == 7_200  # the last known
    with pytest.raises(ConnectionError):
        mark.moment()


def test_a_broker_that_hangs_up(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    def hang_up(call: str, arguments: list[Any]) -> Any:
        raise Gone

    peer(hang_up)
    assert mt5.initialize()
    assert mt5.order_send(REQUEST) is None
    assert mt5.last_error() == (-10002, "IPC recv failed")
    assert mt5.order_send(REQUEST) is None
    assert mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.initialize() is True


def test_a_broker_that_never_answers(mt5: Any, peer: Callable[[Answer], Peer]) -> None:
    """The call gives up at its bound; an answer that comes later is not taken for the next call's."""
    silent = threading.Event()
    peer(lambda call, arguments: Gone if not silent.is_set() else {"login": 9})
    assert mt5.initialize(timeout=50)
    assert mt5.account_info() is None
    assert mt5.last_error() == (-10005, "IPC timeout")
    silent.set()
    assert mt5.account_info().login == 9


def test_a_late_answer_is_dropped(mt5: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three frames for one question: two of older calls, then its own, cut into single bytes."""
    monkeypatch.setenv("HYDRA_SIM_SOCKET", str(tmp_path / "s"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                for value in (MARK, {"login": 9}):
                    size = int.from_bytes(stream.read(4), "big")
                    number = json.loads(stream.read(size))["id"]
                    late = frame(number - 1, {"login": 1}) + frame(number - 2, None)
                    for byte in late + frame(number, value):
                        connection.sendall(bytes([byte]))

        thread = threading.Thread(target=serve)
        thread.start()
        assert mt5.initialize()
        assert mt5.account_info().login == 9
        thread.join()
