"""Notices: what the screens say in passing, in the place of the keys' line, so that nothing of a pane is ever covered.

Owns which one is in sight and for how long, what waits behind it, and the last ones that were said. An error is in
sight until a key is pressed; the others go by themselves, or with the next key. None is lost: each has its turn, and
those that were said stay in a list.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.notifications import SeverityLevel

from hydractl.fitting import wrapped
from hydractl.output import age
from hydractl.tui.frame import Frame

SHOWN_S = 8.0
SEEN_S = 1.0  # an error that came a moment ago is not taken away by a key that was meant for something else
KEPT = 50
ROWS_MAX = 3
WORDS: dict[SeverityLevel, tuple[str, str]] = {
    "error": ("ERROR", "bold red"), "warning": ("warning", "bold yellow"), "information": ("note", "cyan"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """`at_s`: when it was said, by the app's clock. `shown_s`: how long it is in sight, where it is no error. `about`:
    what it is about, so that it can be taken back when that is over."""

    text: str
    severity: SeverityLevel
    at_s: float
    shown_s: float = SHOWN_S
    about: str = ""


def _turn(notice: Notice) -> tuple[bool, float]:
    grave = notice.severity == "error"
    return not grave, notice.at_s if grave else -notice.at_s


class Notices:
    """Errors before all others, in the order in which they came; of the others the newest first."""

    def __init__(self) -> None:
        self.said: collections.deque[Notice] = collections.deque(maxlen=KEPT)
        self._waiting: list[Notice] = []
        self._now: Notice | None = None
        self._since_s = 0.0

    def say(self, notice: Notice) -> None:
        """One more. The same once more is not two."""
        self.said.append(notice)
        rest = [one for one in self._waiting if (one.text, one.severity) != (notice.text, notice.severity)]
        self._waiting = sorted([*rest, notice], key=_turn)[:KEPT]

    def now(self, now_s: float, *, in_sight: bool = True) -> Notice | None:
        """The one to show; one whose time is over is gone. While its place is not in sight no time passes."""
        if not in_sight:
            self._now = None
            return self._waiting[0] if self._waiting else None
        while self._waiting:
            first = self._waiting[0]
            if first is not self._now:
                self._now, self._since_s = first, now_s
            if first.severity == "error" or now_s - self._since_s < first.shown_s:
                return first
            del self._waiting[0]
        self._now = None
        return None

    @property
    def more(self) -> int:
        """How many wait behind the one that is shown."""
        return max(len(self._waiting) - 1, 0)

    def pressed(self, now_s: float) -> bool:
        """A key takes away what is in sight; whether there was something."""
        if self._now is None or not self._waiting or self._waiting[0] is not self._now:
            return False
        if self._now.severity == "error" and now_s - self._since_s < SEEN_S:
            return False
        del self._waiting[0]
        return True

    def over(self, about: str) -> None:
        """What these were about is over."""
        self._waiting = [one for one in self._waiting if one.about != about]


def notice_lines(frame: Frame, notice: Notice, more: int, width: int, rows: int = ROWS_MAX) -> list[Text]:
    """A notice in at most so many rows: its severity as a word, how many more there are, and its words."""
    word, style = WORDS[notice.severity]
    head = f"{word} +{more} more, M:" if more else f"{word}:"
    texts = list(wrapped(frame.glyphs.write(f"{head} {notice.text}"), max(width, 1), 0))
    if len(texts) > rows:
        texts = [*texts[: rows - 1], frame.glyphs.shorten(" ".join(texts[rows - 1 :]), max(width, 1))]
    lines = [Text(text, no_wrap=True, end="") for text in texts]
    lines[0].stylize(style, 0, len(head))
    return lines


def said_lines(frame: Frame, said: Sequence[Notice], room: int) -> list[Text]:
    """What was said, the newest first: when, by the daemon's clock or else how long ago, how grave, and what."""
    lines = [Text("Messages", "bold", end=""), Text(f"the last {KEPT} that were said here, the newest first", "dim")]
    for notice in reversed(said):
        word, style = WORDS[notice.severity]
        ago = f"{age(float(round(max(frame.view.clock_s - notice.at_s, 0.0))))} ago"
        head = f"{frame.wall(notice.at_s) or ago}  {word:<7}  "
        texts = list(wrapped(frame.glyphs.write(head + notice.text), max(room, 30), len(head)))
        lines += [Text(text, no_wrap=True, end="") for text in texts]
        lines[-len(texts)].stylize(style, 0, len(head))
    return lines if said else [*lines, Text("nothing was said yet", "dim", end="")]
