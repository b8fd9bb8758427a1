"""The daemon itself: its services, configuration, log, and what the doctor finds."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.status import PendingRow, ServiceRow


class ConfigRow(Out, frozen=True):
    key: str
    value: str
    source: str
    restart: bool
    pending: str | None = None


class DownData(Out, frozen=True):
    pid: int
    stopped: tuple[str, ...]


class ServicesData(Out, frozen=True):
    """The services that were named, as they are after it."""

    services: tuple[ServiceRow, ...]


class ReloadData(Out, frozen=True):
    """Keys that changed: `applied` now, `waiting` for their 24 hours because they loosen a limit, `restart` not taken
    before the daemon is restarted."""

    applied: tuple[str, ...]
    waiting: tuple[PendingRow, ...]
    restart: tuple[str, ...]


class LogLevelData(Out, frozen=True):
    """`until`: when `level` falls back to `before`; null: when the daemon ends."""

    subsystem: str
    level: str
    before: str
    until: str | None


class LogRow(Out, frozen=True):
    """A line of a log, with the lines that belong to it (a trace). `source` is the file's name without its ending; `at`
    null where the line does not say."""

    source: str
    at: str | None
    level: str | None
    logger: str | None
    text: str


class ConfigValue(Out, frozen=True):
    """`shadowed`: a source that comes later and wins, so that what was set has no effect."""

    key: str
    value: str
    source: str
    needs: str
    shadowed: str | None = None


class ConfigPlaces(Out, frozen=True):
    """Files in the order in which they are read; later wins."""

    files: tuple[str, ...]
    written_by_set: str


class DoctorRow(Out, frozen=True):
    """`fix`: what to do about it, null where nothing has to be done."""

    check: str
    ok: bool
    detail: str
    fix: str | None = None


class DoctorData(Out, frozen=True):
    healthy: bool
    checks: tuple[DoctorRow, ...]


class HudLink(Out, frozen=True):
    """`url`: under the public address where there is one, else on this machine; the code is behind its `#`, so that no
    server and no preview of links sees it. `local_url`: on this machine. Shown this once."""

    operator: str
    url: str
    local_url: str
    expires_at: str


class HudPinSet(Out, frozen=True):
    operator: str
