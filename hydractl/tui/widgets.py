"""The two widgets that all panes are made of: lines, and a grid of rows with a cursor.

Own the repainting: only lines that differ from what stands there are drawn again, for each costs bytes over SSH.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hydractl.plain import plain
from hydractl.tui.frame import faded

CURSOR = Style(reverse=True)
CURSOR_AWAY = Style(bold=True)


def harmless(line: Text) -> Text:
    """A line without what moves a terminal's cursor, whoever wrote it: each control character becomes one `?`."""
    if not line.plain.isprintable():
        line = line.copy()
        line.plain = plain(line.plain).replace("\n", "?").replace("\t", " ")
    return line


class Lines(ScrollView, can_focus=True):
    """Lines of text, scrolled; never wrapped here. `follow`: what is new at the end is scrolled to."""

    DEFAULT_CSS = """
    Lines { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    """
    BINDINGS = [
        Binding("j,down", "scroll_down", "down", show=False),
        Binding("k,up", "scroll_up", "up", show=False),
        Binding("g,home", "scroll_home", "top", show=False),
        Binding("G,end", "scroll_end", "end", show=False),
        Binding("left", "beside(-1)", "the box to the left", show=False),
        Binding("right", "beside(1)", "the box to the right", show=False),
    ]
    HEAD = 0  # lines at the top that are not scrolled

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = title
        self._mark = self._letter = self._titled_as = ""
        self._titled()
        self._lines: list[Text] = []
        self._strips: dict[int, Strip] = {}
        self.follow = False
        self._blind = False
        self._is_past = self._is_anew = False  # of before; drawn since, and had no room yet

    def action_beside(self, by: int) -> None:
        """The focus to the box at that side, the nearest in height; where there is none, it stays."""
        middle, here = self.region.y + self.region.height // 2, self.region
        boxes = [box for box in self.screen.query(Lines) if box.display and box.can_focus and box.region.area]
        beside = [box for box in boxes if (box.region.right <= here.x if by < 0 else box.region.x >= here.right)]
        nearest = min(beside, key=lambda box: abs(box.region.y + box.region.height // 2 - middle), default=None)
        if nearest is not None:
            nearest.focus()

    def look(self, blind: bool) -> None:
        """It has been drawn. `blind`: whether what stands here must look old, all of it: nobody is heard."""
        if self._is_past:
            self._is_past, self._is_anew = not self.size.area, True
            if not self._is_past:
                self.refresh()
        if blind is not self._blind:
            self._blind = blind
            self._strips.clear()
            self.refresh()

    def forget(self) -> None:
        """What stands here is of before, and is not seen until it has been drawn anew: see `look`."""
        self._is_past, self._is_anew = True, False
        self.mark("")
        self.refresh()

    def show(self, lines: Sequence[Text]) -> None:
        """Puts these lines in place of what stands there."""
        old, new = self._lines, [harmless(line) for line in lines]
        if len(old) != len(new):
            self._lines = new
            self.virtual_size = Size(self.size.width, len(new))
            self._strips.clear()
            self.refresh()
            if self.follow:
                self.scroll_end(animate=False, immediate=True)
            return
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after or before.style != after.style:  # Texts are equal whatever their own style
                old[at] = after
                self._repaint(at)

    def mark(self, text: str) -> None:
        """Says something beside the title."""
        self._mark = text
        self._titled()

    def call_it(self, letter: str) -> None:
        """A letter before the title, for jump mode; "" takes it away."""
        self._letter = letter
        self._titled()

    def _titled(self) -> None:
        letter = f"({self._letter}) " if self._letter else ""
        title = letter + "  ".join(filter(None, (self._title, self._mark)))
        if title != self._titled_as:  # setting it draws the whole box again
            self._titled_as = title
            self.border_title = Text(title)

    def _repaint(self, at: int) -> None:
        """One line, where it is in sight."""
        self._strips.pop(at, None)
        y = at if at < self.HEAD else at - self.scroll_offset.y
        if (at < self.HEAD or y >= self.HEAD) and y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        at = y if y < self.HEAD else y + self.scroll_offset.y
        if at >= len(self._lines) or self._is_past:
            return Strip.blank(self.size.width, self.rich_style)
        strip = self._strips.get(at)
        if strip is None or strip.cell_length != self.size.width:
            line, console = self._lines[at], self.app.console
            text = self._painted(at, faded(line) if self._blind else line)
            # A Text without spans is rendered without its own style, so that is laid below here.
            strip = Strip(text.render(console)).apply_style(console.get_style(text.style))
            self._strips[at] = strip.adjust_cell_length(self.size.width).apply_style(self.rich_style)
        return self._strips[at]

    def _painted(self, at: int, text: Text) -> Text:
        """The line as it stands here."""
        return text

    def on_resize(self, event: events.Resize) -> None:
        self._strips.clear()
        if self._is_past and self._is_anew:
            self._is_past = False
            self.refresh()
        self.virtual_size = Size(event.size.width, len(self._lines))

    @property
    def text(self) -> str:
        """What it shows, for a copy."""
        return "\n".join(row.plain for row in self._lines)


class Bar(Lines, can_focus=False):
    """One line of pieces that can be clicked, (words, action of the app), and lines below it where there must be."""

    class Pressed(Message):
        """A piece was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ends: list[tuple[int, str]] = []

    def show_pieces(self, pieces: Sequence[tuple[Text, str]], gap: str = " ", below: Sequence[Text] = ()) -> None:
        line = Text(no_wrap=True, end="")
        self._ends = []
        for words, action in pieces:
            line.append_text(words)
            self._ends.append((line.cell_len, action))
            line.append(gap)
        self.show([line, *below])
        height = self.styles.height
        if height is not None and height.value != 1 + len(below):  # setting it draws the whole screen again
            self.styles.height = 1 + len(below)

    def on_click(self, event: events.Click) -> None:
        action = next((action for end, action in self._ends if event.x < end), None)
        if action:
            self.post_message(self.Pressed(action))


class Grid(Lines):
    """A heading and rows with a cursor, each row known by its key, so that the cursor stays on its row when others
    come and go. `Chosen` is posted for Enter or a click on the cursor's row, `Moved` when the cursor has moved."""

    HEAD = 1
    BINDINGS = [
        Binding("j,down", "cursor(1)", "down", show=False),
        Binding("k,up", "cursor(-1)", "up", show=False),
        Binding("g,home", "cursor(-100000)", "first", show=False),
        Binding("G,end", "cursor(100000)", "last", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class About(Message):
        """Of one row."""

        def __init__(self, grid: Grid, key: Any) -> None:
            super().__init__()
            self.grid, self.key = grid, key

        @property
        def control(self) -> Grid:
            return self.grid

    class Chosen(About):
        """A row was opened."""

    class Moved(About):
        """The cursor stands on another row."""

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(title, id=id, classes=classes)
        self._keys: list[Any] = []
        self._whole: Sequence[str] = ()
        self._at = 0

    @property
    def key(self) -> Any:
        """Of the row under the cursor, None without rows."""
        return self._keys[self._at] if self._keys else None

    @property
    def keys(self) -> Sequence[Any]:
        return tuple(self._keys)

    @property
    def row_text(self) -> str:
        """All of the row under the cursor, for a copy."""
        return self._whole[self._at] if self._at < len(self._whole) else self._lines[self._at + 1].plain

    def show_rows(
        self, heading: Text, rows: Sequence[Text], keys: Sequence[Any], empty: str, whole: Sequence[str] = ()
    ) -> None:
        """Rows and their keys; `empty` says why there is none. `whole`: what each row says, cut nowhere."""
        known = self.key
        self._keys, self._whole = list(keys), whole
        before = self._at
        self._at = self._keys.index(known) if known in self._keys else min(before, max(len(keys) - 1, 0))
        self.show([heading, *rows] if rows else [Text(empty, "dim", no_wrap=True, end="")])
        if self._at != before:
            self._repaint(before + 1)
            self._repaint(self._at + 1)
        if self.key != known:
            self.post_message(self.Moved(self, self.key))

    def move_to(self, key: Any) -> None:
        """Puts the cursor on a row, where it is there."""
        if key in self._keys:
            self.action_cursor(self._keys.index(key) - self._at)

    def action_cursor(self, by: int) -> None:
        if not self._keys:
            return
        before, self._at = self._at, max(0, min(self._at + by, len(self._keys) - 1))
        if self._at == before:
            return
        self._repaint(before + 1)
        self._repaint(self._at + 1)
        self._in_sight()
        self.post_message(self.Moved(self, self.key))

    def action_page(self, by: int) -> None:
        self.action_cursor(by * max(self.size.height - 2, 1))

    def action_choose(self) -> None:
        if self._keys:
            self.post_message(self.Chosen(self, self.key))
        else:
            self.app.notify("there is nothing to open here", severity="warning")

    def _in_sight(self) -> None:
        room = max(self.size.height - 1, 1)
        top = self.scroll_offset.y
        if self._at < top:
            self.scroll_to(y=self._at, animate=False, immediate=True)
        elif self._at >= top + room:
            self.scroll_to(y=self._at - room + 1, animate=False, immediate=True)

    def _painted(self, at: int, text: Text) -> Text:
        if not self._keys or at != self._at + 1:
            return text
        marked = text.copy()
        marked.pad_right(max(self.size.width - marked.cell_len, 0))
        marked.stylize(CURSOR if self.has_focus else CURSOR_AWAY)
        return marked

    def on_click(self, event: events.Click) -> None:
        at = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and 0 <= at < len(self._keys):
            if at == self._at and self.has_focus:
                self.action_choose()
            self.action_cursor(at - self._at)

    def on_focus(self) -> None:
        self._repaint(self._at + 1)

    def on_blur(self) -> None:
        self._repaint(self._at + 1)
