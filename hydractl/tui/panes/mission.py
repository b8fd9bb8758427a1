"""Missions, and what the one under the cursor is decided by: its chart, its briefing, its acts; and firing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from hydractl.commands.fires import ACTS
from hydractl.commands.missions import MISSIONS
from hydractl.output import Column
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame
from hydractl.tui.intent import Intent
from hydractl.tui.intents import fires, missions
from hydractl.tui.panes.briefing import briefing_lines, over
from hydractl.tui.panes.entry import entry_style, market_columns
from hydractl.tui.panes.pane import Pane, fill, why_empty
from hydractl.tui.panes.window import BARS_S, TIMEFRAMES, Window, chart_lines, fitting_timeframe, is_old, window_of
from hydractl.tui.store import Ask, Kept
from hydractl.tui.widgets import Grid, Lines

_LIST = (
    "id", "state", "symbol", "side", "expires_in_s", "entry_now", "quote", "r", "fires", "passed", "tcs_text",
    "outcome", "kind",
)  # fmt: skip
_ACTS = ("id", "state", "account", "volume", "price", "ticket", "verdict", "by", "age_s")
NONE = "no mission is chosen"
_WAITS = "AWAITING_APPROVAL"
MISSIONS_S = 2.0  # the market comes and goes


class Mission(Pane):
    NAME = "mission"
    TITLE = "Mission"
    HELP = (
        "Missions, those whose entry the market lets pass first, and the briefing of the one under the cursor, as "
        "it would be fired now on one account. The verdict and what denies it stand first; of a mission that was "
        "fired, what became of that, and what denies a second fire is dim. Nothing is sent by a key: each act opens a "
        "sheet that shows what would be done, and asks; b has the price beside its fields. Enter on an act shows its "
        "trace. In fewer than 16 rows there is the briefing alone: the Board has the list."
    )
    BINDINGS = [
        Binding("f", "fire", "fire", id="mission.fire"),
        Binding("u", "account", "other account", id="mission.account"),
        Binding("e", "checks", "every check", id="mission.checks"),
        Binding("p", "let_pass", "pass", id="mission.pass"),
        Binding("t", "trace", "trace", id="mission.trace"),
        Binding("b", "by_hand", "fire by hand", id="mission.by_hand", show=False),
        Binding("v", "approve", "approve the fire that waits", id="mission.approve", show=False),
        Binding("d", "withdraw", "withdraw for everybody", id="mission.withdraw", show=False),
        Binding("plus", "note", "write a note on it", id="mission.note", show=False),
        Binding("z", "zoom", "other timeframe", id="mission.zoom", show=False),
    ]
    SCOPED_CSS = False  # the screen's classes say how much room there is
    DEFAULT_CSS = """
    Mission #mission-all { layout: grid; grid-size: 2 2; grid-columns: 1fr 68; grid-rows: 14 1fr; grid-gutter: 0 1; }
    Mission #mission-right { row-span: 2; }
    Mission #mission-acts { height: auto; max-height: 9; }
    .-narrow Mission #mission-all { grid-columns: 1fr 31; grid-rows: 5 1fr; }
    .-narrow Mission #mission-list { column-span: 2; }
    .-narrow Mission #mission-right { row-span: 1; }
    .-low Mission #mission-all { grid-rows: 5 1fr; }
    .-low Mission #mission-acts { max-height: 4; }
    .-low Mission.-scant #mission-all { grid-size: 1 1; grid-columns: 1fr; grid-rows: 1fr; }
    .-low Mission.-scant #mission-list, .-low Mission.-scant #mission-acts { display: none; }
    .-low Mission.-scant #mission-chart { display: none; }
    .-low Mission.-scant #mission-right { row-span: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: str | None = None
        self._account: str | None = None
        self._timeframe: str | None = None  # of the chart of what is shown: chosen once, and then by hand alone
        self._by_hand = False
        self._every = False
        self._window: Window | None = None
        self._drawn: tuple[Any, ...] = ()
        self._not_by_hand: Any = None

    def compose(self) -> ComposeResult:
        with Vertical(id="mission-all"):
            yield Grid("Missions", id="mission-list", classes="box")
            with Vertical(id="mission-right"):
                yield Lines("Briefing", id="mission-facts", classes="box tall")
                yield Grid("Acts", id="mission-acts", classes="box")
            yield Lines("Chart", id="mission-chart", classes="box tall")

    def wants(self) -> Sequence[Want]:
        wants = [Want(Ask.of("missions"), MISSIONS_S, stirred=True)]
        if self._shown is not None:
            wants.append(Want(self._brief, 2.0 if self.app.calm else 1.0))
        if self._window is not None:
            wants.append(Want(self._window.ask, BARS_S))
        return wants

    @property
    def _brief(self) -> Ask:
        return Ask.of("brief", mission=self._shown, account=self._account)

    def open(self, key: Any) -> None:
        """Shows a mission, in the list or not."""
        self._show(str(key))
        self.query_one("#mission-list", Grid).move_to(key)

    def _show(self, mission: str | None) -> None:
        if mission == self._shown:
            return
        self._shown, self._window, self._timeframe, self._by_hand = mission, None, None, False
        self.query_one("#mission-facts", Lines).scroll_home(animate=False)
        self.app.rewant()

    def told_about(self) -> str:
        return self._shown or ""

    def read_here(self) -> str | None:
        return self._shown

    def step_back(self) -> bool:
        """Every check is shown no more."""
        if not self._every:
            return False
        self.action_checks()
        return True

    # --- drawing ---

    def draw(self, frame: Frame) -> None:
        self._list(frame)
        kept = frame.view.answers.get(self._brief) if self._shown is not None else None
        row = newest_row(frame, self._shown, kept)
        self._facts(frame, kept, row)
        self._acts(frame, kept)
        if not frame.scant:
            self._chart(frame, kept)

    def _list(self, frame: Frame) -> None:
        kept = frame.view.kept("missions")
        grid = self.query_one("#mission-list", Grid)
        before, listed = grid.key, self._shown in grid.keys
        fill(
            grid,
            frame,
            list_columns(frame),
            frame.rows(kept, frame.view.data("missions")),
            lambda row: row.id,
            empty=why_empty(frame, "missions", "no mission yet; signals of APEX become missions, b makes one by hand"),
            of=kept,
            every_s=MISSIONS_S,
            wanted=self.filter,
            priority=_LIST,
            style=lambda row: "dim" if over(frame, row) else "",
            paint={"entry_now": lambda row: entry_style(frame, row)},
        )
        self._keep_shown(grid, before, listed)

    def _keep_shown(self, grid: Grid, before: Any, listed: bool) -> None:
        """What is shown changes when a person moves the cursor or filters, never because the list became another."""
        if grid.key != before:
            self._not_by_hand = grid.key
        if self._shown is None or (self.filter and listed and self._shown not in grid.keys):
            self._show(grid.key)
        elif not listed:
            grid.move_to(self._shown)

    def _facts(self, frame: Frame, kept: Kept | None, row: Any) -> None:
        box = self.query_one("#mission-facts", Lines)
        room = max(box.size.width - 1, 20)
        if self._shown is None:
            lines = [Text(NONE, "dim")]
        elif row is None:
            lines = [Text(why_empty(frame, "brief", "no such mission", **dict(self._brief.fields)), "dim")]
        else:
            lines = briefing_lines(frame, kept, row, room, every=self._every)
        box.show(lines)
        box.mark(self._shown or "")

    def _acts(self, frame: Frame, kept: Kept | None) -> None:
        grid = self.query_one("#mission-acts", Grid)
        rows = frame.rows(kept, acts_of(kept))
        grid.display = bool(rows) and not frame.scant
        columns = [column for column in ACTS if column.key in _ACTS]
        fill(grid, frame, columns, rows, lambda row: row.id, empty="no acts", of=kept, priority=_ACTS)

    def _chart(self, frame: Frame, kept: Kept | None) -> None:
        box = self.query_one("#mission-chart", Lines)
        size = box.size
        data = kept.data if kept is not None else None
        if data is None or size.height < 1:
            box.show([Text("the chart comes with the briefing", "dim")] if self._shown else [])
            box.mark("")
            return
        if self._timeframe is None:
            self._timeframe = fitting_timeframe(data, plot_columns(size.width))
        self._choose_window(window_of(data, self._timeframe))
        assert self._window is not None
        bars = frame.view.answers.get(self._window.ask)
        old = frame.old(kept) or is_old(frame, bars)
        made_of = (self._window, data.price, bars and (bars.at_s, bars.problem), size, old)
        if made_of != self._drawn:
            self._drawn = made_of
            box.show(chart_lines(frame, data, self._window, size.width, size.height, old=old))
        minutes = int(frame.since(bars) // 60)
        aged = f"{minutes} min old" if minutes else ""
        name = self._timeframe if self._by_hand else f"auto {self._timeframe}"
        box.mark("  ".join(filter(None, (self._window.symbol, name, aged, "bid"))))

    def _choose_window(self, window: Window) -> None:
        if window != self._window:
            self._window = window
            self.app.rewant()

    # --- keys ---

    @on(Grid.Moved, "#mission-list")
    def _moved(self, event: Grid.Moved) -> None:
        if event.key == self._not_by_hand:
            self._not_by_hand = None
        elif event.key is not None:
            self._show(event.key)

    @on(Grid.Chosen, "#mission-list")
    def _chosen(self) -> None:
        self.query_one("#mission-facts", Lines).focus()

    @on(Grid.Chosen, "#mission-acts")
    def _act(self, event: Grid.Chosen) -> None:
        self.app.open_pane("trace", event.key)

    @property
    def _data(self) -> Any:
        kept = self.app.view.answers.get(self._brief) if self._shown is not None else None
        return kept.data if kept is not None else None

    def action_fire(self) -> None:
        if self._shown is None:
            self.refuse(NONE)
            return
        data = self._data
        self.app.fire(self._shown, self._account, data.accounts if data is not None else ())

    def action_by_hand(self) -> None:
        data, status = self._data, self.app.view.data("status")
        symbols = sorted({row.symbol for row in status.feed}) if status is not None else []
        symbol = data.chart.symbol if data is not None and data.chart.symbol in symbols else None
        targets = self.app.targets(data.accounts if data is not None else ())
        self.app.intend(fires.fire_by_hand(symbols, targets, self.app.plans(), symbol))

    def action_account(self) -> None:
        """The next of the accounts that may be fired on; the primary one where they are not known."""
        data = self._data
        if data is None:
            self.refuse("the accounts that may be fired on come with the briefing")
            return
        if len(data.accounts) < 2:
            self.refuse("there is no other account that may be fired on")
        self._account = next_account(data.account, data.accounts)
        self.app.rewant()

    def action_checks(self) -> None:
        self._every = not self._every
        self.app.notify("every check is shown" if self._every else "checks that passed are counted, not shown")
        self.app.draw()

    def action_zoom(self) -> None:
        if self._window is not None and self._data is not None:
            names = list(TIMEFRAMES)
            self._timeframe = names[(names.index(self._window.timeframe) + 1) % len(names)]
            self._by_hand = True
            self.app.draw()
        else:
            self.refuse("the chart comes with the briefing")

    def action_trace(self) -> None:
        key = self._act_chosen() or self._shown
        if key is not None:
            self.app.open_pane("trace", key)
        else:
            self.refuse(NONE)

    def action_let_pass(self) -> None:
        self._of(self._shown, missions.let_pass)

    def action_withdraw(self) -> None:
        self._of(self._shown, missions.withdraw)

    def action_note(self) -> None:
        self._of(self._act_chosen() or self._shown, missions.note)

    def _of(self, about: str | None, make: Callable[[str], Intent]) -> None:
        """Opens the sheet of an act on this, where there is one."""
        if about is not None:
            self.app.intend(make(about))
        else:
            self.refuse(NONE)

    def action_approve(self) -> None:
        waiting = [row.id for row in acts_of(self.app.view.answers.get(self._brief)) if row.state == _WAITS]
        chosen = self._act_chosen()
        act = chosen if chosen in waiting else waiting[0] if waiting else None
        if act is None:
            self.app.notify("no fire of this mission waits for a second person", severity="warning")
        else:
            self.app.intend(fires.approve(act))

    def _act_chosen(self) -> Any:
        """The act under the cursor, where the acts have the focus."""
        grid = self.query_one("#mission-acts", Grid)
        return grid.key if grid.has_focus else None


def plot_columns(width: int) -> int:
    """About how many bars a chart of this width has room for beside its labels."""
    return max(width - (24 if width >= 48 else 14), 4)


def list_columns(frame: Frame) -> list[Column]:
    """Of the shell's table, with what the market says of each."""
    own = ("expires_in_s", "entry_now", "passed")
    columns = [column for column in MISSIONS if column.key in _LIST and column.key not in own]
    columns[5:5] = market_columns(frame)
    columns.append(Column("PASSED", "passed", show=lambda row: "by you" if row.passed else ""))
    return columns


def newest_row(frame: Frame, mission: str | None, brief: Kept | None) -> Any:
    """A mission's row from the list or from its briefing, whichever was told later; None: it is in neither."""
    listed = frame.view.kept("missions")
    row = next((row for row in frame.view.data("missions") or () if row.id == mission), None)
    if brief is None or brief.data is None:
        return row
    briefed = brief.data.mission.mission
    return row if row is not None and listed is not None and listed.at_s > brief.at_s else briefed


def acts_of(kept: Kept | None) -> Sequence[Any]:
    """The acts of a briefing's mission, the newest first."""
    return tuple(reversed(kept.data.mission.acts)) if kept is not None and kept.data is not None else ()


def next_account(account: str, accounts: Sequence[str]) -> str | None:
    """The one behind `account`, in a circle; None, the primary one, where there are none."""
    if not accounts:
        return None
    at = list(accounts).index(account) + 1 if account in accounts else 0
    return accounts[at % len(accounts)]
