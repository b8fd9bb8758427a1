"""How the engine stands, for people who look: bars it has and needs, what of the hour's number is used, and the setups
that it saw last. Values only; looking changes nothing."""

from __future__ import annotations

from typing import NamedTuple

from hydrad.apex.detectors import Setup
from hydrad.apex.profile import Profile
from hydrad.domain.signals import Suppressed


class Candidate(NamedTuple):
    """A setup, and why the governor was silent about it; None: it became a signal."""

    setup: Setup
    suppressed: Suppressed | None


class SymbolStanding(NamedTuple):
    """One symbol's bars of the profile's timeframe. `bars`: closed ones, up to the memory; `bars_needed`: before a
    setup can be seen at all. `last_bar_ms`: the end of the newest; `tick_ms`: the newest good live tick. `hour_used`:
    its signals of the last hour of market time; None while the engine waits for digits."""

    symbol: str
    bars: int
    bars_needed: int
    last_bar_ms: int | None
    tick_ms: int | None
    hour_used: int | None


class Standing(NamedTuple):
    """`waits_for`: symbols whose digits no terminal has told; until then no tick is taken. `candidates`: the newest
    last, as many as are kept, since the engine was made."""

    profile: Profile
    waits_for: tuple[str, ...]
    symbols: tuple[SymbolStanding, ...]
    hour_used: int | None
    candidates: tuple[Candidate, ...]
