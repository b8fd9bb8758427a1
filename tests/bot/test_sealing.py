"""Tokens are drawn when a letter leaves: the file of what waits has none."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hydrad.bot.buttons import Action, Pressed, wish
from hydrad.bot.sealing import Sealing
from hydrad.domain.instants import SECOND
from hydrad.outbox.letter import Button, Channel, Letter, Priority, good_button
from hydrad.outbox.outcomes import Outcome, Refused, Sent
from hydrad.outbox.store import Row
from tests.bot.room import START_NS, Room


class Carrier:
    def __init__(self) -> None:
        self.rows: list[Row] = []

    async def deliver(self, row: Row) -> Outcome:
        self.rows.append(row)
        return Sent("1")


def test_each_sending_draws_its_own_tokens_for_the_one_chat(tmp_path: Path) -> None:
    room, carrier = Room(tmp_path), Carrier()
    sealing = Sealing(carrier, room.buttons, room._kept, lambda to: True)
    asks = wish("Fire…", Action.ASK_FIRE, "M-0000001X", START_NS + 60 * SECOND)
    rows = ((Button("Open", url="https://x.example/hud"), asks),)
    letter = Letter(
        key="k",
        channel=Channel.TELEGRAM,
        to="7",
        priority=Priority.MISSION,
        text="EURUSD",
        buttons=rows,
        topic="M-0000001X",
    )
    for _ in range(2):
        assert asyncio.run(sealing.deliver(Row(1, letter, None, 0))) == Sent("1")
    assert good_button(asks) and letter.buttons == rows
    shown = [row.letter.buttons[0] for row in carrier.rows]
    assert [button.url for button, _ in shown] == ["https://x.example/hud"] * 2
    first, second = (made.data for _, made in shown)
    assert first != second
    for token in (first, second):
        pressed = room.buttons.press(token, "telegram:7")
        assert pressed.how is Pressed.FIRST and pressed.button is not None
        assert (pressed.button.action, pressed.button.subject) == (Action.ASK_FIRE, "M-0000001X")
    assert room.buttons.press(asks.data, "telegram:7").how is Pressed.FOREIGN, "a wish is no token"


def test_a_letter_that_waited_is_not_sent_to_who_was_suspended_meanwhile(tmp_path: Path) -> None:
    """Telegram was away for an hour; the phone was stolen in the first minute of it."""
    room, carrier = Room(tmp_path), Carrier()
    known = {"7", "-100500"}
    sealing = Sealing(carrier, room.buttons, room._kept, known.__contains__)

    def sent(to: str) -> Outcome:
        letter = Letter(key=to, channel=Channel.TELEGRAM, to=to, priority=Priority.ALARM, text="9 lots on alpha")
        return asyncio.run(sealing.deliver(Row(1, letter, None, 0)))

    assert sent("7") == sent("-100500") == Sent("1")
    known.clear()
    for to in ("7", "-100500"):
        outcome = sent(to)
        assert isinstance(outcome, Refused) and to in outcome.why and "alpha" not in outcome.why
    assert len(carrier.rows) == 2
