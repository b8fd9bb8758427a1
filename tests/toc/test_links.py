"""Sessions: hand-shake, identity, epochs, gaps, two agents, health, restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hydrad.domain.accounts import Authority
from hydrad.link import frames as f
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.effects import StepDown
from hydrad.toc.terminal import Duty, LinkState
from hydrad.wire import calls
from hydrad.wire.codes import Finding
from tests.toc.conftest import TERMS, Core

replace = msgspec.structs.replace


def test_hello_to_ready(make: Callable[..., Core]) -> None:
    core = make()
    assert core.link().state is LinkState.ABSENT
    core.hello()
    assert core.link().state is LinkState.RECONCILING
    (welcome,) = core.sent(f.Welcome)
    assert (welcome.epoch, welcome.halted, welcome.machine_ns) == (1, False, core.now_ns)
    core.books(ready=False)
    assert core.link().state is LinkState.RECONCILING
    core.up(f.Ready())
    assert core.link().state is LinkState.READY
    assert [record.type for record in core.records].count("TERMINAL_SESSION") == 1


def test_ready_counts_once(core: Core) -> None:
    count = len(core.records)
    core.up(f.Ready())
    assert len(core.records) == count


def test_a_repeated_hello_is_not_a_new_session(core: Core) -> None:
    agent = core.t1
    frame = core.link().session
    core.up(f.Hello("0", agent.identity("paper"), "b", "l", 0, 0, False, 0, 0, 0, ()), seq=1)
    agent.seq -= 1
    assert core.link().session is frame
    core.beat()
    assert core.link().state is LinkState.READY


def test_frames_of_another_connection_or_session_are_not_heard(core: Core) -> None:
    act = core.fire()
    result = f.Result(core.t1.row(act, f.RowState.DONE, volume_steps=22))
    core.up(result, connection=99)
    core.up(result, session=99)
    core.up(result, seq=1)
    assert act.state is ActState.ROUTED


def test_a_terminal_that_is_not_enrolled_is_not_heard(core: Core) -> None:
    frame = f.UpFrame(1, 0, 5, 1, f.Halted(True, "x"))
    assert core.step(i.FrameIn("t7", 1, frame)) == []


WRONG: list[dict[str, Any]] = [
    {"login": 1},
    {"server": "Other"},
    {"kind": "demo"},
    {"currency": "EUR"},
    {"hedging": False},
]


@pytest.mark.parametrize("wrong", WRONG, ids=[next(iter(fields)) for fields in WRONG])
def test_another_account_is_quarantined(make: Callable[..., Core], wrong: dict[str, Any]) -> None:
    core = make()
    core.hello(identity=replace(core.t1.identity("paper"), **wrong))
    assert core.link().state is LinkState.GREETING
    assert core.link().session is None
    assert core.state.terminals["t1"].duty is Duty.QUARANTINED
    assert core.findings() == [Finding.IDENTITY]
    core.hello(identity=replace(core.t1.identity("paper"), **wrong))
    assert core.findings() == [Finding.IDENTITY]
    core.connect()
    core.send(calls.FireSymbol("EURUSD", "buy", "1.09820"))
    assert "TERMINAL_DUTY" in max(core.state.acts.values(), key=lambda act: act.act_id).codes
    core.later(1)
    assert not core.engine.live.sources  # nothing is made of its quotes


def test_another_account_ends_the_session_that_was(core: Core) -> None:
    act = core.fire()
    core.hello(identity=replace(core.t1.identity("paper"), login=1))
    assert act.state is ActState.UNKNOWN
    core.up(f.Result(core.t1.row(act, f.RowState.DONE)))
    assert act.state is ActState.UNKNOWN


def test_an_agent_of_a_higher_epoch_is_quarantined(make: Callable[..., Core]) -> None:
    core = make()
    core.hello(epoch_max=2)
    assert core.link().state is LinkState.GREETING
    assert core.findings() == [Finding.EPOCH_AHEAD]
    assert core.state.terminals["t1"].duty is Duty.QUARANTINED
    assert core.sent(f.Welcome) == []


def test_an_agent_that_was_fenced_by_another_daemon_ends_this_one(core: Core) -> None:
    core.up(f.Fenced(1))
    assert not [x for x in core.effects if isinstance(x, StepDown)]
    core.up(f.Fenced(2))
    assert [x for x in core.effects if isinstance(x, StepDown)]


def test_an_agent_of_another_version_is_a_finding_once_until_it_is_ready(make: Callable[..., Core]) -> None:
    core = make()
    for _ in range(3):
        core.step(i.VersionHeard("t1", 2))
    assert core.findings() == [Finding.LINK_VERSION]
    assert core.link().why == "agent speaks link 2, we speak 1"
    assert [alarm.code for alarm in core.state.alarms.values()] == ["LINK_VERSION"]
    core.connect()
    assert core.state.alarms == {}
    core.step(i.VersionHeard("t1", 2))
    assert core.link().state is LinkState.READY and core.link().why == "books complete"
    assert core.step(i.VersionHeard("t7", 2)) == []


def test_epochs_rise_with_each_start(core: Core) -> None:
    core.restart()
    core.connect()
    assert core.sent(f.Welcome)[-1].epoch == core.state.epoch == 2


# --- two agents ------------------------------------------------------------------------------------------


def second(core: Core) -> None:
    """Another agent with the same key says HELLO; the first one's numbering is kept for a word later."""
    agent = core.t1
    kept = (agent.session, agent.seq, agent.connection)
    core.hello(boot_id="boot-2")
    agent.session, agent.seq, agent.connection = kept


def test_the_second_waits_until_the_first_is_silent(core: Core) -> None:
    second(core)
    assert core.link().state is LinkState.READY
    core.wait(3_500, beat=())
    core.t1.boot_id = "boot-2"
    core.connect()
    assert core.link().state is LinkState.READY
    assert core.findings() == []


def test_two_that_both_live_are_quarantined(core: Core) -> None:
    second(core)
    core.clock(500)
    core.beat()
    assert core.findings() == []
    core.clock(500)
    second(core)
    assert core.findings() == [Finding.SECOND_SESSION]
    assert core.state.terminals["t1"].duty is Duty.QUARANTINED


def test_a_belated_hello_of_a_dead_one_is_no_second_life(core: Core) -> None:
    second(core)
    second(core)
    core.clock(500)
    core.beat()
    core.wait(4_000)
    second(core)
    assert core.findings() == []


def test_what_the_dead_one_had_written_is_no_second_life(core: Core) -> None:
    written_ns = core.now_ns
    core.clock(500)
    second(core)
    core.beat(echo_ns=written_ns)
    core.up(f.Halted(False, ""))
    assert core.findings() == []


def test_a_restarted_agent_of_the_same_boot_takes_over_at_once(core: Core) -> None:
    core.connect()
    assert core.link().state is LinkState.READY
    assert core.findings() == []


# --- health ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sick", ["connected", "trade_allowed", "worker_alive"])
def test_a_sick_terminal_is_degraded_and_recovers(core: Core, sick: str) -> None:
    mission = core.mission()
    core.beat(**{sick: False})
    assert core.link().state is LinkState.DEGRADED
    assert "TERMINAL_LINK" in core.fire(mission).codes
    core.beat()
    assert core.link().state is LinkState.READY


def test_late_beats_degrade_then_lose(core: Core) -> None:
    core.wait(3_500, beat=())
    assert core.link().state is LinkState.DEGRADED
    core.beat()
    assert core.link().state is LinkState.READY
    core.wait(10_000, beat=())
    assert core.link().state is LinkState.LOST
    assert core.alarms() == ["TERMINAL_LOST"]
    core.connect()
    assert core.alarms() == []


def test_each_beat_is_answered_by_one(core: Core) -> None:
    before = len(core.sent(f.BeatDown))
    core.wait(3_000, every_ms=1_000)
    assert len(core.sent(f.BeatDown)) - before == 3
    core.clock(5_000)
    assert len(core.sent(f.BeatDown)) - before == 3
    assert core.sent(f.BeatDown)[-1].machine_ns == core.link().beat_ns


def test_the_clock_offset_comes_from_round_trips(core: Core) -> None:
    sent_ns = core.now_ns
    core.now_ns += 30_000_000
    core.beat(echo_ns=sent_ns, echo_held_ns=10_000_000, machine_ns=core.now_ns + 505_000_000)
    link = core.link()
    assert (link.uncertainty_ns, link.offset_ns) == (10_000_001, 515_000_000)


def test_one_slow_round_trip_does_not_replace_a_good_measurement(core: Core) -> None:
    link = core.link()
    good = (link.uncertainty_ns, link.offset_ns)
    sent_ns = core.now_ns
    core.now_ns += 900_000_000
    core.beat(echo_ns=sent_ns, machine_ns=core.now_ns)
    assert (link.uncertainty_ns, link.offset_ns) == good


def test_an_impossible_round_trip_is_not_measured(core: Core) -> None:
    measured = core.link().measured_ns
    core.now_ns += 1_000_000
    core.beat(echo_ns=core.now_ns, echo_held_ns=5)
    assert core.link().measured_ns == measured


def test_changed_terms_quarantine(core: Core) -> None:
    core.up(f.Specs((replace(TERMS, tick_value_loss=TERMS.tick_value_loss * 2),), core.market_ms))
    assert core.findings() == []
    core.up(f.Specs((replace(TERMS, volume_step=TERMS.volume_step * 10),), core.market_ms))
    assert core.findings() == [Finding.SYMBOL_TERMS]
    assert core.state.terminals["t1"].duty is Duty.QUARANTINED


def test_a_warning_is_a_finding_without_an_alarm(core: Core) -> None:
    core.up(f.Warn("WORKER_KILLED", "took too long"))
    assert (core.findings(), core.alarms()) == ([Finding.AGENT_WARNING], [])


# --- ticks -----------------------------------------------------------------------------------------------


def test_bad_and_old_quotes_are_not_taken(core: Core) -> None:
    quote = core.link().quotes["EURUSD"]
    core.ticks(110_020, 110_010)
    core.ticks(0, 110_010)
    core.ticks(110_000, 110_005, after_ms=-60_000)
    assert core.link().quotes["EURUSD"] is quote


def test_history_makes_no_quote(core: Core) -> None:
    batch = f.SymbolTicks("EURUSD", (f.Tick(core.market_ms + 5, 111_000, 111_010),))
    core.up(f.Ticks(core.market_ms, True, (batch,)))
    assert core.link().quotes["EURUSD"].bid_points == 110_000


def test_market_time_never_goes_back(core: Core) -> None:
    before = core.engine.live.market_ms
    core.up(f.Ticks(before - 10_000, False, ()))
    assert core.engine.live.market_ms == before


# --- starts ----------------------------------------------------------------------------------------------


def test_a_halt_file_halts_at_the_start(core: Core) -> None:
    core.start(halt_file=True)
    assert core.state.authority is Authority.HALTED
    count = len(core.records)
    core.start(halt_file=True)
    assert {x.type for x in core.records[count:]} == {"DAEMON_STARTED", "SERVICE_CHANGED"}


def test_notes_of_the_start_become_findings(core: Core) -> None:
    started = i.Started(
        "x", "0", "0", core.limits, core.timing, False, (), notes=(("INPUTS_SHORT", "two are missing"),)
    )
    core.step(started)
    assert (core.findings(), core.alarms()) == ([Finding.INPUTS_SHORT], [])


def test_strangers_are_one_record_a_minute(core: Core) -> None:
    for _ in range(20):
        core.step(i.Strangers("bridge", "unknown key", 3), after_ms=5_000)
    told = [r.decode(x.type, x.body) for x in core.records if x.type == "STRANGERS_COUNTED"]
    assert told == [
        r.StrangersCounted("bridge", "unknown key", 3),
        r.StrangersCounted("bridge", "unknown key", 36),
    ]


def test_stopping_is_written(core: Core) -> None:
    assert core.step(i.Stopping("signal")) == [r.DaemonStopped("signal")]


def test_every_record_names_its_input_and_the_time(core: Core) -> None:
    core.filled()
    assert [record.seq for record in core.records] == list(range(1, len(core.records) + 1))
    assert all(a.input_no <= b.input_no for a, b in zip(core.records, core.records[1:], strict=False))
    assert core.records[0].type == "HOME_CREATED"
    assert {record.epoch for record in core.records[3:]} == {1}


def test_resolving_needs_no_link(core: Core) -> None:
    act = core.fire()
    core.wait(11_000, beat=())
    from hydrad.domain.ids import IdKind, sequence_of, show

    core.ask(calls.Resolve(show(IdKind.FIRE, sequence_of(act.act_id)), "not-executed", "asked the broker"))
    assert act.state is ActState.NOT_EXECUTED
