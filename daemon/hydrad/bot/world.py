"""What the bot's listening asks of the daemon and of Telegram: callables, so that a test's are a few lambdas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from hydrad.bot.buttons import Buttons
from hydrad.domain.actors import Actor, Surface
from hydrad.host.tickets import Tickets
from hydrad.outbox.letter import Button
from hydrad.ports import Ask
from hydrad.toc.people import Person

Rows = tuple[tuple[Button, ...], ...]


class Kept(Protocol):
    """Does something with the outbox's file on the thread that owns it."""

    def __call__(self, work: Callable[[], Any]) -> Awaitable[Any]: ...


class Mouth(Protocol):
    """What is said at once, in answer to a person; never raises, and is not repeated where it got lost."""

    async def say(self, chat: int, text: str, buttons: Rows = (), answers: int = 0) -> None: ...

    async def change(self, chat: int, message: int, text: str, buttons: Rows = ()) -> None:
        """Edit a message of ours."""
        ...

    async def toast(self, query: str, text: str, alert: bool = False) -> None:
        """Answer a press: a line that fades, or with `alert` one that has to be put away."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """`person`: who an identity is now, None for who may nothing. `stranger` counts somebody unknown by why; `refused`
    journals what a known actor was refused (verb, why). `topic_of` (by chat and message) is asked on the file's thread.
    `groups`: chats that may read along. `public_host`: of `hud.public_url`; empty: there is none, and no link."""

    ask: Ask
    person: Callable[[str], Person | None]
    now_ns: Callable[[], int]
    stranger: Callable[[str], None]
    refused: Callable[[Actor, str, str], None]
    tickets: Tickets
    buttons: Buttons
    kept: Kept
    topic_of: Callable[[int, int], str]
    groups: frozenset[int] = frozenset()
    public_host: str = ""


class Caller(NamedTuple):
    """Who asks, as they are at this moment. `key`: of what they ask for by command."""

    person: Person
    actor: Actor
    chat: int
    message: int
    group: bool
    key: str


def actor_of(identity: str) -> Actor:
    return Actor(identity, Surface.BOT)
