"""Who follows the journal is told what is durable while they have a role, and once that they have none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from hydrad.control.handler import Peer, Reply
from hydrad.surface.following import Followers
from hydrad.toc.record import Record
from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.codes import ErrorCode
from tests.toc.conftest import Core

ANN = Peer(uid=1001, pid=1, connection=1)


class Daemon:
    """What following asks of the daemon."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = core.state

    @property
    def journal_seq(self) -> int:
        return len(self.core.records)

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return self.core.records[after_seq : after_seq + limit]


class Heard:
    """The way back to a client; it takes everything at once."""

    call_id = 7

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def send(self, answer: Answer) -> bool:
        self.answers.append(answer)
        return True

    def send_bytes(self, data: bytes) -> bool:
        raise AssertionError("not used")

    def ready(self, resume: Callable[[], None]) -> bool:
        return True

    def problems(self) -> list[str]:
        return [answer.error.message for answer in self.answers if answer.error]


def envelope(schema: str, data: object, problem: Problem | None, more: bool = False) -> Answer:
    return Answer(schema, problem is None, "", DaemonInfo("0", 1, "", "paper"), data, error=problem, more=more)


def refuse(reply: Reply, verb: calls.Tail, code: ErrorCode, text: str) -> None:
    reply.send(envelope("hydra.event/v1", None, Problem(code.value, text)))


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    core = make()
    core.connect()
    assert core.ask(calls.OperatorAdd("ann", "viewer", f"uid:{ANN.uid}", policy="full")).problem is None
    return core


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_one_who_is_suspended_is_told_so_once_and_nothing_more(core: Core) -> None:
    async def story() -> None:
        followers, heard = Followers(cast(Any, Daemon(core)), envelope, refuse), Heard()
        followers.follow(ANN, calls.Tail(follow=True, last=1), heard)
        await turns()
        core.mission()
        followers.published(len(core.records))
        await turns()
        before = len(heard.answers)
        assert before > 1 and heard.problems() == []
        assert core.ask(calls.OperatorSuspend("ann")).problem is None
        for _ in range(2):
            core.mission()
            followers.published(len(core.records))
            await turns()
        assert heard.problems() == ["uid:1001 has no role any more"] and len(heard.answers) == before + 1
        followers.keep_alive()
        assert len(heard.answers) == before + 1

    asyncio.run(story())


def test_one_who_has_left_is_told_nothing(core: Core) -> None:
    async def story() -> None:
        followers, heard = Followers(cast(Any, Daemon(core)), envelope, refuse), Heard()
        followers.follow(ANN, calls.Tail(follow=True, last=1), heard)
        await turns()
        followers.gone(ANN.connection)
        before = len(heard.answers)
        core.mission()
        followers.published(len(core.records))
        followers.keep_alive()
        await turns()
        assert len(heard.answers) == before

    asyncio.run(story())
