"""A signal engine for the run: missions around the present price, many of them, each followed to its horizon."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence

from hydrad.domain.orders import EntryType, Side
from hydrad.domain.signals import Outcome, Signal, SignalKind, Suppressed
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import SymbolTicks, Tick
from hydrad.toc.ticks import BadTick

DIGITS = {"EURUSD": 5, "XAUUSD": 3}
# Points: the nearest and the furthest stop, and how far the entry may be missed.
_STOPS = {"EURUSD": (120, 400), "XAUUSD": (1_500, 5_000)}
_COLLAR = {"EURUSD": 25, "XAUUSD": 400}
# Three missions of five go at the market, the others rest, some of them for longer than the settle window.
_ENTRIES = (EntryType.MARKET,) * 6 + (EntryType.LIMIT, EntryType.STOP) * 2
_STEP = {"EURUSD": 12, "XAUUSD": 160}


class SimSignals:
    """The core's SignalEngine. `per_tick`: missions for each tick of a symbol."""

    def __init__(self, rng: random.Random, per_tick: int, unended: Iterable[tuple[int, Signal]] = ()) -> None:
        self.market_ms = 0
        self._rng = rng
        self._per_tick = per_tick
        self._followed = dict(unended)

    def on_frame(
        self, batches: Sequence[SymbolTicks], through_ms: int, history: bool, read: Collection[str] | None = None
    ) -> list[Signal | Suppressed | Outcome]:
        said: list[Signal | Suppressed | Outcome] = [*self._ended(through_ms)]
        if history:
            return said
        for batch in batches:
            if batch.ticks:
                said += [self._signal(batch.symbol, batch.ticks[-1]) for _ in range(self._per_tick)]
        return said

    def on_terms(self, terms: Sequence[SymbolTerms]) -> None:
        return

    def follow(self, number: int, signal: Signal) -> None:
        self._followed[number] = signal

    def history_from_ms(self, market_ms: int) -> int:
        return market_ms

    def take_bad_ticks(self) -> list[BadTick]:
        return []

    def _ended(self, through_ms: int) -> list[Outcome]:
        over = [number for number, signal in self._followed.items() if signal.horizon_ms <= through_ms]
        for number in over:
            del self._followed[number]
        return [Outcome(number, "TIMEOUT", 0, through_ms) for number in over]

    def _signal(self, symbol: str, tick: Tick) -> Signal:
        rng = self._rng
        side = rng.choice((Side.BUY, Side.SELL))
        kind = rng.choice(_ENTRIES)
        entry = tick.ask_points if side is Side.BUY else tick.bid_points
        if kind is not EntryType.MARKET:
            away = 1 if kind is EntryType.STOP else -1
            entry += side.sign * away * rng.randint(_STEP[symbol] // 2, 8 * _STEP[symbol])
        stop = rng.randint(*_STOPS[symbol])
        target = int(stop * rng.uniform(0.5, 3.0))
        expires_ms = tick.time_ms + rng.randint(2_000, 12_000 if kind is EntryType.MARKET else 30_000)
        return Signal(
            symbol=symbol,
            digits=DIGITS[symbol],
            kind=SignalKind.RAPID_ASSAULT,
            side=side,
            entry_type=kind,
            entry_points=entry,
            stop_points=entry - side.sign * stop,
            target_points=entry + side.sign * target,
            collar_points=0 if kind is EntryType.LIMIT else _COLLAR[symbol],
            at_ms=tick.time_ms,
            expires_ms=expires_ms,
            horizon_ms=expires_ms + rng.randint(500, 12_000),
            r_milli=target * 1000 // stop,
            tcs=None,
            detector="sim",
            profile="sim",
            session="",
            features=(),
        )
