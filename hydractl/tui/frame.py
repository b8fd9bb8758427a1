"""What a pane is drawn with: the view, the room, the marks of this terminal, and how times are written.

Owns how answers grow old: an age in a row is what it was at the answer, and so much more as has gone by since; and the
word for an age with a limit (`age_max_s`) follows the age.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from hydractl.msgpack import View as Row
from hydractl.output import Output, age
from hydractl.plain import plain
from hydractl.tui.draw.glyphs import Glyphs
from hydractl.tui.store import Kept, View
from hydrad.domain.instants import BadInstant, ms_text, parse_ms

LIVE = "live"  # the speed of a market that is followed, not replayed
CALM_S = 10  # where bytes are dear, an age is rounded up to so many seconds, and what is left is rounded down
SCANT = 16  # rows
NOW_S = 1.0  # how often `now` is asked for
OLD_S = 5.0  # an answer that was to come each second or two, and did not


@dataclass(frozen=True, slots=True)
class Frame:
    """`width`, `height`: of the whole terminal. `out`: writes clock times in the person's zone. `writing`: whether acts
    may be begun. `calm`: nothing on the screen changes by itself each second (`--low-bandwidth`)."""

    view: View
    width: int
    height: int
    glyphs: Glyphs
    out: Output
    writing: bool = False
    calm: bool = False

    @property
    def compact(self) -> bool:
        """Whether there is too little room for what is only nice to have."""
        return self.width < 120 or self.height < 40

    @property
    def scant(self) -> bool:
        """Whether there is room for little more than what one decides by: boxes have no titles then."""
        return self.height < SCANT

    @property
    def market_ms(self) -> int | None:
        """The market's time as last told; it is not carried on here, for the market may stand."""
        now = self.view.data("now")
        try:
            return parse_ms(now.market) if now is not None and now.market else None
        except BadInstant:
            return None

    def wall(self, at_s: float) -> str:
        """The daemon's clock time at an instant of ours, as the last status tells it; "" while it has not."""
        kept = self.view.kept("status")
        if kept is None or kept.data is None:
            return ""
        try:
            at_ms = parse_ms(kept.data.clocks.machine) + round((at_s - kept.at_s) * 1000)
        except BadInstant:
            return ""
        return self.out.clock(ms_text(at_ms))

    def left_s(self, expires_at: str) -> float | None:
        """Seconds of market time until an instant of the market's; None while its time is not known."""
        market_ms = self.market_ms
        try:
            left_s = None if market_ms is None else (parse_ms(expires_at) - market_ms) / 1000
        except BadInstant:
            return None
        return left_s // CALM_S * CALM_S if self.calm and left_s is not None else left_s

    def left_text(self, expires_at: str, told_s: float) -> str:
        """What is left until then. `told_s`: as the answer told it, where the market's time is not known. Where that is
        old, or not known, it is what was left at most."""
        left_s = self.left_s(expires_at)
        words = age(round(told_s if left_s is None else left_s))
        if (told_s if left_s is None else left_s) <= 0:
            return "over"
        return words if left_s is not None and not self.old(self.view.kept("now"), NOW_S) else f"<{words}"

    def since(self, kept: Kept | None) -> float:
        """How long ago an answer was asked for."""
        return 0.0 if kept is None else max(self.view.clock_s - kept.at_s, 0.0)

    def rows(self, kept: Kept | None, rows: Iterable[Any] | None) -> list[Any]:
        """Rows of an answer as old as they are now."""
        return [self.older(row, kept) for row in rows or ()]

    def older(self, row: Any, kept: Kept | None) -> Any:
        """An answer, or a part of it, as old as it is now."""
        return older(row, self.since(kept), self.calm, self.speed or 1.0)

    @property
    def speed(self) -> float | None:
        """How fast the market's time goes, as the last status tells it: 1.0 is as fast as ours; None: it is not told,
        as of a live home."""
        status = self.view.data("status")
        try:
            return float(status.clocks.speed.removesuffix("x")) if status is not None else None
        except ValueError:
            return None

    @property
    def pace(self) -> str:
        """Where the market's time does not go as ours: how fast, such as `10x` or `max`; else ""."""
        status = self.view.data("status")
        text = plain(status.clocks.speed) if status is not None else LIVE
        return "" if text == LIVE or self.speed == 1.0 else text

    def old(self, kept: Kept | None, every_s: float = 0.0) -> bool:
        """Whether what an answer says must look old: it is, or the newest try came to nothing, or nobody is heard, or
        was not since: a daemon that was started anew has another word.
        `every_s`: how often it is asked for."""
        failed = kept is not None and kept.failed
        before = kept is not None and kept.at_s <= self.view.broke_s
        return self.view.lost is not None or failed or before or self.since(kept) > OLD_S + every_s

    def old_words(self, kept: Kept | None, every_s: float = 0.0) -> str:
        """How old what an answer says is, and why it is not newer; "" where it is of now or was never told."""
        if kept is None or kept.data is None or not self.old(kept, every_s):
            return ""
        why = plain(kept.problem.code) if kept.failed and kept.problem is not None else ""
        return " ".join(filter(None, (f"OLD: of {age(float(round(self.since(kept))))} ago", why)))


def older(row: Any, by_s: float, calm: bool = False, speed: float = 1.0, judged: bool = True) -> Any:
    """An answer, or a row of one, whose ages have grown, however deep they stand, and with `calm` are rounded up.

    A row with `age_max_s` is stale as soon as its age is over that. Where it was told as stale, its age goes with the
    market's time, `speed` times ours: nothing came, as far as anybody knows. Of a fresh one many ticks may have come
    since, so that its age goes with ours. `judged`: False leaves the word as it was told."""
    if by_s <= 0 and not calm:
        return row
    if isinstance(row, dict):
        limited = _is_number(row.get("age_max_s")) and _is_number(row.get("age_s"))
        own_s = by_s * speed if limited and row.get("stale") else by_s
        grown = {name: _grown(name, value, own_s, calm, speed, judged) for name, value in row.items()}
        if judged and limited and row["age_s"] + own_s > row["age_max_s"]:
            grown["stale"] = True
        return Row(grown)
    return [older(item, by_s, calm, speed, judged) for item in row] if isinstance(row, list) else row


def _grown(name: str, value: Any, by_s: float, calm: bool, speed: float, judged: bool) -> Any:
    if isinstance(value, dict | list):
        return older(value, by_s, calm, speed, judged)
    if not name.endswith("age_s") or not _is_number(value):
        return value
    return math.ceil((value + by_s) / CALM_S) * CALM_S if calm else value + by_s


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def faded(text: Text) -> Text:
    """What is old looks old: without colours, dim."""
    return Text(text.plain, "dim", no_wrap=True, end="")


def line(*parts: str | tuple[str, str], gap: str = "  ") -> Text:
    """A line of pieces, each plain or with its style; empty ones are left out."""
    text = Text(no_wrap=True, end="")
    for part in parts:
        words, style = part if isinstance(part, tuple) else (part, "")
        if words:
            text.append(gap if text else "")
            text.append(plain(words), style)
    return text


def painted(lines: Iterable[str]) -> list[Text]:
    """Lines of the shell, with its colours."""
    return [Text.from_ansi(row, no_wrap=True, end="") for row in lines]
