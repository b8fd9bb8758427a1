"""Letters on their way out get the tokens of their buttons, for the one person whose chat they go to."""

from __future__ import annotations

import msgspec

from hydrad.bot.buttons import Buttons
from hydrad.bot.world import Kept
from hydrad.outbox.outcomes import Outcome
from hydrad.outbox.post import Carrier
from hydrad.outbox.store import Row


class Sealing:
    """A carrier before the one that sends. Each sending and each edit draws new tokens."""

    def __init__(self, carrier: Carrier, buttons: Buttons, kept: Kept) -> None:
        self._carrier, self._buttons, self._kept = carrier, buttons, kept

    async def deliver(self, row: Row) -> Outcome:
        letter = row.letter
        if letter.buttons:
            sealed = await self._kept(lambda: self._buttons.sealed(letter.buttons, f"telegram:{letter.to}"))
            row = row._replace(letter=msgspec.structs.replace(letter, buttons=sealed))
        return await self._carrier.deliver(row)
