"""The numbers of a home: missions, acts, positions, orders and alarms share one sequence, which never restarts."""

from __future__ import annotations

from hydrad.domain.ids import act_id
from hydrad.toc.state import State


def used(state: State, number: int) -> None:
    """A record has taken this number."""
    state.next_number = max(state.next_number, number + 1)


def new_act_id(state: State) -> int:
    """The next act id; the record that uses it moves the sequence on."""
    return act_id(state.tag, state.next_number)
