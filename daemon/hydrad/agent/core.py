"""The agent's core: one step from an input to what must be stored and what is to be done.

`step(input)` returns `(entries, effects)`. The shell makes the entries durable first and then performs the effects in
their order; a crash in between loses effects, never entries. The core's durable state is the fold over all entries,
by the same `_apply` live and at start; everything else is learned anew from the worker and in the hand-shake.

At most one worker call is in hand. Acts that reduce go before acts that open, both before any reading; each act is
judged when it comes and once more when it leaves. Owns the order of all this: which input goes where, and
what the worker is handed next. What is done lies in the layers below, `readings` down to `state`, and the rules in
`checks`, `caps`, `ledger`, `plans` and `latch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hydrad.agent import calls, effects, entries, inputs
from hydrad.agent.caps import with_stand_ins
from hydrad.agent.config import AgentConfig
from hydrad.agent.latch import DAEMON
from hydrad.agent.ledger import Event
from hydrad.agent.readings import Readings
from hydrad.agent.state import DETAIL_MAX
from hydrad.domain.instants import SECOND
from hydrad.link import frames
from hydrad.link.frames import BadFrame, OtherVersion
from hydrad.link.session import Arrival

CHASE_EVERY_NS = SECOND
_READ_BOUND_MS = 30_000
Result = tuple[list[entries.Entry], list[effects.Effect]]


class AgentCore(Readings):
    """One agent. `stored`: all entries ever committed, oldest first. `mutants`: mistakes for tests, by name."""

    def __init__(
        self,
        config: AgentConfig,
        ledger_id: str,
        stored: Iterable[entries.Entry] = (),
        mutants: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(config, ledger_id, stored, mutants)
        self._handlers: dict[type, Callable[[Any], None]] = {
            inputs.Opened: self._opened,
            inputs.Received: self._received,
            inputs.LinkLost: lambda given: self._drop(given.reason),
            inputs.WorkerUp: self._worker_came,
            inputs.WrongTerminal: lambda given: self._identify(given.identity),
            inputs.WorkerLost: self._worker_lost,
            inputs.Answered: lambda given: self._answers[type(given.answer)](given.answer),
            inputs.PollDue: self._poll_asked,
            inputs.Timer: self._timer,
            inputs.Stopping: self._stop,
            inputs.LocalLatch: self._latched_here,
            inputs.LocalFlatten: self._flatten_asked,
        }
        self._bodies: dict[type, Callable[[Any], None]] = {
            frames.Welcome: self._welcome,
            frames.BeatDown: self._beaten,
            frames.Fire: self._command,
            frames.Close: self._command,
            frames.Modify: self._command,
            frames.Cancel: self._command,
            frames.Plan: self._plan,
            frames.Query: self._query,
            frames.QueryHistory: self._query_history,
            frames.QueryRates: self._query_rates,
            frames.Versions: self._refused_version,
            frames.Halt: lambda body: None,  # obeyed before its place in the session is judged
            frames.Resume: self._resumed,
        }
        self._answers: dict[type, Callable[[Any], None]] = {
            calls.Performed: self._performed,
            calls.Found: self._found,
            calls.Polled: self._polled,
            calls.Books: self._books,
            calls.Terms: self._terms_read,
            calls.DealsRead: self._deals_read,
            calls.RatesRead: self._rates_read,
        }

    def step(self, given: inputs.Input) -> Result:
        """Take one input; what must be committed, and what to do after that."""
        self._entries, self._effects = [], []
        self._now_ns = given.machine_ns
        self._market_ms = max(self._market_ms, given.market_ms)
        if isinstance(given, inputs.Answered):
            call, self._call = self._call, None
            assert call is not None, f"an answer without a call: {type(given.answer).__name__}"
            self._answered_call = call
        self._handlers[type(given)](given)
        self._work()
        return self._entries, self._effects

    def _received(self, given: inputs.Received) -> None:
        try:
            frame = frames.decode_down(given.data)
        except OtherVersion as error:
            self._other_version(error)
            return
        except BadFrame as error:
            self._drop(f"bad frame: {error}")
            return
        if isinstance(frame.body, frames.Halt):
            self._set_latch(DAEMON, True, frame.body.by)
            self._tell_latch()
        arrival = self._talk.arrival(frame)
        if arrival is Arrival.GAP:
            self._drop(f"a gap before frame {frame.seq}")
        elif arrival is Arrival.NEXT and not self._fenced(frame):
            self._talk.heard(self._now_ns)
            self._bodies[type(frame.body)](frame.body)

    def _timer(self, given: inputs.Timer) -> None:
        if self._talk.silent(self._now_ns):
            self._drop("the daemon is silent")
        self._hello()
        if self._talk.beat_due(self._now_ns):
            self._send(self._beat())
        if self._now_ns - self._chase_ns >= CHASE_EVERY_NS:
            self._chase_ns = self._now_ns
            self._withhold_waiting("EXPIRED", "STOPPING")
            self._chase()
            self._cancel_alone()

    def _worker_came(self, given: inputs.WorkerUp) -> None:
        self._worker_up, self._offset_ms = True, given.offset_ms
        self._connected_since_ns = self._now_ns if given.connected else None
        self._trade_allowed = given.trade_allowed
        self._read_ms = -1
        self._symbols, self._stand_ins = given.symbols or self._config.symbols, given.stand_ins
        self._caps = with_stand_ins(self._config.caps, given.stand_ins)
        self._identify(given.identity)
        self._chase()

    def _worker_lost(self, given: inputs.WorkerLost) -> None:
        call, self._call = self._call, None
        self._worker_up, self._connected_since_ns = False, None
        match call:
            case calls.Perform():
                row = self._next_row((call.act_id, call.move), Event.UNCLEAR, code="WORKER_LOST", detail=given.reason)
                self._tell(row)
            case calls.Find():
                self._seek((call.act_id, call.move))
            case calls.ReadDeals() | calls.ReadRates():
                self._readings.appendleft(call)
        self._send_ready(frames.Warn("WORKER_KILLED", given.reason[:DETAIL_MAX]))
        if self._halted_owed:
            self._tell_latch()

    def _work(self) -> None:
        """Hand the worker its next call, if it is free: acts first, then evidence, then readings."""
        if not self.worker_free:
            return
        call = self._next_act() or self._next_find() or self._next_reading()
        if call is not None:
            self._call = call
            bound_ms = self._config.act_bound_ms if isinstance(call, calls.Perform) else _READ_BOUND_MS
            self._effects.append(effects.Call(call, bound_ms))
