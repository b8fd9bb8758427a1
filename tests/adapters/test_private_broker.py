"""A program that imports MetaTrader5 without a broker: it gets a private one, which ends with it."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from hydrad.terminal.broker import module_path

WEDNESDAY = {"start": "2026-03-04T10:00:00Z"}
Run = Callable[..., Any]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a program of another environment has: our module on its path, and a place for temporary files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYDRA_SIM")}
    (tmp_path / "tmp").mkdir()
    path = os.pathsep.join(filter(None, [module_path(), os.environ.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "TMPDIR": str(tmp_path / "tmp")}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run a program over `mt5` that prints one JSON value; `config`: keys of the file that HYDRA_SIM names."""

    def program(code: str, config: dict[str, Any] | None = None, python: str = sys.executable) -> Any:
        given = dict(environment)
        if config is not None:
            (tmp_path / "sim.toml").write_text(tomli_w.dumps(config))
            given["HYDRA_SIM"] = str(tmp_path / "sim.toml")
        whole = f"import json, MetaTrader5 as mt5\n{code}"
        ran = subprocess.run([python, "-c", whole], env=given, capture_output=True, text=True, timeout=100)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return program


def test_the_default_is_useful_at_any_hour(run: Run, tmp_path: Path) -> None:
    code = """
assert mt5.initialize() and mt5.last_error() == (1, "Success")
account, coin = mt5.account_info(), mt5.symbol_info_tick("BTCUSD")
sent = mt5.Buy("BTCUSD", 0.01)
assert mt5.shutdown() and mt5.positions_total() is None and mt5.initialize()
bars = [len(mt5.copy_rates_from_pos("EURUSD", frame, 0, 10)) for frame in (1, 30, 16385, 16408, 32769)]
names = [symbol.name for symbol in mt5.symbols_get()]
print(json.dumps([account.currency, account.balance, account.leverage, account.margin_mode, coin.bid > 0,
                  sent.retcode, mt5.positions_get()[0].ticket == sent.order, bars, names, mt5.symbols_total()]))
"""
    *facts, names, total = run(code)
    assert facts == ["USD", 10_000.0, 100, 2, True, 10009, True, [10] * 5]
    wanted = "EURUSD GBPUSD USDJPY EURJPY XAUUSD USDCHF AUDUSD USDCAD NZDUSD EURGBP XAGUSD US500 BTCUSD ETHUSD"
    assert names == wanted.split() and total == len(names)
    assert list((tmp_path / "tmp").iterdir()) == []  # its folder went with it


def test_a_file_configures_it(run: Run) -> None:
    config = {
        **WEDNESDAY,
        "speed": 0,
        "suffix": ".r",
        "offered": ["EURUSD", "EURGBP", "GBPUSD"],
        "visible": ["EURUSD"],
        "server_zone": "Europe/Athens",
        "symbols": {"EURUSD": {"contract_size": "50000", "swap_mode": "points", "swap_long": "-1.5"}},
        "accounts": [
            {"login": 7, "password": "a", "server": "Mine", "currency": "EUR", "balance": "500.00"},
            {"login": 8, "password": "b", "server": "Mine", "currency": "GBP", "leverage": 30, "hedging": False},
        ],
    }
    code = """
assert mt5.initialize(login=8, password="b", server="Mine")
second = mt5.account_info()
assert not mt5.login(8, "wrong") and mt5.last_error()[0] == -6
assert mt5.login(7, password="a")
first, unseen = mt5.account_info(), mt5.symbol_info("EURGBP.r")
assert mt5.symbol_info_tick("EURGBP.r") is None and mt5.last_error()[0] == -4
assert mt5.symbol_select("EURGBP.r", True) and mt5.symbol_info_tick("EURGBP.r").bid > 0
euro = mt5.symbol_info("EURUSD.r")
mark = mt5.__hydra_sim__
print(json.dumps([
    [second.login, second.currency, second.leverage, second.margin_mode, first.balance, first.currency],
    [unseen.select, unseen.bid, euro.select, euro.trade_contract_size, euro.swap_long, euro.trade_tick_value],
    [s.name for s in mt5.symbols_get("*,!EURG*")], mark.clock_ms(), mark.offset_s, euro.time]))
"""
    accounts, terms, names, clock_ms, offset_s, time_s = run(code, config)
    assert accounts == [8, "GBP", 30, 0, 500.0, "EUR"]
    assert terms[:4] == [False, 0.0, True, 50_000.0] and terms[4] == -1.5 and 0.3 < terms[5] < 0.6
    assert names == ["EURUSD.r", "GBPUSD.r"] and clock_ms == 1_772_618_400_000 and offset_s == 7_200
    assert 0 <= clock_ms / 1000 + offset_s - time_s < 60


def test_the_depth_of_market_is_made_of_the_quote(run: Run) -> None:
    code = """
assert mt5.initialize() and mt5.market_book_get("EURUSD") is None
unknown = [mt5.last_error()[0], mt5.market_book_add("NOPE"), mt5.last_error()[0]]
assert mt5.market_book_add("EURUSD")
book, tick = mt5.market_book_get("EURUSD"), mt5.symbol_info_tick("EURUSD")
rows = [[row.type, row.price, row.volume, row.volume_dbl] for row in book]
assert mt5.market_book_release("EURUSD") and mt5.market_book_get("EURUSD") is None
print(json.dumps([unknown, rows, tick.bid, tick.ask, mt5.symbol_info("EURUSD").ticks_bookdepth]))
"""
    unknown, rows, bid, ask, depth = run(code, {**WEDNESDAY, "speed": 0})
    assert unknown == [-1, False, -4] and depth == 5
    assert [row[0] for row in rows] == [1] * 5 + [2] * 5
    assert rows[4] == [1, ask, 1, 1.0] and rows[5] == [2, bid, 1, 1.0]
    prices = [row[1] for row in rows]
    assert prices == sorted(prices, reverse=True) and len(set(prices)) == 10


def test_its_clock_runs_by_itself(run: Run) -> None:
    code = """
assert mt5.initialize()
mark = mt5.__hydra_sim__
first = mark.clock_ms()
while mark.clock_ms() < first + 3_600_000:
    pass
print(json.dumps(mt5.symbol_info_tick("EURUSD").time_msc > first))
"""
    for speed in (20_000, "max"):
        assert run(code, {**WEDNESDAY, "speed": speed, "offered": ["EURUSD"]})


def test_a_recorded_day(run: Run) -> None:
    code = """
assert mt5.initialize()
print(json.dumps([s.name for s in mt5.symbols_get()] + [mt5.symbol_info("XAUUSD").digits, mt5.Buy("XAUUSD", 0.01).retcode]))
"""
    config = {"feed": "sample", "start": "2014-05-02T12:00:00Z", "speed": 0}
    assert run(code, config) == ["EURUSD", "XAUUSD", 3, 10009]


def test_books_with_a_place_stay(run: Run, tmp_path: Path) -> None:
    config = {**WEDNESDAY, "speed": 0, "instance": "mine", "books": str(tmp_path / "books.db")}
    code = "assert mt5.initialize(); print(json.dumps([mt5.positions_total(), mt5.Buy('EURUSD', 0.1).retcode]))"
    assert [run(code, config), run(code, config)] == [[0, 10009], [1, 10009]]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"sped": 1}, "sped"),
        ({"socket": "/tmp/x"}, "chosen by the broker itself"),
        ({"accounts": [{"login": 1, "password": "p", "server": "s", "currency": "XXX"}]}, "no quoted pair"),
        ({"feed": "/nowhere.npz", **WEDNESDAY}, "No such file"),
        ({"feed": "sample"}, "needs a start"),
    ],
)
def test_a_bad_file_is_an_error_by_value(config: dict[str, Any], text: str, run: Run) -> None:
    answer, (code, said) = run("print(json.dumps([mt5.initialize(), mt5.last_error()]))", config)
    assert answer is False and code == -10003 and text in said and said.startswith("IPC initialize failed, ")


def test_no_python_is_an_error_by_value(run: Run, environment: dict[str, str]) -> None:
    environment["HYDRA_SIM_PYTHON"] = "/nowhere/python"
    answer, (code, said) = run("print(json.dumps([mt5.initialize(), mt5.last_error()]))")
    assert not answer and code == -10003 and "Process create failed '/nowhere/python'" in said


@pytest.mark.parametrize("tcp", ["", "1"], ids=["unix socket", "tcp"])
def test_it_ends_with_a_killed_program(environment: dict[str, str], tmp_path: Path, tcp: str) -> None:
    environment["HYDRA_SIM_TCP"] = tcp
    code = """
import MetaTrader5 as mt5, os, time
assert mt5.initialize()
print(mt5.ipc.PRIVATE._process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        broker = int(program.stdout.readline())
        handle = os.pidfd_open(broker)
        program.send_signal(signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], 30)
        os.close(handle)
    assert ended
    assert not list((tmp_path / "tmp").iterdir())


def test_where_there_are_no_unix_sockets_a_port_is_open_to_the_program_alone(
    run: Run, environment: dict[str, str]
) -> None:
    """As on Windows: a trade over the loopback, and what a stranger on the same machine gets, with a wrong word or none."""
    environment["HYDRA_SIM_TCP"] = "1"
    code = """
import socket
assert mt5.initialize()
place = mt5.ipc.PRIVATE.socket(10)
word, _, address = place[4:].rpartition("@")
host, _, port = address.rpartition(":")

def answered(first):
    with socket.create_connection((host, int(port)), 10) as peer:
        asked = json.dumps({"id": 1, "call": "clock", "arguments": []}).encode()
        peer.sendall(first + len(asked).to_bytes(4, "big") + asked)
        peer.settimeout(10)
        try:
            return len(peer.recv(4))
        except ConnectionError:
            return 0

sent = mt5.Buy("BTCUSD", 0.01)
strangers = [answered(b""), answered(b"0" * len(word) + b"\\n"), answered(b"x" * 1000)]
print(json.dumps([place[:4], len(word), host, sent.retcode, mt5.positions_total(), strangers, answered(word.encode() + b"\\n")]))
"""
    assert run(code) == ["tcp:", 32, "127.0.0.1", 10009, 1, [0, 0, 0], 4]


def test_a_word_is_not_told_in_an_error(run: Run, environment: dict[str, str]) -> None:
    environment["HYDRA_SIM_SOCKET"] = "tcp:secret@127.0.0.1:1"
    answer, (code, said) = run("print(json.dumps([mt5.initialize(), mt5.last_error()]))")
    assert not answer and code == -10003 and "tcp:127.0.0.1:1:" in said and "secret" not in said


def test_a_fork_has_no_connection_of_its_own_and_finds_the_same_broker(run: Run) -> None:
    code = """
import os
assert mt5.initialize()
mt5.Buy("BTCUSD", 0.01)
reading, writing = os.pipe()
if os.fork() == 0:
    before = [mt5.positions_total(), mt5.last_error()[0]]
    found = [*before, mt5.initialize(), mt5.positions_total()]
    os.write(writing, json.dumps(found).encode())
    os._exit(0)
os.wait()
print(json.dumps([json.loads(os.read(reading, 4096)), mt5.positions_total()]))
"""
    assert run(code) == [[None, -10004, True, 1], 1]


def test_other_pythons_that_are_here(run: Run, environment: dict[str, str]) -> None:
    """Each with numpy that is found; this one among them. `make conformance` brings others along."""
    names = ["python3", *(f"python3.{minor}" for minor in range(8, 15))]
    pythons = {sys.executable, *filter(None, map(shutil.which, names))}
    environment["HYDRA_SIM_PYTHON"] = sys.executable
    with_numpy = [
        p for p in sorted(pythons) if not subprocess.run([p, "-c", "import numpy"], capture_output=True).returncode
    ]
    for python in with_numpy:
        assert run("print(json.dumps([mt5.initialize(), mt5.symbols_total()]))", python=python) == [True, 14], python
    assert sys.executable in with_numpy


def test_the_interpreter_is_found_from_the_packages_path(tmp_path: Path) -> None:
    """Where a wheel of a virtual environment, of a user or of a system lies."""
    code = "import MetaTrader5.host as h; print(h.interpreter())"
    package = Path(module_path()) / "MetaTrader5"
    for place, python in (
        ("venv/lib/python3.11/site-packages", "venv/bin/python"),
        ("opt/lib/python3.12/site-packages", "opt/bin/python3.12"),
    ):
        folder = tmp_path / place / "hydrad/terminal/simulated"
        shutil.copytree(package, folder / "MetaTrader5")
        (tmp_path / python).parent.mkdir(parents=True)
        (tmp_path / python).touch()
        if "venv" in place:
            (tmp_path / "venv/pyvenv.cfg").touch()
        ran = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == str(tmp_path / python)
