"""The unix socket as clients meet it: framing, limits, who is calling, and being cut off."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hydrad.control.client import CALLS_IN_FLIGHT_MAX
from hydrad.control.handler import Peer, Reply
from hydrad.control.server import ControlServer, SocketTaken
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.calls import PROTOCOL, Accounts, Call, Status, Tail
from hydrad.wire.codec import FRAME_BYTES_MAX, Framer, decode_answer, encode_answer, encode_call, frame

DAEMON = DaemonInfo("0.1.0", PROTOCOL, "test", "paper")
TS = "2014-05-02T12:30:00.000Z"


def answer(data: object = None, *, more: bool = False) -> Answer:
    return Answer("hydra.test/v1", True, TS, DAEMON, data, more=more)


class Desk:
    """A handler: `accounts` is answered with the peer, all else is kept."""

    def __init__(self) -> None:
        self.kept: list[tuple[Peer, Call, Reply]] = []
        self.left: list[Peer] = []

    def call(self, peer: Peer, call: Call, reply: Reply) -> None:
        if isinstance(call.body, Accounts):
            reply.send(answer({"uid": peer.uid, "pid": peer.pid, "connection": peer.connection}))
        else:
            self.kept.append((peer, call, reply))

    def gone(self, peer: Peer) -> None:
        self.left.append(peer)

    def problem(self, problem: Problem) -> Answer:
        return Answer("hydra.error/v1", False, TS, DAEMON, error=problem)


class Caller:
    """A client that speaks in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._framer = Framer()
        self._answers: list[Answer] = []

    async def next(self) -> Answer:
        while not self._answers:
            data = await asyncio.wait_for(self.reader.read(65536), 10)
            if not data:
                raise EOFError
            self._answers += [decode_answer(payload) for payload in self._framer.feed(data)]
        return self._answers.pop(0)

    async def ended(self) -> bool:
        """True when the server hangs up without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(65536), 10) == b""
        except ConnectionResetError:
            return True

    def call(self, number: int, body: object) -> None:
        self.writer.write(encode_call(Call(PROTOCOL, number, body)))  # type: ignore[arg-type]


class Office:
    """A running server."""

    def __init__(self, path: Path, server: ControlServer, desk: Desk) -> None:
        self.path, self.server, self.desk = path, server, desk

    async def caller(self) -> Caller:
        return Caller(*await asyncio.open_unix_connection(self.path))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


def run(tmp_path: Path, scenario: Callable[[Office], Awaitable[None]], **limits: int) -> None:
    async def body() -> None:
        desk = Desk()
        server = ControlServer(tmp_path / "control.sock", desk, **limits)
        await server.start()
        try:
            await scenario(Office(tmp_path / "control.sock", server, desk))
        finally:
            await server.close()
        assert not (tmp_path / "control.sock").exists()

    asyncio.run(body())


def test_the_kernel_says_who_calls(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(5, Accounts())
        got = await caller.next()
        assert (got.id, got.more) == (5, False)
        assert got.data == {"uid": os.getuid(), "pid": os.getpid(), "connection": 1}

    run(tmp_path, scenario)


def test_only_owner_and_group_may_connect(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        assert stat.S_IMODE(office.path.stat().st_mode) == 0o660

    run(tmp_path, scenario)


def test_calls_arrive_byte_by_byte_and_many_at_once(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        for byte in encode_call(Call(PROTOCOL, 1, Accounts())):
            caller.writer.write(bytes([byte]))
            await caller.writer.drain()
            await asyncio.sleep(0)
        assert (await caller.next()).id == 1
        for number in range(2, 52):
            caller.call(number, Accounts())
        assert [(await caller.next()).id for _ in range(50)] == list(range(2, 52))

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("sent", "code", "words"),
    [
        ((FRAME_BYTES_MAX + 1).to_bytes(4, "big"), "USAGE", "at most"),
        (frame(b"\xc1garbage"), "USAGE", ""),
        (frame(b""), "USAGE", ""),
        (frame(b"\x83\xa8protocol\x01\xa2id\x07\xa4body\x81\xa4verb\xa4nope"), "USAGE", "nope"),
        (frame(b"\x82\xa8protocol\x63\xa2id\x07"), "PROTOCOL", "99"),
    ],
    ids=["oversize", "garbage", "empty", "unknown verb", "other protocol"],
)
def test_a_bad_message_is_answered_and_hung_up_on(tmp_path: Path, sent: bytes, code: str, words: str) -> None:
    async def scenario(office: Office) -> None:
        other, caller = await office.caller(), await office.caller()
        caller.writer.write(sent)
        got = await caller.next()
        assert got.error is not None
        assert (got.ok, got.error.code) == (False, code)
        assert words in got.error.message
        assert await caller.ended()
        other.call(1, Accounts())
        assert (await other.next()).ok

    run(tmp_path, scenario)


def test_nothing_after_a_bad_message_is_heard(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.writer.write(frame(b"\xc1") + encode_call(Call(PROTOCOL, 1, Status())))
        await caller.next()
        assert await caller.ended()
        assert office.desk.kept == []

    run(tmp_path, scenario)


def test_a_call_takes_answers_until_the_last_one(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(9, Tail())
        await until(lambda: office.desk.kept)
        reply = office.desk.kept[0][2]
        assert reply.call_id == 9
        assert reply.send(answer("first", more=True))
        event = Answer("hydra.event/v1", True, TS, DAEMON, "encoded", id=9, more=True)
        assert reply.send_bytes(encode_answer(event))
        assert reply.send(answer("last"))
        assert not reply.send(answer("too many"))
        assert not reply.send_bytes(encode_answer(event))
        got = [await caller.next() for _ in range(3)]
        assert [(a.data, a.id, a.more) for a in got] == [
            ("first", 9, True),
            ("encoded", 9, True),
            ("last", 9, False),
        ]
        caller.call(9, Accounts())
        assert (await caller.next()).ok

    run(tmp_path, scenario)


def test_calls_in_flight_are_limited_and_their_ids_are_unique(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        for number in range(CALLS_IN_FLIGHT_MAX):
            caller.call(number, Status())
        caller.call(3, Status())
        caller.call(1000, Status())
        twice, many = await caller.next(), await caller.next()
        assert twice.error is not None
        assert many.error is not None
        assert (twice.id, twice.error.code) == (3, "USAGE")
        assert (many.id, many.error.code) == (1000, "USAGE")
        assert office.desk.kept[3][2].send(answer("three"))
        assert (await caller.next()).data == "three"
        caller.call(1000, Accounts())
        assert (await caller.next()).ok

    run(tmp_path, scenario)


def test_an_answer_too_large_for_a_message_becomes_an_error(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(4, Status())
        await until(lambda: office.desk.kept)
        assert office.desk.kept[0][2].send(answer("x" * (FRAME_BYTES_MAX + 1)))
        got = await caller.next()
        assert got.error is not None
        assert (got.id, got.error.code, got.error.hint) == (4, "FAILED", "ask for fewer rows")

    run(tmp_path, scenario)


def test_a_client_that_leaves_is_told_of_once_and_takes_nothing_more(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(1, Tail(follow=True))
        await until(lambda: office.desk.kept)
        peer, _, reply = office.desk.kept[0]
        caller.writer.close()
        await until(lambda: office.desk.left)
        assert office.desk.left == [peer]
        assert not reply.send(answer())
        assert not reply.send_bytes(b"x")
        assert reply.ready(lambda: None)

    run(tmp_path, scenario)


def test_a_reader_that_lags_is_cut_off_and_nobody_else(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        slow, good = await office.caller(), await office.caller()
        slow.call(1, Tail(follow=True))
        await until(lambda: office.desk.kept)
        reply = office.desk.kept[0][2]
        sent = 0
        while reply.send(answer("x" * 100_000, more=True)):
            sent += 1
            assert sent < 1000
        assert sent * 100_000 > 4 << 20
        assert not reply.send(answer())
        await until(lambda: office.desk.left)
        good.call(1, Accounts())
        assert (await good.next()).ok

    run(tmp_path, scenario)


def test_a_stream_is_told_when_to_wait_and_when_to_go_on(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(1, Tail(follow=True))
        await until(lambda: office.desk.kept)
        reply = office.desk.kept[0][2]
        resumed: list[int] = []
        sent = 0
        while reply.ready(lambda: resumed.append(1)):
            assert reply.send(answer("x" * 50_000, more=True))
            sent += 1
            assert sent < 100
        assert resumed == []
        for _ in range(sent):
            await caller.next()
        await until(lambda: resumed)
        assert resumed == [1]
        assert reply.ready(lambda: None)

    run(tmp_path, scenario)


def test_one_client_too_many_is_told_so(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        callers = [await office.caller() for _ in range(3)]
        for number, caller in enumerate(callers):
            caller.call(number, Accounts())
            assert (await caller.next()).ok
        refused = await office.caller()
        refused.call(1, Accounts())
        got = await refused.next()
        assert got.error is not None
        assert "too many clients" in got.error.message
        assert await refused.ended()
        callers[0].writer.close()
        await until(lambda: office.server.clients == 2)
        assert len(office.desk.left) == 1
        another = await office.caller()
        another.call(1, Accounts())
        assert (await another.next()).ok

    run(tmp_path, scenario, clients_max=3)


def test_sixty_four_clients_at_once(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        callers = [await office.caller() for _ in range(64)]
        for caller in callers:
            caller.call(1, Accounts())
        connections = {(await caller.next()).data["connection"] for caller in callers}
        assert len(connections) == 64

    run(tmp_path, scenario)


def test_closing_lets_the_last_answer_out(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller, idle = await office.caller(), await office.caller()
        caller.call(1, Status())
        await until(lambda: office.desk.kept)
        assert office.desk.kept[0][2].send(answer("x" * 900_000))
        closing = asyncio.ensure_future(office.server.close())
        assert (await caller.next()).data == "x" * 900_000
        await closing
        assert await caller.ended()
        assert await idle.ended()
        assert office.server.clients == 0

    run(tmp_path, scenario)


def test_closing_waits_a_second_for_a_client_that_does_not_read(tmp_path: Path) -> None:
    async def scenario(office: Office) -> None:
        caller = await office.caller()
        caller.call(1, Tail(follow=True))
        await until(lambda: office.desk.kept)
        reply = office.desk.kept[0][2]
        for _ in range(20):
            assert reply.send(answer("x" * 100_000, more=True))
        await asyncio.wait_for(office.server.close(), 10)
        assert office.server.clients == 0
        assert len(office.desk.left) == 1

    run(tmp_path, scenario)


def test_a_stale_file_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def scenario(office: Office) -> None:
        with pytest.raises(SocketTaken, match="another process"):
            await ControlServer(office.path, Desk()).start()
        caller = await office.caller()
        caller.call(1, Accounts())
        assert (await caller.next()).ok

    run(tmp_path, scenario)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("mine")
    with pytest.raises(SocketTaken, match="no socket"):
        asyncio.run(ControlServer(path, Desk()).start())
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(ControlServer(tmp_path / "no" / "control.sock", Desk()).start())


def test_a_file_that_another_server_took_over_is_not_removed(tmp_path: Path) -> None:
    async def body() -> None:
        path = tmp_path / "control.sock"
        first, second = ControlServer(path, Desk()), ControlServer(path, Desk())
        await first.start()
        path.unlink()
        await second.start()
        await first.close()
        assert path.exists()
        await second.close()
        await second.close()

    asyncio.run(body())
