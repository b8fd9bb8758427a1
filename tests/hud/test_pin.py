"""The PIN: what asks for it, how long it holds, what wrong ones cost, and that nothing shows it."""

from __future__ import annotations

import threading

import msgspec
import pytest

from hydrad.hud import pins
from hydrad.hud.sessions import WRONG_MAX
from hydrad.hud.table import ACTS
from tests.hud.conftest import ANN, BOSS, Got, Hud
from tests.hud.test_login import bearer, init_data, mini_app

PIN = "canary-2468"
M = "M-00000017"
BODIES: dict[str, dict[str, object]] = {
    "plan.set": {"plan": "runner"},
    "note": {"id": M, "text": "x"},
    "mute": {"for_s": 60.0},
    "channel.confirm": {"code": "x"},
}
CONFIRMED = {"fire", "approve", "approve.change", "close", "modify", "plan.set", "cancel", "flatten"}


def act(hud: Hud, name: str, cookie: str, key: str = "k") -> Got:
    found = next(act for act in ACTS if act.name == name)
    path = "/api/v1" + found.path.replace("{id}", M)
    return hud.post(path, BODIES.get(name, {}), cookie=cookie, idempotency_key=key)


def confirm(hud: Hud, cookie: str, pin: str = PIN) -> Got:
    return hud.post("/session/confirm", {"pin": pin}, cookie=cookie)


def logged_in(hud: Hud) -> str:
    hud.set_pin(BOSS, PIN)
    return hud.login()


def test_what_asks_for_it_is_known() -> None:
    assert {act.name for act in ACTS if act.confirm} == CONFIRMED


@pytest.mark.parametrize("name", sorted(CONFIRMED))
def test_it_is_asked_for_before_anything_is_put_to_the_daemon(hud: Hud, name: str) -> None:
    cookie = logged_in(hud)
    got = act(hud, name, cookie)
    assert (got.status, got.needs) == (403, "pin") and not hud.asked
    cookie = confirm(hud, cookie).cookie
    assert act(hud, name, cookie).status == 200 and len(hud.asked) == 1


@pytest.mark.parametrize("name", sorted({act.name for act in ACTS} - CONFIRMED))
def test_halting_and_words_never_ask(hud: Hud, name: str) -> None:
    assert act(hud, name, hud.login()).status == 200 and len(hud.asked) == 1


def test_a_right_one_holds_for_fifteen_minutes(hud: Hud) -> None:
    cookie = logged_in(hud)
    got = confirm(hud, cookie)
    assert got.status == 200 and got.data["confirmed_until"] is not None
    hud.later(890)
    assert act(hud, "fire", got.cookie).status == 200
    hud.later(10)
    assert act(hud, "fire", got.cookie, "other").needs == "pin"
    assert hud.get("/session", cookie=got.cookie).data["confirmed_until"] is None


def test_a_new_pin_is_asked_for_where_the_old_one_was_given(hud: Hud) -> None:
    """Who sets another one because somebody has seen it wants that somebody stopped now."""
    cookie = confirm(hud, logged_in(hud)).cookie
    hud.set_pin(ANN, "1357")
    assert act(hud, "fire", cookie).status == 200, "another person's changes nothing"
    hud.set_pin(BOSS, "8642")
    assert (act(hud, "fire", cookie, "k2").status, len(hud.asked)) == (403, 1)
    assert act(hud, "fire", confirm(hud, cookie, "8642").cookie, "k3").status == 200


def test_confirming_draws_a_new_id_and_what_was_asked_with_the_old_one_is_still_answered(hud: Hud) -> None:
    """A page's query that left before the answer came: no reason to show it as logged out. Acts need the new one."""
    cookie = logged_in(hud)
    new = confirm(hud, cookie).cookie
    assert new != cookie and hud.get("/session", cookie=cookie).status == 200
    assert act(hud, "fire", cookie, "stolen").status == 401
    hud.later(15)
    assert hud.get("/session", cookie=cookie).status == 401 and hud.get("/session", cookie=new).status == 200


def test_a_mini_app_is_handed_its_new_id(hud: Hud) -> None:
    hud.set_pin(BOSS, PIN)
    first = mini_app(hud, init_data())
    got = hud.post("/session/confirm", {"pin": PIN}, **bearer(first))
    assert got.data["token"] not in (None, first.data["token"]) and not got.cookies
    assert hud.get("/session", **bearer(got)).status == 200


def test_whoever_has_none_can_look_and_halt_and_is_told_how_to_set_one(hud: Hud) -> None:
    cookie = hud.login()
    got = act(hud, "fire", cookie)
    assert (got.status, got.needs) == (403, "pin_set") and "hydractl hud pin" in got.json["error"]["hint"]
    assert hud.get("/session", cookie=cookie).data["pin"] == "none"
    assert confirm(hud, cookie).needs == "pin_set"
    assert act(hud, "halt", cookie).status == 200


def test_five_wrong_ones_end_the_session_and_are_told(hud: Hud) -> None:
    cookie = logged_in(hud)
    for number in range(1, WRONG_MAX):
        got = confirm(hud, cookie, f"wrong{number}")
        assert (got.status, got.needs) == (403, "pin")
    assert confirm(hud, cookie, "wrong").status == 401
    assert hud.get("/session", cookie=cookie).status == 401
    assert [why for _, _, why in hud.refused] == ["a wrong PIN"] * 4 + ["5 wrong PINs: the session was ended"]
    assert {identity for identity, _, _ in hud.refused} == {"uid:1000"}


def test_a_right_one_forgets_the_wrong_ones(hud: Hud) -> None:
    cookie = logged_in(hud)
    for _ in range(3):
        for _ in range(WRONG_MAX - 1):
            assert confirm(hud, cookie, "wrong").status == 403
        cookie = confirm(hud, cookie).cookie
    assert hud.get("/session", cookie=cookie).status == 200


def test_many_at_once_are_as_many_tries(hud: Hud) -> None:
    """Guesses that are sent together are counted before the first is looked at."""
    cookie = logged_in(hud)
    got: list[int] = []
    threads = [threading.Thread(target=lambda n=n: got.append(confirm(hud, cookie, f"w{n}").status)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 12 and got.count(403) <= WRONG_MAX - 1 and 200 not in got
    assert len(hud.refused) <= WRONG_MAX
    assert hud.get("/session", cookie=cookie).status == 401


def test_tries_in_many_sessions_at_once_are_all_counted(hud: Hud) -> None:
    hud.set_pin(BOSS, PIN)
    cookies = [hud.login() for _ in range(4)]
    threads = [threading.Thread(target=confirm, args=(hud, cookie, "wrong")) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert hud.doors.pins["boss"].wrong == 4


def test_new_sessions_do_not_buy_new_tries_for_ever(hud: Hud) -> None:
    hud.set_pin(BOSS, PIN)
    for _ in range(pins.TRIES_MAX // WRONG_MAX):
        cookie = hud.login()
        for _ in range(WRONG_MAX):
            confirm(hud, cookie, "wrong")
    cookie = hud.login()
    got = confirm(hud, cookie)
    assert (got.status, got.needs) == (403, "pin_set") and "locked" in got.json["error"]["message"]
    assert hud.get("/session", cookie=cookie).data["pin"] == "locked"
    hud.set_pin(BOSS, PIN)
    assert confirm(hud, cookie).status == 200


def test_a_pin_belongs_to_a_person_over_all_their_identities(hud: Hud) -> None:
    hud.set_pin(BOSS, PIN)
    phone = mini_app(hud, init_data())
    assert hud.post("/session/confirm", {"pin": PIN}, **bearer(phone)).status == 200
    assert confirm(hud, hud.login("telegram:7")).needs == "pin_set"


def test_somebody_later_of_the_same_name_has_none(hud: Hud) -> None:
    hud.set_pin(ANN, PIN)
    cookie = hud.login("telegram:7")
    hud.people["telegram:7"] = msgspec.structs.replace(ANN, since_ns=99)
    assert confirm(hud, cookie).needs == "pin_set"


def test_it_is_nowhere(hud: Hud, capfd: pytest.CaptureFixture[str]) -> None:
    cookie = logged_in(hud)
    bodies = confirm(hud, cookie).body + confirm(hud, cookie, PIN + "x").body
    hud.close()
    written = b"".join(path.read_bytes() for path in hud.folder.iterdir())
    shown = "".join(capfd.readouterr())
    for canary in (PIN, cookie.partition("=")[2]):
        assert canary.encode() not in bodies + written and canary not in shown + repr(hud.refused) + repr(hud.asked)


@pytest.mark.parametrize("text", ["", "123", "1111", "a" * 65, "12\n34", "12\x0034", "\ud8001234"])
def test_what_is_no_pin(text: str) -> None:
    assert pins.problem(text)


@pytest.mark.parametrize("text", ["1234", "2468", "ein langer Satz", "пин-код"])
def test_what_is_one(text: str) -> None:
    assert not pins.problem(text)
    pin = pins.made(text, b"s" * 16, 1)
    assert pins.is_right(pin, text) and not pins.is_right(pin, text + "x")
    assert pin.hash != pins.made(text, b"t" * 16, 1).hash


@pytest.mark.parametrize("body", [{}, {"pin": 1234}, {"pin": None}, {"pin": "1234", "x": 1}, []])
def test_what_cannot_be_read_is_no_try(hud: Hud, body: object) -> None:
    cookie = logged_in(hud)
    for _ in range(WRONG_MAX + 1):
        assert hud.post("/session/confirm", body, cookie=cookie).status == 400
    assert confirm(hud, cookie).status == 200


def test_a_very_long_one_is_wrong_and_not_hashed(hud: Hud) -> None:
    assert confirm(hud, logged_in(hud), "x" * 50_000).status == 403
