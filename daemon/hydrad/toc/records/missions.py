"""Missions, from the signal to the outcome."""

from __future__ import annotations

from hydrad.domain.signals import Signal, Suppressed
from hydrad.toc.mission import MissionEvent
from hydrad.toc.records.base import Body


class MissionProposed(Body, frozen=True):
    """`origin`: apex or hand. `source`: the terminal whose ticks made it; by hand the one whose quotes it was made on
    (empty in old journals)."""

    number: int
    signal: Signal
    origin: str
    source: str


class SignalSuppressed(Body, frozen=True):
    suppressed: Suppressed


class MissionMoved(Body, frozen=True):
    number: int
    event: MissionEvent
    reason: str = ""


class MissionPassed(Body, frozen=True):
    number: int
    identity: str
    reason: str


class MissionOutcome(Body, frozen=True):
    """Where the mission would have ended by the venue's arithmetic: TARGET, STOP or TIMEOUT, with R after spread."""

    number: int
    outcome: str
    r_milli: int
    at_ms: int
