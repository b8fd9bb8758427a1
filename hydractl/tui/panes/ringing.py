"""What the Alarms pane shows, worked out from a frame: what rings, what to do about it, and what was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from hydractl.commands.alarms import ALARMS, FINDINGS, state_of
from hydractl.output import Column, age
from hydractl.tui.frame import Frame
from hydractl.tui.panes.detail import flowed, told
from hydractl.tui.panes.pane import why_empty
from hydrad.domain.ids import BadId, IdKind, parse

NONE = "no alarm stands"
FINDINGS_MAX = 20
NOTES_S = 5.0
PRIORITY = ("id", "code", "subject", "severity", "age_s", "owner", "repeats")
FLEXIBLE = ("text",)
FINDING_PRIORITY = ("at", "code", "subject", "detail")
FINDING_FLEXIBLE = ("detail", "now")
NOBODY = "NOBODY IS ON IT"
_ID = re.compile(r"\b[A-Z]-[0-9A-Z]{8}\b")
# Which pane shows what an id names.
_PANES = {
    IdKind.MISSION: "mission",
    IdKind.POSITION: "positions",
    IdKind.FIRE: "trace",
    IdKind.ACT: "trace",
    IdKind.ORDER: "trace",
    IdKind.ALARM: "alarms",
}


def rows_of(frame: Frame, cleared: bool) -> list[Any]:
    """The alarms, those that nobody is on first; the cleared ones last."""
    rows = frame.rows(frame.view.kept("alarms", **asked(cleared)), frame.view.data("alarms", **asked(cleared)))
    return sorted(rows, key=_rank)


def asked(cleared: bool) -> dict[str, bool]:
    """The fields of the query."""
    return {"cleared": True} if cleared else {}


def _rank(row: Any) -> int:
    if row.cleared_at:
        return 3
    return 0 if state_of(row) == NOBODY else 1 if row.severity == "ALARM" else 2


def style_of(row: Any) -> str:
    """Of an alarm's row; its state says the same in words."""
    return ("bold red", "yellow", "yellow", "dim")[_rank(row)]


def columns_of() -> list[Column]:
    """The shell's, without what the detail tells in full."""
    columns = [column for column in ALARMS if not column.wide and column.key not in ("runbook", "text")]
    text = next(column for column in ALARMS if column.key == "text")
    return [*columns[:1], Column("SEVERITY", "severity"), *columns[1:], text]


def finding_columns(frame: Frame) -> list[Column]:
    """The shell's, with the clock time alone."""
    at = Column("AT", "at", show=lambda row: frame.out.clock(row.at))
    return [at, *(column for column in FINDINGS if column.key in ("code", "subject", "detail", "now"))]


# --- one of them ---


def alarm_lines(frame: Frame, row: Any, room: int) -> list[Text]:
    """What to do now, what rings and why, the whole of its runbook, who has it, and what was noted."""
    style = style_of(row)
    glyphs = frame.glyphs
    head = f"{row.id}  {row.code}  {row.subject}  {state_of(row)}  {age(row.age_s)} old"
    first, *rest = row.runbook or ("no runbook was told",)
    lines = flowed(head, room, glyphs, style)
    lines += told("NOW", first, room, glyphs, "bold")
    lines += told("what", row.text, room, glyphs)
    if rest:
        lines += told("runbook", " ".join(rest), room, glyphs)
    for label, text in (*_who(frame, row), *_notes(frame, row)):
        lines += told(label, text, room, glyphs)
    return lines


def _who(frame: Frame, row: Any) -> list[tuple[str, str]]:
    out = frame.out
    last = ", ".join(row.told) or "nobody"
    owner = f"{row.owner or 'none'}, told {row.repeats + 1}x, last {last}, since {out.instant(row.since)}"
    found = [("owner", owner)]
    if row.account:
        found.append(("account", row.account))
    if row.acknowledged_by:
        note = f": {row.note}" if row.note else ""
        found.append(("on it", f"{row.acknowledged_by} since {out.instant(row.acknowledged_at)}{note}"))
    if row.cleared_at:
        found.append(("cleared", f"{out.instant(row.cleared_at)}: {row.cleared_why or 'no reason given'}"))
    return found


def _notes(frame: Frame, row: Any) -> list[tuple[str, str]]:
    shown = frame.view.data("alarm.show", alarm=row.id)
    if shown is None:
        return [("notes", why_empty(frame, "alarm.show", "", alarm=row.id))]
    aged = frame.old_words(frame.view.kept("alarm.show", alarm=row.id), NOTES_S)
    old = [("notes", aged)] if aged else []
    return old + [("note", f"{frame.out.instant(note.at)} {note.by}: {note.text}") for note in shown.notes]


def finding_lines(frame: Frame, row: Any, room: int) -> list[Text]:
    """What was found, what the code means, and what to do."""
    glyphs = frame.glyphs
    lines = flowed(f"finding {row.seq}  {row.code}  {row.subject}  {frame.out.instant(row.at)}", room, glyphs, "bold")
    for label, text in (("NOW", row.now), ("what", row.detail), ("meaning", row.meaning)):
        lines += told(label, text or "-", room, glyphs, "bold" if label == "NOW" else "")
    return lines


# --- what it is about ---


def about(row: Any, terminals: Sequence[str], services: Sequence[str]) -> tuple[str, str] | None:
    """The pane and the thing in it that an alarm or a finding names: an id, a terminal, a service; None: neither."""
    for text in (row.subject, row.text or row.detail or ""):
        for found in _ID.findall(text):
            pane = _pane_of(found)
            if pane is not None and found != row.id:
                return pane, found
    if row.subject in terminals:
        return "terminals", row.subject
    return ("services", row.subject) if row.subject in services else None


def _pane_of(text: str) -> str | None:
    try:
        return _PANES.get(parse(text)[0])
    except BadId:
        return None
