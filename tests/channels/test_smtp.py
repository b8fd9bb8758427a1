"""Letters through a real SMTP server: encrypted or not at all, and what each of its answers means."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from hydrad.channels.carrying import Carried, Watched
from hydrad.channels.smtp import LATER_S, NEVER_S, Setup, Smtp
from hydrad.channels.threads import Threads
from hydrad.host.secrets import Secret
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.outcomes import Lost, Outcome, Refused, Rejected, Sent, Throttled
from hydrad.outbox.store import Row
from tests.channels.mailroom import PASSWORD, TOKENS, USER, Mailroom

NOW_NS = 1_900_000_000_000_000_000


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    TOKENS.cert_pem.write_to_path(str(path))
    return str(path)


def row(text: str = "TERMINAL_LOST t1\n.hidden dot\nlast", to: str = "ann@example.org") -> Row:
    return Row(1, Letter(key="k1", channel=Channel.EMAIL, to=to, priority=Priority.ALARM, text=text), None, 0)


def setup(port: int, ca: str, **fields: Any) -> Setup:
    made: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "starttls", "sender": "hydra@example.org"}
    made |= {"home": "desk", "user": USER, "password": Secret(PASSWORD), "ca_file": ca}
    return Setup(**{**made, **fields})


@asynccontextmanager
async def mailroom(**fields: Any) -> AsyncIterator[Mailroom]:
    room = await Mailroom(**fields).open()
    try:
        yield room
    finally:
        await room.close()


async def carried(made: Setup, letter: Row | None = None, whole_s: float = 20.0) -> Carried:
    smtp = Smtp(made, lambda: NOW_NS, Threads("email", whole_s))
    try:
        return await smtp.carry(letter or row())
    finally:
        smtp.close()


def go(
    ca: str, room: dict[str, Any] | None = None, letter: Row | None = None, **fields: Any
) -> tuple[Carried, Mailroom]:
    async def both() -> tuple[Carried, Mailroom]:
        async with mailroom(**(room or {})) as opened:
            made = setup(opened.port, ca, **fields)
            return await carried(made, letter), opened

    return asyncio.run(both())


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_it_arrives_as_it_was_written(ca: str, security: str) -> None:
    login = security != "none"
    got, room = go(ca, {"security": security, "login": login}, security=security, user=USER if login else "")
    assert got == Carried(Sent())
    (mail,) = room.mails()
    part = mail.get_body()
    assert part is not None and part.get_content().replace("\r\n", "\n") == "TERMINAL_LOST t1\n.hidden dot\nlast\n"
    (envelope,) = room.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hydra@example.org", ["ann@example.org"])


def test_nothing_leaves_where_the_server_does_not_encrypt(ca: str) -> None:
    got, room = go(ca, {"security": "none", "login": False})
    assert isinstance(got.outcome, Lost) and not got.outcome.reached and "STARTTLS" in got.why
    assert room.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_another_authority_or_another_name_is_not_talked_to(ca: str, tmp_path: Path, security: str) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for room, trusted in (({}, str(other)), ({"names": ("mail.example.org",)}, ca)):
        got, opened = go(trusted, {"security": security, **room}, security=security)
        assert isinstance(got.outcome, Lost) and not got.outcome.reached and "certificate" in got.why.lower()
        assert opened.taken == []


def test_a_wrong_password_is_said_without_it(ca: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        got, _ = go(ca, password=Secret("canary-wrong-password"))
    assert isinstance(got.outcome, Lost) and not got.outcome.reached and "535" in got.why
    assert "canary" not in got.why + caplog.text
    assert "canary" not in repr(setup(1, ca))


@pytest.mark.parametrize(
    ("room", "outcome"),
    [
        ({"rcpt": ["450 greylisted"]}, Throttled(LATER_S)),
        ({"text": ["451 try later"]}, Throttled(LATER_S)),
        ({"text": ["554 this is spam"]}, Rejected("the server says 554 this is spam", NEVER_S)),
    ],
)
def test_what_the_server_does_not_take_is_tried_again(ca: str, room: dict[str, Any], outcome: Outcome) -> None:
    got, _ = go(ca, room)
    assert got.outcome == outcome and got.why.startswith("the server says ")


def test_one_address_that_is_rejected_says_nothing_against_the_channel(ca: str) -> None:
    got, _ = go(ca, {"rcpt": ["550 no such user"]})
    assert got == Carried(Rejected("the server says 550 no such user", NEVER_S), "")


def test_an_address_that_is_none_is_refused_before_anything_is_sent(ca: str) -> None:
    got, room = go(ca, letter=row(to="a@example.org\r\nBcc: b@example.org"))
    assert isinstance(got.outcome, Refused) and room.taken == []


def test_no_answer_after_the_text_is_in_doubt(ca: str) -> None:
    async def held() -> Carried:
        async with mailroom(hold=True) as room:
            return await carried(setup(room.port, ca), whole_s=2.0)

    got = asyncio.run(held())
    assert isinstance(got.outcome, Lost) and got.outcome.reached and "too long" in got.why


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    got = asyncio.run(carried(setup(port, "")))
    assert isinstance(got.outcome, Lost) and not got.outcome.reached and "refused" in got.why


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        got = asyncio.run(carried(setup(silent.getsockname()[1], ""), whole_s=0.5))
    assert isinstance(got.outcome, Lost) and not got.outcome.reached and "too long" in got.why


def test_the_channel_is_said_to_fail_once_and_to_work_again_once(ca: str) -> None:
    said: list[str] = []

    async def twice() -> None:
        async with mailroom(rcpt=["450 later", "450 later"]) as room:
            smtp = Smtp(setup(room.port, ca), lambda: NOW_NS)
            watched = Watched(smtp, said.append)
            for _ in range(4):
                await watched.deliver(row())
            smtp.close()

    asyncio.run(twice())
    assert said == ["the server says 450 later", ""]


def test_after_a_new_start_the_first_success_ends_what_was_said_before(ca: str) -> None:
    said: list[str] = []

    async def once() -> None:
        async with mailroom() as room:
            smtp = Smtp(setup(room.port, ca), lambda: NOW_NS)
            await Watched(smtp, said.append).deliver(row())
            smtp.close()

    asyncio.run(once())
    assert said == [""]
