"""Paper trading on live quotes: a broker that plays the live one, an agent that only feeds, the home's recording, and
the simulated broker that follows it; all of them processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paper import HYDRAD, PaperHome

from hydrad.domain.instants import parse_ms
from hydrad.host import processes
from hydrad.host.secrets import Secret
from hydrad.market import reading
from hydrad.terminal import bundle as bundles

pytestmark = pytest.mark.timeout(180)
CONFIG = """\
[paper]
feed = "live"
accounts = 1
"""
SYMBOL = "BTCUSD"  # quoted around the clock, whatever day these tests run on
LIVE = """\
instance = "tidewater"
socket = "{folder}/live.sock"
control = "{folder}/live-control.sock"
books = "{folder}/live.db"
start = "{start}"
feed = "generated"
speed = 1
offered = ["BTCUSD"]
[[accounts]]
login = 90001
password = "live"
server = "Tidewater-Live"
"""


class LiveHome(PaperHome):
    """A paper home on the quotes of another broker."""

    def start_live(self) -> None:
        """The broker that plays the live one; its clock is the machine's."""
        path = self.path / "live.toml"
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        path.write_text(LIVE.format(folder=self.path, start=start))
        path.chmod(0o600)
        argv = [sys.executable, "-m", "hydrad.terminal", "sim", "--config", str(path)]
        self.spawned.append(processes.spawn(argv, self.places.log_dir / "live.log", self.environ, self.path))

    def start_feed(self) -> None:
        """The agent beside it, enrolled for its quotes alone."""
        words = ("--account", "tide", "--login", "90001", "--server", "Tidewater-Live", "--symbols", SYMBOL)
        enrolled = self.ctl("terminal", "enroll", "tide1", *words, "--feed-only")
        assert enrolled.code == 0, enrolled
        path = Path(enrolled.data["bundle"])
        bundle = bundles.load(path)
        there = msgspec.structs.replace(bundle, sim_socket=str(self.path / "live.sock"), password=Secret("live"))
        assert (there.caps.max_lots, there.caps.opens_per_minute) == (0, 0)
        bundles.save(path, there)
        argv = [sys.executable, "-m", "hydrad.terminal", "run", str(path)]
        self.spawned.append(processes.spawn(argv, self.places.log_dir / "tide1.log", self.environ, self.path))

    spawned: list[subprocess.Popen[bytes]]

    def begin(self) -> None:
        self.spawned = []
        self.start_live()
        processes.spawn([*HYDRAD, "run"], self.places.log_file, self.environ, self.path)
        self.until(lambda: self.ctl("status").code == 0, "the daemon answers")
        self.start_feed()
        words = ("--account", "alpha", "--login", "100001", "--server", "HydraX-Paper", "--symbols", SYMBOL)
        assert self.ctl("terminal", "enroll", "second", *words).code == 0
        self.until(lambda: set(self.quotes()) == {"tide1", "second"}, "both quote it")

    def quotes(self) -> dict[str, Any]:
        answer = self.ctl("ticks", SYMBOL)
        return {row["terminal"]: row for row in answer.data or () if row["symbol"] == SYMBOL}

    def end(self) -> None:
        for process in self.spawned:
            process.kill()
            process.wait()
        super().end()


@pytest.fixture
def home() -> Iterator[LiveHome]:
    made = LiveHome(CONFIG)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def test_paper_trading_on_live_quotes(home: LiveHome) -> None:
    status = home.status()
    assert status["mode"] == "paper" and status["clocks"]["speed"] == "live"
    apart_ms = abs(parse_ms(status["clocks"]["machine"][:23] + "Z") - parse_ms(status["clocks"]["market"][:23] + "Z"))
    assert apart_ms < 1_000
    assert [row["name"] for row in home.ctl("accounts").data] == ["alpha"]
    feeds = {row["symbol"]: row["terminal"] for row in status["feed"] if row["symbol"] == SYMBOL}
    assert feeds in ({}, {SYMBOL: "tide1"})

    assert home.ctl("terminal", "failover", "second", "--yes").code == 0
    bid = float(home.quotes()["second"]["bid"])
    hand = ("--symbol", SYMBOL, "--side", "buy", "--stop", f"{bid * 0.98:.2f}", "--account", "alpha", "--yes")
    denied = home.ctl("fire", *hand[:-3], "--account", "tide", "--yes", "--again")
    assert denied.code != 0
    fired = home.ctl("fire", *hand, "--volume", "0.01", "--again")
    assert fired.code == 0, fired
    (deal,) = home.opened()
    told = home.ctl("ticks", SYMBOL).data
    asks = recorded_asks(home)
    assert f"{float(deal['price']):.2f}" in asks, (deal, sorted(asks)[-5:], told)
    assert home.ctl("close", fired.act["id"], "--yes").code == 0
    assert home.ctl("journal", "verify").code == 0


def recorded_asks(home: LiveHome) -> set[str]:
    """The ask of every recorded tick."""
    found = reading.read(home.places.market / "recorded", SYMBOL, 0, 4_000_000_000_000, 1_000_000)
    assert found is not None
    return {f"{tick.ask_points / 10**found.digits:.2f}" for tick in found.ticks}
