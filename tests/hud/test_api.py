"""The API only maps: paths and parameters to verbs, codes to statuses, and each act needs its key."""

from __future__ import annotations

import json
import socket
from typing import Any, get_args

import pytest

from hydrad.domain.actors import Actor, Surface
from hydrad.hud.statuses import OF_CODE, status_of
from hydrad.hud.table import ACTS, PREFIX, QUERIES
from hydrad.toc import desk
from hydrad.toc.desk import phones
from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.answers.accounts import AccountRow
from hydrad.wire.answers.comparing import Difference, ReconcileData
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.answers.terminals import TerminalRow
from hydrad.wire.codes import ErrorCode
from tests.hud.conftest import BOSS, Hud
from tests.hud.test_pin import BODIES, act, confirm, logged_in
from tests.toc.test_sight import filled

M = "M-00000017"


def ready(hud: Hud) -> str:
    """A cookie of somebody whose PIN was just asked for."""
    return confirm(hud, logged_in(hud)).cookie


# --- queries ----------------------------------------------------------------------------------------------


def test_each_path_asks_its_verb_as_who_is_logged_in(hud: Hud) -> None:
    cookie = hud.login()
    for query in QUERIES:
        got = hud.get(PREFIX + query.path.replace("{id}", M), cookie=cookie)
        assert got.status == 200
        actor, verb, key = hud.asked.pop()
        assert actor == Actor("uid:1000", Surface.HUD) and type(verb) is query.verb and key == ""
        assert not query.as_ or getattr(verb, query.as_) == M


def test_nothing_is_asked_for_a_stranger(hud: Hud) -> None:
    for query in QUERIES:
        got = hud.get(PREFIX + query.path.replace("{id}", M))
        assert got.status == 401 and got.needs == "login" and not hud.asked
    for found in ACTS:
        got = hud.post(PREFIX + found.path.replace("{id}", M), {}, idempotency_key="k")
        assert got.status == 401 and got.needs == "login" and not hud.asked


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("/missions?state=PROPOSED&symbol=EURUSD&limit=7", calls.Missions("PROPOSED", "EURUSD", 7)),
        ("/positions?closed=true&account=alpha", calls.Positions(True, "alpha")),
        ("/fires?unknown=1&all_acts=false", calls.Fires(unknown=True)),
        ("/ticks?symbols=EURUSD&symbols=XAUUSD", calls.Ticks(("EURUSD", "XAUUSD"))),
        ("/bars/EURUSD?timeframe=H1&since=2h", calls.Bars("EURUSD", "H1", "2h")),
        ("/report?by=kind&ago_ms=3600000", calls.Report("kind", ago_ms=3_600_000)),
        ("/missions/M%2D1?", calls.MissionShow("M-1")),
    ],
)
def test_parameters_are_the_verbs_fields(hud: Hud, path: str, verb: Any) -> None:
    assert hud.get(PREFIX + path, cookie=hud.login()).status == 200
    assert hud.asked[0][1] == verb


@pytest.mark.parametrize(
    "path",
    [
        "/missions?nosuch=1",
        "/missions?limit=0",
        "/missions?limit=1001",
        "/missions?limit=x",
        "/missions?limit=1&limit=2",
        "/missions?limit=99999999999999999999999999",
        "/missions?verb=halt",
        "/positions?closed=perhaps",
        f"/missions/{M}?mission=M-2",
        f"/trace/{M}?recheck=true",
        "/report?since_ms=1.5",
    ],
)
def test_what_cannot_be_read_is_usage_and_asks_nothing(hud: Hud, path: str) -> None:
    got = hud.get(PREFIX + path, cookie=hud.login())
    assert got.status == 400 and got.json["error"]["code"] == "USAGE" and not hud.asked


def test_the_envelope_is_the_shells(hud: Hud) -> None:
    hud.answer = lambda actor, verb: ({"x": "1.0", "y": None}, None)
    envelope = hud.get("/api/v1/status", cookie=hud.login()).json
    assert list(envelope) == ["schema", "ok", "ts", "daemon", "data", "warnings", "error"]
    assert envelope["data"] == {"x": "1.0", "y": None} and envelope["daemon"]["mode"] == "paper"


def test_an_answer_is_narrowed_to_who_asks(hud: Hud) -> None:
    row = AccountRow("", "paper", 1, "S", "USD", True, "1", "1", None, None, None, None, None, "ACTIVE", 0, None)
    rows = tuple(
        type(row)(name, *[getattr(row, field) for field in row.__struct_fields__[1:]]) for name in ("alpha", "bravo")
    )
    hud.answer = lambda actor, verb: (rows, None)
    assert [r["name"] for r in hud.get("/api/v1/accounts", cookie=hud.login()).data] == ["alpha", "bravo"]
    assert [r["name"] for r in hud.get("/api/v1/accounts", cookie=hud.login("telegram:7")).data] == ["alpha"]


def test_what_a_comparison_found_on_other_accounts_is_not_told(hud: Hud) -> None:
    rows = tuple(filled(Difference, account=name, subject="balance") for name in ("alpha", "bravo"))
    hud.answer = lambda actor, verb: (ReconcileData((), rows, ()), None)
    got = hud.post("/api/v1/reconcile", {}, cookie=hud.login("telegram:7"), idempotency_key="k")
    assert [row["account"] for row in got.data["differences"]] == ["alpha"]


def test_one_row_is_picked_by_its_name_from_what_one_may_see(hud: Hud) -> None:
    rows = tuple(filled(TerminalRow, name=name, account=name) for name in ("alpha", "bravo"))
    hud.answer = lambda actor, verb: (rows, None)
    boss, ann = hud.login(), hud.login("telegram:7")
    got = hud.get("/api/v1/terminals/bravo", cookie=boss)
    assert got.status == 200 and got.data["name"] == "bravo" and got.json["schema"] == "hydra.terminal/v1"
    assert hud.get("/api/v1/terminals/alpha", cookie=ann).status == 200
    for cookie, name in ((boss, "nosuch"), (ann, "bravo")):
        got = hud.get(f"/api/v1/terminals/{name}", cookie=cookie)
        assert got.status == 404 and got.json["error"]["code"] == "NOT_FOUND"
    assert hud.get("/api/v1/terminals/alpha?x=1", cookie=boss).status == 400
    hud.answer = lambda actor, verb: (None, Problem("FAILED", "x"))
    assert hud.get("/api/v1/terminals/alpha", cookie=boss).status == 500


def test_a_position_is_looked_for_among_the_closed_ones_too(hud: Hud) -> None:
    row = filled(PositionRow, id="P-1", account="alpha")
    hud.answer = lambda actor, verb: ((row,) if verb.closed else (), None)
    assert hud.get("/api/v1/positions/P-1", cookie=hud.login()).data["id"] == "P-1"


# --- acts -------------------------------------------------------------------------------------------------


def test_an_act_is_asked_with_its_key_and_its_fields(hud: Hud) -> None:
    cookie = ready(hud)
    body = {"account": "alpha", "risk": "0.5%", "reason": "seen"}
    assert hud.post(f"/api/v1/missions/{M}/fire", body, cookie=cookie, idempotency_key="key-1").status == 200
    assert hud.asked == [
        (Actor("uid:1000", Surface.HUD), calls.Fire(M, account="alpha", risk="0.5%", reason="seen"), "key-1")
    ]


@pytest.mark.parametrize("key", [None, "", "x" * 65, "\t", "k\x01"])
def test_without_a_key_of_its_own_nothing_is_done(hud: Hud, key: str | None) -> None:
    cookie = ready(hud)
    sent = {} if key is None else {"idempotency_key": key}
    for found in ACTS:
        path = PREFIX + found.path.replace("{id}", M)
        got = hud.post(path, BODIES.get(found.name, {}), cookie=cookie, **sent)
        assert got.status == 400 and not hud.asked, found.name


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        (f"missions/{M}/fire", calls.Fire(M, dry_run=True)),
        (f"positions/{M}/close", calls.Close(M, dry_run=True)),
        (f"positions/{M}/modify", calls.Modify(M, dry_run=True)),
        (f"orders/{M}/cancel", calls.Cancel(M, dry_run=True)),
        ("flatten", calls.Flatten(dry_run=True)),
    ],
)
def test_a_dry_run_needs_neither_key_nor_pin(hud: Hud, path: str, verb: Any) -> None:
    got = hud.post(f"/api/v1/{path}", {"dry_run": True}, cookie=hud.login())
    assert got.status == 200 and hud.asked[0][1] == verb
    bad = hud.post(f"/api/v1/{path}", {"dry_run": True}, cookie=hud.login(), idempotency_key="no spaces")
    assert bad.status == 400 and len(hud.asked) == 1, "one that is sent all the same is one"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"1",
        b"{",
        b'"x"',
        b"\xff",
        b'{"mission":"M-2"}',
        b'{"verb":"resume"}',
        b'{"nosuch":1}',
        b'{"volume":0.1}',
        b'{"dry_run":"yes"}',
        b'{"wait_s":31}',
        b'{"wait_s":-1}',
        b'{"wait_s":1e400}',
        b'{"wait_s":NaN}',
        b"[" * 60_000,
    ],
)
def test_a_body_that_is_not_the_acts_is_usage(hud: Hud, body: bytes) -> None:
    sent = {"content-type": "application/json", "sec-fetch-site": "same-origin", "cookie": ready(hud)}
    got = hud.send("POST", f"/api/v1/missions/{M}/fire", body, {**sent, "idempotency-key": "k"})
    assert got.status == 400 and got.json["error"]["code"] == "USAGE" and not hud.asked


def test_parameters_of_an_act_stand_in_its_body_alone(hud: Hud) -> None:
    got = hud.post(f"/api/v1/missions/{M}/fire?dry_run=true", {}, cookie=ready(hud), idempotency_key="k")
    assert got.status == 400 and not hud.asked


def test_2xx_means_ok_and_nothing_else(hud: Hud) -> None:
    cookie = hud.login()
    for code in ErrorCode:
        hud.answer = lambda actor, verb, code=code: ({"act": "F-1"}, Problem(code.value, "so it is"))  # type: ignore[misc]
        got = act(hud, "halt", cookie)
        assert got.status == OF_CODE[code.value] >= 400
        assert got.json["ok"] is False and got.json["error"]["code"] == code.value and got.data == {"act": "F-1"}


def test_every_code_has_a_status_and_an_unknown_one_is_a_failure() -> None:
    assert set(OF_CODE) == {code.value for code in ErrorCode}
    answer = Answer("x", False, "t", DaemonInfo("0", 1, "i", "paper"), error=Problem("NEW", "x"))
    assert status_of(answer) == 500


def test_the_table_is_no_way_round_the_phones_table() -> None:
    assert {act.verb for act in ACTS} <= phones.MAY
    assert {act.verb for act in ACTS} <= set(desk.NEEDS)
    assert not {query.verb for query in QUERIES} & set(desk.NEEDS), "a query changes nothing"
    assert len({act.name for act in ACTS}) == len(ACTS)
    verbs = set(get_args(calls.AnyVerb))
    left = {verb.__name__ for verb in verbs - {query.verb for query in QUERIES} - set(desk.NEEDS)}
    assert left == {"Tail", "Now", "ConfigShow"}, "whoever adds a query says whether pages may ask it"


def test_the_description_is_json_and_names_every_path(hud: Hud) -> None:
    got = hud.get("/api/v1/openapi.json")
    document = json.loads(got.body)
    assert document["openapi"] == "3.1.0"
    assert {PREFIX + query.path for query in QUERIES} | {PREFIX + act.path for act in ACTS} <= set(document["paths"])
    assert BOSS.name.encode() not in got.body


def test_a_session_that_ends_while_its_act_is_being_sent_does_nothing(hud: Hud) -> None:
    cookie = hud.login()
    with socket.create_connection(("127.0.0.1", hud.port), 20) as peer:
        head = (
            f"POST {PREFIX}/halt HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nContent-Type: application/json\r\n"
            f"Cookie: {cookie}\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{{"
        )
        before = hud.server.requests
        peer.sendall(head.encode())
        while hud.server.requests == before:
            hud.on_loop(lambda: None)
        assert hud.post("/session/end", {}, cookie=cookie).status == 200
        peer.sendall(b"}")
        assert peer.recv(100).split()[1] == b"401" and not hud.asked
