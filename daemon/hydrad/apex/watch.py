"""What TOC sees of APEX: ticks in, signals and outcomes out. Owns when the engine may begin (digits known) and which
missions are followed to their outcome, fired or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hydrad.apex.bars import BadTick
from hydrad.apex.engine import Apex
from hydrad.apex.features import least_bars
from hydrad.apex.outcome import OutcomeFollower
from hydrad.apex.profile import Profile
from hydrad.apex.standing import Standing, SymbolStanding
from hydrad.domain.signals import Outcome, Signal, Suppressed
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import SymbolTicks

MEMORY_MIN_MS = 3 * 3_600_000


class Watch:
    """`earlier`: signals of the journal, oldest first. `unended`: missions without an outcome, by number.

    The engine is made once the digits of all the profile's symbols have been told; ticks before that are not kept
    (a hand-shake sends terms before ticks). `market_ms` is set by the core before each frame. With `profile` None
    only outcomes are followed.
    """

    def __init__(
        self, profile: Profile | None, earlier: Sequence[Signal] = (), unended: Iterable[tuple[int, Signal]] = ()
    ) -> None:
        self.market_ms = 0
        self._profile = profile
        self._earlier = earlier
        self._digits: dict[str, int] = {}
        self._apex: Apex | None = None
        self._followers: dict[int, tuple[str, OutcomeFollower]] = {}
        self._fed_ms: dict[str, int] = {}
        for number, signal in unended:
            self.follow(number, signal)

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._profile.symbols if self._profile else ()

    @property
    def memory_ms(self) -> int:
        """How far back ticks are needed, at least as far as a mission lives."""
        return MEMORY_MIN_MS if self._profile is None else max(MEMORY_MIN_MS, self._profile.horizon_min * 120_000)

    def history_from_ms(self, market_ms: int) -> int:
        """The earliest instant from which ticks are wanted."""
        if self._profile is None or not market_ms:
            return max(market_ms - MEMORY_MIN_MS, 0)
        apex = self._apex or Apex(self._profile, dict.fromkeys(self._profile.symbols, 5))
        return min(apex.history_from_ms(market_ms), market_ms - self.memory_ms)

    def follow(self, number: int, signal: Signal) -> None:
        """A mission was proposed."""
        if signal.stop_points and signal.entry_points != signal.stop_points:
            self._followers[number] = (signal.symbol, OutcomeFollower(number, signal))

    def on_terms(self, terms: Sequence[SymbolTerms]) -> None:
        """A terminal told its symbols' digits. The first to tell counts; the engine begins when all are known."""
        for one in terms:
            self._digits.setdefault(one.symbol, one.digits)
        known = self._profile and all(symbol in self._digits for symbol in self._profile.symbols)
        if self._apex is None and self._profile and known:
            self._apex = Apex(self._profile, self._digits, self._earlier)

    def on_frame(
        self,
        batches: Sequence[SymbolTicks],
        through_ms: int,
        history: bool,
        read: Collection[str] | None = None,
    ) -> list[Signal | Suppressed | Outcome]:
        """One TICKS frame. `read`: the symbols that its sender is the source of; None: all."""
        said: list[Signal | Suppressed | Outcome] = []
        said += self._outcomes(batches, through_ms, history, read)
        if self._apex is not None:
            said += self._apex.on_frame(batches, through_ms, history, self.market_ms, read)
        return said

    def standing(self, market_ms: int) -> Standing | None:
        """How the engine stands; None without a profile. Its candidates begin with the engine, that is with this daemon
        and the first hand-shakes; what was proposed or suppressed before is counted in the journal."""
        if self._apex is not None or self._profile is None:
            return self._apex.standing(market_ms) if self._apex else None
        needed = least_bars(self._profile)
        waits_for = tuple(symbol for symbol in self._profile.symbols if symbol not in self._digits)
        cold = tuple(SymbolStanding(symbol, 0, needed, None, None, None) for symbol in self._profile.symbols)
        return Standing(self._profile, waits_for, cold, None, ())

    def take_bad_ticks(self) -> list[BadTick]:
        return self._apex.take_bad_ticks() if self._apex else []

    def _outcomes(
        self, batches: Sequence[SymbolTicks], through_ms: int, history: bool, read: Collection[str] | None
    ) -> list[Outcome]:
        ended: list[Outcome] = []
        for batch in batches:
            if not batch.ticks or (history and batch.ticks[-1].time_ms <= self._fed_ms.get(batch.symbol, 0)):
                continue
            self._fed_ms[batch.symbol] = batch.ticks[-1].time_ms
            for number, (symbol, follower) in list(self._followers.items()):
                if symbol == batch.symbol:
                    ended += self._feed(number, follower, batch)
        for number, (symbol, follower) in list(self._followers.items()) if not history else ():
            outcome = follower.on_through(through_ms) if read is None or symbol in read else None
            if outcome is not None:
                del self._followers[number]
                ended.append(outcome)
        return ended

    def _feed(self, number: int, follower: OutcomeFollower, batch: SymbolTicks) -> list[Outcome]:
        for tick in batch.ticks:
            outcome = follower.on_tick(tick)
            if outcome is not None:
                del self._followers[number]
                return [outcome]
        return []
