"""`hydractl demo`: the main job, from recorded ticks to booked closes, through the processes and sockets of live use.

A fresh paper home, a daemon, a simulated broker and two agents as real processes. The demo moves the market minute
by minute and stands still while it fires, through `hydractl fire`; it follows with `hydractl tail -f`. At the end it
reads each account's books from the broker itself and compares them with the journal. Nothing here knows an answer in
advance: what the summary says was read from the journal and from the books.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hydrad import __version__, config
from hydrad.domain.instants import ns_text, parse_ms
from hydrad.domain.money import price_text, volume_text
from hydrad.home import endpoints, paper_broker
from hydrad.host import entropy, processes
from hydrad.host.clock import SystemClock
from hydrad.host.lock import holder
from hydrad.host.places import Places, find_places
from hydrad.journal.sqlite import SqliteJournal
from hydrad.journal.verify import verify
from hydrad.toc import fold
from hydrad.toc.act import ActState
from hydrad.toc.state import Position, State
from hydrad.wire import calls, codec
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.calls import PROTOCOL

EXIT_OK, EXIT_FAILED, EXIT_DIFFERENCES, EXIT_UNKNOWN = 0, 1, 10, 12
TRADES = ("BUY", "SELL")  # deals of the broker's books that are no cash
STEPS = 540  # 12:00 to 21:00
READY_TIMEOUT_S = 30.0
STEP_TIMEOUT_S = 30.0
FIRE_TIMEOUT_S = 30
CONFIG = """\
# Written by the demo: the market moves only when the demo asks.
[paper]
conductor = "client"
start = "2014-05-02T12:00:00Z"
"""


class DemoFailed(Exception):
    """The demo could not be carried through; the message says where, the home is kept."""


@dataclass(slots=True)
class Tally:
    """Counted from what the processes said."""

    duplicates: int = 0
    fired: list[str] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 all agrees, 10 the books differ, 12 an act has no verdict, 1 anything else."""
    options = _parser().parse_args(argv)
    return _Demo(options).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hydractl demo", description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", choices=("table", "wide", "json", "tsv"), default="table")
    parser.add_argument("--keep", action="store_true", help="leave the home and its daemon running")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return parser


class _Demo:
    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        given = os.environ.get("HYDRA_HOME")
        self._temporary = given is None
        self._home = Path(given) if given else Path(tempfile.mkdtemp(prefix="hydra-demo-"))
        self._environ = {**os.environ, "HYDRA_HOME": str(self._home)}
        self._environ.pop("HYDRA_SOCKET", None)
        self._places = find_places(self._environ)
        self._tally = Tally()
        self._loud = options.output != "json" and not options.quiet
        self._began = time.monotonic()
        self._ours = False  # the home: what runs in one that was there before is somebody's

    # --- the whole --------------------------------------------------------------------------------

    def run(self) -> int:
        """Everything, and the cleaning up."""
        code = EXIT_FAILED
        try:
            code = self._show()
        except DemoFailed as failed:
            self._say_problem(str(failed))
        except KeyboardInterrupt:
            code = 130
        finally:
            if self._ours:
                if not (self._options.keep and code == EXIT_OK):
                    self._end()
                self._tidy(code)
        return code

    def _show(self) -> int:
        if self._home.exists() and any(self._home.iterdir()):
            raise DemoFailed(f"{self._home} is not empty: the demo makes a fresh home")
        self._home.mkdir(parents=True, exist_ok=True)
        self._ours = True
        self._places.config_file.write_text(CONFIG, encoding="utf-8")
        self._talk(f"home {self._home}")
        self._start()
        link = _Link(self._places)
        self._await_ready(link)
        self._talk("daemon, simulated broker and two agents are ready; 00:00 to 12:00 was read as history")
        follower = _Follower(self._environ)
        try:
            self._play(link, follower)
        finally:
            follower.close()
        books = self._books()
        if not self._options.keep:
            self._down(link)
        return self._summary(books)

    def _start(self) -> None:
        argv = [sys.executable, "-m", "hydrad", "run"]
        self._places.make()
        child = processes.spawn(argv, self._places.log_file, self._environ, self._home)
        if not processes.await_lock(self._places.lock_file, child, READY_TIMEOUT_S):
            raise DemoFailed(f"the daemon did not start: {_last_lines(self._places.log_file)}")

    def _await_ready(self, link: _Link) -> None:
        end = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < end:
            answer = link.ask(calls.Status())
            if answer is not None and answer.ok:
                rows = answer.data["terminals"]
                if rows and all(row["link"] == "READY" for row in rows):
                    return
            time.sleep(0.05)
        raise DemoFailed(f"terminals not READY in {READY_TIMEOUT_S:.0f} s: {_last_lines(self._places.log_file)}")

    # --- the day ----------------------------------------------------------------------------------

    def _play(self, link: _Link, follower: _Follower) -> None:
        """540 minutes; every mission is fired, in turn on each account, while the market stands still."""
        accounts = [row["name"] for row in self._asked(link, calls.Accounts())]
        for minute in range(1, STEPS + 1):
            answer = self._asked(link, calls.MarketStep(1))
            for mission in self._new_missions(link):
                self._fire(mission, accounts[len(self._tally.fired) % len(accounts)])
            self._progress(minute, answer["market"], follower)
        self._settle(link)
        self._talk("")

    def _new_missions(self, link: _Link) -> list[dict[str, Any]]:
        rows = self._asked(link, calls.Missions(state="PROPOSED"))
        new = [row for row in reversed(rows) if row["id"] not in self._tally.fired]
        return sorted(new, key=lambda row: row["proposed_at"])

    def _fire(self, mission: dict[str, Any], account: str) -> None:
        """Fire as a person would, then press again with the same key: the second must send nothing."""
        shown = mission["id"]
        self._tally.fired.append(shown)
        argv = [*_hydractl(), "fire", shown, "--account", account, "--yes", "-o", "json", "--key", f"demo-{shown}"]
        first, second = self._run(argv), self._run(argv)
        act = (first["data"] or {}).get("act") or {}
        again = (second["data"] or {}).get("act") or {}
        if act.get("id") != again.get("id"):
            self._tally.duplicates += 1
        self._talk(
            f"  {mission['symbol']} {mission['side']} {shown} on {account}: {act.get('verdict', first['error'])}"
        )

    def _run(self, argv: list[str]) -> dict[str, Any]:
        done = subprocess.run(argv, env=self._environ, capture_output=True, timeout=FIRE_TIMEOUT_S, check=False)
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except json.JSONDecodeError:
            text = done.stderr.decode(errors="replace").strip()
            raise DemoFailed(f"{' '.join(argv[1:4])} ended with {done.returncode}: {text}") from None
        return answer

    def _settle(self, link: _Link) -> None:
        """Wait until nothing is open that the day could still close, and nothing is without a verdict."""
        end = time.monotonic() + STEP_TIMEOUT_S
        while time.monotonic() < end:
            status = self._asked(link, calls.Status())
            if not status["acts"]["in_flight"] and not status["acts"]["unknown"]:
                return
            time.sleep(0.05)

    def _asked(self, link: _Link, verb: calls.AnyVerb) -> Any:
        answer = link.ask(verb)
        if answer is None:
            raise DemoFailed(f"the daemon does not answer: {_last_lines(self._places.log_file)}")
        if not answer.ok:
            raise DemoFailed(answer.error.message if answer.error else "no reason given")
        return answer.data

    # --- the end ----------------------------------------------------------------------------------

    def _books(self) -> dict[int, dict[str, Any]]:
        """Each account's books, from the broker's own control socket."""
        found = {}
        settings = msgspec.toml.decode(Path(paper_broker.broker_config(self._places)).read_bytes())
        for account in settings["accounts"]:
            login = account["login"]
            found[login] = _broker_books(paper_broker.broker_control(self._places), login)
        return found

    def _down(self, link: _Link) -> None:
        answer = link.ask(calls.Down(force=True))
        if answer is None or not answer.ok:
            raise DemoFailed("the daemon did not go down")
        end = time.monotonic() + READY_TIMEOUT_S
        while holder(self._places.lock_file) is not None and time.monotonic() < end:
            time.sleep(0.02)

    def _summary(self, books: dict[int, dict[str, Any]]) -> int:
        verdict = verify(self._places.journal)
        journal = SqliteJournal(self._places.journal)
        state = State()
        for record in journal.replay():
            fold.apply(state, record)
        journal.close()
        differences = compare(state, books)
        self._tally.duplicates += sent_twice(books)
        data = self._figures(state, verdict.records, verdict.ok, not differences)
        code = EXIT_OK
        if differences:
            code = EXIT_DIFFERENCES
        elif data["unknown"]:
            code = EXIT_UNKNOWN
        elif not verdict.ok or data["duplicates"]:
            code = EXIT_FAILED
        self._print(data, differences, code)
        return code

    def _figures(self, state: State, records: int, verified: bool, agrees: bool) -> dict[str, Any]:
        fires = [act for act in state.acts.values() if act.kind.name == "FIRE"]
        closed = [p for p in state.positions.values() if not p.open]
        open_acts = [state.acts[n] for n in state.acts_open]
        ticks, bars = _market_figures(self._places, state)
        return {
            "ticks": ticks,
            "bars": bars,
            "signals": sum(m.origin == "apex" for m in state.missions.values()),
            "missions": len(state.missions),
            "fires": len(fires),
            "fills": sum(act.order_ticket > 0 for act in fires),
            "closed": len(closed),
            "closed_by": dict(Counter(p.close_reason for p in closed)),
            "symbols": sorted({m.signal.symbol for m in state.missions.values()}),
            "denied": sum(act.state is ActState.DENIED for act in fires),
            "rejected": sum(act.state is ActState.REJECTED for act in fires),
            "duplicates": self._tally.duplicates,
            "unknown": sum(act.state is ActState.UNKNOWN for act in open_acts),
            "suppressed": dict(state.suppressed),
            "outcomes": dict(Counter(m.outcome for m in state.missions.values() if m.outcome)),
            "profit": str(sum((p.profit for p in closed), Decimal(0))),
            "journal_records": records,
            "journal_verified": verified,
            "broker_agrees": agrees,
            "mode": state.mode.value,
            "seconds": round(time.monotonic() - self._began, 1),
            "home": str(self._home),
        }

    def _print(self, data: dict[str, Any], differences: list[str], code: int) -> None:
        problem = None
        if code != EXIT_OK:
            words = "; ".join(differences) or "an act has no verdict, or the journal does not verify"
            problem = Problem("DIFFERENCES" if differences else "FAILED", words)
        if self._options.output == "json":
            print_envelope("hydra.demo/v1", data, problem)
            return
        write = sys.stdout.write
        symbols = ", ".join(data["symbols"])
        write(f"{data['ticks']:,} ticks, {data['bars']:,} bars, {data['missions']} missions ({symbols})\n")
        ends = ", ".join(f"{count} {reason}" for reason, count in sorted(data["closed_by"].items()))
        write(f"{data['fires']} fires, {data['fills']} fills, {data['closed']} closed ({ends})\n")
        write(f"{data['denied']} denied, {data['rejected']} rejected, {data['unknown']} unknown, ")
        write(f"{data['duplicates']} duplicates\n")
        verified = "verifies" if data["journal_verified"] else "DOES NOT VERIFY"
        agrees = "agree" if data["broker_agrees"] else "DIFFER"
        write(f"journal of {data['journal_records']} records {verified}; the broker's own books {agrees}\n")
        write(f"result {data['profit']} USD on PAPER, in {data['seconds']} s; TCS is not calibrated\n")
        for line in differences:
            sys.stderr.write(f"difference: {line}\n")
        if self._loud and code == EXIT_OK:
            shell = "hydractl" if shutil.which("hydractl") else _hydractl()[0]
            write(f"\nnext: {shell} up, then {shell} status, ticks -w, missions\n")

    def _end(self) -> None:
        """Whatever happened, no process of this demo stays behind."""
        processes.stop(self._places.lock_file, 5.0)
        locks = [self._places.broker_dir / "books.db.lock"]
        locks += [self._places.process_lock(paper_broker.paper_name(number)) for number in range(8)]
        for lock in locks:
            if lock.exists():
                processes.stop(lock, 2.0)

    def _tidy(self, code: int) -> None:
        if self._temporary and not self._options.keep and code == EXIT_OK:
            shutil.rmtree(self._home)
        elif code not in (EXIT_OK, 130):
            sys.stderr.write(f"hydractl demo: kept {self._home}\n")
        elif self._options.keep:
            sys.stderr.write(f"left running: HYDRA_HOME={self._home} hydractl status\n")
            if hud := endpoints.endpoints(self._places).get("hud"):
                sys.stderr.write(f"its status page: {hud}\n")

    # --- talk -------------------------------------------------------------------------------------

    def _talk(self, text: str) -> None:
        if self._loud:
            sys.stderr.write(text + "\n")

    def _progress(self, minute: int, market: str, follower: _Follower) -> None:
        if self._loud and sys.stderr.isatty():
            sys.stderr.write(f"\r{market[11:16]}  {minute * 100 // STEPS:3d} %  {follower.seen} events ")
            sys.stderr.flush()

    def _say_problem(self, text: str) -> None:
        if self._options.output == "json":
            print_envelope("hydra.demo/v1", None, Problem("FAILED", text))
        else:
            sys.stderr.write(f"hydractl demo: {text}\n")


def print_envelope(schema: str, data: object, problem: Problem | None) -> None:
    now = ns_text(SystemClock().machine_ns(), 6)
    answer = Answer(schema, problem is None, now, DaemonInfo(__version__, PROTOCOL, "", "paper"), data, error=problem)
    plain = msgspec.to_builtins(answer)
    del plain["id"], plain["more"]
    sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")


# --- helpers --------------------------------------------------------------------------------------------


def _hydractl() -> list[str]:
    """The shell's own script beside this interpreter."""
    script = Path(sys.executable).with_name("hydractl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "hydractl.main"]


def _last_lines(path: Path) -> str:
    if not path.exists():
        return f"no log at {path}"
    return " | ".join(path.read_text(errors="replace").splitlines()[-5:])


class _Link:
    """One connection to the control socket, for the steps: 540 shells would take longer than the day."""

    def __init__(self, places: Places) -> None:
        self._path = str(places.socket)
        self._socket: socket.socket | None = None
        self._framer = codec.Framer()
        self._next = 1

    def ask(self, verb: calls.AnyVerb) -> Answer | None:
        """The answer; None when the daemon cannot be reached."""
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(STEP_TIMEOUT_S)
                self._socket.connect(self._path)
                self._framer = codec.Framer()
            self._next += 1
            self._socket.sendall(codec.encode_call(calls.Call(PROTOCOL, self._next, verb, entropy.draw_key())))
            while data := self._socket.recv(1 << 16):
                for message in self._framer.feed(data):
                    return codec.decode_answer(message)
        except OSError:
            pass
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        return None


class _Follower:
    """`hydractl tail -f -o json`, read by a thread: the demo sees what a person would."""

    def __init__(self, environ: dict[str, str]) -> None:
        argv = [*_hydractl(), "tail", "-f", "-n", "0", "-o", "json"]
        self._process = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.seen = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for _ in self._process.stdout:
            self.seen += 1

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        self._thread.join(5)


def _broker_books(path: str, login: int) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(10)
        control.connect(path)
        control.sendall(json.dumps({"op": "books", "login": login}).encode() + b"\n")
        with control.makefile("rb") as lines:
            books: dict[str, Any] = json.loads(lines.readline())
    if not books.get("ok"):
        raise DemoFailed(f"the broker does not tell the books of {login}: {books.get('error')}")
    return books


def _market_figures(places: Places, state: State) -> tuple[int, int]:
    """Ticks that were replayed, and M5 bars that they make."""
    from hydrad.market import sample

    start_ms = parse_ms(_start_of(places))
    ticks, bars = 0, 0
    for arrays in sample.load().values():
        times = arrays.time_ms[arrays.time_ms >= start_ms]
        ticks += len(times)
        bars += len(set((times // 300_000).tolist()))
    return ticks, bars


def _start_of(places: Places) -> str:
    return config.load(places.config_file, places.conf_dir, {}).config.paper.start


def compare(state: State, books: dict[int, dict[str, Any]]) -> list[str]:
    """Every difference between the journal and the broker's own books; none is good."""
    found: list[str] = []
    for account in state.accounts.values():
        told = books.get(account.login)
        if told is None:
            found.append(f"{account.name}: the broker has no account {account.login}")
            continue
        ours = [p for p in state.positions.values() if p.account == account.name]
        found += _compare_open(account.name, [p for p in ours if p.open], told["positions"])
        found += _compare_deals(account.name, state, ours, told["deals"])
        found += _compare_balance(account.name, ours, told)
    found += [f"act {act.act_id}: FILLED without a position" for act in state.acts.values() if _lost(state, act)]
    return found


def _lost(state: State, act: Any) -> bool:
    return act.state is ActState.FILLED and act.position not in state.positions


def sent_twice(books: dict[int, dict[str, Any]]) -> int:
    """Opening deals beyond the first of each magic, over all accounts."""
    opened = Counter(
        (login, row["magic"])
        for login, told in books.items()
        for row in told["deals"]
        if row["type"] in TRADES and row["entry"] == "IN"
    )
    return sum(count - 1 for count in opened.values())


def _compare_open(name: str, ours: list[Position], told: list[dict[str, Any]]) -> list[str]:
    mine = {p.position_id: volume_text(p.volume_steps, p.volume_step) for p in ours}
    theirs = {row["ticket"]: str(row["volume"]) for row in told}
    if {k: Decimal(v) for k, v in mine.items()} == {k: Decimal(v) for k, v in theirs.items()}:
        return []
    return [f"{name}: open positions {mine} in the journal, {theirs} at the broker"]


def _compare_deals(name: str, state: State, ours: list[Position], told: list[dict[str, Any]]) -> list[str]:
    """Every trade at the broker is booked here, with the same price, volume and magic."""
    booked = {ticket for position in ours for ticket in position.deals}
    theirs = {row["ticket"]: row for row in told if row["type"] in TRADES}
    found = []
    if booked != set(theirs):
        found.append(f"{name}: deals {sorted(booked)} in the journal, {sorted(theirs)} at the broker")
    for position in ours:
        fire = state.acts[position.fire_id]
        row = theirs.get(fire.deal_ticket)
        if row is None:
            found.append(f"{name}: deal {fire.deal_ticket} of a fill is not at the broker")
            continue
        price = price_text(position.open_points, position.digits)
        if row["magic"] != fire.act_id or Decimal(row["price"]) != Decimal(price):
            found.append(f"{name}: deal {row['ticket']} is {row['magic']} at {row['price']}, journal has {price}")
    return found


def _compare_balance(name: str, ours: list[Position], told: dict[str, Any]) -> list[str]:
    cash = sum((Decimal(row["profit"]) for row in told["deals"] if row["type"] not in TRADES), Decimal(0))
    result = sum((position.profit for position in ours), Decimal(0))
    if cash + result == Decimal(told["balance"]):
        return []
    return [f"{name}: {cash} deposited and {result} booked, the broker's balance is {told['balance']}"]
