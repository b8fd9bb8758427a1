"""The pages' stream: nothing lost, nothing twice, whatever the order of reading, writing and coming back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import SECOND
from hydrad.hud.stream import BEHIND_MAX, EVENTS_AT_ONCE, TOLD_AT_ONCE, Over, Stream
from hydrad.hud.watching import BadPlace, instant_ns
from hydrad.toc.audience import Audience
from hydrad.toc.record import Record
from hydrad.wire.answers.journal import Event
from hydrad.wire.answers.live import Hello, Now

ALL: Callable[[], Audience] = lambda: None  # noqa: E731 - an audience that never changes


class Journal:
    """Records that are about `alpha` and `beta` in turn. `reads`: how often the journal was read."""

    def __init__(self, count: int = 0) -> None:
        self.records = [self._record(seq + 1) for seq in range(count)]
        self.reads = self.rendered = self.looked = 0

    def _record(self, seq: int) -> Record:
        return Record(seq, 1, seq, 0, seq, "uid:0", "shell", "NOTE_MADE", 1, b"")

    def add(self, count: int) -> list[Record]:
        made = [self._record(len(self.records) + 1 + place) for place in range(count)]
        self.records += made
        return made

    def head_seq(self) -> int:
        return len(self.records)

    def read(self, after_seq: int, limit: int) -> list[Record]:
        self.reads += 1
        return self.records[after_seq : after_seq + limit]

    def event(self, record: Record) -> Event:
        self.rendered += 1
        return Event(record.seq, "", None, record.type, "", "uid:0", "shell", (), {})

    def account_of(self, record: Record) -> str:
        return "beta" if record.seq % 2 else "alpha"

    def hello(self, seq: int) -> Hello:
        return Hello("hx", "0", "paper", seq, "")

    def now(self, audience: Audience) -> Now:
        self.looked += 1
        shown = "all" if audience is None else ",".join(sorted(audience))
        return Now("", None, shown, self.head_seq(), "ACTIVE", (), (), (), 0, 0, 0, 0)


class Page:
    """One watcher, and what it was told. Its sink is full after each piece until that is read, or never (`eager`)."""

    def __init__(
        self, stream: Stream, after: int | None = None, audience: Callable[[], Audience] = ALL, eager: bool = False
    ) -> None:
        self.told: list[tuple[str, int | None, dict[str, object]]] = []
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._eager = eager
        self._empty = asyncio.Event()
        self.following = asyncio.ensure_future(stream.follow(after, audience, self))

    def write(self, data: bytes) -> bool:
        assert self._eager or self.pieces.empty(), "written to, though it was full"
        self.pieces.put_nowait(data)
        self._empty.clear()
        return self._eager

    async def drained(self) -> None:
        await self._empty.wait()

    async def read(self) -> bool:
        """The next piece; False: there is none any more."""
        getting = asyncio.ensure_future(self.pieces.get())
        await asyncio.wait({getting, self.following}, return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            getting.cancel()
            self.following.result()
            return False
        self._empty.set()
        self.told += [_parsed(block) for block in getting.result().decode().split("\n\n") if block]
        return True

    @property
    def seqs(self) -> list[int]:
        return [seq for kind, seq, _ in self.told if kind == "record" and seq is not None]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.told]


def _parsed(block: str) -> tuple[str, int | None, dict[str, object]]:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    return fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"])


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 60)

    asyncio.run(bounded())


async def asleep(stream: Stream, count: int) -> None:
    while len(stream._sleeping) < count:
        await asyncio.sleep(0)


async def until(page: Page, seq: int) -> None:
    while not page.seqs or page.seqs[-1] < seq:
        assert await page.read()


def test_a_page_is_greeted_and_told_what_follows() -> None:
    async def work() -> None:
        journal = Journal(5)
        stream = Stream(journal)
        page = Page(stream)
        await page.read()
        stream.published(journal.add(3))
        await until(page, 8)
        assert page.kinds[0] == "hello" and page.told[0][2]["seq"] == 5
        assert page.seqs == [6, 7, 8]

    run(work)


@settings(deadline=None)
@given(
    before=st.integers(0, 450),
    adds=st.lists(st.integers(1, 300), min_size=1, max_size=6),
    back=st.integers(0, 700),
    eager=st.booleans(),
)
def test_a_page_that_comes_back_misses_nothing_and_is_told_nothing_twice(
    before: int, adds: list[int], back: int, eager: bool
) -> None:
    async def work() -> None:
        journal = Journal(before)
        stream = Stream(journal)
        for count in adds[:-1]:
            stream.published(journal.add(count))
        after = max(journal.head_seq() - back, 0)
        page = Page(stream, after, eager=eager)
        await page.read()
        stream.published(journal.add(adds[-1]))
        await until(page, journal.head_seq())
        assert page.seqs == list(range(after + 1, journal.head_seq() + 1))

    run(work)


@given(count=st.integers(0, 40), at_ns=st.integers(-5, 60))
def test_the_last_number_before_an_instant_is_found(count: int, at_ns: int) -> None:
    """A record's number is its time here."""
    assert Stream(Journal(count)).before(at_ns) == min(max(at_ns - 1, 0), count)


SOON_NS = 60 * SECOND


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("10s", SOON_NS - 10 * SECOND),
        ("1m30s", SOON_NS - 90 * SECOND),
        ("1970-01-01T00:00:07Z", 7 * SECOND),
        ("1970-01-01T01:00:07+01:00", 7 * SECOND),
    ],
)
def test_since_is_read_as_the_shell_reads_it(text: str, at_ns: int) -> None:
    assert instant_ns(text, SOON_NS) == at_ns


@pytest.mark.parametrize("text", ["", "soon", "0s", "-5m", "2026-11-26", "2026-11-26T09:00:00", "T", "1e400s"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(BadPlace):
        instant_ns(text, SOON_NS)


@pytest.mark.parametrize("after", [11, 10**17])
def test_a_number_of_another_journal_is_answered_with_ask_anew(after: int) -> None:
    async def work() -> None:
        journal = Journal(10)
        stream = Stream(journal)
        page = Page(stream, after)
        stream.beat()
        await page.read()
        await page.read()
        assert page.kinds[:2] == ["hello", "reset"]
        stream.published(journal.add(1))
        await until(page, 11)
        assert page.seqs == [11]

    run(work)


def test_one_that_is_too_far_behind_asks_anew_instead_of_reading_the_whole_journal() -> None:
    async def work() -> None:
        journal = Journal(BEHIND_MAX + 10)
        page = Page(Stream(journal), 5)
        await page.read()
        assert page.kinds == ["hello", "reset"] and journal.reads == 0

    run(work)


def test_what_is_durable_but_not_published_yet_is_told_once() -> None:
    async def work() -> None:
        journal = Journal(5)
        stream = Stream(journal)
        page = Page(stream, 0)
        later = journal.add(2)
        await until(page, 5)
        stream.published(later)
        await until(page, 7)
        assert page.seqs == [1, 2, 3, 4, 5, 6, 7]

    run(work)


def test_nothing_is_rendered_while_nobody_watches_and_nothing_is_missing_after() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        stream.published(journal.add(40))
        assert journal.rendered == 0
        page = Page(stream, 10)
        await until(page, 40)
        assert page.seqs == list(range(11, 41))

    run(work)


def test_each_event_is_rendered_once_for_everybody() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        pages = [Page(stream) for _ in range(60)]
        for page in pages:
            await page.read()
        readers = [asyncio.create_task(until(page, 50)) for page in pages]
        await asyncio.sleep(0)
        for _ in range(10):
            stream.published(journal.add(5))
            await asyncio.sleep(0)
        await asyncio.gather(*readers)
        assert journal.rendered == 50 and journal.reads == 0
        assert all(page.seqs == list(range(1, 51)) for page in pages)

    run(work)


def test_a_second_is_looked_at_once_for_all_who_may_see_the_same() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        alpha, beta = frozenset({"alpha"}), frozenset({"beta"})
        pages = [Page(stream, None, lambda shown=shown: shown) for shown in (None, alpha, beta, alpha, None)]
        for page in pages:
            await page.read()
            await page.read()
        assert [page.told[1][2]["speed"] for page in pages] == ["all", "alpha", "beta", "alpha", "all"]
        assert journal.looked == 3
        stream.beat()
        for page in pages:
            await page.read()
        assert journal.looked == 6

    run(work)


def test_a_page_sees_the_accounts_of_its_person_and_no_others() -> None:
    async def work() -> None:
        journal = Journal(EVENTS_AT_ONCE * 3)
        stream = Stream(journal)
        page = Page(stream, 0, lambda: frozenset({"alpha"}))
        await until(page, EVENTS_AT_ONCE * 3)
        assert page.seqs == list(range(2, EVENTS_AT_ONCE * 3 + 1, 2))

    run(work)


@pytest.mark.parametrize("eager", [False, True])
def test_the_stream_of_somebody_without_a_role_ends_at_the_next_second(eager: bool) -> None:
    async def work() -> None:
        over = False

        def audience() -> Audience:
            if over:
                raise Over
            return None

        stream = Stream(Journal())
        page = Page(stream, None, audience, eager)
        while len(page.told) < 2:
            await page.read()
        await asleep(stream, 1)
        over = True
        stream.beat()
        assert await page.read() is False
        assert stream.watchers == 0

    run(work)


def test_a_watcher_that_cannot_be_told_is_the_only_one_that_is_not() -> None:
    """Else the pages behind it would be silent for ever."""

    async def work() -> None:
        broken = False

        def audience() -> Audience:
            if broken:
                raise RuntimeError("no state")
            return None

        journal = Journal()
        stream = Stream(journal)
        first, bad, last = (Page(stream, None, who, eager=True) for who in (ALL, audience, ALL))
        await asleep(stream, 3)
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        broken = True
        for _ in range(2):
            stream.published(journal.add(1))
            await asyncio.wait({bad.following})
            await asleep(stream, 2)
        assert isinstance(bad.following.exception(), RuntimeError) and stream.watchers == 2
        for page in (first, last):
            await until(page, 2)
            page.following.cancel()

    run(work)


def test_who_was_given_no_account_is_told_the_seconds() -> None:
    async def work() -> None:
        stream = Stream(Journal(2))
        page = Page(stream, 0, frozenset)
        while "now" not in page.kinds:
            assert await page.read()
        assert page.seqs == []

    run(work)


def test_watchers_are_told_in_slices_and_a_round_ends() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        pages = [Page(stream, eager=True) for _ in range(TOLD_AT_ONCE * 3)]
        await asleep(stream, len(pages))
        before = sum(page.pieces.qsize() for page in pages)
        stream.published(journal.add(1))
        told = [before]
        while told[-1] < before + len(pages):
            await asyncio.sleep(0)
            told.append(sum(page.pieces.qsize() for page in pages))
        steps = [later - earlier for earlier, later in pairwise(told)]
        assert max(steps) <= TOLD_AT_ONCE
        assert not stream._due and len(stream._sleeping) == len(pages)  # told in their sleep

    run(work)


def test_one_that_is_full_is_waited_for_alone() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        slow, quick = Page(stream), Page(stream, eager=True)
        await asleep(stream, 1)
        for _ in range(5):
            stream.published(journal.add(1))
            while stream._due:
                await asyncio.sleep(0)
        assert slow.pieces.qsize() == 1, "nothing is kept for it but what it has not taken"
        while not quick.pieces.empty():
            await quick.read()
        assert quick.seqs == [1, 2, 3, 4, 5]
        await until(slow, 5)
        assert slow.seqs == [1, 2, 3, 4, 5]

    run(work)


def test_one_that_has_left_is_told_nothing_more() -> None:
    async def work() -> None:
        journal = Journal()
        stream = Stream(journal)
        page, other = Page(stream, eager=True), Page(stream, eager=True)
        await asleep(stream, 2)
        page.following.cancel()
        await asyncio.wait({page.following})
        told = page.pieces.qsize()
        stream.published(journal.add(1))
        await until(other, 1)
        assert page.pieces.qsize() == told and len(stream._sleeping) == 1

    run(work)


def test_pages_are_counted_and_bounded() -> None:
    async def work() -> None:
        stream = Stream(Journal(), watchers_max=2)
        pages = [Page(stream) for _ in range(2)]
        assert not stream.full
        for page in pages:
            await page.read()
        assert stream.full
        pages[0].following.cancel()
        await asyncio.wait({pages[0].following})
        assert not stream.full and stream.watchers == 1

    run(work)


def test_an_audience_that_becomes_smaller_is_smaller_from_the_next_piece_on() -> None:
    """An account is taken from somebody whose page is open, and who is behind."""

    async def work() -> None:
        seen: Audience = None
        journal = Journal(4)
        stream = Stream(journal)
        page = Page(stream, 4, lambda: seen)
        await page.read()
        stream.published(journal.add(2))
        await until(page, 6)
        seen = frozenset({"alpha"})
        stream.published(journal.add(4))
        await until(page, 10)
        assert page.seqs == [5, 6, 8, 10]
        late = Page(stream, 0, lambda: seen)
        await until(late, 10)
        assert late.seqs == [2, 4, 6, 8, 10], "what is read again from the journal, too"

    run(work)
