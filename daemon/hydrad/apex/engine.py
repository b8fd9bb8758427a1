"""APEX as a whole: ticks in, signals and reasons for silence out. Owns the order in which things are judged.

Contract of determinism: what comes out depends on the ticks, their `history` mark and the profile, not on how
ticks were cut into frames. A signal is made at the end of a bar, from ticks before that instant, whatever
closed the bar; setups of several symbols are judged in the order of their instants, then of the profile's
symbols.

History builds bars and nothing else: a bar whose last tick is history makes no setup, nor does a bar that a
history frame closes. History sent again after a restart is dropped.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence

from hydrad.apex.bars import BadTick, BadTickReason, Bar, BarBuilder, TickGuard
from hydrad.apex.detectors import Setup, break_out, kind_of
from hydrad.apex.features import Window, least_bars, memory_bars
from hydrad.apex.governor import Governor
from hydrad.apex.profile import BadProfile, Profile
from hydrad.apex.standing import Candidate, Standing, SymbolStanding
from hydrad.domain.calendar import Hours, hours, session
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.orders import EntryType
from hydrad.domain.signals import Signal, Suppressed
from hydrad.link.frames import SymbolTicks, Tick

BAD_TICKS_KEPT_MAX = 64  # between two calls of `take_bad_ticks`; the counts miss none
CANDIDATES_MAX = 50  # setups that are kept to be looked at
_QUARTER_MS = 15 * MINUTE_MS
_QUARTERS_MAX = 4 * 24 * 90  # no profile's memory reaches further back


class Apex:
    """The engine of one profile. `digits`: of each symbol at the source, which all its ticks' points have.

    `earlier`: signals from the journal, so that rate and repetition are judged as if it had run on. Raises
    BadProfile for a symbol without digits.
    """

    def __init__(self, profile: Profile, digits: Mapping[str, int], earlier: Iterable[Signal] = ()) -> None:
        for symbol in profile.symbols:
            if symbol not in digits:
                raise BadProfile(f"profile '{profile.name}': digits of {symbol} are not known")
        self.profile = profile
        self._pipes = {symbol: _Pipe(profile, symbol, digits[symbol]) for symbol in profile.symbols}
        self._rank = {symbol: rank for rank, symbol in enumerate(profile.symbols)}
        self._governor = Governor(profile)
        self._candidates: deque[Candidate] = deque(maxlen=CANDIDATES_MAX)
        for signal in earlier:
            self.remember(signal)

    def remember(self, signal: Signal) -> None:
        """A signal from the journal, after a restart."""
        self._governor.remember(signal)

    def on_frame(
        self,
        batches: Sequence[SymbolTicks],
        through_ms: int,
        history: bool,
        market_ms: int = 0,
        read: Collection[str] | None = None,
    ) -> list[Signal | Suppressed]:
        """One TICKS frame. `through_ms`: the symbols of `read` (None: all) were read up to here, those without a
        tick too; another source may not have come so far with the others.

        Symbols that the profile does not name are passed over.
        """
        # History comes in parts, before the source says how far it has read: it may reach up to market time.
        read_ms = max(through_ms, market_ms) if history else through_ms
        setups: list[Setup] = []
        for batch in batches:
            if batch.symbol in self._pipes:
                setups += self._pipes[batch.symbol].ticks(batch.ticks, read_ms, history)
        for symbol in self._pipes if read is None else read:
            if symbol in self._pipes:
                setups += self._pipes[symbol].through(through_ms)
        return [] if history else self._judge(setups)

    def on_ticks(self, symbol: str, ticks: Sequence[Tick], through_ms: int, history: bool) -> list[Signal | Suppressed]:
        """Ticks of one symbol, read up to `through_ms`; other symbols' bars stay open.

        Where symbols come together in frames, `on_frame` keeps their order for the rate that they share.
        """
        if symbol not in self._pipes:
            return []
        pipe = self._pipes[symbol]
        setups = [*pipe.ticks(ticks, through_ms, history), *pipe.through(through_ms)]
        return [] if history else self._judge(setups)

    def history_from_ms(self, market_ms: int) -> int:
        """The earliest instant from which ticks are needed to judge at `market_ms` as if it had run on.

        Counts open market time, a quarter more than the memory for bars that nobody traded; on a quarter
        hour.
        """
        minutes = (memory_bars(self.profile) + 1) * self.profile.timeframe_min
        quarters = minutes * 5 // 4 // 15 + 1
        start_ms = market_ms // _QUARTER_MS * _QUARTER_MS
        for _ in range(_QUARTERS_MAX):
            if quarters == 0:
                break
            start_ms -= _QUARTER_MS
            quarters -= hours(start_ms) is not Hours.CLOSED
        return start_ms

    def last_tick_ms(self, symbol: str) -> int | None:
        """Time of the newest good live tick of a symbol; None before the first, and for an unknown symbol."""
        pipe = self._pipes.get(symbol)
        return None if pipe is None else pipe.live_ms

    def bad_tick_counts(self) -> dict[tuple[str, BadTickReason], int]:
        """Refused ticks since the start, by symbol and reason."""
        return {
            (symbol, reason): count for symbol, pipe in self._pipes.items() for reason, count in pipe.bad_counts.items()
        }

    def take_bad_ticks(self) -> list[BadTick]:
        """Refused ticks since the last call, the first 64 of each symbol; the counts hold them all."""
        taken = [bad for pipe in self._pipes.values() for bad in pipe.bad]
        for pipe in self._pipes.values():
            pipe.bad.clear()
        return taken

    def standing(self, market_ms: int) -> Standing:
        """How it stands at an instant of market time."""
        hour = self._governor.hour(market_ms)
        symbols = tuple(pipe.standing(hour.count(symbol)) for symbol, pipe in self._pipes.items())
        return Standing(self.profile, (), symbols, len(hour), tuple(self._candidates))

    def _judge(self, setups: list[Setup]) -> list[Signal | Suppressed]:
        setups.sort(key=lambda setup: (setup.at_ms, self._rank[setup.symbol]))
        said: list[Signal | Suppressed] = []
        for setup in setups:
            suppressed = self._governor.suppress(setup)
            self._candidates.append(Candidate(setup, suppressed))
            if suppressed is not None:
                said.append(suppressed)
                continue
            signal = self._signal(setup)
            self._governor.remember(signal)
            said.append(signal)
        return said

    def _signal(self, setup: Setup) -> Signal:
        profile = self.profile
        return Signal(
            symbol=setup.symbol,
            digits=self._pipes[setup.symbol].digits,
            kind=kind_of(profile.horizon_min, profile.r_milli),
            side=setup.side,
            entry_type=EntryType.MARKET,
            entry_points=setup.entry_points,
            stop_points=setup.stop_points,
            target_points=setup.target_points,
            collar_points=max(1, setup.stop_distance * profile.collar_stop_permille // 1000),
            at_ms=setup.at_ms,
            expires_ms=setup.at_ms + profile.expiry_min * MINUTE_MS,
            horizon_ms=setup.at_ms + profile.horizon_min * MINUTE_MS,
            r_milli=setup.r_milli,
            tcs=None,
            detector=setup.detector,
            profile=profile.name,
            session=session(setup.at_ms).value,
            features=setup.features,
        )


class _Pipe:
    """One symbol's way from ticks to setups."""

    __slots__ = (
        "_builder",
        "_guard",
        "_profile",
        "_window",
        "bad",
        "bad_counts",
        "digits",
        "live_ms",
        "symbol",
    )

    def __init__(self, profile: Profile, symbol: str, digits: int) -> None:
        self.symbol = symbol
        self.digits = digits
        self.live_ms: int | None = None
        self.bad: list[BadTick] = []
        self.bad_counts: Counter[BadTickReason] = Counter()
        self._profile = profile
        self._guard = TickGuard(profile.jump_permille_max)
        self._builder = BarBuilder()
        self._window = Window(profile)

    def ticks(self, ticks: Sequence[Tick], through_ms: int, history: bool) -> list[Setup]:
        """Setups of the bars that these ticks close."""
        guard, add, live = self._guard, self._builder.add, not history
        setups: list[Setup] = []
        for tick in ticks:
            if history and guard.repeats(tick):
                continue
            reason = guard.refuse(tick, through_ms)
            if reason is not None:
                self._keep(tick, reason)
                continue
            if live:
                self.live_ms = tick.time_ms
            closed = add(tick, live)
            if closed:
                setups += self._judge_bars(closed)
        return setups

    def through(self, ms: int) -> list[Setup]:
        """Setups of the bars that end at `ms` or before."""
        return self._judge_bars(self._builder.through(ms))

    def standing(self, hour_used: int) -> SymbolStanding:
        window = self._window
        needed = least_bars(self._profile)
        return SymbolStanding(self.symbol, window.bars, needed, window.end_ms, self.live_ms, hour_used)

    def _judge_bars(self, bars: Iterable[Bar]) -> list[Setup]:
        setups = []
        for bar in bars:
            self._guard.floor_ms = max(self._guard.floor_ms, bar.end_ms)
            if bar.minutes != self._profile.timeframe_min:
                continue
            setup = break_out(self._profile, self.symbol, self.digits, self._window, bar) if bar.live else None
            self._window.add(bar)
            if setup is not None:
                setups.append(setup)
        return setups

    def _keep(self, tick: Tick, reason: BadTickReason) -> None:
        self.bad_counts[reason] += 1
        if len(self.bad) < BAD_TICKS_KEPT_MAX:
            self.bad.append(BadTick(self.symbol, tick.time_ms, tick.bid_points, tick.ask_points, reason))
