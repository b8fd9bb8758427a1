"""Everything that the bot hears goes through here: who it is, whether they may be heard now, and to whom it is given.

By numeric user id, looked up each time; names and chats are nobody. A stranger is counted and gets one polite line a
day, in a private chat. Updates that were heard before are nothing; late ones only halt (`updates.Tide`).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from hydrad.bot import words
from hydrad.bot.commands import Commands
from hydrad.bot.pressing import TOO_LATE, Pressing
from hydrad.bot.updates import Command, Heard, Ignored, Press, Reply, Talk, sort
from hydrad.bot.world import Caller, Mouth, World, actor_of
from hydrad.domain import ids
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import DAY_MS, MS
from hydrad.host.rates import Buckets, Rate
from hydrad.toc.people import Person
from hydrad.wire import calls

PERSON_RATE = Rate(per_s=0.5, burst=20)
CODE_RATE = Rate(per_s=5 / 3_600, burst=5)
CODE_LENGTH = 12
STRANGERS_MAX = 4_096
DAY_NS = DAY_MS * MS
POLITE = "I work for the operators of one home, and you are none of them. Nothing that you send here does anything."
TAKES = "I take commands: /help lists them. An answer to an alert is a note on it."
SLOWER = "too fast: wait a little. /halt is always heard"


class Listening:
    """`ignored`: updates that meant nothing, by why. `repeated`, `late`: how many were told twice, or came too late."""

    def __init__(self, world: World, mouth: Mouth, bot_name: str = "") -> None:
        self._world, self._mouth, self.bot_name = world, mouth, bot_name
        self._commands = Commands(world, mouth)
        self._pressing = Pressing(world, mouth, self._commands)
        self._paces, self._codes = Buckets(PERSON_RATE), Buckets(CODE_RATE)
        self._greeted: OrderedDict[int, int] = OrderedDict()
        self.ignored: Counter[str] = Counter()
        self.repeated = self.late = 0

    async def heard(self, update: Mapping[str, Any], late: bool) -> None:
        """One update. Raises nothing for what is in it."""
        found = sort(update, self.bot_name)
        if isinstance(found, Ignored):
            self.ignored[found.why] += 1
            return
        person = self._world.person(found.place.identity)
        if person is None:
            await self._stranger(found, late)
        elif found.place.group and found.place.chat not in self._world.groups:
            self.ignored["a group that is not configured"] += 1
        else:
            await self._known(person, found, late)

    # --- people ---------------------------------------------------------------------------------------

    async def _known(self, person: Person, found: Heard, late: bool) -> None:
        place = found.place
        caller = Caller(
            person,
            actor_of(place.identity),
            place.chat,
            place.message,
            place.group,
            f"tg-{found.update}-{place.message}",
        )
        halts = isinstance(found, Command) and found.name == "halt"
        self.late += late
        if isinstance(found, Press):
            await self._press(caller, found, late)
        elif late and not halts:
            await self._mouth.say(place.chat, TOO_LATE)
        elif halts or await self._is_first(found.update):
            await self._word(caller, found, halts)

    async def _is_first(self, update: int) -> bool:
        """Whether it was not heard before. A halt is not asked: told twice, it halts twice."""
        first: bool = await self._world.kept(lambda: self._world.buttons.first_heard(update))
        self.repeated += not first
        return first

    async def _press(self, caller: Caller, press: Press, late: bool) -> None:
        if caller.group:
            if not self._slower(press):
                self._world.refused(caller.actor, "bot.button", "a button in a group")
            await self._mouth.toast(press.query, "groups only read", alert=True)
        else:
            await self._pressing.pressed(caller, press, late, self._slower(press))

    def _slower(self, found: Heard) -> str:
        """What is said to who asks too often; empty: they do not."""
        return SLOWER if self._paces.take(found.place.user, self._world.now_ns()) else ""

    async def _word(self, caller: Caller, found: Heard, halts: bool) -> None:
        slower = "" if halts else self._slower(found)
        if slower:
            await self._mouth.say(caller.chat, slower)
        elif isinstance(found, Command):
            await self._commands.run(caller, found.name, found.words)
        elif isinstance(found, Reply):
            await self._note(caller, found)
        elif isinstance(found, Talk):
            await self._mouth.say(caller.chat, TAKES)

    async def _note(self, caller: Caller, reply: Reply) -> None:
        """An answer to a message about a mission, an act or an alarm is a note on it."""
        if caller.group:
            self.ignored["talk in a group"] += 1
            return
        topic = await self._world.kept(lambda: self._world.topic_of(caller.chat, reply.to))
        subject = _subject(topic)
        if not subject:
            await self._mouth.say(caller.chat, "I do not know what that message was about: no note was written")
            return
        answer = await self._world.ask(caller.actor, calls.Note(subject, " ".join(reply.text.split())), caller.key)
        text = words.problem(answer.error) if answer.error else f"noted on {subject}"
        await self._mouth.say(caller.chat, text)

    # --- strangers ------------------------------------------------------------------------------------

    async def _stranger(self, found: Heard, late: bool) -> None:
        """An invitation's code is all that is taken from one."""
        place = found.place
        claims = isinstance(found, Command) and found.name == "start" and len(found.words) == 1
        if claims and not place.group and not late:
            await self._claim(found)
            return
        self._world.stranger("no operator of this home")
        if isinstance(found, Press):
            await self._mouth.toast(found.query, POLITE[:200], alert=True)
        elif not place.group and self._is_new_today(place.user):
            await self._mouth.say(place.chat, POLITE)

    async def _claim(self, found: Heard) -> None:
        assert isinstance(found, Command)
        place, code = found.place, found.words[0].upper()
        if len(code) != CODE_LENGTH or self._codes.take(place.user, self._world.now_ns()):
            self._world.stranger("a wrong invitation code")
            if self._is_new_today(place.user):
                await self._mouth.say(place.chat, POLITE)
            return
        answer = await self._world.ask(actor_of(place.identity), calls.OperatorClaim(code), f"tg-{found.update}")
        person = self._world.person(place.identity)
        if answer.error is None and person is not None:
            text = f"Welcome, {words.line(person.name)}: you are {person.role.name.lower()} here. /help lists more."
            await self._mouth.say(place.chat, text)
        elif self._is_new_today(place.user):
            await self._mouth.say(place.chat, POLITE)

    def _is_new_today(self, user: int) -> bool:
        """Whether this stranger has had no line for a day; the longest unheard are forgotten."""
        now_ns = self._world.now_ns()
        last_ns = self._greeted.pop(user, None)
        fresh = last_ns is None or now_ns - last_ns >= DAY_NS
        self._greeted[user] = now_ns if last_ns is None or fresh else last_ns
        if len(self._greeted) > STRANGERS_MAX:
            self._greeted.popitem(last=False)
        return fresh


def _subject(topic: str) -> str:
    """The shown id of a topic such as `M-…` or `L-…/2`; empty where it is about none."""
    text = topic.partition("/")[0]
    try:
        kind, number = ids.parse(text, IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ALARM)
    except ids.BadId:
        return ""
    return ids.show(kind, number)
