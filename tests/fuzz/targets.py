"""What is fuzzed: each target takes any bytes, and anything that it raises is a defect.

Raw bytes go to every decoder; bytes as decisions (`source`) go past the decoders, to the daemon's whole engine behind
its session and to the agent's core behind its own.
"""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
import typing
from collections.abc import Callable
from pathlib import Path

import msgspec

from hydrad.agent import inputs
from hydrad.apex import profile as profiles
from hydrad.apex.watch import Watch
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ActKind, order_hash
from hydrad.link import frames as f
from hydrad.terminal import pipe
from hydrad.terminal.broker.api import Api, Session
from hydrad.terminal.broker.control import Control
from hydrad.terminal.broker.faults import Faults
from hydrad.terminal.broker.server import ClientConnection, ControlConnection
from hydrad.toc import account_views, act_views, health_views, narrate, position_views, quote_views
from hydrad.toc import inputs as i
from hydrad.toc.crew import digest_of
from hydrad.toc.desk import VERBS
from hydrad.toc.effects import Send
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls, codec
from tests.adapters.test_broker_parts import broker_on, series
from tests.agent.conftest import FIRE, START_MS, Bench
from tests.agent.conftest import order as agent_order
from tests.fuzz.source import Source
from tests.toc.conftest import BOSS, MARKET_MS, Core

UP, DOWN = typing.get_args(f.Up), typing.get_args(f.Down)
FRAMES_MAX = 24


# --- decoders -------------------------------------------------------------------------------------------


def frames(data: bytes) -> None:
    """Both decoders of the link: a frame that comes back the same, or BadFrame."""
    for decode in (f.decode_up, f.decode_down):
        with contextlib.suppress(f.BadFrame):
            frame = decode(data)
            assert decode(f.encode(frame)) == frame


def worker_pipe(data: bytes) -> None:
    """What a worker or an agent could write into the pipe, in pieces as it comes."""
    assembler = pipe.Assembler()
    cut = data[0] if data else 0
    with contextlib.suppress(pipe.BadPipe):
        for piece in (data[1 : cut + 1], data[cut + 1 :]):
            for message in assembler.feed(piece):
                for decode in (pipe.decode_up, pipe.decode_down):
                    with contextlib.suppress(pipe.BadPipe):
                        decode(message)
    for decode in (pipe.decode_up, pipe.decode_down):
        with contextlib.suppress(pipe.BadPipe):
            decode(data)


def people(data: bytes) -> None:
    """The unix socket of people's surfaces, both ends."""
    framer = codec.Framer()
    with contextlib.suppress(codec.BadMessage):
        for message in framer.feed(data):
            for decode in (codec.decode_call, codec.decode_answer):
                with contextlib.suppress(codec.BadMessage):
                    decode(message)
    for decode in (codec.decode_call, codec.decode_answer):
        with contextlib.suppress(codec.BadMessage):
            decode(data)


# --- the daemon -----------------------------------------------------------------------------------------


def daemon(data: bytes) -> None:
    """Frames of an agent that says anything, in the right place of its session, to the whole engine; then all that
    people look at, and the fold of what was written."""
    core = Core()
    core.connect()
    act = core.fire()
    core.engine.apex = Watch(profiles.BUILT_IN["sample"])
    source = Source(data, _known_to_daemon(core, act.act_id))
    for _ in range(FRAMES_MAX):
        if not source.left:
            break
        match source.byte() % 16:
            case 0:
                core.clock(source.pick((1, 500, 4_000, 20_000)))
            case 1:
                core.hello(boot_id=source.pick(("boot-1", "boot-2")))
                core.books()
            case 2:
                core.step(i.VersionHeard("t1", 1 + source.byte()))
            case _:
                _told(core, source)
    for effect in core.effects:
        if isinstance(effect, Send):
            f.encode(effect.frame)
    _looked_at(core)
    core.verify()


def _known_to_daemon(core: Core, act_id: int) -> dict[str, list[object]]:
    fire = core.state.acts[act_id].order
    assert fire is not None
    close = msgspec.structs.replace(fire, kind=ActKind.CLOSE, position_id=1001, volume_steps=22)
    ids = [act_id, act_id + 1, 1, 2, *core.state.plan_fires]
    return {
        "symbol": ["EURUSD", "EURUSD", "XAUUSD"],
        "act_id": ids,
        "magic": ids,
        "fire_id": [act_id],
        "move": [0, 1],
        "order": [msgspec.msgpack.decode(msgspec.msgpack.encode(one)) for one in (fire, close)],
        "order_hash": [order_hash(fire), order_hash(close)],
        "ledger_id": ["ledger-1", "ledger-2"],
        "position_id": [1001, 1002, 0],
        "ticket": [1001, 1002, 70, 71],
        "index": [1, 2, 3, 4],
        "boot_id": ["boot-1", "boot-2"],
        "kind": ["paper"],
        "login": [5001],
        "server": ["Sim"],
        "currency": ["USD"],
        "query_id": [0, 0, 1],
        "deal_type": [0, 1, 2],
        "entry": [0, 1],
        "reason": [3, 4],
        "side": [0, 1],
        "state": [f.RowState.DONE, f.RowState.UNKNOWN, f.RowState.JOURNALED],
        "volume_steps": [22, 11, 1],
        **{name: [110_000, 110_010, 109_500] for name in ("bid_points", "ask_points", "price_points", "open_points")},
        **{name: [MARKET_MS + n for n in (0, 1_000, 60_000)] for name in ("market_ms", "time_ms", "through_ms")},
    }


def _told(core: Core, source: Source) -> None:
    agent = core.t1
    if core.link().session is None and source.byte() % 4:
        core.hello()
        core.books()
    kind = source.pick(UP)
    body = source.struct(source.pick(UP) if kind is f.Hello else kind)  # seldom: most of them end the session
    session = agent.session if source.byte() % 16 else source.number()
    data = msgspec.msgpack.encode([f.LINK_VERSION, agent.epoch_max, session, agent.seq + 1, body])
    try:
        frame = f.decode_up(data)
    except f.BadFrame:
        return
    if isinstance(frame.body, f.Hello):
        agent.session, agent.seq = frame.session, frame.seq - 1
    agent.seq += frame.session == agent.session
    core.step(i.FrameIn("t1", agent.connection, frame), 1)


def _looked_at(core: Core) -> None:
    """Nothing that was taken in may break what is shown."""
    state, live, now_ns = core.state, core.engine.live, core.now_ns
    for record in core.records:
        assert msgspec.json.encode(narrate.event(state, record))
    turn = Turn(state, live, now_ns, 0)
    shown = [
        account_views.terminal_row(state, live, now_ns, "t1"),
        account_views.account_row(state, live, now_ns, state.accounts["alpha"]),
    ]
    shown += [health_views.health_rows(turn), quote_views.quote_rows(turn, ()), quote_views.feed_rows(turn)]
    shown += [position_views.position_row(state, live, now_ns, one) for one in state.positions.values()]
    shown += [act_views.act_show(state, now_ns, act) for act in state.acts.values()]
    assert msgspec.json.encode(shown)


def crew(data: bytes) -> None:
    """Verbs with any arguments by anybody, to the whole engine with two terminals behind it."""
    core = Core(terminals=(("t1", "alpha", 5001), ("t2", "bravo", 5002)))
    core.connect()
    core.connect("t2")
    fire = core.filled()
    core.role("uid:2", Role.TRADER)
    source = Source(data, _known_to_crew(core, fire))
    for number in range(FRAMES_MAX):
        if not source.left:
            break
        match source.byte() % 8:
            case 0:
                core.clock(source.pick((1, 500, 4_000, 700_000)))
            case 1:
                core.connect(source.pick(("t1", "t2")))
            case _:
                _asked(core, source, number)
    _looked_at(core)
    core.verify()


def _known_to_crew(core: Core, fire: Act) -> dict[str, list[object]]:
    shown = [show(IdKind.FIRE, sequence_of(fire.act_id)), show(IdKind.POSITION, fire.position)]
    missions = [show(IdKind.MISSION, number) for number in core.state.missions]
    ids = [*shown, *missions, "F-00000000", "", "X"]
    names = dict.fromkeys(("id", "act", "fire", "mission", "position", "order", "alarm", "change", "target"), ids)
    accounts, terminals = ["alpha", "bravo", "nobody"], ["t1", "t2", "t9"]
    return {
        **names,
        "account": accounts,
        "accounts": accounts,
        "terminal": terminals,
        "name": [*accounts, *terminals, "uid:2"],
        "operator": [BOSS, "uid:2", "uid:9"],
        "symbol": ["EURUSD", "XAUUSD", ""],
        "side": ["buy", "sell"],
        "stop": ["1.09500", "0", "NaN", "1.2", "-1", "1e400"],
        "entry": ["1.10000", "1.09900", ""],
        "volume": ["0.01", "0.22", "1e30", "0.001"],
        "part": ["50%", "100%", "0%", "1e9%"],
        "duty": ["draining", "active", "quarantined"],
        "reason": ["why", ""],
    }


def _asked(core: Core, source: Source, number: int) -> None:
    verb = source.pick([verb for verb in typing.get_args(calls.AnyVerb) if verb in VERBS])
    payload = {
        "protocol": calls.PROTOCOL,
        "id": number,
        "body": source.struct(verb),
        "key": source.pick(("", "k1", "k2")),
    }
    try:
        call = codec.decode_call(msgspec.msgpack.encode(payload))
    except codec.BadMessage:
        return
    body = call.body
    if isinstance(body, calls.OperatorClaim | calls.ChannelConfirm):  # as the edge does
        body = type(body)(digest_of(body.code))
    core.send(body, source.pick((BOSS, BOSS, "uid:2", "uid:9")), call.key, extra="ab" * 32)


# --- the agent ------------------------------------------------------------------------------------------


def agent(data: bytes) -> None:
    """Frames of a daemon that says anything to an agent's core with a broker behind it; what was told before is never
    done twice, and its ledger folds to what it was."""
    bench = Bench().ready()
    source = Source(data, _known_to_agent())
    for _ in range(FRAMES_MAX):
        if not source.left:
            break
        match source.byte() % 16:
            case 0:
                bench.pass_time(source.pick((MS, SECOND, 4 * SECOND)), market_ms=source.pick((0, 1_000, 60_000)))
            case 1:
                bench.open()
                bench.welcome()
            case 2:
                bench.start()
                bench.worker_up()
            case 3:
                bench.step(inputs.Received(*bench.at(), source.take(source.byte())))
            case _:
                _said(bench, source)
    assert all(count == 1 for count in bench.broker.sent.values()), bench.broker.sent
    bench.start()


def _known_to_agent() -> dict[str, list[object]]:
    order = agent_order()
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(order))
    return {
        "symbol": ["EURUSD", "EURUSD", "XAUUSD"],
        "act_id": [FIRE, FIRE + 1, FIRE + 2, 1],
        "fire_id": [FIRE],
        "move": [0, 1],
        "order": [plain],
        "order_hash": [order_hash(order)],
        "deadline_ns": [(1_800_000_000 + 200) * SECOND],
        "mission_expiry_ms": [0, START_MS + 600_000],
        "epoch": [1, 2],
        "ledger_id": ["ledger-1"],
        "position_id": [1010, 1020, 0],
    }


def _said(bench: Bench, source: Source) -> None:
    kind = source.pick(DOWN)
    body = source.struct(kind)
    assert isinstance(body, list)
    if kind in (f.Fire, f.Close, f.Modify, f.Cancel) and source.byte() % 8:
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            asked = msgspec.msgpack.decode(msgspec.msgpack.encode(body[5]), type=type(agent_order()))
            body[6] = order_hash(asked)
    epoch = bench.epoch if source.byte() % 8 else source.number()
    if kind is f.Welcome:
        epoch = body[1]  # type: ignore[assignment]
    bench.down_seq += 1
    session = bench.session if source.byte() % 16 else source.number()
    data = msgspec.msgpack.encode([f.LINK_VERSION, epoch, session, bench.down_seq, body])
    known = len(bench.reopened)
    bench.step(inputs.Received(*bench.at(), data))
    if len(bench.reopened) > known:
        bench.open()
        bench.welcome(epoch=max(bench.epoch, bench.core.epoch_max))
        bench.epoch = max(bench.epoch, bench.core.epoch_max)


# --- the simulated broker -------------------------------------------------------------------------------


class _Peer:
    """The far end of a connection: takes what is sent, and has nothing more to say."""

    def setblocking(self, flag: bool) -> None:
        return

    def send(self, data: bytes) -> int:
        return len(data)

    def close(self) -> None:
        return


@functools.cache
def _broker() -> tuple[Api, Control]:
    folder = tempfile.mkdtemp(prefix="fuzz-")
    broker = broker_on(folder, EURUSD=series("EURUSD", [138_600] * 50), XAUUSD=series("XAUUSD", [1_285_000] * 50))
    faults = Faults(lambda: 0.0)
    return Api(broker, faults), Control(broker, faults, lambda: None)


def broker(data: bytes) -> None:
    """Raw bytes on both of the broker's sockets, and calls by name with any arguments."""
    api, control = _broker()
    client = _Closing(ClientConnection, api)
    client.feed(data)
    client.feed(len(data[:60]).to_bytes(4, "big") + data[:60])
    line = _Closing(ControlConnection, control)
    line.feed(data + b"\n")
    source = Source(data, {"symbol": ["EURUSD"]})
    arguments = [_argument(source) for _ in range(source.byte() % 6)]
    session = Session(login=1001)
    name = source.pick([name for name in api._calls if name not in ("initialize", "login")])
    header = json.dumps({"id": 1, "call": name, "arguments": arguments}).encode()
    logged_in = _Closing(ClientConnection, api)
    logged_in.connection._session = session
    logged_in.feed(len(header).to_bytes(4, "big") + header)
    assert logged_in.open


def _argument(source: Source) -> object:
    fields = {"action": 1, "symbol": "EURUSD", "volume": 0.01, "price": 1.386, "type": 0}
    kinds = (int, float, str, bool, type(None))
    match source.byte() % 4:
        case 0:
            return {
                name: source.value(source.pick(kinds)) if source.byte() % 2 else value for name, value in fields.items()
            }
        case 1:
            return "EURUSD"
        case _:
            return source.value(source.pick(kinds))


class _Closing:
    """A connection without its socket, fed by hand as the server's loop would."""

    def __init__(self, kind: typing.Any, behind: object) -> None:
        self.open = True
        self.connection = kind(self, _Peer(), behind)
        self._buffer = bytearray()

    def later(self, ms: int, act: Callable[[], None]) -> None:
        act()

    def forget(self, peer: object) -> None:
        self.open = False

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while self.open:
            used = self.connection.take(self._buffer)
            if not used:
                return
            del self._buffer[:used]


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (frames, worker_pipe, people, daemon, crew, agent, broker)
}
SEEDS = Path(__file__).parent / "corpus"
