"""Instants: UTC nanoseconds (machine) or milliseconds (market) as integers; text only at the edge."""

from __future__ import annotations

import datetime as dt
import re

MS = 1_000_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
MINUTE_MS = 60_000
DAY_MS = 86_400_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
DURATION_CHARACTERS_MAX = 64
_UNITS = {"ms": MS, "s": SECOND, "m": MINUTE, "h": HOUR, "d": 24 * HOUR}


class BadInstant(ValueError):
    """A text that is no instant or duration."""


def ns_text(ns: int, digits: int = 3) -> str:
    """ISO 8601 with `Z`; `digits` of the second's fraction, cut, not rounded."""
    seconds, rest = divmod(ns, SECOND)
    base = (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{base}.{rest:09d}"[: len(base) + (digits + 1 if digits else 0)] + "Z"


def ms_text(ms: int, digits: int = 3) -> str:
    """ISO 8601 of market milliseconds."""
    return ns_text(ms * MS, digits)


def parse_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 instant that names its zone; raises BadInstant."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadInstant(f"'{text}' is not an ISO 8601 instant") from None
    if moment.tzinfo is None:
        raise BadInstant(f"'{text}' names no zone: end it with Z")
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of `90s`, `5m`, `1h30m`, `250ms`, or a bare number of seconds; above zero; raises BadInstant."""
    plain = text.strip().lower()
    if len(plain) > DURATION_CHARACTERS_MAX:
        raise BadInstant(f"a duration has at most {DURATION_CHARACTERS_MAX} characters")
    if re.fullmatch(r"\d+(?:\.\d+)?", plain):
        plain += "s"
    parts = _DURATION.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise BadInstant(f"'{text}' is not a duration such as 90s, 5m or 1h30m")
    total = sum(round(float(number) * _UNITS[unit]) for number, unit in parts)
    if total <= 0:
        raise BadInstant(f"duration '{text}' is not above zero")
    return total


def duration_text(ns: int) -> str:
    """A short length of time for people: `12 ms`, `3.4 s`, `5 m 02 s`, `2 h 05 m`."""
    if ns < 0:
        return "-" + duration_text(-ns)
    if ns < SECOND:
        return f"{ns / MS:.1f} ms" if ns < 10 * MS else f"{ns // MS} ms"
    if ns < MINUTE:
        return f"{ns / SECOND:.1f} s"
    if ns < HOUR:
        minutes, rest = divmod(ns, MINUTE)
        return f"{minutes} m {rest // SECOND:02d} s"
    hours, rest = divmod(ns, HOUR)
    return f"{hours} h {rest // MINUTE:02d} m"
