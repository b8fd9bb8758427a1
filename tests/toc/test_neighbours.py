"""An order that went to a stranger's account: all terminals of that host are shut for opens, and its deal is found
wherever it was made."""

from __future__ import annotations

import pytest

from hydrad.domain.accounts import HomeMode
from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.terminal import Cause, Duty
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core

SEATS = (("t1", "alpha", 5001), ("t2", "bravo", 5002), ("t3", "charlie", 5003))


@pytest.fixture
def core() -> Core:
    """Two terminals on one host, a third on another."""
    made = Core(terminals=SEATS)
    for name, host in (("t1", "here"), ("t2", "here"), ("t3", "there")):
        made.agents[name].host = host
        made.connect(name)
    return made


def duties(core: Core) -> dict[str, tuple[Duty, Cause | None]]:
    return {name: (terminal.duty, terminal.cause) for name, terminal in core.state.terminals.items()}


def test_a_changed_identity_after_an_order_shuts_its_host_for_opens(core: Core) -> None:
    core.up(f.Warn("IDENTITY_CHANGED", "after act 7"))
    assert duties(core) == {
        "t1": (Duty.QUARANTINED, Cause.IDENTITY),
        "t2": (Duty.QUARANTINED, Cause.RECONCILIATION),
        "t3": (Duty.ACTIVE, None),
    }
    assert "TERMINAL_DUTY" in core.fire(core.mission("t3"), account="bravo").codes
    core.verify()


def test_an_agent_that_does_not_tell_its_host_has_no_neighbours() -> None:
    core = Core(terminals=SEATS[:2])
    for name in ("t1", "t2"):
        core.connect(name)
    core.up(f.Warn("IDENTITY_CHANGED", "after act 7"))
    assert duties(core)["t2"] == (Duty.ACTIVE, None)


def test_the_deal_is_found_on_the_neighbours_account_and_proves_no_fill(core: Core) -> None:
    act = core.fire(account="alpha")
    core.up(f.Ack(act.act_id, 0, 1))
    row = core.deal_row(77, 4711, magic=act.act_id, entry=0)
    core.deals(row, terminal="t2")
    assert act.state is ActState.QUARANTINED
    assert Finding.DEAL_MISMATCH in core.findings()
    assert {name for name, (duty, _) in duties(core).items() if duty is Duty.QUARANTINED} == {"t1", "t2"}
    assert not core.state.positions
    core.deals(row, terminal="t2")  # told again
    assert core.findings().count(Finding.DEAL_MISMATCH) == 1
    core.verify()


@pytest.mark.parametrize(
    ("server", "age_ms", "counts"), [("Sim", 60_000, True), ("Other-Demo", 60_000, False), ("Sim", -60_000, False)]
)
def test_a_self_test_is_told_at_the_hand_shake(server: str, age_ms: int, counts: bool) -> None:
    core = Core(mode=HomeMode.REAL, terminals=SEATS[:1])
    at_ms = core.now_ns // 1_000_000 - age_ms
    core.hello(selftest=f.SelfTest(server, 4150, "EURUSD", True, at_ms, "ab"))
    assert (server in core.state.self_tests) == counts
    if counts:
        test = core.state.self_tests[server]
        assert (test.terminal, test.build, test.passed, test.at_ns) == ("t1", 4150, True, at_ms * 1_000_000)
    core.verify()
