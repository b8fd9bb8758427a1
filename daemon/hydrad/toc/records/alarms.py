"""Alarms, findings and notes."""

from __future__ import annotations

from hydrad.toc.records.base import Body


class AlarmRaised(Body, frozen=True):
    """`account`: the one concerned, empty for the home's. `owner`: the operator whom it is told first."""

    number: int
    code: str
    subject: str
    text: str
    severity: str = "ALARM"
    account: str = ""
    owner: str = ""


class AlarmAcknowledged(Body, frozen=True):
    """The record's actor has taken it on: it stands, and is not repeated."""

    number: int
    note: str


class AlarmRepeated(Body, frozen=True):
    """Nobody has acknowledged it: told again, to more people. `repeats` counts from 1."""

    number: int
    repeats: int
    step: int
    told: tuple[str, ...]


class AlarmChanged(Body, frozen=True):
    """It still stands, for the same reason; what is known of it is another now."""

    number: int
    text: str


class AlarmCleared(Body, frozen=True):
    number: int
    why: str


class NoteMade(Body, frozen=True):
    """`subject`: a shown id of a mission, act, position or alarm."""

    subject: str
    text: str
    tag: str


class FindingMade(Body, frozen=True):
    code: str
    subject: str
    detail: str
