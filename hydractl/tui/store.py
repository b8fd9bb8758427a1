"""What the screens show: a frozen `View`, and the one function that changes it.

Owns the rule of what is newer, what is kept, and since when the daemon is not heard. Knows neither Textual nor
sockets; raises for no message. Instants are seconds of the machine's monotonic clock; a view holds no ages, since an
age is made where it is drawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hydractl.tui.series import Series, noted

EVENTS_KEPT = 500
ANSWERS_KEPT = 64  # of queries with fields; those without are no more than there are verbs
SILENT_S = 10.0  # `now` is asked each second
TERMINALS_KEPT = 500
BREAKS_KEPT = 20

QUERIES, STREAM = "queries", "stream"  # the two ways in which the daemon is heard


@dataclass(frozen=True, slots=True)
class Ask:
    """A query and its fields; one that was answered is kept under it. `of` makes one."""

    verb: str
    fields: tuple[tuple[str, Any], ...] = ()

    @staticmethod
    def of(verb: str, **fields: Any) -> Ask:
        """The query `verb` with those fields that are not None."""
        return Ask(verb, tuple(sorted((name, value) for name, value in fields.items() if value is not None)))


STATUS = Ask.of("status")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer, or what the answer says is wrong. `code`: as the shell's."""

    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The last answer to a query: `data` as it came, asked for at `at_s`, so that its ages are never shown too young.
    `problem`: what the newest try at `tried_s` came to, None where that is the answer. Data None: never answered."""

    data: Any
    at_s: float
    problem: Problem | None
    tried_s: float

    @property
    def failed(self) -> bool:
        """Whether the newest try brought no data, and an older answer stands. One may bring data and a problem."""
        return self.data is not None and self.tried_s > self.at_s


# --- messages ---


@dataclass(frozen=True, slots=True)
class Answered:
    """The daemon answered a query that was asked at `at_s`. `daemon`: the envelope's."""

    ask: Ask
    at_s: float
    data: Any
    problem: Problem | None = None
    daemon: Any = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A query came to nothing."""

    ask: Ask
    at_s: float
    problem: Problem


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event of the stream, as `tail` tells it."""

    event: Any


@dataclass(frozen=True, slots=True)
class Lost:
    """The daemon is not heard by one of the two ways any more."""

    way: str
    at_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Heard:
    """And is again."""

    way: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Another:
    """The journal is another one: nothing that is shown belongs to it."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """The clock went on."""

    at_s: float


Message = Answered | Unanswered | Recorded | Lost | Heard | Another | Ticked


# --- the view ---


@dataclass(frozen=True, slots=True)
class Away:
    """Since when, and why, the daemon is not heard."""

    since_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Break:
    """The stream was lost behind the event `after_seq`, and went on at `back_s`; None: it has not yet."""

    after_seq: int
    lost_s: float
    why: str
    back_s: float | None = None


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class View:
    """Everything that screens are drawn from. `events`: the newest `EVENTS_KEPT`, by `seq`, each once. `daemon`: the
    envelope's last: version, instance, mode. `heard_s`: the last sign of life, None: never. `round_trips`: of each
    terminal in the last status, in ms, a hole where its link is not up. `breaks`: the newest ones, oldest first.
    `journals`: how many others were shown before this one. `broke_s`: when a way was lost last; what was asked before
    may be another daemon's word."""

    clock_s: float = 0.0
    heard_s: float | None = None
    daemon: Any = None
    answers: Mapping[Ask, Kept] = field(default_factory=lambda: _NOTHING)
    events: tuple[Any, ...] = ()
    away: Mapping[str, Away] = field(default_factory=lambda: _NOTHING)
    round_trips: Mapping[str, Series] = field(default_factory=lambda: _NOTHING)
    breaks: tuple[Break, ...] = ()
    journals: int = 0
    broke_s: float = -math.inf

    @property
    def seq(self) -> int:
        """The newest event's; 0 before the first."""
        return self.events[-1].seq if self.events else 0

    @property
    def lost(self) -> Away | None:
        """Whether anything is blind: the way that was lost first; or nothing at all was heard for too long, whatever
        the reason."""
        if not self.away and self.heard_s is not None and self.clock_s - self.heard_s > SILENT_S:
            return Away(self.heard_s, f"nothing was heard for more than {SILENT_S:g} s")
        return min(self.away.values(), key=lambda away: away.since_s, default=None)

    def kept(self, verb: str, **fields: Any) -> Kept | None:
        """What is known of a query."""
        return self.answers.get(Ask.of(verb, **fields))

    def data(self, verb: str, **fields: Any) -> Any:
        """A query's last answer, None where there was none."""
        kept = self.kept(verb, **fields)
        return kept.data if kept is not None else None

    def age_s(self, verb: str, **fields: Any) -> float | None:
        """How long ago a query's answer was asked for; None: it was never answered."""
        kept = self.kept(verb, **fields)
        return None if kept is None or kept.data is None else max(self.clock_s - kept.at_s, 0.0)


def step(view: View, message: Message) -> View:
    """The view after one message. The clock never goes back; an older answer never replaces a newer one."""
    match message:
        case Ticked(at_s):
            return _at(view, at_s)
        case Recorded(event):
            return _recorded(view, event)
        case Answered(ask, at_s, data, problem, daemon):
            view = _heard(view, QUERIES, at_s)
            view = dataclasses.replace(view, daemon=daemon or view.daemon)
            return _keep(_measured(view, at_s, data) if ask == STATUS else view, ask, at_s, data, problem)
        case Unanswered(ask, at_s, problem):
            return _keep(_at(view, at_s), ask, at_s, None, problem)
        case Lost(way, at_s, why):
            return _lost(_at(view, at_s), way, at_s, why)
        case Heard(way, at_s):
            return _heard(view, way, at_s)
        case Another(at_s):
            return View(clock_s=max(view.clock_s, at_s), away=view.away, journals=view.journals + 1)


def _at(view: View, at_s: float) -> View:
    return view if at_s <= view.clock_s else dataclasses.replace(view, clock_s=at_s)


def _lost(view: View, way: str, at_s: float, why: str) -> View:
    view = dataclasses.replace(view, broke_s=max(view.broke_s, at_s))
    if way in view.away:
        return dataclasses.replace(view, away={**view.away, way: Away(view.away[way].since_s, why)})
    breaks = view.breaks
    if way == STREAM and view.events:
        breaks = (*breaks, Break(view.seq, at_s, why))[-BREAKS_KEPT:]
    return dataclasses.replace(view, away={**view.away, way: Away(at_s, why)}, breaks=breaks)


def _heard(view: View, way: str, at_s: float) -> View:
    view = _at(view, at_s)
    if way == STREAM and view.breaks and view.breaks[-1].back_s is None:
        back = dataclasses.replace(view.breaks[-1], back_s=at_s)
        view = dataclasses.replace(view, breaks=(*view.breaks[:-1], back))
    heard_s = at_s if view.heard_s is None else max(view.heard_s, at_s)
    away = {name: row for name, row in view.away.items() if name != way} if way in view.away else view.away
    return dataclasses.replace(view, heard_s=heard_s, away=away)


def _recorded(view: View, event: Any) -> View:
    """By sequence number, each once, whatever the order they come in."""
    seq = event.seq
    if not isinstance(seq, int):
        return view
    events = view.events
    if not events or seq > events[-1].seq:
        return dataclasses.replace(view, events=(*events, event)[-EVENTS_KEPT:])
    if any(known.seq == seq for known in events):
        return view
    merged = sorted((*events, event), key=lambda known: known.seq)
    return dataclasses.replace(view, events=tuple(merged[-EVENTS_KEPT:]))


def _keep(view: View, ask: Ask, at_s: float, data: Any, problem: Problem | None) -> View:
    """A try that brought no data leaves the last answer standing, with its age and the problem. What was asked of one
    thing gives way to what was asked later about others; what every pane has does not."""
    old = view.answers.get(ask)
    if old is not None and at_s < old.tried_s:
        return view
    if data is None and old is not None:
        kept = Kept(old.data, old.at_s, problem, at_s)
    else:
        kept = Kept(data, at_s, problem, at_s)
    answers = {known: row for known, row in view.answers.items() if known != ask}
    answers[ask] = kept
    about = [known for known in answers if known.fields]
    for known in about[:-ANSWERS_KEPT]:
        answers.pop(known)
    return dataclasses.replace(view, answers=answers)


def _measured(view: View, at_s: float, status: Any) -> View:
    """Notes each terminal's round trip: twice the uncertainty of its clock, which is half of the best of its last."""
    rows = status.get("terminals") if isinstance(status, dict) else None
    if not isinstance(rows, list | tuple):
        return view
    known = {
        row["name"]: row for row in rows[:TERMINALS_KEPT] if isinstance(row, dict) and isinstance(row.get("name"), str)
    }
    trips = {name: noted(view.round_trips.get(name), at_s, _round_trip_ms(row)) for name, row in known.items()}
    return dataclasses.replace(view, round_trips=trips)


def _round_trip_ms(row: Mapping[str, Any]) -> float | None:
    half_ms = row.get("clock_uncertainty_ms")
    up = row.get("link") in ("READY", "DEGRADED") and isinstance(half_ms, int | float)
    return 2.0 * float(half_ms) if up and half_ms is not None else None
