"""Terminals, the enrolment of one, and what leaves with one that goes."""

from __future__ import annotations

from hydrad.wire.answers import Out


class TerminalRow(Out, frozen=True):
    """`lane`: whether it is the one that opens for its account now. `cause`: of a quarantine. `holds`: acts and open
    positions that still need it. `drained`: it is DRAINING, and has none left. `feed_only`: it gives
    quotes, and is sent nothing that trades. `ticks_shed`: that its agent had no room for, or the daemon no time, since
    either began."""

    name: str
    account: str
    link: str
    duty: str
    why: str | None
    heartbeat_age_s: float | None
    clock_offset_ms: float | None
    clock_uncertainty_ms: float | None
    epoch: int | None
    halted: bool | None
    in_hand: int | None
    through: str | None
    ledger_entries: int
    identity: str | None
    lane: bool = False
    cause: str | None = None
    holds: int = 0
    drained: bool = False
    feed_only: bool = False
    ticks_shed: int = 0


class LeavingAct(Out, frozen=True):
    """An act that has not come to its end, and what becomes of it."""

    id: str
    kind: str
    state: str
    terminal: str | None
    becomes: str


class LeavingPosition(Out, frozen=True):
    """`terminal`: whose agent has its plan. `stop`: whether it has one at the broker."""

    id: str
    symbol: str
    side: str
    volume: str
    stop: bool
    terminal: str
    plan: str
    steps_left: int
    becomes: str


class LeavingData(Out, frozen=True):
    """What a failover or a removal touches. `lane`: who opens for the account now, `lane_after` then. `blocked`: why it
    is not done. `done`: false for a dry run."""

    terminal: str
    account: str
    lane: str | None
    lane_after: str | None
    acts: tuple[LeavingAct, ...]
    positions: tuple[LeavingPosition, ...]
    blocked: str | None
    done: bool


class EnrollData(Out, frozen=True):
    """`card`: what a person needs who has only a phone, to be printed."""

    terminal: str
    account: str
    bundle: str
    public_key: str
    card: str = ""
