"""Connections that do not ask: bounded in number before they say anything, and in time until they have."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Callable, Iterator

import pytest

from hydrad.hud import peers, server
from tests.hud.conftest import Hud


@contextlib.contextmanager
def connected(hud: Hud, say: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        peer.sendall(say)
        yield peer


def hung_up(peer: socket.socket) -> bool:
    try:
        return peer.recv(100) == b""
    except ConnectionResetError:
        return True


def answers(hud: Hud) -> bool:
    try:
        return hud.get("/livez").status == 200
    except (ConnectionError, http.client.HTTPException):
        return False


@pytest.mark.parametrize("say", [b"", b"GET /livez HTT", b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_head_that_does_not_come_is_not_waited_for(hud: Hud, monkeypatch: pytest.MonkeyPatch, say: bytes) -> None:
    monkeypatch.setattr(peers, "HEAD_S", 0.05)
    with connected(hud, say) as peer:
        assert hung_up(peer)
    assert hud.get("/livez").status == 200


def test_bytes_that_trickle_in_buy_no_time(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "HEAD_S", 0.2)
    with connected(hud, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ") as peer:
        peer.settimeout(0.01)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                peer.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    assert peer.recv(1) == b""
                    raise BrokenPipeError


def test_the_second_request_of_a_connection_has_its_time_too(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(hud, whole) as peer:
        told = b""
        while not told.endswith(b"ok\n"):  # head and body may come apart
            piece = peer.recv(2_000)
            assert piece, told
            told += piece
        monkeypatch.setattr(peers, "HEAD_S", 0.05)
        peer.sendall(whole[:20])
        assert hung_up(peer)


def test_a_stream_is_no_head_and_stays(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "HEAD_S", 0.05)
    connection = http.client.HTTPConnection("127.0.0.1", hud.port, timeout=20)
    connection.request("GET", "/api/v1/stream", headers={"cookie": hud.login()})
    answer = connection.getresponse()
    with connected(hud) as idle:
        assert hung_up(idle)  # so its own time has passed as well
    before = hud.stream._beats
    hud.on_loop(hud.stream.beat)
    assert hud.stream._beats == before + 1 and hud.stream.watchers == 1
    while b"event: now" not in answer.readline():
        pass
    connection.close()


def test_there_are_so_many_though_none_has_asked(make: Callable[..., Hud], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 5)
    hud = make()
    with contextlib.ExitStack() as held:
        idle = [held.enter_context(connected(hud)) for _ in range(9)]
        assert [hung_up(peer) for peer in idle[5:]] == [True] * 4
    while not answers(hud):  # as soon as it has seen that they left
        pass
