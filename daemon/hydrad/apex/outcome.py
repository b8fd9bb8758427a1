"""Where a mission would have ended, fired or not. Owns the rule by which it is followed.

The venue's rule: a BUY is entered at the ask and left at the bid, a SELL the other way round, so the spread
is paid. Entry is the first quote at or after the proposal; of an order that rests the first one before its expiry that
reaches its entry: a LIMIT at its price, a STOP at the quote. Stop before target. A stop is filled at the quote that met
it, which may be worse than its price; a target at its price. At the horizon it is closed at the last quote before. What
rests and was not reached ends at its expiry.
"""

from __future__ import annotations

import enum

from hydrad.domain.orders import EntryType, Side
from hydrad.domain.signals import Outcome, Signal
from hydrad.link.frames import Tick


class OutcomeKind(enum.StrEnum):
    """Texts of `Outcome.outcome`."""

    TARGET = "TARGET"
    STOP = "STOP"
    TIMEOUT = "TIMEOUT"


class OutcomeFollower:
    """Follows one mission on its symbol's ticks, in order, until it has ended; then it says no more.

    R is the gain over the proposal's risk (its entry to its stop) in thousandths, rounded towards zero.
    `entry_points` and `exit_points` hold the prices it was counted with; both stay None, and R is 0, where no
    quote came before the horizon, or none that reached an entry that rests: it could not have been entered.
    """

    __slots__ = ("_mission", "_quote", "_signal", "entry_points", "exit_points", "outcome")

    def __init__(self, mission: int, signal: Signal) -> None:
        assert signal.entry_points != signal.stop_points, "a signal has a risk"
        self._mission = mission
        self._signal = signal
        self._quote: int | None = None  # the last price at which it could be left
        self.entry_points: int | None = None
        self.exit_points: int | None = None
        self.outcome: Outcome | None = None

    def on_tick(self, tick: Tick) -> Outcome | None:
        """The outcome, at the tick that brings it about.

        Ticks before the proposal, crossed ones and ones not above zero are passed over.
        """
        signal = self._signal
        if self.outcome is not None or tick.time_ms < signal.at_ms:
            return None
        if not 0 < tick.bid_points <= tick.ask_points:
            return None
        if tick.time_ms >= self._ends_ms:
            return self.on_through(tick.time_ms)
        buy, sign = signal.side is Side.BUY, signal.side.sign
        if self.entry_points is None:
            self.entry_points = self._entered(tick.ask_points if buy else tick.bid_points)
        if self.entry_points is None:
            return None
        price = self._quote = tick.bid_points if buy else tick.ask_points
        if (price - signal.stop_points) * sign <= 0:
            return self._end(OutcomeKind.STOP, tick.time_ms, price)
        if signal.target_points and (price - signal.target_points) * sign >= 0:
            return self._end(OutcomeKind.TARGET, tick.time_ms, signal.target_points)
        return None

    @property
    def _ends_ms(self) -> int:
        """The expiry of what rests and was not reached, else the horizon."""
        waits = self.entry_points is None and self._signal.entry_type is not EntryType.MARKET
        return self._signal.expires_ms if waits else self._signal.horizon_ms

    def _entered(self, price: int) -> int | None:
        """At what it is entered while it would be opened at `price` (points); None where that does not reach it."""
        signal = self._signal
        if signal.entry_type is EntryType.MARKET:
            return price
        above = (price - signal.entry_points) * signal.side.sign
        if signal.entry_type is EntryType.LIMIT:
            return signal.entry_points if above <= 0 else None
        return price if above >= 0 else None

    def on_through(self, through_ms: int) -> Outcome | None:
        """TIMEOUT, once market time has reached its end and every quote before it has been given."""
        if self.outcome is not None or through_ms < self._ends_ms:
            return None
        return self._end(OutcomeKind.TIMEOUT, self._ends_ms, self._quote)

    def _end(self, kind: OutcomeKind, at_ms: int, exit_points: int | None) -> Outcome:
        self.exit_points = exit_points
        self.outcome = Outcome(self._mission, kind.value, self._r_milli(), at_ms)
        return self.outcome

    def _r_milli(self) -> int:
        if self.entry_points is None or self.exit_points is None:
            return 0
        gain = (self.exit_points - self.entry_points) * self._signal.side.sign
        r_milli = abs(gain) * 1000 // abs(self._signal.entry_points - self._signal.stop_points)
        return r_milli if gain >= 0 else -r_milli
