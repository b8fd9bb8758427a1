"""Quarantine by cause: nothing opens, and what else passes depends on why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.terminal import Cause, Duty
from hydrad.wire import calls
from hydrad.wire.codes import Finding
from tests.toc.conftest import TERMS, Core

HOUR_NS = 3_600_000_000_000


def shown(core: Core, number: int) -> str:
    return show(IdKind.FIRE, sequence_of(number))


def wrong_account(core: Core) -> None:
    core.up(f.Warn("IDENTITY_CHANGED", "after act 7"))


def changed_terms(core: Core) -> None:
    core.up(f.Specs((replace(TERMS, volume_step=TERMS.volume_step * 10),), core.market_ms))


def clock_ahead(core: Core, by_ns: int) -> None:
    """A new session, whose first beat tells of another time; the round trip is as short as ever."""
    core.wait(4_000, 1_000, beat=())
    core.hello()
    core.books()
    core.beat(machine_ns=core.now_ns + by_ns)
    core.later(1_000)


def wrong_clock(core: Core) -> None:
    clock_ahead(core, 2 * HOUR_NS)


def lost_ledger(core: Core) -> None:
    core.t1.ledger_id, core.t1.rows, core.t1.boot_id = "ledger-2", [], "boot-2"
    core.wait(4_000, 1_000, beat=())
    core.connect()


def by_a_person(core: Core) -> None:
    core.ask(calls.TerminalDuty("t1", "quarantined", "it looks odd"))


CAUSES: list[tuple[Callable[[Core], None], Cause, Finding | None]] = [
    (wrong_account, Cause.IDENTITY, Finding.IDENTITY),
    (changed_terms, Cause.TERMS, Finding.SYMBOL_TERMS),
    (wrong_clock, Cause.CLOCK, Finding.CLOCK_OFF),
    (lost_ledger, Cause.RECONCILIATION, Finding.LEDGER_LOST),
    (by_a_person, Cause.PERSON, None),
]


@pytest.mark.parametrize(("does", "cause", "found"), CAUSES, ids=[cause.value for _, cause, _ in CAUSES])
def test_what_passes_follows_from_the_cause(
    core: Core, does: Callable[[Core], None], cause: Cause, found: Finding | None
) -> None:
    act = core.filled()
    does(core)
    terminal = core.state.terminals["t1"]
    assert (terminal.duty, terminal.cause) == (Duty.QUARANTINED, cause)
    assert found is None or found in core.findings()
    assert "TERMINAL_DUTY" in core.fire().codes
    passes = cause is not Cause.IDENTITY
    tighter = core.act(calls.Modify(shown(core, act.act_id), stop="1.09900"))
    assert tighter.state is (ActState.ROUTED if passes else ActState.DENIED), tighter.codes
    if passes:
        core.done(tighter)
    close = core.act(calls.Close(shown(core, act.act_id)))
    assert close.state is (ActState.ROUTED if passes else ActState.DENIED)
    assert passes or close.codes == ("TERMINAL_LINK",)


def test_another_terminal_of_the_account_closes_where_nothing_passes(make: Callable[..., Core]) -> None:
    pair = make(terminals=(("t1", "alpha", 5001), ("t2", "alpha", 5001)))
    pair.connect()
    act = pair.filled()
    pair.connect("t2", positions=tuple(pair.link().positions.values()))
    wrong_account(pair)
    close = pair.act(calls.Close(shown(pair, act.act_id)))
    assert (close.state, close.terminal) == (ActState.ROUTED, "t2")


def test_a_wrong_account_outweighs_what_came_before_and_not_the_other_way_round(core: Core) -> None:
    changed_terms(core)
    wrong_account(core)
    assert core.state.terminals["t1"].cause is Cause.IDENTITY
    changed_terms(core)
    assert core.state.terminals["t1"].cause is Cause.IDENTITY
    core.ask(calls.TerminalDuty("t1", "active", "logged in again"))
    assert (core.state.terminals["t1"].duty, core.state.terminals["t1"].cause) == (Duty.ACTIVE, None)


def test_terms_that_changed_between_two_sessions_are_seen_too(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    other: Any = replace(TERMS, contract_size=TERMS.contract_size * 10)
    core.wait(4_000, 1_000, beat=())
    core.hello()
    core.up(f.Specs((other,), core.market_ms))
    assert core.state.terminals["t1"].cause is Cause.TERMS


def test_a_clock_that_is_off_by_little_is_the_gates_business(core: Core) -> None:
    clock_ahead(core, 20_000_000_000)
    assert core.state.terminals["t1"].duty is Duty.ACTIVE
    assert "CLOCK_OFFSET" in core.fire().codes
