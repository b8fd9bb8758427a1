"""Owns the faults that a test or a drill asked for: which are pending, for whom, and how often each fired.

*Counted* faults hit the next `count` order_sends (of one login, or of anyone). *Lasting* ones hold for `ms`
of wall time, or until cleared when that is 0. They live in memory: a restarted broker has none.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

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
    DISCONNECT = "disconnect"  # the terminal has no broker: 10031
    TRADE_DISABLED = "trade_disabled"  # by the broker: 10017
    AUTOTRADING_OFF = "autotrading_off"  # the terminal's button: 10027
    API_DISABLED = "api_disabled"  # the terminal's switch for programs: None and -8


LASTING = frozenset({FaultKind.DISCONNECT, FaultKind.TRADE_DISABLED, FaultKind.AUTOTRADING_OFF, FaultKind.API_DISABLED})


class BadFault(ValueError):
    """A fault that cannot be; the message names the field."""


@dataclass(slots=True)
class Fault:
    """One pending fault. `login` None: anyone's. `left`: order_sends still to hit. `until_s`: monotonic."""

    kind: FaultKind
    login: int | None
    left: int
    ms: int
    until_s: float | None

    def fits(self, login: int) -> bool:
        return self.login is None or self.login == login


class Faults:
    """The pending faults in the order in which they were asked for."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._pending: list[Fault] = []
        self._fired: Counter[FaultKind] = Counter()

    def add(self, kind_text: str, login: int | None, count: int, ms: int) -> None:
        """Ask for a fault; raises BadFault."""
        try:
            kind = FaultKind(kind_text)
        except ValueError:
            raise BadFault(f"kind '{kind_text}' is none of {', '.join(FaultKind)}") from None
        if not 1 <= count <= COUNT_MAX:
            raise BadFault(f"count {count} is outside 1..{COUNT_MAX}")
        if not 0 <= ms <= MS_MAX:
            raise BadFault(f"ms {ms} is outside 0..{MS_MAX}")
        until_s = self._monotonic_s() + ms / 1000 if kind in LASTING and ms else None
        self._pending.append(Fault(kind, login, count, ms, until_s))

    def take_latency_ms(self, login: int) -> int:
        """How long to hold back the answer to an order_send now; uses up one count."""
        fault = self._first(login, lambda kind: kind is FaultKind.LATENCY)
        if fault is None:
            return 0
        self._use(fault)
        return fault.ms

    def take(self, login: int) -> FaultKind | None:
        """The counted fault (latency aside) that hits an order_send now; uses up one count."""
        fault = self._first(login, lambda kind: kind is not FaultKind.LATENCY and kind not in LASTING)
        if fault is None:
            return None
        self._use(fault)
        return fault.kind

    def lasting(self, login: int) -> frozenset[FaultKind]:
        """The lasting faults that hold for a login now."""
        self._expire()
        return frozenset(f.kind for f in self._pending if f.kind in LASTING and f.fits(login))

    def note(self, kind: FaultKind) -> None:
        """Count that a lasting fault refused something."""
        self._fired[kind] += 1

    def clear(self) -> None:
        """Forget all pending faults; the counters stay."""
        self._pending.clear()

    def report(self) -> dict[str, object]:
        """Pending faults as asked for, and how often each kind fired since the start."""
        self._expire()
        pending = [{"kind": f.kind.value, "login": f.login, "count": f.left, "ms": f.ms} for f in self._pending]
        return {"pending": pending, "fired": {kind.value: self._fired[kind] for kind in FaultKind}}

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
