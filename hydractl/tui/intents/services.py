"""Starting, stopping and restarting what runs inside the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hydractl.commands import daemon, services
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Intent, Proposal
from hydractl.tui.intents.base import REASON, asked, nothing

if TYPE_CHECKING:
    from hydrad.wire.answers.status import StatusData

# The services that can be started and stopped, and what a stop means.
STOPPED = {
    "toc": "no act is taken at all, closes included; results are still booked",
    "apex": "no mission is proposed",
    "bridge": "no terminal can be reached: no close, no halt; stops stand at the broker",
    "bot": "nothing is told to Telegram, and nothing heard from it",
    "channels": "no alarm leaves by the other channels",
    "hud": "no browser is served",
    "scheduler": "no job runs by itself: no snapshot, no backup",
}
OUTLIVES = ("toc", "apex", "bot", "hud")


def forced(name: str, data: StatusData) -> str:
    """Why a stop of it needs an explicit yes, as the daemon will refuse it without; "" where it does not."""
    if name == "toc" and data.authority == "ACTIVE":
        return "authority is ACTIVE: reduce or halt first, or nobody can close what is open while toc is stopped"
    if name == "bridge" and data.acts.in_flight:
        return f"{data.acts.in_flight} acts are in flight: their verdicts wait until it is started again"
    return ""


def start(name: str) -> Intent:
    """Start a service."""

    def send(desk: Desk, reason: str | None, force: bool) -> int:
        return services.start(desk, names=(name,), reason=reason)

    return _intent(name, "START", "Start", send, stops=False)


def stop(name: str) -> Intent:
    """Stop a service."""

    def send(desk: Desk, reason: str | None, force: bool) -> int:
        return services.stop(desk, names=(name,), yes=force, reason=reason)

    return _intent(name, "STOP", "Stop", send, stops=True)


def restart(name: str) -> Intent:
    """Stop a service and start it again."""

    def send(desk: Desk, reason: str | None, force: bool) -> int:
        return daemon.restart(desk, names=(name,), yes=force, reason=reason)

    return _intent(name, "RESTART", "Restart", send, stops=True)


def _intent(name: str, title: str, go: str, send: Callable[[Desk, str | None, bool], int], *, stops: bool) -> Intent:
    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        answer = desk.client.query("status")
        rows = [row for row in answer.data.services if row.name == name] if answer.data is not None else []
        if answer.error is not None or not rows:
            return nothing(desk, desk.present(answer, lambda _: desk.out.line(f"no service is named {name}")))
        desk.out.table(services.SERVICES, rows, empty="")
        if name not in STOPPED:
            desk.out.line("the daemon starts and ends this with itself; it is no service that is started or stopped")
            return nothing(desk, ExitCode.USAGE)
        why = forced(name, answer.data) if stops else ""
        if stops:
            _consequences(desk, name, title, why)
        if not stops and rows[0].state == "running":
            desk.out.line("it runs already")
            return nothing(desk, ExitCode.DONE)
        question = f"{go.lower()} {name}{' all the same' if why else ''}?"
        return asked(
            desk,
            (question, desk.label(answer, None)),
            lambda desk: send(desk, values["reason"] or None, bool(why)),
        )

    return Intent(f"{title} {name}", go, propose, (REASON,), danger=stops)


def _consequences(desk: Desk, name: str, title: str, why: str) -> None:
    meanwhile = "until it runs again: " if title == "RESTART" else ""
    desk.out.line(f"{meanwhile}{STOPPED.get(name, 'what it does is not done')}")
    if title == "STOP" and name in OUTLIVES:
        desk.out.line("it stays stopped when the daemon is started again")
    if why:
        desk.out.line(desk.out.paint(why, "bad"))


ACTS: dict[str, Callable[[str], Intent]] = {"start": start, "stop": stop, "restart": restart}
