"""A thousand pages watch the HUD of a real daemon: how long until each has read an event, beside aiohttp and sse-starlette.

An event is a note that a shell makes; from its publication in the daemon (durable, seen by `witness.py`) to the return
of the `recv` that holds it, at each watcher. The peers hold as many watchers at the same time, tell as many bytes each
second as the daemon does, and are asked in turn with it; their event begins when they have read the order for it.
`WATCHERS` (1000) and `EVENTS` (100) come from the environment. Aim: 100 ms at p99, and no more than aiohttp takes.

`cpu_ms` is the processors' time of the server's process for each thing that all are told, events and seconds, whatever
else it does included: on a busy machine the steadiest figure.

Then some watchers stop reading: what the others see meanwhile, and how many of each kind are left.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

from common import finish, median, percentile
from fire import Client
from scale import Home, wait_ready
from watchers import Crowd, Group, log_in, stalled, stream_head

from hydrad.host import tcp_ports
from hydrad.wire import calls

WATCHERS = int(os.environ.get("WATCHERS", "1000"))
EVENTS = int(os.environ.get("EVENTS", "100"))
SESSIONS = 8
FIRES = 5
STALLED = 20
STALLED_S = 25.0
REST_S = 0.05
WITHIN_S = 30.0
PEERS = Path(__file__).parent / ".peers" / "bin" / "python"
Told = tuple[int, list[int]]


def cpu_ms(pid: int) -> float:
    """What a process has had of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Ours:
    """The daemon, and a shell that makes notes on a fire."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._client: Client = home.client()
        self.group = Group("hydra")
        address = str(json.loads((home.places.run_dir / "endpoints.json").read_text())["hud"])
        self.address = ("127.0.0.1", int(address.rpartition(":")[2]))
        links = (self._client.ask(calls.HudOpen()).data["local_url"] for _ in range(SESSIONS))
        self._cookies = [log_in(self.address, link.partition("#")[2]) for link in links]
        self._about = self._subjects()
        self.pid = home.process.pid
        self.waited_ms: list[float] = []

    def _subjects(self) -> Iterator[str]:
        """What notes are about, for ever: some fires and their closes in turn, since one thing takes a hundred notes."""
        self._client.ask(calls.MarketStep(1))
        account = self._client.ask(calls.Accounts()).data[0]["name"]
        bid = Decimal(self._client.ask(calls.Ticks(("EURUSD",))).data[0]["bid"])
        found = []
        for _ in range(FIRES):
            verb = calls.FireSymbol("EURUSD", "buy", str(bid - Decimal("0.005")), account=account, again=True)
            made = self._client.ask(verb)
            assert made.ok, made
            closed = self._client.ask(calls.Close(made.data["act"]["id"]))
            assert closed.ok, closed
            found += [str(made.data["act"]["id"]), str(made.data["mission"])]
        return cycle(found)

    def head(self, number: int) -> bytes:
        return stream_head(self.address, "/api/v1/stream", self._cookies[number % SESSIONS])

    def produce(self, mark: str) -> None:
        """A note, and right behind it what a shell asks while a thousand pages are told."""
        assert self._client.ask(calls.Note(next(self._about), mark)).ok
        began = time.perf_counter()
        self._client.ask(calls.Accounts())
        self.waited_ms.append((time.perf_counter() - began) * 1000)

    def produced_ns(self) -> dict[str, int]:
        """By mark."""
        return dict(self._home.witness()["marks"])

    def watchers(self) -> int:
        with urllib.request.urlopen(f"http://{self.address[0]}:{self.address[1]}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return int(float(next(line for line in lines if line.startswith("hydra_hud_watchers")).split()[1]))


class Peer:
    """A server of the peers' environment."""

    def __init__(self, name: str, event_bytes: int, beat_bytes: int) -> None:
        self.group = Group(name)
        self.address = ("127.0.0.1", tcp_ports.free_port(8_700, "127.0.0.1"))
        script = str(Path(__file__).with_name("sse_peers.py"))
        argv = [str(PEERS), script, name, *map(str, (self.address[1], event_bytes, beat_bytes))]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        assert self._line() == "listens"

    def head(self, number: int) -> bytes:
        return stream_head(self.address, "/stream")

    def produce(self, mark: str) -> int:
        """When it was."""
        assert self._process.stdin
        self._process.stdin.write(mark + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        self._process.kill()
        self._process.wait(10)


def spread(times_ms: list[float], lasts_ms: list[float]) -> dict[str, float]:
    """Of all watchers and events; `last`: until the last watcher had an event."""
    return {
        "p50_ms": median(times_ms),
        "p99_ms": percentile(times_ms, 0.99),
        "max_ms": max(times_ms),
        "last_p50_ms": median(lasts_ms),
        "last_p99_ms": percentile(lasts_ms, 0.99),
    }


def measured(told: list[Told]) -> dict[str, float]:
    each = [[(at - began) / 1e6 for at in read] for began, read in told]
    return spread([ms for row in each for ms in row], [max(row) for row in each])


def our_event(ours: Ours, crowd: Crowd, mark: str) -> tuple[str, list[int]]:
    return mark, crowd.read_all(ours.group, mark.encode(), lambda: ours.produce(mark), WITHIN_S)


def peer_event(peer: Peer, crowd: Crowd, mark: str) -> Told:
    began: list[int] = []
    read = crowd.read_all(peer.group, mark.encode(), lambda: began.append(peer.produce(mark)), WITHIN_S)
    return began[0], read


def in_turn(ours: Ours, peers: list[Peer], crowd: Crowd) -> dict[str, dict[str, float]]:
    of_ours: list[tuple[str, list[int]]] = []
    of_peers: dict[str, list[Told]] = {peer.group.name: [] for peer in peers}
    began_s, used = time.monotonic(), [-cpu_ms(one.pid) for one in (ours, *peers)]
    for number in range(EVENTS):
        of_ours.append(our_event(ours, crowd, f"mark-{number:06d}."))
        crowd.rest(REST_S)
        for peer in peers:
            of_peers[peer.group.name].append(peer_event(peer, crowd, f"mark-{number:06d}."))
            crowd.rest(REST_S)
    used = [before + cpu_ms(one.pid) for before, one in zip(used, (ours, *peers), strict=True)]
    told_s = time.monotonic() - began_s
    began = ours.produced_ns()
    rows = {"hydra": measured([(began[mark], read) for mark, read in of_ours])}
    rows |= {name: measured(told) for name, told in of_peers.items()}
    return {name: {**row, "cpu_ms": ms / (EVENTS + told_s)} for (name, row), ms in zip(rows.items(), used, strict=True)}


def with_stalled(ours: Ours, crowd: Crowd) -> dict[str, float]:
    """Some who read nothing come in; the others' times until all of those were hung up on, or `STALLED_S` are over."""
    links = stalled(ours.address, [ours.head(number) for number in range(STALLED)])
    began_s, told, number = time.monotonic(), [], 0
    most = 0
    while time.monotonic() - began_s < STALLED_S:
        told.append(our_event(ours, crowd, f"late-{number:06d}."))
        crowd.rest(REST_S * 2)
        number += 1
        if number % 10 == 0:
            left = ours.watchers()
            most = max(most, left)
            if most > WATCHERS and left <= WATCHERS:
                break
    gone_s = time.monotonic() - began_s
    for link in links:
        link.close()
    seen = ours.produced_ns()
    figures = measured([(seen[mark], read) for mark, read in told])
    return figures | {"came": most - WATCHERS, "gone_after_s": gone_s, "others_lost": ours.group.lost}


def sizes(ours: Ours, crowd: Crowd) -> tuple[int, int]:
    """Bytes of an event and of what is told each second, as one watcher reads them."""
    import http.client

    asks = http.client.HTTPConnection(*ours.address)
    asks.request("GET", "/api/v1/stream", headers={"cookie": ours._cookies[0]})
    answer = asks.getresponse()
    ours.produce("mark-size.")
    found: dict[bytes, int] = {}
    block = b""
    while {b"record", b"now"} - found.keys():
        block += answer.readline()
        if block.endswith(b"\n\n"):
            kind = block.partition(b"event: ")[2].partition(b"\n")[0]
            found[kind], block = len(block), b""
    asks.close()
    return found[b"record"], found[b"now"]


def main() -> None:
    home = Home()
    peers: list[Peer] = []
    crowd = Crowd()
    try:
        wait_ready(home.client(), 2)
        ours = Ours(home)
        event_bytes, beat_bytes = sizes(ours, crowd)
        if PEERS.exists():
            peers = [Peer(name, event_bytes - 22, beat_bytes - 22) for name in ("aiohttp", "starlette")]
        else:
            print("no peers are installed: make bench-setup")
        ours.waited_ms.clear()
        for number in range(EVENTS):
            ours.produce(f"none-{number:06d}.")
        alone = list(ours.waited_ms)
        ours.waited_ms.clear()
        everybody: list[Any] = [ours, *peers]
        for one in everybody:
            for number in range(WATCHERS):
                crowd.join(one.group, one.address, one.head(number))
        crowd.rest(2.0)
        rows = in_turn(ours, peers, crowd)
        waited = list(ours.waited_ms)
        rows["stalled"] = with_stalled(ours, crowd)
        assert all(one.group.lost == 0 for one in everybody), "a watcher who reads was hung up on"
    finally:
        for peer in peers:
            peer.end()
        home.down()
    show(rows)
    print(f"an event has {event_bytes} bytes, what is told each second {beat_bytes}")
    print(
        f"a shell's query behind a note: p99 {percentile(alone, 0.99):.1f} ms, with the pages {percentile(waited, 0.99):.1f} ms"
    )
    figures = {f"{name}_{key}": value for name, row in rows.items() for key, value in row.items()}
    figures |= {"query_alone_p99_ms": percentile(alone, 0.99), "query_watched_p99_ms": percentile(waited, 0.99)}
    ratios = {"stalled_over_none": rows["stalled"]["p99_ms"] / rows["hydra"]["p99_ms"]}
    for peer in peers:
        for key in ("p50_ms", "p99_ms", "last_p50_ms", "cpu_ms"):
            ratios[f"{key[:-3]}_over_{peer.group.name}"] = rows["hydra"][key] / rows[peer.group.name][key]
    finish("hud", figures, ratios)


def show(rows: dict[str, dict[str, float]]) -> None:
    for name, row in rows.items():
        print(f"{name:10s} " + "  ".join(f"{key} {value:.1f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
