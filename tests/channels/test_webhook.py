"""Letters to a real HTTP receiver that checks the signature as docs/alerts.md shows it; and receivers that fail."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hydrad.channels import signing
from hydrad.channels.carrying import Carried
from hydrad.channels.threads import Threads
from hydrad.channels.webhook import Setup, Webhook
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.outcomes import Lost, Refused, Sent, Throttled
from hydrad.outbox.store import Row
from tests.channels.mailroom import TOKENS, server_context
from tests.channels.receiver import BadSignature, verified

NOW_NS = 1_900_000_000_500_000_000
SECRET = "whsec_" + base64.b64encode(b"canary-webhook-secret-0123456789").decode()


class Receiver(ThreadingHTTPServer):
    """`answer`: status and headers. `got`: path, headers and body of each POST."""

    daemon_threads = True

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status, self.headers = status, headers
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.body = b"ok"
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
        except OSError:
            return

    def log_message(self, *args: Any) -> None:
        return


@contextmanager
def receiver(status: int = 204, tls: bool = False, **headers: str) -> Iterator[Receiver]:
    server = Receiver(status, headers)
    if tls:
        server.socket = server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def row(text: str = "ACT_UNKNOWN F-1", doubt_ns: int = 0, image: bytes = b"") -> Row:
    letter = Letter(
        key="alarm 7 1", channel=Channel.WEBHOOK, to="webhook", priority=Priority.ALARM, text=text, image=image
    )
    return Row(1, letter, None, doubt_ns)


def sent(url: str, letter: Row | None = None, context: ssl.SSLContext | None = None, whole_s: float = 20.0) -> Carried:
    async def one() -> Carried:
        setup = Setup(url, signing.key_of(SECRET), "desk", "paper", context)
        webhook = Webhook(setup, lambda: NOW_NS, Threads("webhook", whole_s))
        try:
            return await webhook.carry(letter or row())
        finally:
            webhook.close()

    return asyncio.run(one())


def url_of(server: Receiver, path: str = "/hook", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_address[1]}{path}"


# --- signing --------------------------------------------------------------------------------------------


def test_the_specifications_own_example() -> None:
    key = signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signing.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["", "short", "whsec_", "whsec_????", "whsec_" + base64.b64encode(b"x" * 23).decode()])
def test_a_secret_that_is_none_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(signing.BadKey) as refused:
        signing.key_of(text)
    assert not text or text not in str(refused.value)


def test_a_receiver_can_check_it_and_refuses_what_was_changed_or_is_old() -> None:
    with receiver() as server:
        assert sent(url_of(server, "/hook?x=1"), row("hostile\r\n\u2028{}\x00")) == Carried(Sent())
    ((path, headers, body),) = server.got
    assert path.startswith("/hook")
    now_s = NOW_NS // 10**9
    data = verified(SECRET, headers, body, now_s)
    assert data["text"] == "hostile\r\n\u2028{}\x00" and (data["home"], data["mode"]) == ("desk", "paper")
    assert data["schema"] == "hydra.letter/v1" and data["priority"] == "ALARM" and data["image"] is None
    for other in (
        ({**headers, "webhook-id": "msg_other"}, body, now_s),
        ({**headers, "webhook-timestamp": str(now_s + 1)}, body, now_s),
        (headers, body.replace(b"hostile", b"harmless"), now_s),
        (headers, body, now_s + 301),
        (headers, body, now_s - 301),
    ):
        with pytest.raises(BadSignature):
            verified(SECRET, *other)
    with pytest.raises(BadSignature):
        verified("whsec_" + base64.b64encode(b"y" * 32).decode(), headers, body, now_s)


def test_a_repeat_has_the_same_id_and_says_that_it_may_be_one() -> None:
    with receiver() as server:
        sent(url_of(server))
        sent(url_of(server), row(doubt_ns=5, image=b"\x89PNG"))
    (_, first, one), (_, second, two) = server.got
    assert first["webhook-id"] == second["webhook-id"]
    assert (json.loads(one)["may_be_repeat"], json.loads(two)["may_be_repeat"]) == (False, True)
    assert base64.b64decode(json.loads(two)["image"]) == b"\x89PNG"


def test_over_tls_the_certificate_is_checked() -> None:
    trusted = ssl.create_default_context()
    TOKENS.configure_trust(trusted)
    with receiver(tls=True) as server:
        assert sent(url_of(server, scheme="https"), context=trusted) == Carried(Sent())
        untrusted = sent(url_of(server, scheme="https"), context=ssl.create_default_context())
    assert isinstance(untrusted.outcome, Lost) and not untrusted.outcome.reached and "CERTIFICATE" in untrusted.why
    assert len(server.got) == 1


# --- answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Sent()),
        (400, {}, Refused("the receiver answers 400")),
        (401, {}, Lost("the receiver answers 401", reached=False)),
        (404, {}, Lost("the receiver answers 404", reached=False)),
        (500, {}, Lost("the receiver answers 500", reached=False)),
        (429, {"Retry-After": "7"}, Throttled(7.0)),
        (503, {"Retry-After": "99999999"}, Throttled(3600.0)),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Throttled(60.0)),
        (429, {"Retry-After": "-5"}, Throttled(60.0)),
    ],
)
def test_what_an_answer_means(status: int, headers: dict[str, str], outcome: Any) -> None:
    with receiver(status, **headers) as server:
        got = sent(url_of(server))
    assert got.outcome == outcome
    assert bool(got.why) is not isinstance(outcome, Sent)


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/"), ("/", "/"), ("/a/b?key=1&x=/y", "/a/b?key=1&x=/y"), ("/a?", "/a"), ("/a#b", "/a")]
)
def test_it_is_sent_to_the_whole_address(path: str, asked: str) -> None:
    with receiver() as server:
        assert sent(url_of(server, path)).outcome == Sent()
    assert [place for place, _, _ in server.got] == [asked]


def test_no_redirect_is_followed() -> None:
    with receiver() as thief, receiver(302, Location=url_of(thief)) as server:
        got = sent(url_of(server))
    assert isinstance(got.outcome, Lost) and "302" in got.why
    assert thief.got == []


def test_an_endless_answer_is_not_read() -> None:
    with receiver(200) as server:
        server.body = b"x" * (64 << 20)
        assert sent(url_of(server)) == Carried(Sent())


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    got = sent(f"http://127.0.0.1:{port}/")
    assert isinstance(got.outcome, Lost) and not got.outcome.reached and "refused" in got.why


def test_a_receiver_that_says_nothing_is_left_in_time_and_in_doubt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        got = sent(f"http://127.0.0.1:{silent.getsockname()[1]}/", whole_s=0.5)
    assert isinstance(got.outcome, Lost) and got.outcome.reached and "too long" in got.why


def test_the_secret_is_in_no_text() -> None:
    setup = Setup("https://example.org/", signing.key_of(SECRET), "desk", "paper", None)
    assert "canary" not in repr(setup) and "canary" not in str(setup)
