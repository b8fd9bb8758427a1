"""A chat in front of a daemon of a few lambdas: what is asked and said is kept, the clock is ours, the file is real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hydrad.bot import buttons
from hydrad.bot.buttons import Action, Buttons, Meant
from hydrad.bot.listening import Listening
from hydrad.bot.world import Rows, World
from hydrad.domain.actors import Actor, Role
from hydrad.domain.instants import SECOND, ns_text
from hydrad.host.tickets import Tickets
from hydrad.outbox.file import open_file
from hydrad.outbox.letter import good_button, utf16_units
from hydrad.toc.people import Person
from hydrad.wire.answers import Answer, DaemonInfo, Problem

START_NS = 1_900_000_000 * SECOND
BOSS = Person("boss", Role.COMMANDER, ("uid:1000", "telegram:42"), ("*",), None, 1)
ANN = Person("ann", Role.TRADER, ("telegram:7",), ("alpha",), frozenset({"alpha"}), 2)
EVE = Person("eve", Role.VIEWER, ("telegram:8",), ("alpha",), frozenset({"alpha"}), 3)
STRANGER, GROUP = 666, -100_500


class Said(NamedTuple):
    """`how`: say, change or toast. `to`: the chat, or the press's query."""

    how: str
    to: Any
    text: str
    buttons: Rows = ()
    message: int = 0

    def token(self, label: str) -> str:
        return next(b.data for row in self.buttons for b in row if b.text.startswith(label))

    @property
    def labels(self) -> list[str]:
        return [b.text for row in self.buttons for b in row]


class Room:
    """`asked`: every call, with actor and key. `answer`: what the daemon says to one. `said`: everything, in order."""

    def __init__(self, folder: Path, public_host: str = "") -> None:
        self.now_ns = START_NS
        self.people = {identity: person for person in (BOSS, ANN, EVE) for identity in person.identities}
        self.asked: list[tuple[Actor, Any, str]] = []
        self.answer: Callable[[Actor, Any], tuple[Any, Problem | None]] = lambda actor, verb: (None, None)
        self.said: list[Said] = []
        self.strangers: list[str] = []
        self.refused: list[tuple[str, str, str]] = []
        self.topics: dict[tuple[int, int], str] = {}
        self.db, _ = open_file(folder / "outbox.db", (buttons.SCHEMA,))
        self.buttons = Buttons(self.db, lambda: self.now_ns)
        self.tickets = Tickets(lambda: self.now_ns)
        self.world = World(
            ask=self._ask,
            person=self.people.get,
            now_ns=lambda: self.now_ns,
            stranger=self.strangers.append,
            refused=lambda actor, verb, why: self.refused.append((actor.identity, verb, why)),
            tickets=self.tickets,
            buttons=self.buttons,
            kept=self._kept,
            topic_of=lambda chat, message: self.topics.get((chat, message), ""),
            groups=frozenset({GROUP}),
            public_host=public_host,
        )
        self.listening = Listening(self.world, self, "hydra_bot")
        self._update = 0

    async def _ask(self, actor: Actor, verb: Any, key: str = "") -> Answer:
        self.asked.append((actor, verb, key))
        data, problem = self.answer(actor, verb)
        daemon = DaemonInfo("0.1.0", 1, "hx-test", "paper")
        return Answer("hydra.x/v1", problem is None, ns_text(self.now_ns), daemon, data, error=problem)

    async def _kept(self, work: Callable[[], Any]) -> Any:
        return work()

    # --- Mouth ----------------------------------------------------------------------------------------

    async def say(self, chat: int, text: str, buttons: Rows = (), answers: int = 0) -> None:
        self._said(Said("say", chat, text, buttons))

    async def change(self, chat: int, message: int, text: str, buttons: Rows = ()) -> None:
        self._said(Said("change", chat, text, buttons, message))

    async def toast(self, query: str, text: str, alert: bool = False) -> None:
        assert utf16_units(text) <= 200
        self.said.append(Said("toast", query, text))

    def _said(self, said: Said) -> None:
        assert 0 < utf16_units(said.text) <= 4_096
        assert all(good_button(button) for row in said.buttons for button in row)
        self.said.append(said)

    # --- people ---------------------------------------------------------------------------------------

    def next_update(self) -> int:
        self._update += 1
        return self._update

    def hear(self, update: dict[str, Any], late: bool = False) -> list[Said]:
        """What was said to it."""
        before = len(self.said)
        asyncio.run(self.listening.heard(update, late))
        return self.said[before:]

    def type(self, user: int, text: str, late: bool = False, **more: Any) -> list[Said]:
        return self.hear(message(self.next_update(), user, text, **more), late)

    def press(self, user: int, token: str, late: bool = False, **more: Any) -> list[Said]:
        return self.hear(press(self.next_update(), user, token, **more), late)

    def make(self, action: Action, user: int = 7, subject: str = "M-1", for_s: float = 60.0, **meant: str) -> str:
        ends_ns = self.now_ns + int(for_s * SECOND)
        return self.buttons.make(action, f"telegram:{user}", subject, ends_ns, Meant(**meant))

    def later(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND)


def message(update: int, user: int, text: str, /, group: int = 0, **more: Any) -> dict[str, Any]:
    """As Telegram tells a typed message."""
    where = {"id": group, "type": "supergroup"} if group else {"id": user, "type": "private"}
    sender = {"id": user, "is_bot": False, "first_name": "x"}
    body = {"message_id": 100 + update, "date": 1_900_000_000, "chat": where, "from": sender, "text": text, **more}
    return {"update_id": update, "message": body}


def press(update: int, user: int, token: str, /, group: int = 0, message_id: int = 55, **more: Any) -> dict[str, Any]:
    where = {"id": group, "type": "supergroup"} if group else {"id": user, "type": "private"}
    bot = {"id": 1, "is_bot": True, "first_name": "b"}
    under = {"message_id": message_id, "date": 1_900_000_000, "chat": where, "from": bot, "text": "x"}
    sender = {"id": user, "is_bot": False, "first_name": "x"}
    query = {"id": f"q{update}", "from": sender, "chat_instance": "1", "message": under, "data": token, **more}
    return {"update_id": update, "callback_query": query}
