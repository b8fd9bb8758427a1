"""The Telegram bot as a service of the daemon: brought up from the configuration, in the background.

python-telegram-bot is imported when it is started, and off the loop. The service runs once Telegram has answered; while
it does not, letters wait, nothing else does, and `health` says since when. Of a refused token nothing is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydrad import config as configuration
from hydrad.bot import buttons, letters, received
from hydrad.bot.addressing import Setup
from hydrad.bot.buttons import Buttons
from hydrad.bot.commands import MENU
from hydrad.bot.links import menu
from hydrad.bot.listening import Listening
from hydrad.bot.sealing import Sealing
from hydrad.bot.world import Kept, World
from hydrad.config import Config
from hydrad.domain.instants import SECOND, duration_text
from hydrad.host import secrets
from hydrad.host.secrets import CREDENTIALS, BadSecret, Secret
from hydrad.hud.metrics import Figure, one
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.outbox import Outbox
from hydrad.outbox.planner import Limits, backoff_ns
from hydrad.outbox.post import Post
from hydrad.outbox.store import Store
from hydrad.services.daemon import Daemon
from hydrad.services.hud import BOT_TOKEN
from hydrad.services.letters import Letters
from hydrad.services.supervisor import Hopeless
from hydrad.toc import inputs as i
from hydrad.toc import people, service
from hydrad.toc.record import Record
from hydrad.wire.answers.status import HealthRow

if TYPE_CHECKING:
    from hydrad.bot.client import Client
    from hydrad.bot.polling import Polling

# Telegram's own: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
LIMITS = Limits(SECOND, 20, 30, 8, lambda to: to.startswith("-"))
DOWN_AFTER_NS = 60 * SECOND
LOOK_EVERY_S = 1.0
CLOSE_S = 5.0


def has_token(config: Config, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody has configured a bot; the token itself is read when the service starts."""
    folder = environ.get(CREDENTIALS, "")
    return bool(config.bot.token_file or config.secrets.keyring or (folder and (Path(folder) / BOT_TOKEN).exists()))


class BotService:
    """The bot. `down_ns`: for how long Telegram has not answered, `down_since_ns` since when; 0 while it does, or there
    is no bot."""

    name = service.BOT

    def __init__(self, daemon: Daemon, outgoing: Letters, config: Config) -> None:
        self._daemon, self._letters, self._config = daemon, outgoing, config
        self._configured = has_token(config)
        self._client: Client | None = None
        self._polling: Polling | None = None
        self._post: Post | None = None
        self._unreached_ns = 0
        self._unreached = ""
        self._told = ""
        if self._configured:
            outgoing.channels.add(Channel.TELEGRAM)
            outgoing.schemas += (buttons.SCHEMA, received.SCHEMA)
            outgoing.composers.append(self._composed)

    def off(self) -> str:
        return "" if self._configured else "no token configured (bot.token_file, or the credential bot.token)"

    # --- what it tells --------------------------------------------------------------------------------

    @property
    def _groups(self) -> frozenset[int]:
        return configuration.parse_groups(self._config.bot.groups)

    @property
    def _public_host(self) -> str:
        return configuration.parse_public_url(self._config.hud.public_url)

    def _composed(self, record: Record) -> tuple[Letter, ...]:
        phone_may = tuple(configuration.words(self._config.hud.phone_may))
        setup = Setup(tuple(sorted(self._groups)), self._public_host, phone_may)
        return tuple(letters.composed(self._daemon.glance(), setup, record))

    def _hears(self, chat: str) -> bool:
        if chat.startswith("-"):
            return int(chat) in self._groups
        return people.person(self._daemon.state, f"telegram:{chat}") is not None

    # --- its life -------------------------------------------------------------------------------------

    async def run(self, ready: Callable[[], None]) -> None:
        outbox = await self._letters.opened()
        token = await asyncio.to_thread(self._token)
        module = await asyncio.to_thread(importlib.import_module, "hydrad.bot.client")
        self._client = client = module.Client(token, configuration.parse_api_url(self._config.bot.api_url))
        watch = asyncio.create_task(self._watch())
        try:
            await self._serve(outbox, client, ready)
        except module.errors.BadToken as bad:
            raise Hopeless(str(bad)) from None
        finally:
            watch.cancel()
            self._client = self._polling = self._post = None
            self._unreached_ns, self._unreached = 0, ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await client.close()

    def _token(self) -> Secret:
        named = self._config.bot.token_file or ""
        try:
            found = secrets.find(BOT_TOKEN, named, os.environ, self._config.secrets.keyring)
        except BadSecret as bad:
            raise Hopeless(str(bad)) from None
        if found is None:
            raise Hopeless("the keyring has no bot.token")
        return found

    async def _serve(self, outbox: Outbox, client: Client, ready: Callable[[], None]) -> None:
        await self._reach(client)
        ready()
        module = importlib.import_module("hydrad.bot.polling")
        store = await outbox.do(lambda store: store)
        made, kept = Buttons(store.db, self._daemon.now_ns), self._kept(outbox)
        hear = self._hear(outbox, self._listening(client, store, made, kept))
        self._polling = polling = module.Polling(client, outbox, hear, self._daemon.boot_ns)
        self._post = post = Post(outbox, Channel.TELEGRAM, Sealing(client, made, kept, self._hears), LIMITS)
        await _together(polling.run(), post.run(), self._introduce(client))

    async def _reach(self, client: Client) -> None:
        """Until Telegram has said who we are. Raises BadToken."""
        failures = 0
        while why := await client.connect():
            failures += 1
            self._unreached = why
            self._unreached_ns = self._unreached_ns or self._daemon.boot_ns()
            await asyncio.sleep(backoff_ns(failures) / SECOND)
        self._unreached_ns, self._unreached = 0, ""

    async def _introduce(self, client: Client) -> None:
        """The commands and the menu; without it the bot works, so a failure waits for the next start."""
        await client.introduce(MENU, menu(self._public_host))
        await asyncio.Event().wait()

    # --- what it hears --------------------------------------------------------------------------------

    def _kept(self, outbox: Outbox) -> Kept:
        async def kept(work: Callable[[], Any]) -> Any:
            return await outbox.do(lambda _: work())

        return kept

    def _listening(self, client: Client, store: Store, made: Buttons, kept: Kept) -> Listening:
        daemon = self._daemon
        world = World(
            ask=daemon.surface.ask,
            person=lambda identity: people.person(daemon.state, identity),
            now_ns=daemon.now_ns,
            stranger=lambda why: daemon.submit(i.Strangers("bot", why, 1)),
            refused=lambda actor, verb, why: daemon.submit(i.EdgeRefused(actor, verb, why)),
            tickets=daemon.tickets,
            buttons=made,
            kept=kept,
            topic_of=lambda chat, message: store.topic_of(Channel.TELEGRAM, str(chat), str(message)),
            groups=self._groups,
            public_host=self._public_host,
        )
        return Listening(world, client, client.name)

    def _hear(self, outbox: Outbox, listening: Listening) -> Callable[[Mapping[str, Any], bool], Awaitable[None]]:
        async def hear(update: Mapping[str, Any], late: bool) -> None:
            if chat := _chat_of(update):
                await outbox.back(Channel.TELEGRAM, chat)
            await listening.heard(update, late)

        return hear

    # --- what is measured -----------------------------------------------------------------------------

    @property
    def down_ns(self) -> int:
        """The longest of what says so: nobody reached yet, polls, letters. Measured by a clock that never steps."""
        unreached_ns = max(self._daemon.boot_ns() - self._unreached_ns, 1) if self._unreached_ns else 0
        polls_ns = self._polling.down_ns if self._polling and not self._polling.conflict else 0
        return max(unreached_ns, polls_ns, self._post.down_ns if self._post else 0)

    @property
    def down_since_ns(self) -> int:
        down_ns = self.down_ns
        return self._daemon.now_ns() - down_ns if down_ns else 0

    def _why(self) -> str:
        """Why letters do not leave; empty while they do."""
        if not self.down_ns:
            return ""
        return self._unreached or (self._polling.problem if self._polling else "") or "no answer to letters"

    async def _watch(self) -> None:
        """Tell the core when letters fail to leave, and when they leave again."""
        while True:
            why = self._why()
            if why != self._told:
                self._told = why
                self._daemon.submit(i.ChannelReported(Channel.TELEGRAM.value, why))
            await asyncio.sleep(LOOK_EVERY_S)

    def health(self) -> tuple[HealthRow, ...]:
        """Whether Telegram answers; down for less than a minute is not yet ill. No row without a bot that was begun."""
        if self._client is None:
            return ()
        conflict = self._polling is not None and self._polling.conflict
        return (HealthRow("bot", self.down_ns < DOWN_AFTER_NS and not conflict, self.detail()),)

    def figures(self) -> list[Figure]:
        """For /metrics; times are 0 where it never was."""
        post, polling = self._post, self._polling
        up = post is not None and not self.down_ns
        waiting = {} if post is None else post.waiting
        return [
            one("hydra_telegram_up", "Telegram answers.", up),
            one(
                "hydra_telegram_conflict",
                "Another program polls with the same token.",
                bool(polling and polling.conflict),
            ),
            one(
                "hydra_telegram_last_poll_timestamp_seconds",
                "The last poll answered.",
                _seconds(polling.ok_ns if polling else 0),
            ),
            one(
                "hydra_telegram_last_sent_timestamp_seconds",
                "The last letter that arrived.",
                _seconds(post.sent_ns if post else 0),
            ),
            one("hydra_telegram_updates", "Updates that came.", polling.updates if polling else 0, "counter"),
            Figure(
                "hydra_telegram_letters_waiting",
                "Letters of the bot that have not left.",
                tuple(((priority.name.lower(),), float(waiting.get(priority, 0))) for priority in Priority),
                ("priority",),
            ),
        ]

    def detail(self) -> str:
        """What is measured now, for people."""
        now_ns = self._daemon.now_ns()
        if self._client is None:
            return "sends nothing, reads nothing"
        if self._polling is None or self._post is None:
            return f"Telegram was not reached yet: {self._unreached or 'asked just now'}"
        post, polling = self._post, self._polling
        parts = [
            f"@{self._client.name}",
            polling.problem or f"polled {_age(now_ns, polling.ok_ns)}",
            f"last update {_age(now_ns, polling.update_ns)}",
            f"{sum(post.waiting.values())} letters wait",
            f"last sent {_age(now_ns, post.sent_ns)}",
        ]
        if down_ns := self.down_ns:
            parts.append(f"down for {duration_text(down_ns)}")
        return ", ".join(parts)


def _seconds(at_ns: int) -> float:
    return at_ns / SECOND


def _age(now_ns: int, at_ns: int) -> str:
    return f"{duration_text(now_ns - at_ns)} ago" if at_ns else "never"


def _chat_of(update: Mapping[str, Any]) -> str:
    """The private chat that it comes from; empty for anything else."""
    body = update.get("message") or (update.get("callback_query") or {}).get("message") or {}
    chat = body.get("chat") or {}
    return str(chat["id"]) if chat.get("type") == "private" and isinstance(chat.get("id"), int) else ""


async def _together(*works: Awaitable[None]) -> None:
    """All of them until the first fails, which is raised; then the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
