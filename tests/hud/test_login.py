"""Logging in and out: links, Mini Apps, ids that change, and people who have no role any more."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.host.tickets import Purpose
from hydrad.hud.table import ACTS
from hydrad.toc import desk
from tests.hud.conftest import ANN, BOSS, BOT_TOKEN, EVE, PUBLIC, START_NS, Got, Hud
from tests.hud.test_initdata import signed

TRADERS = {act.name for act in ACTS if desk.NEEDS[act.verb] >= Role.TRADER}
START_S = START_NS // 1_000_000_000


def init_data(user: int = 42, age_s: int = 0, **more: str) -> str:
    user_text = f'{{"id":{user}}}'
    return signed({"user": user_text, "auth_date": str(START_S - age_s), **more}, BOT_TOKEN)


def mini_app(hud: Hud, raw: str) -> Got:
    return hud.post("/session", {"init_data": raw})


def bearer(got: Got) -> dict[str, str]:
    return {"authorization": f"Bearer {got.data['token']}"}


def needs(got: Got) -> tuple[int, Any]:
    return got.status, got.needs


# --- a link -----------------------------------------------------------------------------------------------


def test_a_link_logs_in_once(hud: Hud) -> None:
    code = hud.code()
    got = hud.post("/session", {"code": code})
    assert got.status == 200 and got.data["operator"] == "boss" and got.data["scope"] == "full"
    assert got.data["token"] is None and code not in got.body.decode()
    assert hud.get("/session", cookie=got.cookie).data["role"] == "commander"
    assert needs(hud.post("/session", {"code": code})) == (401, "login")
    assert hud.strangers == ["a wrong login code"]


def test_a_link_ends_after_five_minutes(hud: Hud) -> None:
    code = hud.code()
    hud.later(300)
    assert hud.post("/session", {"code": code}).status == 401


@pytest.mark.parametrize(
    "body",
    [{}, {"code": None}, {"code": 5}, {"code": "x", "init_data": "y"}, {"code": "x", "more": 1}, [], "x", None, 5],
)
def test_a_login_that_cannot_be_read_is_usage(hud: Hud, body: Any) -> None:
    assert hud.post("/session", body if body is not None else {"init_data": None}).status == 400


@pytest.mark.parametrize("raw", [b"", b"{", b'{"code":"\\ud800"}', b'{"code":"\xff"}', b'{"code":' + b"[" * 5_000])
def test_bytes_that_are_no_json_are_usage(hud: Hud, raw: bytes) -> None:
    sent = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    assert hud.send("POST", "/session", raw, sent).status in (400, 401)


def test_a_cookie_is_the_browsers_alone(hud: Hud) -> None:
    got = hud.post("/session", {"code": hud.code()})
    assert re.fullmatch(rf"hx-{hud.port}=[\w-]{{43}}; HttpOnly; Max-Age=28800; Path=/; SameSite=strict", got.cookies[0])
    got = hud.post("/session", {"code": hud.code()}, host=PUBLIC)
    assert re.fullmatch(
        r"__Host-hx=[\w-]{43}; HttpOnly; Max-Age=28800; Path=/; SameSite=strict; Secure", got.cookies[0]
    )


def test_a_cookie_of_one_name_opens_nothing_at_the_other(hud: Hud) -> None:
    cookie = hud.login()
    token = cookie.partition("=")[2]
    assert hud.get("/session", host=PUBLIC, cookie=cookie).status == 401
    assert hud.get("/session", cookie=f"__Host-hx={token}").status == 401


def test_an_id_that_the_client_brings_is_never_taken(hud: Hud) -> None:
    """Fixation: whatever a client had before, its login draws another id, and what it had is ended."""
    planted = f"hx-{hud.port}=" + "a" * 43
    got = hud.post("/session", {"code": hud.code()}, cookie=planted)
    assert got.cookie != planted and hud.get("/session", cookie=planted).status == 401
    first = got.cookie
    second = hud.post("/session", {"code": hud.code()}, cookie=first).cookie
    assert second != first and hud.get("/session", cookie=first).status == 401
    assert hud.get("/session", cookie=second).status == 200


# --- a Mini App -------------------------------------------------------------------------------------------


def test_a_fresh_word_of_telegram_buys_a_full_session_without_a_cookie(hud: Hud) -> None:
    got = mini_app(hud, init_data())
    assert got.status == 200 and got.data["operator"] == "boss" and got.data["scope"] == "full"
    assert not got.cookies and len(got.data["token"]) == 43
    assert hud.get("/session", **bearer(got)).data["token"] is None


def test_used_again_it_buys_only_a_look_and_the_first_session_lives_on(hud: Hud) -> None:
    raw = init_data()
    first = mini_app(hud, raw)
    second = mini_app(hud, raw)
    assert (first.data["scope"], second.data["scope"]) == ("full", "read-only")
    again = mini_app(hud, "&".join(reversed(raw.split("&"))))
    assert again.data["scope"] == "read-only"
    assert hud.get("/session", **bearer(first)).data["scope"] == "full"


@pytest.mark.parametrize(("age_s", "scope"), [(300, "full"), (301, "read-only"), (86_400, "read-only")])
def test_an_old_word_buys_less(hud: Hud, age_s: int, scope: str) -> None:
    assert mini_app(hud, init_data(age_s=age_s)).data["scope"] == scope


def test_what_proves_nothing_is_counted_and_told_without_its_content(hud: Hud) -> None:
    for raw in (init_data(age_s=86_401), init_data(age_s=-31), init_data() + "0", "x=1", init_data() + "&user=1"):
        got = mini_app(hud, raw)
        assert needs(got) == (401, "login") and raw not in got.body.decode()
    assert len(hud.strangers) == 5 and all(why.startswith("initData: ") for why in hud.strangers)


def test_somebody_without_a_role_gets_nothing(hud: Hud) -> None:
    assert mini_app(hud, init_data(user=666)).status == 401
    assert hud.strangers == ["somebody without a role"], "one reason for all of them: strangers fill no journal"


def test_of_somebody_without_a_role_nothing_is_written_down(hud: Hud) -> None:
    """Anybody can have Telegram sign for them: it costs no write, and once they have a role it is fresh."""
    raw = init_data(user=666)
    assert mini_app(hud, raw).status == 401
    hud.people["telegram:666"] = BOSS
    assert mini_app(hud, raw).data["scope"] == "full"


def test_a_read_only_session_looks_and_halts_and_does_nothing_else(hud: Hud) -> None:
    got = mini_app(hud, init_data(age_s=3_600))
    own = bearer(got)
    assert got.data["may"] == ["halt"]
    assert hud.get("/api/v1/status", **own).status == 200
    assert hud.post("/api/v1/halt", {}, idempotency_key="a", **own).status == 200
    for path, body in (
        ("/api/v1/missions/M-00000017/fire", {}),
        ("/api/v1/missions/M-00000017/pass", {}),
        ("/api/v1/notes", {"id": "M-00000017", "text": "x"}),
        ("/api/v1/positions/P-00000017/close", {}),
    ):
        assert needs(hud.post(path, body, idempotency_key="b", **own)) == (403, "elevation")
    assert [type(verb).__name__ for _, verb, _ in hud.asked] == ["Status", "Halt"]


def test_a_button_of_the_bots_makes_it_a_full_one_once_and_for_its_user_alone(hud: Hud) -> None:
    got = mini_app(hud, init_data(age_s=3_600))
    others = hud.code("telegram:7", Purpose.ELEVATE)
    assert needs(hud.post("/session/elevate", {"code": others}, **bearer(got))) == (403, "elevation")
    login = hud.code("telegram:42")
    assert needs(hud.post("/session/elevate", {"code": login}, **bearer(got))) == (403, "elevation")
    code = hud.code("telegram:42", Purpose.ELEVATE)
    full = hud.post("/session/elevate", {"code": code}, **bearer(got))
    assert full.status == 200 and full.data["scope"] == "full" and "fire" in full.data["may"]
    assert hud.post("/session/end", {}, **bearer(got)).status == 401, "the id is another one"
    assert hud.get("/session", **bearer(full)).data["scope"] == "full"
    assert hud.post("/session/elevate", {"code": code}, **bearer(full)).status == 403
    assert len(hud.refused) == 3


def test_a_button_is_too_old_after_five_minutes(hud: Hud) -> None:
    got = mini_app(hud, init_data(age_s=3_600))
    code = hud.code("telegram:42", Purpose.ELEVATE)
    hud.later(300)
    assert hud.post("/session/elevate", {"code": code}, **bearer(got)).status == 403


# --- whose it is, and until when ---------------------------------------------------------------------------


def test_a_session_ends_when_nobody_asks_and_background_requests_are_not_asking(hud: Hud) -> None:
    cookie = hud.login()
    for _ in range(14):
        hud.later(60)
        assert hud.get("/session", cookie=cookie, hx_auto="1").status == 200
    hud.later(60)
    assert needs(hud.get("/session", cookie=cookie, hx_auto="1")) == (401, "login")


def test_asking_keeps_it_for_eight_hours(hud: Hud) -> None:
    cookie = hud.login()
    for _ in range(47):
        hud.later(600)
        assert hud.get("/session", cookie=cookie).status == 200
    hud.later(600)
    assert hud.get("/session", cookie=cookie).status == 401


def test_who_is_suspended_is_out_at_the_next_request_and_stays_out(hud: Hud) -> None:
    cookie = hud.login()
    del hud.people["uid:1000"]
    assert needs(hud.get("/api/v1/status", cookie=cookie)) == (401, "login")
    hud.people["uid:1000"] = BOSS
    assert hud.get("/api/v1/status", cookie=cookie).status == 401 and not hud.asked


def test_a_session_does_not_outlive_a_suspension_that_nobody_asked_in(hud: Hud) -> None:
    """The thief of a phone is quiet until its owner is restored."""
    cookie = hud.login()
    hud.people["uid:1000"] = msgspec.structs.replace(BOSS, void_ns=hud.now_ns + 1)
    hud.later(1)
    assert needs(hud.get("/api/v1/status", cookie=cookie)) == (401, "login")
    assert hud.get("/session", cookie=hud.login()).status == 200, "a new login is theirs"


def test_another_role_is_known_at_the_next_request(hud: Hud) -> None:
    cookie = hud.login("telegram:7")
    assert "fire" in hud.get("/session", cookie=cookie).data["may"]
    hud.people["telegram:7"] = msgspec.structs.replace(ANN, role=Role.VIEWER)
    assert not TRADERS & set(hud.get("/session", cookie=cookie).data["may"])


def test_a_viewer_is_offered_nothing_that_changes_anything(hud: Hud) -> None:
    """Reading the terminals' books again, and what they are told of themselves, is all."""
    may = hud.get("/session", cookie=hud.login("telegram:8")).data["may"]
    assert not TRADERS & set(may) and "reconcile" in may
    assert EVE.role is Role.VIEWER


def test_logging_out_ends_it_on_the_server(hud: Hud) -> None:
    cookie, other = hud.login(), hud.login()
    got = hud.post("/session/end", {}, cookie=cookie)
    assert got.status == 200 and "Max-Age=0" in got.cookies[0]
    assert [hud.get("/session", cookie=c).status for c in (cookie, other)] == [401, 200]


def test_logging_out_everywhere_reaches_the_phone_too(hud: Hud) -> None:
    cookie, phone, ann = hud.login(), mini_app(hud, init_data()), hud.login("telegram:7")
    assert hud.post("/session/end-all", {}, cookie=cookie).status == 200
    assert hud.get("/session", **bearer(phone)).status == 401
    assert hud.get("/session", cookie=ann).status == 200


def test_wrong_codes_of_others_keep_nobody_out(hud: Hud) -> None:
    """Behind a proxy that is not named all peers look alike: the flood is refused, the right code is not."""
    assert [hud.post("/session", {"code": "x"}).status for _ in range(12)][-1] == 429
    assert hud.post("/session", {"code": hud.code()}).status == 200
    assert mini_app(hud, init_data()).status == 200
    assert len(hud.strangers) == 10


def test_a_token_is_taken_from_nowhere_but_header_and_cookie(hud: Hud) -> None:
    token = hud.login().partition("=")[2]
    assert hud.get(f"/api/v1/status?token={token}").status == 401
    assert hud.get(f"/api/v1/status?access_token={token}").status == 401
    assert hud.get("/api/v1/status", authorization=f"Basic {token}").status == 401
