"""How ids, ages and sessions are written for people."""

from __future__ import annotations

from hydrad.domain import calendar
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind
from hydrad.toc.state import Act

LINE_MAX = 300


def seconds(ns: int) -> float:
    return round(ns / SECOND, 3)


def session_text(market_ms: int) -> str:
    return calendar.session(market_ms).value if market_ms else calendar.Session.NONE.value


def act_id_text(act: Act) -> str:
    return show(IdKind.FIRE if act.kind is ActKind.FIRE else IdKind.ACT, sequence_of(act.act_id))


def mission_id_text(number: int) -> str | None:
    return show(IdKind.MISSION, number) if number else None


def position_id_text(number: int) -> str:
    return show(IdKind.POSITION, number)


def line(text: str) -> str:
    """One line of what others have written: no control characters, no line breaks, not endless."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= LINE_MAX else plain[: LINE_MAX - 1] + "…"
