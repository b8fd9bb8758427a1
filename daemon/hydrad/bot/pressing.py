"""What a press of a button does. The token is used up, durably, before the act; the act's key is the token's."""

from __future__ import annotations

from typing import Any

from hydrad.bot import words
from hydrad.bot.buttons import Action, Button, Pressed
from hydrad.bot.commands import Commands, approved, halted
from hydrad.bot.updates import Press
from hydrad.bot.world import Caller, Mouth, World
from hydrad.outbox.letter import clipped
from hydrad.toc import sight
from hydrad.wire import calls
from hydrad.wire.answers import Answer

WAIT_S = 8.0
TOO_LATE = "too late, press again"
OVER = "the time of this button is over: ask again"
NOT_YOURS = "this is no button of yours"
CONFIRMING = (Action.FIRE, Action.CLOSE, Action.HALT)
HALTS = frozenset({Action.HALT, Action.ASK_HALT})


class Pressing:
    def __init__(self, world: World, mouth: Mouth, commands: Commands) -> None:
        self._world, self._mouth, self._commands = world, mouth, commands

    async def pressed(self, caller: Caller, press: Press, late: bool, slower: str) -> None:
        """`slower`: what is said to who presses too often; empty: they do not. A halt is never too often."""
        token, identity, kept = press.token, caller.actor.identity, self._world.kept
        found = await kept(lambda: self._world.buttons.look(token, identity))
        if found.button is not None and found.button.action in HALTS:
            await self._halt(caller, press, found.button)
            return
        if slower:
            await self._mouth.toast(press.query, slower, alert=True)
            return
        if found.button is not None and found.button.made_ns <= caller.person.void_ns:
            await self._mouth.toast(press.query, OVER, alert=True)
            return
        if not late:
            found = await kept(lambda: self._world.buttons.press(token, identity))
        match found.how:
            case Pressed.FIRST if found.button is not None and not late:
                await self._first(caller, press, found.button)
            case Pressed.AGAIN if found.button is not None:
                await self._again(caller, press, found.button, late)
            case Pressed.FOREIGN:
                self._world.refused(caller.actor, "bot.button", NOT_YOURS)
                await self._mouth.toast(press.query, NOT_YOURS, alert=True)
            case Pressed.LATE:
                await self._mouth.toast(press.query, OVER, alert=True)
            case _:
                await self._mouth.toast(press.query, TOO_LATE, alert=True)

    async def _halt(self, caller: Caller, press: Press, button: Button) -> None:
        """Its own key each time: what halted yesterday is no answer today."""
        if button.action is Action.ASK_HALT:
            await self._first(caller, press, button)
        else:
            await self._act(caller, press, button._replace(key=caller.key))

    async def _again(self, caller: Caller, press: Press, button: Button, late: bool) -> None:
        """What happened; where that was not written down (a crash between the press and its act), the act is asked for
        once more under the same key while the button holds: the core does it once."""
        if button.said:
            await self._mouth.toast(press.query, _short(f"pressed before: {button.said}"), alert=True)
        elif button.expires_ns > self._world.now_ns() and not late:
            await self._act(caller, press, button)
        else:
            told = f"{button.subject} was pressed before; what came of it was not written down: look at {_look(button)}"
            await self._mouth.toast(press.query, told, alert=True)
            if late:  # Telegram does not show an answer that comes so late
                await self._mouth.say(caller.chat, told)

    async def _first(self, caller: Caller, press: Press, button: Button) -> None:
        confirming = self._commands.confirming
        answer: Answer | None = None
        if button.action is Action.ASK_FIRE:
            answer = await confirming.fire(caller, calls.Brief(button.subject, button.meant.account or None))
        elif button.action is Action.ASK_CLOSE:
            answer = await confirming.close(caller, button.subject, "")
        elif button.action is Action.ASK_HALT:
            await confirming.halt(caller)
        elif button.action is Action.CANCEL:
            await self._cancelled(caller, press, button)
            return
        else:
            await self._act(caller, press, button)
            return
        said = answer.error if answer is not None else None
        await self._mouth.toast(press.query, _short(words.problem(said)) if said else "", alert=said is not None)

    async def _cancelled(self, caller: Caller, press: Press, button: Button) -> None:
        """After the confirmation it ends nothing, and does not say so: the message goes on telling what happened."""
        cancel = self._world.buttons.cancel
        identity, subject, ends_ns = caller.actor.identity, button.subject, button.expires_ns
        said = await self._world.kept(lambda: cancel(CONFIRMING, identity, subject, ends_ns))
        if said is None:
            await self._done(caller, press, "cancelled: nothing was done")
            await self._mouth.toast(press.query, "")
            return
        told = _short(f"too late, it was confirmed: {said or 'look at /positions and /status'}")
        await self._world.kept(lambda: self._world.buttons.said(press.token, told))
        await self._mouth.toast(press.query, told, alert=True)

    async def _act(self, caller: Caller, press: Press, button: Button) -> None:
        """Answer the press first: Telegram waits a few seconds for that, and a verdict may take longer."""
        await self._mouth.toast(press.query, f"{_ACTING[button.action]} {button.subject}…")
        verb = _verb(button)
        answer = sight.latched(caller.person, verb, await self._world.ask(caller.actor, verb, button.key))
        await self._done(caller, press, _said(button, answer))

    async def _done(self, caller: Caller, press: Press, text: str) -> None:
        """Written down for a second press, and shown: in place of the confirmation, beside an alert, which has its own
        life and stays."""
        await self._world.kept(lambda: self._world.buttons.said(press.token, text))
        if await self._world.kept(lambda: bool(self._world.topic_of(caller.chat, caller.message))):
            await self._mouth.say(caller.chat, clipped(text))
        else:
            await self._mouth.change(caller.chat, caller.message, clipped(text))


_ACTING = {
    Action.FIRE: "firing",
    Action.CLOSE: "closing",
    Action.HALT: "halting",
    Action.APPROVE: "approving",
    Action.REFUSE: "refusing",
    Action.PASS: "passing",
    Action.ACK: "acknowledging",
}


def _verb(button: Button) -> Any:
    subject, meant = button.subject, button.meant
    match button.action:
        case Action.FIRE:
            return calls.Fire(subject, meant.account or None, volume=meant.volume or None, wait_s=WAIT_S)
        case Action.CLOSE:
            return calls.Close(subject, meant.part or None, wait_s=WAIT_S)
        case Action.HALT:
            return calls.Halt(subject or None, reason="a button of the bot")
        case Action.APPROVE:
            return calls.Approve(subject, wait_s=WAIT_S)
        case Action.REFUSE:
            return calls.Cancel(subject, wait_s=WAIT_S, reason="refused in the chat")
        case Action.PASS:
            return calls.Pass(subject)
        case Action.ACK:
            return calls.Ack(subject)
        case _:
            raise AssertionError(f"{button.action} is no act")


def _said(button: Button, answer: Answer) -> str:
    match button.action:
        case Action.FIRE | Action.CLOSE | Action.REFUSE:
            return words.acted(answer)
        case Action.HALT:
            return halted(answer)
        case Action.APPROVE:
            return approved(button.subject, answer)
        case Action.ACK:
            return words.problem(answer.error) if answer.error else _taken_on(button, answer)
        case _:
            return words.problem(answer.error) if answer.error else f"{button.subject}: you let it go"


def _taken_on(button: Button, answer: Answer) -> str:
    return f"{button.subject} is acknowledged by {words.line(answer.data.alarm.acknowledged_by or 'nobody')}"


def _look(button: Button) -> str:
    return "/positions" if button.action in (Action.FIRE, Action.CLOSE) else "/status"


def _short(text: str) -> str:
    """Telegram shows at most 200 characters of an answer to a press."""
    return clipped(text, 200)
