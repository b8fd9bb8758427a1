"""Sessions under a clock of ours: ids, limits, rotation, counting, and what is kept of them."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hydrad.domain.instants import SECOND
from hydrad.host.entropy import draw_token
from hydrad.host.tickets import digest
from hydrad.hud.pins import Pin
from hydrad.hud.sessions import FORMER_NS, SESSIONS_MAX, SESSIONS_OF_ONE_MAX, WRONG_MAX, Limits, Sessions
from hydrad.hud.store import BadStore, Store

T0 = 1_900_000_000 * SECOND
WHO = "uid:1000"


def sessions(**limits: int) -> Sessions:
    return Sessions(Limits(**limits), draw_token)


def test_an_id_has_256_bits_and_only_its_digest_is_kept() -> None:
    held = sessions()
    token, session = held.begin(WHO, True, T0)
    assert len(token) == 43 and session.key == digest(token) and len(session.key) == 32
    assert token not in repr(held.take_changed()) + repr(session)


def test_an_id_of_the_clients_own_is_nobodys() -> None:
    held = sessions()
    held.begin(WHO, True, T0)
    for token in ("", "x", "a" * 43, "a" * 100_000):
        assert held.find(token, T0) is None


@pytest.mark.parametrize(("after_s", "stands"), [(0, True), (899, True), (900, False), (90_000, False)])
def test_who_asks_nothing_is_logged_out(after_s: int, stands: bool) -> None:
    held = sessions(idle_s=900)
    token, _ = held.begin(WHO, True, T0)
    assert (held.find(token, T0 + after_s * SECOND) is not None) is stands
    assert len(held) == stands


def test_asking_keeps_it_and_the_day_ends_it_all_the_same() -> None:
    held = sessions(idle_s=900, max_s=28_800)
    token, session = held.begin(WHO, True, T0)
    for minute in range(0, 480, 14):
        found = held.find(token, T0 + minute * 60 * SECOND)
        assert found is session
        held.seen(session, T0 + minute * 60 * SECOND)
    assert held.find(token, T0 + 28_800 * SECOND) is None and session.ended


def test_a_confirmation_ends_after_its_time() -> None:
    held = sessions(confirm_s=900)
    _, session = held.begin(WHO, True, T0)
    assert not session.is_confirmed(held.limits, T0)
    held.confirm(session, T0)
    assert session.is_confirmed(held.limits, T0 + 899 * SECOND)
    assert not session.is_confirmed(held.limits, T0 + 900 * SECOND)


@pytest.mark.parametrize("how", ["confirm", "elevate"])
def test_every_elevation_draws_a_new_id_and_the_old_one_looks_for_moments(how: str) -> None:
    held = sessions()
    old, session = held.begin(WHO, False, T0)
    new = held.confirm(session, T0) if how == "confirm" else held.elevate(session, T0)
    assert new != old and held.find(old, T0) is None and held.find(new, T0) is session
    assert held.changed[digest(old)] is None and not session.ended
    assert held.find_former(old, T0 + FORMER_NS - 1) is session and held.find_former(new, T0) is None
    assert held.find_former(old, T0 + FORMER_NS) is None


def test_a_former_id_ends_with_its_session() -> None:
    held = sessions()
    old, session = held.begin(WHO, True, T0)
    held.confirm(session, T0)
    held.end(session)
    assert held.find_former(old, T0) is None


def test_ids_that_were_replaced_are_forgotten_in_time() -> None:
    held = sessions()
    _, session = held.begin(WHO, True, T0)
    for n in range(100):
        held.confirm(session, T0 + n * SECOND)
    assert len(held._former) <= FORMER_NS // SECOND + 1


def test_wrong_pins_are_counted_before_they_are_looked_at() -> None:
    held = sessions()
    _, session = held.begin(WHO, True, T0)
    assert [held.count_try(session) for _ in range(WRONG_MAX + 2)] == [True] * WRONG_MAX + [False] * 2
    held.confirm(session, T0)
    assert held.count_try(session)


def test_one_person_has_so_many_and_all_together_so_many() -> None:
    held = sessions()
    for number in range(SESSIONS_OF_ONE_MAX + 3):
        held.begin(WHO, True, T0 + number)
    assert len(held) == SESSIONS_OF_ONE_MAX
    for number in range(SESSIONS_MAX + 10):
        held.begin(f"telegram:{number}", True, T0 + 1_000 + number)
    assert len(held) == SESSIONS_MAX


def test_the_longest_unseen_one_goes_first() -> None:
    held = sessions()
    tokens = [held.begin(WHO, True, T0 + number)[0] for number in range(SESSIONS_OF_ONE_MAX)]
    first = held.find(tokens[0], T0 + 100)
    assert first is not None
    held.seen(first, T0 + 100)
    held.begin(WHO, True, T0 + 200)
    assert [held.find(token, T0 + 200) is not None for token in tokens[:3]] == [True, False, True]


def test_log_out_everywhere_ends_all_of_a_person() -> None:
    held = sessions()
    mine = [held.begin(who, True, T0)[1] for who in (WHO, WHO, "telegram:42")]
    token, _ = held.begin("telegram:7", True, T0)
    assert held.end_of([WHO, "telegram:42"]) == 3
    assert all(session.ended for session in mine) and held.find(token, T0) is not None


def test_a_clock_that_steps_back_ends_nothing_and_lengthens_nothing() -> None:
    held = sessions(max_s=300)
    token, session = held.begin(WHO, True, T0)
    held.seen(session, T0 - 3_600 * SECOND)
    assert session.seen_ns == T0 and held.find(token, T0 - 3_600 * SECOND) is session
    assert held.find(token, T0 + 300 * SECOND) is None


# --- the file ---------------------------------------------------------------------------------------------


class Kept(RuleBasedStateMachine):
    """Whatever happens, what is in the file is what another start finds."""

    def __init__(self) -> None:
        super().__init__()
        names = itertools.count()
        self.held = Sessions(Limits(), lambda: f"token-{next(names)}")
        self._folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self._folder.name) / "hud.db")
        self.now_ns = T0

    @rule(who=st.sampled_from([WHO, "telegram:7"]), full=st.booleans())
    def begin(self, who: str, full: bool) -> None:
        self.held.begin(who, full, self.now_ns)

    @rule(seconds=st.integers(0, 1_200))
    def time_passes(self, seconds: int) -> None:
        self.now_ns += seconds * SECOND

    @rule(data=st.data(), what=st.sampled_from(["seen", "confirm", "elevate", "try", "end"]))
    def touch(self, data: st.DataObject, what: str) -> None:
        if not len(self.held):
            return
        session = data.draw(st.sampled_from(sorted(self.held._open.values(), key=lambda s: s.key)))
        match what:
            case "seen":
                self.held.seen(session, self.now_ns)
            case "confirm":
                self.held.confirm(session, self.now_ns)
            case "elevate":
                self.held.elevate(session, self.now_ns)
            case "try":
                self.held.count_try(session)
            case "end":
                self.held.end(session)

    @invariant()
    def file_agrees(self) -> None:
        self.store.keep(self.held.take_changed())
        found = {session.key: session for session in self.store.sessions()}
        assert set(found) == set(self.held._open)
        for key, session in self.held._open.items():
            kept = found[key]
            assert (kept.identity, kept.full, kept.created_ns) == (session.identity, session.full, session.created_ns)
            assert (kept.confirmed_ns, kept.wrong) == (session.confirmed_ns, session.wrong)
            assert 0 <= session.seen_ns - kept.seen_ns < 60 * SECOND

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()


TestKept = Kept.TestCase


def test_the_file_is_private_and_its_pins_come_back(tmp_path: Path) -> None:
    path = tmp_path / "hud.db"
    store = Store(path)
    store.keep_pin("ann", Pin(5, b"salt", b"hash", 2))
    store.close()
    again = Store(path)
    assert again.pins() == {"ann": Pin(5, b"salt", b"hash", 2)}
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_used_once_is_known_until_its_end(tmp_path: Path) -> None:
    store = Store(tmp_path / "hud.db")
    assert store.first_use(b"h", T0 + 10, T0)
    assert not store.first_use(b"h", T0 + 10, T0 + 9)
    assert store.first_use(b"other", T0 + 10, T0 + 9)
    assert store.first_use(b"h", T0 + 20, T0 + 10)
    store.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to have a header" * 40, b"\0" * 5_000])
def test_a_file_that_is_something_else_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hud.db"
    path.write_bytes(content)
    with pytest.raises(BadStore, match="move it away"):
        Store(path)


@given(st.binary(min_size=1, max_size=200))
def test_tokens_of_any_kind_are_looked_up_and_never_crash(data: bytes) -> None:
    assert sessions().find(data.decode("latin-1"), T0) is None
