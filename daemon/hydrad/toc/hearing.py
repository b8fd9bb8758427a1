"""What a person hears of, and whether with a sound: quiet hours, mutes and filters. Pure look-ups.

Alarms and halts pass everything: who is told of them is decided by `alarms` and `oncall`, and by nothing else. In quiet
hours and under a mute no mission is told; what became of one's own fires, and a digest, come without a sound. What a
filter leaves out is not told at all, but for what became of one's own fires.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from hydrad.domain import calendar
from hydrad.domain.instants import DAY_MS, MINUTE_MS, MS
from hydrad.toc.state import Hears, Operator

QUIET_FORM = "HH:MM-HH:MM"


class Kind(enum.Enum):
    HALT = "halt"
    ALARM = "alarm"
    MISSION = "mission"
    RESULT = "result"  # of one's own fire
    DIGEST = "digest"


class Heard(enum.Enum):
    TOLD = "told"
    SILENT = "silent"
    LEFT = "left out"


class About(NamedTuple):
    """What a letter is about; empty where it is about none."""

    kind: Kind
    symbol: str = ""
    signal: str = ""
    account: str = ""
    tcs: int | None = None


_PASSES = frozenset({Kind.HALT, Kind.ALARM})


def heard(operator: Operator, now_ns: int, about: About) -> Heard:
    """How this person is told of it at this machine time."""
    if about.kind in _PASSES:
        return Heard.TOLD
    if about.kind is Kind.MISSION and not passes(operator.hears, about):
        return Heard.LEFT
    if is_quiet(operator.hears, now_ns) or is_muted(operator, now_ns, about):
        return Heard.LEFT if about.kind is Kind.MISSION else Heard.SILENT
    return Heard.TOLD


def passes(hears: Hears, about: About) -> bool:
    """Whether the filters let it through. A mission without a TCS does not reach a minimum."""
    named = ((hears.kinds, about.signal), (hears.symbols, about.symbol), (hears.accounts, about.account))
    if any(only and value and value not in only for only, value in named):
        return False
    return hears.tcs_min is None or (about.tcs is not None and about.tcs >= hears.tcs_min)


def is_quiet(hears: Hears, now_ns: int) -> bool:
    if not hears.quiet:
        return False
    begin, end = minutes_of(hears.quiet)
    minute = calendar.local_ms(now_ns // MS, hears.zone) % DAY_MS // MINUTE_MS
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def is_muted(operator: Operator, now_ns: int, about: About) -> bool:
    wanted = ("", about.symbol, about.signal)
    return any(until > now_ns and what in wanted for what, until in operator.mutes.items())


def minutes_of(quiet: str) -> tuple[int, int]:
    """Minutes of the day at which quiet hours begin and end; over midnight where they begin later than they end. Raises
    ValueError."""
    begin, mark, end = quiet.partition("-")
    found = minute_of(begin), minute_of(end)
    if not mark or found[0] == found[1]:
        raise ValueError(f"'{quiet[:32]}' is not {QUIET_FORM}")
    return found


def minute_of(text: str) -> int:
    """Minutes of `HH:MM`. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    plain = len(hours) == len(minutes) == 2 and f"{hours}{minutes}".isascii() and f"{hours}{minutes}".isdigit()
    if not plain or int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"'{text[:32]}' is no time of day such as 07:30")
    return int(hours) * 60 + int(minutes)
