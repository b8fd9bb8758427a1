"""A HUD over real HTTP on loopback, in front of a daemon of a few lambdas: what it is asked is kept, its clock is ours."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hydrad.domain.actors import Actor, Role
from hydrad.domain.instants import SECOND, ns_text
from hydrad.host.secrets import Secret
from hydrad.host.tickets import Purpose, Tickets
from hydrad.hud import files
from hydrad.hud.doors import Doors
from hydrad.hud.glance import Check, Glance
from hydrad.hud.metrics import Figure, one
from hydrad.hud.server import HudServer, listen
from hydrad.hud.sessions import Limits
from hydrad.hud.store import Store
from hydrad.hud.stream import Stream
from hydrad.hud.world import Setup, World
from hydrad.toc.audience import Audience
from hydrad.toc.people import Person
from hydrad.toc.record import Record
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now

START_NS = 1_900_000_000 * SECOND
BOT_TOKEN = "1234567:canary-bot-token"
METRICS_TOKEN = "canary-metrics-token"
PUBLIC = "hud.example.org"
GOOD = Glance(
    mode="paper",
    authority="ACTIVE",
    instance="hx-test",
    at="2026-11-26T09:00:00.000Z",
    live=True,
    ready=True,
    healthy=True,
    checks=(Check("loop", True, "lag 0.1 ms"),),
)
BOSS = Person("boss", Role.COMMANDER, ("uid:1000", "telegram:42"), ("*",), None, 1)
ANN = Person("ann", Role.TRADER, ("telegram:7",), ("alpha",), frozenset({"alpha"}), 2)
EVE = Person("eve", Role.VIEWER, ("telegram:8",), ("alpha",), frozenset({"alpha"}), 3)
SAME = {"sec-fetch-site": "same-origin"}


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def needs(self) -> str | None:
        facts: dict[str, str] = self.json["error"]["facts"]
        return facts.get("needs")

    @property
    def cookie(self) -> str:
        """As a browser sends it back."""
        return self.cookies[0].partition(";")[0]


class Quiet:
    """A journal in which nothing happens, for the stream."""

    def head_seq(self) -> int:
        return 0

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return []

    def event(self, record: Record) -> Event:
        raise NotImplementedError

    def account_of(self, record: Record) -> str:
        return ""

    def hello(self, seq: int) -> Hello:
        return Hello("hx-test", "0", "paper", seq, ns_text(START_NS))

    def now(self, shown: Audience) -> Now:
        return Now(ns_text(START_NS), None, "10x", 0, "ACTIVE", (), (), (), 0, 0, 0, 0)


class Hud:
    """`asked`: every call, with actor and key. `answer`: what the daemon says to one."""

    def __init__(self, folder: Path, public_host: str = PUBLIC, proxies: tuple[str, ...] = (), **limits: int) -> None:
        self.now_ns = START_NS
        self.glance = GOOD
        self.people = {identity: person for person in (BOSS, ANN, EVE) for identity in person.identities}
        self.asked: list[tuple[Actor, Any, str]] = []
        self.answer: Callable[[Actor, Any], tuple[Any, Problem | None]] = lambda actor, verb: ({"done": True}, None)
        self.strangers: list[str] = []
        self.refused: list[tuple[str, str, str]] = []
        self.tickets = Tickets(lambda: self.now_ns)
        self.folder = folder
        self._listener = listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.world = World(
            ask=self._ask,
            person=self.people.get,
            now_ns=lambda: self.now_ns,
            look=lambda: self.glance,
            envelope=self.envelope,
            stranger=self.strangers.append,
            refused=lambda actor, verb, why: self.refused.append((actor.identity, verb, why)),
            figures=self._figures,
            tickets=self.tickets,
            bot_token=Secret(BOT_TOKEN),
        )
        self.setup = Setup(self.port, public_host, frozenset(proxies), Secret(METRICS_TOKEN))
        self.limits = Limits(**limits)
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    # --- the daemon ------------------------------------------------------------------------------------

    async def _ask(self, actor: Actor, verb: Any, key: str = "") -> Answer:
        self.asked.append((actor, verb, key))
        data, problem = self.answer(actor, verb)
        return self.envelope(f"hydra.{type(verb).__name__.lower()}/v1", data, problem)

    def envelope(self, schema: str, data: Any, problem: Problem | None) -> Answer:
        daemon = DaemonInfo("0.1.0", 1, "hx-test", "paper")
        return Answer(schema, problem is None, ns_text(self.now_ns), daemon, data, error=problem)

    def _figures(self) -> list[Figure]:
        return [one("hydra_up", "It is up.", 1.0), Figure("hydra_x", "x", ((("a",), 2.0),), ("kind",), "counter")]

    # --- its server ------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._task = self._loop.create_task(self._serve())
        with pytest.raises(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _serve(self) -> None:
        self.stream = Stream(Quiet())
        self.doors = Doors(self.world, self.setup, self.limits, Store(self.folder / "hud.db"))
        self.server = HudServer(self.world, self.setup, self.doors, files.read(), self.stream)
        try:
            await self.server.serve(self._listener, self._up.set)
        finally:
            self.doors.close()

    def on_loop(self, work: Callable[[], Any]) -> None:
        """Done by the loop's thread before this returns."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (work(), done.set()))
        assert done.wait(20)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(20)
        assert not self._thread.is_alive()

    # --- a client ---------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Got:
        """Exactly these headers, `Host` and what http.client adds to it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            sent = {"host": f"127.0.0.1:{self.port}", **(headers or {})}
            if body is not None and "transfer-encoding" not in sent:
                sent.setdefault("content-length", str(len(body)))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            found = answer.getheaders()
            cookies = [value for name, value in found if name.lower() == "set-cookie"]
            return Got(answer.status, {name.lower(): value for name, value in found}, answer.read(), cookies)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Got:
        return self.send("GET", path, None, _named(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Got:
        """JSON, as our own page sends it."""
        sent = {"content-type": "application/json", **SAME, **_named(headers)}
        return self.send("POST", path, json.dumps({} if body is None else body).encode(), sent)

    def code(self, identity: str = "uid:1000", purpose: Purpose = Purpose.LOGIN) -> str:
        return self.tickets.draw(purpose, identity)[0]

    def login(self, identity: str = "uid:1000", **headers: str) -> str:
        """A cookie."""
        got = self.post("/session", {"code": self.code(identity)}, **headers)
        assert got.status == 200, got.body
        return got.cookie

    def set_pin(self, person: Person, text: str) -> None:
        done = asyncio.run_coroutine_threadsafe(self.doors.set_pin(person, text), self._loop)
        done.result(20)

    def later(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Hud]]:
    made: list[Hud] = []

    def build(**options: Any) -> Hud:
        made.append(Hud(tmp_path, **options))
        return made[-1]

    yield build
    for hud in made:
        if hud._thread.is_alive():
            hud.close()


@pytest.fixture
def hud(make: Callable[..., Hud]) -> Hud:
    return make()


def refused_connection(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return True
    return False
