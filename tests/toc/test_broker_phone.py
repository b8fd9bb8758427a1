"""The broker's phone number: set by a commander, on the card, and in the alarm of a terminal that is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hydrad.toc import records as r
from hydrad.toc.alarm_texts import lost
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core, folded

NUMBERS = ["+44 20 7946 0000", "+44 (0)20 7946-0000 ext. 12", "020 7946.0000 x12", "112233", "(020) 7946/0000"]
HOSTILE = ["call me", "1", "+", "+44 20\n7946 0000", "+44 20 7946 0000; rm -rf", "<b>123456</b>", "1" * 80, " 123456"]


def code(reply: Any) -> str:
    return reply.problem.code if reply.problem else ""


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_journaled_once_shown_and_taken_away(core: Core, number: str) -> None:
    for _ in range(2):
        reply = core.ask(calls.AccountPhone("alpha", number))
        assert code(reply) == "" and reply.data.phone == number
    told = [record for record in core.records if record.type == "BROKER_PHONE_SET"]
    assert [r.decode(record.type, record.body) for record in told] == [r.BrokerPhoneSet("alpha", number)]
    assert folded(core.records).accounts["alpha"].phone == number
    assert core.ask(calls.AccountPhone("alpha", "")).data.phone is None


@pytest.mark.parametrize("number", HOSTILE)
def test_what_is_no_number_is_refused(core: Core, number: str) -> None:
    assert code(core.ask(calls.AccountPhone("alpha", number))) == "USAGE"
    assert code(core.ask(calls.TerminalEnroll("t9", "other", 9, "Sim", phone=number), extra="key")) == "USAGE"
    assert core.state.accounts["alpha"].phone == "" and "other" not in core.state.accounts


def test_an_enrolment_sets_it_and_one_without_leaves_it(core: Core) -> None:
    first = calls.TerminalEnroll("t8", "other", 9, "Sim", phone=NUMBERS[0])
    assert code(core.ask(first, extra="key8")) == ""
    assert code(core.ask(calls.TerminalEnroll("t9", "other", 9, "Sim"), extra="key9")) == ""
    assert core.state.accounts["other"].phone == NUMBERS[0]
    assert code(core.ask(calls.AccountPhone("nobody", NUMBERS[0]), BOSS)) == "NOT_FOUND"


def test_a_lost_terminal_says_it_or_how_it_is_set(make: Callable[..., Core]) -> None:
    core = make()
    core.connect()
    core.filled()
    core.wait(12_000, every_ms=1_000, beat=())
    assert "TERMINAL_LOST" in core.alarms()
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    assert "phone not known (hydractl account phone alpha NUMBER), server Sim, login" in lost(turn, "t1")[-1]
    core.ask(calls.AccountPhone("alpha", NUMBERS[0]))
    assert f"phone {NUMBERS[0]}, server Sim, login" in lost(turn, "t1")[-1]
