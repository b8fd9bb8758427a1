"""The stream's bytes on a real connection: framed as the client's version of HTTP has it, and nobody's fault is another's."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable

import pytest

from hydrad.hud import server
from tests.hud.conftest import Hud

PATH = "/api/v1/stream"


def asked(hud: Hud, version: str, cookie: str, receives: int | None = None) -> socket.socket:
    peer = socket.socket()
    if receives is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    peer.settimeout(20)
    peer.connect(("127.0.0.1", hud.port))
    peer.sendall(f"GET {PATH} HTTP/{version}\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
    return peer


def told(peer: socket.socket, mark: bytes) -> bytes:
    found = b""
    while mark not in found:
        piece = peer.recv(65_536)
        assert piece, found
        found += piece
    return found


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length : length + 2] == b"\r\n", "a chunk is as long as it says"
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


def test_the_bytes_are_chunked_and_the_last_chunk_ends_them(hud: Hud) -> None:
    cookie = hud.login()
    with asked(hud, "1.1", cookie) as peer:
        found = told(peer, b"event: now")
        hud.people.clear()
        hud.on_loop(hud.stream.beat)
        head, _, body = (found + told(peer, b"0\r\n\r\n")).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower() and b"content-length" not in head.lower()
    assert b"content-type: text/event-stream" in head.lower() and b"content-encoding" not in head.lower()
    events = unchunked(body).decode()
    assert events.startswith("retry: ") and events.endswith("\n\n") and "event: hello\n" in events


def test_a_client_of_http_1_0_gets_them_as_they_are(hud: Hud) -> None:
    with asked(hud, "1.0", hud.login()) as peer:
        found = told(peer, b"event: now")
        hud.people.clear()
        hud.on_loop(hud.stream.beat)
        while piece := peer.recv(65_536):
            found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower() and body.startswith(b"retry: ") and body.endswith(b"\n\n")


def test_a_head_is_answered_and_watches_nothing(hud: Hud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hud.port, timeout=20)
    for _ in range(2):  # the connection is good for more
        connection.request("HEAD", PATH, headers={"cookie": hud.login()})
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() == b""
    assert hud.stream.watchers == 0
    connection.close()


def test_a_page_that_leaves_is_counted_no_more(hud: Hud) -> None:
    with asked(hud, "1.1", hud.login()) as peer:
        told(peer, b"event: now")
        assert hud.stream.watchers == 1
    while hud.stream.watchers:
        hud.on_loop(hud.stream.beat)


def test_one_that_reads_nothing_is_dropped_alone(make: Callable[..., Hud], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STALLED_S", 1)
    hud = make()
    cookie = hud.login()
    with asked(hud, "1.1", cookie, receives=4_096) as stalled, asked(hud, "1.1", cookie) as reader:
        told(reader, b"event: now")
        while hud.stream.watchers < 2:
            hud.on_loop(hud.stream.beat)
        while hud.stream.watchers == 2:
            hud.on_loop(hud.stream.beat)
            told(reader, b"event: now")
        assert hud.stream.watchers == 1
        hud.on_loop(hud.stream.beat)
        assert b"event: now" in told(reader, b"event: now")
        with pytest.raises(ConnectionResetError):
            while stalled.recv(65_536):
                pass
            raise AssertionError("ended as if all had been told")
