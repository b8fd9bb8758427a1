"""Letters on their way out: looked at again for whether they may still go there, and given the tokens of their buttons,
for the one person whose chat it is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hydrad.bot.buttons import Buttons
from hydrad.bot.world import Kept
from hydrad.outbox.outcomes import Outcome, Refused
from hydrad.outbox.post import Carrier
from hydrad.outbox.store import Row


class Sealing:
    """A carrier before the one that sends. Each sending and each edit draws new tokens. `hears`: whether a chat is
    somebody's of this home now, or a group that reads along; a letter may have waited for long."""

    def __init__(self, carrier: Carrier, buttons: Buttons, kept: Kept, hears: Callable[[str], bool]) -> None:
        self._carrier, self._buttons, self._kept, self._hears = carrier, buttons, kept, hears

    async def deliver(self, row: Row) -> Outcome:
        letter = row.letter
        if not self._hears(letter.to):
            return Refused(f"chat {letter.to} is nobody's of this home any more")
        if letter.buttons:
            sealed = await self._kept(lambda: self._buttons.sealed(letter.buttons, f"telegram:{letter.to}"))
            row = row._replace(letter=msgspec.structs.replace(letter, buttons=sealed))
        return await self._carrier.deliver(row)
