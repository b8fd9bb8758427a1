"""The outbox on a loop: what the journal says becomes letters, and letters arrive, whatever the channel does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import astuple

from hydrad.domain.instants import MINUTE, SECOND
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.outbox import Outbox
from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Rejected, Sent, Throttled
from hydrad.outbox.planner import Limits
from hydrad.outbox.post import Post
from hydrad.outbox.store import REJECTED_MAX_NS, Row, Store
from hydrad.outbox.telling import Journal, Telling
from hydrad.toc.record import Record
from tests.outbox.letters import START_NS, letter

TG = Channel.TELEGRAM
QUICK = Limits(0, 20, 10_000, 8, lambda to: False)


def record(seq: int, kind: str = "NOTE") -> Record:
    return Record(seq, 1, START_NS, 0, seq, "daemon", "daemon", kind, 1, b"")


class Desk:
    """A carrier whose outcomes are given; what arrived is kept."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.rows: list[Row] = []
        self.hold: asyncio.Event | None = None
        self.failing: Exception | None = None

    async def deliver(self, row: Row) -> Outcome:
        self.rows.append(row)
        if self.failing:
            raise self.failing
        if self.hold:
            await self.hold.wait()
        return self.outcomes.pop(0) if self.outcomes else Sent(f"{len(self.rows)}")


class World:
    def __init__(self, folder: Path) -> None:
        self.now_ns = START_NS
        self.notes: list[tuple[str, str, str]] = []
        self.records: list[Record] = []
        self.path = folder / "outbox.db"

    def outbox(self) -> Outbox:
        return Outbox(self.path, lambda: self.now_ns, lambda *note: self.notes.append(note))

    def telling(self, outbox: Outbox, *composers: Callable[[Record], Sequence[Letter]]) -> Telling:
        journal = Journal(lambda: len(self.records), lambda after, limit: self.records[after : after + limit])
        return Telling(outbox, journal, composers)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@asynccontextmanager
async def opened(world: World) -> AsyncIterator[Outbox]:
    outbox = world.outbox()
    await outbox.open()
    try:
        yield outbox
    finally:
        await outbox.close()


@asynccontextmanager
async def running(*posts: Post | Telling) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(post.run()) for post in posts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.005)


# --- delivering ------------------------------------------------------------------------------------------


def test_letters_arrive_in_order_of_their_priority_and_leave(world: World) -> None:
    async def story() -> None:
        desk = Desk()
        async with opened(world) as outbox:
            given = [letter(priority.name, priority=priority) for priority in reversed(Priority)]
            await outbox.put(given)
            post = Post(outbox, TG, desk, QUICK)
            async with running(post):
                await until(lambda: len(desk.rows) == 5)
                await until(lambda: post.sent_ns == START_NS)
            assert [row.letter.key for row in desk.rows] == [priority.name for priority in Priority]
            assert await outbox.do(Store.waiting, TG) == {}

    asyncio.run(story())


def test_each_outcome_is_booked(world: World) -> None:
    async def story() -> None:
        desk = Desk(Refused("bad"), Throttled(0.0), Sent("5"), Gone("blocked"))
        async with opened(world) as outbox, running(Post(outbox, TG, desk, QUICK)):
            await outbox.put([letter("1")])
            await until(lambda: len(world.notes) == 1)
            await outbox.put([letter("2")])
            await until(lambda: len(desk.rows) == 3)
            assert [row.letter.key for row in desk.rows] == ["1", "2", "2"]
            assert not desk.rows[2].doubt_ns
            await outbox.put([letter("3")])
            await until(lambda: len(world.notes) == 2)
            digest = sha256(b"text of 1").hexdigest()[:16]
            why = f"telegram: bad; SHA-256 of the text {digest}; 1 since the start"
            assert world.notes == [("LETTER_REFUSED", "outbox", why), ("CHAT_GONE", "telegram:42", "blocked")]
            await outbox.put([letter("4")])
            assert world.notes.pop() == ("CHAT_GONE", "telegram:42", "nothing is taken there")
            assert outbox.counts == {"refused": 1, "sent": 1, "gone": 2}
            assert [found.to for found in await outbox.do(Store.stopped)] == ["42"]
            await outbox.back(TG, "42")
            await outbox.back(TG, "42")
            assert world.notes[2:] == [("CHAT_GONE", "telegram:42", "")]
            assert await outbox.do(Store.stopped) == []

    asyncio.run(story())


def test_a_dead_address_is_said_holds_up_nobody_and_ends(world: World) -> None:
    async def story() -> None:
        halts = [letter("h", to="dead", priority=Priority.HALT), letter("e", to="else", priority=Priority.HALT)]
        desk = Desk(Rejected("550 no such user", 300.0))
        async with opened(world) as outbox, running(Post(outbox, TG, desk, QUICK)):
            await outbox.put(halts)
            await until(lambda: len(desk.rows) == 2)
            await until(lambda: outbox.counts.get("sent") == 1)
            assert world.notes == [("ADDRESS_REJECTED", "telegram:dead", "550 no such user")]
        async with opened(world) as outbox:
            world.now_ns += REJECTED_MAX_NS
            await outbox.look()
            assert (outbox.waiting, outbox.counts) == (0, {"rejected": 1})
            assert world.notes[1:] == [("ADDRESS_REJECTED", "telegram:dead", "")]

    asyncio.run(story())


def test_what_stands_and_this_file_does_not_know_has_ended(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox, running(Post(outbox, TG, Desk(Gone("blocked")), QUICK)):
            await outbox.put([letter("1")])
            await until(lambda: len(world.notes) == 1)
        async with opened(world) as outbox:
            told = [("CHAT_GONE", "telegram:42"), ("CHAT_GONE", "telegram:43"), ("ADDRESS_REJECTED", "email:a@b")]
            await outbox.stand([*told, ("OUTBOX_FULL", "outbox"), ("TERMINAL_LOST", "t1")])
            ended = [("CHAT_GONE", "telegram:43"), ("ADDRESS_REJECTED", "email:a@b"), ("OUTBOX_FULL", "outbox")]
            assert world.notes[1:] == [(*which, "") for which in ended]
            await outbox.put([letter("2")])
            assert world.notes[4:] == [("CHAT_GONE", "telegram:42", "nothing is taken there")], "said at each letter"

    asyncio.run(story())


def test_an_address_that_is_put_right_ends_what_was_said(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox, running(Post(outbox, TG, Desk(Rejected("550", 0.0)), QUICK)):
            await outbox.put([letter("1", priority=Priority.HALT)])
            await until(lambda: len(world.notes) == 2)
            assert [note[2] for note in world.notes] == ["550", ""]
            assert outbox.counts == {"sent": 1}

    asyncio.run(story())


def test_a_lost_answer_is_repeated_in_doubt_when_its_time_has_come(world: World) -> None:
    async def story() -> None:
        desk = Desk(Lost("no answer"))
        async with opened(world) as outbox:
            post = Post(outbox, TG, desk, QUICK)
            async with running(post):
                await outbox.put([letter("1")])
                await until(lambda: post.down_ns > 0)
                world.now_ns += 2 * SECOND
                outbox.news[TG].set()
                await until(lambda: len(desk.rows) == 2)
                assert desk.rows[1].doubt_ns == START_NS
                await until(lambda: post.down_ns == 0)

    asyncio.run(story())


def test_a_stopped_post_leaves_what_flew_in_doubt(world: World) -> None:
    async def story() -> None:
        desk = Desk()
        desk.hold = asyncio.Event()
        async with opened(world) as outbox:
            async with running(Post(outbox, TG, desk, QUICK)):
                await outbox.put([letter("1")])
                await until(lambda: len(desk.rows) == 1)
            desk.hold = None
            async with running(Post(outbox, TG, desk, QUICK)):
                await until(lambda: len(desk.rows) == 2)
            assert [bool(row.doubt_ns) for row in desk.rows] == [False, True]

    asyncio.run(story())


def test_a_carrier_that_breaks_ends_the_post_and_loses_nothing(world: World) -> None:
    async def story() -> None:
        desk = Desk()
        desk.failing = RuntimeError("a mistake of ours")
        async with opened(world) as outbox:
            await outbox.put([letter("1")])
            with pytest.raises(RuntimeError, match="mistake"):
                await asyncio.wait_for(Post(outbox, TG, desk, QUICK).run(), 10)
            assert await outbox.do(Store.waiting, TG) == {Priority.ALARM: 1}

    asyncio.run(story())


def test_an_hour_away_piles_up_no_tasks_and_then_tells_what_matters_first(world: World) -> None:
    async def story() -> None:
        desk = Desk(*[Lost("no answer")] * 10_000)
        async with opened(world) as outbox:
            post = Post(outbox, TG, desk, QUICK)
            async with running(post):
                for minute in range(60):
                    world.now_ns = START_NS + minute * MINUTE
                    expires = world.now_ns + 5 * MINUTE
                    await outbox.put(
                        [
                            letter(f"m{minute}", priority=Priority.MISSION, expires_ns=expires),
                            letter(f"life{minute}", topic="M1"),
                            letter(f"r{minute}", priority=Priority.RESULT),
                        ]
                    )
                    tried = len(desk.rows)
                    await until(lambda tried=tried: len(desk.rows) > tried and not post.flying)
                    assert post.flying <= 8
                await outbox.put([letter("halt", priority=Priority.HALT)])
                assert len(desk.rows) < 400
                desk.outcomes.clear()
                desk.rows.clear()
                world.now_ns += MINUTE
                outbox.news[TG].set()
                await until(lambda: len(desk.rows) == 1 + 1 + 60 + 4)
            keys = [row.letter.key for row in desk.rows]
            assert keys[:2] == ["halt", "life59"]
            assert [key for key in keys if key.startswith("m")] == [f"m{n}" for n in range(56, 60)]

    asyncio.run(story())


# --- reading the journal ---------------------------------------------------------------------------------


def told(record: Record) -> list[Letter]:
    return [letter(f"{record.seq}")] if record.type == "TOLD" else []


def test_a_new_file_begins_at_the_head_and_says_so(world: World) -> None:
    async def story() -> None:
        world.records = [record(1, "TOLD"), record(2)]
        async with opened(world) as outbox:
            telling = world.telling(outbox, told)
            await telling.begin()
            assert [note[:2] for note in world.notes] == [("OUTBOX_NEW", "outbox")]
            async with running(telling):
                world.records.append(record(3, "TOLD"))
                telling.published()
                await until(lambda: telling.seq == 3)
                await asyncio.sleep(0)
            assert await outbox.do(Store.waiting, TG) == {Priority.ALARM: 1}
            assert await outbox.do(Store.place) == 3

    asyncio.run(story())


def test_what_came_while_nobody_read_is_told_and_told_once(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox:
            await world.telling(outbox, told).begin()
        world.records = [record(n, "TOLD") for n in range(1, 251)]
        for _ in range(2):
            async with opened(world) as outbox:
                telling = world.telling(outbox, told)
                await telling.begin()
                async with running(telling):
                    await until(lambda telling=telling: telling.seq == 250)
                assert await outbox.do(Store.waiting, TG) == {Priority.ALARM: 250}
        assert len(world.notes) == 1

    asyncio.run(story())


def test_what_is_older_than_a_day_is_left_out_and_said(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox:
            await world.telling(outbox, told).begin()
            world.records = [record(n, "TOLD") for n in range(1, 151)]
            world.now_ns += 25 * 60 * MINUTE
            young = record(151, "TOLD")
            world.records.append(Record(*(world.now_ns if n == 2 else v for n, v in enumerate(astuple(young)))))
            telling = world.telling(outbox, told)
            await telling.begin()
            async with running(telling):
                await until(lambda: telling.seq == 151)
            assert await outbox.do(Store.waiting, TG) == {Priority.ALARM: 1}
            assert world.notes[-1] == ("OUTBOX_NEW", "outbox", "150 records older than a day are not told")

    asyncio.run(story())


def test_a_journal_that_is_shorter_is_another(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox:
            await outbox.put((), 900)
            world.records = [record(1)]
            telling = world.telling(outbox)
            await telling.begin()
            assert "another journal" in world.notes[0][2]
            assert telling.seq == 1

    asyncio.run(story())


def test_records_that_nobody_is_told_of_cost_no_commit_each(world: World) -> None:
    async def story() -> None:
        async with opened(world) as outbox:
            telling = world.telling(outbox, told)
            await telling.begin()
            world.records = [record(n) for n in range(1, 1_501)]
            async with running(telling):
                await until(lambda: telling.seq == 1_500)
            assert await outbox.do(Store.place) == 0

    asyncio.run(story())


def test_a_composer_that_fails_is_a_finding_and_stops_no_other(world: World) -> None:
    def broken(record: Record) -> list[Letter]:
        raise KeyError(record.seq)

    async def story() -> None:
        async with opened(world) as outbox:
            telling = world.telling(outbox, broken, told)
            await telling.begin()
            world.records = [record(1, "TOLD")]
            async with running(telling):
                await until(lambda: telling.seq == 1)
                await asyncio.sleep(0.05)
            assert world.notes[-1] == ("LETTER_REFUSED", "outbox", "record 1 TOLD: KeyError; 1 since the start")
            assert await outbox.do(Store.waiting, TG) == {Priority.ALARM: 1}

    asyncio.run(story())
