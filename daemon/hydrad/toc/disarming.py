"""What ends a live account's use: a person at once, another account behind its terminal, a self-test that failed."""

from __future__ import annotations

from hydrad.toc import changes
from hydrad.toc import records as r
from hydrad.toc.turn import Turn


def subject(account: str) -> str:
    """What a change that would arm it is about."""
    return f"arm {account}"


def broker_of(server: str) -> str:
    """Brokers name their servers `Broker-Kind`: the part that a demo and a live server share."""
    return server.partition("-")[0].casefold()


def disarm(turn: Turn, account: str, why: str) -> None:
    """At once, whoever or whatever wants it; what waits to arm it is void too."""
    changes.void(turn, subject(account), why)
    if turn.state.accounts[account].armed:
        turn.emit(r.AccountDisarmed(account, why))


def self_test_told(turn: Turn, terminal: str, server: str, build: int, passed: bool, at_ns: int) -> None:
    """A terminal's newest report; told again it writes nothing. One that failed disarms the broker's accounts."""
    known = turn.state.self_tests.get(server)
    if known is not None and known.at_ns >= at_ns:
        return
    turn.emit(r.SelfTestTold(terminal, server, build, passed, at_ns))
    for account in turn.state.accounts.values():
        if not passed and account.armed and broker_of(account.server) == broker_of(server):
            disarm(turn, account.name, f"the self-test at {server} failed")
