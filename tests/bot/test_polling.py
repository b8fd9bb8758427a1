"""Polling the fake Bot API for real: kept before it is confirmed, handed on once, late when it is, one poller alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hydrad.bot import polling as module
from hydrad.bot import received
from hydrad.bot.client import Client
from hydrad.bot.errors import BadToken
from hydrad.bot.polling import CONFLICT, Polling
from hydrad.domain.instants import SECOND
from hydrad.host.secrets import Secret
from hydrad.outbox.outbox import Outbox
from tests.bot.fake_api import Fake
from tests.bot.test_client import fake
from tests.outbox.letters import START_NS
from tests.outbox.test_post import until

__all__ = ["fake"]


class Bot:
    """A polling bot over the fake. `heard`: texts with whether they were late."""

    def __init__(self, fake: Fake, path: Path) -> None:
        self.fake = fake
        self.path = path
        self.heard: list[tuple[str, bool]] = []
        self.hold: asyncio.Event | None = None
        self.failing = False
        self.boot_ns = START_NS

    async def hear(self, update: Mapping[str, Any], late: bool) -> None:
        self.heard.append((update["message"]["text"], late))
        if self.failing:
            raise KeyError("a mistake of ours")
        if self.hold:
            await self.hold.wait()

    @asynccontextmanager
    async def polls(self, hold_s: int = 1, answer_s: float = 5.0) -> AsyncIterator[tuple[Polling, Outbox]]:
        outbox = Outbox(self.path, time.time_ns, lambda *note: None)
        await outbox.open((received.SCHEMA,))
        client = Client(Secret(self.fake.token), self.fake.url, answer_s)
        assert await client.connect() == ""
        made = Polling(client, outbox, self.hear, lambda: self.boot_ns, hold_s)
        task = asyncio.create_task(made.run())
        try:
            yield made, outbox
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await client.close()
            await outbox.close()


@pytest.fixture
def bot(fake: Fake, tmp_path: Path) -> Bot:
    return Bot(fake, tmp_path / "outbox.db")


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 0.05)
    monkeypatch.setattr(module, "BACKOFF_MAX_S", 0.2)


async def fully(bot: Bot, polls: Polling, holds: Callable[[], bool]) -> None:
    await until(lambda: holds() and not polls._handled)


def test_what_waited_is_late_and_what_comes_is_not(bot: Bot) -> None:
    async def story() -> None:
        bot.fake.say(42, "old")
        async with bot.polls() as (polls, _):
            await until(lambda: polls._level)
            bot.fake.say(42, "new")
            await fully(bot, polls, lambda: len(bot.heard) == 2)
            await until(lambda: bot.fake.waiting == 0)
        assert bot.heard == [("old", True), ("new", False)]

    asyncio.run(story())


def test_after_a_gap_it_is_late_again(bot: Bot) -> None:
    async def story() -> None:
        async with bot.polls() as (polls, _):
            await until(lambda: polls._level)
            bot.boot_ns += 60 * SECOND
            bot.fake.say(42, "meant for another moment")
            await fully(bot, polls, lambda: len(bot.heard) == 1)
        assert bot.heard == [("meant for another moment", True)]

    asyncio.run(story())


def test_what_was_confirmed_and_not_handled_is_handed_on_at_the_next_start(bot: Bot) -> None:
    async def story() -> None:
        bot.hold = asyncio.Event()
        async with bot.polls() as (polls, _):
            await until(lambda: polls._level)
            bot.fake.say(42, "/halt")
            await until(lambda: len(bot.heard) == 1 and bot.fake.waiting == 0)
        bot.hold = None
        async with bot.polls() as (polls, outbox):
            await fully(bot, polls, lambda: len(bot.heard) == 2)
            assert await outbox.do(received.waiting) == []
        assert bot.heard == [("/halt", False), ("/halt", True)]

    asyncio.run(story())


def test_one_that_cannot_be_handled_stops_none_that_can(bot: Bot) -> None:
    async def story() -> None:
        bot.failing = True
        async with bot.polls() as (polls, outbox):
            bot.fake.say(42, "a")
            await fully(bot, polls, lambda: len(bot.heard) == 1)
            bot.failing = False
            bot.fake.say(42, "b")
            await fully(bot, polls, lambda: len(bot.heard) == 2)
            assert await outbox.do(received.waiting) == []

    asyncio.run(story())


def test_two_pollers_tell_each_other(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)

    async def story() -> None:
        async with bot.polls(hold_s=5) as (first, _):
            await until(lambda: first._level)
            other = Bot(bot.fake, bot.path.with_name("other.db"))
            async with other.polls(hold_s=5) as (second, _):
                await until(lambda: first.conflict or second.conflict)
                assert CONFLICT in (first.problem, second.problem)
            await until(lambda: not first.problem)
            bot.fake.say(42, "alone again")
            await until(lambda: "alone again" in dict(bot.heard))

    asyncio.run(story())


@pytest.mark.parametrize("trouble", ["refuse", "502", "silent"])
def test_an_outage_is_said_waited_out_and_ends(bot: Bot, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)

    async def story() -> None:
        async with bot.polls(answer_s=0.3) as (polls, _):
            await until(lambda: polls._level)
            if trouble == "refuse":
                bot.fake.refuse()
            else:
                bot.fake.away = trouble
            await until(lambda: polls.down_ns > 0)
            assert polls.problem.startswith("no updates: ") and not polls.conflict
            bot.fake.say(42, "meanwhile")
            bot.fake.away = ""
            if trouble == "refuse":
                bot.fake.listen()
            await fully(bot, polls, lambda: len(bot.heard) == 1)
            assert polls.down_ns == 0 and polls.problem == ""

    asyncio.run(story())


def test_a_revoked_token_ends_it(bot: Bot) -> None:
    async def story() -> None:
        outbox = Outbox(bot.path, lambda: 0, lambda *note: None)
        await outbox.open((received.SCHEMA,))
        client = Client(Secret(bot.fake.token), bot.fake.url)
        await client.connect()
        bot.fake.token = "1:other"
        with pytest.raises(BadToken):
            await asyncio.wait_for(Polling(client, outbox, bot.hear, lambda: 0, 1).run(), 10)
        await client.close()
        await outbox.close()

    asyncio.run(story())


def test_a_flood_is_taken_in_bounds(bot: Bot) -> None:
    async def story() -> None:
        bot.hold = asyncio.Event()
        for n in range(module.HANDLED_MAX + 20):
            bot.fake.say(42, f"{n}")
        async with bot.polls() as (polls, outbox):
            await until(lambda: len(bot.heard) == module.HANDLED_MAX)
            assert len(polls._handled) == module.HANDLED_MAX
            bot.hold.set()
            await fully(bot, polls, lambda: len(bot.heard) == module.HANDLED_MAX + 20)
            await until(lambda: polls._level)
            assert await outbox.do(received.waiting) == []

    asyncio.run(story())
