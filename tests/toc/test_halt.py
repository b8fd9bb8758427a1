"""The latch: what it stops, what passes, who confirms it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.limits import Limits
from hydrad.toc.state import Act
from hydrad.wire import calls
from tests.toc.conftest import Core


def position_id(act: Act) -> str:
    return show(IdKind.POSITION, act.position)


def halt(core: Core, **fields: object) -> int:
    return core.send(calls.Halt(**fields))  # type: ignore[arg-type]


def test_halt_is_answered_when_every_agent_has_stored_it(core: Core) -> None:
    number = halt(core)
    assert core.state.authority is Authority.HALTED
    assert core.sent(f.Halt) == [f.Halt("uid:1000")]
    assert number not in core.replies
    core.up(f.Halted(True, "uid:1000"), "t1")
    reply = core.replies[number]
    assert reply.problem is None
    assert [row.verified for row in reply.data.terminals] == [True]  # type: ignore[union-attr]


def test_a_silent_terminal_is_named(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    number = halt(core)
    core.up(f.Halted(True, "x"))
    core.wait(2_500)
    reply = core.replies[number]
    assert reply.problem is not None
    assert (reply.problem.code, reply.problem.facts) == ("PARTLY", {"unverified": ["t2"]})


def test_a_confirmation_from_before_does_not_count(core: Core) -> None:
    core.up(f.Halted(True, "somebody on the host"))
    core.clock(100)
    number = halt(core)
    assert number not in core.replies


def test_a_hand_shake_confirms_too(core: Core) -> None:
    number = halt(core)
    core.t1.halted = True
    core.clock(100)
    core.connect()
    assert core.replies[number].problem is None


def test_what_is_on_the_wire_and_what_was_withheld_are_named(core: Core) -> None:
    act = core.fire()
    number = halt(core)
    core.up(f.Halted(True, "x"))
    data = core.replies[number].data
    assert data.on_the_wire == (show(IdKind.FIRE, sequence_of(act.act_id)),)  # type: ignore[union-attr]
    core.done(act)
    assert act.state is ActState.FILLED


def test_halted_denies_fires_and_empties_the_lanes(core: Core) -> None:
    core.fire()
    waiting = core.fire()
    halt(core)
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("AUTHORITY",))
    assert core.fire().codes == ("AUTHORITY",)


@pytest.mark.parametrize("level", [Authority.REDUCING, Authority.HALTED])
def test_closes_and_tighter_stops_pass_looser_ones_do_not(core: Core, level: Authority) -> None:
    fire = core.filled()
    halt(core, reduce=level is Authority.REDUCING)
    assert core.state.authority is level
    looser = core.act(calls.Modify(position_id(fire), stop="1.09700"))
    assert looser.codes == ("NOT_TIGHTER",)
    tighter = core.act(calls.Modify(position_id(fire), stop="1.09900"))
    assert tighter.state is ActState.ROUTED
    core.done(tighter)
    part = core.act(calls.Close(position_id(fire), part="50%"))
    assert part.state is ActState.ROUTED
    core.done(part, deal_ticket=70, volume_steps=11)
    core.deals(core.deal_row(70, 1000 + sequence_of(fire.act_id), magic=part.act_id, volume_steps=11))
    assert core.act(calls.Close(position_id(fire))).state is ActState.ROUTED


def test_a_looser_stop_passes_when_nothing_is_latched(core: Core) -> None:
    fire = core.filled()
    assert core.act(calls.Modify(position_id(fire), stop="1.09700")).state is ActState.ROUTED


def test_a_looser_stop_is_held_to_the_limits_of_a_fire(make: Callable[..., Core]) -> None:
    core = make(limits=Limits())
    core.connect()
    fire = core.filled()
    assert core.act(calls.Modify(position_id(fire), stop="1.09000")).codes == ("RISK_PER_TRADE",)
    assert core.act(calls.Modify(position_id(fire), stop="1.08000")).codes == ("RISK_PER_TRADE", "OPEN_RISK")
    assert core.act(calls.Modify(position_id(fire), stop="1.09900")).state is ActState.ROUTED


def test_one_account_alone(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    core.ticks(110_000, 110_010)
    halt(core, account="beta")
    assert (core.sent(f.Halt, "t1"), len(core.sent(f.Halt, "t2"))) == ([], 1)
    mission = core.mission()
    assert core.fire(mission, account="alpha").state is ActState.ROUTED
    assert core.fire(mission, account="beta").codes == ("AUTHORITY",)


def test_the_stricter_level_stays(core: Core) -> None:
    halt(core)
    halt(core, reduce=True)
    assert core.state.authority is Authority.HALTED
    assert [record.type for record in core.records].count("AUTHORITY_SET") == 1


def test_resume_is_told_and_confirmed(core: Core) -> None:
    halt(core)
    core.up(f.Halted(True, "x"))
    core.clock(100)
    number = core.send(calls.Resume())
    assert core.state.authority is Authority.ACTIVE
    assert len(core.sent(f.Resume)) == 1
    core.up(f.Halted(False, "x"))
    assert core.replies[number].problem is None
    core.beat()
    assert core.fire().state is ActState.ROUTED


def test_a_resume_leaves_what_an_agent_holds_closed_by_itself_and_says_so_at_once(core: Core) -> None:
    halt(core)
    core.up(f.Halted(True, "x; owner on this host", ("daemon", "local")))
    core.clock(100)
    number = core.send(calls.Resume())
    assert core.sent(f.Resume)[-1].latches == ()
    core.up(f.Halted(True, "owner on this host", ("local",)))
    reply = core.replies[number]
    assert reply.problem is not None and reply.problem.code == "PARTLY"
    assert "released here" in reply.problem.message and "--local" in (reply.problem.hint or "")
    (row,) = reply.data.terminals
    assert not row.verified and "still halted by itself (local): `resume --local`" in row.detail
    assert core.alarms() == ["AGENT_HALTED"]


def test_a_resume_that_wants_it_names_what_it_was_told_of_and_nothing_else(core: Core) -> None:
    core.up(f.Halted(True, "owner on this host", ("local",)))
    number = core.send(calls.Resume(local=True))
    assert core.sent(f.Resume)[-1].latches == ("local",)
    core.clock(100)
    core.up(f.Halted(True, "equity floor", ("floor",)))  # closed a moment later: nobody had seen that
    assert core.replies[number].problem is not None
    core.send(calls.Resume(local=True))
    assert core.sent(f.Resume)[-1].latches == ("floor",)
    core.clock(100)
    core.up(f.Halted(False, ""))
    assert core.alarms() == []


def test_an_agent_of_the_first_release_is_released_by_any_resume(core: Core) -> None:
    core.up(f.Halted(True, "somebody"))
    number = core.send(calls.Resume())
    core.clock(100)
    core.up(f.Halted(False, "x"))
    assert core.replies[number].problem is None


def test_resume_of_all_leaves_a_halted_account_halted(make: Callable[..., Core]) -> None:
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    core.connect("t1")
    core.connect("t2")
    halt(core, account="beta")
    halt(core)
    core.send(calls.Resume())
    assert (len(core.sent(f.Resume, "t1")), core.sent(f.Resume, "t2")) == (1, [])
    assert core.state.account_authority("beta") is Authority.HALTED


def test_a_resume_while_another_level_holds_tells_nobody(core: Core) -> None:
    halt(core, account="alpha")
    halt(core)
    core.send(calls.Resume(account="alpha"))
    assert core.sent(f.Resume) == []
    assert core.state.account_authority("alpha") is Authority.HALTED


def test_the_latch_outlives_the_daemon_and_is_told_in_welcome(core: Core) -> None:
    halt(core)
    core.restart()
    core.connect()
    assert core.state.authority is Authority.HALTED
    assert core.sent(f.Welcome)[-1].halted


def test_halting_an_account_that_is_not_there(core: Core) -> None:
    reply = core.ask(calls.Halt(account="nobody"))
    assert reply.problem is not None
    assert reply.problem.code == "NOT_FOUND"
    assert core.state.authority is Authority.ACTIVE
