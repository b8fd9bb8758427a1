"""Every row of the ledger's table, and nothing beside it."""

from __future__ import annotations

import pytest

from hydrad.agent.ledger import TABLE, UNSETTLED, Event, IllegalTransition, Ledger
from hydrad.domain.instants import MINUTE
from hydrad.link.frames import LedgerRow, RowState
from tests.agent.conftest import order

KEY = (1, 0)
# One way into each state.
WAYS: dict[RowState | None, list[Event]] = {
    None: [],
    RowState.JOURNALED: [Event.ACCEPTED],
    RowState.UNKNOWN: [Event.ACCEPTED, Event.UNCLEAR],
    RowState.WORKING: [Event.ACCEPTED, Event.RESTING],
    RowState.ENDED: [Event.ACCEPTED, Event.RESTING, Event.FOUND_ENDED],
    RowState.DONE: [Event.ACCEPTED, Event.EXECUTED],
    RowState.REFUSED: [Event.ACCEPTED, Event.REFUSED],
    RowState.NOT_EXECUTED: [Event.DENIED],
    RowState.TOMBSTONED: [Event.ASKED],
}


def row(ledger: Ledger, state: RowState, key: tuple[int, int] = KEY, at_ns: int = 0) -> LedgerRow:
    carried = order() if state is RowState.JOURNALED else None
    return LedgerRow(len(ledger) + 1, *key, state, b"", at_ns, 0, order=carried)


def brought_to(state: RowState | None) -> Ledger:
    ledger = Ledger()
    for event in WAYS[state]:
        ledger.apply(row(ledger, ledger.successor(KEY, event)))
    return ledger


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", list(TABLE), ids=lambda state: state.name if state else "UNSEEN")
def test_each_state_takes_just_the_events_of_its_line(state: RowState | None, event: Event) -> None:
    ledger = brought_to(state)
    length = len(ledger)
    if event in TABLE[state]:
        assert ledger.successor(KEY, event) is TABLE[state][event]
    else:
        with pytest.raises(IllegalTransition):
            ledger.successor(KEY, event)
    assert len(ledger) == length


def test_the_table_has_every_state_and_nothing_leads_back_to_unseen_or_journaled() -> None:
    assert set(TABLE) == {None, *RowState}
    targets = {after for state, line in TABLE.items() if state for after in line.values()}
    assert RowState.JOURNALED not in targets and RowState.TOMBSTONED not in targets
    assert {state for state in RowState if not TABLE[state]} == set(RowState) - UNSETTLED


def test_rows_follow_one_another_without_a_hole() -> None:
    ledger = brought_to(RowState.DONE)
    with pytest.raises(IllegalTransition):
        ledger.apply(LedgerRow(5, *KEY, RowState.DONE, b"", 0, 0))
    assert [r.index for r in ledger.after(0)] == [1, 2] and [r.index for r in ledger.after(1)] == [2]


def test_openings_are_counted_by_the_minute_and_survive_a_restart() -> None:
    ledger = Ledger()
    for number, at_ns in enumerate((0, MINUTE // 2, MINUTE)):
        ledger.apply(row(ledger, RowState.JOURNALED, (number, 0), at_ns))
    again = Ledger()
    for old in ledger.after(0):
        again.apply(old)
    assert again.opened_within_minute(MINUTE) == 2
    assert again.opened_within_minute(2 * MINUTE + 1) == 0
