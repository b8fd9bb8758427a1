"""The bridge over real sockets: who gets in, as whom, and what happens to everything else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest
import zmq

from hydrad.bridge.bridge import QUEUE_FRAMES_MAX, Bridge
from hydrad.bridge.connections import CONNECTIONS_PER_KEY_MAX, Connections
from hydrad.bridge.reader import MESSAGES_PER_TURN_MAX
from hydrad.host.secrets import Secret
from hydrad.link.frames import (
    FRAME_BYTES_MAX,
    LINK_VERSION,
    BeatDown,
    DownFrame,
    Ready,
    UpFrame,
    Versions,
    Warn,
    decode_down,
    encode,
)

PATIENCE_S = 10.0
# Both ends see that the mechanisms differ; if the stranger hangs up first, the bridge sees a hand-shake cut short.
MISMATCH = {"stranger_mechanism", "stranger_handshake"}


def up(seq: int, session: int = 7) -> UpFrame:
    return UpFrame(LINK_VERSION, 1, session, seq, Ready())


def down(seq: int = 1) -> DownFrame:
    return DownFrame(LINK_VERSION, 1, 7, seq, BeatDown(123))


class Key:
    """A CURVE pair in Z85."""

    def __init__(self) -> None:
        public, secret = zmq.curve_keypair()
        self.public, self.secret = public.decode(), Secret(secret.decode())


class Yard:
    """A bridge on a loop of its own, and agents' sockets in another context."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.server = Key()
        self.frames: list[tuple[str, int, UpFrame]] = []
        self.bad: list[tuple[str, str, str]] = []
        self.bridge = Bridge(
            self.loop,
            "tcp://127.0.0.1:*",
            self.server.secret,
            self.server.public,
            lambda terminal, connection, frame: self.frames.append((terminal, connection, frame)),
            lambda kind, detail, terminal: self.bad.append((kind, detail, terminal)),
        )
        self.endpoint = self.bridge.start()
        self.context = zmq.Context()
        self.sockets: list[zmq.Socket[bytes]] = []
        self.key = Key()
        self.bridge.allow({self.key.public: "T1"})

    def agent(self, key: Key | None = None, **options: int | bytes) -> zmq.Socket[bytes]:
        """A DEALER with the bundle's keys; `options` by name."""
        key = key or self.key
        dealer = self.plain(**options)
        dealer.curve_serverkey = self.server.public.encode()
        dealer.curve_publickey = key.public.encode()
        dealer.curve_secretkey = key.secret.reveal().encode()
        dealer.connect(self.endpoint)
        return dealer

    def plain(self, **options: int | bytes) -> zmq.Socket[bytes]:
        dealer = self.context.socket(zmq.DEALER)
        dealer.linger = 0
        self.sockets.append(dealer)  # a socket without a reference is closed
        for name, value in options.items():
            dealer.setsockopt(getattr(zmq, name), value)
        return dealer

    def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Run the loop until the condition holds, or fail."""
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, (condition, self.bad, self.bridge.counters())
            self.loop.run_until_complete(asyncio.sleep(0.002))

    def kinds(self) -> set[str]:
        return {kind for kind, _, _ in self.bad}

    def close(self) -> None:
        self.bridge.close()
        self.context.destroy(linger=0)
        self.loop.close()


@pytest.fixture
def yard() -> Iterator[Yard]:
    made = Yard()
    yield made
    made.close()


def test_a_listed_key_is_its_terminal_and_gets_answers(yard: Yard) -> None:
    agent = yard.agent()
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    terminal, connection, frame = yard.frames[0]
    assert (terminal, frame) == ("T1", up(1))
    assert yard.bridge.send("T1", connection, down())
    yard.until(lambda: agent.poll(0))
    assert decode_down(agent.recv()) == down()
    counters = yard.bridge.counters()
    assert (counters["frames_in"], counters["frames_out"], counters["connections"]) == (1, 1, 1)
    assert yard.bad == []


def test_the_payload_has_no_say_in_who_speaks(yard: Yard) -> None:
    other = Key()
    yard.bridge.allow({yard.key.public: "T1", other.public: "T2"})
    yard.agent().send(encode(UpFrame(LINK_VERSION, 1, 7, 1, Warn("T2", "I am T2"))))
    yard.until(lambda: yard.frames)
    assert yard.frames[0][0] == "T1"


def test_a_stranger_s_key_meets_silence(yard: Yard) -> None:
    stranger = yard.agent(Key())
    stranger.send(encode(up(1)))
    yard.until(lambda: "stranger_key" in yard.kinds())
    assert yard.frames == []
    assert not stranger.poll(0)
    assert yard.bridge.counters()["bad_stranger_key"] >= 1


def test_null_meets_silence(yard: Yard) -> None:
    stranger = yard.plain()
    stranger.connect(yard.endpoint)
    stranger.send(encode(up(1)))
    yard.until(lambda: yard.kinds() & MISMATCH)
    assert yard.frames == []
    assert not stranger.poll(0)


def test_plain_meets_silence(yard: Yard) -> None:
    stranger = yard.plain()
    stranger.plain_username, stranger.plain_password = b"T1", b"let me in"
    stranger.connect(yard.endpoint)
    stranger.send(encode(up(1)))
    yard.until(lambda: yard.kinds() & MISMATCH)
    assert yard.frames == []
    assert not stranger.poll(0)


def test_another_server_s_key_meets_silence(yard: Yard) -> None:
    dealer = yard.plain()
    dealer.curve_serverkey = Key().public.encode()
    dealer.curve_publickey, dealer.curve_secretkey = yard.key.public.encode(), yard.key.secret.reveal().encode()
    dealer.connect(yard.endpoint)
    dealer.send(encode(up(1)))
    yard.until(lambda: yard.kinds() & {"stranger_protocol", "stranger_handshake"})
    assert yard.frames == []


def test_a_port_scan_disturbs_nobody(yard: Yard) -> None:
    host, port = yard.endpoint.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as scan:
        scan.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(100))
        yard.agent().send(encode(up(1)))
        yard.until(lambda: yard.frames and yard.bridge.counters()["disconnected"])
    assert all(kind.startswith("stranger_") for kind in yard.kinds())


def test_a_peer_that_hangs_up_in_the_hand_shake_is_counted(yard: Yard) -> None:
    host, port = yard.endpoint.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as scan:
        scan.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(15) + b"\0" + bytes(31))
    yard.until(lambda: "stranger_handshake" in yard.kinds())


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00", encode(up(1))[:-1], b"\xc1" * 50, bytes(FRAME_BYTES_MAX), bytes(FRAME_BYTES_MAX + 1)],
    ids=["empty", "zero", "truncated", "garbage", "zeros", "oversized"],
)
def test_bytes_that_are_no_frame_are_counted_and_the_next_one_passes(yard: Yard, payload: bytes) -> None:
    agent = yard.agent()
    agent.send(payload)
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    assert [(kind, terminal) for kind, _, terminal in yard.bad] == [("frame", "T1")]
    assert yard.bridge.counters()["bad_frame"] == 1


def test_an_agent_of_another_version_is_told_ours_in_its_session(yard: Yard) -> None:
    agent = yard.agent()
    agent.send(msgspec.msgpack.encode([2, 0, 77, 1, ["HELLO", {"all": "new"}]]))
    yard.until(lambda: agent.poll(0))
    answer = decode_down(agent.recv())
    assert (answer.session, answer.seq) == (77, 1)
    assert isinstance(answer.body, Versions) and (answer.body.lowest, answer.body.highest) == (1, 1)
    assert yard.bad == [("version", "2", "T1")] and yard.frames == []
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    assert yard.bridge.counters()["bad_version"] == 1


def test_the_largest_frame_passes(yard: Yard) -> None:
    base = len(encode(UpFrame(LINK_VERSION, 1, 7, 1, Warn("X", "x" * 60_000))))
    frame = UpFrame(LINK_VERSION, 1, 7, 1, Warn("X", "x" * (60_000 + FRAME_BYTES_MAX - base)))
    assert len(encode(frame)) == FRAME_BYTES_MAX
    yard.agent().send(encode(frame))
    yard.until(lambda: yard.frames)
    assert yard.frames[0][2] == frame


def test_a_message_far_above_the_limit_drops_its_peer_alone(yard: Yard) -> None:
    good, rude = yard.agent(), yard.agent()
    good.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    rude.send(bytes(10 * FRAME_BYTES_MAX))
    yard.until(lambda: yard.bridge.counters()["disconnected"])
    good.send(encode(up(2)))
    yard.until(lambda: len(yard.frames) == 2)
    assert [connection for _, connection, _ in yard.frames] == [1, 1]


def test_messages_of_several_parts_are_refused(yard: Yard) -> None:
    agent = yard.agent()
    agent.send_multipart([encode(up(1)), b"", encode(up(2))])
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    assert yard.bad == [("multipart", "3 parts", "T1")]


def test_a_routing_id_of_the_peer_s_choice_is_refused(yard: Yard) -> None:
    agent = yard.agent(ROUTING_ID=b"T2")
    agent.send(encode(up(1)))
    yard.until(lambda: yard.bad)
    assert (yard.bad[0][0], yard.bad[0][2], yard.frames) == ("routing_id", "T1", [])


def test_two_connections_of_one_key_have_two_numbers(yard: Yard) -> None:
    agents = [yard.agent(), yard.agent()]
    for session, agent in enumerate(agents, 1):
        agent.send(encode(up(1, session)))
    yard.until(lambda: len(yard.frames) == 2)
    numbers = {frame.session: number for _, number, frame in yard.frames}
    assert {terminal for terminal, _, _ in yard.frames} == {"T1"}
    assert set(numbers.values()) == {1, 2}
    for session, agent in enumerate(agents, 1):
        assert yard.bridge.send("T1", numbers[session], down(session))
        yard.until(lambda agent=agent: agent.poll(0))
        assert decode_down(agent.recv()).seq == session


def test_a_new_connection_has_a_new_number_and_the_old_one_is_gone(yard: Yard) -> None:
    agent = yard.agent()
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    agent.close(linger=0)
    yard.until(lambda: yard.bridge.counters()["disconnected"] == 1)
    yard.agent().send(encode(up(1)))
    yard.until(lambda: len(yard.frames) == 2)
    assert [number for _, number, _ in yard.frames] == [1, 2]
    yard.until(lambda: not yard.bridge.send("T1", 1, down()))
    assert yard.bridge.send("T1", 2, down())


def test_sends_to_nobody_and_to_another_s_connection_are_false(yard: Yard) -> None:
    other = Key()
    yard.bridge.allow({yard.key.public: "T1", other.public: "T2"})
    yard.agent().send(encode(up(1)))
    yard.until(lambda: yard.frames)
    assert not yard.bridge.send("T1", 99, down())
    assert not yard.bridge.send("T2", 1, down())
    assert yard.bridge.counters()["dropped_gone"] == 2
    assert yard.bridge.send("T1", 1, down())


def test_a_peer_that_does_not_read_fills_its_queue_and_no_more(yard: Yard) -> None:
    agent = yard.agent(RCVHWM=1)
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    welcome = DownFrame(LINK_VERSION, 1, 7, 1, BeatDown(1))
    sent = 0
    while yard.bridge.send("T1", 1, welcome):
        sent += 1
        assert sent < 10_000_000
    assert sent >= QUEUE_FRAMES_MAX
    assert yard.bridge.counters()["dropped_full"] == 1
    other = yard.agent()
    other.send(encode(up(1)))
    yard.until(lambda: len(yard.frames) == 2)
    assert yard.bridge.send("T1", 2, welcome)


def test_a_key_removed_at_run_time_is_silenced_and_refused(yard: Yard) -> None:
    agent = yard.agent()
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    yard.bridge.allow({})
    assert not yard.bridge.send("T1", 1, down())
    agent.send(encode(up(2)))
    yard.until(lambda: ("revoked", yard.key.public, "") in yard.bad)
    yard.agent().send(encode(up(1)))
    yard.until(lambda: "stranger_key" in yard.kinds())
    assert len(yard.frames) == 1


def test_a_key_added_at_run_time_gets_in_by_its_own_retry(yard: Yard) -> None:
    late = Key()
    agent = yard.agent(late)
    agent.send(encode(up(1)))
    yard.until(lambda: "stranger_key" in yard.kinds())
    yard.bridge.allow({yard.key.public: "T1", late.public: "T2"})
    agent = yard.agent(late)
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    assert yard.frames[0][0] == "T2"


def test_forgotten_connections_come_back_as_new_ones(yard: Yard) -> None:
    agent = yard.agent()
    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    yard.bridge.forget("T2", 1)
    assert yard.bridge.send("T1", 1, down())
    yard.bridge.forget("T1", 1)
    assert not yard.bridge.send("T1", 1, down())
    agent.send(encode(up(2)))
    yard.until(lambda: len(yard.frames) == 2)
    assert yard.frames[1][1] == 2


def test_a_flood_is_read_in_slices_and_whole(yard: Yard) -> None:
    agent = yard.agent()
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if len(yard.frames) < 2_000:
            yard.loop.call_soon(turn)

    agent.send(encode(up(1)))
    yard.until(lambda: yard.frames)
    yard.loop.call_soon(turn)
    for seq in range(2, 2_001):
        agent.send(encode(up(seq)))
        if seq % 200 == 0:
            yard.loop.run_until_complete(asyncio.sleep(0))
    yard.until(lambda: len(yard.frames) == 2_000)
    assert [frame.seq for _, _, frame in yard.frames] == list(range(1, 2_001))
    assert turns >= 2_000 // MESSAGES_PER_TURN_MAX


def test_frames_that_arrive_during_sends_are_not_left_waiting(yard: Yard) -> None:
    """Sends use up the edge of the socket's signal: each frame is answered by three, then silence."""
    yard.bridge.close()

    def answer(terminal: str, connection: int, frame: UpFrame) -> None:
        yard.frames.append((terminal, connection, frame))
        for _ in range(3):
            assert yard.bridge.send(terminal, connection, down())

    yard.bridge = Bridge(
        yard.loop,
        "tcp://127.0.0.1:0",
        yard.server.secret,
        yard.server.public,
        answer,
        lambda *what: yard.bad.append(what),
    )
    yard.endpoint = yard.bridge.start()
    yard.bridge.allow({yard.key.public: "T1"})
    agent = yard.agent()
    for seq in range(1, 301):
        agent.send(encode(up(seq)))
        yard.until(lambda seq=seq: len(yard.frames) == seq)
        while agent.poll(0):
            agent.recv()
    assert yard.bad == []


def test_an_address_in_use_and_an_unnamed_host_are_errors(yard: Yard) -> None:
    def made(address: str, secret: Secret = yard.server.secret) -> Bridge:
        return Bridge(yard.loop, address, secret, yard.server.public, lambda *_: None, lambda *_: None)

    second = made(yard.endpoint)
    with pytest.raises(OSError, match="cannot listen on"):
        second.start()
    second.close()
    for address in ("tcp://*:5555", "ipc:///tmp/x", "tcp://127.0.0.1", "127.0.0.1:5555"):
        with pytest.raises(ValueError, match="HOST:PORT"):
            made(address)
    with pytest.raises(ValueError, match="does not belong"):
        made("tcp://127.0.0.1:*", Key().secret)
    with pytest.raises(ValueError, match="Z85"):
        made("tcp://127.0.0.1:*", Secret("short"))


def test_closing_twice_and_two_bridges_in_one_process(yard: Yard) -> None:
    twin = Yard()
    twin.agent().send(encode(up(1)))
    twin.until(lambda: twin.frames)
    yard.agent().send(encode(up(1)))
    yard.until(lambda: yard.frames)
    twin.bridge.close()
    assert not twin.bridge.send("T1", 1, down())
    twin.close()


def test_the_ninth_connection_of_a_key_displaces_the_one_heard_least_recently() -> None:
    table = Connections()
    numbers = [table.heard(bytes([n]), "K").number for n in range(CONNECTIONS_PER_KEY_MAX)]
    assert numbers == list(range(1, CONNECTIONS_PER_KEY_MAX + 1))
    assert table.heard(bytes([0]), "K").number == 1
    table.heard(b"new", "K")
    assert (table.get(1) is not None, table.get(2), len(table)) == (True, None, CONNECTIONS_PER_KEY_MAX)


def test_a_routing_id_that_changes_hands_gets_a_new_number() -> None:
    table = Connections()
    first = table.heard(b"r", "K1")
    second = table.heard(b"r", "K2")
    assert (first.number, second.number, table.get(1)) == (1, 2, None)
    table.forget_key("K2")
    table.forget_key("K2")
    assert len(table) == 0


def test_counters_are_plain_numbers(yard: Yard) -> None:
    assert msgspec.json.encode(yard.bridge.counters())
