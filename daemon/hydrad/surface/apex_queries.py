"""What APEX sees, for people: what the engine knows now, beside what the journal remembers. As `queries`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from hydrad.apex.detectors import DETECTORS
from hydrad.apex.engine import CANDIDATES_MAX
from hydrad.apex.profile import Profile
from hydrad.apex.standing import Candidate, Standing, SymbolStanding
from hydrad.domain import calendar
from hydrad.domain.actors import Actor
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ms_text, ns_text
from hydrad.surface.daemon import Daemon
from hydrad.surface.queries import NotFound
from hydrad.toc import housekeeping, mission_views, service
from hydrad.toc.fold_missions import PROPOSED
from hydrad.toc.state import Mission, SetupCount, State
from hydrad.toc.ticks import STOPPED, STOPPED_WHY
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.apex import ApexData, CandidateRow, DetectorRow, SuppressedRow
from hydrad.wire.calls.base import Verb

SUPPRESSED = "SUPPRESSED"
Key = tuple[str, str, int]  # a setup: symbol, detector, market time


def apex_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.ApexShow) -> ApexData:
    """Of one symbol or all. Raises NotFound for a symbol that is not watched and never was."""
    standing = daemon.watch.standing(turn.market_ms)
    return made(turn, standing, daemon.market_stands_ms(), verb)


def made(turn: Turn, standing: Standing | None, standing_ms: int, verb: calls.ApexShow) -> ApexData:
    """`standing_ms`: for how long the market's clock has not gone though it should; a tick's age grows by it."""
    state, market_ms = turn.state, turn.market_ms
    rows = [row for row in _detectors(turn, standing, standing_ms) if verb.symbol in (None, row.symbol)]
    if verb.symbol is not None and not rows:
        raise NotFound(f"APEX does not watch {verb.symbol}")
    signals = mission_views.signals_view(state, turn.live, turn.now_ns)
    profile = standing.profile if standing else None
    now = housekeeping.service_of(state, service.APEX)
    return ApexData(
        state=now.state.value,
        why=now.why or None,
        profile=profile.name if profile else None,
        timeframe_min=profile.timeframe_min if profile else None,
        waits_for=standing.waits_for if standing else (),
        market=ms_text(market_ms) if market_ms else None,
        day=calendar.day_text(calendar.trading_day(market_ms)) if market_ms else None,
        rate_per_h=signals.rate_per_h,
        last_signal_age_s=signals.last_age_s,
        hour_used=standing.hour_used if standing else None,
        hour_max=profile.signals_per_hour_total if profile else None,
        detectors=tuple(rows),
        suppressed=tuple(_suppressed(turn, verb.symbol)),
        candidates=tuple(islice(_candidates(turn, standing, verb.symbol), max(verb.limit, 0))),
        candidates_since=ns_text(state.started_ns),
    )


# --- detectors ------------------------------------------------------------------------------------------


def _detectors(turn: Turn, standing: Standing | None, standing_ms: int) -> Iterator[DetectorRow]:
    """Those of the profile, in its order; then those that only the journal knows."""
    watched = {symbol.symbol: symbol for symbol in standing.symbols} if standing else {}
    pairs = dict.fromkeys((symbol, detector) for symbol in watched for detector in DETECTORS)
    pairs |= dict.fromkeys((count.symbol, count.detector) for count in turn.state.setups.values())
    profile = standing.profile if standing else None
    for symbol, detector in pairs:
        known = watched.get(symbol) if detector in DETECTORS else None
        yield _detector(turn, symbol, detector, profile if known else None, known, standing_ms)


def _detector(
    turn: Turn, symbol: str, detector: str, profile: Profile | None, known: SymbolStanding | None, standing_ms: int
) -> DetectorRow:
    """`profile`, `known`: None where it is not watched."""
    counts = [one for one in turn.state.setups.values() if (one.symbol, one.detector) == (symbol, detector)]
    today = {one.became: _today(turn, one) for one in counts}
    last_ms = next((one.last_ms for one in counts if one.became == PROPOSED), None)
    tick_ms = known.tick_ms if known else None
    return DetectorRow(
        symbol=symbol,
        detector=detector,
        watched=known is not None,
        bars=known.bars if known else None,
        bars_needed=known.bars_needed if known else None,
        warm=known.bars >= known.bars_needed if known else None,
        last_bar=ms_text(known.last_bar_ms, 0) if known and known.last_bar_ms is not None else None,
        tick_age_s=_age_s(turn, tick_ms - standing_ms) if tick_ms is not None else None,
        tick_age_max_s=profile.stale_s if profile else None,
        seen_today=sum(today.values()),
        proposed_today=today.get(PROPOSED, 0),
        suppressed_today=sum(today.values()) - today.get(PROPOSED, 0),
        hour_used=known.hour_used if known else None,
        hour_max=profile.signals_per_hour_symbol if profile else None,
        last_signal=ms_text(last_ms, 0) if last_ms is not None else None,
        last_signal_age_s=_age_s(turn, last_ms) if last_ms is not None else None,
    )


def _suppressed(turn: Turn, symbol: str | None) -> Iterator[SuppressedRow]:
    """Newest first."""
    for one in sorted(turn.state.setups.values(), key=lambda count: -count.last_ms):
        if one.became != PROPOSED and symbol in (None, one.symbol):
            yield SuppressedRow(
                symbol=one.symbol,
                detector=one.detector,
                reason=one.became,
                today=_today(turn, one),
                total=one.total,
                last=ms_text(one.last_ms, 0),
                last_age_s=_age_s(turn, one.last_ms),
                detail=one.detail,
            )


def _today(turn: Turn, count: SetupCount) -> int:
    return count.today if count.day == calendar.trading_day(turn.market_ms) else 0


def _age_s(turn: Turn, at_ms: int) -> float:
    return round((turn.market_ms - at_ms) / 1000, 3)


# --- candidates -----------------------------------------------------------------------------------------


def _candidates(turn: Turn, standing: Standing | None, symbol: str | None) -> Iterator[CandidateRow]:
    """What the engine keeps, and the missions of before; newest first."""
    kept = {_key(one): one for one in standing.candidates} if standing else {}
    missions = {_key_of(one): one for one in _missions(turn.state)}
    for key in sorted(kept.keys() | missions.keys(), key=lambda key: key[2], reverse=True):
        if symbol not in (None, key[0]):
            continue
        yield _proposed(turn, missions[key]) if key in missions else _silent(turn, kept[key])


def _missions(state: State) -> Iterator[Mission]:
    """The newest that APEX proposed, as many as setups are kept."""
    return islice((m for m in reversed(state.missions.values()) if m.origin == "apex"), CANDIDATES_MAX)


def _key(candidate: Candidate) -> Key:
    return candidate.setup.symbol, candidate.setup.detector, candidate.setup.at_ms


def _key_of(mission: Mission) -> Key:
    return mission.signal.symbol, mission.signal.detector, mission.signal.at_ms


def _proposed(turn: Turn, mission: Mission) -> CandidateRow:
    s = mission.signal
    return CandidateRow(
        at=ms_text(s.at_ms, 0),
        age_s=_age_s(turn, s.at_ms),
        symbol=s.symbol,
        detector=s.detector,
        side=s.side.name,
        became=PROPOSED,
        mission=show(IdKind.MISSION, mission.number),
        reason=None,
        detail=None,
        features=dict(s.features),
    )


def _silent(turn: Turn, candidate: Candidate) -> CandidateRow:
    """A signal that no mission was made from met a TOC that takes none, since somebody stopped APEX."""
    s, why = candidate.setup, candidate.suppressed
    return CandidateRow(
        at=ms_text(s.at_ms, 0),
        age_s=_age_s(turn, s.at_ms),
        symbol=s.symbol,
        detector=s.detector,
        side=s.side.name,
        became=SUPPRESSED,
        mission=None,
        reason=why.reason if why else STOPPED,
        detail=why.detail if why else STOPPED_WHY,
        features=dict(s.features),
    )


QUERIES: dict[type[Verb], tuple[str, Callable[[Daemon, Turn, Actor, Any], object]]] = {
    calls.ApexShow: ("hydra.apex/v1", apex_show),
}
