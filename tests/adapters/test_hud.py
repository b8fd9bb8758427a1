"""The HUD's page and probes over real HTTP: measured, escaped, on loopback, with no signals of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest

from hydrad.hud.page import Check, Glance, html
from hydrad.hud.server import HudServer, listen

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


class Served:
    """A server on a loop of its own thread; `glance` is what it measures."""

    def __init__(self) -> None:
        self.glance = GOOD
        self.server = HudServer(lambda: self.glance)
        listener = listen(0)
        self.port: int = listener.getsockname()[1]
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    def _run(self, listener: socket.socket) -> None:
        self._task = self._loop.create_task(self.server.serve(listener, self._up.set))
        with pytest.raises(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    def get(self, path: str, host: str = "127.0.0.1", method: str = "GET") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def close(self) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made.port), 5)


def test_probes_say_what_is_measured_now(served: Served) -> None:
    assert [served.get(path)[0] for path in ("/livez", "/readyz", "/healthz")] == [200, 200, 200]
    served.glance = msgspec.structs.replace(GOOD, live=False, ready=False, healthy=False)
    assert [served.get(path)[0] for path in ("/livez", "/readyz", "/healthz")] == [503, 503, 503]
    assert served.server.requests == 6


def test_healthz_is_json_with_every_check(served: Served) -> None:
    _, headers, body = served.get("/healthz")
    assert headers["content-type"] == "application/json" and headers["cache-control"] == "no-store"
    assert msgspec.convert(json.loads(body), Glance) == GOOD


def test_the_page_says_its_mode_and_when_it_was_made(served: Served) -> None:
    status, headers, body = served.get("/")
    assert status == 200 and "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "PAPER" in body and "2026-11-26T09:00:00.000Z" in body and "ACTIVE" in body
    assert "server" not in headers


def test_other_paths_methods_and_hosts_get_nothing(served: Served) -> None:
    assert served.get("/nosuch")[0] == 404
    assert served.get("/", method="POST")[0] == 405
    status, _, body = served.get("/", host="evil.example")
    assert status == 400 and "PAPER" not in body


def test_every_value_is_escaped_and_what_fails_stands_first() -> None:
    nasty = "<script>alert('1')</script>"
    checks = (Check("fine", True, "x"), Check(nasty, False, nasty))
    page = html(Glance(nasty, nasty, nasty, nasty, True, True, False, checks))
    assert "<script" not in page.lower() and page.count("&lt;script") >= 5
    assert "1 of 2 checks FAIL" in page and page.index("FAILS") < page.index("fine")


def test_it_leaves_signals_alone() -> None:
    """On the main thread, where uvicorn would take them."""

    async def story() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        up = asyncio.Event()
        task = asyncio.create_task(HudServer(lambda: GOOD).serve(listen(0), up.set))
        await asyncio.wait_for(up.wait(), 20)
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        task.cancel()
        await asyncio.wait({task}, timeout=20)
        assert task.cancelled()

    asyncio.run(story())


def test_a_port_that_is_taken_is_an_error() -> None:
    with listen(0) as taken:
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            listen(taken.getsockname()[1])
