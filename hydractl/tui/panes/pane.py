"""What every pane is: a name, a key, queries that it needs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.containers import Vertical

from hydractl.output import Column
from hydractl.tui.draw.table import table
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame, faded
from hydractl.tui.screens import Screens
from hydractl.tui.store import Kept
from hydractl.tui.widgets import Grid, Lines

WRAPPED = ("long lines are cut", "long lines are wrapped")  # what `w` says


class Pane(Vertical):
    """One screen. `HELP`: what it is for, in a few sentences that `?` shows above its keys."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    HELP: ClassVar[str]
    FILTER_HINT: ClassVar[str] = "only rows with this text; !text: only those without"
    app: Screens
    filter = ""

    def on_mount(self) -> None:
        self.set_class(self.app.frame.scant, "-scant")

    def on_resize(self) -> None:
        if self.app.frame.scant is not self.has_class("-scant"):
            self.toggle_class("-scant")
            self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        """The box that had the focus may show no more; without one the pane's keys do nothing."""
        first = next((box for box in self.query(Lines) if box.display and box.can_focus), None)
        focused = self.screen.focused
        if self.display and first is not None and (focused is None or not focused.display):
            first.focus()

    def appear(self, box: Lines, shown: bool) -> None:
        """Shows a box or hides it; one that comes has no room before the next redraw."""
        if box.display is not shown:
            box.display = shown
            if shown:
                self.call_after_refresh(self.app.draw)

    def keys_now(self) -> Sequence[tuple[str, str, str]]:
        """What the line of the keys says in place of the pane's keys while one is at something that has its own: (key,
        what it does, its action here or "")."""
        return ()

    def step_back(self) -> bool:
        """Leaves what one is at within the pane, where one is: Esc does that before anything else."""
        return False

    def wants(self) -> Sequence[Want]:
        """The queries that it is drawn from, beside those that every pane has."""
        return ()

    def read_here(self) -> str | None:
        """The mission that a person reads on this pane; None where it tells of none."""
        return None

    def draw(self, frame: Frame) -> None:
        """Shows the view; called whenever it has changed, and once a second."""
        raise NotImplementedError

    def open(self, key: Any) -> None:
        """Shows one thing, which another pane has pointed at."""

    def copied(self) -> str:
        """What `y` copies: the id of the row under the cursor, or of what the box tells about; else as `Y`."""
        focused = self.screen.focused
        if not isinstance(focused, Lines) or focused not in self.query(Lines):
            return ""
        if isinstance(focused, Grid):
            return (self.named(focused) or self.copied_whole()) if focused.key is not None else ""
        return self.told_about() or self.copied_whole()

    def copied_whole(self) -> str:
        """What `Y` copies: all of the row under the cursor, else all that the box shows."""
        focused = self.screen.focused
        if isinstance(focused, Grid):
            return focused.row_text if focused.key is not None else ""
        return focused.text if isinstance(focused, Lines) else ""

    def named(self, grid: Grid) -> str:
        """The id of the row under the cursor of a grid; "" where it has none."""
        return " ".join(map(str, grid.key)) if isinstance(grid.key, tuple) else str(grid.key)

    def told_about(self) -> str:
        """The id of what the boxes without rows tell about; "" where they tell of many things."""
        return ""

    def refuse(self, why: str) -> None:
        """Why a key does nothing here."""
        self.app.notify(why, severity="warning")

    def chosen(self) -> Any:
        """The key under the cursor of the grid that has the focus, else of the first one with rows."""
        focused = self.screen.focused
        if isinstance(focused, Grid) and focused in self.query(Grid):
            return focused.key
        return next((grid.key for grid in self.query(Grid) if grid.key is not None), None)


def matches(text: str, wanted: str) -> bool:
    """Whether a row passes the filter: it holds the text, whatever the case; with `!` before it, it does not."""
    if wanted.startswith("!"):
        return not wanted[1:] or wanted[1:].lower() not in text.lower()
    return wanted.lower() in text.lower()


def fill(
    grid: Grid,
    frame: Frame,
    columns: Sequence[Column],
    rows: Sequence[Any],
    key: Callable[[Any], Any],
    *,
    empty: str,
    of: Kept | None,
    every_s: float = 0.0,
    wanted: str = "",
    priority: Sequence[str] = (),
    flexible: Collection[str] = (),
    style: Callable[[Any], str] | None = None,
    note: str = "",
    paint: Mapping[str, Callable[[Any], str]] | None = None,
) -> None:
    """Shows rows in a grid, those that pass the filter. `of`: the answer that they are of, which is asked for each
    `every_s`; of an old one they look old, and the title says so. Beside it stand the `note` and the columns that have
    no room. `priority`, `flexible`, `style` and `paint` as in `draw.table`."""
    old = frame.old(of, every_s)
    room = max(grid.size.width - 1, 20)
    made = table(columns, rows, room, frame.glyphs, priority=priority, flexible=flexible, style=style, paint=paint)
    shown = [at for at, whole in enumerate(made.whole) if matches(whole, wanted)]
    texts = [faded(made.rows[at]) if old else made.rows[at] for at in shown]
    if wanted and rows and not shown:
        empty = f"none of {len(rows)} rows passes the filter '{wanted}'"
    aged = frame.old_words(of, every_s) if frame.view.lost is None else ""  # then the line above all panes says it
    heading = Text(aged, "bold yellow", no_wrap=True, end="") if aged and frame.scant else made.heading
    if frame.scant and grid.size.height and len(shown) >= grid.size.height and not aged:
        heading = _more(made.heading, len(shown), grid.size.height - 1)
    grid.show_rows(heading, texts, [key(rows[at]) for at in shown], empty, [made.whole[at] for at in shown])
    marks = list(filter(None, (aged, note)))
    marks += [f"filter: {wanted}"] if wanted else []
    marks += [f"no room for {', '.join(made.dropped)}"] if made.dropped and rows else []
    grid.mark("  ".join(marks))


def _more(heading: Text, rows: int, room: int) -> Text:
    """A heading above so many rows, with `room` for fewer: how many more there are, where no title can say it."""
    if not room:
        return Text(f"no room for {rows} {'rows' if rows > 1 else 'row'}: enlarge", "bold yellow", no_wrap=True, end="")
    words = f"ID +{rows - room} more "
    is_id = heading.plain.startswith("ID" + " " * (len(words) - 2))
    return Text(words + heading.plain[len(words) :], "bold", no_wrap=True, end="") if is_id else heading


def show_aged(
    frame: Frame, box: Lines, lines: Sequence[Text], of: Kept | None, every_s: float = 0.0, mark: str = ""
) -> None:
    """Shows lines in a box, with the `mark` beside its title: of an old answer they look old, and the title says so."""
    box.show(list(map(faded, lines)) if frame.old(of, every_s) else lines)
    aged = frame.old_words(of, every_s) if frame.view.lost is None else ""
    box.mark("  ".join(filter(None, (mark, aged))))


def height_of(frame: Frame, lines: int, most: int) -> int:
    """Of a box with so many lines, `most` of them in sight, and its title where boxes have one."""
    return min(max(lines, 1), most) + (not frame.scant)


def why_empty(frame: Frame, verb: str, none: str, every_s: float | None = None, **fields: Any) -> str:
    """Why there is nothing to show: not asked yet, refused, lost, or truly nothing, as of when. `every_s`: how often it
    is asked for, where that it was not for a while must be said."""
    kept = frame.view.kept(verb, **fields)
    if kept is None:
        return "no daemon yet" if frame.view.lost else "asking ..."
    if kept.problem is not None and kept.data is None:
        hint = f" ({kept.problem.hint})" if kept.problem.hint else ""
        return f"{kept.problem.code}: {kept.problem.message}{hint}"
    is_late = every_s is not None and frame.old(kept, every_s)
    aged = frame.old_words(kept, every_s or 0.0) if kept.failed or is_late or frame.view.lost is not None else ""
    return f"{none} ({aged})" if none and aged else none
