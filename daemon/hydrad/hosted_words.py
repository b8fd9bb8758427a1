"""What the daemon says by itself at certain times: that all is well, and what a day came to. Owns to whom each goes.

Each is a job of the scheduler. A letter's key is its time, so that a job which runs again tells nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydrad import vitals
from hydrad.config import Config, parse_times
from hydrad.domain.instants import HOUR, MINUTE
from hydrad.jobs import JobFailed, Spec, latest_slot_ns
from hydrad.outbox.letter import Channel, Letter, Priority, clipped
from hydrad.outbox.outbox import Closed
from hydrad.ports import Daily
from hydrad.toc import all_well, crew, oncall
from hydrad.toc.oncall import Way
from hydrad.toc.state import State

if TYPE_CHECKING:
    from hydrad.app import App

TIMEOUT_S = 60.0
ALL_WELL_FOR_NS = 6 * HOUR


def specs(app: App, config: Config) -> tuple[Spec, ...]:
    """The jobs; what they send leaves by the channels that are set up."""
    return tuple(_all_well(app, Daily(*time)) for time in parse_times(config.oncall.all_well_at))


# --- all well ---------------------------------------------------------------------------------------------


def _all_well(app: App, when: Daily) -> Spec:
    return Spec(f"all-well {when.hour:02}:{when.minute:02}", when, lambda: _say_all_well(app, when), TIMEOUT_S)


async def _say_all_well(app: App, when: Daily) -> str:
    """Raises JobFailed where nobody can be told."""
    if not app.letters.channels:
        return "no channel is set up"
    seq, head = app.journal_head
    checks = vitals.health(app).checks
    measured = all_well.Measured(
        app.loaded.config.daemon.name, checks, app.letters.outbox.waiting, seq, head, vitals.market_stands_ms(app)
    )
    said = all_well.told(app.glance(), measured)
    ways = _watch(app.state, app.letters.channels)
    if not ways:
        raise JobFailed("nobody on call is reached by any channel: hydractl channels")
    now_ns = app.now_ns()
    slot_ns = latest_slot_ns(when, now_ns)
    letters = [
        Letter(
            key=f"all-well/{slot_ns // MINUTE}/{way.channel.value}/{way.to}",
            channel=Channel(way.channel.value),
            to=way.to,
            priority=Priority.RESULT if said.ok else Priority.ALARM,
            text=clipped(said.text),
            silent=said.ok,
            expires_ns=now_ns + ALL_WELL_FOR_NS,
        )
        for way in ways
    ]
    await put(app, letters)
    return f"{said.text.splitlines()[0]}; told by {len(ways)} ways"


def _watch(state: State, channels: set[Channel]) -> list[Way]:
    """Every way to everybody on call; to the commanders where nobody is."""
    people = oncall.order(state) or crew.active_commanders(state)
    ways = [way for operator in people for way in oncall.ways(state, operator, 1)]
    return [way for way in dict.fromkeys(ways) if Channel(way.channel.value) in channels]


async def put(app: App, letters: list[Letter]) -> None:
    """Raises JobFailed where letters cannot be kept now."""
    try:
        await app.letters.outbox.put(letters)
    except Closed as closed:
        raise JobFailed(str(closed)) from None
