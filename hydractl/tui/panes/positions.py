"""Positions: what is open with its money now, what rests, what was closed today, and everything about one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from hydractl.commands.orders import ORDERS
from hydractl.tui import live
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.intent import Intent
from hydractl.tui.intents import missions, positions
from hydractl.tui.live import live_positions
from hydractl.tui.panes import position_lines
from hydractl.tui.panes.pane import Pane, fill, height_of, show_aged, why_empty
from hydractl.tui.store import Ask
from hydractl.tui.widgets import Grid, Lines

_OPEN = (
    "id", "mark", "account", "symbol", "side", "volume", "open_price", "price", "stop", "target", "track", "pnl", "r",
    "plan_name", "as_of_age_s",
)  # fmt: skip
_OPEN_FIRST = (
    "id", "symbol", "side", "volume", "pnl", "r", "stop", "mark", "account", "as_of_age_s", "target", "price", "track",
)  # fmt: skip
_SCANT_FIRST = ("id", "pnl", "side", "symbol", "volume", "r", "stop")
_CLOSED = ("id", "account", "symbol", "side", "volume", "open_price", "close_price", "pnl", "r", "close_reason")
_CLOSED_FIRST = ("id", "symbol", "side", "pnl", "r", "close_reason", "volume", "account")
_ORDERS_FIRST = ("id", "symbol", "side", "type", "volume", "price", "foreign", "at_broker", "state", "stop", "cancel")
_PNL = {"pnl": lambda row: live.style_of(row.pnl), "r": lambda row: live.style_of(row.r)}
CLOSED = Ask.of("positions", closed=True, limit=200)
ORDERS_S = 5.0
WIDE = 120  # columns from which the details stand beside the list, as the screen's classes have it
OPEN_GRID, ORDERS_GRID, CLOSED_GRID = "positions-open", "positions-orders", "positions-closed"
DETAILS = "positions-details"
OPEN_ROWS = 3  # of what is open have room before anything else does


class Positions(Pane):
    NAME = "positions"
    TITLE = "Positions"
    HELP = (
        "What is open, with its money and price as of the last report. FOREIGN ones are not ours and are never "
        "touched unasked. Beside them the one under the cursor: where its price stands between stop and target, "
        "what it costs, and what its plan will do. Below: orders that rest, and what was closed today. Enter opens "
        "its mission."
    )
    BINDINGS = [
        Binding("c", "close", "close", id="positions.close"),
        Binding("F", "flatten", "FLATTEN", id="positions.flatten"),
        Binding("percent_sign", "part", "close a part", id="positions.part", show=False),
        Binding("m", "modify", "stop, target", id="positions.modify"),
        Binding("P", "plan", "another plan", id="positions.plan", show=False),
        Binding("d", "cancel", "cancel an order", id="positions.cancel"),
        Binding("A", "adopt", "take a FOREIGN one as ours", id="positions.adopt", show=False),
        Binding("plus", "note", "write a note", id="positions.note", show=False),
        Binding("t", "trace", "trace", id="positions.trace"),
        Binding("x", "closed", "also closed ones", id="positions.closed"),
    ]
    SCOPED_CSS = False  # the screen's classes stand above it
    DEFAULT_CSS = """
    #positions-columns { height: 1fr; }
    #positions-left { width: 1fr; height: 1fr; }
    #positions-details { width: 55; margin-left: 1; }
    #positions-below { height: 1; }
    .-narrow #positions-columns { layout: vertical; }
    .-narrow #positions-details { width: 100%; margin-left: 0; }
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._about = OPEN_GRID  # the grid whose row is told about
        self._closed_wanted: bool | None = None  # whether the closed ones show; None: where there is room
        self._sought: tuple[str, float] | None = None  # what `open` was asked for, and when
        self._most: dict[str, int] = {}  # rows that a box below the open ones would have

    def compose(self) -> ComposeResult:
        with Horizontal(id="positions-columns"):
            with Vertical(id="positions-left"):
                yield Lines("Accounts", id="positions-sums", classes="box")
                yield Grid("Open", id=OPEN_GRID, classes="box tall")
                yield Grid("Resting orders", id=ORDERS_GRID, classes="box")
                yield Grid("Closed today", id=CLOSED_GRID, classes="box")
            yield Lines("Details", id="positions-details", classes="box")
        yield Lines(id="positions-below")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#positions-below", Lines).can_focus = False

    def wants(self) -> Sequence[Want]:
        wants = [
            Want(Ask.of("positions"), 2.0, stirred=True),
            Want(Ask.of("orders"), ORDERS_S, stirred=True),
            Want(Ask.of("plans"), 60.0),
        ]
        if self._shows_closed or self._sought is not None:
            wants.append(Want(CLOSED, ORDERS_S))
        row = self._row()
        if row is not None and self._about != ORDERS_GRID and not row.foreign:
            wants.append(Want(Ask.of("plan.show", id=row.id), 2.0, stirred=True))
        return wants

    # --- drawing ---

    @property
    def _shows_closed(self) -> bool:
        return not self.app.frame.compact if self._closed_wanted is None else self._closed_wanted

    def draw(self, frame: Frame) -> None:
        opened = live_positions(frame)
        sums = self.query_one("#positions-sums", Lines)
        room = 1 if frame.scant else 3 if frame.compact else 6
        wrong = position_lines.problem_lines(frame)
        width = max(sums.size.width - 1, 20)
        lines = [*wrong, *position_lines.sum_lines(frame, opened, max(room - len(wrong), 1), width)]
        sums.show(lines)
        sums.styles.height = height_of(frame, len(lines), room)
        self._draw_open(frame, opened)
        self._draw_orders(frame)
        self._draw_closed(frame)
        self._seek(frame)
        self._draw_details(frame)
        self._divide(frame)

    def _divide(self, frame: Frame) -> None:
        """The rows of the pane: what is open first, then what was asked for, what rests, and the details last."""
        boxes = {name: self.query_one(f"#{name}", Lines) for name in (ORDERS_GRID, CLOSED_GRID, DETAILS)}
        beside, title = frame.width >= WIDE, not frame.scant
        rows = min(max(len(self.query_one(f"#{OPEN_GRID}", Grid).keys), 1), OPEN_ROWS)
        sums = self.query_one("#positions-sums").styles.height
        left = (self.size.height or frame.height - 4) - int(sums.value if sums else 1) - title - 1 - rows
        names: tuple[str, ...] = (CLOSED_GRID, ORDERS_GRID) if self._closed_wanted else (ORDERS_GRID, CLOSED_GRID)
        names += () if beside else (DETAILS,)
        heights = self._heights(names, left, title)
        if self._below(frame, heights):
            heights = self._heights(names, left - 1, title)
        for name, height in heights.items():
            boxes[name].styles.height = height or 1
            self.appear(boxes[name], height > 0)
        below = self.query_one("#positions-below", Lines)
        words = self._below(frame, heights)
        below.show([Text(words, "dim", no_wrap=True, end="")])
        self.appear(below, bool(words))

    def _heights(self, names: Sequence[str], left: int, title: bool) -> dict[str, int]:
        """The rows of each of these boxes, of so many that are left; 0: it has no room."""
        heights = {}
        for name in names:
            least = title + (2 if name != DETAILS else 1)
            heights[name] = min(self._most.get(name, 0), left) if left >= least else 0
            left -= heights[name]
        return heights

    def _below(self, frame: Frame, heights: Mapping[str, int]) -> str:
        """What has no room and is not empty; "" where all has."""
        orders = len(self.query_one(f"#{ORDERS_GRID}", Grid).keys)
        closed = len(closed_today(frame)) if self._closed_wanted else 0
        told = {
            ORDERS_GRID: "1 order" if orders == 1 else f"{orders} orders" if orders else "",
            CLOSED_GRID: f"{closed} closed" if closed else "",
            DETAILS: "details" if self._row() is not None else "",
        }
        left_out = [told[name] for name, height in heights.items() if not height and told[name]]
        return f"no room for {', '.join(left_out)}: enlarge" if left_out else ""

    def _draw_open(self, frame: Frame, rows: Sequence[Any]) -> None:
        fill(
            self.query_one(f"#{OPEN_GRID}", Grid),
            frame,
            live.columns(frame.glyphs, _OPEN),
            rows,
            lambda row: row.id,
            empty=live.unlisted(frame) or why_empty(frame, "positions", "no position is open", 0.0),
            of=frame.view.kept("positions"),
            wanted=self.filter,
            priority=_SCANT_FIRST if frame.scant else _OPEN_FIRST,
            paint=_PNL,
            note=live.unlisted(frame) if rows else "",
        )

    def _draw_orders(self, frame: Frame) -> None:
        kept = frame.view.kept("orders")
        rows = frame.rows(kept, frame.view.data("orders"))
        grid = self.query_one(f"#{ORDERS_GRID}", Grid)
        fill(
            grid,
            frame,
            ORDERS,
            rows,
            order_key,
            empty=why_empty(frame, "orders", "no order rests", ORDERS_S),
            of=kept,
            every_s=ORDERS_S,
            wanted=self.filter,
            priority=_ORDERS_FIRST,
        )
        most = 1 + height_of(frame, len(rows), 1 if frame.scant else 3 if frame.compact else 6)
        self._most[ORDERS_GRID] = most if rows or not frame.compact else 0

    def _draw_closed(self, frame: Frame) -> None:
        grid = self.query_one(f"#{CLOSED_GRID}", Grid)
        self._most[CLOSED_GRID] = 0
        if not self._shows_closed:
            return
        rows = closed_today(frame)
        fill(
            grid,
            frame,
            live.columns(frame.glyphs, _CLOSED),
            rows,
            lambda row: row.id,
            empty=why_empty(frame, CLOSED.verb, "none was closed today (UTC)", ORDERS_S, **dict(CLOSED.fields)),
            of=frame.view.answers.get(CLOSED),
            every_s=ORDERS_S,
            wanted=self.filter,
            priority=_CLOSED_FIRST,
            paint=_PNL,
            note="" if self.filter else live.closed_text(rows, live_positions(frame), frame.glyphs),
        )
        self._most[CLOSED_GRID] = 1 + height_of(frame, len(rows), 2 if frame.scant else 5 if frame.compact else 10)

    def _draw_details(self, frame: Frame) -> None:
        box = self.query_one("#positions-details", Lines)
        room = max(box.size.width - 1, 20)
        row = self._row()
        if row is None:
            lines = [Text("nothing is under the cursor", "dim", no_wrap=True, end="")]
        elif self._about == ORDERS_GRID:
            lines = position_lines.order_details(frame, row, room)
        else:
            lines = position_lines.details(frame, row, frame.view.kept("plan.show", id=row.id), room)
        of = frame.view.kept("orders" if self._about == ORDERS_GRID else "positions")
        of = frame.view.answers.get(CLOSED) if self._about == CLOSED_GRID else of
        show_aged(frame, box, lines, of, 0.0 if self._about == OPEN_GRID else ORDERS_S)
        self._most[DETAILS] = self._details_height(frame, len(lines))
        if frame.width >= WIDE:
            self.appear(box, True)
            box.styles.height = "1fr"

    def _details_height(self, frame: Frame, lines: int) -> int:
        """Below the list, which needs its rows: as many lines as there are, where half of the room is enough."""
        if frame.scant:
            return min(lines, 2)
        crowded = len(self.query_one(f"#{OPEN_GRID}", Grid).keys) > 3 or self._shows_closed
        return min(lines + 1, frame.height // (4 if crowded else 2) - 1)

    # --- what is under the cursor ---

    def told_about(self) -> str:
        if self.query_one("#positions-sums").has_focus:
            return ""
        return str(self.query_one(f"#{self._about}", Grid).key or "")

    def _row(self) -> Any:
        """The position or order that is told about and acted on; None: there is none."""
        key = self.query_one(f"#{self._about}", Grid).key
        return next((row for row in self._rows(self._about) if self._key(row) == key), None)

    def _rows(self, grid: str) -> list[Any]:
        frame = self.app.frame
        if grid == ORDERS_GRID:
            return frame.rows(frame.view.kept("orders"), frame.view.data("orders"))
        return live_positions(frame) if grid == OPEN_GRID else closed_today(frame)

    def _key(self, row: Any) -> Any:
        return order_key(row) if self._about == ORDERS_GRID else row.id

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Grid) and event.widget.id and event.widget.id != self._about:
            self._about = event.widget.id
            self.app.rewant()

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        if event.grid.id == self._about:
            self.app.rewant()

    def open(self, key: Any) -> None:
        self._sought = (key, self.app.view.clock_s)

    def _seek(self, frame: Frame) -> None:
        """Moves to what `open` was asked for, as soon as it is told of; says so where it is nowhere."""
        if self._sought is None:
            return
        key, since_s = self._sought
        for name in (OPEN_GRID, CLOSED_GRID):
            grid = self.query_one(f"#{name}", Grid)
            if any(row.id == key for row in self._rows(name)):
                self._sought = None
                self._closed_wanted = True if name == CLOSED_GRID else self._closed_wanted
                if name == CLOSED_GRID:
                    self._draw_closed(frame)
                    grid.display = True
                grid.move_to(key)
                grid.focus()
                return
        told = [frame.view.kept("positions"), frame.view.answers.get(CLOSED)]
        if all(kept is not None and kept.tried_s > since_s for kept in told):
            self._sought = None
            self.app.notify(f"{key} is neither open nor closed today", severity="warning")

    # --- acts ---

    def _of_position(self, make: Callable[[Any], Intent]) -> None:
        """Opens the sheet of an act on the position under the cursor, or says why there is none."""
        row = self._row()
        why = None
        if row is None:
            why = "no position is under the cursor"
        elif self._about == ORDERS_GRID:
            why = "that is an order: it can be cancelled"
        elif row.closed_at is not None:
            why = f"{row.id} is closed"
        elif row.foreign:
            why = f"{row.id} is FOREIGN: take it as ours first, or flatten with what is NOT OURS"
        if why is not None:
            self.app.notify(why, severity="warning")
        else:
            self.app.intend(make(row))

    def action_close(self) -> None:
        self._of_position(lambda row: positions.close(row.id, what=positions.named(row)))

    def action_part(self) -> None:
        self._of_position(lambda row: positions.close(row.id, "50%", positions.named(row)))

    def action_modify(self) -> None:
        self._of_position(lambda row: positions.modify(row.id, row.stop, row.target, positions.named(row)))

    def action_plan(self) -> None:
        named = self.app.view.data("plans")
        if not named:
            self.app.notify(why_empty(self.app.frame, "plans", "no plan has a name"), severity="warning")
            return
        choices = positions.plan_choices(named)
        self._of_position(lambda row: positions.set_plan(row.id, choices, row.plan_name, positions.named(row)))

    def action_cancel(self) -> None:
        row = self._row() if self._about == ORDERS_GRID else None
        if row is not None and row.foreign:
            self.app.notify("that order is FOREIGN, and never touched", severity="warning")
            return
        ours = [(order_words(one), one.id) for one in self._rows(ORDERS_GRID) if not one.foreign]
        order, what = (row.id, positions.named(row)) if row is not None else (None, "")
        self.app.intend(positions.cancel(order, self._accounts(), ours, what))

    def action_flatten(self) -> None:
        self.app.intend(positions.flatten(self._accounts()))

    def action_adopt(self) -> None:
        row = self._row()
        if row is None or self._about != OPEN_GRID or not row.foreign:
            self.app.notify("only a FOREIGN position can be taken as ours: move the cursor to one", severity="warning")
            return
        self.app.intend(positions.adopt(row.ticket, row.account))

    def action_note(self) -> None:
        about = self._in_journal()
        if about is not None:
            self.app.intend(missions.note(about))

    def action_trace(self) -> None:
        about = self._in_journal()
        if about is not None:
            self.app.open_pane("trace", about)

    def _in_journal(self) -> str | None:
        """The id of what is under the cursor, as the journal knows it: an order by its fire. Says so where there is
        none."""
        row = self._row()
        about = None if row is None or row.foreign else row.fire if self._about == ORDERS_GRID else row.id
        if about is None:
            why = "nothing is under the cursor" if row is None else "the journal has nothing of what is FOREIGN"
            self.app.notify(why, severity="warning")
        return about

    def action_closed(self) -> None:
        self._closed_wanted = not self._shows_closed
        if not self._closed_wanted and self._about == CLOSED_GRID:
            self.query_one(f"#{OPEN_GRID}").focus()
        self.app.notify(f"what was closed today is {'listed' if self._closed_wanted else 'not listed'}")
        self.app.rewant()

    def _accounts(self) -> list[str]:
        return [row.name for row in self.app.accounts()]

    @on(Grid.Chosen)
    def _chosen(self) -> None:
        row = self._row()
        if row is not None and row.mission:
            self.app.open_pane("mission", row.mission)
        else:
            self.action_trace()


def order_key(row: Any) -> str:
    """Of an order; FOREIGN ones have no id of ours."""
    return row.id or f"{row.account} {row.ticket}"


def order_words(row: Any) -> str:
    """An order among others to choose from."""
    return f"{row.id}, {row.side} {row.volume} {row.symbol} {row.type} at {row.price} on {row.account}"


def closed_today(frame: Frame) -> list[Any]:
    """Those that were closed on the market's day (UTC); all that are known where the market's time is not."""
    now = frame.view.data("now")
    kept = frame.view.answers.get(CLOSED)
    rows = frame.rows(kept, kept.data if kept is not None else None)
    if now is None or not now.market:
        return rows
    return [row for row in rows if row.closed_at and row.closed_at[:10] == now.market[:10]]
