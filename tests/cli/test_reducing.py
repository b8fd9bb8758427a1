"""close, modify, cancel and flatten at the shell: what is shown before the question, what is sent, the exit codes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydractl.commands import reducing
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import CheckRow
from tests.cli.test_output import on_a_terminal

LEVEL = CheckRow("STOPS_LEVEL", False, "9 points", "10 points")
BUSY = CheckRow("POSITION_STATE", False, "A-0000000C ROUTED", "nothing in flight")
changed = msgspec.structs.replace


def words(wire: Any) -> dict[str, list[str]]:
    return {
        "close": ["close", wire.P],
        "part": ["close", wire.P, "--part", "50%"],
        "modify": ["modify", wire.P, "--stop", "1.08200"],
        "cancel": ["cancel", wire.RESTING],
        "flatten": ["flatten"],
    }


SAID = {
    "close": ("all 0.10 lots of BUY EURUSD", "+3.20 USD at 1.08377, 400 ms old, swap -0.10 USD, before commission"),
    "part": (
        "0.05 of 0.10 lots",
        "0.05 stays open",
        "10.25 USD at the stop = 0.103 % of min",
        "as it stands 20.50 USD",
    ),
    "modify": ("stop 1.08140 -> 1.08200, target 1.08740", "price   now 1.08377", "14.50 USD at the stop"),
    "cancel": ("price   now 1.08377", "20.00 USD of it is free then"),
    "flatten": ("+3.20 USD at 1.08377",),
}


@pytest.mark.parametrize("name", SAID)
def test_a_dry_run_says_lots_and_money_and_sends_nothing(name: str, fake: Any, hydractl: Any, wire: Any) -> None:
    done = hydractl(*words(wire)[name], "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "nothing was sent: would be ROUTED to sim-1" in done.stdout
    for said in SAID[name]:
        assert said in done.stdout
    assert [body.dry_run for body in fake.bodies(words(wire)[name][0])] == [True]


QUESTIONS = {
    "close": "[PAPER] close all of {P}?",
    "part": "[PAPER] close 0.05 of {P}, 0.05 stays open?",
    "modify": "[PAPER] set stop 1.08200, target as it is of {P}?",
    "cancel": "[PAPER] cancel {O}?",
    "flatten": "[PAPER] close all of {P}?",
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_was_shown_is_asked_for_and_sent(name: str, fake: Any, environ: dict[str, str], wire: Any) -> None:
    verb = words(wire)[name]
    code, shown = on_a_terminal(verb, environ, "y\n")
    assert code == 0, shown
    assert QUESTIONS[name].format(P=wire.P, O=wire.RESTING) in shown
    assert [body.dry_run for body in fake.bodies(verb[0])] == [True, False]
    if name == "part":
        assert fake.bodies("close")[-1].part == "0.05"  # the lots that were shown, not half of what is there by then
    fake.calls.clear()
    assert on_a_terminal(verb, environ, "n\n")[0] == 1
    assert [body.dry_run for body in fake.bodies(verb[0])] == [True]


def test_with_a_key_of_ones_own_the_words_stay_what_they_are(fake: Any, environ: dict[str, str], wire: Any) -> None:
    assert on_a_terminal([*words(wire)["part"], "--key", "k"], environ, "y\n")[0] == 0
    assert fake.bodies("close")[-1].part == "50%"


def refusing(wire: Any, *rows: Any, code: str | None = None, **changes: Any) -> Any:
    """A daemon whose dry runs have these acts."""
    error = Problem(code, "said by the daemon", None, {}) if code else None

    def script(call: Any) -> Any:
        if getattr(call.body, "dry_run", False):
            return wire.answer(call, data=wire.dry(*rows, **changes), error=error)
        return wire.answer(call)

    return script


@pytest.mark.parametrize("name", SAID)
def test_what_would_be_denied_is_not_asked_for(name: str, fake: Any, environ: dict[str, str], wire: Any) -> None:
    verb = words(wire)[name]
    row = changed(
        wire.REDUCES[verb[0]], codes=("POSITION_STATE",), failed=(BUSY,), would="would be DENIED: POSITION_STATE"
    )
    fake.script = refusing(wire, row, code="DENIED")
    code, shown = on_a_terminal(verb, environ, "y\n")
    assert code == 6
    assert "?" not in shown.split("y/N")[0] and "A-0000000C ROUTED, limit nothing in flight" in shown
    assert all(body.dry_run for body in fake.bodies(verb[0]))
    assert on_a_terminal([*verb, "--dry-run"], environ)[0] == 6


def test_what_the_broker_would_refuse_is_said_and_asked_for(fake: Any, environ: dict[str, str], wire: Any) -> None:
    would = "would be ROUTED to sim-1, and REJECTED as the broker's terms stand: STOPS_LEVEL"
    fake.script = refusing(wire, changed(wire.MOVED, expects=(LEVEL,), would=would))
    code, shown = on_a_terminal(words(wire)["modify"], environ, "y\n")
    assert code == 0
    assert "the broker would refuse it as its terms stand: STOPS_LEVEL" in shown and "9 points, limit 10" in shown
    assert on_a_terminal([*words(wire)["modify"], "--dry-run"], environ)[0] == 13


def test_who_may_only_look_is_not_asked(fake: Any, environ: dict[str, str], wire: Any) -> None:
    role = CheckRow("ROLE", False, "viewer", "trader")
    fake.script = refusing(wire, changed(wire.REDUCE, codes=("ROLE",), failed=(role,)), code="FORBIDDEN")
    code, shown = on_a_terminal(words(wire)["close"], environ, "y\n")
    assert code == 4 and "FORBIDDEN" in shown and "+3.20 USD" in shown
    assert all(body.dry_run for body in fake.bodies("close"))


def test_where_nothing_is_open_nothing_is_asked(fake: Any, environ: dict[str, str], wire: Any) -> None:
    fake.script = refusing(wire)
    code, shown = on_a_terminal(["flatten"], environ, "y\n")
    assert code == 0 and "nothing was sent: nothing is open" in shown
    fake.script = refusing(wire, stays=(wire.F,))
    code, shown = on_a_terminal(["flatten"], environ, "y\n")
    assert code == 7 and f"may open yet, and is not cancelled by this: {wire.F}" in shown


def test_several_are_summed_by_currency(fake: Any, hydractl: Any, wire: Any) -> None:
    other = changed(wire.REDUCE, money="-5.20", account="paper-2")
    unknown = changed(wire.REDUCE, money=None, price=None, price_age_s=None)
    denied = changed(wire.REDUCE, money="100.00", codes=("TERMINAL_LINK",))
    fake.script = refusing(
        wire, wire.REDUCE, other, unknown, denied, code="PARTLY", would="3 of 4 would be sent, 1 DENIED"
    )
    done = hydractl("flatten", "--dry-run")
    assert done.returncode == 7
    assert "money   -2.00 USD now, of 2; of 1 more it is not known" in done.stdout


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"stop": None, "risk_money": None}, "NO STOP: not bounded; as it stands 20.50 USD"),
        ({"risk_money": None}, "not known; as it stands 20.50 USD"),
        ({"risk_percent": None, "risk_was_money": None}, "14.50 USD at the stop"),
    ],
)
def test_a_risk_is_never_made_up(row: dict[str, Any], said: str, wire: Any) -> None:
    assert reducing._risk_words(changed(wire.MOVED, **row)) == said


@pytest.mark.parametrize(
    ("was", "now", "stop", "said"),
    [
        ("40.21", "81.48", "1.08000", "RISK DOUBLES: 81.48 USD at the new stop, from 40.21 USD"),
        ("40.21", "40.22", "1.08000", "RISK RISES: 40.22 USD at the new stop, from 40.21 USD"),
        ("10.00", "35.00", "1.08000", "RISK x3.5: 35.00 USD at the new stop, from 10.00 USD"),
        ("-5.00", "3.00", "1.08000", "RISK RISES: 3.00 USD at the new stop, from -5.00 USD"),
        ("40.21", None, None, "RISK WITHOUT BOUND, from 40.21 USD: no stop would stand"),
        ("40.21", None, "1.08000", ""),
        ("40.21", "40.21", "1.08000", ""),
        ("40.21", "12.00", "1.08000", ""),
        (None, "12.00", "1.08000", ""),
        ("-5.00", "-2.00", "1.08300", ""),
    ],
)
def test_a_wider_stop_says_first_that_the_risk_rises(
    was: str | None, now: str | None, stop: str | None, said: str, wire: Any
) -> None:
    row = changed(wire.MOVED, risk_was_money=was, risk_money=now, stop=stop)
    assert reducing.rise_words(row) == said
    assert reducing.rise_words(changed(row, act="PART_CLOSE")) == ""


@pytest.mark.parametrize("count", [1, 2])
def test_a_rise_stands_before_what_is_asked(count: int, fake: Any, hydractl: Any, wire: Any) -> None:
    row = changed(wire.MOVED, risk_was_money="40.21", risk_money="81.48")
    data = wire.dry(*(row,) * count)
    fake.script = lambda call: wire.answer(call, data=data) if wire.verb_of(call) == "modify" else wire.answer(call)
    shown = hydractl(*words(wire)["modify"], "--dry-run").stdout
    assert shown.count("RISK DOUBLES") == count
    assert count > 1 or shown.index("RISK DOUBLES") < shown.index("modify ")
