"""What APEX says: a signal, or why there was none. Values only; a mission is made from a signal by TOC."""

from __future__ import annotations

import enum

import msgspec

from hydrad.domain.orders import EntryType, Side


class SignalKind(enum.StrEnum):
    """Follows from the setup's horizon and R, never from a draw."""

    RAPID_ASSAULT = "RAPID_ASSAULT"
    SNIPER_OPS = "SNIPER_OPS"


# Features that are a price of the mission's symbol, to be drawn.
PRICE_FEATURES = frozenset({"channel_high", "channel_low"})


class Signal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A setup at the close of a bar. Prices in points of the source's symbol, instants in market UTC milliseconds.

    `r_milli`: reward to risk in thousandths, at the reference entry. `features`: name and text value of each number
    that the detector used. `tcs`: None while no calibration holds.
    """

    symbol: str
    digits: int
    kind: SignalKind
    side: Side
    entry_type: EntryType
    entry_points: int
    stop_points: int
    target_points: int
    collar_points: int
    at_ms: int
    expires_ms: int
    horizon_ms: int
    r_milli: int
    tcs: int | None
    detector: str
    profile: str
    session: str
    features: tuple[tuple[str, str], ...]


class Suppressed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A setup that was seen and not proposed. `reason` is stable: SPREAD, RATE, STALE, HORIZON, SESSION, ..."""

    symbol: str
    at_ms: int
    detector: str
    reason: str
    detail: str


class Outcome(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a mission ended by the venue's arithmetic, fired or not: TARGET, STOP or TIMEOUT; R after spread."""

    mission: int
    outcome: str
    r_milli: int
    at_ms: int
