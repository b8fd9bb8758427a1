"""Owns the faults that a test or a drill asked for: which are pending, for whom, and how often each fired.

*Counted* faults hit the next `count` order_sends that they fit (of one login, or of anyone). *Lasting* ones hold
for `ms` of wall time, or until cleared when that is 0; one that is asked for `after` a function begins when the next
call of that function has been answered. A *plan* draws counted faults by itself: each order_send
that no pending fault hits may be hit by one of the plan's, each at its own rate, from one seed. Faults live in
memory: a restarted broker has none but its configuration's plan, from its start.
"""

from __future__ import annotations

import enum
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

COUNT_MAX = 1_000_000
MS_MAX = 86_400_000


class FaultKind(enum.StrEnum):
    LATENCY = "latency"  # the answer is held back for ms
    LOST_REPLY = "lost_reply"  # executed, answered as an IPC time-out
    TIMEOUT_EXECUTED = "timeout_executed"  # executed, answered 10012
    TIMEOUT_NOT_EXECUTED = "timeout_not_executed"  # not executed, answered 10012
    REQUOTE = "requote"
    REJECT = "reject"
    NO_MONEY = "no_money"
    PARTIAL_FILL = "partial_fill"  # half of the volume is dealt, answered 10010
    EXECUTED_LATE = "executed_late"  # answered 10012, executed after ms of wall time
    EXECUTED_LATE_MARKET = "executed_late_market"  # the same, after ms on the market clock
    HISTORY_LATE = "history_late"  # executed; the history shows it, and what comes after, ms later
    OWNER_TRADE = "owner_trade"  # the owner deals by hand just before the order
    STOP_DROPPED = "stop_dropped"  # executed, but without its stop
    TERMS_CHANGED = "terms_changed"  # stops level, step, digits, trade mode in turn, just before the order
    SYMBOL_GONE = "symbol_gone"  # just before the order; open positions can still be closed
    HANG = "hang"  # nothing is done, and the call never returns
    DISCONNECT = "disconnect"  # the terminal has no broker: 10031
    TRADE_DISABLED = "trade_disabled"  # by the broker: 10017
    AUTOTRADING_OFF = "autotrading_off"  # the terminal's button: 10027
    API_DISABLED = "api_disabled"  # the terminal's switch for programs: None and -8
    NEIGHBOUR = "neighbour"  # every call is answered for another account
    OTHER_SERVER = "other_server"  # the account is of the same number at another server


LASTING = frozenset(
    {
        FaultKind.DISCONNECT,
        FaultKind.TRADE_DISABLED,
        FaultKind.AUTOTRADING_OFF,
        FaultKind.API_DISABLED,
        FaultKind.NEIGHBOUR,
        FaultKind.OTHER_SERVER,
    }
)
PLANNED = tuple(kind for kind in FaultKind if kind not in LASTING and kind is not FaultKind.LATENCY)
RATE_DRAWN_MAX = 0.1
ON_CHANCE = 0.5


class FaultPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faults drawn from a seed, none from seed 0.

    `rates`: chances per order_send by kind; without any, each kind is on or off and has a rate by the seed's own
    draw. `ms`: for the kinds that have one.
    """

    seed: int = 0
    rates: dict[str, float] = {}
    ms: int = 200


class BadFault(ValueError):
    """A fault that cannot be; the message names the field."""


@dataclass(slots=True)
class Fault:
    """One fault. `login` None: anyone's. `left`: order_sends still to hit. `until_s`: monotonic. `after`: the function
    whose next answer begins it, empty once it holds."""

    kind: FaultKind
    login: int | None
    left: int
    ms: int
    until_s: float | None
    after: str = ""

    def fits(self, login: int) -> bool:
        return self.login is None or self.login == login


class Faults:
    """The pending faults in the order in which they were asked for."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._pending: list[Fault] = []
        self._fired: Counter[FaultKind] = Counter()
        self._rng, self._rates, self._plan_ms = random.Random(0), dict[FaultKind, float](), 0

    def add(self, kind_text: str, login: int | None, count: int, ms: int, after: str = "") -> None:
        """Ask for a fault; raises BadFault."""
        kind = _kind(kind_text)
        if not 1 <= count <= COUNT_MAX:
            raise BadFault(f"count {count} is outside 1..{COUNT_MAX}")
        if not 0 <= ms <= MS_MAX:
            raise BadFault(f"ms {ms} is outside 0..{MS_MAX}")
        if after and kind not in LASTING:
            raise BadFault(f"after {after}: only lasting faults begin after a call")
        until_s = self._monotonic_s() + ms / 1000 if kind in LASTING and ms else None
        self._pending.append(Fault(kind, login, count, ms, until_s, after))

    def answered(self, login: int, function: str) -> None:
        """A call has been answered: what was to begin after it begins."""
        for fault in self._pending:
            if fault.after == function and fault.fits(login):
                fault.after = ""

    def take_latency_ms(self, login: int) -> int:
        """How long to hold back the answer to an order_send now; uses up one count."""
        fault = self._first(login, lambda kind: kind is FaultKind.LATENCY)
        if fault is None:
            return 0
        self._use(fault)
        return fault.ms

    def take(self, login: int, suits: Callable[[FaultKind], bool] = lambda kind: True) -> Fault | None:
        """The counted fault (latency aside) that hits an order_send now; uses up one count. `suits`: whether a kind can
        do anything to this one."""
        wanted = lambda kind: kind is not FaultKind.LATENCY and kind not in LASTING and suits(kind)  # noqa: E731
        fault = self._first(login, wanted)
        if fault is not None:
            self._use(fault)
            return fault
        drawn = self._drawn(suits)
        if drawn is None:
            return None
        self._fired[drawn] += 1
        return Fault(drawn, login, 0, self._plan_ms, None)

    def plan(self, plan: FaultPlan) -> None:
        """Draw faults by a plan from now on; raises BadFault."""
        rates = {_kind(name): rate for name, rate in plan.rates.items()}
        if bad := [kind for kind, rate in rates.items() if kind not in PLANNED or not 0 <= rate <= 1]:
            raise BadFault(f"rate of {bad[0]}: only counted faults have one, from 0 to 1")
        if not 0 <= plan.ms <= MS_MAX:
            raise BadFault(f"ms {plan.ms} is outside 0..{MS_MAX}")
        self._rng, self._plan_ms = random.Random(plan.seed), plan.ms
        if not plan.seed:
            self._rates = {}
            return
        drawn: dict[FaultKind, float] = {
            kind: self._rng.uniform(0, RATE_DRAWN_MAX) * (self._rng.random() < ON_CHANCE) for kind in PLANNED
        }
        self._rates = rates or drawn

    def _drawn(self, suits: Callable[[FaultKind], bool]) -> FaultKind | None:
        """Every kind of the plan is drawn for each time, so that one kind's rate shifts no other's draws."""
        hits = [kind for kind, rate in self._rates.items() if self._rng.random() < rate]
        return next((kind for kind in hits if suits(kind)), None)

    def lasting(self, login: int) -> frozenset[FaultKind]:
        """The lasting faults that hold for a login now."""
        self._expire()
        return frozenset(f.kind for f in self._pending if f.kind in LASTING and f.fits(login) and not f.after)

    def fired(self, kind: FaultKind) -> int:
        """How often a kind fired since the start."""
        return self._fired[kind]

    def now_s(self) -> float:
        """The clock that faults are timed by: monotonic seconds."""
        return self._monotonic_s()

    def note(self, kind: FaultKind) -> None:
        """Count that a lasting fault did something."""
        self._fired[kind] += 1

    def clear(self) -> None:
        """Forget all pending faults and the plan; the counters stay."""
        self._pending.clear()
        self._rates = {}

    def report(self) -> dict[str, object]:
        """Pending faults as asked for, and how often each kind fired since the start."""
        self._expire()
        pending = [{"kind": f.kind.value, "login": f.login, "count": f.left, "ms": f.ms} for f in self._pending]
        rates = {kind.value: rate for kind, rate in self._rates.items() if rate}
        return {"pending": pending, "rates": rates, "fired": {kind.value: self._fired[kind] for kind in FaultKind}}

    def _first(self, login: int, wanted: Callable[[FaultKind], bool]) -> Fault | None:
        return next((f for f in self._pending if wanted(f.kind) and f.fits(login)), None)

    def _use(self, fault: Fault) -> None:
        self._fired[fault.kind] += 1
        fault.left -= 1
        if fault.left == 0:
            self._pending.remove(fault)

    def _expire(self) -> None:
        now_s = self._monotonic_s()
        self._pending = [f for f in self._pending if f.until_s is None or f.until_s > now_s]


def _kind(text: str) -> FaultKind:
    try:
        return FaultKind(text)
    except ValueError:
        raise BadFault(f"kind '{text}' is none of {', '.join(FaultKind)}") from None
