"""The app on a stage: no terminal, a scripted daemon, and a feed that asks when the test says so.

def test_it(tui):
    async def scene(pilot):
        await tui.fed(pilot)                  # every query that the screen wants, once, and a redraw
        await pilot.press("W", "f")
        await tui.until(pilot, "FIRE M-")     # a thread's work is waited for by what it shows
        assert "EURUSD" in tui.text()
    tui.play(scene, size=(80, 24))
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.pilot import Pilot

from hydractl.client import Client
from hydractl.diagnostics import Failure
from hydractl.fastpath import defaults
from hydractl.session import Session
from hydractl.tui.app import HydraTui
from hydractl.tui.feed import Want
from hydractl.tui.store import Answered, Message, Problem, Recorded, Unanswered
from hydractl.tui.terminal import abilities
from hydractl.verbs import GLOBALS

UNTIL_S = 20.0


class HandFeed:
    """As `Feed`, and asks nothing by itself."""

    def __init__(self, places: Any, post: Callable[[Message], None], timeout_s: float | None) -> None:
        self.post = post
        self.wants: Sequence[Want] = ()
        self.asked_again = 0
        self._client = Client(places, timeout_s or 3.0, surface="tui")

    def start(self) -> None:
        """Nothing begins."""

    def stop(self) -> None:
        self._client.close()

    def want(self, wants: Sequence[Want]) -> None:
        self.wants = tuple(wants)

    def again(self) -> None:
        self.asked_again += 1

    def ask(self) -> None:
        """Every query that is wanted, once, of the scripted daemon."""
        for want in self.wants:
            at_s = time.monotonic()
            try:
                answer = self._client.query(want.ask.verb, **dict(want.ask.fields))
            except Failure as failure:
                self.post(Unanswered(want.ask, at_s, Problem(failure.code, failure.message, failure.hint)))
                continue
            error = answer.error
            problem = Problem(error.code, error.message, error.hint) if error is not None else None
            self.post(Answered(want.ask, at_s, answer.data, problem, answer.daemon))


class Stage:
    """One app and its scripted daemon (`fake`, whose `script` a test may change)."""

    app: HydraTui
    feed: HandFeed

    def __init__(self, fake: Any) -> None:
        self.fake = fake

    def play(
        self,
        scene: Callable[[Pilot[int]], Awaitable[None]],
        size: tuple[int, int] = (160, 50),
        low_bandwidth: bool = False,
        ascii_only: bool = False,
    ) -> None:
        """Runs a scene in an app of that size."""
        session = Session(defaults(GLOBALS), "")
        feeds: list[HandFeed] = []

        def feed(*parts: Any) -> Any:
            feeds.append(HandFeed(*parts))
            return feeds[0]

        self.app = HydraTui(session, abilities(os.environ, low_bandwidth, ascii_only), feed)
        self.feed = feeds[0]

        async def run() -> None:
            async with self.app.run_test(size=size, notifications=True) as pilot:
                await scene(pilot)

        asyncio.run(run())

    async def fed(self, pilot: Pilot[int], *messages: Message) -> None:
        """Asks what is wanted, posts these messages behind it, and draws."""
        await asyncio.to_thread(self.feed.ask)
        for message in messages:
            self.app.post(message)
        self.app.turn()
        await pilot.pause()

    async def told(self, pilot: Pilot[int], *messages: Message) -> None:
        """Posts messages, and draws."""
        for message in messages:
            self.app.post(message)
        self.app.turn()
        await pilot.pause()

    async def until(self, pilot: Pilot[int], wanted: str | Callable[[], bool]) -> None:
        """Waits until the screen has this text, or a condition holds."""
        ends_s = time.monotonic() + UNTIL_S
        holds = wanted if callable(wanted) else lambda: wanted in self.text()
        while not holds():
            assert time.monotonic() < ends_s, f"not seen: {wanted}\n{self.text()}"
            await pilot.pause(0.02)

    def lines(self) -> list[str]:
        """What a person sees, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())

    def written(self) -> str:
        """What goes to the terminal, behind the filters."""
        app = self.app
        lines = []
        for strip in app.screen._compositor.render_strips():
            for line_filter in app.get_line_filters():
                strip = strip.apply_filter(line_filter, app.screen.background_colors[1])
            lines.append("".join(segment.text for segment in strip))
        return "\n".join(lines)

    def colours(self, selector: str) -> set[str]:
        """The colours in which a box is written."""
        box = self.app.query_one(selector)
        segments = [segment for y in range(box.size.height) for segment in box.render_line(y)]
        return {
            segment.style.color.name if segment.style and segment.style.color else "default"
            for segment in segments
            if segment.text.strip()
        }

    def event(self, seq: int, **changes: Any) -> Recorded:
        """An event of the stream, as the client would give it."""
        from hydractl.session import as_view

        fields = {
            "seq": seq, "at": "2026-11-20T12:25:30.500Z", "market_at": "2026-11-20T12:25:30.500Z",
            "kind": "MISSION_PROPOSED", "text": f"event {seq}", "actor": "apex", "surface": "daemon", "ids": [],
            "facts": {}, "after_s": None, **changes,
        }  # fmt: skip
        return Recorded(as_view(fields))
