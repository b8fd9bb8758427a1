"""The server itself: probes, pages, metrics, its socket and its end, over real HTTP."""

from __future__ import annotations

import gzip
import http.client
import signal
import socket
import threading
from collections.abc import Callable

import msgspec
import pytest

from hydrad.hud import files
from hydrad.hud.glance import Glance
from hydrad.hud.server import listen
from tests.hud.conftest import GOOD, METRICS_TOKEN, PUBLIC, Hud, refused_connection


def test_probes_say_what_is_measured_now(hud: Hud) -> None:
    assert [hud.get(path).status for path in ("/livez", "/readyz", "/healthz")] == [200, 200, 200]
    hud.glance = msgspec.structs.replace(GOOD, live=False, ready=False, healthy=False)
    assert [hud.get(path).status for path in ("/livez", "/readyz", "/healthz")] == [503, 503, 503]
    assert hud.server.requests == 6


def test_healthz_is_json_with_every_check(hud: Hud) -> None:
    got = hud.get("/healthz")
    assert got.headers["content-type"] == "application/json" and got.headers["cache-control"] == "no-store"
    assert msgspec.json.decode(got.body, type=Glance) == GOOD


def test_metrics_are_prometheus_text_in_a_registry_of_our_own(hud: Hud) -> None:
    got = hud.get("/metrics")
    assert got.status == 200 and got.headers["content-type"].startswith("text/plain")
    lines = got.body.decode().splitlines()
    assert "hydra_up 1.0" in lines and 'hydra_x_total{kind="a"} 2.0' in lines
    assert all(line.startswith(("#", "hydra_")) for line in lines)


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_figures_are_for_this_machine_or_the_token(hud: Hud, path: str) -> None:
    assert hud.get(path).status == 200
    assert hud.get(path, host=PUBLIC).status == 403
    assert hud.get(path, x_forwarded_for="203.0.113.9").status == 403
    assert hud.get(path, host=PUBLIC, authorization="Bearer wrong").status == 403
    assert hud.get(path, authorization="Bearer wrong").status == 403
    assert hud.get(path, host=PUBLIC, authorization=f"Bearer {METRICS_TOKEN}").status == 200


@pytest.mark.parametrize("path", files.PAGES)
def test_every_page_is_there_for_everybody_and_holds_no_data(hud: Hud, path: str) -> None:
    got = hud.get(path)
    assert got.status == 200 and got.headers["content-type"] == "text/html; charset=utf-8"
    assert b"hx-test" not in got.body and "server" not in got.headers


def test_a_file_is_sent_once_and_packed_where_it_may_be(hud: Hud) -> None:
    held = {name: one for name, one in files.read().items() if one.packed is not None}
    name, one = next(iter(held.items()))
    plain, packed = hud.get(f"/static/{name}"), hud.get(f"/static/{name}", accept_encoding="br, gzip")
    assert plain.body == one.plain == gzip.decompress(packed.body)
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    again = hud.get(f"/static/{name}", if_none_match=plain.headers["etag"])
    assert again.status == 304 and again.body == b"" and again.headers["etag"] == one.etag


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/static//etc/passwd"]
)
def test_only_what_was_read_at_the_start_can_be_named(hud: Hud, path: str) -> None:
    assert hud.get(path).status == 404


def test_pages_that_have_no_index_stop_the_start(tmp_path: object) -> None:
    with pytest.raises(ValueError, match="index"):
        files.read(tmp_path)  # type: ignore[arg-type]


def test_other_paths_and_methods_get_an_envelope(hud: Hud) -> None:
    assert hud.get("/nosuch").json["error"]["code"] == "NOT_FOUND"
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        sent = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
        got = hud.send(method, "/livez", b"{}", sent)
        assert got.status == 405 and got.json["error"]["code"] == "USAGE" and "GET" in got.headers["allow"]


def test_a_request_that_fails_says_so_and_nothing_of_why(hud: Hud) -> None:
    cookie = hud.login()

    def broken(actor: object, verb: object) -> tuple[object, None]:
        raise RuntimeError("canary in an error")

    hud.answer = broken
    got = hud.get("/api/v1/status", cookie=cookie)
    assert got.status == 500 and got.json["error"]["code"] == "FAILED" and b"canary" not in got.body
    assert hud.get("/livez").status == 200


# --- the socket, signals, the end -------------------------------------------------------------------------


def test_it_leaves_signals_alone(hud: Hud) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert hud.get("/livez").status == 200
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_port_that_is_taken_is_an_error() -> None:
    with listen(0) as taken:
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            listen(taken.getsockname()[1])


def test_streams_do_not_hold_up_the_end_and_no_thread_is_left(hud: Hud) -> None:
    cookie = hud.login()
    opened = []
    for _ in range(50):
        connection = http.client.HTTPConnection("127.0.0.1", hud.port, timeout=20)
        connection.request("GET", "/api/v1/stream", headers={"cookie": cookie})
        answer = connection.getresponse()
        assert answer.status == 200 and answer.readline()
        opened.append(connection)
    assert hud.stream.watchers == 50
    hud.close()
    assert hud.stream.watchers == 0 and refused_connection(hud.port)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hud")]
    for connection in opened:
        connection.close()


def test_a_stream_ends_with_its_session(hud: Hud) -> None:
    cookie = hud.login("telegram:7")
    connection = http.client.HTTPConnection("127.0.0.1", hud.port, timeout=20)
    connection.request("GET", "/api/v1/stream", headers={"cookie": cookie})
    answer = connection.getresponse()
    assert answer.readline()
    hud.people.clear()
    hud.on_loop(hud.stream.beat)
    answer.read()  # to its end
    connection.close()
    assert hud.stream.watchers == 0


def test_a_stream_is_not_for_strangers_and_its_place_is_a_number(hud: Hud) -> None:
    assert hud.get("/api/v1/stream").status == 401
    assert hud.get("/api/v1/stream", cookie=hud.login(), last_event_id="-1").status == 400


def test_a_peer_that_takes_nothing_is_hung_up_by_the_kernel() -> None:
    with listen(0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000


def test_what_is_written_in_two_pieces_waits_for_no_acknowledgement() -> None:
    """A head and its body, or two events: with Nagle's algorithm the second waits for the peer's delayed ACK, 40 ms."""
    with listen(0) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname(), 20), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_headers_are_bounded(hud: Hud) -> None:
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        peer.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000)
        assert peer.recv(1_000).startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


def test_a_second_start_knows_the_sessions_of_the_first(make: Callable[..., Hud]) -> None:
    first = make()
    cookie = first.login()
    first.close()
    second = make()
    token = cookie.partition("=")[2]
    assert second.get("/session", authorization=f"Bearer {token}").status == 200
    assert (second.folder / "hud.db").stat().st_mode & 0o777 == 0o600
    assert token.encode() not in (second.folder / "hud.db").read_bytes()
