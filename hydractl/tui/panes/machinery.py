"""What the Services pane shows, worked out from a frame: what runs, what was measured, and the daemon itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from hydractl.commands.health import CHECKS
from hydractl.commands.news import in_words
from hydractl.commands.services import SERVICES
from hydractl.commands.status import JOBS
from hydractl.output import Column
from hydractl.tui.frame import Frame, older
from hydractl.tui.panes.detail import told
from hydractl.tui.panes.pane import why_empty

UP = ("running", "off")


def _status(frame: Frame) -> Any:
    return frame.view.data("status")


# --- services ---


def services_of(frame: Frame) -> list[Any]:
    """The services, those that do not run first."""
    status = _status(frame)
    return sorted(status.services, key=lambda row: row.state in UP) if status is not None else []


def service_style(row: Any) -> str:
    """Of a service's row; its state says the same."""
    if row.state == "running":
        return ""
    return "dim" if row.state == "off" else "red" if row.state == "fatal" else "yellow"


# --- jobs ---


def jobs_of(frame: Frame) -> list[Any]:
    """The scheduler's jobs, those that failed first."""
    status = _status(frame)
    return sorted(status.scheduler, key=lambda row: row.last_ok is not False) if status is not None else []


def job_style(row: Any) -> str:
    return "red" if row.last_ok is False else ""


# --- checks ---


def checks_of(frame: Frame) -> list[Any]:
    """Every health check, those that fail first."""
    status = _status(frame)
    return sorted(status.health, key=lambda row: row.ok) if status is not None else []


def check_style(row: Any) -> str:
    return "" if row.ok else "red"


def checks_mark(frame: Frame) -> str:
    """How many fail, of how many."""
    checks = checks_of(frame)
    return f"{sum(not row.ok for row in checks)} of {len(checks)} fail" if checks else ""


# --- the three tables ---


@dataclass(frozen=True, slots=True)
class Shown:
    """How a table is filled: its rows, the shell's columns with `timed` ones as people read them, and which matter
    most. `told`: the fields that the detail has in full. `none`: what it means that there is no row."""

    rows: Callable[[Frame], list[Any]]
    key: str
    shell: Sequence[Column]
    style: Callable[[Any], str]
    priority: tuple[str, ...]
    flexible: tuple[str, ...]
    told: tuple[str, ...]
    none: str
    timed: tuple[str, ...] = ()

    def columns(self, frame: Frame) -> list[Column]:
        return [_timed(frame, column) if column.key in self.timed else column for column in self.shell]


def _timed(frame: Frame, column: Column) -> Column:
    key = column.key
    return Column(column.heading, key, show=lambda row: frame.out.instant(row.get(key)))


TABLES = {
    "services": Shown(
        services_of, "name", SERVICES, service_style, ("name", "state", "restarts", "detail"), ("detail",),
        ("state", "detail"), "no service was told", ("since",),
    ),
    "jobs": Shown(
        jobs_of, "name", JOBS, job_style, ("name", "last_ok", "next_at", "when"), ("when", "last_detail"),
        ("when", "next_at", "last_at", "last_detail"), "no job is scheduled", ("next_at", "last_at"),
    ),
    "checks": Shown(
        checks_of, "check", CHECKS, check_style, ("check", "ok", "detail"), ("detail",), ("detail",),
        "no health check was measured",
    ),
}  # fmt: skip


def chosen_lines(frame: Frame, table: str, key: Any, room: int) -> list[Text]:
    """The whole of a row, whose column may have had no room for it."""
    shown = TABLES[table]
    row = next((row for row in shown.rows(frame) if row.get(shown.key) == key), None)
    if row is None:
        return []
    parts = (
        f"{field.removesuffix('_at')} {frame.out.instant(row.get(field))}" if field in shown.timed else row.get(field)
        for field in shown.told
        if row.get(field)
    )
    text = "  ".join(parts)
    return told(str(key), text or "nothing is told of it", room, frame.glyphs, shown.style(row) or "bold")


# --- the daemon ---


def daemon_lines(frame: Frame, room: int) -> list[Text]:
    """Which daemon this is, where it is reached, and how its journal stands."""
    kept = frame.view.kept("status")
    status = _status(frame)
    if status is None:
        return [Text(why_empty(frame, "status", ""), "dim", no_wrap=True, end="")]
    daemon = frame.view.daemon
    journal, clocks, out = status.journal, status.clocks, frame.out
    version = f"{daemon.version}, protocol {daemon.protocol}, {daemon.instance}" if daemon else "not told"
    parts = [
        ("daemon", f"{version}  since {out.instant(status.since)}"),
        ("process", f"pid {status.pid}  epoch {status.epoch}  home {status.home}"),
        ("endpoints", f"bridge {status.endpoint}  hud {status.hud or 'none'}"),
        ("journal", f"{journal.seq} records  {journal.size_bytes / 1e6:.1f} MB  head {journal.head[:16]}"),
        ("clocks", f"machine {out.instant(clocks.machine)}  market {out.instant(clocks.market)}  speed {clocks.speed}"),
    ]
    lines = [line for label, text in parts for line in told(label, text, room, frame.glyphs)]
    return [*news_lines(frame, older(status.news, frame.since(kept)), room), *lines]


def news_lines(frame: Frame, news: Any, room: int) -> list[Text]:
    """How news is followed; what holds opens back stands out."""
    if news is None:
        return told("news", "not told", room, frame.glyphs)
    label, _, text = in_words(news).partition(" ")
    style = "bold red" if news.mode != "off" and news.problem else "yellow" if news.holding else ""
    return told(label, text.strip(), room, frame.glyphs, style)


def pending_lines(frame: Frame, room: int) -> list[Text]:
    """Loosened limits that wait, and who may approve while there is one person."""
    status = _status(frame)
    if status is None:
        return []
    lines = [
        line
        for row in status.pending_limits or ()
        for line in told(
            "waits",
            f"{row.key} {row.value} until {frame.out.instant(row.due)}, then {row.wanted} ({row.change})",
            room,
            frame.glyphs,
            "yellow",
        )
    ]
    if status.one_person:
        lines += told("approvals", f"one person: {status.one_person}", room, frame.glyphs)
    return lines
