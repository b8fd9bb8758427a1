"""One request is one request, whoever reads it on the way: no second one hides in its body, no path leads elsewhere."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.hud.conftest import PUBLIC, Hud

ACT = b"POST /api/v1/halt HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: application/json\r\n"


def sent(hud: Hud, head: bytes, body: bytes = b"") -> bytes:
    """All that is answered until it hangs up."""
    told = b""
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        peer.sendall(head + b"\r\n" + body)
        with contextlib.suppress(ConnectionResetError):
            while part := peer.recv(4_096):
                told += part
    return told


def act(hud: Hud) -> bytes:
    """A whole one, by who is logged in."""
    head = ACT + f"Cookie: {hud.login()}\r\nIdempotency-Key: hidden\r\nConnection: close\r\n".encode()
    return head + b"Content-Length: 2\r\n\r\n{}"


def test_what_is_hidden_here_would_act(hud: Hud) -> None:
    whole = act(hud)
    assert sent(hud, whole.removesuffix(b"\r\n{}"), b"{}").startswith(b"HTTP/1.1 200") and len(hud.asked) == 1


TWOFOLD = (
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 0\r\nContent-Length: 2\r\n",
    b"Content-Length: 0, 2\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked\r\nX: a\x00b\r\n",
)


@pytest.mark.parametrize("line", [b"POST /session", b"GET /livez"])
def test_two_words_about_its_length_are_one_too_many(hud: Hud, line: bytes) -> None:
    head = line + b" HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: application/json\r\n"
    hidden = b"0\r\n\r\n" + act(hud)
    for framing in TWOFOLD:
        told = sent(hud, head + framing, hidden)
        assert told.split()[1] in (b"400", b"501"), framing
        assert told.count(b"HTTP/1.1 ") == 1 and not hud.asked, f"nothing more is read after {framing!r}"


def test_a_body_that_nobody_reads_is_no_request(hud: Hud) -> None:
    hidden = act(hud)
    for line in (b"POST /livez", b"POST /nosuch", b"PUT /session"):
        head = line + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nConnection: close\r\n" % len(hidden)
        told = sent(hud, head, hidden)
        assert told.split()[1] in (b"404", b"405") and told.count(b"HTTP/1.1 ") == 1 and not hud.asked, line


PATHS = ("/livez/", "/session/", "/hud/", "//evil.example/livez/", "/app//", "http://evil.example/livez", "/\\evil")


@pytest.mark.parametrize("host", ["localhost", PUBLIC])
def test_no_path_is_led_to_another(hud: Hud, host: str) -> None:
    """A redirect would name a scheme, and behind a proxy that ends TLS it would be the wrong one."""
    for path in PATHS:
        got = hud.send("GET", path, None, {"host": host})
        assert got.status == 404 and "location" not in got.headers, path
