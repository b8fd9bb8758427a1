"""How arming, what it rests on, and answers that are kept change durable state. Only `fold` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Answered, SelfTest, State

ANSWERS_MAX = 1_000


def _self_test(state: State, record: Record, body: r.SelfTestTold) -> None:
    state.self_tests[body.server] = SelfTest(body.terminal, body.server, body.build, body.passed, body.at_ns)


def _drilled(state: State, record: Record, body: r.HaltDrilled) -> None:
    """Each account gets the answers of its own terminals."""
    for account in state.accounts.values():
        if body.account in ("", account.name):
            account.drill_ns = record.at_ns
            account.drill = tuple(
                (row.terminal, row.ms)
                for row in body.terminals
                if row.terminal in state.terminals and state.terminals[row.terminal].account == account.name
            )


def _armed(state: State, record: Record, body: r.AccountArmed) -> None:
    account = state.accounts[body.account]
    account.armed, account.armed_fills = True, 0


def _disarmed(state: State, record: Record, body: r.AccountDisarmed) -> None:
    state.accounts[body.account].armed = False


def _answered(state: State, record: Record, body: r.RequestAnswered) -> None:
    state.answers[(record.actor, body.key)] = Answered(body.asked, body.schema, body.data, body.problem)
    while len(state.answers) > ANSWERS_MAX:
        del state.answers[next(iter(state.answers))]


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.SelfTestTold: _self_test,
    r.HaltDrilled: _drilled,
    r.AccountArmed: _armed,
    r.AccountDisarmed: _disarmed,
    r.RequestAnswered: _answered,
}
