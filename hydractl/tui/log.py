"""A list of records with a cursor, each in one line or in several, that goes to its end as it grows.

Owns the cursor's place: on its record while others come and go, on the last one while it follows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import events

from hydractl.tui.widgets import CURSOR, CURSOR_AWAY, Grid

Key = tuple[int, int]  # a record's number, and which line of ours behind it: 0 the record itself


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one record, or of one line of ours between two. Blocks stand in the order of their keys."""

    key: Key
    lines: Sequence[Text]


class Log(Grid):
    """`Moved` and `Chosen` as a grid's. `follow`: the cursor stays on the last block; going up ends it."""

    HEAD = 0

    class Followed(Grid.About):
        """A person went up from the end (`key` False), or back to it (True)."""

    class Topped(Grid.About):
        """A person wanted to go up from the first one."""

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(title, id=id, classes=classes)
        self._starts: list[int] = []

    def show_blocks(self, blocks: Sequence[Block], empty: Sequence[Text]) -> None:
        """These in place of what stands there; `empty` says why there is none."""
        known = self.key
        before = self._span(self._at)
        self._keys = [block.key for block in blocks]
        self._starts = []
        lines: list[Text] = []
        for block in blocks:
            self._starts.append(len(lines))
            lines += block.lines
        self._at = self._place(known)
        self.show(lines if blocks else empty)
        if self._span(self._at) != before:
            for at in (*before, *self._span(self._at)):
                self._repaint(at)
            self._in_sight()
        if self.key != known:
            self.post_message(self.Moved(self, self.key))

    def _place(self, known: Any) -> int:
        """Where the cursor stands now: at the end, on its record, or on the last one before it."""
        if not self._keys or self.follow or known is None:
            return max(len(self._keys) - 1, 0)
        return max(bisect_right(self._keys, known) - 1, 0)

    def _span(self, at: int) -> range:
        """The lines of a block."""
        if at >= len(self._starts):
            return range(0)
        ends = self._starts[at + 1] if at + 1 < len(self._starts) else len(self._lines)
        return range(self._starts[at], ends)

    @property
    def row_text(self) -> str:
        return "\n".join(self._lines[at].plain.rstrip() for at in self._span(self._at))

    def go_to(self, key: Key) -> None:
        """Puts the cursor on a block that is there."""
        self._move(self._keys.index(key) - self._at)

    def go_to_last(self, here: Key, before_seq: int) -> None:
        """From the block `here` to the last record that is older than `before_seq`, where there is one."""
        if self.key == here:
            self._move(max(bisect_left(self._keys, (before_seq, 0)) - 1 - self._at, 0))

    def action_cursor(self, by: int) -> None:
        if by < 0 and self.follow:
            self.post_message(self.Followed(self, False))
        elif by < 0 and self._at == 0:
            self.post_message(self.Topped(self, self.key))
        elif by > 0 and not self.follow and self._at + by >= len(self._keys) - 1:
            self.post_message(self.Followed(self, True))
        self._move(by)

    def _move(self, by: int) -> None:
        if not self._keys:
            return
        before, self._at = self._at, max(0, min(self._at + by, len(self._keys) - 1))
        if self._at == before:
            return
        for at in (*self._span(before), *self._span(self._at)):
            self._repaint(at)
        self._in_sight()
        self.post_message(self.Moved(self, self.key))

    def action_page(self, by: int) -> None:
        room = max(self.size.height - 1, 1)
        here = self._starts[self._at] if self._starts else 0
        goal = max(bisect_right(self._starts, here + by * room) - 1, 0)
        self.action_cursor(goal - self._at if goal != self._at else by)

    def _in_sight(self) -> None:
        lines, top, room = self._span(self._at), self.scroll_offset.y, max(self.size.height, 1)
        if lines and (lines.start < top or len(lines) > room):
            self.scroll_to(y=lines.start, animate=False, immediate=True)
        elif lines and lines.stop > top + room:
            self.scroll_to(y=lines.stop - room, animate=False, immediate=True)

    def _painted(self, at: int, text: Text) -> Text:
        if not self._keys or at not in self._span(self._at):
            return text
        marked = text.copy()
        marked.pad_right(max(self.size.width - marked.cell_len, 0))
        marked.stylize(CURSOR if self.has_focus else CURSOR_AWAY)
        return marked

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._in_sight)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop().prevent_default()
        self.action_cursor(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop().prevent_default()
        self.action_cursor(3)

    def on_click(self, event: events.Click) -> None:
        event.stop().prevent_default()
        at = bisect_right(self._starts, event.y + self.scroll_offset.y) - 1
        if not 0 <= at < len(self._keys):
            return
        if at == self._at and self.has_focus:
            self.action_choose()
        self.action_cursor(at - self._at)

    def on_focus(self) -> None:
        for at in self._span(self._at):
            self._repaint(at)

    def on_blur(self) -> None:
        self.on_focus()
