"""The first of two taps: what would be done, with everything a person must know, and the buttons that do it or not.

A confirmation holds for a minute, and for what it shows: account and volume of a fire, the part of a close. A newer one
of the same voids it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hydrad.bot import links, words
from hydrad.bot.buttons import CONFIRM_NS, Action, Meant
from hydrad.bot.world import Caller, Mouth, Rows, World
from hydrad.domain import ids
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import HOUR, SECOND
from hydrad.domain.money import decimal
from hydrad.host.tickets import Purpose
from hydrad.outbox.letter import LABEL_MAX, Button, clipped
from hydrad.toc import sight
from hydrad.wire import calls
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.answers.briefing import Briefing
from hydrad.wire.answers.positions import PositionRow
from hydrad.wire.codes import ErrorCode

LABELS = {
    Action.ASK_FIRE: "Fire…",
    Action.PASS: "Pass",
    Action.ASK_CLOSE: "Close…",
    Action.ASK_HALT: "Halt…",
    Action.APPROVE: "Approve",
    Action.REFUSE: "Refuse",
    Action.ACK: "Acknowledge",
    Action.CANCEL: "Cancel",
}
OTHERS_MAX = 3
POSITION_FOR_NS = 12 * HOUR
IN_THE_HUD = "Act in the HUD"


class _Wanted(NamedTuple):
    """A button to be made: its label and what it does."""

    label: str
    action: Action
    subject: str
    ends_ns: int
    meant: Meant = Meant()


class Confirming:
    def __init__(self, world: World, mouth: Mouth) -> None:
        self._world, self._mouth = world, mouth

    # --- buttons that ask -----------------------------------------------------------------------------

    async def acting(self, identity: str, mission: str, left_s: float) -> tuple[Button, ...]:
        """`Fire…` and `Pass` of a mission that can be fired for `left_s` more."""
        ends_ns = self._world.now_ns() + max(int(left_s * SECOND), SECOND)
        asks = [_Wanted(LABELS[action], action, mission, ends_ns) for action in (Action.ASK_FIRE, Action.PASS)]
        return await self._made(identity, asks)

    async def closing(self, identity: str, positions: list[str]) -> Rows:
        """`Close… P-…`, two in a row."""
        ends_ns = self._world.now_ns() + POSITION_FOR_NS
        label = LABELS[Action.ASK_CLOSE]
        wanted = [_Wanted(f"{label} {each}", Action.ASK_CLOSE, each, ends_ns) for each in positions]
        made = await self._made(identity, wanted)
        return tuple(made[n : n + 2] for n in range(0, len(made), 2))

    async def halting(self, identity: str) -> Rows:
        ends_ns = self._world.now_ns() + POSITION_FOR_NS
        return (await self._made(identity, [_Wanted(LABELS[Action.ASK_HALT], Action.ASK_HALT, "", ends_ns)]),)

    async def _made(self, identity: str, wanted: list[_Wanted]) -> tuple[Button, ...]:
        make = self._world.buttons.make

        def work() -> tuple[Button, ...]:
            return tuple(Button(w.label, make(w.action, identity, w.subject, w.ends_ns, w.meant)) for w in wanted)

        made: tuple[Button, ...] = await self._world.kept(work)
        return made

    # --- confirmations --------------------------------------------------------------------------------

    async def fire(self, caller: Caller, verb: calls.Brief) -> Answer | None:
        """The answer where there is nothing to confirm."""
        answer = await self._look(caller, verb)
        if answer.error is not None:
            return answer
        data = answer.data
        row, order = data.mission.mission, data.fire.order
        if row.state not in ("PROPOSED", "ENGAGED"):
            await self._mouth.say(caller.chat, clipped(words.mission_show(data.mission, caller.group)))
            return None
        confirm = None
        if order is not None and decimal(order.volume) > 0:
            meant = Meant(account=data.account, volume=order.volume)
            confirm = _Wanted(f"Confirm {order.volume} on {data.account}"[:64], Action.FIRE, row.id, 0, meant)
        keys = await self._asked(caller, confirm, row.id)
        keys += await self._elsewhere(caller, data)
        keys += self._hud(caller, row.id)
        await self._mouth.say(caller.chat, clipped(words.ask_fire(data)), keys)
        return None

    async def _elsewhere(self, caller: Caller, data: Briefing) -> Rows:
        """The same question about the person's other accounts; the first few."""
        others = [name for name in data.accounts if name != data.account][:OTHERS_MAX]
        row, ends_ns = data.mission.mission, self._world.now_ns() + CONFIRM_NS
        wanted = [_Wanted(f"{name}…"[:64], Action.ASK_FIRE, row.id, ends_ns, Meant(account=name)) for name in others]
        made = await self._made(caller.actor.identity, wanted)
        return (made,) if made else ()

    async def close(self, caller: Caller, text: str, part: str) -> Answer | None:
        answer = await self._look(caller, calls.Positions())
        if answer.error is not None:
            return answer
        try:
            kind, number = ids.parse(text, IdKind.POSITION, IdKind.FIRE, IdKind.MISSION)
        except ids.BadId as error:
            return _problem(answer, ErrorCode.USAGE, str(error))
        subject = ids.show(kind, number)
        own = [row for row in answer.data if not row.foreign and _is(row, kind, number)]
        if not own:
            return _problem(answer, ErrorCode.NOT_FOUND, f"no open position of yours is {subject}")
        label = f"Close {words.line(part) or 'all'} of {subject}"
        confirm = _Wanted(
            label if len(label) <= LABEL_MAX else f"Close as asked of {subject}",
            Action.CLOSE,
            subject,
            0,
            Meant(part=part),
        )
        await self._mouth.say(
            caller.chat, clipped(words.ask_close(own, part)), await self._asked(caller, confirm, subject)
        )
        return None

    async def halt(self, caller: Caller) -> None:
        confirm = _Wanted("HALT everything", Action.HALT, "", 0)
        text = "Halt everything? Nothing opens any more; what is open stays, with its stops."
        await self._mouth.say(caller.chat, text, await self._asked(caller, confirm, ""))

    async def _asked(self, caller: Caller, confirm: _Wanted | None, subject: str) -> Rows:
        """The row that confirms or cancels; what was asked before about the same is void."""
        ends_ns = self._world.now_ns() + CONFIRM_NS
        cancel = _Wanted(LABELS[Action.CANCEL], Action.CANCEL, subject, ends_ns)
        if confirm is None:
            return (await self._made(caller.actor.identity, [cancel]),)
        action, identity = confirm.action, caller.actor.identity
        await self._world.kept(lambda: self._world.buttons.void(action, identity, subject))
        return (await self._made(identity, [confirm._replace(ends_ns=ends_ns), cancel]),)

    def _hud(self, caller: Caller, mission: str) -> Rows:
        """The briefing, with a one-time code that lets a session act which may only look (`host.tickets`)."""
        if caller.group or not self._world.public_host:
            return ()
        code, _ = self._world.tickets.draw(Purpose.ELEVATE, caller.actor.identity)
        return (links.opened(self._world.public_host, False, label=IN_THE_HUD, mission=mission, act=code),)

    async def _look(self, caller: Caller, verb: Any) -> Answer:
        return sight.narrowed(caller.person, verb, await self._world.ask(caller.actor, verb))


def _is(row: PositionRow, kind: IdKind, number: int) -> bool:
    """A position and its fire have one number."""
    if kind is IdKind.MISSION:
        return row.mission == ids.show(kind, number)
    return row.id == ids.show(IdKind.POSITION, number)


def _problem(answer: Answer, code: ErrorCode, text: str) -> Answer:
    return Answer(answer.schema, False, answer.ts, answer.daemon, error=Problem(code.value, text))
