"""Actor: the second person, who looks at fires that wait; and what people do wrong with that.

They approve, twice, and the same by another key; the one who fired approves their own; somebody changes a limit and
approves what was asked before; somebody refuses. Owns the thresholds that a run has.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import SECOND
from hydrad.simulation.daemons import BOSS, OTHER, DaemonActor
from hydrad.simulation.world import World
from hydrad.toc import approvals
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.state import Act
from hydrad.wire import calls

Hand = Callable[[Any, str, str], None]  # verb, who, key

HAS_THRESHOLDS = 0.2
WAIT_MS = 10_000
LOOKS_S = 0.4
AGE_MAX_HOURS = 168


def thresholds(rng: random.Random, limits: Limits, timing: Timing) -> tuple[Limits, Timing]:
    """In some runs what is of more than the usual size waits, in some the usual size does, or what adds up."""
    percent = rng.choice((Decimal("0.04"), *(Decimal("0.1"),) * 4))
    day = rng.choice((None, None, Decimal(5)))
    if rng.random() >= HAS_THRESHOLDS:
        return limits, timing
    fields = {"approval_risk_percent": percent, "approval_day_risk_percent": day}
    return msgspec.structs.replace(limits, **fields), msgspec.structs.replace(timing, approval_wait_ms=WAIT_MS)


class SecondPerson:
    """`hand`: how a request is handed in."""

    def __init__(self, world: World, daemon: DaemonActor, hand: Hand) -> None:
        self._world, self._daemon, self._hand = world, daemon, hand
        self._rng = world.rng("second person")
        self._hours = AGE_MAX_HOURS
        self._keys = 0
        self._done = False

    def start(self) -> None:
        self._world.after(SECOND, self._look)

    def rest(self) -> None:
        self._done = True

    def _look(self) -> None:
        if self._done:
            return
        self._world.after(int(self._rng.expovariate(1 / LOOKS_S) * SECOND), self._look)
        if self._daemon.engine is None:
            return
        found = approvals.waiting(self._daemon.state)
        if found:
            self._decide(self._rng.choice(found))

    def _decide(self, act: Act) -> None:
        fire, what = show(IdKind.FIRE, sequence_of(act.act_id)), self._rng.random()
        if what < 0.15:
            self._world.hit("self_approval")
            self._approve(fire, BOSS)
        elif what < 0.25:
            self._world.hit("approval_after_change")
            self._hours -= 1
            self._hand(calls.AccountLimits(act.account, {"news_age_max_hours": str(self._hours)}), BOSS, "")
            self._approve(fire, OTHER)
        elif what < 0.3:
            self._world.hit("approval_refused")
            self._hand(calls.Cancel(fire, reason="no", wait_s=1.0), OTHER, "")
        else:
            self._world.hit("approved_fire")
            key = self._approve(fire, OTHER)
            if self._rng.random() < 0.3:
                self._world.hit("approved_twice")
                self._approve(fire, OTHER, self._rng.choice((key, "")))

    def _approve(self, fire: str, who: str, key: str = "") -> str:
        self._keys += 1
        key = key or f"second{self._keys}"
        self._hand(calls.Approve(fire, wait_s=3.0), who, key)
        return key
