"""The Board as a person sees it, fed by a scripted daemon."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui.store import QUERIES, STREAM, Answered, Ask, Heard, Lost


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_everything_at_a_glance(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        text = tui.text()
        for wanted in ("PAPER", "paper-1", "M-", "EURUSD", "P-", "3.20 USD", "read-only", "HALT"):
            assert wanted in text, f"{wanted} is missing\n{text}"

    tui.play(scene, size=size)


def test_a_lost_daemon_is_said_at_once_and_what_it_told_looks_old(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert "NO DAEMON" not in tui.text()
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "no sign of life for 5 s"))
        assert "NO JOURNAL" in tui.text()
        await tui.told(pilot, Lost(QUERIES, time.monotonic(), "the daemon went away"))
        assert "NO DAEMON" in tui.text() and "What stands below is old" in tui.text()
        assert "nobody looks" in tui.text() and "nothing wrong" not in tui.text()
        assert tui.colours("#accounts") == {"default"}, "what is old has no colours"
        await tui.told(pilot, Heard(STREAM, time.monotonic()), Heard(QUERIES, time.monotonic()))
        assert "NO DAEMON" not in tui.text() and "NO JOURNAL" not in tui.text()
        assert tui.colours("#accounts") != {"default"}

    tui.play(scene)


def test_money_is_of_the_newest_answer(tui: Any, wire: Any) -> None:
    """`now` is asked each second and the list of positions less often; an older `now` changes nothing."""
    now = as_view(msgspec.to_builtins(wire.NOW))

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, Answered(Ask.of("now"), 0.0, now))
        assert "4.10 USD" not in tui.text()
        await tui.told(pilot, Answered(Ask.of("now"), time.monotonic(), now))
        assert "4.10 USD" in tui.text()

    tui.play(scene)
