"""The enrolment card: what stands on it, and that it is as the journal says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hydrad.domain.accounts import AccountKind
from hydrad.home import cards
from hydrad.host.places import Places
from hydrad.toc.record import Record
from hydrad.toc.state import Account, State, Terminal


@pytest.fixture
def home(tmp_path: Path) -> tuple[Places, State]:
    places = Places(tmp_path / "c", tmp_path / "d", tmp_path, tmp_path, tmp_path / "HALT")
    state = State()
    state.accounts["main"] = Account("main", AccountKind.LIVE, 123456, "Tidewater-Live", "USD", True)
    for rank, name in enumerate(("t1", "t2")):
        state.terminals[name] = Terminal(name, "main", f"key {rank}", ("EURUSD",), rank)
    places.bundle("t1").parent.mkdir(parents=True)
    return places, state


def record(kind: str) -> Record:
    return Record(1, 1, 1, 0, 1, "daemon", "daemon", kind, 1, b"")


def test_a_card_is_written_where_a_bundle_is_and_follows_the_journal(home: tuple[Places, State]) -> None:
    places, state = home
    cards.write_all(places, state)
    path = cards.path_of(places, "t1")
    told = path.read_text()
    for part in ("account main (live)", "Tidewater-Live", "123456", "t1, t2", "NOT KNOWN: hydractl account phone main"):
        assert part in told
    assert path.stat().st_mode & 0o777 == 0o600 and not cards.path_of(places, "t2").exists()
    state.accounts["main"].phone = "+44 20 7946 0000"
    cards.published(places, state, [record("NOTE_MADE")])
    assert path.read_text() == told
    cards.published(places, state, [record("BROKER_PHONE_SET")])
    assert "broker's phone  +44 20 7946 0000\n" in path.read_text()
    before = path.stat().st_mtime_ns
    cards.write_all(places, state)
    assert path.stat().st_mtime_ns == before, "one that is right is left alone"


def test_one_that_cannot_be_written_is_logged_and_ends_nothing(
    home: tuple[Places, State], caplog: pytest.LogCaptureFixture
) -> None:
    places, state = home
    cards.path_of(places, "t1").mkdir()
    with caplog.at_level(logging.WARNING):
        cards.write_all(places, state)
    assert "is not written" in caplog.text
