"""What APEX sees: bars, setups, what became of them, and what it may still say in this hour.

All ages but a tick's are market time. A *setup* is what a detector sees at the close of a bar; it becomes a mission
(PROPOSED), or is suppressed for a reason.
"""

from __future__ import annotations

from hydrad.wire.answers import Out


class DetectorRow(Out, frozen=True):
    """One detector on one symbol. `watched`: the profile that runs names it; else there is only what the journal
    remembers. `bars`: closed ones of the timeframe, up to its memory, and `bars_needed` before it can see anything;
    null where it is not watched. `tick_age_s`: of the newest good live tick, null before the first since the daemon
    began; above `tick_age_max_s` a setup is suppressed as STALE. `hour_used` of `hour_max`: the symbol's signals in
    the last hour of market time; null while the engine waits for digits. The counts are the trading day's."""

    symbol: str
    detector: str
    watched: bool
    bars: int | None
    bars_needed: int | None
    warm: bool | None
    last_bar: str | None
    tick_age_s: float | None
    tick_age_max_s: int | None
    seen_today: int
    proposed_today: int
    suppressed_today: int
    hour_used: int | None
    hour_max: int | None
    last_signal: str | None
    last_signal_age_s: float | None


class SuppressedRow(Out, frozen=True):
    """A reason of silence: how often today and in all, when last, and what was measured then."""

    symbol: str
    detector: str
    reason: str
    today: int
    total: int
    last: str
    last_age_s: float
    detail: str


class CandidateRow(Out, frozen=True):
    """A setup with the numbers that its detector looked at. `became`: PROPOSED, with its `mission`, or SUPPRESSED, with
    `reason` and `detail`."""

    at: str
    age_s: float
    symbol: str
    detector: str
    side: str
    became: str
    mission: str | None
    reason: str | None
    detail: str | None
    features: dict[str, str]


class ApexData(Out, frozen=True):
    """`state`, `why`: of the service. `profile`: null where none runs. `waits_for`: symbols whose digits no terminal
    has told; until then the engine takes no tick. `rate_per_h`: signals of the last hour of market time; `hour_used`
    of `hour_max`: the same, as the governor counts them. `day`: the trading day that counts as today. `candidates`,
    newest first: missions as the journal has them; suppressed setups as the daemon keeps them, the newest fifty since
    `candidates_since`. The counts are the journal's, and older."""

    state: str
    why: str | None
    profile: str | None
    timeframe_min: int | None
    waits_for: tuple[str, ...]
    market: str | None
    day: str | None
    rate_per_h: float
    last_signal_age_s: float | None
    hour_used: int | None
    hour_max: int | None
    detectors: tuple[DetectorRow, ...]
    suppressed: tuple[SuppressedRow, ...]
    candidates: tuple[CandidateRow, ...]
    candidates_since: str
