"""How a record of the journal looks: its line, its tone, and its facts in full.

Owns the one table of which kind of record has which tone. A tone is a mark and a colour, never a colour alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from hydractl.fitting import wrapped
from hydractl.output import WORDS, age
from hydractl.tui.draw.glyphs import Glyphs
from hydractl.tui.draw.table import STYLES
from hydractl.tui.frame import Frame

FOUND = "underline black on yellow"
KIND_CELLS = 18
# The tone of a record by its kind. Those that move a state have the tone of the state they name.
TONES = {
    **dict.fromkeys(("ALARM_RAISED", "ALARM_REPEATED", "GUARD_TRIPPED", "FOREIGN_SEEN"), "bad"),
    **dict.fromkeys(("FINDING", "GUARD_WARNED", "GUARD_ACTED", "CALL_REFUSED", "STRANGERS_COUNTED"), "warn"),
    **dict.fromkeys(("TICKS_REJECTED", "FUNDS_DRIFTED", "ACCOUNT_DISARMED", "DAEMON_STOPPED"), "warn"),
    **dict.fromkeys(("ALARM_CLEARED", "GUARD_CLEARED", "POSITION_OPENED"), "good"),
    **dict.fromkeys(("MISSION_PROPOSED", "POSITION_CLOSED", "ACT_REQUESTED"), "id"),
    **dict.fromkeys(("SIGNAL_SUPPRESSED", "REQUEST_ANSWERED", "LEDGER_BOOKED", "DEALS_READ", "JOB_RAN"), "dim"),
}
MOVING = ("ACT_MOVED", "MISSION_MOVED", "AUTHORITY_SET", "TERMINAL_LINK", "TERMINAL_DUTY", "SERVICE_CHANGED")


def tone(event: Any) -> str:
    """Of the shell's styles (`hydractl.output.STYLES`); "" for a record like any other."""
    if event.kind in MOVING:
        words = str(event.text).replace(",", " ").replace(":", " ").upper().split()
        return next((WORDS[word] for word in words if word in WORDS), "")
    return TONES.get(str(event.kind), "")


def whole_text(event: Any) -> str:
    """A record in one line, cut nowhere, for a copy."""
    return f"{event.at} {event.kind} {event.text}"


def mark(tone: str, glyphs: Glyphs) -> str:
    """One cell that says the same as the colour."""
    marks = {"bad": glyphs.cross, "warn": glyphs.warning, "way": glyphs.play, "good": glyphs.check, "id": glyphs.bullet}
    return marks.get(tone, " ")


def record_lines(
    frame: Frame, event: Any, room: int, *, wrap: bool, sought: str = "", after: bool = False
) -> list[Text]:
    """A record in lines of at most `room` cells: in one that may be cut, or with `wrap` in as many as it has. `sought`:
    text that is marked in them. `after`: with the time since the record before."""
    glyphs, has = frame.glyphs, tone(event)
    style = STYLES.get(has, "")
    since = f" {gap_text(event.after_s):>10}" if after else ""
    at = frame.out.clock(event.at, 3 if after else 0)
    head = f"{at}{since} {mark(has, glyphs)} {glyphs.write(str(event.kind)):<{KIND_CELLS}} "
    words = glyphs.write(str(event.text))
    tail = glyphs.write(f"  {event.actor} {event.surface} #{event.seq}") if room >= 110 else ""
    if wrap:
        rows = list(wrapped(head + words + tail, room, min(len(head), room // 2)))
    else:
        rows = [head + glyphs.shorten(words, max(room - len(head) - len(tail), 8)) + tail]
    lines = [Text(row, no_wrap=True, end="") for row in rows]
    lines[0].stylize("dim", 0, len(at))
    lines[0].stylize(style or "cyan", len(head) - KIND_CELLS - 3, len(head))
    if has in ("bad", "warn", "good") and not wrap:
        lines[0].stylize(style, len(head), len(rows[0]) - len(tail))
    if tail:
        lines[-1].stylize("dim", max(len(rows[-1]) - len(tail), 0), len(rows[-1]))
    for line in lines:
        mark_found(line, sought)
    return lines


def mark_found(line: Text, sought: str) -> None:
    """Marks what is sought, whatever the case."""
    if not sought:
        return
    lower, wanted = line.plain.lower(), sought.lower()
    at = lower.find(wanted)
    while at >= 0:
        line.stylize(FOUND, at, at + len(wanted))
        at = lower.find(wanted, at + len(wanted))


def gap_text(after_s: float | None) -> str:
    """The time since the record before."""
    return f"+{age(after_s)}" if after_s is not None else ""


def fact_lines(frame: Frame, event: Any, room: int) -> list[Text]:
    """All that is recorded, in full: nothing is cut."""
    glyphs = frame.glyphs
    market = f"  market {event.market_at}" if event.market_at else ""
    head = f"#{event.seq}  {event.kind}  {event.at}{market}  by {event.actor} on {event.surface}"
    named = f"  {' '.join(event.ids)}" if event.ids else ""
    facts = event.facts if isinstance(event.facts, dict) else {}
    told = "  ".join(f"{name} {fact_text(value)}" for name, value in facts.items())
    return [
        *_flow(glyphs.write(head + named), room, "cyan"),
        *_flow(glyphs.write(str(event.text)), room, "bold"),
        *_flow(glyphs.write(told or "no more is recorded of it"), room, "" if told else "dim"),
    ]


def fact_text(value: Any) -> str:
    """A fact as a person reads it: text as it is, what has parts as JSON."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=str)


def _flow(text: str, room: int, style: str) -> Sequence[Text]:
    return [Text(row, style, no_wrap=True, end="") for row in wrapped(text, max(room, 20), 2)]
