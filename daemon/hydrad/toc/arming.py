"""Taking a live account into use: what must be so before, and what ends it.

Owns the list of preconditions, each measured now with its evidence and its age. It is asked three times: to show it,
when arming is asked for, and again when a second person lets it be done. An armed account's first fills use the minimum
volume (`first_fires`).

Brokers name their servers `Broker-Kind`, such as Tidewater-Demo and Tidewater-Live03: a self-test on a demo server
counts for the live servers of the same broker, by the part before the first hyphen. The evidence shows both names.
"""

from __future__ import annotations

from typing import NamedTuple

from hydrad.domain.actors import Role
from hydrad.domain.instants import HOUR, duration_text
from hydrad.toc import changes, crew, housekeeping, leaving, oncall, risk, service
from hydrad.toc.disarming import broker_of
from hydrad.toc.limit_table import unset
from hydrad.toc.limiting import limits_for
from hydrad.toc.oncall import Channel
from hydrad.toc.service import ServiceState
from hydrad.toc.state import Account, SelfTest, State
from hydrad.toc.terminal import Duty, LinkState
from hydrad.toc.turn import Turn

SELF_TEST_AGE_MAX_NS = 30 * 24 * HOUR
DRILL_AGE_MAX_NS = 7 * 24 * HOUR
CHANNEL_TEST_AGE_MAX_NS = 30 * 24 * HOUR


class Condition(NamedTuple):
    """`at_ns`: when its evidence was made; 0 where it was measured now."""

    name: str
    ok: bool
    measured: str
    needed: str
    at_ns: int = 0


def conditions(turn: Turn, account: Account) -> tuple[Condition, ...]:
    """All of them, met or not."""
    return (
        _limits(turn, account),
        _terminal(turn, account),
        _acts(turn, account),
        _self_test(turn, account),
        _alarm_channel(turn),
        _halt_drill(turn, account),
        _two_people(turn.state),
    )


def unmet(turn: Turn, account: Account) -> list[str]:
    return [condition.name for condition in conditions(turn, account) if not condition.ok]


# --- each -------------------------------------------------------------------------------------------------


def _limits(turn: Turn, account: Account) -> Condition:
    missing = unset(limits_for(turn.state, account.name))
    measured = "missing: " + ", ".join(f"risk.{name}" for name in missing) if missing else "all are set"
    return Condition("LIMITS", not missing, measured, "every limit that a live account must have")


def _terminal(turn: Turn, account: Account) -> Condition:
    needed = "READY and ACTIVE, logged in to the enrolled account"
    holder = risk.lane_holder(turn.state, turn.live, account.name)
    if holder is None:
        return Condition("TERMINAL", False, "none is enrolled", needed)
    link = turn.live.link(holder.name)
    ok = link.state is LinkState.READY and holder.duty is Duty.ACTIVE and link.account is not None
    who = link.hello.identity if link.hello else None
    told = f", {who.login}@{who.server} build {who.build}" if who else ""
    return Condition("TERMINAL", ok, f"{holder.name} {link.state.value}, {holder.duty.value}{told}", needed)


def _acts(turn: Turn, account: Account) -> Condition:
    undecided = leaving.undecided(turn.state, account.name)
    return Condition("ACTS", not undecided, ", ".join(undecided) or "all have a verdict", "a verdict each")


def _self_test(turn: Turn, account: Account) -> Condition:
    days = SELF_TEST_AGE_MAX_NS // (24 * HOUR)
    needed = f"passed on a demo account of {broker_of(account.server)}, at most {days} days ago"
    test = self_test_of(turn.state, account)
    if test is None:
        return Condition("SELF_TEST", False, "no report of this broker was told", needed)
    fresh = turn.now_ns - test.at_ns <= SELF_TEST_AGE_MAX_NS
    verdict = "passed" if test.passed else "FAILED"
    measured = f"{verdict} at {test.server}, build {test.build}, told by {test.terminal}"
    return Condition("SELF_TEST", test.passed and fresh, measured, needed, test.at_ns)


def self_test_of(state: State, account: Account) -> SelfTest | None:
    """The newest report of the account's broker."""
    found = [test for server, test in state.self_tests.items() if broker_of(server) == broker_of(account.server)]
    return max(found, key=lambda test: (test.at_ns, test.server), default=None)


def _alarm_channel(turn: Turn) -> Condition:
    """Two ways: one to a person on call by the bot or the HUD, and one beside the bot of which a person has lately said
    that what is sent there arrives."""
    days = CHANNEL_TEST_AGE_MAX_NS // (24 * HOUR)
    needed = f"e-mail or webhook, tested at most {days} days ago; and the bot or the HUD for somebody on call"
    good, told = _tested_channels(turn)
    reached, by = _reached(turn.state)
    newest = max((turn.state.channel_tests[name].at_ns for name in good), default=0)
    return Condition("ALARM_CHANNEL", bool(good) and reached, f"{told}; {by}", needed, newest)


def _tested_channels(turn: Turn) -> tuple[list[str], str]:
    """Those beside the bot that count, and what was measured of each."""
    good, told = [], []
    for name in turn.state.channels:
        why = _channel_problem(turn, name)
        test = turn.state.channel_tests.get(name)
        age = f"tested by {test.name} {duration_text(turn.now_ns - test.at_ns)} ago" if test else "never tested"
        told.append(f"{name} {age}{f', {why}' if why and test else ''}")
        good += [] if why else [name]
    return good, ", ".join(told) or "no channel beside the bot"


def _channel_problem(turn: Turn, name: str) -> str:
    """Why a channel does not count; empty where it does."""
    test = turn.state.channel_tests.get(name)
    tester = turn.state.operators.get(test.name) if test else None
    if test is None or tester is None or tester.suspended:
        return "by nobody who is here"
    if turn.now_ns - test.at_ns > CHANNEL_TEST_AGE_MAX_NS:
        return "too long ago"
    if all((way.channel, way.to) != (name, test.to) for way in oncall.all_ways(turn.state, tester)):
        return "at another address"
    if oncall.is_dead(turn.state, oncall.Way(Channel(name), test.to)):
        return "REJECTED there"
    return "DOWN" if oncall.is_down(turn.state, Channel(name)) else ""


def _reached(state: State) -> tuple[bool, str]:
    """Whether a person on call (anybody who may halt, where nobody is named) has the bot, or the HUD runs for them."""
    people = crew.on_call(state) if state.on_call else [o for o in state.operators.values() if not o.suspended]
    people = [operator for operator in people if operator.role >= Role.TRADER]
    linked = [o.name for o in people if any(identity.startswith("telegram:") for identity in o.identities)]
    bot, hud = (housekeeping.service_of(state, name).state for name in (service.BOT, service.HUD))
    ok = (bool(linked) and bot is ServiceState.RUNNING) or (bool(people) and hud is ServiceState.RUNNING)
    named = ", ".join(o.name for o in people) or "nobody"
    return ok, f"bot {bot.value}, linked: {', '.join(linked) or 'nobody'}; hud {hud.value}; on call: {named}"


def _halt_drill(turn: Turn, account: Account) -> Condition:
    needed = f"every terminal of it confirmed, at most {DRILL_AGE_MAX_NS // (24 * HOUR)} days ago"
    if not account.drill_ns:
        return Condition("HALT_DRILL", False, "never", needed)
    known = {name for name, _ in account.drill}
    missing = [t.name for t in turn.state.terminals.values() if t.account == account.name and t.name not in known]
    late = [name for name, ms in account.drill if ms is None]
    fresh = turn.now_ns - account.drill_ns <= DRILL_AGE_MAX_NS
    told = ", ".join(f"{name} {'not confirmed' if ms is None else f'{ms} ms'}" for name, ms in account.drill)
    since = f"; enrolled since: {', '.join(missing)}" if missing else ""
    ok = bool(account.drill) and not late and not missing and fresh
    return Condition("HALT_DRILL", ok, f"{told or 'no terminal'}{since}", needed, account.drill_ns)


def _two_people(state: State) -> Condition:
    count, wait = len(crew.commanders(state)), duration_text(changes.ALONE_AFTER_NS)
    measured = f"{count} commanders" if count > 1 else f"one commander: approved by the same, {wait} later"
    return Condition("TWO_PEOPLE", count > 0, measured, "a second commander approves; with one, a delay stands for it")
