"""The daemon behind the surfaces of people: calls become inputs or are answered from memory; records become events.

Who calls is worked out at the edge, once: here for the control socket, from the kernel's word (SO_PEERCRED); by a
session or a Telegram id for those who `ask`. Queries need a viewer, everything else the role that the core's table
names.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

import msgspec

from hydrad.control.handler import Peer, Reply
from hydrad.domain import ids, money
from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import SHELLS, Actor, Role, Surface
from hydrad.domain.instants import ms_text, ns_text
from hydrad.home import cards
from hydrad.host import entropy, keys
from hydrad.host.keys import KeyPair
from hydrad.paper.playing import PLAYED, CannotPlay, play
from hydrad.surface import apex_queries, past, people_queries, queries
from hydrad.surface.daemon import Daemon
from hydrad.surface.following import Followers
from hydrad.surface.queries import NotFound, Troubled
from hydrad.surface.running import Running, Told
from hydrad.toc import crew, desk
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.state import State
from hydrad.toc.texts import act_id_text
from hydrad.wire import calls
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.answers.daemon import DownData
from hydrad.wire.answers.market import PaperData, StepData
from hydrad.wire.answers.oncall import ChannelTestData
from hydrad.wire.answers.people import InviteData
from hydrad.wire.answers.terminals import EnrollData, LeavingData
from hydrad.wire.calls import PROTOCOL, Call
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

QUERIES = {**queries.QUERIES, **people_queries.QUERIES, **apex_queries.QUERIES}
log = logging.getLogger("hydrad.surface")
STEP_TIMEOUT_S = 20.0


class Asked(NamedTuple):
    """A request that the core has not answered yet. `private`: what its answer needs and the journal must not have."""

    actor: Actor
    verb: calls.AnyVerb
    reply: Reply
    private: KeyPair | str | None


class _Single:
    """The way back to an `ask`: its first answer is all there is."""

    call_id = 0

    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def send(self, answer: Answer) -> bool:
        if self.answer.done():  # whoever asked has left
            return False
        self.answer.set_result(answer)
        return True

    def send_bytes(self, data: bytes) -> bool:
        raise NotImplementedError("an `ask` has no stream")

    def ready(self, resume: Callable[[], None]) -> bool:
        return True


DONE_MAX = 100
PAPER_SCHEMA, STEP_SCHEMA = "hydra.paper/v1", "hydra.step/v1"
Keyed = tuple[str, str]  # who, and their key


class ControlSurface:
    """Implements `control.handler.Handler` and the driver's replies."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._waiting: dict[int, Asked] = {}
        self._next_request = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: dict[Keyed, tuple[Verb, asyncio.Future[Told]]] = {}
        self._running = Running(daemon)
        self._past = past.Past(daemon)
        self.followers = Followers(daemon, self.envelope, self._problem)

    # --- Handler ------------------------------------------------------------------------------------

    def call(self, peer: Peer, call: Call, reply: Reply) -> None:
        """A decoded call from the control socket."""
        actor = Actor(f"uid:{peer.uid}", _surface(call.surface))
        if isinstance(call.body, calls.Tail) and self._state.role(actor.identity) is not Role.NONE:
            self.followers.follow(peer, call.body, reply)
        else:
            self._take(actor, call, reply)

    async def ask(self, actor: Actor, verb: calls.AnyVerb, key: str = "") -> Answer:
        """One call of an edge that has worked out who asks; see `ports.Ask`."""
        reply = _Single()
        self._take(actor, Call(PROTOCOL, 0, verb, key, actor.surface.value), reply)
        return await reply.answer

    def _take(self, actor: Actor, call: Call, reply: Reply) -> None:
        verb = call.body
        role = self._state.role(actor.identity)
        known = self._state.operator(actor.identity) is not None
        if isinstance(verb, calls.OperatorClaim) or (isinstance(verb, calls.OperatorRestore) and known):
            self._request(actor, call, reply, role)  # the core knows which of those without a role may
        elif role is Role.NONE:
            self._no_role(actor, call, reply)
        elif isinstance(verb, calls.Tail):
            self._problem(reply, verb, ErrorCode.USAGE, "a stream is not asked for here")
        elif isinstance(verb, past.VERBS):
            self._task(self._answered(reply, self._past.answer(verb)))
        elif type(verb) in QUERIES:
            if isinstance(verb, calls.Trace) and verb.recheck:
                self._daemon.submit(i.Recheck())
            self._daemon.loop.ask(lambda: self._query(actor, verb, reply))
        elif type(verb) in desk.VERBS or role < desk.NEEDS[type(verb)] or self._barred(actor, verb):
            self._request(actor, call, reply, role)
        else:
            self._own(actor, call, reply)

    def _barred(self, actor: Actor, verb: calls.AnyVerb) -> bool:
        return bool(desk.barred(actor.surface, verb, self._daemon.glance().live.phone_may))

    def _own(self, actor: Actor, call: Call, reply: Reply) -> None:
        """What the daemon itself carries out, for somebody who may; who may not was sent to the core, which says no."""
        verb = call.body
        key = (actor.identity, call.key)
        if isinstance(verb, calls.MarketStep):
            self._task(self._once(key, verb, reply, lambda: self._step(verb)))
        elif isinstance(verb, PLAYED):
            self._task(self._once(key, verb, reply, lambda: self._play(verb)))
        elif isinstance(verb, calls.Reload):
            self._task(self._reload(actor, verb, reply))
        elif isinstance(verb, calls.LogLevel):
            self._task(self._once(key, verb, reply, lambda: self._running.log_level(verb)))
        elif isinstance(verb, calls.HudOpen | calls.HudPin):
            self._task(self._answered(reply, self._daemon.hud.asked(actor, verb)))
        else:
            assert isinstance(verb, calls.Down)
            self._task(self._down(verb, reply))

    def _no_role(self, actor: Actor, call: Call, reply: Reply) -> None:
        """A stranger is counted. Of a person who is suspended, what they ask for is journaled by the core."""
        operator = self._state.operator(actor.identity)
        if operator is not None and type(call.body) in desk.NEEDS:
            self._request(actor, call, reply, Role.NONE)
            return
        why = f"{operator.name} is suspended" if operator else f"{actor.identity} is no operator of this home"
        self._daemon.submit(i.Strangers(_door(actor), why, 1))
        self._problem(reply, call.body, ErrorCode.FORBIDDEN, why)

    def gone(self, peer: Peer) -> None:
        """The client has left: its streams end; what it asked for goes on."""
        self.followers.gone(peer.connection)

    def problem(self, problem: Problem) -> Answer:
        """An envelope for what the server itself must say."""
        return self.envelope("hydra.error/v1", None, problem)

    # --- requests -----------------------------------------------------------------------------------

    def _request(self, actor: Actor, call: Call, reply: Reply, role: Role) -> None:
        verb, extra, private = call.body, "", None  # type: calls.AnyVerb, str, KeyPair | str | None
        if isinstance(verb, calls.Halt) and role >= desk.NEEDS[calls.Halt]:
            self._daemon.loop.driver.close_latch(verb.account or "")
        if isinstance(verb, calls.TerminalEnroll):
            private = keys.draw_keypair()
            extra = private.public
        elif isinstance(verb, calls.OperatorInvite | calls.ChannelTest):
            private = entropy.draw_code()
            extra = crew.digest_of(private)
        elif isinstance(verb, calls.OperatorClaim | calls.ChannelConfirm):
            verb = type(verb)(crew.digest_of(verb.code))
        elif isinstance(verb, calls.HudPin):  # only to be refused: inputs have no secret
            verb = calls.HudPin("")
        request = self._next_request
        self._next_request += 1
        self._waiting[request] = Asked(actor, verb, reply, private)
        self._daemon.submit(i.Requested(request, actor, call.key, verb, extra), urgent=isinstance(verb, calls.Halt))

    def reply(self, effect: e.Reply) -> None:
        """A request's answer, after its commit."""
        actor, verb, reply, private = self._waiting.pop(effect.request)
        data = effect.data
        if isinstance(verb, calls.NewsImport | calls.NewsAdd) and effect.problem is None:
            return self._news(verb, actor, reply)
        if isinstance(verb, calls.TerminalEnroll) and isinstance(private, KeyPair) and effect.problem is None:
            data = self._enrolled(verb, private, data)
        if isinstance(verb, calls.TerminalRemove) and isinstance(data, LeavingData) and data.done:
            self._daemon.removed(verb)
        if isinstance(data, ChannelTestData) and isinstance(private, str):
            self._task(self._answered(reply, self._daemon.channels.tested(data, private)))
            return None
        if isinstance(data, InviteData) and isinstance(private, str):
            data = msgspec.structs.replace(data, code=private)
        if isinstance(verb, Running.SERVICE_VERBS) and effect.problem is None:
            self._task(self._answered(reply, self._running.settled(verb)))
            return None
        if isinstance(verb, calls.Reload) and effect.problem is None:
            reply.send(self.envelope(*self._running.reloaded(effect.request)))
            return None
        if isinstance(verb, calls.Resume) and self._is_resumed(verb, effect.problem):
            self._daemon.places.halt_file.unlink(missing_ok=True)
        if isinstance(verb, calls.OperatorClaim) and effect.problem is not None:
            self._daemon.submit(i.Strangers(_door(actor), "a wrong invitation code", 1))
        reply.send(self.envelope(effect.schema, data, effect.problem))
        return None

    def _enrolled(self, verb: calls.TerminalEnroll, drawn: KeyPair, data: Any) -> EnrollData:
        """The bundle is written with the pair that was enrolled; a repeated request has its own, which is nobody's."""
        known = msgspec.convert(msgspec.to_builtins(data), EnrollData)
        is_first = known.public_key == drawn.public
        path = self._daemon.enrolled(verb, drawn) if is_first else str(self._daemon.places.bundle(verb.name))
        card = str(cards.path_of(self._daemon.places, verb.name))
        return msgspec.structs.replace(known, bundle=path, card=card)

    def _is_resumed(self, verb: calls.Resume, problem: Problem | None) -> bool:
        """Whether everything is open by this answer. A HALT file that a shell has just written may not have been seen
        yet: a refusal, or the resume of one account, leaves it where it is. (A raised authority takes it away itself.)
        """
        said = problem.code if problem else ErrorCode.PARTLY.value
        return verb.account is None and said == ErrorCode.PARTLY.value and self._state.authority is Authority.ACTIVE

    def _news(self, verb: calls.NewsImport | calls.NewsAdd, actor: Actor, reply: Reply) -> None:
        """Write the file; answered once the core has it."""
        try:
            self._daemon.write_news(verb, actor)
        except (OSError, ValueError) as error:
            self._problem(reply, verb, ErrorCode.FAILED, f"the news file was not changed: {error}")
            return
        self._daemon.loop.ask(lambda: self._query(actor, calls.NewsToday(), reply))

    def _task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answered(self, reply: Reply, work: Awaitable[Told]) -> None:
        schema, data, problem = await work
        reply.send(self.envelope(schema, data, problem))

    async def _reload(self, actor: Actor, verb: calls.Reload, reply: Reply) -> None:
        """Read first, whole or not at all; the core's answer to what was read comes to `reply`."""
        read = await self._running.read()
        if isinstance(read, Problem):
            reply.send(self.envelope("hydra.reload/v1", None, read))
            return
        request = self._next_request
        self._next_request += 1
        self._waiting[request] = Asked(actor, verb, reply, None)
        self._daemon.submit(self._running.configured(request, actor, read))

    async def _step(self, verb: calls.MarketStep) -> Told:
        conductor = self._daemon.conductor
        if conductor is None or not conductor.by_client:
            message = "market time of this home is not a client's to move"
            return STEP_SCHEMA, None, Problem(ErrorCode.CONFLICT.value, message, 'paper.conductor = "client"')
        held = await conductor.step_through(verb.minutes, STEP_TIMEOUT_S)
        market = ms_text(conductor.clock_ms)
        data = StepData(market, conductor.ended, tuple(held))
        problem = None
        if held:
            problem = Problem(ErrorCode.TIMED_OUT.value, "the market is held by " + ", ".join(held))
        return STEP_SCHEMA, data, problem

    async def _once(self, key: Keyed, verb: Verb, reply: Reply, work: Callable[[], Coroutine[Any, Any, Told]]) -> None:
        """A key is carried out once while this daemon lives, also when it comes again before the first is answered."""
        known = self._done.get(key) if key[1] else None
        other = known is not None and known[0] != verb
        if other or (key[1] and (key in self._state.answers or key in self._state.keys)):
            return self._problem(reply, verb, ErrorCode.CONFLICT, "this key was used with other parameters")
        if known is None:
            known = (verb, asyncio.ensure_future(work()))
            self._done[key] = known
            while len(self._done) > DONE_MAX:
                del self._done[next(iter(self._done))]
        reply.send(self.envelope(*await known[1]))
        return None

    async def _play(self, verb: Verb) -> Told:
        if self._state.mode is not HomeMode.PAPER:
            message = "this is a real home: its brokers are not played"
            return PAPER_SCHEMA, None, Problem(ErrorCode.CONFLICT.value, message)
        try:
            facts = await play(self._daemon.places, self._state, verb)
        except CannotPlay as error:
            return PAPER_SCHEMA, None, Problem(ErrorCode.USAGE.value, str(error))
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        return PAPER_SCHEMA, PaperData(told or "will do", facts), None

    async def _down(self, verb: calls.Down, reply: Reply) -> None:
        flying = [n for n in self._state.acts_open if self._state.acts[n].state in IN_FLIGHT]
        unknown = [n for n in self._state.acts_open if self._state.acts[n].state is ActState.UNKNOWN]
        if (flying or unknown) and not verb.force:
            shown = ", ".join(act_id_text(self._state.acts[n]) for n in flying + unknown)
            message = f"acts without a verdict: {shown}"
            self._problem(reply, verb, ErrorCode.CONFLICT, message, "wait for them, or repeat with --yes")
            return
        stopped, left = await self._daemon.stop_family()
        problem = None
        if left:
            problem = Problem(
                ErrorCode.PARTLY.value, "would not end: " + ", ".join(left), "kill -9, and look at its log"
            )
        reply.send(self.envelope("hydra.down/v1", DownData(self._daemon.pid, tuple(stopped)), problem))
        self._daemon.loop.stop("down")

    # --- queries ------------------------------------------------------------------------------------

    def _query(self, actor: Actor, verb: calls.AnyVerb, reply: Reply) -> None:
        schema, answer = QUERIES[type(verb)]
        turn = self._daemon.glance()
        try:
            data = answer(self._daemon, turn, actor, verb)
        except Troubled as troubled:
            reply.send(self.envelope(schema, troubled.data, troubled.problem))
        except NotFound as missing:
            self._problem(reply, verb, ErrorCode.NOT_FOUND, str(missing))
        except Refused as refused:
            reply.send(self.envelope(schema, None, refused.problem))
        except (ids.BadId, money.BadNumber) as error:
            self._problem(reply, verb, ErrorCode.USAGE, str(error))
        except Exception:  # the edge of queries: what only looks must not end what trades
            log.exception("%s failed", type(verb).__name__)
            self._problem(reply, verb, ErrorCode.FAILED, "the query failed; the daemon's log has the reason")
        else:
            reply.send(self.envelope(schema, data, None))

    # --- envelopes ----------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return self._daemon.state

    def _problem(self, reply: Reply, verb: Verb, code: ErrorCode, text: str, hint: str | None = None) -> None:
        schema = f"hydra.{type(verb).__name__.lower()}/v1"
        reply.send(self.envelope(schema, None, Problem(code.value, text, hint)))

    def envelope(self, schema: str, data: Any, problem: Problem | None, more: bool = False) -> Answer:
        state = self._state
        return Answer(
            schema=schema,
            ok=problem is None,
            ts=ns_text(self._daemon.now_ns(), 6),
            daemon=DaemonInfo(self._daemon.version, PROTOCOL, state.instance, state.mode.value),
            data=data,
            error=problem,
            more=more,
        )


def _door(actor: Actor) -> str:
    """Where a stranger is counted."""
    return "control" if actor.surface in SHELLS else actor.surface.value


def _surface(text: str) -> Surface:
    return Surface.TUI if text == Surface.TUI.value else Surface.SHELL
