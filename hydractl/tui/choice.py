"""A button that is marked where Enter would press it: by a sign before its label, and turned round, never by colour."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Button

MARK = "▸ "


class Choice(Button):
    """The room of the mark is there without it, so that nothing moves."""

    def render(self) -> RenderResult:
        return Content.assemble(MARK if self.has_focus else " " * len(MARK), Content.from_text(self.label))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return super().get_content_width(container, viewport) + len(MARK)
