"""What somebody may have meant who typed an id that is none: the nearest of those that stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from hydrad.domain import ids
from hydrad.domain.ids import IdKind

NEAR = 0.6


def nearest(text: str, known: Iterable[str]) -> str:
    """`did you mean …?`, or empty."""
    found = get_close_matches(text.strip().upper()[:32], list(known), 1, NEAR)
    return f"did you mean {found[0]}?" if found else ""


def is_id(text: str, *kinds: IdKind) -> bool:
    try:
        ids.parse(text, *kinds)
    except ids.BadId:
        return False
    return True
