"""Alarms, findings and notes."""

from __future__ import annotations

from hydrad.wire.answers import Out


class NoteRow(Out, frozen=True):
    """What a person wrote. `tag` null: none."""

    id: str
    at: str
    by: str
    text: str
    tag: str | None


class AlarmRow(Out, frozen=True):
    """`severity`: ALARM (repeated and escalated until acknowledged) or WARNING. `step`: how far it was escalated,
    `told`: to whom last. `runbook`: the first line says what to do now. `cleared_at` null: it stands."""

    id: str
    code: str
    subject: str
    text: str
    since: str
    age_s: float
    severity: str
    account: str | None
    owner: str | None
    acknowledged_by: str | None
    acknowledged_at: str | None
    note: str | None
    repeats: int
    step: int
    told: tuple[str, ...]
    cleared_at: str | None
    cleared_why: str | None
    runbook: tuple[str, ...]


class AlarmShow(Out, frozen=True):
    alarm: AlarmRow
    notes: tuple[NoteRow, ...]


class FindingRow(Out, frozen=True):
    """`meaning`: the code's own sentence. `now`: the first line of its runbook."""

    seq: int
    at: str
    market_at: str | None
    code: str
    subject: str
    detail: str
    meaning: str
    now: str


class Answered(Out, frozen=True):
    """Whether a terminal's books were read after the question, and how much of them."""

    terminal: str
    account: str
    answered: bool
    detail: str
    positions: int
    deals: int
