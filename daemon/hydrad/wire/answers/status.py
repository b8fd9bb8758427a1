"""Status and health: one screen, measured at the envelope's `ts`."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.accounts import AccountRow
from hydrad.wire.answers.alarms import AlarmRow
from hydrad.wire.answers.journal import JournalView
from hydrad.wire.answers.market import FeedRow, NewsView
from hydrad.wire.answers.missions import MissionCounts, SignalsView
from hydrad.wire.answers.terminals import TerminalRow


class ClocksView(Out, frozen=True):
    machine: str
    market: str | None
    speed: str


class ServiceRow(Out, frozen=True):
    name: str
    state: str
    since: str
    restarts: int
    detail: str


class JobRow(Out, frozen=True):
    """`last_ok` null: it never ran. `failing` alarms stand in `alarms`."""

    name: str
    when: str
    next_at: str | None
    last_at: str | None
    last_ok: bool | None
    last_detail: str | None


class PendingRow(Out, frozen=True):
    """A loosened limit that waits: `value` holds until `due` or until `change` is approved, then `wanted`."""

    key: str
    value: str
    wanted: str
    due: str
    change: str


class WaitingRow(Out, frozen=True):
    """A fire that waits for a second person. `how`: who may approve it, and by which command."""

    id: str
    account: str
    text: str
    why: str
    asked_by: str
    due_at: str
    age_s: float
    how: str


class HealthRow(Out, frozen=True):
    """`accounts`: those that the check is about, or that its detail names; none: it is everybody's."""

    check: str
    ok: bool
    detail: str
    accounts: tuple[str, ...] = ()


class ActCounts(Out, frozen=True):
    unknown: int
    in_flight: int
    today: int
    denied_today: int
    resting: int = 0


class StatusData(Out, frozen=True):
    """`one_person`: who approves their own fires, while that is how this home does with one. `primary`: the account
    that a fire of the asker's goes to without a choice; null: they may fire on none."""

    mode: str
    authority: str
    since: str
    home: str
    endpoint: str
    pid: int
    epoch: int
    clocks: ClocksView
    accounts: tuple[AccountRow, ...]
    services: tuple[ServiceRow, ...]
    feed: tuple[FeedRow, ...]
    terminals: tuple[TerminalRow, ...]
    missions: MissionCounts
    acts: ActCounts
    positions: int
    journal: JournalView
    signals: SignalsView
    scheduler: tuple[JobRow, ...]
    alarms: tuple[AlarmRow, ...]
    health: tuple[HealthRow, ...]
    news: NewsView | None = None
    pending_limits: tuple[PendingRow, ...] = ()
    hud: str | None = None
    approvals: tuple[WaitingRow, ...] = ()
    one_person: str | None = None
    primary: str | None = None


class HealthData(Out, frozen=True):
    """`failing`: the names of the checks that do not pass."""

    healthy: bool
    failing: tuple[str, ...]
    checks: tuple[HealthRow, ...]


class WaitData(Out, frozen=True):
    condition: str
    detail: str
