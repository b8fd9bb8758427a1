"""Who is told, by which way, and when not: the ladder of those on call, channels that are down, tests, mutes, hours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, show
from hydrad.toc import crew, hearing, oncall, oncall_views
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.hearing import About, Heard, Kind
from hydrad.toc.limits import Timing
from hydrad.toc.oncall import Channel, Way
from hydrad.toc.service import ServiceState
from hydrad.toc.state import Alarm, Hears, Operator
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import Core

ANN, BOB, CAT = "uid:2001", "uid:2002", "uid:2003"
MINUTES_2_MS = 120_000
NS = 1_000_000_000
HOSTILE = [
    "a@example.org\r\nBcc: all@example.org",
    "a@example.org\n",
    "a b@example.org",
    "a@example.org,b@example.org",
    '"a"@example.org',
    "Ann <a@example.org>",
    "a@",
    "@example.org",
    "a" * 65 + "@example.org",
    "a@" + "b" * 254,
    "ä@example.org",
    "a@exa\u2028mple.org",
]


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    """Ann and bob are on call, cat may trade; ann has the bot and e-mail, bob e-mail; both channels are set up."""
    core = make(
        on_call=("ann", "nobody", "bob"), channels=("email", "webhook"), timing=Timing(feed_silent_ms=86_400_000)
    )
    for name, who in (("ann", ANN), ("bob", BOB), ("cat", CAT)):
        assert core.ask(calls.OperatorAdd(name, "trader", who, "full", ("*",))).problem is None
    assert core.ask(calls.OperatorLink("ann", "telegram:42")).problem is None
    for name in ("ann", "bob"):
        assert core.ask(calls.OperatorContact(name, "email", f"{name}@example.org")).problem is None
    core.restart()
    for name in ("bot", "channels"):
        core.step(i.ServiceReported(name, ServiceState.RUNNING, "it serves"))
    core.connect()
    return core


def lost(core: Core) -> Alarm:
    """An alarm of the home: its terminal says nothing any more."""
    core.wait(12_000, every_ms=1_000, beat=())
    return next(alarm for alarm in core.state.alarms.values() if alarm.code == "TERMINAL_LOST")


def repeats(core: Core, count: int) -> list[r.AlarmRepeated]:
    before = len(core.records)
    core.wait(count * MINUTES_2_MS, every_ms=1_000, beat=())
    bodies = [r.decode(record.type, record.body) for record in core.records[before:]]
    number = next(a.number for a in core.state.alarms.values() if a.code == "TERMINAL_LOST")
    return [body for body in bodies if isinstance(body, r.AlarmRepeated) and body.number == number]


# --- the ladder -----------------------------------------------------------------------------------------


def test_an_alarm_that_is_nobodys_belongs_to_the_first_on_call(core: Core) -> None:
    assert lost(core).owner == "ann"


def test_nobody_answers_so_the_next_on_call_is_told_every_two_minutes_then_all(core: Core) -> None:
    lost(core)
    told = repeats(core, 5)
    assert [(body.step, body.told) for body in told] == [
        (1, ("ann",)),
        (2, ("ann", "bob")),
        (3, ("ann", "bob", "cat")),
        (4, ("ann", "bob", "cat", "commander")),
        (4, ("ann", "bob", "cat", "commander")),
    ]


def test_at_first_by_the_first_way_then_by_every_way(core: Core) -> None:
    ann = core.state.operators["ann"]
    every = (Way(Channel.TELEGRAM, "42"), Way(Channel.EMAIL, "ann@example.org"), Way(Channel.WEBHOOK, "webhook"))
    assert oncall.ways(core.state, ann, 0) == every[:1]
    assert oncall.ways(core.state, ann, 1) == every
    assert oncall.ways(core.state, core.state.operators["bob"], 0) == (Way(Channel.EMAIL, "bob@example.org"),)


def test_acknowledged_nobody_is_told_any_more(core: Core) -> None:
    alarm = lost(core)
    repeats(core, 1)
    assert core.ask(calls.Ack(show(IdKind.ALARM, alarm.number)), BOB).problem is None
    assert repeats(core, 3) == []


def test_who_is_suspended_is_passed_over(core: Core) -> None:
    assert core.ask(calls.OperatorSuspend("ann")).problem is None
    assert lost(core).owner == "bob"
    assert repeats(core, 2)[-1].told == ("bob", "cat")


def test_suspended_meanwhile_it_passes_to_the_next(core: Core) -> None:
    lost(core)
    assert core.ask(calls.OperatorSuspend("ann")).problem is None
    assert repeats(core, 1)[-1].told == ("bob",)


def test_a_name_that_is_nobodys_is_said_until_it_is_corrected(core: Core) -> None:
    core.clock()
    assert "ON_CALL_UNKNOWN" in core.alarms()
    boss = core.state.operator("uid:1000")
    assert boss is not None
    core.step(i.Configured(0, _shell("uid:1000"), core.limits, core.timing, ("ann", "bob")))
    core.clock()
    assert "ON_CALL_UNKNOWN" not in core.alarms() and core.state.on_call == ("ann", "bob")
    assert core.state.channels == ("email", "webhook"), "channels need a restart"


def _shell(who: str) -> Actor:
    return Actor(who, Surface.SHELL)


# --- channels that are down -----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", list(Channel))
def test_a_channel_that_fails_for_a_minute_is_an_alarm_and_ends(core: Core, channel: Channel) -> None:
    core.step(i.ChannelReported(channel.value, "connection refused"))
    core.wait(50_000, every_ms=5_000)
    core.step(i.ChannelReported(channel.value, "connection refused"))
    assert "CHANNEL_DOWN" not in core.alarms(), "it failed for less than a minute"
    core.wait(15_000, every_ms=5_000)
    (alarm,) = (alarm for alarm in core.state.alarms.values() if alarm.code == "CHANNEL_DOWN")
    assert alarm.subject == channel.value and "connection refused" in alarm.text
    assert oncall.is_down(core.state, channel)
    core.step(i.ChannelReported(channel.value, ""))
    assert "CHANNEL_DOWN" not in core.alarms() and not oncall.is_down(core.state, channel)


def test_one_that_works_again_in_time_never_rings(core: Core) -> None:
    core.step(i.ChannelReported("email", "greylisted"))
    core.wait(40_000, every_ms=5_000)
    core.step(i.ChannelReported("email", ""))
    core.wait(60_000, every_ms=5_000)
    assert "CHANNEL_DOWN" not in core.alarms()


def test_while_telegram_is_down_the_first_way_is_another(core: Core) -> None:
    ann = core.state.operators["ann"]
    core.step(i.ChannelReported("telegram", "no answer"))
    core.wait(61_000, every_ms=1_000)
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.EMAIL, "ann@example.org"),)
    core.step(i.ChannelReported("telegram", ""))
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.TELEGRAM, "42"),)
    core.step(i.ServiceReported("bot", ServiceState.FATAL, "a wrong token"))
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.EMAIL, "ann@example.org"),), "no bot is no way"


def test_a_way_that_takes_no_letters_for_this_person_is_not_the_first(core: Core) -> None:
    ann, bob = core.state.operators["ann"], core.state.operators["bob"]
    core.step(i.OutboxNoted("CHAT_GONE", "telegram:42", "blocked"))
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.EMAIL, "ann@example.org"),)
    core.step(i.OutboxNoted("ADDRESS_REJECTED", "email:ann@example.org", "550 no such user"))
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.WEBHOOK, "webhook"),)
    assert oncall.ways(core.state, bob, 0) == (Way(Channel.EMAIL, "bob@example.org"),), "another's still works"
    assert len(oncall.ways(core.state, ann, 1)) == 3
    shown = oncall_views.person(Turn(core.state, core.engine.live, core.now_ns, 0), ann)
    assert ["takes no letters" in way for way in shown.ways] == [True, True, False]
    core.step(i.OutboxNoted("CHAT_GONE", "telegram:42", ""))
    assert oncall.ways(core.state, ann, 0) == (Way(Channel.TELEGRAM, "42"),)


def test_a_rejected_address_is_one_finding_and_one_alarm_until_it_is_another(core: Core) -> None:
    said = i.OutboxNoted("ADDRESS_REJECTED", "email:ann@example.org", "550 no such user")
    assert [type(body) for body in core.step(said)] == [r.FindingMade, r.AlarmRaised]
    assert core.step(said) == []
    (alarm,) = (a for a in core.state.alarms.values() if a.code == "ADDRESS_REJECTED")
    assert alarm.severity == "ALARM" and "ann (email:ann@example.org): 550 no such user" in alarm.text
    assert core.ask(calls.OperatorContact("bob", "email", "ann@example.org")).problem is None
    assert core.ask(calls.OperatorContact("ann", "email", "ann@example.net"), ANN).problem is None
    core.clock()
    assert "ADDRESS_REJECTED" in core.alarms(), "bob has it"
    assert core.ask(calls.OperatorContact("bob", "email", "")).problem is None
    core.clock()
    assert "ADDRESS_REJECTED" not in core.alarms()


def test_a_chat_of_nobody_any_more_is_no_alarm_and_a_groups_is(core: Core) -> None:
    for chat in ("42", "-100500"):
        core.step(i.OutboxNoted("CHAT_GONE", f"telegram:{chat}", "blocked"))
    core.clock()
    assert core.alarms().count("CHAT_GONE") == 2
    assert core.ask(calls.OperatorRemove("ann", reason="left")).problem is None
    core.clock()
    assert [a.subject for a in core.state.alarms.values() if a.code == "CHAT_GONE"] == ["telegram:-100500"]


def test_with_every_channel_down_the_first_one_is_tried_all_the_same(core: Core) -> None:
    for channel in Channel:
        core.step(i.ChannelReported(channel.value, "cut off"))
    core.wait(61_000, every_ms=1_000)
    assert oncall.ways(core.state, core.state.operators["ann"], 0) == (Way(Channel.TELEGRAM, "42"),)


def test_one_that_is_not_set_up_any_more_is_not_down(core: Core) -> None:
    core.step(i.ChannelReported("email", "cut off"))
    core.wait(61_000, every_ms=1_000)
    core.channels = ("webhook",)
    core.restart()
    core.wait(61_000, every_ms=1_000)
    assert "CHANNEL_DOWN" not in core.alarms()
    assert Channel.EMAIL not in [way.channel for way in oncall.all_ways(core.state, core.state.operators["ann"])]


# --- addresses and tests of channels --------------------------------------------------------------------


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_that_could_be_more_than_one_is_refused(core: Core, address: str) -> None:
    reply = core.ask(calls.OperatorContact("ann", "email", address), ANN)
    assert reply.problem is not None and reply.problem.code == "USAGE"
    assert core.state.operators["ann"].contacts == {"email": "ann@example.org"}


def test_ones_own_address_or_anybodys_for_a_commander(core: Core) -> None:
    assert core.ask(calls.OperatorContact("ann", "email", ""), ANN).problem is None
    assert core.state.operators["ann"].contacts == {}
    foreign = core.ask(calls.OperatorContact("bob", "email", "ann@example.org"), ANN)
    assert foreign.problem is not None and foreign.problem.code == "FORBIDDEN"
    other = core.ask(calls.OperatorContact("ann", "telegram", "42"), ANN)
    assert other.problem is not None and other.problem.code == "USAGE"


def test_a_test_is_confirmed_by_the_code_alone_once_and_in_time(core: Core) -> None:
    digest = crew.digest_of("ABC")
    reply = core.ask(calls.ChannelTest("email"), ANN, extra=digest)
    assert reply.problem is None and reply.data.to == "ann@example.org"  # type: ignore[union-attr]
    wrong = core.ask(calls.ChannelConfirm(crew.digest_of("ABD")), ANN)
    assert wrong.problem is not None and wrong.problem.code == "NOT_FOUND"
    assert core.ask(calls.ChannelConfirm(digest), BOB).problem is None
    test = core.state.channel_tests["email"]
    assert (test.name, test.to, test.at_ns) == ("ann", "ann@example.org", core.now_ns)
    used = core.ask(calls.ChannelConfirm(digest), ANN)
    assert used.problem is not None
    core.ask(calls.ChannelTest("webhook"), ANN, extra=digest)
    core.wait(16 * 60_000, every_ms=10_000)
    late = core.ask(calls.ChannelConfirm(digest), ANN)
    assert late.problem is not None and late.problem.code == "NOT_FOUND"


def test_no_test_without_an_address_or_a_channel(core: Core) -> None:
    digest = crew.digest_of("ABC")
    codes = {
        "no address": core.ask(calls.ChannelTest("email"), CAT, extra=digest),
        "no channel": core.ask(calls.ChannelTest("telegram"), ANN, extra=digest),
    }
    assert {why: reply.problem and reply.problem.code for why, reply in codes.items()} == {
        "no address": "CONFLICT",
        "no channel": "USAGE",
    }


def test_what_somebody_tested_is_over_when_they_are_removed(core: Core) -> None:
    digest = crew.digest_of("ABC")
    core.ask(calls.ChannelTest("email"), ANN, extra=digest)
    core.ask(calls.ChannelConfirm(digest), ANN)
    core.ask(calls.ChannelTest("webhook"), ANN, extra=digest)
    assert core.ask(calls.OperatorRemove("ann")).problem is None
    assert (core.state.channel_tests, core.state.channels_asked) == ({}, {})
    late = core.ask(calls.ChannelConfirm(digest), BOB)
    assert late.problem is not None and late.problem.code == "NOT_FOUND"


def test_the_view_says_what_each_way_is_worth(core: Core) -> None:
    from hydrad.toc import oncall_views
    from hydrad.toc.turn import Turn

    core.step(i.ChannelReported("email", "cut off"))
    data = oncall_views.channels(Turn(core.state, core.engine.live, core.now_ns + 5 * NS, 0))
    rows = {row.name: (row.state, row.detail) for row in data.channels}
    assert rows["email"] == ("DOWN", "fails since 5.0 s: cut off")
    assert rows["telegram"][0] == rows["webhook"][0] == "UP"
    assert [(row.name, row.position) for row in data.people] == [
        ("ann", 1), ("bob", 2), ("commander", None), ("cat", None),
    ]  # fmt: skip


# --- what one hears -------------------------------------------------------------------------------------


def at(text: str) -> int:
    from hydrad.domain.instants import parse_ms

    return parse_ms(text) * 1_000_000


MISSION = About(Kind.MISSION, "EURUSD", "RAPID_ASSAULT", tcs=40)


@pytest.mark.parametrize(
    ("quiet", "zone", "when", "is_quiet"),
    [
        ("22:00-07:00", "UTC", "2024-05-15T22:00:00Z", True),
        ("22:00-07:00", "UTC", "2024-05-15T06:59:59Z", True),
        ("22:00-07:00", "UTC", "2024-05-15T07:00:00Z", False),
        ("22:00-07:00", "Europe/Prague", "2024-05-15T20:00:00Z", True),  # summer time
        ("22:00-07:00", "Europe/Prague", "2024-01-15T20:00:00Z", False),  # winter
        ("12:00-13:00", "UTC", "2024-05-15T12:30:00Z", True),
        ("12:00-13:00", "UTC", "2024-05-15T13:00:00Z", False),
        ("", "UTC", "2024-05-15T00:00:00Z", False),
    ],
)
def test_quiet_hours_are_by_the_persons_clock(quiet: str, zone: str, when: str, is_quiet: bool) -> None:
    assert hearing.is_quiet(Hears(quiet, zone), at(when)) is is_quiet


@pytest.mark.parametrize("kind", [Kind.ALARM, Kind.HALT])
@given(
    filters=st.tuples(*[st.lists(st.sampled_from(["EURUSD", "x"]), max_size=2)] * 3),
    tcs=st.none() | st.integers(0, 100),
)
def test_alarms_and_halts_pass_everything(kind: Kind, filters: tuple[list[str], ...], tcs: int | None) -> None:
    kinds, symbols, accounts = map(tuple, filters)
    operator = Operator("ann", Role.TRADER, mutes={"": 10**30})
    operator.hears = Hears("00:00-23:59", "UTC", kinds, symbols, accounts, tcs)
    assert hearing.heard(operator, at("2024-05-15T12:00:00Z"), About(kind, "EURUSD", "X", "alpha")) is Heard.TOLD


@pytest.mark.parametrize(
    ("hears", "heard"),
    [
        (Hears(), Heard.TOLD),
        (Hears(kinds=("SNIPER_OPS",)), Heard.LEFT),
        (Hears(kinds=("RAPID_ASSAULT",), symbols=("EURUSD",)), Heard.TOLD),
        (Hears(symbols=("XAUUSD",)), Heard.LEFT),
        (Hears(accounts=("alpha",)), Heard.TOLD),  # a mission is about no account
        (Hears(tcs_min=41), Heard.LEFT),
        (Hears(tcs_min=40), Heard.TOLD),
    ],
)
def test_filters_of_missions(hears: Hears, heard: Heard) -> None:
    operator = Operator("ann", Role.TRADER)
    operator.hears = hears
    assert hearing.heard(operator, at("2024-05-15T12:00:00Z"), MISSION) is heard
    assert hearing.heard(operator, 0, About(Kind.RESULT, "EURUSD")) is Heard.TOLD, (
        "one's own results are never filtered"
    )


def test_without_a_tcs_a_minimum_is_not_reached() -> None:
    assert not hearing.passes(Hears(tcs_min=0), MISSION._replace(tcs=None))


def test_a_mute_is_journaled_outlives_a_restart_and_ends(core: Core) -> None:
    assert core.ask(calls.Mute(3600.0, "EURUSD"), ANN).problem is None
    assert core.ask(calls.Mute(60.0, "rapid_assault"), ANN).problem is None
    core.restart()
    ann = core.state.operators["ann"]
    assert hearing.heard(ann, core.now_ns, MISSION) is Heard.LEFT
    assert hearing.heard(ann, core.now_ns, MISSION._replace(symbol="GBPUSD")) is Heard.LEFT
    assert hearing.heard(ann, core.now_ns + 61 * NS, MISSION._replace(symbol="GBPUSD")) is Heard.TOLD
    assert hearing.heard(ann, core.now_ns, About(Kind.RESULT, "EURUSD")) is Heard.SILENT
    assert hearing.heard(ann, core.now_ns + 3601 * NS, MISSION) is Heard.TOLD
    assert core.ask(calls.Mute(0.0, "EURUSD"), ANN).problem is None
    assert hearing.heard(ann, core.now_ns + 61 * NS, MISSION) is Heard.TOLD


@pytest.mark.parametrize("for_s", [-1.0, 7 * 86_400.1, float("inf")])
def test_a_mute_has_a_bound(core: Core, for_s: float) -> None:
    reply = core.ask(calls.Mute(for_s), ANN)
    assert reply.problem is not None and reply.problem.code == "USAGE"


def test_how_many_mutes_stand_is_bounded(core: Core) -> None:
    for number in range(20):
        assert core.ask(calls.Mute(60.0, f"S{number}"), ANN).problem is None
    over = core.ask(calls.Mute(60.0, "S20"), ANN)
    assert over.problem is not None and over.problem.code == "CONFLICT"
    assert core.ask(calls.Mute(90.0, "S3"), ANN).problem is None, "one that stands may be moved"


@pytest.mark.parametrize(
    "verb",
    [
        calls.OperatorHears("ann", quiet="22:00"),
        calls.OperatorHears("ann", quiet="22:00-22:00"),
        calls.OperatorHears("ann", quiet="25:00-07:00"),
        calls.OperatorHears("ann", zone="Nowhere/None"),
        calls.OperatorHears("ann", zone="../../etc/passwd"),
        calls.OperatorHears("ann", kinds=("SLOW",)),
        calls.OperatorHears("ann", symbols=("EUR USD",)),
        calls.OperatorHears("ann", tcs_min=101),
    ],
)
def test_what_cannot_be_meant_is_refused(core: Core, verb: calls.OperatorHears) -> None:
    reply = core.ask(verb, ANN)
    assert reply.problem is not None and reply.problem.code == "USAGE"
    assert core.state.operators["ann"].hears == Hears()


def test_what_one_hears_is_ones_own(core: Core) -> None:
    verb = calls.OperatorHears("ann", "22:00-07:00", "Europe/Prague", ("sniper_ops",), ("EURUSD",), ("alpha",), 40)
    assert core.ask(verb, BOB).problem is not None
    assert core.ask(verb, ANN).problem is None
    assert core.state.operators["ann"].hears == Hears(
        "22:00-07:00", "Europe/Prague", ("SNIPER_OPS",), ("EURUSD",), ("alpha",), 40
    )
