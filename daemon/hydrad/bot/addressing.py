"""To which chats a letter goes, and how it is made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hydrad.bot.buttons import Rows
from hydrad.domain.actors import Role
from hydrad.outbox.letter import Channel, Letter, Priority, clipped
from hydrad.toc import audience, crew
from hydrad.toc.audience import Audience
from hydrad.toc.mapping import stands_for
from hydrad.toc.record import Record
from hydrad.toc.state import Operator, State
from hydrad.toc.turn import Turn

_PREFIX = "telegram:"


class Setup(NamedTuple):
    """What the configuration says. `groups`: chats that read along. `public_host`: of the HUD; empty: there is none.
    `phone_may`: verbs that phones may ask for beside the built-in ones."""

    groups: tuple[int, ...] = ()
    public_host: str = ""
    phone_may: tuple[str, ...] = ()


class Chat(NamedTuple):
    """A private chat of an operator's. `shown`: the accounts that they see."""

    operator: Operator
    to: str
    shown: Audience

    @property
    def may_act(self) -> bool:
        return self.operator.role >= Role.TRADER


class Desk(NamedTuple):
    """What letters of one record are made from."""

    turn: Turn
    setup: Setup
    record: Record

    @property
    def state(self) -> State:
        return self.turn.state

    def letter(self, to: str, priority: Priority, text: str, buttons: Rows = (), **more: object) -> Letter:
        """Told once by the record's number, whatever is read twice."""
        key = f"{self.record.seq}/{more.get('topic', '')}/{to}"
        wanted = {"key": key, "channel": Channel.TELEGRAM, "to": to, "priority": priority, **more}
        return Letter(text=clipped(text), buttons=tuple(row for row in buttons if row), **wanted)  # type: ignore[arg-type]

    def to_groups(self, priority: Priority, text: str, buttons: Rows = (), **more: object) -> list[Letter]:
        return [self.letter(str(group), priority, text, buttons, **more) for group in self.setup.groups]


def chats(state: State, operators: Iterable[Operator] | None = None) -> Iterator[Chat]:
    """The private chats of those operators, or of all; nobody who is suspended. A person's chat has their number."""
    for operator in state.operators.values() if operators is None else operators:
        numbers = [name.removeprefix(_PREFIX) for name in operator.identities if name.startswith(_PREFIX)]
        if not operator.suspended:
            seen = audience.of(state, operator.identities[0])
            yield from (Chat(operator, number, seen) for number in numbers if number.isdigit())


def named(state: State, names: Iterable[str]) -> Iterator[Chat]:
    return chats(state, [state.operators[name] for name in names if name in state.operators])


def traders(state: State, symbol: str) -> list[Chat]:
    """Chats of operators who reach an account on which the symbol is traded."""
    terminals = [t for t in state.terminals.values() if not t.feed_only]
    accounts = {t.account for t in terminals if _has(state, t.account, t.symbols, symbol)}
    return [chat for chat in chats(state) if any(crew.reaches(chat.operator, account) for account in accounts)]


def _has(state: State, account: str, own: tuple[str, ...], symbol: str) -> bool:
    return any(symbol in stands_for(state, account, name) for name in own)
