"""Which terminal's ticks stand for a symbol: its *source*. Owns the rule, and every change of it.

Theory of operation
===================

Ticks of all terminals are quotes of their own accounts; of each symbol those of one terminal, the source, also make
bars and signals, are recorded, and are what the basis of every account is measured to. Volatile: drawn anew after each
start; a change away from a source that had been used is a record, so that `tail` tells of it.

A candidate is enrolled for the symbol (in a paper home on live quotes: feed-only), READY, not QUARANTINED, and quotes
it with the digits that the first terminal to tell its terms had: points of other digits would be other prices. Each
candidate has a *fault*, the first of

    STALE   it has read up to an instant at which another candidate had a tick more than 10 s after its own last one;
            or it stands still, behind what others have read, for 3 s of machine time
    BAD     over 1 % of the last whole minute's ticks were crossed, not positive, or older than the one before
    THIN    it had less than half the ticks of the candidate that had most in the same minute
    WIDE    its mean spread was over twice the narrowest of the same minute

or none. Hysteresis: a source stays as long as no candidate has a lesser fault, and for a BAD, THIN or WIDE one for
five minutes since the last change at least; what is lost, quarantined or STALE is left at once. Among equals the first
in the order of enrolment is taken, so that two daemons that see the same take the same. A source that has brought no
live tick yet gives way to one that comes before it. What was lost and comes back is a candidate like any other.

Minutes and silence are by the stamps of ticks, so that a replayed market gives the same sources at any speed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydrad.domain.instants import MINUTE_MS, SECOND
from hydrad.toc import records as r
from hydrad.toc.live import Link, Minute, Source
from hydrad.toc.terminal import Duty, LinkState
from hydrad.toc.turn import Turn

SILENT_MS_MAX = 10_000
STUCK_NS_MAX = 3 * SECOND
TICKS_MIN = 20  # a minute of fewer says nothing about quality
TICKS_MIN_TOP = 60  # nobody is thin beside one who has fewer
BAD_PERMILLE_MAX = 10
HOLD_MS = 5 * MINUTE_MS
PAIRS_PER_LOOK = 200  # of symbol and terminal, looked at in one clock
_TOUCHES = frozenset({"TERMINAL_LINK", "TERMINAL_DUTY", "TERMINAL_ENROLLED", "TERMINAL_REMOVED"})


class Fault(enum.IntEnum):
    """The greater the worse; the words are what `tail` and `status` show."""

    NONE = 0
    WIDE = 1
    THIN = 2
    BAD = 3
    STALE = 4

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Fault.NONE: "good",
    Fault.WIDE: "its spread was over twice the narrowest",
    Fault.THIN: "it had less than half the ticks of another",
    Fault.BAD: "its ticks were crossed, not positive or out of order",
    Fault.STALE: "it was silent, or did not read on, while others ticked",
}


@dataclass(slots=True)
class Candidate:
    link: Link
    tick_ms: int  # its last good live tick, 0: none in this session
    minute: Minute | None
    fault: Fault = Fault.NONE


def source(turn: Turn, symbol: str) -> str:
    """The terminal whose ticks stand for a symbol now; empty when none can."""
    now = turn.live.sources.get(symbol)
    return now.terminal if now is not None and _stands(turn, now.terminal) else ""


def touched(turn: Turn) -> bool:
    """Whether this step has changed what terminals there are."""
    return any(record.type in _TOUCHES for record in turn.records)


def settle(turn: Turn) -> None:
    """After a terminal came, went, or was quarantined: each symbol that has no source, or one that is not used yet."""
    terminals = turn.state.terminals.values()
    turn.live.source_symbols = tuple(dict.fromkeys(symbol for t in terminals for symbol in t.symbols))
    for symbol in list(turn.live.sources):
        if symbol not in turn.live.source_symbols:
            turn.live.link(turn.live.sources.pop(symbol).terminal).feeds.discard(symbol)
    known = turn.live.sources
    _look(turn, [s for s in turn.live.source_symbols if not source(turn, s) or not known[s].used])


def clock(turn: Turn) -> None:
    """The symbols in their turn, as many as a look has time for: at 50 terminals and 28 symbols all in 0.7 s."""
    symbols = turn.live.source_symbols
    if not symbols:
        return
    count = max(PAIRS_PER_LOOK // max(len(turn.state.terminals), 1), 1)
    begin = turn.live.sources_next % len(symbols)
    turn.live.sources_next = begin + count
    _look(turn, symbols[begin : begin + count])


def _stands(turn: Turn, name: str) -> bool:
    terminal, link = turn.state.terminals.get(name), turn.live.links.get(name)
    if terminal is None or link is None:
        return False
    if turn.state.live_feed and not terminal.feed_only:  # the simulated broker repeats what the feed-only ones said
        return False
    return link.state is LinkState.READY and terminal.duty is not Duty.QUARANTINED


def _look(turn: Turn, symbols: Iterable[str]) -> None:
    """Judge each; changes of the same kind are one record."""
    told: dict[tuple[str, str, str], list[str]] = {}
    for symbol in symbols:
        change = _judge(turn, symbol)
        if change is not None:
            told.setdefault(change, []).append(symbol)
    for (terminal, before, why), changed in told.items():
        turn.emit(r.SourceChanged(tuple(changed), terminal, before, why))


def _judge(turn: Turn, symbol: str) -> tuple[str, str, str] | None:
    """Take another source if the rule says so: (the new one, the one before, why) when that is worth a record."""
    found = candidates(turn, symbol)
    if not found:
        return None
    best = min(found, key=lambda one: (one.fault, turn.state.terminals[one.link.terminal].rank))
    now = turn.live.sources.get(symbol)
    if now is None:
        _take(turn, symbol, best.link, "the first that can")
        return None
    own = next((candidate for candidate in found if candidate.link.terminal == now.terminal), None)
    if best is own or not _leaves(turn, now, own, best):
        return None
    why = f"{now.terminal}: {own.fault.words}" if own is not None and now.used else _away(turn, now.terminal)
    _take(turn, symbol, best.link, why)
    return (best.link.terminal, now.terminal, why) if now.used else None


def _leaves(turn: Turn, now: Source, own: Candidate | None, best: Candidate) -> bool:
    if own is None or not now.used:
        return True
    held = turn.market_ms - now.since_ms >= HOLD_MS or own.fault is Fault.STALE
    return best.fault < own.fault and held


def _away(turn: Turn, name: str) -> str:
    terminal, link = turn.state.terminals.get(name), turn.live.links.get(name)
    if terminal is None or link is None:
        return f"{name} was removed"
    if terminal.duty is Duty.QUARANTINED:
        return f"{name} is QUARANTINED"
    return f"{name} is {link.state.value}" if link.state is not LinkState.READY else f"{name} comes after it"


def _take(turn: Turn, symbol: str, link: Link, why: str) -> None:
    before = turn.live.sources.get(symbol)
    if before is not None:
        turn.live.link(before.terminal).feeds.discard(symbol)
    turn.live.sources[symbol] = Source(link.terminal, turn.now_ns, turn.market_ms, why)
    link.feeds.add(symbol)


# --- candidates and their faults ------------------------------------------------------------------------


def candidates(turn: Turn, symbol: str) -> list[Candidate]:
    """All that could be the source, each with its fault."""
    digits = turn.live.digits.get(symbol)
    found = []
    for name, terminal in turn.state.terminals.items():
        link = turn.live.links.get(name)
        if link is None or symbol not in terminal.symbols or not _stands(turn, name):
            continue
        terms, quote, quality = link.terms.get(symbol), link.quotes.get(symbol), link.quality.get(symbol)
        if terms is not None and terms.digits != digits:
            continue
        found.append(Candidate(link, quote.time_ms if quote else 0, quality.last if quality else None))
    _find_faults(turn, found)
    return found


def _find_faults(turn: Turn, found: Sequence[Candidate]) -> None:
    if len(found) < 2:
        return
    newest_ms = max(candidate.tick_ms for candidate in found)
    read_ms = max(candidate.link.through_ms for candidate in found)
    minutes = [c.minute for c in found if c.minute is not None and not _bad(c.minute)]
    for candidate in found:
        if _stale(turn, candidate, newest_ms, read_ms):
            candidate.fault = Fault.STALE
        elif candidate.minute is not None:
            same = [minute for minute in minutes if minute.number == candidate.minute.number]
            candidate.fault = _quality_fault(candidate.minute, same)


def _stale(turn: Turn, candidate: Candidate, newest_ms: int, read_ms: int) -> bool:
    """Silent by what it has read itself, or not reading on."""
    link = candidate.link
    if newest_ms <= link.through_ms and newest_ms - candidate.tick_ms > SILENT_MS_MAX:
        return True
    through_ms, since_ns = turn.live.watch.read.get(link.terminal, (-1, turn.now_ns))
    standing = through_ms == link.through_ms < read_ms
    return standing and turn.now_ns - since_ns >= STUCK_NS_MAX


def _bad(minute: Minute) -> bool:
    return minute.ticks >= TICKS_MIN and minute.bad * 1000 > minute.ticks * BAD_PERMILLE_MAX


def _quality_fault(own: Minute, same: Sequence[Minute]) -> Fault:
    """`same`: the good candidates' minutes of the same number."""
    if _bad(own):
        return Fault.BAD
    most = max((minute.ticks for minute in same), default=0)
    if most >= TICKS_MIN_TOP and own.ticks * 2 < most:
        return Fault.THIN
    spreads = [minute.spread_milli for minute in same if minute.ticks >= TICKS_MIN]
    if own.ticks >= TICKS_MIN and spreads and own.spread_milli > 2 * min(spreads):
        return Fault.WIDE
    return Fault.NONE
