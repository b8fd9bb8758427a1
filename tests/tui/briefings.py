"""Briefings for tests: the wire's Structs as the client gives them, with changes."""

from __future__ import annotations

from typing import Any

import msgspec

from hydractl.output import Output
from hydractl.session import as_view
from hydractl.tui.draw.glyphs import UNICODE
from hydractl.tui.frame import Frame
from hydractl.tui.store import Ask, Away, Kept, View
from hydrad.wire.answers.acts import CheckRow
from hydrad.wire.answers.briefing import Briefing

MARKET = "2026-11-20T12:25:30.500Z"
DENYING = CheckRow(code="ENTRY_MISSED", ok=False, measured="1.08500", limit="1.08320 to 1.08360")


def briefing(
    wire: Any, *, state: str = "PROPOSED", left_s: int = 271, denied: bool = False, **changes: Any
) -> Briefing:
    """The scripted daemon's, of a mission that stands `left_s` longer at `MARKET`."""
    sample: Briefing = wire.DATA["brief"][1]
    replace = msgspec.structs.replace
    minutes, seconds = divmod(25 * 60 + 30 + left_s, 60)
    row = replace(wire.MISSION, state=state, expires_at=f"2026-11-20T12:{minutes:02}:{seconds:02}.500Z")
    would = "would be DENIED: ENTRY_MISSED" if denied else "would be ROUTED to sim-1"
    checks = (*sample.fire.checks, DENYING) if denied else sample.fire.checks
    fire = replace(sample.fire, dry_run=True, act=None, acts=(), would=would, checks=checks)
    return replace(sample, mission=replace(sample.mission, mission=row), **{"fire": fire, **changes})


def told(data: Any) -> Any:
    """As the client gives it."""
    return as_view(msgspec.to_builtins(data))


def kept(data: Any, at_s: float = 100.0, **changes: Any) -> Kept:
    return Kept(**{"data": told(data), "at_s": at_s, "problem": None, "tried_s": at_s, **changes})


def frame(wire: Any, *, clock_s: float = 100.0, lost: bool = False, glyphs: Any = UNICODE) -> Frame:
    """At `clock_s` of the machine's clock, and `MARKET` of the market's."""
    now = msgspec.structs.replace(wire.NOW, market=MARKET)
    away = {"stream": Away(clock_s - 3, "the daemon went away")} if lost else {}
    view = View(clock_s=clock_s, answers={Ask.of("now"): kept(now, clock_s)}, away=away)
    return Frame(view, 160, 50, glyphs, Output("table"))


def fired(wire: Any, data: Briefing, *, account: str = "paper-1", position: Any = None, **act: Any) -> Briefing:
    """The same, fired: by an act like the wire's with these changes, and what it opened. Fired on `paper-1`, which is
    the account it is shown for, it would be denied there."""
    replace = msgspec.structs.replace
    held = () if position is None else (position,)
    mission = replace(data.mission, acts=(replace(wire.ACT, account=account, **act),), positions=held)
    if account != data.account:
        return replace(data, mission=mission)
    twice = CheckRow(code="DUPLICATE", ok=False, measured=f"{wire.F} FILLED by uid:1000", limit="none")
    fire = replace(data.fire, would="would be DENIED: DUPLICATE", checks=(*data.fire.checks, twice))
    return replace(data, mission=mission, fire=fire)
