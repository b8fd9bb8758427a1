"""Is it well, and waiting until something holds."""

from __future__ import annotations

import time

from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.status import HealthData, StatusData

CHECKS = (
    Column("CHECK", "check"),
    Column("", "ok", show=lambda row: "ok" if row.ok else "FAILED"),
    Column("MEASURED", "detail"),
)
WAIT_S = 60.0
POLL_S = 0.2
_AWAY = ("UNREACHABLE", "TIMED_OUT")


@verb("health", "health", flag("--all -a", "The checks that pass too.", name="every"))
def health(session: Session, every: bool) -> int:
    """Every health check, measured just now: exit 0 when all pass, 9 with those that fail."""
    answer = session.client.query("health")

    def people(data: HealthData) -> None:
        session.heading(answer)
        shown = [row for row in data.checks if every or session.out.form == "wide" or not row.ok]
        if shown:
            session.out.table(CHECKS, shown, empty="")
        session.out.line(f"{len(data.failing)} of {len(data.checks)} checks fail")

    return session.present(answer, people)


# --- waiting --------------------------------------------------------------------------------------------


def _ready(data: StatusData) -> str:
    away = [f"{row.name} {row.link}" for row in data.terminals if row.link != "READY"]
    return ", ".join(away) if data.terminals else "no terminal is enrolled"


def _healthy(data: StatusData) -> str:
    return ", ".join(row.check for row in data.health if not row.ok)


def _idle(data: StatusData) -> str:
    return f"{data.acts.in_flight} acts in flight" if data.acts.in_flight else ""


def _no_unknown(data: StatusData) -> str:
    return f"{data.acts.unknown} acts UNKNOWN" if data.acts.unknown else ""


def _flat(data: StatusData) -> str:
    if data.positions:
        return f"{data.positions} positions open"
    return f"{data.acts.resting} orders rest" if data.acts.resting else ""


def _halted(data: StatusData) -> str:
    return "" if data.authority == "HALTED" else f"authority is {data.authority}"


def _active(data: StatusData) -> str:
    limited = [f"{row.name} {row.authority}" for row in data.accounts if row.authority != "ACTIVE"]
    return ", ".join(limited) or ("" if data.authority == "ACTIVE" else f"authority is {data.authority}")


def _market_open(data: StatusData) -> str:
    from hydrad.domain import calendar
    from hydrad.domain.instants import parse_ms

    if data.clocks.market is None:
        return "market time is not known"
    hours = calendar.hours(parse_ms(data.clocks.market))
    return "" if hours is calendar.Hours.OPEN else f"the market is {hours.value} at {data.clocks.market}"


# What keeps a condition from holding, empty when nothing does.
CONDITIONS: dict[str, Callable[[StatusData], str]] = {
    "ready": _ready,
    "healthy": _healthy,
    "idle": _idle,
    "no-unknown": _no_unknown,
    "flat": _flat,
    "halted": _halted,
    "active": _active,
    "market-open": _market_open,
}


@verb(
    "wait",
    "wait",
    option("--for", "What to wait for.", name="condition", required=True, choices=tuple(CONDITIONS)),
)
def wait(session: Session, condition: str) -> int:
    """Wait until something holds, a minute unless --timeout says otherwise; 124 when time is up.

    ready: it answers and all terminals are READY. healthy: no health check fails. idle: no act is in flight.
    no-unknown: no act is UNKNOWN. flat: no position is open. halted, active: the authority. market-open: the market's
    hours, by market time.
    """
    limit_s = session.timeout_s or WAIT_S
    end = time.monotonic() + limit_s
    while True:
        answer, held = _look(session, condition)
        if answer is not None and not held:
            return _holds(session, answer, condition)
        if time.monotonic() + POLL_S >= end:
            raise Failure("TIMED_OUT", f"not {condition} within {limit_s:g} s: {held}", None, {"condition": condition})
        time.sleep(POLL_S)


def _look(session: Session, condition: str) -> tuple[Answer | None, str]:
    """The status and what holds the condition up; a daemon that is not there yet holds every one."""
    try:
        answer = session.client.query("status")
    except Failure as failure:
        if failure.code not in _AWAY:
            raise
        return None, failure.message
    if answer.error is not None:
        raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
    return answer, CONDITIONS[condition](answer.data)


def _holds(session: Session, answer: Answer, condition: str) -> ExitCode:
    told = session.local({"condition": condition, "detail": "it holds"}, daemon=answer.daemon)
    return session.present(told, lambda data: session.out.line(f"{condition}: it holds"))
