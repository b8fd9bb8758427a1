"""The bot as the daemon hosts it: off, reached late, refused, told about, and an hour away, over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hydrad.bot.errors import BadToken
from hydrad.config import Bot as BotConfig
from hydrad.config import Config, Secrets
from hydrad.domain.actors import Role
from hydrad.domain.instants import SECOND
from hydrad.host.places import Places
from hydrad.host.tickets import Tickets
from hydrad.outbox.letter import Channel, Priority
from hydrad.outbox.planner import Limits
from hydrad.outbox.store import Store
from hydrad.services import bot
from hydrad.services.bot import BotService, has_token
from hydrad.services.letters import Letters
from hydrad.services.supervisor import Hopeless
from hydrad.toc import inputs as i
from hydrad.toc.record import Record
from hydrad.toc.state import Operator, State
from tests.bot.fake_api import TOKEN, Fake
from tests.bot.test_client import fake
from tests.outbox.letters import letter
from tests.outbox.test_post import until

__all__ = ["fake"]
FAST = Limits(0, 20, 1_000, 8, lambda to: to.startswith("-"))


@dataclass
class Daemon:
    """What letters and the bot ask of the daemon. `skew_ns`: how far its clocks are ahead."""

    places: Places
    inputs: list[Any] = field(default_factory=list)
    state: State = field(default_factory=State)
    skew_ns: int = 0
    journal_seq: int = 0

    def __post_init__(self) -> None:
        self.tickets = Tickets(self.now_ns)
        self.surface = SimpleNamespace(ask=None)
        for name, identity in (("boss", "telegram:42"), ("ann", "telegram:7")):
            self.state.operators[name] = Operator(name, Role.COMMANDER, identities=[identity])
            self.state.identities[identity] = name

    def now_ns(self) -> int:
        return time.time_ns() + self.skew_ns

    def boot_ns(self) -> int:
        return time.monotonic_ns() + self.skew_ns

    def read(self, after: int, limit: int) -> Sequence[Record]:
        return []

    def submit(self, body: object) -> None:
        self.inputs.append(body)

    def channel(self) -> list[str]:
        return [body.why for body in self.inputs if isinstance(body, i.ChannelReported)]


class Home:
    def __init__(self, folder: Path, fake: Fake, token: str = TOKEN) -> None:
        self.fake = fake
        token_file = folder / "bot.token"
        token_file.write_text(token)
        token_file.chmod(0o600)
        self.config = Config(bot=BotConfig(token_file=str(token_file), api_url=fake.url))
        self.daemon = Daemon(Places(folder / "c", folder / "d", folder, folder, folder / "HALT"))
        self.letters = Letters(cast(Any, self.daemon))
        self.bot = BotService(cast(Any, self.daemon), self.letters, self.config)
        self.ready = 0

    def health(self) -> tuple[bool, str]:
        (row,) = self.bot.health()
        return row.ok, row.detail

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        def ready() -> None:
            self.ready += 1

        tasks = [asyncio.create_task(self.letters.run()), asyncio.create_task(self.bot.run(ready))]
        try:
            yield
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def home(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(bot, "LIMITS", FAST)
    monkeypatch.setattr(bot, "LOOK_EVERY_S", 0.02)
    return Home(tmp_path, fake)


def told(home: Home, text: str) -> Callable[[], bool]:
    return lambda: text in home.fake.texts(42)


def test_without_a_token_it_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert not has_token(Config())
    assert has_token(Config(secrets=Secrets(keyring="hydra")))
    (tmp_path / "bot.token").write_text(TOKEN)
    assert has_token(Config(), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_letters_leave_and_status_measures_them(home: Home) -> None:
    async def story() -> None:
        async with home.running():
            outbox = await home.letters.opened()
            await outbox.put([letter("1", text="HALTED", priority=Priority.HALT)])
            await until(told(home, "HALTED"))
            await until(lambda: home.bot._post is not None and home.bot._post.sent_ns > 0)
            await until(lambda: home.bot._polling is not None and home.bot._polling.ok_ns > 0)
            await until(lambda: " 0 letters wait, last sent " in home.health()[1])
            ok, detail = home.health()
            assert ok and home.ready == 1 and "@hydra_test_bot, polled " in detail
            assert home.bot.down_since_ns == 0 and home.daemon.channel() == []
            await until(lambda: bool(home.fake.commands))
        assert home.bot.health() == () and home.bot.detail() == "sends nothing, reads nothing"

    asyncio.run(story())


def test_it_serves_once_telegram_was_reached_and_the_core_is_told(home: Home) -> None:
    async def story() -> None:
        home.fake.refuse()
        async with home.running():
            outbox = await home.letters.opened()
            await outbox.put([letter("1", text="kept meanwhile")])
            await until(lambda: home.bot.down_since_ns > 0 and len(home.daemon.channel()) == 1)
            assert home.ready == 0
            assert home.health()[0], "down for less than a minute is not yet ill"
            home.daemon.skew_ns += 61 * SECOND
            ok, detail = home.health()
            assert not ok and "was not reached yet" in detail
            home.fake.listen()
            await until(told(home, "kept meanwhile"))
            await until(lambda: home.daemon.channel()[-1] == "")
            assert home.ready == 1 and home.health()[0]
            assert home.fake.texts(42) == ["kept meanwhile"], "it was never sent before: no doubt"

    asyncio.run(story())


def test_a_refused_token_is_hopeless_and_says_what_to_do(home: Home, fake: Fake) -> None:
    async def story() -> None:
        letters = asyncio.create_task(home.letters.run())
        fake.token = "1:another"
        with pytest.raises(Hopeless, match="BotFather") as told_:
            await asyncio.wait_for(home.bot.run(lambda: None), 20)
        assert told_.value.__cause__ is None and not isinstance(told_.value, BadToken)
        letters.cancel()
        await asyncio.gather(letters, return_exceptions=True)

    asyncio.run(story())


def test_a_token_that_others_can_read_is_hopeless(home: Home) -> None:
    async def story() -> None:
        Path(home.config.bot.token_file or "").chmod(0o644)
        letters = asyncio.create_task(home.letters.run())
        with pytest.raises(Hopeless, match="chmod 600"):
            await asyncio.wait_for(home.bot.run(lambda: None), 20)
        letters.cancel()
        await asyncio.gather(letters, return_exceptions=True)

    asyncio.run(story())


def test_a_second_poller_is_ill_health_and_letters_leave_all_the_same(home: Home) -> None:
    async def story() -> None:
        async with home.running():
            await until(lambda: home.bot._polling is not None)
            assert home.bot._polling is not None
            while not home.bot._polling.conflict:
                await asyncio.to_thread(home.fake.getUpdates, {"timeout": 0})
                await asyncio.sleep(0.02)
            ok, detail = home.health()
            assert not ok and "stop it, or have @BotFather revoke the token" in detail
            outbox = await home.letters.opened()
            await outbox.put([letter("1", text="still")])
            await until(told(home, "still"))
            assert home.bot.down_since_ns == 0 and home.daemon.channel() == []

    asyncio.run(story())


def test_who_blocked_the_bot_gets_letters_again_once_heard(home: Home) -> None:
    async def story() -> None:
        async with home.running():
            outbox = await home.letters.opened()
            home.fake.blocked.add(42)
            await outbox.put([letter("1")])
            await until(lambda: any(getattr(body, "code", "") == "CHAT_GONE" for body in home.daemon.inputs))
            home.fake.blocked.clear()
            home.fake.say(42, "/start")
            await until(lambda: i.OutboxNoted("CHAT_GONE", "telegram:42", "") in home.daemon.inputs)
            await outbox.put([letter("2", text="again")])
            await until(told(home, "again"))

    asyncio.run(story())


@pytest.mark.parametrize("trouble", ["refuse", "silent", "502"])
def test_an_hour_away_costs_the_loop_nothing_and_then_what_matters_is_told(
    home: Home, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hour is skipped by the daemon's clock; Telegram is away for real meanwhile."""

    async def story() -> None:
        async with home.running():
            outbox = await home.letters.opened()
            await outbox.put([letter("0", text="EURUSD BUY", topic="M1", priority=Priority.MISSION)])
            await until(told(home, "EURUSD BUY"))
            assert home.bot._client is not None
            home.bot._client._bot._request[1]._client.timeout = 0.2  # type: ignore[attr-defined]
            if trouble == "refuse":
                home.fake.refuse()
            else:
                home.fake.away = trouble
            tasks = len(asyncio.all_tasks())
            for minute in range(60):
                home.daemon.skew_ns += 60 * SECOND
                expires = home.daemon.now_ns() + 300 * SECOND
                mission = {"priority": Priority.MISSION, "expires_ns": expires}
                await outbox.put(
                    [
                        letter(f"m{minute}", text=f"mission {minute}", **mission),
                        letter(f"life{minute}", text=f"state {minute}", topic="M1", priority=Priority.MISSION),
                    ]
                )
                if minute % 10 == 0:
                    await outbox.put([letter(f"r{minute}", text=f"result {minute}", priority=Priority.RESULT)])
            await outbox.put([letter("halt", text="HALTED", priority=Priority.HALT)])
            await until(lambda: home.bot.down_since_ns > 0)
            assert len(asyncio.all_tasks()) <= tasks + FAST.flying_max
            assert home.health()[0] is (home.bot.down_ns < 60 * SECOND)
            before = len(home.fake.calls)
            home.fake.away = ""
            if trouble == "refuse":
                home.fake.listen()
            await until(lambda: home.bot._post is not None and not home.bot._post.flying)
            home.daemon.skew_ns += 60 * SECOND
            outbox.news[Channel.TELEGRAM].set()
            await until(lambda: home.fake.texts(42)[0] == "state 59" and "mission 59" in home.fake.texts(42))
            while await outbox.do(Store.waiting, Channel.TELEGRAM):
                await asyncio.sleep(0.02)
            said = [call.fields["text"] for call in home.fake.calls[before:] if call.method == "sendMessage"]
            texts = [text.partition("\n")[0] for text in said]
            assert texts[0] in ("HALTED", "result 0") and "HALTED" in texts[:2]
            assert [text for text in texts if text.startswith("result")] == [f"result {n}" for n in range(0, 60, 10)]
            missions = [text for text in texts if text.startswith("mission")]
            # One that was on its last second when Telegram was back may have left before its time was over.
            assert missions in ([f"mission {n}" for n in range(first, 60)] for first in (55, 56))
            assert home.fake.shown(42)[0].edits == 1

    asyncio.run(asyncio.wait_for(story(), 60))


def test_the_config_knows_its_addresses_and_groups() -> None:
    from hydrad import config

    assert config.parse_api_url("http://127.0.0.1:8081/") == "http://127.0.0.1:8081"
    for bad in ("http://api.telegram.org", "https://x/y", "ftp://x", ""):
        with pytest.raises(ValueError, match="is not https"):
            config.parse_api_url(bad)
    assert config.parse_groups("-100500, -7") == {-100500, -7}
    with pytest.raises(ValueError, match="minus"):
        config.parse_groups("42")
    assert msgspec.structs.asdict(Config().bot)["groups"] == ""
