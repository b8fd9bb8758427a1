"""What leaves packed, and what never does."""

from __future__ import annotations

import gzip
import http.client
import json
from typing import Any

import pytest

from hydrad.hud.packing import ABOVE_BYTES
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode
from tests.hud.conftest import Got, Hud

LONG = [{"name": "canary " * 20, "number": number} for number in range(50)]
GZIP = {"accept_encoding": "gzip, deflate, br"}


def answering(hud: Hud, data: Any, problem: Problem | None = None) -> str:
    hud.answer = lambda actor, verb: (data, problem)
    return hud.login()


def is_packed(got: Got) -> bool:
    return got.headers.get("content-encoding") == "gzip"


def test_what_a_query_has_found_is_packed_and_the_same(hud: Hud) -> None:
    cookie = answering(hud, LONG)
    plain, packed = hud.get("/api/v1/status", cookie=cookie), hud.get("/api/v1/status", cookie=cookie, **GZIP)
    assert is_packed(packed) and not is_packed(plain)
    assert json.loads(gzip.decompress(packed.body)) == plain.json
    assert len(packed.body) < len(plain.body) / 4
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert packed.headers["content-length"] == str(len(packed.body))
    assert packed.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("gzip; q=1.0", True), ("gzip;q=0.001", True), ("gzip;q=0", False),
        ("gzip; q=0.000", False), ("br", False), ("x-gzip-like", False), ("", False),
    ],
)  # fmt: skip
def test_it_is_for_clients_that_take_it(hud: Hud, said: str, takes: bool) -> None:
    cookie = answering(hud, LONG)
    assert is_packed(hud.get("/api/v1/status", cookie=cookie, accept_encoding=said)) is takes
    assert is_packed(hud.get("/static/main.js", accept_encoding=said)) is takes


def test_what_is_small_stays_plain(hud: Hud) -> None:
    got = hud.get("/api/v1/status", cookie=answering(hud, ["x"]), **GZIP)
    assert not is_packed(got) and len(got.body) < ABOVE_BYTES


def test_the_description_is_packed(hud: Hud) -> None:
    got = hud.get("/api/v1/openapi.json", **GZIP)
    assert is_packed(got) and json.loads(gzip.decompress(got.body))["openapi"]


def test_nothing_of_a_session_is_packed(hud: Hud) -> None:
    cookie = answering(hud, LONG)
    assert not is_packed(hud.get("/session", cookie=cookie, **GZIP))
    assert not is_packed(hud.post("/session", {"code": hud.code()}, **GZIP))
    assert not is_packed(hud.post("/session", {"code": "x" * 2_000}, **GZIP))


def test_no_act_and_no_refusal_is_packed(hud: Hud) -> None:
    """They repeat what was sent."""
    cookie = answering(hud, LONG)
    act = hud.post("/api/v1/halt", {"reason": "x" * 2_000}, cookie=cookie, idempotency_key="k", **GZIP)
    assert act.status == 200 and len(act.body) > ABOVE_BYTES and not is_packed(act)
    refused = Problem(ErrorCode.NOT_FOUND.value, "canary " * 1_000)
    cookie = answering(hud, None, refused)
    got = hud.get("/api/v1/status", cookie=cookie, **GZIP)
    assert got.status == 404 and len(got.body) > ABOVE_BYTES and not is_packed(got)


def test_the_stream_is_not_packed(hud: Hud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hud.port, timeout=20)
    connection.request("GET", "/api/v1/stream", headers={"cookie": hud.login(), "accept-encoding": "gzip"})
    answer = connection.getresponse()
    assert answer.headers["content-encoding"] is None and answer.readline().startswith(b"retry: ")
    connection.close()


def test_a_head_says_what_a_get_would(hud: Hud) -> None:
    cookie = answering(hud, LONG)
    head = hud.send("HEAD", "/api/v1/status", None, {"cookie": cookie, "accept-encoding": "gzip"})
    assert is_packed(head) and head.body == b"" and int(head.headers["content-length"]) > 0
