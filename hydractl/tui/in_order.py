"""Keys take effect in the order in which they were pressed, however close together they come.

Owns the line that they wait in. A letter is typed at once by the line of text that has the focus; any other key goes up
through all that stands around it before what it is bound to is looked up: of keys that arrive together, the letters
would be typed before the deletes in front of them were done. So one key is handed out at a time, and the next one when
that has gone all the way, and stands on a screen that is there.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.timer import Timer

KEYS_MAX = 4096  # that wait; more of them is nobody's hand
STUCK_S = 1.0  # a key that is lost on its way, with what it was under, holds up no other for longer
OPENING_S = 5.0  # nor does a screen that is being made
LOOK_S = 0.01


class InOrder(App[int]):
    """An app whose keys do not overtake each other."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._keys: collections.deque[events.Key] = collections.deque()
        self._number = 0  # of the key that is on its way
        self._held: Timer | None = None  # what ends the wait of those behind it, at the latest
        self._opens_until_s: float | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if len(self._keys) < KEYS_MAX:
            self._keys.append(event)
        if self._held is None:
            await self._hand_out()

    def takes_keys(self) -> bool:
        """Whether what stands on top is there, so that a key means what it says."""
        return self.screen.is_mounted

    async def take_key(self, event: events.Key) -> None:
        """The key's turn has come."""
        await super().on_event(event)

    async def _hand_out(self) -> None:
        """The next key, or a look a little later where what it is meant for is still being made."""
        if not self._keys or not self.screen_stack:
            return
        now_s = time.monotonic()
        if not self.takes_keys():
            self._opens_until_s = self._opens_until_s or now_s + OPENING_S
            if now_s < self._opens_until_s:
                self._hold(LOOK_S)
                return
        self._opens_until_s = None
        event = self._keys.popleft()
        self._hold(STUCK_S)
        under = self.focused or self.screen
        await self.take_key(event)
        self._behind(self._number, under)

    def _hold(self, at_most_s: float) -> None:
        self._number += 1
        self._held = self.set_timer(at_most_s, lambda number=self._number: self._go_on(number))

    def _behind(self, number: int, under: MessagePump) -> None:
        """Goes up behind the key, through all that it goes through; once more, behind what its binding had to tell
        those; and behind what was asked to be done later, such as giving the focus to something else."""
        self._up(under, partial(self._up, under, partial(self.call_later, self._go_on, number)))

    def _up(self, under: MessagePump | None, then: Callable[[], object]) -> None:
        """`then` on our own loop, behind all that is on its way there from below."""
        while under is not None and under is not self:
            if under.call_later(self._up, under._parent, then):
                return
            under = under._parent
        self.call_later(then)

    async def _go_on(self, number: int) -> None:
        """What was waited for is over; unless that was another key's."""
        if number != self._number or self._held is None:
            return
        self._held.stop()
        self._held = None
        await self._hand_out()
