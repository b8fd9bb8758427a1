"""What a look at an act depends on, as far as the feed tells it: so that a sheet that stands open is never of a world
that has gone.

Owns which news those are: who may open (authority, guards, limits, lanes), which terminals are used, and whatever is
told of the ids that the act is about. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hydractl.plain import plain
from hydractl.tui.store import View

EVERYWHERE = frozenset(
    {
        "AUTHORITY_SET", "TERMINAL_DUTY", "TERMINAL_DRAINED", "TERMINAL_REMOVED", "GUARD_TRIPPED", "GUARD_ACTED",
        "GUARD_CLEARED", "POLICY_SET", "ACCOUNT_LIMITS", "ACCOUNT_ARMED", "ACCOUNT_DISARMED", "LANE_SET",
        "DAEMON_STARTED",
    }
)  # fmt: skip
_ID = re.compile(r"\b[MFAPO]-\w+")


@dataclass(frozen=True, slots=True)
class World:
    """`told`: the newest record that concerns it, 0: none. `stands`: authority of everything, of each account, duty of
    each terminal; None while that is not known."""

    told: int
    stands: tuple[Any, ...] | None


def about(title: str, values: Mapping[str, str]) -> frozenset[str]:
    """The ids that an act is about, by its title and its fields."""
    return frozenset(name for text in (title, *values.values()) for name in _ID.findall(text))


def world(view: View, ids: frozenset[str]) -> World:
    status, stands = view.data("status"), None
    if status is not None:
        accounts = tuple((row.name, row.authority) for row in status.accounts)
        terminals = tuple((row.name, row.duty) for row in status.terminals)
        stands = (status.authority, accounts, terminals)
    return World(max((event.seq for event in _concerning(view, ids)), default=0), stands)


def news(view: View, ids: frozenset[str], since: int) -> str:
    """What the journal has told that concerns it since that record; "" where it is not in the journal's words."""
    return plain(next((event.text for event in _concerning(view, ids) if event.seq > since), ""))


def _concerning(view: View, ids: frozenset[str]) -> Iterable[Any]:
    """The newest first."""
    return (event for event in reversed(view.events) if event.kind in EVERYWHERE or not ids.isdisjoint(event.ids or ()))


def has_moved(before: World, now: World) -> bool:
    """What becomes known is no change of what was looked at."""
    return now.told > before.told or (None not in (before.stands, now.stands) and now.stands != before.stands)
