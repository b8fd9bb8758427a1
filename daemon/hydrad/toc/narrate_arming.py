"""Arming and what it rests on, and what waited before it changed, told to people. Only `narrate` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.toc.state import State

HALT_SCHEMA = "hydra.halt/v1"  # of a halt and of a resume
Told = tuple[str, tuple[str, ...], str]


def _self_test(state: State, b: r.SelfTestTold) -> Told:
    verdict = "passed" if b.passed else "FAILED"
    return f"self-test at {b.server}, build {b.build}: {verdict}, told by {b.terminal}", (), ""


def _drilled(state: State, b: r.HaltDrilled) -> Told:
    rows = (f"{row.terminal} {'NOT CONFIRMED' if row.ms is None else f'{row.ms} ms'}" for row in b.terminals)
    return f"halt drill of {b.account or 'everything'}: {', '.join(rows) or 'no terminal'}", (), ""


def _armed(state: State, b: r.AccountArmed) -> Told:
    return f"account {b.account} is armed", (), ""


def _disarmed(state: State, b: r.AccountDisarmed) -> Told:
    return f"account {b.account} is not armed any more: {b.why}", (), ""


def _timing(state: State, b: r.TimingChanged) -> Told:
    return f"timing changed: {b.why}", (), ""


def _plans(state: State, b: r.PlansChanged) -> Told:
    return f"named plans changed: {', '.join(b.plans) or 'none'}, {b.why}", (), ""


def _news_mode(state: State, b: r.NewsModeSet) -> Told:
    return f"news: mode {b.mode}, {b.why}", (), ""


def _answered(state: State, b: r.RequestAnswered) -> Told:
    if not b.schema:
        return "asked, its answer follows", (), ""
    if b.problem:
        problem = msgspec.json.decode(b.problem)
        return f"answered {problem['code']}: {problem['message']}", (), ""
    if b.schema != HALT_SCHEMA:
        return f"answered: done ({b.schema.removeprefix('hydra.').partition('/')[0]})", (), ""
    data = msgspec.json.decode(b.data)
    rows = data["terminals"]
    verified = sum(1 for row in rows if row["verified"])
    whose = f"account {data['account']}" if data["account"] else "everything"
    return f"answered: {whose} is {data['authority']}, verified at {verified} of {len(rows)} terminals", (), ""


TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.SelfTestTold: _self_test,
    r.HaltDrilled: _drilled,
    r.AccountArmed: _armed,
    r.AccountDisarmed: _disarmed,
    r.TimingChanged: _timing,
    r.RequestAnswered: _answered,
    r.PlansChanged: _plans,
    r.NewsModeSet: _news_mode,
}
