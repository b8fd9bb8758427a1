"""The outbox's file: told once, the newest of a topic, an order, bounds, and what a crash leaves."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import SECOND
from hydrad.outbox.file import BadStore
from hydrad.outbox.letter import BadLetter, Button, Channel, Letter, Priority, clipped, utf16_units
from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Rejected, Sent, Throttled, Uneditable
from hydrad.outbox.store import EDITABLE_NS, REJECTED_MAX_NS, WAIT_MAX_NS, Message, Row, Store
from tests.outbox.letters import START_NS, letter

TG = Channel.TELEGRAM


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "outbox.db")
    yield made
    made.close()


def leave(store: Store, to: str = "42", now_ns: int = START_NS) -> Row:
    """What goes next to this recipient leaves."""
    number = next(head.id for head in store.heads(TG) if head.to == to)
    (row,) = store.began([number], now_ns)
    return row


def deliver(store: Store, message: str = "1", to: str = "42", now_ns: int = START_NS) -> Row:
    row = leave(store, to, now_ns)
    store.settle(row, Sent(message), now_ns)
    return row


def waiting(store: Store) -> list[str]:
    return [key for (key,) in store.db.execute("SELECT key FROM letter ORDER BY id")]


# --- the file --------------------------------------------------------------------------------------------


def test_the_file_is_its_owners_alone_and_durable(store: Store, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "outbox.db").stat().st_mode) == 0o600
    assert store.db.pragma("synchronous") == 2
    assert store.db.pragma("journal_mode") == "wal"
    assert store.new and store.place() is None


def test_all_fields_come_back(store: Store) -> None:
    buttons = ((Button("Fire", data="x" * 64), Button("Open", url="https://hud.example")),)
    given_ = letter("k", text="a\nb 'x' <b>", buttons=buttons, expires_ns=START_NS + 5, topic="M1", silent=True)
    pictured = letter("p", to="43", image=b"\x89PNG\0")
    store.put([given_, pictured], START_NS)
    assert leave(store).letter == given_
    assert leave(store, "43").letter == pictured


def test_letters_and_their_place_survive_together(store: Store, tmp_path: Path) -> None:
    store.put([letter("1"), letter("2")], START_NS, place=17)
    again = Store(tmp_path / "outbox.db")
    assert not again.new
    assert again.place() == 17
    assert waiting(again) == ["1", "2"]
    again.close()


def test_a_batch_that_fails_moves_no_place(store: Store) -> None:
    store.put([letter("1")], START_NS, place=5)
    store.db.execute("CREATE TRIGGER no BEFORE INSERT ON letter BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(apsw.ConstraintError):
        store.put([letter("2")], START_NS, place=6)
    assert (store.place(), waiting(store)) == (5, ["1"])


def test_another_version_and_another_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    made = Store(path)
    made.db.pragma("user_version", 9)
    made.close()
    with pytest.raises(BadStore, match=r"version is 9.*move it away"):
        Store(path)
    (tmp_path / "junk").write_bytes(b"no database at all" * 400)
    with pytest.raises(BadStore):
        Store(tmp_path / "junk")


# --- once ------------------------------------------------------------------------------------------------


def test_a_key_is_told_once(store: Store) -> None:
    store.put([letter("a"), letter("a")], START_NS)
    deliver(store)
    store.put([letter("a")], START_NS)
    assert waiting(store) == []
    assert store.counts == {"known": 2, "sent": 1}


def test_of_unsent_versions_the_newest_is_kept_in_the_first_ones_place(store: Store) -> None:
    store.put([letter("1", topic="M1"), letter("other"), letter("2", topic="M1")], START_NS)
    store.put([letter("3", topic="M1"), letter("1", topic="M1"), letter("of another", to="43", topic="M1")], START_NS)
    assert waiting(store) == ["3", "other", "of another"]


def test_a_sent_topic_is_edited_and_too_old_a_message_sent_anew(store: Store) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    assert deliver(store, "77").edits is None
    store.put([letter("2", topic="M1")], START_NS)
    assert deliver(store, "77").edits == Message("77", False)
    store.put([letter("3", topic="M1")], START_NS)
    row = leave(store, now_ns=START_NS + EDITABLE_NS)
    assert row.edits is None
    store.settle(row, Sent("99"), START_NS + EDITABLE_NS)
    assert store.topic_of(TG, "42", "77") == store.topic_of(TG, "42", "99") == "M1"
    assert store.topic_of(TG, "42", "5") == ""


def test_what_was_deleted_is_sent_anew_without_doubt(store: Store) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    deliver(store, "77")
    store.put([letter("2", topic="M1")], START_NS)
    store.settle(leave(store), Uneditable("message to edit not found"), START_NS)
    again = leave(store)
    assert (again.letter.key, again.edits, again.doubt_ns) == ("2", None, 0)


def test_an_image_comes_with_a_message_of_its_own(store: Store) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    deliver(store)
    store.put([letter("2", topic="M1", image=b"png")], START_NS)
    assert deliver(store, "2", now_ns=START_NS + 1).edits is None
    store.put([letter("3", topic="M1")], START_NS)
    assert deliver(store, "2", now_ns=START_NS + 2).edits == Message("2", True)


def test_what_only_edits_is_nothing_where_nothing_was_sent(store: Store) -> None:
    store.put([letter("2", topic="M1", edits_only=True)], START_NS)
    assert store.began([head.id for head in store.heads(TG)], START_NS) == []
    assert (waiting(store), store.counts["needless"]) == ([], 1)
    store.put([letter("3", topic="M1")], START_NS)
    deliver(store)
    store.put([letter("4", topic="M1", edits_only=True)], START_NS)
    assert leave(store).edits is not None


def test_what_edits_a_message_that_waits_is_that_message_changed(store: Store) -> None:
    alert = letter("1", topic="M1", priority=Priority.MISSION, expires_ns=START_NS + 9)
    change = letter("2", topic="M1", priority=Priority.RESULT, edits_only=True, silent=True)
    store.put([alert, change], START_NS)
    row = leave(store)
    assert row.edits is None
    wanted = (change.text, Priority.RESULT, False, False, alert.expires_ns)
    found = row.letter
    assert (found.text, found.priority, found.silent, found.edits_only, found.expires_ns) == wanted


def test_what_edits_a_message_that_came_back_is_that_message_changed(store: Store) -> None:
    store.put([letter("1", topic="M1", expires_ns=START_NS + 99)], START_NS)
    flying = leave(store)
    store.put([letter("2", topic="M1", edits_only=True, silent=True)], START_NS)
    store.settle(flying, Lost("no way there", False), START_NS + 9)
    row = leave(store)
    assert (row.letter.key, row.letter.edits_only, row.letter.silent, row.letter.expires_ns, row.edits, row.doubt_ns) == (
        "2", False, False, START_NS + 99, None, 0,
    )  # fmt: skip


# --- what comes back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "doubted"),
    [(Throttled(3.0), False), (Lost("refused", reached=False), False), (Lost("no answer"), True)],
)
def test_what_may_have_been_sent_is_doubted(store: Store, outcome: Outcome, doubted: bool) -> None:
    store.put([letter("1")], START_NS)
    row = leave(store)
    assert row.doubt_ns == 0
    store.settle(row, outcome, START_NS + 1)
    assert bool(leave(store).doubt_ns) is doubted


def test_after_a_crash_what_had_left_is_doubted(store: Store, tmp_path: Path) -> None:
    store.put([letter("1")], START_NS)
    leave(store, now_ns=START_NS + 5)
    again = Store(tmp_path / "outbox.db")
    assert leave(again).doubt_ns == START_NS + 5
    again.close()


def test_an_edit_is_never_doubted(store: Store) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    deliver(store)
    store.put([letter("2", topic="M1")], START_NS)
    store.settle(leave(store), Lost("no answer"), START_NS)
    assert leave(store).doubt_ns == 0


def test_a_newer_version_waits_for_the_one_that_flies_and_takes_its_doubt(store: Store) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    flying = leave(store)
    store.put([letter("2", topic="M1"), letter("3", topic="M1")], START_NS)
    assert waiting(store) == ["1", "3"]
    store.settle(flying, Lost("no answer"), START_NS + 9)
    assert waiting(store) == ["3"]
    assert leave(store).doubt_ns == START_NS + 9


def test_a_refused_letter_leaves_and_is_named(store: Store) -> None:
    store.put([letter("1")], START_NS)
    (drop,) = store.settle(leave(store), Refused("bad request"), START_NS)
    assert (drop.reason, drop.key) == ("refused", "1")
    assert waiting(store) == []


def test_who_is_gone_gets_nothing_until_back(store: Store) -> None:
    store.put([letter("1"), letter("2", priority=Priority.HALT), letter("else", to="43")], START_NS)
    drops = store.settle(leave(store), Gone("bot was blocked by the user"), START_NS)
    assert {drop.key for drop in drops} == {"1", "2"}
    assert [drop.reason for drop in store.put([letter("3")], START_NS)] == ["gone"]
    assert waiting(store) == ["else"]
    assert [(found.to, found.why) for found in store.stopped()] == [("42", "bot was blocked by the user")]
    assert store.back(TG, "42") and not store.back(TG, "42")
    assert store.put([letter("4")], START_NS) == []


def test_who_is_rejected_is_asked_for_a_day_and_then_no_letter_of_theirs_is_left(store: Store) -> None:
    day = REJECTED_MAX_NS
    store.put([letter("1", priority=Priority.HALT), letter("else", to="43", priority=Priority.HALT)], START_NS)
    assert store.settle(leave(store), Rejected("550 no such user", 300.0), START_NS + 5) == []
    assert store.rejected() == [(TG, "42")]
    store.put([letter("2", priority=Priority.HALT)], START_NS + 9)
    assert store.settle(leave(store), Rejected("550 no such user", 300.0), START_NS + day) == []
    assert store.expire(START_NS + 4 + day) == [], "a day since the first rejection"
    assert [(drop.key, drop.reason) for drop in store.expire(START_NS + 5 + day)] == [("1", "rejected")]
    assert store.rejected() == [(TG, "42")]
    assert [drop.key for drop in store.expire(START_NS + 9 + day)] == ["2"]
    assert (waiting(store), store.rejected()) == (["else"], []), "nothing waits, nothing is said"


def test_who_takes_a_letter_is_not_rejected_any_more(store: Store) -> None:
    store.put([letter("1"), letter("2")], START_NS)
    store.settle(leave(store), Rejected("550 no such user", 300.0), START_NS)
    deliver(store)
    assert store.rejected() == []
    assert store.expire(START_NS + REJECTED_MAX_NS) == []


# --- order, expiry, bounds -------------------------------------------------------------------------------


def test_the_most_urgent_of_each_recipient_goes_first_then_the_oldest(store: Store) -> None:
    store.put([letter("digest", priority=Priority.DIGEST), letter("b", to="43", priority=Priority.RESULT)], START_NS)
    store.put([letter("halt", priority=Priority.HALT), letter("halt 2", priority=Priority.HALT)], START_NS)
    assert [leave(store, to).letter.key for to in ("42", "43")] == ["halt", "b"]
    assert {head.to: head.priority for head in store.heads(TG)} == {"42": Priority.HALT, "43": Priority.RESULT}


def test_expired_letters_are_dropped_and_counted_a_halt_after_a_week(store: Store) -> None:
    store.put([letter("m", priority=Priority.MISSION, expires_ns=START_NS + SECOND)], START_NS)
    store.put([letter("h", priority=Priority.HALT), letter("flies", to="43", expires_ns=START_NS + SECOND)], START_NS)
    leave(store, "43")
    assert store.expire(START_NS + SECOND - 1) == []
    assert [drop.key for drop in store.expire(START_NS + SECOND)] == ["m"]
    assert store.counts["expired"] == 1
    assert store.expire(START_NS + WAIT_MAX_NS - 1) == []
    assert [(drop.key, drop.reason) for drop in store.expire(START_NS + WAIT_MAX_NS)] == [("h", "expired")]
    with pytest.raises(BadLetter, match="never expires"):
        letter("h", priority=Priority.HALT, expires_ns=START_NS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(Priority)), max_size=30))
def test_a_full_file_gives_up_the_least_first(tmp_path: Path, priorities: list[Priority]) -> None:
    (tmp_path / "outbox.db").unlink(missing_ok=True)
    for name in ("outbox.db-wal", "outbox.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    store = Store(tmp_path / "outbox.db", letters_max=8)
    drops = [
        drop
        for number, priority in enumerate(priorities)
        for drop in store.put([letter(f"{number}", priority=priority)], START_NS)
    ]
    kept = store.waiting(TG)
    assert sum(kept.values()) == min(len(priorities), 8)
    assert all(drop.reason == "full" for drop in drops)
    assert sum(kept.values()) + len(drops) == len(priorities)
    by_rank = sorted(priorities)[:8]
    assert kept == {priority: by_rank.count(priority) for priority in set(by_rank)}
    store.close()


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", bytes_max=5_100)
    drops = store.put([letter(f"{n}", text="x" * 1_500) for n in range(4)], START_NS)
    assert [drop.key for drop in drops] == ["0"]
    store.close()


# --- letters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": " "}, "no text"),
        ({"text": "x" * 4_097}, "4096"),
        ({"text": "\U0001f600" * 2_049}, "4096"),
        ({"text": "x" * 1_025, "image": b"png"}, "1024"),
        ({"text": "\ud800"}, "half a character"),
        ({"to": ""}, "recipient"),
        ({"topic": "x" * 65}, "topic"),
        ({"edits_only": True}, "topic"),
        ({"buttons": ((),)}, "row"),
        ({"buttons": ((Button("x"),),)}, "button"),
        ({"buttons": ((Button("x", data="é" * 33),),)}, "button"),
        ({"buttons": ((Button("x", data="a", url="https://b"),),)}, "button"),
        ({"buttons": ((Button("x", web_app="http://b"),),)}, "button"),
    ],
)
def test_what_could_never_be_sent_is_no_letter(fields: dict[str, object], why: str) -> None:
    with pytest.raises(BadLetter, match=why):
        letter("k", **fields)


@given(st.text(max_size=80), st.integers(1, 40))
def test_a_clipped_text_fits_and_says_so(text: str, units_max: int) -> None:
    short = clipped(text, units_max)
    assert utf16_units(short) <= units_max
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_a_letter_is_plain_data() -> None:
    assert isinstance(letter("k"), Letter)


def test_after_a_crash_too_only_the_newest_version_waits(store: Store, tmp_path: Path) -> None:
    store.put([letter("1", topic="M1")], START_NS)
    leave(store, now_ns=START_NS + 5)
    store.put([letter("2", topic="M1")], START_NS)
    again = Store(tmp_path / "outbox.db")
    row = leave(again)
    assert (row.letter.key, row.doubt_ns, waiting(again)) == ("2", START_NS + 5, ["2"])
    again.put([letter("1", topic="M1")], START_NS)
    assert waiting(again) == ["2"]
    again.close()
