"""Inbox -> step -> commit -> perform. The write-ahead rule lives in these few lines.

`prepare` numbers and logs a batch of inputs and steps them; `commit` makes their records durable; `release` then
performs what leaves the process. Plain functions: asyncio stands around them in the daemon, a seeded heap in the
simulator. A failed commit ends the process.

The halt latch is the one exception, the other way round: it closes in memory when the request arrives, before any
commit, and `release` looks at it again, since stopping early is safe. An opening frame that it withholds provably
never left, and the driver says so with an input of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from hydrad.domain.accounts import Authority
from hydrad.link.frames import Halt as HaltFrame
from hydrad.ports import BridgePort, ClockPort, InputLogPort, JournalPort
from hydrad.toc import inputs as i
from hydrad.toc.effects import Admit, Effect, RatesSought, RatesTold, Reply, Send, StepDown, TicksTaken
from hydrad.toc.engine import Engine
from hydrad.toc.record import Record
from hydrad.wire.calls import Halt

BATCH_MAX = 256
EVERYTHING = ""


class Outlet(Protocol):
    """What the driver performs besides frames."""

    def reply(self, reply: Reply) -> None: ...

    def admit(self) -> None: ...

    def step_down(self, reason: str) -> None: ...

    def ticks(self, taken: TicksTaken) -> None: ...

    def rates(self, said: RatesSought | RatesTold) -> None: ...

    def published(self, records: Sequence[Record]) -> None:
        """These records are durable."""
        ...


@dataclass(slots=True)
class Batch:
    """One turn of the loop: what was stepped, and what waits for the commit."""

    records: list[Record] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)


class Driver:
    """Owns the order of things. `mutants`: `send_before_commit` and `kill_not_rechecked`, in tests only."""

    def __init__(
        self,
        engine: Engine,
        journal: JournalPort,
        input_log: InputLogPort,
        bridge: BridgePort,
        outlet: Outlet,
        clock: ClockPort,
        next_input: int,
        mutants: frozenset[str] = frozenset(),
    ) -> None:
        self.engine = engine
        self._journal = journal
        self._input_log = input_log
        self._bridge = bridge
        self._outlet = outlet
        self._clock = clock
        self._next_input = next_input
        self._mutants = mutants
        self._last_ns = 0
        self._closing: dict[str, int] = {}

    # --- the latch ----------------------------------------------------------------------------------

    def close_latch(self, account: str = EVERYTHING) -> None:
        """Called by the edge the moment an allowed halt request arrives; before its input is stepped."""
        self._closing[account] = self._closing.get(account, 0) + 1

    def _latch_stepped(self, account: str) -> None:
        """The request stands in the state now, which holds the latch from here on."""
        left = self._closing.get(account, 0) - 1
        if left > 0:
            self._closing[account] = left
        else:
            self._closing.pop(account, None)

    def _latched(self, account: str) -> bool:
        if EVERYTHING in self._closing or account in self._closing:
            return True
        return self.engine.state.account_authority(account) is not Authority.ACTIVE

    # --- the three steps ----------------------------------------------------------------------------

    def prepare(self, bodies: Iterable[i.AnyInput]) -> Batch:
        """Number, log and step a bounded batch. Time never goes back, whatever the host's clock does."""
        batch = Batch()
        for body in bodies:
            self._last_ns = max(self._last_ns, self._clock.machine_ns())
            entry = i.Input(self._next_input, self._last_ns, body)
            self._next_input += 1
            self._input_log.append(entry.number, i.encode(entry))
            records, effects = self.engine.step(entry)
            batch.records += records
            batch.effects += effects
            if isinstance(body, i.Requested) and isinstance(body.body, Halt):
                self._latch_stepped(body.body.account or EVERYTHING)
        if batch.records:
            self._input_log.flush()
        if "send_before_commit" in self._mutants:
            self._send_all(batch)
        return batch

    def commit(self, batch: Batch) -> None:
        """Durable on return. May run on another thread: it touches nothing but the journal."""
        if batch.records:
            self._journal.append(batch.records)

    def release(self, batch: Batch) -> list[i.AnyInput]:
        """Perform the effects of a committed batch; gives the inputs that this causes."""
        withheld: list[int] = []
        unsent: list[int] = []
        for effect in batch.effects:
            match effect:
                case Send():
                    self._send(effect, withheld, unsent)
                case Reply():
                    self._outlet.reply(effect)
                case Admit():
                    self._outlet.admit()
                case StepDown():
                    self._outlet.step_down(effect.reason)
                case TicksTaken():
                    self._outlet.ticks(effect)
                case RatesSought() | RatesTold():
                    self._outlet.rates(effect)
        if batch.records:
            self._outlet.published(batch.records)
        caused: list[i.AnyInput] = []
        if withheld:
            caused.append(i.Withheld(tuple(withheld)))
        if unsent:
            caused.append(i.Unsent(tuple(unsent)))
        return caused

    def turn(self, bodies: Iterable[i.AnyInput]) -> list[i.AnyInput]:
        """All three steps at once, for those who need no thread between them."""
        batch = self.prepare(bodies)
        self.commit(batch)
        return self.release(batch)

    def _send(self, effect: Send, withheld: list[int], unsent: list[int]) -> None:
        if effect.opens and "kill_not_rechecked" not in self._mutants:
            account = self.engine.state.acts[effect.opens].account
            if self._latched(account):
                withheld.append(effect.opens)
                # The frame has its number already: HALT goes in its place, or the agent would see a gap.
                halt = msgspec.structs.replace(effect.frame, body=HaltFrame("latch"))
                self._bridge.send(effect.terminal, effect.connection, halt)
                return
        sent = self._bridge.send(effect.terminal, effect.connection, effect.frame)
        if not sent and effect.act_id:
            unsent.append(effect.act_id)

    def _send_all(self, batch: Batch) -> None:
        for effect in batch.effects:
            if isinstance(effect, Send):
                self._bridge.send(effect.terminal, effect.connection, effect.frame)
        batch.effects = [effect for effect in batch.effects if not isinstance(effect, Send)]
