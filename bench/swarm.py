"""A load of agents for `bench/scale.py`: many enrolled terminals in one process, each with its own CURVE socket.

Each speaks the agent's half of the link as an agent does: HELLO until WELCOME, its (empty) books, READY, a beat a
second, figures every five, HALTED for HALT and RESUME, and live ticks in frames of what 10 ms have brought. What it has
not is a terminal behind it: it is sent no fire. Like an agent it makes no ticks while its outbox holds frames.

Orders come on stdin, one JSON object a line (`ticks_per_s` of each terminal, `seconds`, `market_ms`, `speed`), each
answered by one on stdout. Prices: each symbol stands still but for one point, and at each minute of market time some
of them leap, so that a break-out detector speaks.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import zmq

from hydrad.agent.session import Phase, Talk
from hydrad.domain.symbols import SymbolTerms
from hydrad.host import entropy
from hydrad.host.lock import FileLock
from hydrad.link import frames as f
from hydrad.link.session import Arrival
from hydrad.terminal import bundle as bundles
from hydrad.terminal.dealer import Dealer

POLL_S = 0.01
FIGURES_NS = 5_000_000_000
MINUTE_MS = 60_000
LEAPS_PER_MINUTE = 6
LEAP_POINTS = 40
BASE_POINTS = 110_000
SPREAD_POINTS = 2
READY_WITHIN_S = 30.0


def terms(symbol: str) -> SymbolTerms:
    one = Decimal(1)
    money = (Decimal(100_000), Decimal("0.01"))
    names = (symbol[:3], symbol[3:], symbol[:3])
    return SymbolTerms(symbol, 5, *money, 1, 10_000, 0, 0, 0, one, one, *names, 4, 2, 3, 15, 127, one, one)


class Market:
    """Prices by market time: the same at every terminal."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols

    def bid(self, index: int, ms: int) -> int:
        """The level after the leaps so far: up, then down again, at every turn of this symbol."""
        turns = max(len(self.symbols) // LEAPS_PER_MINUTE, 1)
        leaps = (ms // MINUTE_MS + index // LEAPS_PER_MINUTE) // turns
        return BASE_POINTS + LEAP_POINTS * (leaps % 2) + (ms // 100 + index) % 2

    def ticks(self, numbers: Iterator[int], count: int, ms: int) -> tuple[f.SymbolTicks, ...]:
        batches: dict[int, list[f.Tick]] = {}
        for _ in range(count):
            index = next(numbers) % len(self.symbols)
            bid = self.bid(index, ms)
            batches.setdefault(index, []).append(f.Tick(ms, bid, bid + SPREAD_POINTS))
        return tuple(f.SymbolTicks(self.symbols[index], tuple(ticks)) for index, ticks in batches.items())


class Peer:
    """One terminal's agent, without a terminal."""

    def __init__(self, path: Path, market: Market, start_ms: int, number: int) -> None:
        self._bundle = bundles.load(path)
        self.name = self._bundle.name
        self._market = market
        self._dealer = Dealer(self._bundle)
        self._boot_id, self._ledger_id = entropy.draw_instance(), entropy.draw_instance()
        self._epoch, self._market_ms = 0, start_ms
        self._figures_ns = self._done = self.sent = self.not_made = self.lost = 0
        self._numbers = iter(range(number, 1 << 60))
        self.minutes: dict[int, int] = {}  # the first frame that has read a whole minute: its end, when it was sent
        self._open()

    def _open(self) -> None:
        self._dealer.open(self._bundle.daemons[0])
        self.talk = Talk(entropy.draw_session(), time.time_ns())

    @property
    def socket(self) -> zmq.Socket[bytes]:
        assert self._dealer.socket is not None
        return self._dealer.socket

    def _send(self, body: f.Up) -> None:
        self._dealer.send(self.talk.data(self._epoch, body, time.time_ns()))

    def _hello(self) -> f.Hello:
        bundle = self._bundle
        who = (bundle.login, bundle.server, bundle.kind, bundle.currency, bundle.hedging)
        identity = f.Identity(*who, 0, 5000, "swarm", "swarm")
        own = (self._boot_id, self._ledger_id, 0, self._epoch, False, time.time_ns(), self._market_ms, 0)
        return f.Hello("swarm", identity, *own, tuple(bundle.symbols))

    def listen(self) -> None:
        for data in self._dealer.receive():
            frame = f.decode_down(data)
            if self.talk.arrival(frame) is Arrival.NEXT:
                self.talk.heard(time.time_ns())
                self._heard(frame.body)

    def _heard(self, body: f.Down) -> None:
        match body:
            case f.Welcome():
                self._epoch = body.epoch
                self.talk.welcome(body, time.time_ns())
                self._books()
            case f.BeatDown():
                self.talk.beat(body, time.time_ns())
            case f.Halt() | f.Resume():
                self._send(f.Halted(isinstance(body, f.Halt), "swarm"))
            case _:
                raise AssertionError(f"{self.name} was sent {type(body).__name__}")

    def _books(self) -> None:
        self._send(f.Ledger(self._ledger_id, (), True))
        self._send(f.Specs(tuple(terms(symbol) for symbol in self._bundle.symbols), self._market_ms))
        self._send(f.Positions((), self._market_ms, True, True))
        self._send(f.Orders((), self._market_ms, True, True))
        self._send(f.Deals((), True))
        self._figures()
        self._send(f.Ready())
        self.talk.phase = Phase.READY
        self._beat()

    def _figures(self) -> None:
        self._figures_ns = time.time_ns()
        money, nothing = Decimal(10_000), Decimal(0)
        sums = (money, nothing, money, nothing, money, nothing)
        self._send(f.Account(*sums, 100, self._bundle.currency, self._market_ms))

    def _beat(self) -> None:
        now_ns = time.time_ns()
        state = (True, True, True, 0, self.not_made, 0)
        self._send(f.BeatUp(now_ns, *self.talk.echo(now_ns), self._market_ms, *state))

    def look(self) -> None:
        """What time has made due."""
        now_ns = time.time_ns()
        self._dealer.flush()
        if self.talk.silent(now_ns):
            self.lost += 1
            self._open()
        if self.talk.hello_due(now_ns):
            self._send(self._hello())
        if self.talk.beat_due(now_ns):
            self._beat()
        if self.talk.phase is Phase.READY and now_ns - self._figures_ns >= FIGURES_NS:
            self._figures()

    def begin(self) -> None:
        self._done = self.sent = self.not_made = self.lost = 0
        self.minutes.clear()

    def tell(self, due: int, market_ms: int) -> None:
        """Ticks up to the `due`th of this phase."""
        count, self._done = due - self._done, due
        if count <= 0 or self.talk.phase is not Phase.READY:
            return
        if self._dealer.waiting:
            self.not_made += count
            return
        self._market_ms = market_ms
        minute_ms = market_ms // MINUTE_MS * MINUTE_MS
        self.minutes.setdefault(minute_ms, time.monotonic_ns())
        self._send(f.Ticks(market_ms, False, self._market.ticks(self._numbers, count, market_ms)))
        self.sent += count


class Swarm:
    def __init__(self, folder: list[Path], symbols: tuple[str, ...], start_ms: int) -> None:
        market = Market(symbols)
        self.peers = [Peer(path, market, start_ms, 7 * number) for number, path in enumerate(folder)]
        self.market_ms = start_ms

    def _round(self, until_s: float) -> None:
        """Everybody reads and says what is due, until the next instant of the market."""
        for peer in self.peers:
            peer.listen()
            peer.look()
        time.sleep(max(until_s - time.monotonic(), 0))

    def greet(self) -> int:
        end_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end_s and any(peer.talk.phase is not Phase.READY for peer in self.peers):
            self._round(time.monotonic() + POLL_S)
        return sum(peer.talk.phase is Phase.READY for peer in self.peers)

    def rest(self) -> None:
        self._round(time.monotonic() + POLL_S)

    def run(self, ticks_per_s: float, seconds: float, speed: float) -> dict[str, object]:
        began_s, from_ms = time.monotonic(), self.market_ms
        for peer in self.peers:
            peer.begin()
        while (passed_s := time.monotonic() - began_s) < seconds:
            for number, peer in enumerate(self.peers):
                # Terminals are out of step with each other, as they would be.
                passed_s = time.monotonic() - began_s
                self.market_ms = from_ms + int(passed_s * 1000 * speed)
                peer.tell(int(passed_s * ticks_per_s + number / len(self.peers)), self.market_ms)
            self._round(began_s + passed_s + POLL_S)
        return {
            "seconds": time.monotonic() - began_s,
            "sent": sum(peer.sent for peer in self.peers),
            "not_made": sum(peer.not_made for peer in self.peers),
            "lost": sum(peer.lost for peer in self.peers),
            "minutes": {peer.name: peer.minutes for peer in self.peers},
        }


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    # Before the terminals are enrolled: the daemon adopts an agent that holds its lock, and starts one else.
    locks = [FileLock(Path(path)) for path in json.loads(sys.stdin.readline())["locks"]]
    say(locks=len(locks))
    order = json.loads(sys.stdin.readline())
    swarm = Swarm([Path(path) for path in order["bundles"]], tuple(order["symbols"]), order["market_ms"])
    say(ready=swarm.greet())
    poller = zmq.Poller()
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    while True:
        if not poller.poll(0):
            swarm.rest()
            continue
        line = sys.stdin.readline()
        if not line:
            return
        order = json.loads(line)
        say(**swarm.run(order["ticks_per_s"], order["seconds"], order["speed"]))


if __name__ == "__main__":
    main()
