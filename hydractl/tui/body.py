"""A sheet's body: its fields, and below them what it proposes, scrolled where there is no room for all.

Owns how much of what it proposes has been in sight.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Vertical

from hydractl.tui.widgets import Lines


class Body(Vertical):
    """`told` hears how many rows are below what is in sight, whenever that may have changed."""

    def __init__(self, told: Callable[[int], None]) -> None:
        super().__init__(id="sheet-body")
        self._told = told
        self._seen = 0  # lines of what it proposes
        self._is_proposed = False

    def on_mount(self) -> None:
        self.watch(self, "scroll_y", self.saw, init=False)
        for change in ("virtual_size", "show_vertical_scrollbar"):  # of a layout that may not be the last
            self.watch(self, change, self._tell, init=False)

    @property
    def lines(self) -> Lines:
        """What it proposes."""
        return self.query_one("#sheet-lines", Lines)

    def look(self) -> None:
        """What stands there is looked at anew: nothing of it was seen yet."""
        self._seen, self._is_proposed = 0, False

    def proposed(self) -> None:
        """What is proposed stands there now."""
        self._is_proposed = True

    def saw(self) -> None:
        """How much of it has been in sight; and whether there is more."""
        if self._is_proposed and self._is_laid_out:
            self._seen = max(self._seen, self._below - self.lines.virtual_region.y)
        self._tell()

    def is_all_seen(self) -> bool:
        """Whether its last line has been in sight."""
        self.saw()
        return self._seen >= self.lines.virtual_size.height

    def bring(self) -> None:
        """What it proposes into sight, from its first line."""
        self.scroll_to(y=self.lines.virtual_region.y, animate=False, immediate=True)

    def turn_over(self, by: int, pages: bool) -> None:
        """So many lines, or pages, down; up below zero."""
        step = max(self.size.height - 1, 1) if pages else 1
        self.scroll_relative(y=by * step, animate=False, immediate=True)

    @property
    def _is_laid_out(self) -> bool:
        return bool(self.size.height) and len(self.query("#sheet-lines")) > 0

    @property
    def _below(self) -> int:
        """Its first row below what is in sight."""
        return self.scroll_offset.y + self.size.height

    def _tell(self) -> None:
        if self._is_laid_out:
            self._told(self.virtual_size.height - self._below)
