"""Actors: operators. They fire, repeat themselves, click twice, close, change, halt, resume and decide.

What was not answered, since the daemon died, is asked again with the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.money import price_text
from hydrad.domain.orders import ActKind
from hydrad.simulation.daemons import BOSS, OTHER, PLANS, DaemonActor
from hydrad.simulation.faults import Faults
from hydrad.simulation.second_person import SecondPerson
from hydrad.simulation.world import World
from hydrad.toc import inputs as i
from hydrad.toc import uplink
from hydrad.toc.act import ActState
from hydrad.toc.effects import Reply
from hydrad.toc.state import Position
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode

ASK_AGAIN_NS = 2 * SECOND
GIVE_UP = 5
RECONCILE_KEY = "reconcile"
RELEASES = 0.03  # chance at each act of theirs, for each account that is latched
LOOKS = 0.02  # chance at each act of theirs that they look at a quarantined terminal


@dataclass(slots=True)
class Asked:
    """A request on its way. `times`: how often it was handed in."""

    verb: Any
    key: str
    times: int = 0
    who: str = BOSS


class People:
    """The commander and everybody else, as one hand. `fires`: how many fires were asked for."""

    def __init__(self, world: World, daemon: DaemonActor, faults: Faults, pace_ns: int) -> None:
        self.world = world
        self.daemon = daemon
        self.faults = faults
        self.fires = 0
        self.on_answer: Callable[[str, Reply], None] = lambda key, reply: None
        self.on_halted: Callable[[Reply], None] = lambda reply: None
        self._pace_ns = pace_ns
        self._rng = world.rng("people")
        self._looks = world.rng("quarantines")
        self._cancels = world.rng("cancels")
        self._asked: dict[int, Asked] = {}
        self._keys: list[Asked] = []
        self._requests = 0
        self._names = 0
        self._done = False
        self._accounts = sorted({seat.account for seat in daemon.home.seats})
        self._second = SecondPerson(world, daemon, lambda verb, who, key: self._hand_in(Asked(verb, key, who=who)))
        daemon.on_reply = self.hears
        daemon.on_death = self._unanswered

    def start(self) -> None:
        self.world.after(5 * SECOND, self._act)
        self._second.start()
        if self.faults.halt_s:
            self._plan_halt()

    def rest(self, faults: Faults) -> None:
        """The safety phase is over: nobody asks for anything new; whatever is latched is released again."""
        self._done, self.faults = True, faults
        self._second.rest()
        self.world.after(SECOND, self._resume_all)

    def decide(self) -> None:
        """Somebody looks at every terminal and act that is QUARANTINED, and sides with the broker's books where they
        can be read."""
        if self.daemon.engine is None:
            return
        for terminal in self._ledgers_lost():
            self._activate(terminal)
        for act in [self.daemon.state.acts[number] for number in sorted(self.daemon.state.acts_open)]:
            if act.state is not ActState.QUARANTINED or act.kind is not ActKind.FIRE:
                continue
            rows = self.daemon.engine.live.link(act.terminal).positions.values() if act.terminal else ()
            ticket = next((row.ticket for row in rows if row.magic == act.act_id), None)
            if ticket is not None:
                self._ask(calls.Resolve(show(IdKind.FIRE, sequence_of(act.act_id)), "filled", "seen", ticket))

    def compare(self) -> None:
        """At the end somebody has the books read again; the oracles look at the answer."""
        self._ask(calls.Reconcile(wait_s=5.0), RECONCILE_KEY)

    # --- asking ----------------------------------------------------------------------------------------------

    def _ask(self, verb: Any, key: str = "") -> None:
        self._hand_in(Asked(verb, key))

    def _hand_in(self, asked: Asked) -> None:
        if self.daemon.engine is None:
            if asked.key and asked.times < GIVE_UP:
                self.world.after(ASK_AGAIN_NS, self._hand_in, asked)
            return
        self._requests += 1
        asked.times += 1
        self._asked[self._requests] = asked
        request = i.Requested(self._requests, Actor(asked.who, Surface.SHELL), asked.key, asked.verb)
        if isinstance(asked.verb, calls.Halt):
            self.daemon.halt_arrives(asked.verb.account or "", request)
        else:
            self.daemon.submit(request)

    def hears(self, reply: Reply) -> None:
        """An answer comes to whoever asked."""
        asked = self._asked.pop(reply.request, None)
        if asked is not None and isinstance(asked.verb, calls.Halt):
            self.on_halted(reply)
        if asked is not None and isinstance(asked.verb, calls.Resume):
            self._second_person(reply)
        if asked is not None and asked.key:
            self.on_answer(asked.key, reply)

    def _second_person(self, reply: Reply) -> None:
        """In a real home another commander approves what was asked for, a little later."""
        if reply.problem is not None and reply.problem.code == ErrorCode.PENDING.value:
            self.world.hit("approved")
            verb = calls.Approve(str((reply.problem.facts or {})["change"]))
            self.world.after(int(self._looks.uniform(0.02, 0.6) * SECOND), self._hand_in, Asked(verb, "", who=OTHER))

    def _unanswered(self) -> None:
        """The daemon died: what has a key is asked again."""
        for asked in self._asked.values():
            if asked.key and asked.times < GIVE_UP:
                self.world.after(ASK_AGAIN_NS, self._hand_in, asked)
        self._asked.clear()

    def _key(self) -> str:
        self._names += 1
        return f"k{self._names}"

    # --- what people do ----------------------------------------------------------------------------------------

    def _act(self) -> None:
        if self._done:
            return
        self.world.after(int(self._rng.expovariate(1.0) * self._pace_ns), self._act)
        if self.daemon.engine is None:
            return
        what = self._rng.random()
        if what < 0.72:
            self._fire()
        elif what < 0.92:
            self._close()
        elif what < 0.97:
            self._modify()
        elif what < 0.99:
            self._set_plan()
        else:
            self._dry_run()
        self._cancel()
        self._withdraw()
        self._end_quarantines()
        self._release()

    def _end_quarantines(self) -> None:
        """Somebody looks at a terminal that has lost its ledger, after a while, and lets it open again. No other cause
        may come of the faults: the oracles see that."""
        for terminal in self._ledgers_lost():
            if self._looks.random() < LOOKS:
                self._activate(terminal)

    def _release(self) -> None:
        """What a guard has latched is released seconds later; else its account would do nothing in the whole run."""
        for account in self._accounts:
            latched = self.daemon.state.accounts[account].authority is not Authority.ACTIVE
            if latched and self._looks.random() < RELEASES:
                self._ask(calls.Resume(account))

    def _ledgers_lost(self) -> list[str]:
        return [t.name for t in self.daemon.state.terminals.values() if t.cause and t.why == uplink.LEDGER_LOST_WHY]

    def _activate(self, terminal: str) -> None:
        self._ask(calls.TerminalDuty(terminal, "active", "looked at"))

    def _mission(self) -> str | None:
        numbers = sorted(self.daemon.state.missions_open)[-40:]
        fresh = [number for number in numbers if not self.daemon.state.missions[number].acts]
        among = fresh if fresh and self._rng.random() < 0.9 else numbers
        return show(IdKind.MISSION, self._rng.choice(among)) if among else None

    def _fire(self) -> None:
        mission = self._mission()
        if mission is None:
            return
        self.fires += 1
        risk = self._rng.choice((None, None, None, "0.05%", "0.05%", "0.02%", "0.2%", "0.2%", "2%"))
        plan = self._rng.choice(("default", "default", "none", *PLANS))
        verb = calls.Fire(mission, self._rng.choice(self._accounts), risk=risk, plan=plan, wait_s=3.0)
        asked = Asked(verb, self._key())
        self._hand_in(asked)
        if self._happens("double_click"):
            self._hand_in(asked)
        if self._happens("repeat_key") and self._keys:
            self._hand_in(self._rng.choice(self._keys))
        if self._happens("other_parameters"):
            self._hand_in(Asked(calls.Fire(mission, verb.account, risk="0.01%"), asked.key))
        self._keys = [*self._keys[-30:], asked]

    def _position(self) -> Position | None:
        numbers = sorted(self.daemon.state.positions_open)
        return self.daemon.state.positions[self._rng.choice(numbers)] if numbers else None

    def _close(self) -> None:
        position = self._position()
        if position is None:
            return
        part = self._rng.choice((None, None, None, "50%", "30%"))
        asked = Asked(calls.Close(show(IdKind.POSITION, position.number), part, wait_s=3.0), self._key())
        self._hand_in(asked)
        if self._happens("double_click"):
            self._hand_in(asked)

    def _cancel(self) -> None:
        """Now and then one that rests, twice, or all of them."""
        rng, numbers = self._cancels, sorted(self.daemon.state.resting)
        if not numbers or rng.random() >= 0.1:
            return
        fire = show(rng.choice((IdKind.FIRE, IdKind.ORDER)), sequence_of(rng.choice(numbers)))
        verb = calls.Cancel(all_orders=True, wait_s=3.0) if rng.random() < 0.1 else calls.Cancel(fire, wait_s=3.0)
        asked = Asked(verb, self._key())
        self._hand_in(asked)
        if self._happens("double_click"):
            self._hand_in(asked)

    def _withdraw(self) -> None:
        numbers = sorted(self.daemon.state.resting)
        if numbers and self._cancels.random() < 0.01:
            mission = self.daemon.state.acts[self._cancels.choice(numbers)].mission
            self._ask(calls.Withdraw(show(IdKind.MISSION, mission)))

    def _modify(self) -> None:
        """Mostly tighter, sometimes looser, sometimes nonsense."""
        position = self._position()
        if position is None:
            return
        far = abs(position.open_points - position.stop_points)
        move = self._rng.randint(-far // 6, far // 2) * position.side.sign
        stop = max(position.stop_points + move, 1)
        verb = calls.Modify(show(IdKind.POSITION, position.number), price_text(stop, position.digits), wait_s=3.0)
        self._ask(verb, self._key())

    def _set_plan(self) -> None:
        """Another plan for what is open, the same one too."""
        position = self._position()
        if position is None:
            return
        plan = self._rng.choice(("default", "none", *PLANS))
        asked = Asked(calls.PlanSet(show(IdKind.POSITION, position.number), plan, wait_s=3.0), self._key())
        self._hand_in(asked)
        if self._happens("double_click"):
            self._hand_in(asked)

    def _dry_run(self) -> None:
        mission = self._mission()
        if mission is not None:
            self._ask(calls.Fire(mission, self._rng.choice(self._accounts), dry_run=True))
        for number in sorted(self.daemon.state.positions_open)[:1]:  # nothing is drawn: seeds stay what they are
            self._ask(calls.Close(show(IdKind.POSITION, number), "50%", dry_run=True))
            self._ask(calls.Flatten(dry_run=True))

    def _happens(self, name: str) -> bool:
        return self.world.happens(name, getattr(self.faults, name), self._rng)

    # --- the latch -----------------------------------------------------------------------------------------------

    def _plan_halt(self) -> None:
        self.world.after(int(self._rng.expovariate(1 / self.faults.halt_s) * SECOND), self._halt)

    def _halt(self) -> None:
        if self._done or not self.faults.halt_s:
            return
        account = self._rng.choice((None, None, *self._accounts))
        self.world.hit("halt")
        self._storm()
        verb = calls.Halt(account, reduce=self._rng.random() < 0.3)
        self.world.after(int(self._rng.expovariate(1.0) * MS), self._ask, verb)
        self.world.after(int(self._rng.uniform(0.05, 4.0) * SECOND), self._resume, account)
        self._plan_halt()

    def _storm(self) -> None:
        """Fires at the very instant at which somebody halts."""
        if self.daemon.engine is not None:
            for _ in range(self._rng.randint(0, 6)):
                self._fire()

    def _resume(self, account: str | None) -> None:
        self._ask(calls.Resume(account))
        if self._rng.random() < 0.5:
            self.world.after(700 * MS, self._ask, calls.Resume(account))

    def _resume_all(self) -> None:
        for account in (*self._accounts, None):
            self._ask(calls.Resume(account))
