"""Public MetaTrader5 clients, unchanged, on the simulated terminal: `make conformance`.

Each is installed from PyPI into an environment of its own (`.conformance/`, kept between runs), and runs
against a private broker with `hydra-terminal sim --path` first on PYTHONPATH. Prints what ran and which functions it
called, and exits 1 where something failed, fewer than CLIENTS_MIN could run, or one that was named could not.

`python run.py HYDRA_TERMINAL [CLIENT...]`
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVS = HERE.parent.parent / ".conformance"
PROGRAMS = HERE / "programs"
CLIENTS_MIN = 3
PATIENCE_S = 240
# The hours of the week that a run falls into must not matter.
PIP = {"PIP_RETRIES": "10", "PIP_DEFAULT_TIMEOUT": "30"}  # an index may stumble
WORLD = 'symbols.EURUSD.trading_hours = "always"\n'


class Wrong(Exception):
    """What a program said in place of what was expected."""


@dataclass(slots=True)
class Room:
    """One client's environment and place."""

    bin: Path
    folder: Path
    environment: dict[str, str]
    ran: list[str] = field(default_factory=list)

    def run(self, label: str, *argv: object, expect: str = "", cwd: Path | None = None) -> str:
        """Run a program of the environment to its end; its output must match `expect`."""
        words = [str(self.bin / str(argv[0])), *map(str, argv[1:])]
        ran = subprocess.run(
            words,
            env=self.environment,
            cwd=cwd or self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
        if ran.returncode or not re.search(expect, ran.stdout):
            raise Wrong(f"{label}: exit {ran.returncode}, not /{expect}/\n{ran.stdout[-1500:]}")
        self.ran.append(label)
        return ran.stdout

    def keep_books(self, zone: str = "NY+7") -> None:
        """One account over all programs of this room, each of which has its own private broker."""
        keep = f'{WORLD}instance = "conformance"\nbooks = "{self.folder}/books.db"\nserver_zone = "{zone}"\n'
        Path(self.environment["HYDRA_SIM"]).write_text(keep)


def mt5py(room: Room) -> None:
    """Its unit tests and its 13 example programs, with orders sent."""
    sdist = _sdist(room, "mt5py==2.0.1")
    room.run("its 60 unit tests", "python", "-m", "unittest", "discover", "-s", "tests", expect="OK", cwd=sdist)
    room.keep_books()

    def example(name: str, *argv: object, expect: str) -> str:
        return room.run(name, "python", f"test_scripts/{name}.py", *argv, expect=expect, cwd=sdist)

    example("connection", expect="Floating profit: 0")
    example("risk_sizing", "--entry", 1.1, "--stop", 1.098, "--risk", 25, expect="Estimated margin")
    limits = ("--lot", 0.01, "--max-spread", 40, "--max-exposure", 1, "--max-daily-loss", 100)
    example("execution_limits", *limits, expect="valid=True")
    levels = ("--stop-loss", 300, "--take-profit", 400)
    out = example("market_orders", "--lot", 0.04, *levels, "--execute", expect="status=done")
    ticket = re.search(r"order=(\d+)", out)[1]
    example("positions", "--side", "buy", expect=ticket)
    example("market_data", expect=r"tick_volume[\s\S]*Ticks:[\s\S]*time_msc")
    protected = ("--ticket", ticket, "--sl", 0.9, "--execute")
    example("modify_protection", *protected, expect="status=done")
    example("trailing_stop", "--ticket", ticket, "--execute", expect="status=(done|unchanged)")
    example("close_position", "--ticket", ticket, "--percent", 0.5, "--execute", expect="executed=0.02")
    example("close_position", "--ticket", ticket, "--execute", expect="executed=0.02")
    for kind, price, more in (
        ("limit", 0.9, ("--expires-minutes", 600)),  # it counts in UTC, the server is hours ahead
        ("stop", 1.6, ()),
        ("stop_limit", 1.6, ("--stoplimit", 1.59)),
    ):
        resting = ("--kind", kind, "--price", price, *more, "--execute")
        out = example("pending_orders", *resting, expect="status=(done|placed)")
    order = re.search(r"order=(\d+)", out)[1]
    example("manage_pending", "--ticket", order, "--price", 1.61, "--execute", expect="status=done")
    example("manage_pending", "--ticket", order, "--cancel", "--execute", expect="status=done")
    example("watch_positions", "--interval", 0.1, "--polls", 2, expect="Events: 0")
    room.keep_books("Etc/UTC")  # it asks up to now in UTC, which hides the last hours of a server that is ahead
    example("history", "--days", 7, expect="'deal_count': 3")


def pdmt5(room: Room) -> None:
    """mt5cli's commands, which are pdmt5's data frames on a shell."""
    room.keep_books()
    symbol, hour = ("--symbol", "EURUSD"), ("--timeframe", "H1")
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 3_600))
    before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 30 * 3_600))
    span = ("--date-from", before, "--date-to", now)

    def command(name: str, *argv: object, expect: str = r"\w", setup: tuple[object, ...] = ()) -> str:
        out = room.folder / "out.json"
        out.unlink(missing_ok=True)
        room.run(f"mt5cli {name}", "mt5cli", "-o", out, *setup, name, *argv)
        if not re.search(expect, out.read_text()):
            raise Wrong(f"mt5cli {name}: not /{expect}/\n{out.read_text()[:1500]}")
        return out.read_text()

    login = ("--login", 100001, "--password", "sim", "--server", "HydraX-Sim")
    command("account-info", expect="HydraX-Sim", setup=login)
    command("terminal-info", expect="connected")
    command("version", expect="500")
    command("last-error", expect="Success")
    command("symbols", expect="ETHUSD")
    command("symbol-info", *symbol, expect="Euro vs US Dollar")
    command("symbol-info-tick", *symbol, expect="time_msc")
    command("minimum-margins", *symbol, expect="margin")
    command("rates-from-pos", *symbol, *hour, "--start-pos", 0, "--count", 5, expect="tick_volume")
    command("latest-rates", *symbol, "--timeframe", "D1", "--count", 5, expect="tick_volume")
    command("rates-from", *symbol, *hour, "--date-from", now, "--count", 5, expect="tick_volume")
    command("rates-range", *symbol, "--timeframe", "M15", *span, expect="tick_volume")
    command("ticks-from", *symbol, "--date-from", before, "--count", 50, "--flags", "ALL", expect="time_msc")
    command("ticks-range", *symbol, *span, "--flags", "INFO", expect="time_msc")
    request = (
        '{"action": 1, "symbol": "EURUSD", "volume": 0.02, "type": 0, "price": 0.0, "deviation": 50, '
        '"type_filling": 1, "magic": 7}'
    )
    tick = command("symbol-info-tick", *symbol)
    ask = re.search(r'"ask": ?([\d.]+)', tick)[1]
    priced = request.replace('"price": 0.0', f'"price": {ask}')
    command("order-check", "--request", priced, expect='"retcode": ?0')
    command("order-send", "--request", priced, "--yes", expect="10009|10004")
    if command("positions") == "[]":
        raise Wrong("mt5cli order-send: requoted each time")
    command("close-positions", "--symbol", "EURUSD", "--deviation", 50, "--yes", expect="10009")
    command("orders", expect=r"\[\s*\]")
    command("history-deals", *_all_time(), expect="position_id")
    command("history-orders", *_all_time(), expect="time_done")


def _all_time() -> tuple[str, ...]:
    return ("--date-from", "2020-01-01T00:00:00", "--date-to", "2035-01-01T00:00:00")


def pymt5adapter(room: Room) -> None:
    """A program over its context, orders, errors and dictionaries."""
    room.run("with_adapter.py", "python", PROGRAMS / "with_adapter.py", expect="done")


def aiomql(room: Room) -> None:
    """A program over its asynchronous terminal; it puts the functions into a class body."""
    room.run("with_aiomql.py", "python", PROGRAMS / "with_aiomql.py", expect="done")


def mt5linux(room: Room) -> None:
    """A program over rpyc, with the module in rpyc's own server process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [room.bin / "rpyc_classic", "--host", "127.0.0.1", "-p", str(port)],
        env=room.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
        room.run("over_rpyc.py", "python", PROGRAMS / "over_rpyc.py", port, expect="done")
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(30)
        server.kill()


def other_pythons(room: Room) -> None:
    """The package's own facts on every other Python that is here, each with its own numpy."""
    program = (
        "import MetaTrader5 as m; assert m.initialize(), m.last_error();"
        "assert m.Buy('BTCUSD', 0.01).retcode == 10009; assert m.Close('BTCUSD') is True;"
        "assert len(m.copy_rates_from_pos('EURUSD', m.TIMEFRAME_H1, 0, 9)) == 9;"
        "assert len(m.symbols_get('*USD*')) > 5 and m.history_deals_get(0, 2**31 - 1)[-1]._asdict(); print('done')"
    )
    for minor in (8, 9, 10, 12, 13, 14):
        python = python_named(f"3.{minor}")
        if python is None:
            continue
        env = ENVS / f"python3.{minor}"
        _environment(env, python, [["numpy"]])
        room.bin = env / "bin"
        room.run(f"Python 3.{minor}", "python", "-c", program, expect="done")
    if not room.ran:
        raise Wrong("no other Python is installed here")


@dataclass(frozen=True, slots=True)
class Client:
    """`installs`: pip's arguments, in turn."""

    name: str
    version: str
    program: Callable[[Room], None]
    installs: list[list[str]]
    python: str = "{}.{}".format(*sys.version_info)


CLIENTS = (
    Client("mt5py", "2.0.1", mt5py, [["mt5py==2.0.1"]]),
    Client("pdmt5, mt5cli", "1.2.3, 1.7.1", pdmt5, [["pdmt5==1.2.3", "mt5cli==1.7.1"]]),
    Client("pymt5adapter", "0.4.4", pymt5adapter, [["numpy"], ["--no-deps", "pymt5adapter==0.4.4"]]),
    Client("aiomql", "4.1.2", aiomql, [["pandas", "mplfinance", "six"], ["--no-deps", "aiomql==4.1.2"]], python="3.13"),
    Client("mt5linux", "0.1.9", mt5linux, [["rpyc==6.0.2", "numpy"], ["--no-deps", "mt5linux==0.1.9"]]),
    Client("other Pythons", "", other_pythons, []),
)


def python_named(version: str) -> str | None:
    """An installed Python of a version that starts, None where there is none."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, managed), sys.executable):
        if candidate is None:
            continue
        asked = subprocess.run([candidate, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
                               capture_output=True, text=True)  # fmt: skip
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return candidate
    return None


def _environment(folder: Path, python: str, installs: list[list[str]]) -> None:
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        for packages in installs:
            subprocess.run([str(folder / "bin/pip"), "install", "-q", *packages], check=True, capture_output=True)
        (folder / "ready").touch()


def _sdist(room: Room, requirement: str) -> Path:
    download = [str(room.bin / "pip"), "download", "-q", "--no-deps", "--no-binary", ":all:", requirement]
    subprocess.run([*download, "-d", str(room.folder)], check=True, capture_output=True)
    archive = next(room.folder.glob("*.tar.gz"))
    with tarfile.open(archive) as file:
        file.extractall(room.folder, filter="data")
    return room.folder / archive.name.removesuffix(".tar.gz")


@contextlib.contextmanager
def _room(client: Client, terminal: str) -> Iterator[Room]:
    path = subprocess.run([terminal, "sim", "--path"], check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sim.toml").write_text(WORLD)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MT5_"))},
            "PYTHONPATH": os.pathsep.join([path, str(PROGRAMS)]),
            "HYDRA_SIM": f"{folder}/sim.toml",
            "HYDRA_CALLS": f"{folder}/calls",
            "COLUMNS": "200",
        }
        account = {"MT5_LOGIN": "100001", "MT5_PASSWORD": "sim", "MT5_SERVER": "HydraX-Sim"}
        yield Room(ENVS / client.name.split(",")[0].replace(" ", "-") / "bin", Path(folder), {**environment, **account})


def run(client: Client, terminal: str) -> str | None:
    """Install and run one; what went wrong, None where nothing did. Prints its row."""
    python = python_named(client.python)
    if python is None:
        print(f"{client.name:<16} not run: no Python {client.python} here")
        return ""
    with _room(client, terminal) as room:
        try:
            if client.installs:
                _environment(room.bin.parent, python, client.installs)
            client.program(room)
        except (Wrong, subprocess.SubprocessError, OSError) as error:
            more = getattr(error, "stderr", None)
            print(f"{client.name:<16} FAILED after {', '.join(room.ran) or 'nothing'}\n{error}\n{more or ''}")
            return str(error)
        calls = Path(room.environment["HYDRA_CALLS"])
        called = sorted(set(calls.read_text().split())) if calls.exists() else []
    print(f"{client.name:<16} {len(room.ran)} programs passed: {', '.join(dict.fromkeys(room.ran))}")
    print(f"{'':<16} called {len(called)} functions: {', '.join(called)}")
    return None


def main() -> int:
    terminal, *wanted = sys.argv[1:]
    os.environ.update(PIP)
    chosen = [client for client in CLIENTS if not wanted or client.name.split(",")[0] in wanted]
    verdicts = [run(client, terminal) for client in chosen]
    passed, failed = verdicts.count(None), len([verdict for verdict in verdicts if verdict])
    print(f"{passed} passed, {failed} failed, {verdicts.count('')} not run")
    return 1 if failed or passed < (len(wanted) or CLIENTS_MIN) else 0


if __name__ == "__main__":
    sys.exit(main())
