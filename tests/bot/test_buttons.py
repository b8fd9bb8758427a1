"""Buttons: whose they are, once, until when; what the file has of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.bot import buttons
from hydrad.bot.buttons import HEARD_MAX, Action, Buttons, Meant, Pressed, key_of
from hydrad.domain.instants import HOUR, SECOND
from hydrad.outbox.file import open_file
from tests.bot.room import START_NS, Room

ANN, BOB = "telegram:7", "telegram:8"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_button_that_acts_is_used_up_by_the_first_press(room: Room) -> None:
    token = room.make(Action.FIRE, account="alpha", volume="0.10")
    first = room.buttons.press(token, ANN)
    assert first.how is Pressed.FIRST
    assert first.button is not None
    assert (first.button.subject, first.button.meant, first.button.key) == (
        "M-1",
        Meant("alpha", "0.10"),
        key_of(token),
    )
    room.buttons.said(token, "FILLED")
    again = room.buttons.press(token, ANN)
    assert again.how is Pressed.AGAIN
    assert again.button is not None and again.button.said == "FILLED"


def test_it_is_used_up_on_disk_before_anything_else(room: Room, tmp_path: Path) -> None:
    token = room.make(Action.FIRE)
    room.buttons.press(token, ANN)
    db, new = open_file(tmp_path / "outbox.db", (buttons.SCHEMA,))
    assert not new
    assert Buttons(db, lambda: room.now_ns).press(token, ANN).how is Pressed.AGAIN


def test_a_button_that_asks_may_be_pressed_while_it_holds(room: Room) -> None:
    token = room.make(Action.ASK_FIRE, for_s=60)
    assert room.buttons.press(token, ANN).how is room.buttons.press(token, ANN).how is Pressed.FIRST
    room.later(60)
    assert room.buttons.press(token, ANN).how is Pressed.LATE


def test_somebody_elses_and_no_button_are_foreign_and_stay_whole(room: Room) -> None:
    token = room.make(Action.FIRE)
    assert room.buttons.press(token, BOB).how is Pressed.FOREIGN
    assert room.buttons.press("A" * 22, ANN).how is Pressed.FOREIGN
    assert room.buttons.press(token, ANN).how is Pressed.FIRST


def test_a_newer_confirmation_voids_the_one_before_it(room: Room) -> None:
    old, other = room.make(Action.FIRE), room.make(Action.FIRE, subject="M-2")
    room.buttons.void(Action.FIRE, ANN, "M-1")
    assert room.buttons.press(old, ANN).how is Pressed.LATE
    assert room.buttons.press(other, ANN).how is Pressed.FIRST


def test_the_file_has_no_token(room: Room, tmp_path: Path) -> None:
    tokens = [room.make(action) for action in Action]
    assert all(len(token) == buttons.TOKEN_CHARACTERS for token in tokens)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(token.encode() in held for token in tokens)
    assert not any(key_of(token).encode() in held for token in tokens)


def test_those_that_ended_a_day_ago_are_forgotten_and_their_number_is_bounded(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buttons, "BUTTONS_MAX", 5)
    room.make(Action.FIRE, for_s=1)
    room.later(24 * 3_600 + 2)
    tokens = [room.make(Action.FIRE, for_s=60 + n) for n in range(7)]
    assert room.db.execute("SELECT count(*) FROM button").get == 5
    assert room.buttons.press(tokens[0], ANN).how is Pressed.FOREIGN
    assert room.buttons.press(tokens[-1], ANN).how is Pressed.FIRST


def test_an_update_is_heard_once_whatever_its_number(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "HEARD_MAX", 3)
    assert [room.buttons.first_heard(n) for n in (900, 901, 900, 5, 6)] == [True, True, False, True, True]
    assert not room.buttons.first_heard(5), "numbers begin anew after a quiet week"
    assert room.db.execute("SELECT count(*) FROM heard").get <= 4
    assert HEARD_MAX > 100, "more than one poll may bring again"


@given(st.text(max_size=80))
def test_no_text_is_anybodys_button(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    db, _ = open_file(tmp_path_factory.getbasetemp() / "any.db", (buttons.SCHEMA,))
    db.execute("PRAGMA synchronous = OFF")
    assert Buttons(db, lambda: START_NS).press(text, ANN).how is Pressed.FOREIGN
    db.close()


@given(st.lists(st.tuples(st.sampled_from([ANN, BOB]), st.integers(0, 90)), min_size=1, max_size=12))
def test_one_press_of_many_acts_and_it_is_the_owners_in_time(
    tmp_path_factory: pytest.TempPathFactory, presses: list[tuple[str, int]]
) -> None:
    now_ns = START_NS
    db, _ = open_file(tmp_path_factory.getbasetemp() / "any.db", (buttons.SCHEMA,))
    db.execute("PRAGMA synchronous = OFF")
    made = Buttons(db, lambda: now_ns)
    token = made.make(Action.CLOSE, ANN, "P-1", now_ns + 60 * SECOND)
    firsts = []
    for who, wait_s in presses:
        now_ns += wait_s * SECOND
        if made.press(token, who).how is Pressed.FIRST:
            firsts.append((who, now_ns))
    assert len(firsts) <= 1
    assert all(who == ANN and at_ns < START_NS + HOUR and at_ns - START_NS < 60 * SECOND for who, at_ns in firsts)
    db.close()
