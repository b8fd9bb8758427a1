"""What comes to an end by itself: a position that is closed, an order, an act whose outcome is not known, a guard.

Owns which records are said in passing: those that were written since the screens were opened, each once, and none that
a sheet here tells the verdict of. Many at once are one notice; all of them stand in the Tail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from textual.notifications import SeverityLevel

from hydractl.tui.store import View

EACH = 3  # so many at once are said one by one
GAP_S = 5.0  # between two notices of many at once
FOLLOWED = 500  # acts of which the last move is known

# What an act's move says where nobody here waits for it: of how many, and how grave it is.
_MOVES: dict[str, tuple[str, SeverityLevel]] = {
    "ORDER_EXPIRED": ("orders expired", "warning"),
    "CANCEL": ("orders cancelled", "warning"),
    "LAPSE": ("fires lapsed", "warning"),
    "REJECT": ("acts REJECTED", "error"),
    "DOUBT": ("acts UNKNOWN", "error"),
    "QUARANTINE": ("acts QUARANTINED", "error"),
}
# And one that is said only of an act that rested, or was not known.
_AFTER: dict[str, dict[str, tuple[str, SeverityLevel]]] = {
    "WORK": {"FILL": ("orders FILLED", "information")},
    "DOUBT": {
        "FILL": ("acts known again", "warning"), "EXECUTE": ("acts known again", "warning"),
        "PROVE_ABSENT": ("acts known again", "warning"), "WORK": ("acts known again", "warning"),
    },
}  # fmt: skip
_VERDICTS = frozenset(("FILL", "WORK", "REJECT", "PROVE_ABSENT", "DENY", "WITHHOLD", "EXECUTE", "CANCEL", "LAPSE"))
_GUARDS: dict[str, tuple[str, SeverityLevel]] = {
    "GUARD_TRIPPED": ("guards TRIPPED", "error"),
    "GUARD_ACTED": ("guards acted", "warning"),
    "AGENT_ACT_BEGUN": ("acts begun by agents", "warning"),
}
_ENDS = {"CLOSE": "P", "CANCEL": "M"}  # acts that end something, and the letter of the id that says what
_CLOSED = "positions closed"
_BY_AN_ACT = "CLOSED"  # why a position is closed that somebody asked to close
_GRAVE: tuple[SeverityLevel, ...] = ("information", "warning", "error")


@dataclass(frozen=True, slots=True)
class Happened:
    """`many`: what several like it are called."""

    many: str
    words: str
    severity: SeverityLevel


class Happenings:
    """`own`: whether a request's key is of an act that was sent from here. `say`: says words, so grave."""

    def __init__(self, own: Callable[[str], bool], say: Callable[[str, SeverityLevel], None]) -> None:
        self._own, self._say = own, say
        self._began: int | None = None  # the journal's newest record when the screens were opened
        self._seq = self._journals = 0
        self._moves: dict[str, str] = {}  # of each act its last move
        self._awaited: dict[str, bool] = {}  # acts that were sent from here; whether their verdict is missing
        self._about: dict[str, str] = {}  # what those are to end, and which of them
        self._waiting: list[Happened] = []
        self._next_s = 0.0

    def turn(self, view: View, now_s: float) -> None:
        """Takes in what was recorded, and says it."""
        if view.journals != self._journals:
            self._began, self._seq, self._journals = None, 0, view.journals
        now = view.data("now")
        if self._began is None and now is None:
            return
        if self._began is None:
            self._began = now.seq
        self._waiting += self._new(view)
        if self._waiting and now_s >= self._next_s:
            self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        told, self._waiting = self._waiting, []
        if len(told) <= EACH:
            for one in told:
                self._say(one.words, one.severity)
            return
        self._next_s = now_s + GAP_S
        counts = {many: sum(one.many == many for one in told) for many in dict.fromkeys(one.many for one in told)}
        words = ", ".join(f"{count} {many}" for many, count in counts.items())
        self._say(f"{words}: the Tail has each", max((one.severity for one in told), key=_GRAVE.index))

    def _new(self, view: View) -> Iterator[Happened]:
        """What newer records say. Older ones are followed too: an order that rests may have been filled since."""
        events = view.events
        first = next((at for at in range(len(events), 0, -1) if events[at - 1].seq <= self._seq), 0)
        for event in events[first:]:
            self._seq = event.seq
            found = self._of(event)
            if found is not None and event.seq > (self._began or 0):
                yield found

    def _of(self, event: Any) -> Happened | None:
        """What a record says, where it is to be said."""
        kind, ids, facts = str(event.kind), tuple(event.ids or ()), event.facts or {}
        if kind == "ACT_REQUESTED" and ids and self._own(str(facts.get("key"))):
            _note(self._awaited, ids[0], True)
            letter = _ENDS.get(str(facts.get("kind")), "none")
            for about in (name for name in ids[1:] if name.startswith(letter)):
                _note(self._about, about, ids[0])
        if kind == "ACT_MOVED" and ids:
            return self._moved(event, ids, str(facts.get("event")))
        if kind == "POSITION_CLOSED":
            mine = facts.get("reason") == _BY_AN_ACT and self._is_mine(ids, "P")
            return None if mine else _happened(event, _CLOSED, _closed(facts))
        return _happened(event, *_GUARDS[kind]) if kind in _GUARDS else None

    def _moved(self, event: Any, ids: tuple[str, ...], move: str) -> Happened | None:
        act, before = ids[0], self._moves.get(ids[0], "")
        if move in _VERDICTS or move in _MOVES:
            _note(self._moves, act, move)
        if self._awaited.get(act):
            self._awaited[act] = move not in _VERDICTS
            if move in _VERDICTS and move != "EXECUTE":
                self._about = {name: by for name, by in self._about.items() if by != act}
            return None
        if move == "CANCEL" and self._is_mine(ids, "M"):
            return None
        told = _AFTER.get(before, {}).get(move) or _MOVES.get(move)
        return _happened(event, *told) if told is not None else None

    def _is_mine(self, ids: Collection[str], letter: str) -> bool:
        """Whether an act that was sent from here was to end it."""
        return any(name in self._about for name in ids if name.startswith(letter))


def _note(known: dict[str, Any], name: str, value: Any) -> None:
    """The newest `FOLLOWED` alone."""
    known.pop(name, None)
    known[name] = value
    if len(known) > FOLLOWED:
        del known[next(iter(known))]


def _closed(facts: Any) -> SeverityLevel:
    if facts.get("reason") == "TARGET":
        return "information"
    return "error" if facts.get("reason") == "STOP_OUT" else "warning"


def _happened(event: Any, many: str, severity: SeverityLevel) -> Happened:
    symbol = (event.facts or {}).get("symbol") or ""
    return Happened(many, " ".join(filter(None, (str(symbol), str(event.text)))), severity)
