"""Firing from a sheet: what the fields mean, what is asked of the daemon, and what is refused before anything is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import briefings
import msgspec
import pytest

from hydractl.diagnostics import ExitCode, Failure
from hydractl.fastpath import defaults
from hydractl.tui.carry import Desk, carry_out
from hydractl.tui.intent import Intent, Proposal
from hydractl.tui.intents import fires, missions
from hydractl.verbs import GLOBALS
from hydrad.wire.answers import Problem
from hydrad.wire.answers.accounts import PoolRow
from hydrad.wire.answers.acts import TargetRow

MISSION = "M-0000007T"


@pytest.fixture
def desk(fake: Any, home: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HYDRA_HOME", str(home))
    return Desk(defaults(GLOBALS), 100)


def values(intent: Intent, **changes: str) -> Mapping[str, str]:
    """As the sheet has them when nothing was touched, with changes."""
    first = {row.name: row.value or (row.choices[0][1] if row.choices else "") for row in intent.fields}
    assert not set(changes) - set(first)
    return {**first, **changes}


def proposed(desk: Desk, intent: Intent, **changes: str) -> tuple[Any, Proposal | None]:
    made: list[Proposal] = []

    def run(desk: Desk) -> int:
        made.append(intent.propose(desk, values(intent, **changes)))
        return ExitCode.DONE

    said = carry_out(desk, run)
    return said if not made else made[0].said, made[0] if made else None


def plain(said: Any) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(said.lines))


GROUPS = briefings.told([{"name": "majors", "members": {"paper-1": "1", "paper-2": "0.5"}}])
PLANS = briefings.told([{"name": "default", "text": "time stop"}, {"name": "none", "text": ""}])


def mission_intent(wire: Any, account: str | None = None) -> Intent:
    targets = fires.targets_of(["paper-1", "paper-2"], GROUPS)
    return fires.fire_mission(wire.M, targets, fires.plans_of(PLANS), account)


# --- what can be chosen ---


def test_where_it_may_go() -> None:
    assert fires.targets_of(["a", "b"], GROUPS) == (
        ("my primary account", ""),
        ("a", "account:a"),
        ("b", "account:b"),
        ("group majors: paper-1 x 1, paper-2 x 0.5", "group:majors"),
        ("all accounts that were given to me", "all:"),
    )
    (turn,) = fires.targets_of(["a"], (), (PoolRow("ours", {"a": "2", "b": "1"}, {"a": 1, "b": 0}, "a"),))[2:]
    assert turn == ("pool ours: one account, next is a", "pool:ours")
    assert fires.targets_of(["a"], ()) == (("my primary account", ""), ("a", "account:a"))


def test_the_primary_account_has_its_name_kind_and_login(wire: Any) -> None:
    assert fires.targets_of(["paper-1", "b"], (), (), [wire.ACCOUNT], "paper-1")[:3] == (
        ("paper-1  PAPER 1001: my primary account", ""),
        ("paper-1  PAPER 1001", "account:paper-1"),
        ("b", "account:b"),
    )
    assert fires.targets_of([], (), (), [], "gone")[0] == ("gone: my primary account", "")


def test_the_account_of_the_briefing_is_chosen_first(wire: Any) -> None:
    assert values(mission_intent(wire, "paper-2"))["where"] == "account:paper-2"
    assert values(mission_intent(wire))["where"] == ""
    assert values(mission_intent(wire, "gone"))["where"] == "", "nothing is chosen that is not offered"


def test_an_unknown_list_of_plans_is_typed() -> None:
    assert fires.plans_of(PLANS)[1] == ("none: nothing happens by itself", "none")
    intent = fires.fire_mission(MISSION, (("my primary account", ""),), ())
    plan = next(row for row in intent.fields if row.name == "plan")
    assert (plan.choices, plan.value) == ((), "default")
    intent = fires.fire_mission(MISSION, (("my primary account", ""),), fires.plans_of(PLANS[1:]))
    assert values(intent)["plan"] == "none", "nothing is chosen that is not offered"


# --- sizes ---


@pytest.mark.parametrize(
    ("text", "wanted"), [("", {}), ("0.10", {"volume": "0.10"}), ("1", {"volume": "1"}), ("0.5%", {"risk": "0.5%"})]
)
def test_a_size_is_lots_or_a_percentage(text: str, wanted: dict[str, str]) -> None:
    assert fires.sized(text) == wanted


@pytest.mark.parametrize("text", ["0,10", "-0.1", "+1", ".5", "1.", "1e3", "0.5 %", "ten", "0.1 lots", "%", "٣", "1%%"])
def test_a_size_typed_wrong_is_refused_before_anything_is_asked(desk: Desk, fake: Any, wire: Any, text: str) -> None:
    with pytest.raises(Failure, match="neither lots"):
        fires.sized(text)
    said, proposal = proposed(desk, mission_intent(wire), size=text)
    assert proposal is None and said.code is ExitCode.USAGE
    assert fake.bodies("fire") == []


# --- a mission ---


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("", {}),
        ("account:paper-2", {"account": "paper-2"}),
        ("group:majors", {"group": "majors"}),
        ("all:", {"all_accounts": True}),
    ],
)
def test_what_is_asked_of_the_daemon(desk: Desk, fake: Any, wire: Any, where: str, wanted: dict[str, Any]) -> None:
    _, proposal = proposed(desk, mission_intent(wire), where=where, size="0.5%", plan="none", reason="why not")
    asked = msgspec.to_builtins(fake.bodies("fire")[0])
    named = {key: asked.get(key) for key in ("account", "group", "all_accounts")}
    assert {key: value for key, value in named.items() if value} == wanted
    assert (asked["mission"], asked["risk"], asked["plan"], asked["reason"]) == (wire.M, "0.5%", "none", "why not")
    assert asked["dry_run"] is True and asked["volume"] is None
    assert proposal is not None and proposal.send is not None and proposal.label == "PAPER"


def target(name: str, kind: str = "paper", **changes: Any) -> TargetRow:
    row = TargetRow(name, kind, "1", "sim-1", "0.10", "20.00", "USD", "0", "would be ROUTED", ())
    return msgspec.structs.replace(row, **changes)


def test_a_group_of_five_has_a_line_each_and_sends_the_sizes_shown(desk: Desk, fake: Any, wire: Any) -> None:
    rows = [target(f"acc-{number}", volume=f"0.1{number}") for number in range(5)]
    rows[3] = msgspec.structs.replace(rows[3], would="would be DENIED: SPREAD", codes=("SPREAD",), volume="0.13")
    preview = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=(), targets=tuple(rows))
    fake.script = lambda call: wire.answer(call, data=preview if call.body.dry_run else wire.FIRE)
    said, proposal = proposed(desk, mission_intent(wire), where="group:majors")
    text = plain(said)
    assert all(f"acc-{number}" in text for number in range(5)) and "DENIED: SPREAD" in text
    question = "fire BUY EURUSD, stop 1.08140, on 4 of 5 accounts, each by itself?"
    assert proposal is not None and proposal.question == question
    assert proposal.send is not None
    done = carry_out(desk, proposal.send)
    assert done.code is ExitCode.DONE and "FILLED" in plain(done)
    sent = fake.bodies("fire")[-1]
    assert [(one.account, one.volume) for one in sent.sized] == [(f"acc-{at}", f"0.1{at}") for at in range(5)]
    assert sent.dry_run is False and sent.group is None


def test_a_group_in_which_one_cannot_be_sized_is_not_sent_for_no_size_would_be_pinned(
    desk: Desk, fake: Any, wire: Any
) -> None:
    rows = (
        target("acc-1"),
        target("acc-2", volume=None, would="would be DENIED: TERMS_UNKNOWN", codes=("TERMS_UNKNOWN",)),
    )
    preview = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=(), targets=rows)
    fake.script = lambda call: wire.answer(call, data=preview)
    said, proposal = proposed(desk, mission_intent(wire), where="group:majors")
    assert proposal is not None and proposal.send is None
    words = " ".join(plain(said).split())
    assert "acc-2 cannot be sized" in words and "fire the others by themselves" in words


def test_a_live_account_among_them_makes_it_live(desk: Desk, fake: Any, wire: Any) -> None:
    rows = (target("a", "demo"), target("b", "live"))
    preview = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=(), targets=rows)
    fake.script = lambda call: wire.answer(call, data=preview)
    _, proposal = proposed(desk, mission_intent(wire), where="all:")
    assert proposal is not None and proposal.label == "LIVE"


def test_what_would_be_denied_cannot_be_sent_and_says_why(desk: Desk, fake: Any, wire: Any) -> None:
    preview = msgspec.structs.replace(
        wire.FIRE, dry_run=True, act=None, acts=(), would="would be DENIED: SPREAD", checks=wire.FAILED
    )
    fake.script = lambda call: wire.answer(call, data=preview)
    said, proposal = proposed(desk, mission_intent(wire))
    assert proposal is not None and proposal.send is None
    assert "would be DENIED: SPREAD" in plain(said) and "23 points" in plain(said)
    assert "AUTHORITY" not in plain(said), "only what fails"


def test_a_refusal_is_its_words(desk: Desk, fake: Any, wire: Any) -> None:
    problem = Problem(code="NOT_FOUND", message="no such mission", hint=None, facts={})
    fake.script = lambda call: wire.answer(call, data=None, error=problem)
    said, proposal = proposed(desk, mission_intent(wire))
    assert proposal is not None and proposal.send is None
    assert "NOT_FOUND: no such mission" in plain(said)


# --- by hand ---


def by_hand(wire: Any) -> Intent:
    return fires.fire_by_hand(["EURUSD", "XAUUSD"], fires.targets_of(["paper-1"], ()), fires.plans_of(PLANS), "XAUUSD")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"stop": "1.08", "entry": "1.09"}, "needs both --entry and --type"),
        ({"stop": "1.08", "type": "limit"}, "needs both --entry and --type"),
        ({"stop": "1.08", "expiry": "soon"}, "soon"),
        ({"stop": "1.08", "size": "much"}, "neither lots"),
    ],
)
def test_by_hand_the_shells_own_check_comes_first(
    desk: Desk, fake: Any, wire: Any, changes: dict[str, str], wanted: str
) -> None:
    said, proposal = proposed(desk, by_hand(wire), **changes)
    assert proposal is None and said.code is ExitCode.USAGE and wanted in plain(said)
    assert fake.calls == []


def test_by_hand_the_stop_is_asked_for_in_the_sheets_own_words(desk: Desk, fake: Any, wire: Any) -> None:
    _, proposal = proposed(desk, by_hand(wire))
    assert proposal is not None and proposal.send is None
    assert plain(proposal.said) == "name the stop, then Enter: nothing is fired without one"
    assert fake.calls == []


def test_by_hand_asks_for_exactly_what_was_filled_in(desk: Desk, fake: Any, wire: Any) -> None:
    filled = {"side": "sell", "stop": "1.09", "target": "1.07", "type": "limit", "entry": "1.085", "expiry": "5m"}
    _, proposal = proposed(desk, by_hand(wire), **filled, size="0.10", again="yes")
    asked = msgspec.to_builtins(fake.bodies("fire.symbol")[0])
    wanted = {"symbol": "XAUUSD", **{name: filled[name] for name in filled if name != "expiry"}, "volume": "0.10"}
    assert {name: asked[name] for name in wanted} == wanted
    assert asked["expiry_s"] == 300.0 and asked["again"] is True and asked["dry_run"] is True
    assert proposal is not None and proposal.send is not None


# --- a second person, passing, withdrawing, notes ---


def test_approving_shows_the_order_and_asks(desk: Desk, fake: Any, wire: Any) -> None:
    said, proposal = proposed(desk, fires.approve(wire.F))
    assert "order   paper-1: BUY 0.10 EURUSD" in plain(said)
    assert proposal is not None and proposal.question.startswith(f"approve {wire.F} (BUY 0.10 EURUSD on paper-1")
    assert proposal.send is not None and fake.bodies("approve") == []
    assert carry_out(desk, proposal.send).code is ExitCode.DONE
    assert fake.bodies("approve")[0].id == wire.F


@pytest.mark.parametrize(("make", "verb"), [(missions.let_pass, "pass"), (missions.withdraw, "withdraw")])
def test_passing_and_withdrawing_show_the_mission_and_send_once_asked(
    desk: Desk, fake: Any, wire: Any, make: Any, verb: str
) -> None:
    said, proposal = proposed(desk, make(wire.M), reason="seen it")
    assert "EURUSD BUY" in plain(said) and fake.bodies(verb) == []
    assert proposal is not None and proposal.send is not None and proposal.question.startswith(f"{verb} {wire.M}?")
    assert carry_out(desk, proposal.send).code is ExitCode.DONE
    assert [(body.mission, body.reason) for body in fake.bodies(verb)] == [(wire.M, "seen it")]


def test_a_mission_that_is_gone_cannot_be_passed(desk: Desk, fake: Any, wire: Any) -> None:
    problem = Problem(code="NOT_FOUND", message="no such mission", hint=None, facts={})
    fake.script = lambda call: wire.answer(call, data=None, error=problem)
    said, proposal = proposed(desk, missions.let_pass(wire.M))
    assert proposal is None and said.code is ExitCode.NOT_FOUND


def test_a_note_needs_its_text(desk: Desk, fake: Any, wire: Any) -> None:
    said, proposal = proposed(desk, missions.note(wire.M))
    assert proposal is None and said.code is ExitCode.USAGE and fake.calls == []
    _, proposal = proposed(desk, missions.note(wire.M), text="the news was early", tag="news")
    assert proposal is not None and proposal.send is not None and fake.calls == []
    assert carry_out(desk, proposal.send).code is ExitCode.DONE
    body = fake.bodies("note")[0]
    assert (body.id, body.text, body.tag) == (wire.M, "the news was early", "news")
