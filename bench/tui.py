"""`hydractl tui` as it is left open all day: bytes a second, processor time, memory and first paint, beside btop and htop.

A paper home twice: `idle`, where the market stands still, and `load`, with 2,000 ticks/s from 50 terminals, 50 missions
standing and a position in each paper account. In both, the program runs in a pty of 160x50 and of 80x24: `ssh` with
what SSH sets, `local` without, `low` as `ssh` with `--low-bandwidth`. The peers draw once a second in the same ptys.

`first_ms` is from exec to the first screen that tells the home's mode and an account: what was read from the pty, with
its instants, is given to an emulator afterwards, so that the emulator takes no time from what it measures. Bytes are
those that the program wrote, processor time that of its whole process (user and system), both after `SETTLE_S`;
`daemon_more_pct` is what the daemon's process had in that time above what it has without anybody watching.
`pane_*` are single panes by their number key, under load, in 160x50 over SSH.

`TUI_SECONDS` (20) is measured of each, `TUI_RUNS` says which (all: `idle load panes peers`); `TUI_ARGV` is run
in the place of `hydractl tui`, such as that under a profiler.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from common import finish  # noqa: E402
from fire import Client  # noqa: E402
from scale import Home, Load, Stepper, wait_ready  # noqa: E402

from hydrad.domain.instants import parse_ms  # noqa: E402
from hydrad.wire import calls  # noqa: E402
from tests.tui.terminal import SMALL, SSH, WIDE, Chunk, Emulator, Pty, Size, environment  # noqa: E402

SECONDS = float(os.environ.get("TUI_SECONDS", "20"))
RUNS = os.environ.get("TUI_RUNS", "idle load panes peers").split()
ARGV = shlex.split(os.environ.get("TUI_ARGV", f"{Path(sys.executable).with_name('hydractl')} tui"))
SETTLE_S = 4.0
FIRST_S_MAX = 20.0
TICKS_PER_S = 40.0  # of each terminal: 2,000 in all
MISSIONS = 50
EXPIRY_MIN = 60
FILL_SPEED = 20.0
FILL_S_MAX = 90.0
COMPLETE = ("PAPER", "alpha")
KIB_PER_S_MAX = 30.0
IDLE_PCT_MAX = 2.0
LOCAL = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
SIZES = {"160x50": WIDE, "80x24": SMALL}
VARIANTS: dict[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "ssh": (SSH, ()),
    "local": (LOCAL, ()),
    "low": (SSH, ("--low-bandwidth",)),
}
PEERS = HERE / ".peers"
BTOP = 'update_ms = 1000\ncolor_theme = "Default"\n'


class Used(NamedTuple):
    """A process so far: seconds of a processor, bytes it has written to its terminal, when."""

    cpu_s: float
    written: int
    at_s: float


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def used(one: Pty) -> Used:
    return Used(cpu_s(one.pid()), one.bytes_read, time.monotonic())


def memory(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {
        "rss_mib": (status, r"VmRSS:\s+(\d+)", 1024),
        "pss_mib": (rollup, r"\nPss:\s+(\d+)", 1024),
        "threads": (status, r"Threads:\s+(\d+)", 1),
    }
    return {name: int(re.search(pattern, text)[1]) / unit for name, (text, pattern, unit) in found.items()}  # type: ignore[index]


def first_ms(began_ns: int, chunks: list[Chunk], size: Size, complete: tuple[str, ...]) -> float:
    """From the start to the write that made the screen complete."""
    shown = Emulator(size)
    for chunk in chunks:
        shown.feed(chunk.data)
        text = "\n".join(shown.screen())
        if all(word in text for word in complete):
            return (chunk.at_ns - began_ns) / 1e6
    raise AssertionError("never complete:\n" + "\n".join(shown.screen()))


def ready(one: Pty, complete: tuple[str, ...]) -> None:
    one.wait_for(lambda text: all(word in text for word in complete), FIRST_S_MAX)


def measured(one: Pty, home: Home | None, quiet_pct: float) -> dict[str, float]:
    """What it takes from now on, and the daemon meanwhile."""
    time.sleep(SETTLE_S)
    daemon, began = home.cpu_s() if home else 0.0, used(one)
    time.sleep(SECONDS)
    ended = used(one)
    passed_s = ended.at_s - began.at_s
    figures = {
        "kib_per_s": (ended.written - began.written) / 1024 / passed_s,
        "cpu_pct": (ended.cpu_s - began.cpu_s) / passed_s * 100,
        **memory(one.pid()),
    }
    if home:
        figures["daemon_more_pct"] = (home.cpu_s() - daemon) / passed_s * 100 - quiet_pct
    return figures


def daemon_alone(home: Home) -> float:
    """Percent of a core that the daemon takes while nobody watches."""
    began_s, before = time.monotonic(), home.cpu_s()
    time.sleep(SECONDS)
    return (home.cpu_s() - before) / (time.monotonic() - began_s) * 100


def board(home: Home, quiet_pct: float, size: Size, variant: str) -> dict[str, float]:
    set_by, more = VARIANTS[variant]
    with started(home, [*ARGV, *more], set_by, size) as one:
        ready(one, COMPLETE)
        began = first_ms(one.began_ns, one.chunks, size, COMPLETE)
        return {"first_ms": began, **measured(one, home, quiet_pct)}


def started(home: Home, argv: list[str], set_by: Mapping[str, str], size: Size) -> Pty:
    return Pty(argv, environment(set_by, HYDRA_HOME=str(home.folder)), size)


def all_boards(name: str, home: Home) -> dict[str, dict[str, float]]:
    quiet_pct = daemon_alone(home)
    print(f"{name}: the daemon alone takes {quiet_pct:.1f} % of a core")
    rows = {}
    for shown, size in SIZES.items():
        for variant in VARIANTS:
            rows[f"{name}_{shown}_{variant}"] = board(home, quiet_pct, size, variant)
    return rows


def tabs(one: Pty) -> list[tuple[str, str]]:
    """Panes as the screen has them: key and name."""
    row = next(row for row in one.screen() if re.search(r"\d ?Board", row))
    return [(key, name.lower()) for key, name in re.findall(r"(\d) ?([A-Za-z]+)", row)]


def all_panes(home: Home) -> dict[str, dict[str, float]]:
    """Each pane that a number key shows, in one process; the briefing is that of the first mission."""
    quiet_pct, rows = daemon_alone(home), {}
    with started(home, ARGV, SSH, WIDE) as one:
        ready(one, COMPLETE)
        one.wait_for("M-", FIRST_S_MAX)
        one.keys("Tab", "g", "Enter")
        for key, name in tabs(one):
            one.keys(key)
            rows[f"pane_{name}"] = measured(one, home, quiet_pct)
    return rows


class Market(threading.Thread):
    """The load, second after second: fast until `MISSIONS` stand, then as fast as life."""

    def __init__(self, home: Home, client: Client) -> None:
        super().__init__(daemon=True)
        self._home, self._client = home, client
        self._load = Load(home, client, parse_ms(client.ask(calls.Status()).data["clocks"]["market"]))
        self.filled, self._over = threading.Event(), threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            speed = 1.0 if self.filled.is_set() else FILL_SPEED
            stepper = Stepper(self._home, 1.0, speed)
            stepper.start()
            self._load.ask(ticks_per_s=TICKS_PER_S, seconds=1.0, speed=speed)
            stepper.join()
            if self.standing() >= MISSIONS:
                self.filled.set()

    def standing(self) -> int:
        return int(self._client.ask(calls.Status()).data["missions"]["open"])

    def end(self) -> None:
        self._over.set()
        self.join()
        self._load.close()


@contextlib.contextmanager
def loaded(home: Home) -> Iterator[None]:
    """Missions, ticks, and a position in each paper account."""
    market = Market(home, home.client())
    market.start()
    try:
        assert market.filled.wait(FILL_S_MAX), f"no {MISSIONS} missions stand: {market.standing()}"
        client = home.client()
        bid = Decimal(client.ask(calls.Ticks(("EURUSD",))).data[0]["bid"])
        for account in ("alpha", "bravo"):
            made = client.ask(
                calls.FireSymbol("EURUSD", "buy", str(bid - Decimal("0.02")), account=account, again=True)
            )
            assert made.ok and made.data["act"]["state"] == "FILLED", made
        print(f"load: {market.standing()} missions stand")
        yield
        print(f"load: at its end {market.standing()}")
    finally:
        market.end()


def peers() -> dict[str, dict[str, float]]:
    rows = {}
    config = Path(tempfile.mkdtemp(prefix="hx-"))
    (config / "btop").mkdir()
    (config / "btop" / "btop.conf").write_text(BTOP)
    libraries = ":".join(str(path) for path in PEERS.glob("**/lib/*-linux-gnu"))
    for name, words in {"htop": ["-d", "10"], "btop": ["--utf-force"]}.items():
        program = PEERS / "usr" / "bin" / name
        if not program.exists():
            print(f"{name} is not installed: make bench-setup")
            continue
        for shown, size in SIZES.items():
            environ = environment(SSH, XDG_CONFIG_HOME=str(config), LD_LIBRARY_PATH=libraries)
            with Pty([str(program), *words], environ, size) as one:
                ready(one, ("CPU",))
                began = first_ms(one.began_ns, one.chunks, size, ("CPU",))
                rows[f"{name}_{shown}"] = {"first_ms": began, **measured(one, None, 0.0)}
    shutil.rmtree(config)
    return rows


def main() -> None:
    rows = ours() if {"idle", "load", "panes"} & {*RUNS} else {}
    rows |= peers() if "peers" in RUNS else {}
    show(rows)
    figures = {f"{name}_{key}": value for name, row in rows.items() for key, value in row.items()}
    finish("tui", figures, ratios(rows))


def ours() -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    os.environ["BENCH28_EXPIRY_MIN"] = str(EXPIRY_MIN)
    home = Home()
    try:
        wait_ready(home.client(), 2)
        home.client().ask(calls.MarketStep(1))
        if "idle" in RUNS:
            rows |= all_boards("idle", home)
        if {"load", "panes"} & {*RUNS}:
            with loaded(home):
                rows |= all_boards("load", home) if "load" in RUNS else {}
                rows |= all_panes(home) if "panes" in RUNS else {}
    finally:
        home.down()
    return rows


def show(rows: dict[str, dict[str, float]]) -> None:
    keys = ("first_ms", "kib_per_s", "cpu_pct", "daemon_more_pct", "rss_mib", "pss_mib", "threads")
    print(f"{'':22s}" + "".join(f"{key:>16s}" for key in keys))
    for name, row in rows.items():
        print(f"{name:22s}" + "".join(f"{row[key]:16.2f}" if key in row else f"{'-':>16s}" for key in keys))
    print(f"limits: {KIB_PER_S_MAX:.0f} KiB/s over SSH, {IDLE_PCT_MAX:.0f} % of a core when idle")


def ratios(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """The board over its limits, and over each peer of the same size."""
    found = {}
    for name, row in rows.items():
        state, *size = name.split("_", 2)
        if state in ("idle", "load", "pane"):
            found[f"{name}_kib_over_limit"] = row["kib_per_s"] / KIB_PER_S_MAX
        if state == "idle":
            found[f"{name}_cpu_over_limit"] = row["cpu_pct"] / IDLE_PCT_MAX
        if name.endswith("_ssh"):
            for peer in ("htop", "btop"):
                theirs = rows.get(f"{peer}_{size[0]}")
                if theirs:
                    found |= {f"{name}_{key}_over_{peer}": row[key] / theirs[key] for key in ("kib_per_s", "cpu_pct")}
    return found


if __name__ == "__main__":
    main()
