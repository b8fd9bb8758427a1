"""flatten and adopt at the shell: what is asked, what is sent, what the exit code says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.wire.answers import Problem


@pytest.mark.parametrize(
    "words",
    [
        ["flatten"],
        ["flatten", "--foreign", "--yes"],
        ["flatten", "--account", "a", "--foreign", "--yes"],
        ["flatten", "--account", "a", "--yes-foreign", "b", "--yes"],
        ["adopt", "123", "--account", "a", "--stop", "1.1"],
        ["adopt", "abc", "--account", "a", "--stop", "1.1", "--yes"],
        ["adopt", "123", "--account", "a", "--yes"],
    ],
)
def test_without_a_clear_word_nothing_is_sent(words: list[str], fake: Any, hydractl: Any) -> None:
    done = hydractl(*words)
    assert done.returncode == 2, done.stderr
    assert fake.bodies("flatten") == fake.bodies("adopt") == []


def test_the_accounts_name_travels_with_strangers(fake: Any, hydractl: Any) -> None:
    done = hydractl("flatten", "--account", "paper-1", "--yes-foreign", "paper-1", "--symbol", "EURUSD", "--yes")
    assert done.returncode == 0, done.stderr
    (body,) = fake.bodies("flatten")
    assert (body.account, body.foreign, body.symbol) == ("paper-1", "paper-1", "EURUSD")


def test_flatten_leaves_strangers_unless_they_are_named(fake: Any, hydractl: Any) -> None:
    assert hydractl("flatten", "--yes").returncode == 0
    assert fake.bodies("flatten")[0].foreign is None


def test_one_line_a_position_and_7_for_some(fake: Any, hydractl: Any, wire: Any) -> None:
    """One closed, one denied: partly."""
    done_act = msgspec.structs.replace(wire.ACT, id=wire.A, kind="CLOSE", state="DONE")
    denied = msgspec.structs.replace(done_act, state="DENIED", verdict="DENIED by us: POSITION_STATE")
    data = msgspec.structs.replace(wire.FIRE, act=done_act, acts=(done_act, denied), order=None, checks=())
    fake.script = lambda call: wire.answer(call, data=data) if wire.verb_of(call) == "flatten" else wire.answer(call)
    told = hydractl("flatten", "--yes")
    assert told.returncode == 7
    assert [line.split()[0] for line in told.stdout.splitlines() if "CLOSE" in line] == ["DONE", "DENIED"]
    data = msgspec.structs.replace(data, act=denied, acts=(denied,))
    assert hydractl("flatten", "--yes").returncode == 6


def test_closed_and_yet_not_flat_is_7(fake: Any, hydractl: Any, wire: Any) -> None:
    done_act = msgspec.structs.replace(wire.ACT, id=wire.A, kind="CLOSE", state="DONE")
    data = msgspec.structs.replace(wire.FIRE, act=done_act, acts=(done_act,), order=None, checks=())
    problem = Problem("PARTLY", f"not flat: may open yet: {wire.F}", None, {})
    fake.script = lambda call: (
        wire.answer(call, data=data, error=problem) if wire.verb_of(call) == "flatten" else wire.answer(call)
    )
    told = hydractl("flatten", "--yes")
    assert told.returncode == 7 and "not flat" in told.stderr


@pytest.mark.parametrize(
    ("kind", "order", "shown"),
    [
        ("PART_CLOSE", {"side": "SELL", "stop": None, "target": None}, "SELL 0.10 EURUSD MARKET, part close"),
        ("MODIFY", {"volume": "0.00", "target": None}, "EURUSD  stop 1.08140  target none"),
    ],
)
def test_what_reduces_shows_no_stop_and_no_risk(
    kind: str, order: dict[str, Any], shown: str, fake: Any, hydractl: Any, wire: Any
) -> None:
    """`stop NONE` and `risk not known` under a close that is done would alarm whoever reads them."""
    act = msgspec.structs.replace(wire.ACT, id=wire.A, kind=kind, state="DONE")
    view = msgspec.structs.replace(wire.ORDER, entry=None, collar=None, plan=(), **order)
    data = msgspec.structs.replace(wire.FIRE, act=act, acts=(act,), order=view, risk_money=None)
    fake.script = lambda call: wire.answer(call, data=data) if wire.verb_of(call) == "close" else wire.answer(call)
    told = hydractl("close", wire.P, "--yes")
    assert told.returncode == 0, told.stderr
    assert f"order   paper-1: {shown}\n" in told.stdout
    assert "NONE" not in told.stdout and "risk" not in told.stdout


def test_the_order_of_several_says_whose_it_is(fake: Any, hydractl: Any, wire: Any) -> None:
    first = msgspec.structs.replace(wire.ACT, id=wire.A, kind="CLOSE", state="DONE")
    data = msgspec.structs.replace(wire.FIRE, act=first, acts=(first, first))
    fake.script = lambda call: wire.answer(call, data=data) if wire.verb_of(call) == "flatten" else wire.answer(call)
    assert f"below are of {wire.A}" in hydractl("flatten", "--yes").stdout
