"""The agent as its users have it: real agent, worker and broker processes, against a small daemon of our own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
import zmq

from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, PlanStep, PlanStepKind, Side, order_hash
from hydrad.host.secrets import Secret
from hydrad.link import frames as f
from hydrad.link.session import Arrival, Session
from hydrad.terminal import bundle as bundles

START_MS = 1_399_033_500_000  # 2014-05-02T12:25Z, inside the bundled day
LOGIN = 100_001
FIRE_ID = 7 << 38 | 1
MINUTE_MS = 60_000
PATIENCE_S = 60.0
T = TypeVar("T")


class Daemon:
    """A ROUTER with CURVE that speaks the daemon's half of the link, as little of it as these tests need."""

    def __init__(self, epoch: int = 5) -> None:
        public, self.secret = zmq.curve_keypair()
        self.public = public.decode()
        self.epoch = epoch
        self.ledger_known = 0
        self.welcoming = True
        self.beside: tuple[f.Down, ...] = ()  # sent right behind each WELCOME, before anything of the agent is read
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.LINGER, 0)
        self.router.setsockopt(zmq.CURVE_SERVER, 1)
        self.router.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
        self.address = f"tcp://127.0.0.1:{self.router.bind_to_random_port('tcp://127.0.0.1')}"
        self.route = b""
        self.up: Session | None = None
        self.down: Session | None = None
        self.seen: list[f.Up] = []

    def close(self) -> None:
        self.router.close()
        self.context.term()

    def send(self, body: f.Down, epoch: int | None = None) -> None:
        assert self.down is not None
        number = self.down.next_seq()
        told = self.epoch if epoch is None else epoch
        frame = f.DownFrame(f.LINK_VERSION, told, self.down.session, number, body)
        self.router.send_multipart([self.route, f.encode(frame)])

    def wait(self, kind: type[T], wanted: Callable[[T], bool] = lambda body: True) -> T:
        """The next frame of a kind that comes from now on."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for body in self.turn():
                if isinstance(body, kind) and wanted(body):
                    return body
        raise AssertionError(f"no {kind.__name__} came; seen {[type(body).__name__ for body in self.seen[-20:]]}")

    def turn(self) -> list[f.Up]:
        if not self.router.poll(50):
            return []
        route, data = self.router.recv_multipart()
        frame = f.decode_up(data)
        if isinstance(frame.body, f.Hello):
            self._hello(route, frame)
        elif self.up is None or self.up.arrival(frame.session, frame.seq) is not Arrival.NEXT:
            return []
        elif isinstance(frame.body, f.BeatUp):
            self.send(f.BeatDown(time.time_ns()))
        self.seen.append(frame.body)
        return [frame.body]

    def _hello(self, route: bytes, frame: f.UpFrame) -> None:
        assert isinstance(frame.body, f.Hello) and frame.seq == 1
        if not self.welcoming or (self.up and frame.session == self.up.session):
            return
        self.route, self.up, self.down = route, Session(frame.session), Session(frame.session)
        self.up.received = 1
        ticks_from = tuple(f.TicksFrom(symbol, START_MS - 10 * MINUTE_MS) for symbol in frame.body.symbols)
        known, ledger = self.ledger_known, frame.body.ledger_id
        self.send(f.Welcome(self.epoch, ledger, known, 0, ticks_from, False, time.time_ns()))
        for body in self.beside:
            self.send(body)


class World:
    """A broker and an agent in a folder, with a daemon for the agent."""

    def __init__(self, folder: Path, suffix: str = "", more: str = "", act_bound_s: int = 15) -> None:
        self.folder, self.suffix, self.more, self.act_bound_s = folder, suffix, more, act_bound_s
        self.daemon = Daemon()
        self.control = folder / "control.sock"
        self.children: list[subprocess.Popen[bytes]] = []
        self.bundle = folder / "bundle.toml"
        self._write(settle_s=60)
        self.broker = self.start("sim", "--config", str(folder / "broker.toml"))
        self.until(self.control.exists)
        self.agent = self.run_agent()

    def _write(self, settle_s: int) -> None:
        folder = self.folder
        (folder / "broker.toml").write_text(
            f"""instance = "test"
socket = "{folder}/broker.sock"
control = "{self.control}"
books = "{folder}/books.db"
start_ms = {START_MS}
history_from_ms = {START_MS - 10 * MINUTE_MS}
server_offset_s = 10800
suffix = "{self.suffix}"
[[accounts]]
login = {LOGIN}
password = "paper"
server = "Paper"
{self.more}
"""
        )
        public, secret = zmq.curve_keypair()
        bundles.save(
            self.bundle,
            bundles.Bundle(
                name="t1",
                account="alpha",
                login=LOGIN,
                server="Paper",
                password=Secret("paper"),
                kind="paper",
                currency="USD",
                hedging=True,
                module="simulated",
                sim_socket=f"{folder}/broker.sock",
                symbols=["EURUSD", "XAUUSD"],
                curve_public=public.decode(),
                curve_secret=Secret(secret.decode()),
                daemons=[bundles.DaemonAddress(self.daemon.address, self.daemon.public)],
                ledger=str(folder / "ledger.db"),
                lock=str(folder / "t1.lock"),
                settle_s=settle_s,
                act_bound_s=self.act_bound_s,
            ),
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen([sys.executable, "-m", "hydrad.terminal", *arguments], stderr=subprocess.PIPE)
        self.children.append(child)
        return child

    def run_agent(self) -> subprocess.Popen[bytes]:
        return self.start("run", str(self.bundle))

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, "the condition never came true"
            self.daemon.turn()

    def ask(self, **request: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.control))
            peer.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, object] = json.loads(peer.makefile().readline())
        assert answer["ok"], answer
        return answer

    def books(self) -> dict[str, list[dict[str, object]]]:
        return self.ask(op="books", login=LOGIN)  # type: ignore[return-value]

    def opened(self) -> list[dict[str, object]]:
        """Deals that opened something."""
        return [deal for deal in self.books()["deals"] if deal["magic"] and deal["entry"] in (0, "IN")]

    def ready(self) -> None:
        self.daemon.wait(f.Ready)
        self.daemon.wait(f.Ticks, lambda ticks: ticks.through_ms > 0)
        self.daemon.wait(f.BeatUp)

    def worker_pid(self) -> int:
        children = Path(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children").read_text().split()
        assert len(children) == 1
        return int(children[0])

    def quote(self) -> f.Tick:
        batches = [b for body in self.daemon.seen if isinstance(body, f.Ticks) for b in body.batches]
        return [batch for batch in batches if batch.symbol == f"EURUSD{self.suffix}"][-1].ticks[-1]

    def order(self, plan: tuple[PlanStep, ...] = ()) -> Order:
        ask = self.quote().ask_points
        return Order(
            version=ORDER_VERSION,
            kind=ActKind.FIRE,
            account="alpha",
            symbol=f"EURUSD{self.suffix}",
            side=Side.BUY,
            entry_points=ask,
            volume_steps=10,
            stop_points=ask - 2000,
            target_points=ask + 3000,
            collar_points=50,
            plan=plan,
        )

    def fire(self, order: Order, act_id: int = FIRE_ID) -> None:
        deadline_ns = time.time_ns() + 5 * SECOND
        self.daemon.send(f.Fire(act_id, 0, deadline_ns, START_MS + 60 * MINUTE_MS, order, order_hash(order)))

    def filled(self, plan: tuple[PlanStep, ...] = ()) -> f.LedgerRow:
        self.fire(self.order(plan))
        self.daemon.wait(f.Ack)
        row = self.daemon.wait(f.Result).row
        assert row.state is f.RowState.DONE, row
        return row

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.terminate()
        for child in self.children:
            try:
                child.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
        self.daemon.close()


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("w"))
    yield made
    made.close()


def closing(row: f.LedgerRow, side: Side = Side.SELL) -> Order:
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.CLOSE,
        account="alpha",
        symbol="EURUSD",
        side=side,
        volume_steps=row.volume_steps,
        position_id=row.position_id,
        volume_expected_steps=row.volume_steps,
        ticket=row.position_id,
    )


def test_the_hand_shake_tells_the_books_before_ready_and_history_before_live_ticks(world: World) -> None:
    world.ready()
    kinds = [type(body) for body in world.daemon.seen]
    books = [f.Ledger, f.Specs, f.Account, f.Positions, f.Orders, f.Deals, f.Ready]
    places = [kinds.index(kind) for kind in books]
    assert places == sorted(places)
    specs = next(body for body in world.daemon.seen if isinstance(body, f.Specs))
    assert {terms.symbol for terms in specs.terms} == {"EURUSD", "XAUUSD"}
    ticks = [body for body in world.daemon.seen if isinstance(body, f.Ticks)]
    times = [tick.time_ms for body in ticks for b in body.batches if b.symbol == "EURUSD" for tick in b.ticks]
    assert times == sorted(times) and times[0] >= START_MS - 10 * MINUTE_MS
    assert all(body.history for body in ticks if body.batches)
    assert ticks[-1].through_ms == START_MS


def test_market_steps_come_with_their_ticks_and_how_far_they_were_read(world: World) -> None:
    world.ready()
    for _ in range(3):
        at_ms = world.ask(op="step", ms=MINUTE_MS)["market_ms"]
        last = world.daemon.wait(f.Ticks, lambda body, at_ms=at_ms: body.through_ms == at_ms)
        assert not last.history
    live = [body for body in world.daemon.seen if isinstance(body, f.Ticks) and not body.history]
    times = [tick.time_ms for body in live for b in body.batches if b.symbol == "XAUUSD" for tick in b.ticks]
    assert times == sorted(times) and times[0] > START_MS and times[-1] <= START_MS + 3 * MINUTE_MS


def test_a_fire_fills_once_and_its_repeat_gets_the_first_answer(world: World) -> None:
    world.ready()
    row = world.filled()
    (position,) = world.books()["positions"]
    assert (position["magic"], position["ticket"]) == (FIRE_ID, row.position_id)
    world.fire(world.order())  # the same fields, so the same hash
    assert world.daemon.wait(f.Result).row == row
    assert len(world.books()["positions"]) == 1
    other = world.order()
    world.fire(Order(**{**{n: getattr(other, n) for n in other.__struct_fields__}, "volume_steps": 20}))
    assert world.daemon.wait(f.Conflict).known_hash == row.order_hash
    assert len(world.books()["positions"]) == 1


def test_a_close_is_told_with_its_deal_and_the_position_goes(world: World) -> None:
    world.ready()
    row = world.filled()
    order = closing(row)
    world.daemon.send(f.Close(FIRE_ID + 1, 0, time.time_ns() + 5 * SECOND, 0, order, order_hash(order)))
    done = world.daemon.wait(f.Result, lambda result: result.row.act_id == FIRE_ID + 1).row
    assert (done.state, done.position_id) == (f.RowState.DONE, row.position_id)
    deals = world.daemon.wait(f.Deals).rows
    assert deals[-1].magic == FIRE_ID + 1 and deals[-1].entry == 1
    assert world.daemon.wait(f.Positions).rows == ()
    assert world.books()["positions"] == []


def test_an_interval_of_history_includes_both_ends(world: World) -> None:
    world.ready()
    world.filled()
    (opened,) = world.daemon.wait(f.Deals).rows
    at_ms = opened.time_ms
    for query, (from_ms, to_ms) in enumerate([(at_ms, at_ms), (at_ms + 1, at_ms + 9), (at_ms - 9, at_ms - 1)], 1):
        world.daemon.send(f.QueryHistory(query, from_ms, to_ms))
        told = world.daemon.wait(f.Deals, lambda body, query=query: body.query_id == query)
        assert [row.ticket for row in told.rows if row.magic] == ([opened.ticket] if query == 1 else [])


def test_a_time_stop_runs_without_the_daemon_and_before_through_is_said(world: World) -> None:
    world.ready()
    step = PlanStep(PlanStepKind.TIME_STOP, FIRE_ID + 2, at_ms=START_MS + MINUTE_MS)
    world.filled((step,))
    world.ask(op="step", ms=MINUTE_MS)
    run = world.daemon.wait(f.PlanStepRun, lambda body: body.row.state is f.RowState.DONE)
    assert (run.fire_id, run.row.act_id) == (FIRE_ID, FIRE_ID + 2)
    through = [b for b in world.daemon.seen if isinstance(b, f.Ticks) and b.through_ms == START_MS + MINUTE_MS]
    assert through == []  # not before the step's position changes
    assert world.daemon.wait(f.Positions).rows == ()
    world.daemon.wait(f.Ticks, lambda body: body.through_ms == START_MS + MINUTE_MS)
    assert world.books()["positions"] == []


def test_break_even_and_a_part_run_at_a_real_worker(world: World) -> None:
    """A trigger that the spread alone has reached: the stop to just above its place, and three of ten steps."""
    world.ready()
    order = world.order()
    r_milli = 1  # a two-thousandth of the stop's distance: reached as soon as the bid is above the open price
    moved = PlanStep(PlanStepKind.BREAK_EVEN, FIRE_ID + 2, trigger_r_milli=r_milli, distance_points=-1_000)
    part = PlanStep(PlanStepKind.PART_CLOSE, FIRE_ID + 3, trigger_r_milli=r_milli, volume_steps=3)
    row = world.filled((moved, part))
    open_points = row.price_points

    def stepped() -> bool:
        world.ask(op="step", ms=MINUTE_MS)
        at_ms = world.ask(op="clock")["market_ms"]
        world.daemon.wait(f.Ticks, lambda body: body.through_ms == at_ms)
        return (
            sum(
                getattr(b, "row", row).state is f.RowState.DONE
                for b in world.daemon.seen
                if isinstance(b, f.PlanStepRun)
            )
            == 2
        )

    world.until(stepped)
    (position,) = world.books()["positions"]
    assert position["volume"] == "0.07" and position["stop"] == f"{(open_points - 1_000) / 100_000:.5f}"
    assert position["target"] == f"{order.target_points / 100_000:.5f}"


def test_a_worker_killed_while_its_order_is_at_the_broker_leaves_one_order_and_the_truth(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=3_000)
    world.fire(world.order())
    world.daemon.wait(f.Ack)
    pid = world.worker_pid()
    world.until(world.opened)
    os.kill(pid, signal.SIGKILL)
    unknown = world.daemon.wait(f.Result).row
    assert (unknown.state, unknown.code) == (f.RowState.UNKNOWN, "WORKER_LOST")
    found = world.daemon.wait(f.Result).row
    assert found.state is f.RowState.DONE and found.volume_steps == 10
    assert len(world.opened()) == 1
    assert world.worker_pid() != pid


def test_an_agent_killed_while_its_order_is_at_the_broker_finds_it_and_sends_nothing_again(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=3_000)
    world.fire(world.order())
    world.daemon.wait(f.Ack)
    world.until(world.opened)
    world.agent.kill()
    world.agent.wait()
    world.daemon.up = None
    world.agent = world.run_agent()
    world.ready()
    (told,) = [row for body in world.daemon.seen if isinstance(body, f.Ledger) for row in body.rows][-1:]
    if told.state is not f.RowState.DONE:  # looked up after READY then
        world.daemon.send(f.Query(FIRE_ID, 0))
        told = world.daemon.wait(f.Status, lambda body: body.row.state is f.RowState.DONE).row
    assert told.act_id == FIRE_ID
    world.fire(world.order())
    assert world.daemon.wait(f.Result).row.state is f.RowState.DONE
    assert len(world.opened()) == 1


def test_a_lost_reply_is_unknown_until_the_records_tell(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="timeout_executed", login=LOGIN, count=1)
    world.fire(world.order())
    first = world.daemon.wait(f.Result).row
    assert (first.state, first.retcode) == (f.RowState.UNKNOWN, 10012)
    assert world.daemon.wait(f.Result).row.state is f.RowState.DONE
    assert len(world.opened()) == 1


def test_a_second_agent_of_the_same_bundle_is_refused(world: World) -> None:
    world.ready()
    second = world.run_agent()
    _, talk = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 75, talk
    assert str(world.agent.pid) in talk.decode()


def test_a_question_is_a_promise_that_a_late_fire_cannot_break(world: World) -> None:
    world.ready()
    world.daemon.send(f.Query(FIRE_ID, 0))
    assert world.daemon.wait(f.Status).row.state is f.RowState.TOMBSTONED
    world.fire(world.order())
    assert world.daemon.wait(f.Result).row.state is f.RowState.TOMBSTONED
    assert world.books()["positions"] == []


def test_a_halt_outlives_the_agent_and_a_local_halt_needs_no_daemon(world: World) -> None:
    world.ready()
    local = world.start("local", "halt", str(world.bundle))
    assert world.daemon.wait(f.Halted).halted
    local.wait(PATIENCE_S)
    world.fire(world.order())
    assert world.daemon.wait(f.Result).row.code == "HALTED"
    world.agent.kill()
    world.agent.wait()
    world.daemon.up = None
    world.agent = world.run_agent()
    assert world.daemon.wait(f.Hello).halted
    world.ready()
    world.daemon.send(f.Resume("test"))
    assert world.daemon.wait(f.Halted).latches == ("local",)
    world.daemon.send(f.Resume("test", ("local",)))
    assert not world.daemon.wait(f.Halted).halted
    world.fire(world.order(), FIRE_ID + 1)
    assert world.daemon.wait(f.Result).row.state is f.RowState.DONE


def test_an_old_frame_a_strange_session_and_one_cut_short_send_nothing(world: World) -> None:
    world.ready()
    daemon, order = world.daemon, world.order()
    assert daemon.down is not None
    world.filled()
    fire = f.Fire(FIRE_ID + 9, 0, time.time_ns() + 60 * SECOND, START_MS + 60 * MINUTE_MS, order, order_hash(order))
    told = f.DownFrame(f.LINK_VERSION, daemon.epoch, daemon.down.session, daemon.down.sent + 1, fire)
    old = msgspec.structs.replace(told, seq=daemon.down.sent)
    strange = msgspec.structs.replace(told, session=told.session % 1000 + 1)
    session = daemon.down.session
    for data in (f.encode(old), f.encode(strange), f.encode(told)[:-1]):
        daemon.router.send_multipart([daemon.route, data])
    daemon.wait(f.Hello)  # what is cut short ends the session, and a new one begins
    world.ready()
    assert daemon.down is not None and daemon.down.session != session
    daemon.router.send_multipart([daemon.route, f.encode(told)])  # whole, but of the session before
    daemon.send(f.Query(FIRE_ID + 9, 0))
    assert daemon.wait(f.Status).row.state is f.RowState.TOMBSTONED
    assert len(world.opened()) == 1


def test_a_daemon_of_another_version_is_named_in_the_log_and_greeted_again_when_it_is_ours(world: World) -> None:
    """One daemon of each version under the same address: first the newer, then ours."""
    world.ready()
    route, session = world.daemon.route, world.daemon.down
    assert session is not None
    newer = [2, 9, session.session, session.next_seq(), ["VERSION", 2, 3, "update this host", "more"]]
    world.daemon.router.send_multipart([route, msgspec.msgpack.encode(newer)])
    world.ready()  # 10 s later
    world.agent.terminate()
    _, talk = world.agent.communicate(timeout=10)
    assert b"a new session: another version: update this host" in talk


def test_a_daemon_that_restarts_is_greeted_anew(world: World) -> None:
    world.ready()
    world.filled()
    world.daemon.up = None  # it has forgotten the session, and answers nothing of it
    world.daemon.epoch += 1
    world.daemon.ledger_known = 2
    hello = world.daemon.wait(f.Hello, lambda body: body.epoch_max == 5)
    assert hello.ledger_length == 2
    world.daemon.wait(f.Ready)
    pages = [body for body in world.daemon.seen if isinstance(body, f.Ledger)]
    assert pages[-1].rows == ()
    world.daemon.send(f.Query(FIRE_ID, 0), epoch=5)
    assert world.daemon.wait(f.Fenced).epoch_max == 6


def test_told_to_end_in_the_middle_of_a_fire_it_finishes_that_and_lets_no_waiting_one_leave(world: World) -> None:
    world.ready()
    world.ask(op="fault", kind="latency", login=LOGIN, count=1, ms=2_000)
    order = world.order()
    for number in range(4):
        world.fire(order, FIRE_ID + number)
    for _ in range(4):
        world.daemon.wait(f.Ack)
    world.agent.terminate()
    rows = [body.row for body in world.daemon.seen if isinstance(body, f.Result)]
    while len(rows) < 4:
        rows.append(world.daemon.wait(f.Result).row)
    assert world.agent.wait(PATIENCE_S) == 0
    states = {row.act_id - FIRE_ID: (row.state, row.code) for row in rows}
    withheld = (f.RowState.NOT_EXECUTED, "STOPPING")
    assert states == {0: (f.RowState.DONE, ""), 1: withheld, 2: withheld, 3: withheld}
    assert len(world.opened()) == 1
    world.daemon.up = None
    world.agent = world.run_agent()
    world.ready()
    told = [row for body in world.daemon.seen if isinstance(body, f.Ledger) for row in body.rows]
    assert {row.act_id - FIRE_ID: (row.state, row.code) for row in told} == states
    assert len(world.opened()) == 1


def test_an_agent_told_to_end_ends_its_worker_too(world: World) -> None:
    world.ready()
    pid = world.worker_pid()
    world.agent.terminate()
    assert world.agent.wait(PATIENCE_S) == 0
    world.until(lambda: not Path(f"/proc/{pid}").exists())
