"""What an update means, what is ignored, and what came too late."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.bot.updates import Command, Ignored, Press, Reply, Talk, Tide, sort
from hydrad.domain.instants import SECOND
from tests.bot.room import GROUP, message, press

USER = {"id": 7, "is_bot": False}
OTHER_BOT = {"id": 9, "is_bot": True}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("/halt", "halt", ()),
        ("/Halt@Hydra_Bot  alpha too much", "halt", ("alpha", "too", "much")),
        ("/fire M-0000001X\nalpha", "fire", ("M-0000001X", "alpha")),
    ],
)
def test_a_command_is_its_name_and_words(text: str, name: str, words: tuple[str, ...]) -> None:
    found = sort(message(3, 7, text), "hydra_bot")
    assert isinstance(found, Command)
    assert (found.update, found.name, found.words, found.place.identity) == (3, name, words, "telegram:7")


def test_a_press_a_reply_and_talk() -> None:
    pressed = sort(press(4, 7, "token"))
    assert isinstance(pressed, Press)
    assert (pressed.token, pressed.query, pressed.place.message) == ("token", "q4", 55)
    replied = sort(message(5, 7, "looks good", reply_to_message={"message_id": 12, "from": OTHER_BOT}))
    assert isinstance(replied, Reply)
    assert (replied.to, replied.text) == (12, "looks good")
    assert isinstance(sort(message(6, 7, "hello")), Talk)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"forward_origin": {"type": "user"}}, "forwarded"),
        ({"forward_date": 5}, "forwarded"),
        ({"via_bot": OTHER_BOT}, "not a person's own message"),
        ({"sender_chat": {"id": -1, "type": "channel"}}, "not a person's own message"),
        ({"from": OTHER_BOT}, "not a person's own message"),
        ({"from": None}, "not a person's own message"),
        ({"chat": {"id": 8, "type": "private"}}, "a chat of another kind"),
        ({"chat": {"id": 7, "type": "channel"}}, "a chat of another kind"),
        ({"text": None}, "no text"),
        ({"text": "/halt@other_bot"}, "a command to another bot"),
        ({"from": {"id": "7"}}, "unreadable"),
        ({"from": {"id": -7}, "chat": {"id": -7, "type": "private"}}, "a chat of another kind"),
    ],
)
def test_what_is_no_persons_own_word_is_ignored_and_says_why(more: dict[str, Any], why: str) -> None:
    assert sort(message(1, 7, "/halt", **more), "hydra_bot") == Ignored(why)


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "inline_query", "my_chat_member", "poll"])
def test_other_kinds_of_update_mean_nothing(kind: str) -> None:
    assert sort({"update_id": 1, kind: message(1, 7, "/halt")["message"]}) == Ignored("another kind of update")


def test_a_press_under_no_message_or_with_too_much_is_none() -> None:
    assert isinstance(sort(press(1, 7, "x", message=None, inline_message_id="5")), Ignored)
    assert isinstance(sort(press(1, 7, "x" * 65)), Ignored)
    assert isinstance(sort(press(1, 7, "x", data=None, game_short_name="g")), Ignored)


def test_talk_in_a_group_is_not_ours() -> None:
    assert sort(message(1, 7, "hello", group=GROUP)) == Ignored("talk in a group")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = ("from", "chat", "text", "message_id", "forward_origin", "reply_to_message", "data", "message", "id")


@given(st.dictionaries(st.sampled_from(["update_id", "message", "callback_query", "edited_message"]), _JSON))
def test_no_update_raises(update: dict[str, Any]) -> None:
    sort(update)


@given(st.sampled_from(["message", "callback_query"]), st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_no_field_of_a_good_update_raises(kind: str, changed: dict[str, Any]) -> None:
    good = message(1, 7, "/halt") if kind == "message" else press(1, 7, "x")
    found = sort({**good, kind: {**good[kind], **changed}})
    assert isinstance(found, Ignored) or found.place.user > 0


# --- late -------------------------------------------------------------------------------------------------


class Polls:
    def __init__(self) -> None:
        self.tide, self.now_ns = Tide(), 5 * SECOND

    def poll(self, count: int, took_s: float = 0.1, wait_s: float = 0.0, hold_s: float = 10.0) -> bool:
        self.now_ns += int(wait_s * SECOND)
        began_ns, self.now_ns = self.now_ns, self.now_ns + int(took_s * SECOND)
        return self.tide.polled(began_ns, self.now_ns, int(hold_s * SECOND), count)


def test_what_waited_before_the_first_empty_poll_is_late_and_what_comes_after_is_not() -> None:
    polls = Polls()
    assert polls.poll(100) and polls.poll(3)
    polls.poll(0)
    assert not polls.poll(1)


def test_a_gap_makes_what_waited_late_again_until_an_empty_poll() -> None:
    polls = Polls()
    polls.poll(0)
    assert not polls.poll(1, wait_s=10)
    assert polls.poll(1, wait_s=10.1)
    assert polls.poll(1)
    polls.poll(0)
    assert not polls.poll(1)


def test_a_poll_that_took_longer_than_it_was_asked_to_is_a_gap_too() -> None:
    polls = Polls()
    polls.poll(0)
    assert not polls.poll(1, took_s=10, hold_s=10), "a long poll that waits is none"
    assert polls.poll(1, took_s=20.2, hold_s=10), "the host slept, or the network did"


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 40), st.floats(0, 40)), max_size=30))
def test_nothing_is_in_time_without_an_empty_poll_since_the_last_gap(polled: list[tuple[int, float, float]]) -> None:
    polls, empty_since_gap = Polls(), False
    for number, (count, took_s, wait_s) in enumerate(polled):
        if (number and wait_s > 10) or took_s > 20:
            empty_since_gap = False
        assert polls.poll(count, took_s, wait_s) is not empty_since_gap
        empty_since_gap = empty_since_gap or count == 0
