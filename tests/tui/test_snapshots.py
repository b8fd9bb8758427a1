"""Every pane in every state as text, whole screens, before the scripted daemon and with a clock that stands.

`HYDRA_REGENERATE=1 make quick T=tests/tui/test_snapshots.py` writes them anew; look at the difference before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hydractl.tui import app as app_module
from hydractl.tui.app import PANES
from hydractl.tui.store import QUERIES, STREAM, Lost, Ticked
from hydrad.wire.answers import Problem

GOLDEN = Path(__file__).parent / "golden" / "screens"
BEGIN_S = 1000.0
WIDE, SMALL = (160, 50), (80, 24)
STATES = {
    "wide": WIDE, "small": SMALL, "ascii": SMALL, "empty": SMALL, "refused": SMALL, "lost": SMALL, "writing": SMALL,
}  # fmt: skip
TINY = ("board", "mission", "positions")  # also in 40x12
SIZES = {**STATES, "tiny": (40, 12)}
CASES = [*((pane.NAME, state) for pane in PANES for state in STATES), *((name, "tiny") for name in TINY)]
ALWAYS = ("now", "status")


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = BEGIN_S

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    import stage

    made = Clock()
    for module in (app_module, stage):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def emptied(data: Any) -> Any:
    """An answer in which there is nothing: every list in it is empty."""
    if isinstance(data, list | tuple):
        return ()
    if isinstance(data, msgspec.Struct):
        lists = {name: () for name in data.__struct_fields__ if isinstance(getattr(data, name), tuple)}
        return msgspec.structs.replace(data, **lists)
    return data


def script_of(state: str, wire: Any) -> Any:
    def script(call: Any) -> Any:
        verb = wire.verb_of(call)
        if state == "empty":
            return wire.answer(call, data=emptied(wire.DATA[verb][1]))
        if state == "refused" and verb not in ALWAYS:
            error = Problem(code="FORBIDDEN", message=f"a viewer may not ask {verb}", hint="ask a commander")
            return wire.answer(call, data=None, error=error)
        return wire.answer(call)

    return script


@pytest.mark.parametrize(("name", "state"), CASES)
def test_screens(tui: Any, wire: Any, clock: Clock, name: str, state: str) -> None:
    tui.fake.script = script_of(state, wire)
    found: list[str] = []

    async def scene(pilot: Any) -> None:
        events = [] if state == "empty" else [tui.event(seq, text=f"EURUSD BUY {wire.M}") for seq in range(1, 31)]
        await tui.fed(pilot, *events)
        tui.app.open_pane(name, wire.M if name in ("mission", "trace") and state != "empty" else None)
        for _ in range(3):  # what a first answer makes it want is asked too
            await pilot.pause()
            await tui.fed(pilot)
        if state == "writing":
            await pilot.press("W")
            await pilot.pause()
            await tui.told(pilot)
        if state == "lost":
            clock.now_s += 12
            ways = [Lost(way, clock.now_s, "the daemon went away") for way in (QUERIES, STREAM)]
            await tui.told(pilot, *ways, Ticked(clock.now_s))
            await tui.told(pilot)
        await pilot.pause()
        found.append(tui.written() if state == "ascii" else tui.text())

    tui.play(scene, size=SIZES[state], ascii_only=state == "ascii")
    text = "\n".join(line.rstrip() for line in found[0].splitlines()) + "\n"
    path = GOLDEN / f"{name}-{state}.txt"
    if os.environ.get("HYDRA_REGENERATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, f"the screen changed; if meant, HYDRA_REGENERATE=1\n{text}"
    if state == "ascii":
        assert text.isascii()
    if state == "lost":
        assert "NO DAEMON" in text and "below is old" in text
