"""Missions, how many there are, and when signals came."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.acts import ActRow
from hydrad.wire.answers.alarms import NoteRow
from hydrad.wire.answers.positions import PositionRow


class EntryNow(Out, frozen=True):
    """What the gate's check ENTRY_MISSED would say now of a fire on `account`. `missed_by_points`: by how many points
    the market would have to come back for it to pass; 0: it passes; null: there is nothing to measure by, which is
    denied too. `measured` and `limit` are the check's. `age_s`: of the quote, in market time, null without one; over
    `age_max_s` it is `stale`."""

    account: str
    missed_by_points: int | None
    measured: str
    limit: str
    age_s: float | None
    age_max_s: float
    stale: bool


class MissionRow(Out, frozen=True):
    """`tcs` is null and `tcs_text` says "not calibrated" while no calibration holds. `entry_now`: on the asker's
    primary account; null where the mission takes no fires any more, or the asker has no account. `fire_states`: of its
    fires, in the order of their time."""

    id: str
    state: str
    kind: str
    symbol: str
    side: str
    entry: str
    stop: str
    target: str | None
    collar: str
    r: str | None
    tcs: int | None
    tcs_text: str
    session: str
    proposed_at: str
    expires_at: str
    horizon_at: str
    expires_in_s: float
    origin: str
    detector: str | None
    fires: int
    passed: bool
    outcome: str | None
    outcome_r: str | None
    entry_now: EntryNow | None = None
    fire_states: tuple[str, ...] = ()


class MissionShow(Out, frozen=True):
    """`source`: the terminal on whose ticks it was made, and whose `source_account` that is. `positions`: what its
    fires opened, closed ones too."""

    mission: MissionRow
    features: dict[str, str]
    why: str
    acts: tuple[ActRow, ...]
    source: str | None
    notes: tuple[NoteRow, ...] = ()
    source_account: str | None = None
    positions: tuple[PositionRow, ...] = ()


class MissionCounts(Out, frozen=True):
    open: int
    engaged: int
    proposed_today: int
    expired_today: int


class SignalsView(Out, frozen=True):
    rate_per_h: float
    last_age_s: float | None
    suppressed: dict[str, int]
