"""The daemon behind the control socket: calls become inputs or are answered from memory; records become events.

Who calls is worked out here, once, from the kernel's word (SO_PEERCRED). Queries need a viewer, everything else
the role that the core's table names.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hydrad.control.handler import Peer, Reply
from hydrad.control.stream import TailStream, selector
from hydrad.domain import ids
from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import SECOND, duration_text, ms_text, ns_text
from hydrad.domain.orders import ActKind
from hydrad.host import keys
from hydrad.host.keys import KeyPair
from hydrad.toc import desk, narrate, views
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.record import Record
from hydrad.toc.state import State
from hydrad.toc.turn import Turn
from hydrad.wire import answers as a
from hydrad.wire import calls
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.calls import PROTOCOL, Call
from hydrad.wire.codes import ErrorCode

if TYPE_CHECKING:
    from hydrad.app import App

log = logging.getLogger("hydrad.surface")
TRACE_RECORDS_MAX = 5_000
STEP_TIMEOUT_S = 20.0


class NotFound(Exception):
    """A query for something that is not there."""


class ControlSurface:
    """Implements `control.handler.Handler` and the driver's replies."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._waiting: dict[int, tuple[Reply, calls.AnyVerb, KeyPair | None]] = {}
        self._next_request = 1
        self._streams: dict[int, list[TailStream]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # --- Handler ------------------------------------------------------------------------------------

    def call(self, peer: Peer, call: Call, reply: Reply) -> None:
        """A decoded call."""
        actor = Actor(f"uid:{peer.uid}", _surface(call.surface))
        verb = call.body
        role = self._state.role(actor.identity)
        if role is Role.NONE:
            self._app.submit(i.Strangers("control", f"no operator {actor.identity}", 1))
            self._problem(reply, verb, ErrorCode.FORBIDDEN, f"{actor.identity} is no operator of this home")
        elif isinstance(verb, calls.Tail):
            self._tail(peer, verb, reply)
        elif type(verb) in _QUERIES:
            if isinstance(verb, calls.Trace) and verb.recheck:
                self._app.submit(i.Recheck())
            self._app.ask(lambda: self._query(actor, verb, reply))
        elif isinstance(verb, calls.MarketStep):
            self._commander_task(role, verb, reply, self._step(verb, reply))
        elif isinstance(verb, calls.Down):
            self._commander_task(role, verb, reply, self._down(verb, reply))
        else:
            self._request(actor, call, reply, role)

    def gone(self, peer: Peer) -> None:
        """The client has left: its streams end; what it asked for goes on."""
        for stream in self._streams.pop(peer.connection, []):
            stream.stop()

    def problem(self, problem: Problem) -> Answer:
        """An envelope for what the server itself must say."""
        return self._envelope("hydra.error/v1", None, problem)

    # --- requests -----------------------------------------------------------------------------------

    def _request(self, actor: Actor, call: Call, reply: Reply, role: Role) -> None:
        verb, extra, pair = call.body, "", None
        if isinstance(verb, calls.Halt) and role >= desk.NEEDS[calls.Halt]:
            self._app.driver.close_latch(verb.account or "")
        if isinstance(verb, calls.TerminalEnroll):
            pair = keys.draw_keypair()
            extra = pair.public
        request = self._next_request
        self._next_request += 1
        self._waiting[request] = (reply, verb, pair)
        self._app.submit(i.Requested(request, actor, call.key, verb, extra), urgent=isinstance(verb, calls.Halt))

    def reply(self, effect: e.Reply) -> None:
        """A request's answer, after its commit."""
        reply, verb, pair = self._waiting.pop(effect.request)
        data = effect.data
        if isinstance(verb, calls.TerminalEnroll) and pair is not None and effect.problem is None:
            path = self._app.enrolled(verb, pair)
            data = a.EnrollData(verb.name, verb.account, path, pair.public)
        if isinstance(verb, calls.Resume) and effect.problem is None and not verb.account:
            self._app.places.halt_file.unlink(missing_ok=True)
        reply.send(self._envelope(effect.schema, data, effect.problem))

    def _commander_task(self, role: Role, verb: calls.Verb, reply: Reply, work: Any) -> None:
        if role < Role.COMMANDER:
            work.close()
            self._problem(reply, verb, ErrorCode.FORBIDDEN, f"commander is needed, caller is {role.name.lower()}")
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _step(self, verb: calls.MarketStep, reply: Reply) -> None:
        conductor = self._app.conductor
        if conductor is None or not conductor.by_client:
            message = "market time of this home is not a client's to move"
            self._problem(reply, verb, ErrorCode.CONFLICT, message, 'paper.conductor = "client"')
            return
        held = await conductor.step_through(verb.minutes, STEP_TIMEOUT_S)
        market = ms_text(conductor.clock_ms)
        data = a.StepData(market, conductor.ended, tuple(held))
        problem = None
        if held:
            problem = Problem(ErrorCode.TIMED_OUT.value, "the market is held by " + ", ".join(held))
        reply.send(self._envelope("hydra.step/v1", data, problem))

    async def _down(self, verb: calls.Down, reply: Reply) -> None:
        flying = [n for n in self._state.acts_open if self._state.acts[n].state in IN_FLIGHT]
        unknown = [n for n in self._state.acts_open if self._state.acts[n].state is ActState.UNKNOWN]
        if (flying or unknown) and not verb.force:
            shown = ", ".join(views.act_id_text(self._state.acts[n]) for n in flying + unknown)
            message = f"acts without a verdict: {shown}"
            self._problem(reply, verb, ErrorCode.CONFLICT, message, "wait for them, or repeat with --yes")
            return
        stopped, left = await self._app.stop_family()
        problem = None
        if left:
            problem = Problem(
                ErrorCode.PARTLY.value, "would not end: " + ", ".join(left), "kill -9, and look at its log"
            )
        reply.send(self._envelope("hydra.down/v1", a.DownData(self._app.pid, tuple(stopped)), problem))
        self._app.stop("down")

    # --- queries ------------------------------------------------------------------------------------

    def _query(self, actor: Actor, verb: calls.AnyVerb, reply: Reply) -> None:
        schema, answer = _QUERIES[type(verb)]
        turn = self._app.glance()
        try:
            data = answer(self, turn, actor, verb)
        except NotFound as missing:
            self._problem(reply, verb, ErrorCode.NOT_FOUND, str(missing))
        except ids.BadId as error:
            self._problem(reply, verb, ErrorCode.USAGE, str(error))
        except Exception:  # the edge of queries: what only looks must not end what trades
            log.exception("%s failed", type(verb).__name__)
            self._problem(reply, verb, ErrorCode.FAILED, "the query failed; the daemon's log has the reason")
        else:
            reply.send(self._envelope(schema, data, None))

    def _tail(self, peer: Peer, verb: calls.Tail, reply: Reply) -> None:
        def envelope(event: a.Event | None, more: bool) -> Answer:
            return self._envelope("hydra.event/v1", event, None, more)

        stream = TailStream(
            verb,
            self._app.journal_seq,
            self._app.read,
            selector(verb, self._event),
            envelope,
            reply,
            asyncio.get_running_loop().call_soon,
        )
        self._streams.setdefault(peer.connection, []).append(stream)

    def published(self, head_seq: int) -> None:
        """Records up to here are durable: watchers may read on."""
        for connection, streams in list(self._streams.items()):
            for stream in streams:
                stream.notify(head_seq)
            if all(stream.done for stream in streams):
                del self._streams[connection]

    def _event(self, record: Record) -> a.Event:
        return narrate.event(self._state, record)

    # --- envelopes ----------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return self._app.state

    def _problem(self, reply: Reply, verb: calls.Verb, code: ErrorCode, text: str, hint: str | None = None) -> None:
        schema = f"hydra.{type(verb).__name__.lower()}/v1"
        reply.send(self._envelope(schema, None, Problem(code.value, text, hint)))

    def _envelope(self, schema: str, data: Any, problem: Problem | None, more: bool = False) -> Answer:
        state = self._state
        return Answer(
            schema=schema,
            ok=problem is None,
            ts=ns_text(self._app.now_ns(), 6),
            daemon=a.DaemonInfo(self._app.version, PROTOCOL, state.instance, state.mode.value),
            data=data,
            error=problem,
            more=more,
        )


def _surface(text: str) -> Surface:
    return Surface.TUI if text == Surface.TUI.value else Surface.SHELL


# --- what each query answers ----------------------------------------------------------------------------


def _status(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Status) -> a.StatusData:
    app, state, live, now = self._app, turn.state, turn.live, turn.now_ns
    seq, head = app.journal_head
    market = ms_text(turn.market_ms) if turn.market_ms else None
    return a.StatusData(
        mode=state.mode.value,
        authority=state.authority.name,
        since=ns_text(state.started_ns),
        home=str(app.places.state_dir),
        endpoint=app.endpoint,
        pid=app.pid,
        epoch=state.epoch,
        clocks=a.ClocksView(ns_text(now), market, app.conductor.speed_text() if app.conductor else "live"),
        accounts=tuple(views.account_row(state, live, now, account) for account in state.accounts.values()),
        services=app.services(),
        feed=views.feed_rows(turn),
        terminals=tuple(views.terminal_row(state, live, now, name) for name in state.terminals),
        missions=views.mission_counts(state, live),
        acts=views.act_counts(state, live),
        positions=len(state.positions_open),
        journal=a.JournalView(seq, head.hex()[:16], app.journal_bytes),
        signals=views.signals_view(state, live, now),
        scheduler=(),
        alarms=views.alarm_rows(state, now),
        health=(*views.health_rows(turn), *app.health()),
    )


def _missions(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Missions) -> list[a.MissionRow]:
    return views.missions(turn.state, turn.live, verb.state, verb.symbol, verb.limit, actor.identity)


def _mission_show(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.MissionShow) -> a.MissionShow:
    _, number = ids.parse(verb.mission, IdKind.MISSION)
    mission = turn.state.missions.get(number)
    if mission is None:
        raise NotFound(f"no mission {verb.mission}")
    return views.mission_show(turn.state, turn.live, turn.now_ns, mission, actor.identity)


def _fires(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Fires) -> list[a.ActRow]:
    rows = []
    for number in sorted(turn.state.acts, reverse=True):
        act = turn.state.acts[number]
        if not verb.all_acts and act.kind is not ActKind.FIRE:
            continue
        if verb.unknown and act.state is not ActState.UNKNOWN:
            continue
        if verb.state and act.state.value != verb.state.upper():
            continue
        rows.append(views.act_row(turn.state, turn.now_ns, act))
        if len(rows) >= verb.limit:
            break
    return rows


def _fire_show(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.FireShow) -> a.ActShow:
    _, number = ids.parse(verb.act, IdKind.FIRE, IdKind.ACT)
    act = turn.state.acts.get(ids.act_id(turn.state.tag, number))
    if act is None:
        raise NotFound(f"no act {verb.act}")
    return views.act_show(turn.state, turn.now_ns, act)


def _trace(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Trace) -> a.TraceData:
    kind, number = ids.parse(verb.id, IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION)
    shown, wanted = ids.show(kind, number), _family_of(turn.state, kind, number)
    if not wanted:
        raise NotFound(f"no {kind.name.lower()} {verb.id}")
    events: list[a.Event] = []
    last_ns = 0
    after = 0
    while len(events) < TRACE_RECORDS_MAX and (batch := self._app.read(after, 1000)):
        after = batch[-1].seq
        for record in batch:
            event = narrate.event(turn.state, record)
            if wanted.isdisjoint(event.ids):
                continue
            gap = (record.at_ns - last_ns) / SECOND if last_ns else 0.0
            last_ns = record.at_ns
            events.append(_with_gap(event, gap))
    findings = tuple(event.text for event in events if event.kind == "FINDING")
    return a.TraceData(shown, _trace_title(turn, kind, number), tuple(events), findings)


def _with_gap(event: a.Event, gap_s: float) -> a.Event:
    return a.Event(
        event.seq,
        event.at,
        event.market_at,
        event.kind,
        event.text,
        event.actor,
        event.surface,
        event.ids,
        event.facts,
        round(gap_s, 6),
    )


def _family_of(state: State, kind: IdKind, number: int) -> set[str]:
    """All ids whose records belong to a trace: a mission's acts and positions, or an act's position and its acts."""
    if kind is IdKind.MISSION:
        mission = state.missions.get(number)
        if mission is None:
            return set()
        acts = [state.acts[act] for act in mission.acts]
        return {ids.show(kind, number)} | {views.act_id_text(act) for act in acts}
    if kind is IdKind.ACT:
        act = state.acts.get(ids.act_id(state.tag, number))
        return {views.act_id_text(act)} if act else set()
    fire = state.acts.get(ids.act_id(state.tag, number))
    if fire is None:
        return set()
    own = {views.act_id_text(act) for act in state.acts.values() if act.position == number}
    found = own | {views.act_id_text(fire)}
    if number in state.positions:
        found.add(ids.show(IdKind.POSITION, number))
    return found


def _trace_title(turn: Turn, kind: IdKind, number: int) -> str:
    state = turn.state
    if kind is IdKind.MISSION:
        signal = state.missions[number].signal
        return f"{signal.symbol} {signal.side.name}, {state.missions[number].state.value}"
    act = state.acts[ids.act_id(state.tag, number)]
    took = duration_text(act.moved_ns - act.requested_ns)
    return f"{act.kind.name} on {act.account}: {views.verdict_line(act)} (last moved after {took})"


def _positions(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Positions) -> list[a.PositionRow]:
    return views.positions(turn.state, turn.live, turn.now_ns, verb.closed, verb.account, verb.limit)


def _accounts(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Accounts) -> list[a.AccountRow]:
    found = turn.state.accounts.values()
    return [views.account_row(turn.state, turn.live, turn.now_ns, account) for account in found]


def _terminals(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Terminals) -> list[a.TerminalRow]:
    return [views.terminal_row(turn.state, turn.live, turn.now_ns, name) for name in turn.state.terminals]


def _ticks(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Ticks) -> list[a.QuoteRow]:
    return views.quote_rows(turn, verb.symbols)


def _config_show(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.ConfigShow) -> list[a.ConfigRow]:
    return self._app.config_rows()


def _alarms(self: ControlSurface, turn: Turn, actor: Actor, verb: calls.Alarms) -> tuple[a.AlarmRow, ...]:
    return views.alarm_rows(turn.state, turn.now_ns)


_QUERIES: dict[type[calls.Verb], tuple[str, Callable[[ControlSurface, Turn, Actor, Any], object]]] = {
    calls.Status: ("hydra.status/v1", _status),
    calls.Missions: ("hydra.missions/v1", _missions),
    calls.MissionShow: ("hydra.mission/v1", _mission_show),
    calls.Fires: ("hydra.fires/v1", _fires),
    calls.FireShow: ("hydra.act/v1", _fire_show),
    calls.Trace: ("hydra.trace/v1", _trace),
    calls.Positions: ("hydra.positions/v1", _positions),
    calls.Accounts: ("hydra.accounts/v1", _accounts),
    calls.Terminals: ("hydra.terminals/v1", _terminals),
    calls.Ticks: ("hydra.ticks/v1", _ticks),
    calls.ConfigShow: ("hydra.config/v1", _config_show),
    calls.Alarms: ("hydra.alarms/v1", _alarms),
}
