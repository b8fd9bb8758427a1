"""The tail of the journal: slices, filters, and the seam between history and life."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.control.stream import RECORDS_PER_TURN_MAX, TailStream, selector
from hydrad.toc.record import Record
from hydrad.wire.answers import Answer, DaemonInfo
from hydrad.wire.answers.journal import Event
from hydrad.wire.calls import Tail

DAEMON = DaemonInfo("0.1.0", 1, "test", "paper")


def record(seq: int) -> Record:
    """Every 10 ns one; HIDDEN each seventh, ODD and EVEN otherwise."""
    kind = "HIDDEN" if seq % 7 == 0 else ("ODD" if seq % 2 else "EVEN")
    return Record(seq, 1, seq * 10, 0, 0, "a", "shell", kind, 1, b"")


def render(row: Record) -> Event | None:
    if row.type == "HIDDEN":
        return None
    symbol = "EURUSD" if row.seq % 3 else "GBPUSD"
    facts = {"symbol": symbol}
    return Event(row.seq, "", None, row.type, "", "a", "shell", (f"M-{row.seq % 5}",), facts)


class Rig:
    """A journal, a loop that turns when told, and a reply that can be full or gone."""

    def __init__(self, call: Tail, head: int) -> None:
        self.records = [record(seq) for seq in range(1, head + 1)]
        self.turns: deque[Callable[[], None]] = deque()
        self.answers: list[Answer] = []
        self.reads = 0
        self.full = False
        self.gone = False
        self.waiting: list[Callable[[], None]] = []
        self.call_id = 1
        self.stream = TailStream(call, head, self.read, selector(call, render), self.envelope, self, self.turns.append)

    def read(self, after_seq: int, limit: int) -> list[Record]:
        assert 0 < limit <= RECORDS_PER_TURN_MAX
        self.reads += 1
        return self.records[after_seq : after_seq + limit]

    def envelope(self, event: Event | None, more: bool) -> Answer:
        return Answer("hydra.event/v1", True, "", DAEMON, event, more=more)

    def send(self, answer: Answer) -> bool:
        if not self.gone:
            self.answers.append(answer)
        return not self.gone

    def send_bytes(self, data: bytes) -> bool:
        raise AssertionError("not used")

    def ready(self, resume: Callable[[], None]) -> bool:
        if self.full:
            self.waiting.append(resume)
        return not self.full

    def commit(self, count: int) -> None:
        head = len(self.records)
        self.records += [record(seq) for seq in range(head + 1, head + count + 1)]
        self.stream.notify(head + count)

    def run(self, turns: int = 1_000_000) -> Rig:
        while self.turns and turns:
            self.turns.popleft()()
            turns -= 1
        return self

    @property
    def seqs(self) -> list[int]:
        return [a.data.seq for a in self.answers if a.data is not None]

    @property
    def ended(self) -> bool:
        return bool(self.answers) and not self.answers[-1].more


def visible(first: int, last: int) -> list[int]:
    return [seq for seq in range(first, last + 1) if seq % 7]


def test_without_follow_the_last_ones_come_and_an_end() -> None:
    rig = Rig(Tail(last=5), 100).run()
    assert rig.seqs == visible(1, 100)[-5:]
    assert rig.ended
    assert rig.stream.done
    assert [a.more for a in rig.answers] == [True] * 5 + [False]


@pytest.mark.parametrize("head", [0, 1, 6, 7])
def test_a_short_journal_is_told_whole(head: int) -> None:
    rig = Rig(Tail(last=50), head).run()
    assert rig.seqs == visible(1, head)
    assert rig.ended


def test_last_counts_what_the_filter_lets_through() -> None:
    rig = Rig(Tail(last=3, kind="ODD", symbol="GBPUSD", mission="M-1"), 5_000).run()
    wanted = [s for s in visible(1, 5_000) if s % 2 and s % 3 == 0 and s % 5 == 1]
    assert rig.seqs == wanted[-3:]


def test_last_zero_follows_from_now_on() -> None:
    rig = Rig(Tail(last=0, follow=True), 100).run()
    assert (rig.answers, rig.reads) == ([], 0)
    rig.commit(4)
    assert rig.run().seqs == visible(101, 104)


def test_who_follows_is_told_that_the_loop_turns() -> None:
    rig = Rig(Tail(last=0, follow=True), 100).run()
    rig.stream.keep_alive()
    assert [(a.data, a.more) for a in rig.answers] == [(None, True)]
    rig.full = True  # it has enough to read
    rig.stream.keep_alive()
    rig.full, rig.gone = False, True
    rig.stream.keep_alive()
    assert len(rig.answers) == 1
    assert rig.stream.done


def test_who_does_not_follow_is_told_nothing_more() -> None:
    rig = Rig(Tail(last=1), 100)
    rig.stream.keep_alive()
    assert rig.answers == []


def test_after_seq_wins() -> None:
    rig = Rig(Tail(after_seq=90, last=2), 100).run()
    assert rig.seqs == visible(91, 100)
    assert Rig(Tail(after_seq=5, since_ns=500), 100).run().seqs == visible(50, 100)


def test_since_is_found_by_halving_and_wins_over_last() -> None:
    rig = Rig(Tail(since_ns=9_000, last=2), 1_000).run()
    assert rig.seqs == visible(900, 1_000)
    assert rig.reads < 15
    assert Rig(Tail(since_ns=99_999), 1_000).run().seqs == []
    assert Rig(Tail(since_ns=0), 10).run().seqs == visible(1, 10)


def test_until_ends_even_a_followed_stream() -> None:
    assert Rig(Tail(since_ns=100, until_ns=200), 1_000).run().seqs == visible(10, 19)
    assert Rig(Tail(last=3, until_ns=200), 1_000).run().seqs == visible(1, 19)[-3:]
    rig = Rig(Tail(last=0, until_ns=1_030, follow=True), 100).run()
    rig.commit(1)
    assert not rig.run().ended
    rig.commit(10)
    assert rig.run().ended
    assert rig.seqs == visible(101, 102)


def test_a_turn_is_bounded_and_notifications_do_not_add_turns() -> None:
    rig = Rig(Tail(after_seq=0, follow=True), 5 * RECORDS_PER_TURN_MAX)
    rig.run(turns=1)
    assert len(rig.seqs) <= RECORDS_PER_TURN_MAX
    rig.commit(1)
    rig.commit(1)
    assert len(rig.turns) == 1
    assert rig.run().seqs == visible(1, 5 * RECORDS_PER_TURN_MAX + 2)


def test_without_follow_the_end_is_where_the_head_was() -> None:
    rig = Rig(Tail(after_seq=0), 1_000)
    rig.run(turns=2)
    rig.commit(500)
    assert rig.run().seqs == visible(1, 1_000)
    assert rig.ended


def test_a_full_client_is_waited_for() -> None:
    rig = Rig(Tail(after_seq=0), 1_000)
    rig.run(turns=1)
    sent = len(rig.seqs)
    rig.full = True
    rig.run()
    assert (len(rig.seqs), len(rig.waiting)) == (sent, 1)
    rig.full = False
    rig.waiting.pop()()
    assert rig.run().seqs == visible(1, 1_000)


@pytest.mark.parametrize("call", [Tail(after_seq=0), Tail(last=500)], ids=["history", "last"])
def test_a_client_that_is_gone_ends_it(call: Tail) -> None:
    rig = Rig(call, 1_000)
    rig.gone = True
    rig.run()
    assert rig.stream.done
    rig.commit(1)
    assert not rig.turns


def test_stop_ends_it_before_its_turn() -> None:
    rig = Rig(Tail(after_seq=0), 10)
    rig.stream.stop()
    assert rig.run().answers == []


def test_an_old_or_repeated_notification_changes_nothing() -> None:
    rig = Rig(Tail(last=1, follow=True), 10).run()
    rig.stream.notify(10)
    rig.stream.notify(3)
    assert not rig.turns


def test_a_client_ahead_of_the_journal_waits_for_it() -> None:
    rig = Rig(Tail(after_seq=20, follow=True), 10).run()
    rig.commit(15)
    assert rig.run().seqs == visible(21, 25)


@given(
    head=st.integers(0, 700),
    after=st.one_of(st.none(), st.integers(0, 700)),
    last=st.integers(0, 700),
    steps=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 3)), max_size=12),
)
def test_no_gap_and_no_repeat_whatever_the_interleaving(
    head: int, after: int | None, last: int, steps: list[tuple[int, int]]
) -> None:
    rig = Rig(Tail(after_seq=after, last=last, follow=True), head)
    for count, turns in steps:
        rig.commit(count)
        rig.run(turns)
    rig.run()
    end = len(rig.records)
    history = visible(1, head)
    expected = visible(after + 1, end) if after is not None else visible(head + 1, end)
    if after is None and last:
        expected = history[-last:] + expected
    assert rig.seqs == expected
