"""What the person's terminal can do, as its environment says: UTF-8, colours, whether each byte goes over SSH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_COERCED = "C.UTF-8"  # Python sets LC_CTYPE to it where the locale is C, whatever the terminal can do


@dataclass(frozen=True, slots=True)
class Abilities:
    """`period_s`: how often the screen is drawn again. `calm`: nothing changes by itself but what has changed."""

    utf8: bool
    remote: bool
    period_s: float
    calm: bool


def abilities(environ: Mapping[str, str], low_bandwidth: bool, ascii_only: bool) -> Abilities:
    """Of this terminal. Over SSH (`SSH_CONNECTION`) the screen is drawn once a second, else twice."""
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    period_s = 2.0 if low_bandwidth else 1.0 if remote else 0.5
    return Abilities(not ascii_only and has_utf8(environ), remote, period_s, low_bandwidth)


def has_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8: LC_ALL, else LC_CTYPE, else LANG, as POSIX orders them."""
    lc_all, ctype, lang = (environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    found = lc_all or ("" if ctype == _COERCED else ctype) or lang
    return "utf-8" in found.lower() or "utf8" in found.lower()
