"""What a request must be, and what a response carries: cross-site requests, names that point here, sizes, rates, headers."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable

import pytest

from hydrad.host.rates import Buckets, Rate
from hydrad.hud import doors, guard
from tests.hud.conftest import PUBLIC, START_NS, Got, Hud

JSON = "application/json"
KEY = {"idempotency-key": "k"}


def halt(hud: Hud, cookie: str, **headers: str) -> Got:
    """An act with exactly these headers."""
    sent = {"cookie": cookie, **KEY, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return hud.send("POST", "/api/v1/halt", b"{}", sent)


def here(hud: Hud) -> str:
    return f"http://127.0.0.1:{hud.port}"


# --- asked by a page from elsewhere -----------------------------------------------------------------------


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin", "same-origin, none", "evil"])
def test_a_page_from_elsewhere_changes_nothing(hud: Hud, site: str) -> None:
    got = halt(hud, hud.login(), content_type=JSON, sec_fetch_site=site, origin=here(hud))
    assert got.status == 403 and got.needs == "same-origin" and not hud.asked


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_may(hud: Hud, site: str) -> None:
    assert halt(hud, hud.login(), content_type=JSON, sec_fetch_site=site).status == 200


def test_without_fetch_metadata_the_origin_is_exactly_ours(hud: Hud) -> None:
    cookie = hud.login()
    assert halt(hud, cookie, content_type=JSON, origin=here(hud)).status == 200
    for origin in (
        "null",
        "http://127.0.0.1",
        f"https://127.0.0.1:{hud.port}",
        f"http://127.0.0.1:{hud.port + 1}",
        f"http://localhost:{hud.port}",
        f"{here(hud)}/",
        f"{here(hud)}.evil.example",
        "https://evil.example",
        f"https://{PUBLIC}",
    ):
        assert halt(hud, cookie, content_type=JSON, origin=origin).status == 403, origin
    assert halt(hud, cookie, content_type=JSON).status == 403


def test_at_the_public_name_the_origin_is_the_public_one(hud: Hud) -> None:
    cookie = hud.login(host=PUBLIC)
    assert halt(hud, cookie, content_type=JSON, host=PUBLIC, origin=f"https://{PUBLIC}").status == 200
    assert halt(hud, cookie, content_type=JSON, host=PUBLIC, origin=f"http://{PUBLIC}").status == 403
    assert halt(hud, cookie, content_type=JSON, host=PUBLIC, origin=here(hud)).status == 403


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonp", "text/json"],
)
def test_a_form_cannot_act(hud: Hud, kind: str) -> None:
    got = halt(hud, hud.login(), content_type=kind, sec_fetch_site="same-origin")
    assert got.status == 415 and not hud.asked


def test_json_with_its_charset_is_json(hud: Hud) -> None:
    got = halt(hud, hud.login(), content_type="application/json; charset=utf-8", sec_fetch_site="same-origin")
    assert got.status == 200


def test_there_is_no_cors(hud: Hud) -> None:
    for method in ("GET", "OPTIONS"):
        got = hud.send(method, "/api/v1/status", None, {"origin": "https://evil.example", "cookie": hud.login()})
        assert not [name for name in got.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_a_post_acts(hud: Hud, method: str) -> None:
    got = hud.send(method, "/api/v1/halt", None, {"cookie": hud.login(), "sec-fetch-site": "same-origin", **KEY})
    assert got.status == 405 and not hud.asked


# --- names that point here --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8888",
        "127.0.0.2",
        "0.0.0.0",
        f"{PUBLIC}.evil.example",
        f"x.{PUBLIC}",
        f"{PUBLIC}:8443",
        "",
        "localhost:",
        "localhost:x",
        "user@localhost",
        "[::2]:80",
    ],
)
def test_another_name_for_this_address_gets_nothing(hud: Hud, host: str) -> None:
    got = hud.send("GET", "/livez", None, {"host": host})
    assert got.status == 421 and got.json["error"]["code"] == "USAGE"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:80", PUBLIC, f"{PUBLIC}:443"])
def test_our_names_are_taken(hud: Hud, host: str) -> None:
    assert hud.send("GET", "/livez", None, {"host": host}).status == 200


def test_without_a_public_url_there_is_no_public_name(make: Callable[..., Hud]) -> None:
    hud = make(public_host="")
    assert hud.send("GET", "/livez", None, {"host": PUBLIC}).status == 421
    assert hud.send("GET", "/livez", None, {"host": ":443"}).status == 421


def test_two_host_lines_are_none(hud: Hud) -> None:
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        peer.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert peer.recv(100).split()[1] in (b"400", b"421")


# --- sizes and rates --------------------------------------------------------------------------------------


def test_a_body_has_a_limit_whether_its_length_is_told_or_not(hud: Hud) -> None:
    cookie = hud.login()
    sent = {"cookie": cookie, "content-type": JSON, "sec-fetch-site": "same-origin", **KEY}
    big = json.dumps({"reason": "x" * guard.BODY_BYTES_MAX}).encode()
    assert hud.send("POST", "/api/v1/halt", big, sent).status == 413
    chunk = b"%x\r\n%s\r\n" % (len(big), big)
    chunked = {**sent, "transfer-encoding": "chunked"}
    got = hud.send("POST", "/api/v1/halt", chunk + b"0\r\n\r\n", chunked)
    assert got.status == 413 and got.json["error"]["code"] == "USAGE" and not hud.asked


@pytest.mark.parametrize("length", ["-1", "1e3", "+5", "99999999999999999999"])
def test_a_length_that_is_no_number_or_too_great_is_refused(hud: Hud, length: str) -> None:
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        head = f"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\r\n"
        peer.sendall(head.encode())
        assert peer.recv(100).split()[1] in (b"400", b"413")


def test_a_body_that_does_not_come_is_not_waited_for(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.05)
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        head = f"POST /session HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: {JSON}\r\n"
        peer.sendall(head.encode() + b"Content-Length: 10\r\n\r\n{")
        assert peer.recv(100).split()[1] == b"408"


def test_a_body_that_trickles_in_is_not_waited_for_either(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.5)
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        head = f"POST /session HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: {JSON}\r\n"
        peer.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n")
        peer.settimeout(0.1)
        for _ in range(100):  # a byte each time that nothing was answered
            peer.sendall(b"{")
            try:
                assert peer.recv(100).split()[1] == b"408"
                return
            except TimeoutError:
                continue
        pytest.fail("a body may trickle in for ever")


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [("POST /session", "text/plain", b"415"), ("POST /session/end", JSON, b"401"), ("GET /livez", JSON, b"200")],
)
def test_who_was_answered_before_the_body_came_is_hung_up_on(hud: Hud, line: str, kind: str, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        head = f"{line} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: {kind}\r\n"
        peer.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n{")
        told = b""
        with contextlib.suppress(ConnectionResetError):  # a byte of ours may have been under way
            while part := peer.recv(4_096):  # until it hangs up
                told += part
                with contextlib.suppress(OSError):
                    peer.sendall(b"{")
        assert told.split()[1] == status


def test_a_session_may_ask_so_often(hud: Hud) -> None:
    cookie = hud.login()
    burst = doors.SESSION_RATE.burst
    statuses = [hud.get("/session", cookie=cookie).status for _ in range(burst + 5)]
    assert statuses[:burst] == [200] * burst and set(statuses[burst:]) == {429}
    other = hud.login("telegram:7")
    assert hud.get("/session", cookie=other).status == 200
    hud.later(1)
    got = hud.get("/session", cookie=cookie)
    assert got.status == 200


def test_a_halt_is_never_too_often(hud: Hud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by one's own requests, nor by those of others at the same address."""
    monkeypatch.setattr(hud.doors._rates, "_rate", Rate(0.001, 2))
    monkeypatch.setattr(hud.server.app._peers, "_rate", Rate(0.001, 8))
    cookie = hud.login()
    while hud.get("/session", cookie=cookie).status != 429:
        continue
    for n in range(10):
        assert hud.post("/api/v1/halt", cookie=cookie, idempotency_key=f"h{n}").status == 200
    while hud.get("/livez").status != 429:  # until the address has had its share
        continue
    assert hud.post("/api/v1/halt", cookie=cookie, idempotency_key="h").status == 200 and len(hud.asked) == 11
    assert hud.post("/api/v1/halt", idempotency_key="h").status == 401
    assert hud.post("/api/v1/flatten", cookie=cookie, idempotency_key="f").status == 429


def test_too_often_says_when_to_come_again(hud: Hud) -> None:
    got = next(got for got in (hud.post("/session", {"code": "x"}) for _ in range(20)) if got.status == 429)
    assert int(got.headers["retry-after"]) >= 1 and got.json["error"]["facts"]["retry_after_s"] > 0


def test_logins_are_counted_by_who_asks_and_forwarded_words_count_only_from_a_proxy(make: Callable[..., Hud]) -> None:
    hud = make()
    tries = [hud.post("/session", {"code": "x"}, x_forwarded_for=f"203.0.113.{n}").status for n in range(12)]
    assert tries == [401] * 10 + [429] * 2
    behind = make(proxies=("127.0.0.1",))
    for n in range(12):
        assert behind.post("/session", {"code": "x"}, x_forwarded_for=f"198.51.100.7, 203.0.113.{n}").status == 401
    tries = [
        behind.post("/session", {"code": "x"}, x_forwarded_for=f"198.51.100.{n}, 203.0.113.99").status
        for n in range(12)
    ]
    assert tries == [401] * 10 + [429] * 2


def test_buckets_fill_again_and_forget() -> None:
    buckets = Buckets(Rate(per_s=2.0, burst=3))
    assert [buckets.take("a", START_NS) for _ in range(3)] == [0.0] * 3
    assert buckets.take("a", START_NS) == pytest.approx(0.5)
    assert buckets.take("a", START_NS + 500_000_000) == 0.0
    assert buckets.take("a", START_NS - 10**12) > 0  # a clock that steps back fills nothing
    for name in range(10_000):
        buckets.take(name, START_NS)
    assert len(buckets._held) == 4_096


# --- what every response carries --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/hud", "/login", "/livez", "/metrics", "/api/v1/status", "/nosuch", "/static/hud.js"]
)
def test_every_response_has_the_headers(hud: Hud, path: str) -> None:
    headers = hud.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin" and "camera=()" in headers["permissions-policy"]


def test_refusals_have_them_too(hud: Hud) -> None:
    assert "content-security-policy" in hud.send("GET", "/livez", None, {"host": "evil.example"}).headers


def test_only_the_mini_app_may_be_framed_and_only_by_telegram(hud: Hud) -> None:
    framed = hud.get("/app").headers["content-security-policy"]
    assert framed.endswith("frame-ancestors https://web.telegram.org https://*.telegram.org")
    for path in ("/app/", "/apps", "/APP", "/hud?x=/app"):
        assert "frame-ancestors 'none'" in hud.get(path).headers["content-security-policy"]


def test_data_is_not_stored_by_anybody(hud: Hud) -> None:
    cookie = hud.login()
    for path in ("/session", "/api/v1/status"):
        assert hud.get(path, cookie=cookie).headers["cache-control"] == "no-store"
