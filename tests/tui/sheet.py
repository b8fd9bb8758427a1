"""What tests of sheets share: to open one, to see what it offers, and daemons that answer its act in some way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from textual import events

from hydractl.tui.intent import Intent
from hydractl.tui.intents import positions
from hydractl.tui.sheets import Sheet
from hydrad.wire.answers import Problem


def go(tui: Any) -> Any:
    return tui.app.screen.query_one("#go")


async def opened(tui: Any, pilot: Any, intent: Intent, until: str = "?") -> None:
    """The sheet of an act, in write mode, as soon as it has looked."""
    await tui.fed(pilot)
    if not tui.app.writing:
        await pilot.press("W")
    tui.app.intend(intent)
    await pilot.pause()
    assert isinstance(tui.app.screen, Sheet)
    await tui.until(pilot, lambda: not looking(tui))
    assert until in tui.text(), tui.text()


def looking(tui: Any) -> bool:
    return "looking at what it would do" in tui.text()


def closing(wire: Any, part: str = "") -> Intent:
    return positions.close(wire.P, part)


def act(wire: Any, state: str, **changes: Any) -> Any:
    """The answer of a close whose act is in that state."""
    row = msgspec.structs.replace(wire.ACT, id=wire.A, kind="CLOSE", state=state, verdict=f"{state} it is", **changes)
    return msgspec.structs.replace(wire.FIRE, act=row, acts=(row,), order=None, checks=())


def answering(wire: Any, verb: str, *answers: Any) -> Callable[[Any], Any]:
    """A script that answers one verb by these, the last for ever, and all else well."""
    left = list(answers)

    def script(call: Any) -> Any:
        if wire.verb_of(call) != verb or getattr(call.body, "dry_run", False):
            return wire.answer(call)
        data = left.pop(0) if len(left) > 1 else left[0]
        return wire.answer(call, data=data)

    return script


def unknown(wire: Any, verb: str, *became: str) -> Callable[[Any], Any]:
    """A script whose verb ends without a verdict, and whose act is in one of these states at each look-up, the last for
    ever; "": nothing came."""
    left = list(became)
    sends = answering(wire, verb, act(wire, "UNKNOWN"))

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "asked":
            return sends(call)
        state = left.pop(0) if len(left) > 1 else left[0]
        if not state:
            return wire.answer(call, data=None, error=Problem("NOT_FOUND", "nothing of yours was done"))
        rows = act(wire, state).acts
        return wire.answer(call, data=msgspec.structs.replace(wire.DATA["asked"][1], acts=rows))

    return script


def keys(tui: Any, wire: Any, verb: str) -> list[str]:
    """Those of what was sent; a look has none."""
    sent = [call for call in tui.fake.calls if not getattr(call.body, "dry_run", False)]
    return [call.key for call in sent if wire.verb_of(call) == verb]


def key(name: str) -> events.Key:
    return events.Key(name, "\r" if name == "enter" else name if len(name) == 1 else None)


async def pressed(app: Any, pilot: Any, *names: str) -> None:
    """Keys that arrive together, all of them done."""
    for name in names:
        app.post_message(key(name))
    while True:
        await pilot.pause(0.005)
        if not app._keys and app._held is None:
            return
