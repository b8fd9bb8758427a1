"""Taking an alarm on."""

from __future__ import annotations

from collections.abc import Mapping

from hydractl.commands import alarms
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents.base import asked, nothing

_NOTE = Field("note", "note", hint="what you are doing about it; kept with the alarm")


def acknowledge(alarm: str) -> Intent:
    """It stands until its cause is gone, and is no longer repeated."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        shown = desk.client.query("alarm.show", alarm=alarm)
        status = alarms.show_alarm(desk, shown)
        if shown.error is not None:
            return nothing(desk, status)
        row = shown.data.alarm
        if row.cleared_at or row.acknowledged_by:
            why = "it is cleared" if row.cleared_at else f"{row.acknowledged_by} has it"
            desk.out.line(f"{why}: there is nothing to take on; a note: hydractl note {alarm} TEXT")
            return nothing(desk, ExitCode.CONFLICT)

        def send(desk: Desk) -> int:
            return alarms.ack(desk, alarm=alarm, note=values["note"] or None)

        return asked(desk, (f"take {alarm} on? nobody is told of it again, until its cause is gone", ""), send)

    return Intent(f"ACKNOWLEDGE {alarm}", "I am on it", propose, (_NOTE,), danger=False)
