"""Services as the core knows them: what a stop withholds, what outlives a restart, whose word counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind
from hydrad.toc import housekeeping, service
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.service import TRANSITIONS, ServiceState
from hydrad.toc.terminal import LinkState
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import Core

HOSTED = sorted(set(service.NAMES) - service.CORE_FLAGS)


def state_of(core: Core, name: str) -> ServiceState:
    return housekeeping.service_of(core.state, name).state


def started(core: Core) -> Core:
    """A second life, in which the services begin; the supervisor reports that they serve."""
    core.restart()
    core.connect()
    for name in HOSTED:
        report(core, name, ServiceState.RUNNING)
    return core


def report(core: Core, name: str, state: ServiceState, why: str = "test") -> None:
    core.step(i.ServiceReported(name, state, why))


def problem(core: Core, verb: Verb, who: str = "uid:1000") -> str | None:
    answer = core.ask(verb, who)
    return answer.problem.code if answer.problem else None


# --- toc ------------------------------------------------------------------------------------------------


def test_toc_is_stopped_when_nothing_may_open_or_by_force(core: Core) -> None:
    started(core)
    assert problem(core, calls.ServiceStop(("toc",))) == "CONFLICT"
    assert state_of(core, "toc") is ServiceState.RUNNING
    core.send(calls.Halt(reduce=True, wait_s=0.0))
    assert problem(core, calls.ServiceStop(("toc",))) is None
    assert state_of(core, "toc") is ServiceState.STOPPED


def test_a_stop_of_several_is_all_or_none(core: Core) -> None:
    started(core)
    assert problem(core, calls.ServiceStop(("hud", "toc"))) == "CONFLICT"
    assert state_of(core, "hud") is ServiceState.RUNNING


def test_with_toc_stopped_nothing_opens_and_halt_works(core: Core) -> None:
    started(core)
    core.send(calls.ServiceStop(("toc",), force=True))
    fire = core.fire()
    assert (fire.state, fire.codes) == (ActState.DENIED, ("SERVICE_STOPPED",))
    core.send(calls.Halt(wait_s=0.0))
    assert core.state.authority.name == "HALTED"
    core.send(calls.Resume(wait_s=0.0))
    core.send(calls.ServiceStart(("toc",)))
    assert core.fire().state is ActState.ROUTED


def test_with_toc_stopped_closes_and_tighter_stops_pass_and_what_adds_risk_does_not(core: Core) -> None:
    started(core)
    act = core.filled()
    shown = show(IdKind.FIRE, sequence_of(act.act_id))
    core.send(calls.ServiceStop(("toc",), force=True))
    looser = core.act(calls.Modify(shown, stop="1.09700"))
    assert looser.state is ActState.DENIED and "SERVICE_STOPPED" in looser.codes
    plan = core.act(calls.PlanSet(shown, "none"))
    assert plan.state is ActState.DENIED and "SERVICE_STOPPED" in plan.codes
    tighter = core.act(calls.Modify(shown, stop="1.09900"))
    assert tighter.state is ActState.ROUTED
    core.done(tighter)
    assert core.act(calls.Close(shown, part="50%")).state is ActState.ROUTED


def test_with_toc_stopped_the_daemon_itself_may_still_close(core: Core) -> None:
    started(core)
    act = core.filled()
    core.send(calls.ServiceStop(("toc",), force=True))
    verb = calls.Close(show(IdKind.FIRE, sequence_of(act.act_id)), wait_s=0.0)
    core.step(i.Requested(0, Actor("guard", Surface.DAEMON), "", verb))
    close = max(core.state.acts.values(), key=lambda made: made.act_id)
    assert (close.kind, close.state) == (ActKind.CLOSE, ActState.ROUTED)


def test_with_toc_stopped_results_are_still_booked(core: Core) -> None:
    started(core)
    act = core.fire()
    assert act.state is ActState.ROUTED
    core.send(calls.ServiceStop(("toc",), force=True))
    core.done(act)
    assert act.state is ActState.FILLED


def test_fires_that_wait_in_a_lane_do_not_outlive_toc(core: Core) -> None:
    started(core)
    core.fire()
    waiting = core.fire()
    assert waiting.state is ActState.QUEUED
    core.send(calls.ServiceStop(("toc",), force=True))
    assert (waiting.state, waiting.codes) == (ActState.DENIED, ("SERVICE_STOPPED",))


# --- apex and bridge ------------------------------------------------------------------------------------


def test_with_apex_stopped_ticks_make_quotes_and_no_missions(core: Core) -> None:
    started(core)
    core.send(calls.ServiceStop(("apex",)))
    with pytest.raises(ValueError, match="empty"):
        core.mission()
    assert core.link().quotes["EURUSD"].time_ms == core.market_ms
    assert core.state.suppressed == {"STOPPED": 1}
    core.send(calls.ServiceStart(("apex",)))
    core.mission()
    assert len(core.state.missions) == 1


def test_with_the_bridge_stopped_nothing_is_reachable_at_once(core: Core) -> None:
    started(core)
    core.filled()
    core.send(calls.ServiceStop(("bridge",)))
    assert (core.link().state, core.link().why) == (LinkState.LOST, "the bridge was stopped")
    core.hello()  # of an agent whose frame was still on its way
    assert core.link().state is LinkState.LOST
    assert not core.link().connected
    core.now_ns += core.engine.live.lost_after_ns * 2
    core.step(i.Clock())
    assert "TERMINAL_LOST" in core.alarms()
    core.send(calls.ServiceStart(("bridge",)))
    core.connect()
    assert core.link().state is LinkState.READY


def test_the_bridge_is_not_taken_from_under_an_act(core: Core) -> None:
    started(core)
    act = core.fire()
    assert problem(core, calls.ServiceStop(("bridge",))) == "CONFLICT"
    assert problem(core, calls.ServiceRestart(("bridge",))) == "CONFLICT"
    core.send(calls.ServiceStop(("bridge",), force=True))
    assert act.state is ActState.UNKNOWN and "ACT_UNKNOWN" in core.alarms()


# --- restarts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", service.NAMES)
def test_which_stops_outlive_a_restart(name: str, core: Core) -> None:
    started(core)
    core.send(calls.ServiceStop((name,), force=True))
    core.restart()
    stays = name in ("toc", "apex", "bot", "hud")
    assert (state_of(core, name) is ServiceState.STOPPED) is stays
    assert housekeeping.service_of(core.state, name).wanted is not stays


def test_each_start_of_the_daemon_begins_what_it_hosts(core: Core) -> None:
    """Two starts without a word of the supervisor between them: the second is told again."""
    core.restart()
    told = [record for record in core.records if record.type == "SERVICE_CHANGED"]
    core.restart()
    again = [record for record in core.records if record.type == "SERVICE_CHANGED"][len(told) :]
    assert len(again) == len(HOSTED)


# --- what the supervisor reports ------------------------------------------------------------------------


@pytest.mark.parametrize("after", ServiceState)
@pytest.mark.parametrize("before", ServiceState)
def test_a_service_moves_by_its_table_alone(before: ServiceState, after: ServiceState, core: Core) -> None:
    started(core)
    path = {
        ServiceState.RUNNING: (),
        ServiceState.STARTING: (ServiceState.BACKING_OFF, ServiceState.STARTING),
        ServiceState.BACKING_OFF: (ServiceState.BACKING_OFF,),
        ServiceState.FATAL: (ServiceState.FATAL,),
        ServiceState.OFF: (ServiceState.BACKING_OFF, ServiceState.STARTING, ServiceState.OFF),
    }
    if before is ServiceState.STOPPED:
        core.send(calls.ServiceStop(("hud",)))
    for step in path.get(before, ()):
        report(core, "hud", step)
    assert state_of(core, "hud") is before
    report(core, "hud", after)
    stopped = before is ServiceState.STOPPED or after is ServiceState.STOPPED
    moved = after in TRANSITIONS[before] and not stopped
    assert state_of(core, "hud") is (after if moved else before)


def test_a_service_that_is_given_up_has_an_alarm_until_it_is_started(core: Core) -> None:
    started(core)
    report(core, "hud", ServiceState.BACKING_OFF, "port taken")
    report(core, "hud", ServiceState.STARTING)
    report(core, "hud", ServiceState.FATAL, "port taken")
    assert core.alarms() == ["SERVICE_FATAL"]
    now = housekeeping.service_of(core.state, "hud")
    assert (now.restarts, now.why, now.wanted) == (1, "port taken", True)
    core.send(calls.ServiceStart(("hud",)))
    assert core.alarms() == [] and housekeeping.service_of(core.state, "hud").restarts == 0


def test_a_job_that_failed_has_an_alarm_until_it_runs_well(core: Core) -> None:
    core.step(i.JobReported("journal-verify", 1, 2, 3, False, "broken at record 7", 2))
    assert core.alarms() == ["JOB_FAILED"]
    assert core.state.jobs["journal-verify"].detail == "broken at record 7"
    core.step(i.JobReported("journal-verify", 10, 20, 30, True, "fine"))
    assert core.alarms() == [] and core.state.jobs["journal-verify"].ended_ns == 30


# --- who ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [calls.ServiceStart, calls.ServiceStop, calls.ServiceRestart])
def test_only_a_commander_starts_and_stops(verb: Callable[[tuple[str, ...]], Verb], core: Core) -> None:
    started(core)
    core.role("uid:2", Role.APPROVER)
    assert problem(core, verb(("hud",)), "uid:2") == "FORBIDDEN"
    assert problem(core, verb(("nosuch",))) == "NOT_FOUND"
    assert problem(core, verb(())) == "USAGE"
    assert state_of(core, "hud") is ServiceState.RUNNING
