"""TICKS frames: quotes, samples of the basis, the quality of a feed; what a source brings goes to APEX and to the
recorder. Owns how a tick travels through the core."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from hydrad.domain.instants import DAY_MS, MS, ms_text
from hydrad.domain.signals import Outcome, Signal, Suppressed
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.toc import after_fill, housekeeping, service, sources
from hydrad.toc import records as r
from hydrad.toc.effects import TicksTaken
from hydrad.toc.live import Link, Quality, Quote, Rate
from hydrad.toc.mids import Mids
from hydrad.toc.turn import Turn

TICK_AHEAD_MS_MAX = 10_000
STOPPED, STOPPED_WHY = "STOPPED", "apex is stopped"  # why TOC takes a signal for none


class BadTick(Protocol):
    """A tick that was refused."""

    @property
    def symbol(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def time_ms(self) -> int: ...

    @property
    def bid_points(self) -> int: ...

    @property
    def ask_points(self) -> int: ...


class SignalEngine(Protocol):
    """What TOC asks of APEX: ticks in, what was seen out. Stepped inside the input that brought the ticks.

    `market_ms`: market time as the core has it, set before each frame. `on_frame`'s `read`: the symbols that
    `through_ms` speaks for, since each has a source of its own; None for all.
    """

    market_ms: int

    def on_frame(
        self,
        batches: Sequence[f.SymbolTicks],
        through_ms: int,
        history: bool,
        read: Collection[str] | None = None,
    ) -> list[Signal | Suppressed | Outcome]: ...

    def on_terms(self, terms: Sequence[SymbolTerms]) -> None: ...

    def follow(self, number: int, signal: Signal) -> None: ...

    def history_from_ms(self, market_ms: int) -> int: ...

    def take_bad_ticks(self) -> Sequence[BadTick]: ...


def on_ticks(turn: Turn, apex: SignalEngine, link: Link, body: f.Ticks) -> None:
    """One TICKS frame of a session."""
    link.through_ms = max(link.through_ms, body.through_ms)
    if not turn.state.machine_time:
        turn.advance_market(body.through_ms)
    told = [_stamped(turn, link, batch) for batch in body.batches]
    for batch in told:
        _sample(link, batch)
        if batch.ticks and not body.history:
            _quote(turn, link, batch.symbol, batch.ticks)
    mine = [batch for batch in told if batch.ticks and sources.source(turn, batch.symbol) == link.terminal]
    if not body.history:
        for batch in mine:
            turn.live.sources[batch.symbol].used = True
    _record(turn, link, mine, body)
    batches = [batch for batch in told if body.history or batch in mine]
    if batches or link.feeds:
        _signals(turn, apex, link, batches, body)


def _record(turn: Turn, link: Link, mine: list[f.SymbolTicks], body: f.Ticks) -> None:
    """What the sources say is recorded, watched by APEX or not; a symbol whose terms were not told has no digits."""
    taken = [batch for batch in mine if batch.symbol in link.terms]
    if taken and link.session is not None:
        digits = tuple(link.terms[batch.symbol].digits for batch in taken)
        read_ms = max(body.through_ms, turn.market_ms)
        told_by = (link.terminal, link.session.session)
        turn.effects.append(TicksTaken(*told_by, tuple(taken), digits, read_ms, body.history))


def _stamped(turn: Turn, link: Link, batch: f.SymbolTicks) -> f.SymbolTicks:
    """Without the ticks whose stamp is no instant, or lies in the market's future: a quote of then would never age, and
    would stand before every one that follows until then."""
    last_ms = min(_latest_ms(turn, link), f.INSTANT_MS_MAX - 1)
    bad = [tick for tick in batch.ticks if not 0 <= tick.time_ms <= last_ms]
    for tick in bad:
        instant = 0 <= tick.time_ms < f.INSTANT_MS_MAX
        key = (link.terminal, batch.symbol, "AHEAD" if instant else "TIME")
        count, _ = turn.live.bad_ticks.get(key, (0, ""))
        example = (
            f"{ms_text(tick.time_ms)}, told at {ms_text(turn.now_ns // MS)}" if instant else "a stamp beyond reason"
        )
        turn.live.bad_ticks[key] = (count + 1, example)
    if not bad:
        return batch
    return f.SymbolTicks(batch.symbol, tuple(tick for tick in batch.ticks if 0 <= tick.time_ms <= last_ms))


def _latest_ms(turn: Turn, link: Link) -> int:
    """The latest stamp that a tick may have. On live quotes market time is machine time; a simulated market may have
    been stepped by a day since its agent last told its clock."""
    assert link.hello is not None
    if not link.hello.identity.sim_broker:
        return turn.now_ns // MS + TICK_AHEAD_MS_MAX
    told_ms = link.beat.market_ms if link.beat is not None else link.hello.market_ms
    return max(turn.market_ms, told_ms, link.through_ms) + DAY_MS


def _sample(link: Link, batch: f.SymbolTicks) -> None:
    """For the basis. History fills the hole that a lost session left; `through` alone says what is fresh."""
    mids = link.mids.get(batch.symbol)
    if mids is None:
        mids = link.mids[batch.symbol] = Mids()
    for tick in batch.ticks:
        if 0 < tick.bid_points <= tick.ask_points:
            mids.add(tick.time_ms, tick.bid_points + tick.ask_points)


def _quote(turn: Turn, link: Link, symbol: str, ticks: tuple[f.Tick, ...]) -> None:
    quality = link.quality.get(symbol)
    if quality is None:
        quality, link.rates[symbol] = link.quality.setdefault(symbol, Quality()), link.rates.get(symbol, Rate())
    link.rates[symbol].add(len(ticks), turn.now_ns)
    number, last = quality.number, ticks[-1]
    for tick in ticks:
        quality.add(tick)
    if quality.number != number:  # the table of hours is asked once a minute of each symbol
        after_fill.ticked(turn, link, symbol, last.time_ms)
    known = link.quotes.get(symbol)
    good = 0 < last.bid_points <= last.ask_points
    if good and (known is None or last.time_ms >= known.time_ms):
        link.quotes[symbol] = Quote(last.bid_points, last.ask_points, last.time_ms, turn.now_ns)


def _signals(turn: Turn, apex: SignalEngine, link: Link, batches: list[f.SymbolTicks], body: f.Ticks) -> None:
    apex.market_ms = turn.market_ms
    for said in apex.on_frame(batches, body.through_ms, body.history, link.feeds):
        turn.live.watch.said_ms = turn.market_ms
        if isinstance(said, Signal) and not housekeeping.service_of(turn.state, service.APEX).wanted:
            silent = Suppressed(said.symbol, said.at_ms, said.detector, STOPPED, STOPPED_WHY)
            turn.emit(r.SignalSuppressed(silent))
        elif isinstance(said, Signal):
            turn.emit(r.MissionProposed(turn.state.next_number, said, "apex", link.terminal))
        elif isinstance(said, Suppressed):
            turn.emit(r.SignalSuppressed(said))
        else:
            turn.emit(r.MissionOutcome(said.mission, said.outcome, said.r_milli, said.at_ms))
    for bad in apex.take_bad_ticks():
        key = (link.terminal, bad.symbol, str(bad.reason))
        count, _ = turn.live.bad_ticks.get(key, (0, ""))
        example = f"the last at {ms_text(bad.time_ms)}, bid {bad.bid_points} and ask {bad.ask_points} points"
        turn.live.bad_ticks[key] = (count + 1, example)
