"""The services inside the daemon: their names, the one table of their states, and which stops outlive a restart.

    STOPPED -> STARTING -> RUNNING -> BACKING_OFF -> STARTING -> ...   (a failure; each wait is twice the last)
                        -> BACKING_OFF -> FATAL                       (as many failures in a row as are borne)
                        -> OFF                                        (nothing is configured that it could do)
    any     -> STOPPED                                                (a person stopped it)

`toc` and `apex` are flags of the core; the others are supervised by the daemon, which reports what became of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ServiceState(enum.StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing off"
    FATAL = "fatal"
    OFF = "off"


S = ServiceState
TRANSITIONS: dict[ServiceState, frozenset[ServiceState]] = {
    S.STOPPED: frozenset({S.STARTING, S.OFF}),
    S.STARTING: frozenset({S.RUNNING, S.BACKING_OFF, S.FATAL, S.OFF, S.STOPPED}),
    S.RUNNING: frozenset({S.STARTING, S.BACKING_OFF, S.FATAL, S.STOPPED}),
    S.BACKING_OFF: frozenset({S.STARTING, S.FATAL, S.STOPPED}),
    S.FATAL: frozenset({S.STARTING, S.STOPPED}),
    S.OFF: frozenset({S.STARTING, S.STOPPED}),
}

TOC, APEX, BRIDGE, BOT, CHANNELS, HUD, SCHEDULER = "toc", "apex", "bridge", "bot", "channels", "hud", "scheduler"
NAMES = (BRIDGE, APEX, TOC, BOT, CHANNELS, HUD, SCHEDULER)
# Running or stopped by the core's word alone: nothing has to be started.
CORE_FLAGS = frozenset({TOC, APEX})
# A stop that only makes less happen outlives a restart. A stopped bridge does not: a daemon that starts blind to open
# positions is the greater danger; nor does the scheduler, which watches over the journal.
STOPS_OUTLIVE_RESTART = frozenset({TOC, APEX, BOT, HUD})


@dataclass(slots=True)
class Service:
    """`wanted`: False while a person wants it stopped. `restarts`: since it was last started by a person or with the
    daemon. `why`: of its last change."""

    name: str
    wanted: bool = True
    state: ServiceState = ServiceState.STOPPED
    since_ns: int = 0
    restarts: int = 0
    why: str = ""


def allows(before: ServiceState, after: ServiceState) -> bool:
    return after in TRANSITIONS[before]
