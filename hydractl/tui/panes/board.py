"""The Board: what this is, what is wrong, accounts, missions, positions, feeds, and the newest of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from hydractl.commands.missions import MISSIONS
from hydractl.commands.status import FEED, wrong
from hydractl.fitting import wrapped
from hydractl.msgpack import View as Row
from hydractl.output import Column, age
from hydractl.plain import plain
from hydractl.tui import live
from hydractl.tui.choose import trace_one, traceable
from hydractl.tui.draw.gauge import gauge
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame, faded, line, older
from hydractl.tui.help import Help
from hydractl.tui.live import live_feed, live_positions
from hydractl.tui.log import Block, Log
from hydractl.tui.panes.accounts import lost_of, within
from hydractl.tui.panes.entry import entry_style, market_columns
from hydractl.tui.panes.pane import Pane, fill, height_of, why_empty
from hydractl.tui.records import whole_text
from hydractl.tui.store import Ask
from hydractl.tui.widgets import Grid, Lines

_MISSION_COLUMNS = ("id", "state", "symbol", "side", "entry", "stop", "target", "r", "tcs_text", "fires")
_POSITION_COLUMNS = ("id", "mark", "account", "symbol", "side", "volume", "stop", "pnl", "r", "as_of_age_s")
_MISSIONS_FIRST = ("id", "symbol", "side", "expires_in_s", "state")
_POSITIONS_FIRST = ("id", "symbol", "side", "pnl", "r", "mark", "volume", "stop")


MISSIONS_S = 2.0  # the market comes and goes
SHORT = 60  # columns of an account's line
WELL = "green"
RESUMES = ("hydractl resume ends it", "U (hydractl resume) ends it")
LOW = 30  # of fewer rows, what is wrong and what is open have all


class Board(Pane):
    NAME = "board"
    TITLE = "Board"
    HELP = (
        "Everything at a glance, worst first. Enter on a mission opens its briefing, on a position the positions, on "
        "what is wrong the pane that tells of it, on a "
        "record the trace of what it is about, else the Tail; Tab goes from box to box."
    )
    BINDINGS = [
        Binding("f", "fire", "fire", id="board.fire"),
        Binding("t", "trace", "trace", id="board.trace"),
        Binding("enter", "lead", "from what is wrong to where it is told", id="board.wrong", show=False),
    ]
    _records: tuple[Any, ...] = ()  # of the journal, those that are shown
    _journals = 0

    _sought: tuple[str, Any, float] | None = None  # a mission, where the cursor stood, and when it was asked for
    _read: Any = None  # the mission that was read last, on another pane

    def compose(self) -> ComposeResult:
        with Horizontal(id="board-columns"):
            with Vertical(id="board-left"):
                yield Lines("Wrong", id="wrong", classes="box")
                yield Lines("Accounts", id="accounts", classes="box")
                yield Grid("Missions", id="board-missions", classes="box tall")
            with Vertical(id="board-right"):
                yield Grid("Positions", id="board-positions", classes="box tall")
                yield Lines(id="board-below")
                yield Grid("Feed", id="board-feed", classes="box")
                journal = Log("Journal", id="board-tail", classes="box tall")
                journal.follow = True
                yield journal

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#board-below", Lines).can_focus = False

    def wants(self) -> Sequence[Want]:
        return (
            Want(Ask.of("missions"), MISSIONS_S, stirred=True),
            Want(Ask.of("positions"), 2.0, stirred=True),
        )

    def draw(self, frame: Frame) -> None:
        self._wrong(frame)
        self._accounts(frame)
        self._missions(frame)
        self._positions(frame)
        self._feed(frame)
        self._tail(frame)

    def _wrong(self, frame: Frame) -> None:
        box = self.query_one("#wrong", Lines)
        room = 8 if not frame.compact else 4 if frame.height >= LOW else 2 if frame.scant else 3
        lines, left_out = fitted(wrong_lines(frame), max(box.size.width - 1, 20), room, frame)
        box.show(lines)
        box.mark(f"{left_out} more, Enter: all" if left_out else "")
        box.styles.height = height_of(frame, len(lines), room)

    def _accounts(self, frame: Frame) -> None:
        box = self.query_one("#accounts", Lines)
        room = 1 if frame.scant else 3 if frame.compact else 8
        lines = account_lines(frame, max(box.size.width - 1, 20), room)
        box.show(lines)
        box.mark(frame.old_words(frame.view.kept("status")) if frame.view.lost is None else "")
        box.styles.height = height_of(frame, len(lines), room)

    def _missions(self, frame: Frame) -> None:
        kept = frame.view.kept("missions")
        rows = frame.rows(kept, frame.view.data("missions"))
        fill(
            self.query_one("#board-missions", Grid),
            frame,
            mission_columns(frame),
            rows,
            lambda row: row.id,
            empty=why_empty(frame, "missions", "no mission stands; signals of APEX become missions", MISSIONS_S),
            of=kept,
            every_s=MISSIONS_S,
            wanted=self.filter,
            priority=_MISSIONS_FIRST if frame.scant else (),
            paint={"entry_now": lambda row: entry_style(frame, row)},
        )

        self._seek(frame)

    def open(self, key: Any) -> None:
        self._read = key
        self._sought = (key, self.query_one("#board-missions", Grid).key, self.app.clock_s)

    def _seek(self, frame: Frame) -> None:
        """Moves to the mission that `open` was asked for, as soon as it is told of; the person's own hand ends that."""
        if self._sought is None:
            return
        grid, kept = self.query_one("#board-missions", Grid), frame.view.kept("missions")
        wanted, stood, since_s = self._sought
        moved = grid.key != stood and stood in grid.keys
        if wanted in grid.keys and not moved:
            grid.move_to(wanted)
        if wanted in grid.keys or moved or (kept is not None and kept.at_s > since_s):
            self._sought = None

    def _positions(self, frame: Frame) -> None:
        rows = live_positions(frame)
        columns = live.columns(frame.glyphs, _POSITION_COLUMNS)
        fill(
            self.query_one("#board-positions", Grid),
            frame,
            columns,
            rows,
            lambda row: row.id,
            empty=live.unlisted(frame) or why_empty(frame, "positions", "no position is open", 0.0),
            of=frame.view.kept("positions"),
            wanted=self.filter,
            priority=_POSITIONS_FIRST,
            paint={"pnl": lambda row: live.style_of(row.pnl)},
            note="  ".join(filter(None, (live.unlisted(frame) if rows else "", resting_words(frame)))),
        )
        below = self.query_one("#board-below", Lines)
        words = resting_words(frame) if frame.scant else ""  # no title says it there
        below.show([Text(f"{words}: key 3" if words else "", "yellow", no_wrap=True, end="")])
        self.appear(below, bool(words))

    def _feed(self, frame: Frame) -> None:
        kept = frame.view.kept("status")
        grid = self.query_one("#board-feed", Grid)
        rows = live_feed(frame)
        columns = [column for column in FEED if not column.wide]
        fill(
            grid,
            frame,
            columns,
            rows,
            lambda row: (row.symbol, row.terminal),
            empty=why_empty(frame, "status", "no feed: no terminal tells quotes"),
            of=kept,
        )
        grid.styles.height = min(len(rows), 3 if frame.compact else 10) + 2
        well = len(wrong_lines(frame)) == 1  # a stale feed is told above
        self.appear(grid, frame.height >= LOW or (well and not frame.scant))

    def _tail(self, frame: Frame) -> None:
        log = self._journal
        if log.follow or frame.view.journals != self._journals:
            self._journals, log.follow = frame.view.journals, True
            self._records = frame.view.events[-max(log.size.height - 1, 1) :]
        blocks = [Block((event.seq, 0), [event_line(frame, event)]) for event in self._records]
        log.show_blocks(blocks, [Text("nothing was recorded yet", "dim")])
        log.mark("" if log.follow else "stands still: G goes on")

    @property
    def _journal(self) -> Log:
        return self.query_one("#board-tail", Log)

    def _record(self) -> Any:
        """The record under the cursor."""
        key = self._journal.key
        return next((event for event in self._records if key == (event.seq, 0)), None)

    @on(Log.Followed)
    def _followed(self, event: Log.Followed) -> None:
        self._journal.follow = bool(event.key)
        self.app.draw()

    @on(Grid.Chosen, "#board-tail")
    def _open_record(self) -> None:
        record = self._record()
        if record is not None and traceable(record.ids):
            trace_one(self.app, record.ids)
        else:
            self.app.open_pane("tail")

    def named(self, grid: Grid) -> str:
        if grid is not self._journal:
            return super().named(grid)
        record = self._record()
        return next(iter(traceable(record.ids)), "") if record is not None else ""

    def copied_whole(self) -> str:
        record = self._record()
        return whole_text(record) if record is not None and self._journal.has_focus else super().copied_whole()

    @on(Grid.Chosen, "#board-missions")
    def _open_mission(self, event: Grid.Chosen) -> None:
        self.app.open_pane("mission", event.key)

    @on(Grid.Chosen, "#board-positions")
    def _open_position(self, event: Grid.Chosen) -> None:
        self.app.open_pane("positions", event.key)

    def action_lead(self) -> None:
        """To the pane that tells of what is wrong; where several do, all of it whole, with the key of each."""
        if not self.query_one("#wrong").has_focus:
            return
        found = wrong_lines(self.app.frame)
        well = found[0].style == WELL
        panes = {place[1] if place is not None else "" for place in map(place_of, found)}
        if well or (len(panes) == 1 and "" not in panes):
            self.app.open_pane("alarms" if well else panes.pop())
            return
        room = self.app.sheet_room
        rows = [Text("What is wrong, worst first", "bold")]
        for one in found:
            place = place_of(one)
            words = one.plain + (f"  (key {place[0]})" if place is not None else "")
            rows += [Text(row, one.style, no_wrap=True, end="") for row in wrapped(words, room, 2)]
        self.app.push_screen(Help(rows))

    def action_fire(self) -> None:
        grid = self.query_one("#board-missions", Grid)
        read, self._read = self._read, None
        if grid.key is None:
            self.refuse("no mission is under the cursor")
        elif read is not None and read not in grid.keys:
            self.refuse(f"{read}, which was read last, is not listed here; again fires {grid.key}, under the cursor")
        else:
            self.app.fire(grid.key)

    def action_trace(self) -> None:
        if self._journal.has_focus:
            self._open_record()
            return
        key = self.chosen()
        if isinstance(key, str):
            self.app.open_pane("trace", key)
        else:
            self.app.notify("no mission and no position is under the cursor", severity="warning")


def wrong_lines(frame: Frame) -> list[Text]:
    """What a person should look at, worst first, in the words of `hydractl status`."""
    kept = frame.view.kept("status")
    if kept is None or kept.data is None:
        return [Text(why_empty(frame, "status", ""), "dim", no_wrap=True)]
    mark = frame.glyphs.warning
    data = older(kept.data, frame.since(kept), frame.calm, frame.speed or 1.0, judged=not frame.old(kept))
    if not frame.old(kept):
        data = _with_feeds(data, live_feed(frame))
    lines = [
        Text(f"{mark} {plain(text).replace(*RESUMES)}", "bold red" if at == 0 else "yellow", no_wrap=True, end="")
        for at, text in enumerate(wrong(data))
    ]
    if frame.old(kept):
        problem = kept.problem if kept.failed else None
        why = f" ({plain(problem.code)}: {plain(problem.message)})" if problem is not None else ""
        ago = age(max(float(round(frame.since(kept))), 1.0))
        blind = f"nobody looks{why}: what was wrong {ago} ago stands below"
        return [
            Text(f"{mark} {blind}", "bold red", no_wrap=True, end=""),
            *(lines or [Text("nothing was wrong then", no_wrap=True, end="")]),
        ]
    if lines:
        return lines
    looked = f"{len(data.terminals)} terminals, {len(data.feed)} feeds, {len(data.health)} checks"
    return [Text(f"{frame.glyphs.check} nothing wrong in {looked}", WELL, no_wrap=True, end="")]


def _with_feeds(status: Any, feeds: Sequence[Any]) -> Row:
    """A status with its feeds as they were told since; that one was stale is no news of one that has a tick again."""
    stale = {row.symbol for row in status.feed if row.stale}
    again = {f"feed {row.symbol}" for row in feeds if row.symbol in stale and not row.stale}
    return Row({**status, "feed": feeds, "health": [row for row in status.health if row.check not in again]})


# Which pane tells more of what is wrong, and its key, by the line's first word.
PLACES = {
    "alarm": ("9", "alarms"), "acts": ("9", "alarms"), "terminal": ("4", "terminals"), "feed": ("4", "terminals"),
    "service": ("8", "services"), "health": ("8", "services"), "news:": ("8", "services"),
}  # fmt: skip


def place_of(one: Text) -> tuple[str, str] | None:
    """The pane that tells more, and its key; None: the line says it all."""
    words = one.plain.split()[1:]
    return PLACES.get("acts" if words[1:2] == ["acts"] else words[0]) if words else None


def fitted(lines: Sequence[Text], width: int, room: int, frame: Frame) -> tuple[list[Text], int]:
    """Lines no longer than the width, at most `room` of them, and how many of `lines` are not among them: broken at
    their words where all of it has room, else the first one alone, and the others end with an ellipsis."""
    whole = [[Text(row, one.style, no_wrap=True, end="") for row in wrapped(one.plain, width, 2)] for one in lines]
    if sum(map(len, whole)) <= room:
        return [row for rows in whole for row in rows], 0
    made = whole[0][:room]
    short = [Text(frame.glyphs.shorten(one.plain, width), one.style, no_wrap=True, end="") for one in lines[1:]]
    shown = short[: room - len(made)]
    return [*made, *shown], len(short) - len(shown)


def account_lines(frame: Frame, width: int, room: int) -> list[Text]:
    """A line an account: kind, authority, equity, today's result, and how much of the day's limit is lost. In `room`
    lines, as `accounts.within` has it."""
    kept = frame.view.kept("status")
    status = frame.view.data("status")
    rows = frame.rows(kept, status.accounts if status is not None else ())
    named = [(row.name, row) for row in rows]
    lines = within(frame, named, room, width, lambda _, row, cells: account_line(frame, row, cells))
    return [faded(line) if frame.old(kept) else line for line in lines] or [
        Text(why_empty(frame, "status", "no account is enrolled"), "dim", no_wrap=True)
    ]


def account_line(frame: Frame, row: Any, width: int) -> Text:
    kind = row.kind.upper()
    if width < SHORT:
        return _short_account(row, kind, width)
    text = Text(no_wrap=True, end="")
    text.append(f"{kind:<5} ", "bold red" if kind == "LIVE" else "yellow")
    text.append(f"{plain(row.name):<14} ")
    text.append(f"{row.authority:<8} ", "green" if row.authority == "ACTIVE" else "bold red")
    equity = f"{row.equity} {row.currency}" if row.equity is not None else "not reported"
    text.append(f"{equity:>16}  day {row.day_pnl or '-':>9}  ")
    room = width - text.cell_len - 14
    if room >= 12:
        text.append_text(
            gauge(lost_of(row), min(room, 34), frame.glyphs, limit=row.day_limit.lstrip("-") if row.day_limit else "")
        )
    text.append(f"  {age(row.as_of_age_s)}", "dim")
    return text


def _short_account(row: Any, kind: str, width: int) -> Text:
    """What has no room is left out whole."""
    parts = [
        (plain(row.name), "bold"),
        (kind, "bold red" if kind == "LIVE" else "yellow"),
        (row.authority, "green" if row.authority == "ACTIVE" else "bold red"),
        (f"day {row.day_pnl or '-'}", ""),
        (f"{row.equity} {row.currency}" if row.equity is not None else "not reported", ""),
    ]
    while len(parts) > 3 and line(*parts).cell_len > width:
        parts.pop()
    return line(*parts)


def mission_columns(frame: Frame) -> list[Column]:
    """Of the shell's table, with what the market says of each."""
    columns = [column for column in MISSIONS if column.key in _MISSION_COLUMNS]
    columns[4:4] = market_columns(frame)
    return columns


def event_line(frame: Frame, event: Any) -> Text:
    """A record as `tail` shows it."""
    text = Text(no_wrap=True, end="", overflow="ellipsis")
    text.append(f"{frame.out.clock(event.at)} ", "dim")
    text.append(f"{plain(event.kind)} ", "cyan")
    text.append(plain(event.text))
    return text


def resting_words(frame: Frame) -> str:
    """How many orders of ours rest, which are risk as well, and are listed on another pane."""
    status = frame.view.data("status")
    count = status.acts.resting if status is not None else 0
    return "" if not count else "1 order rests" if count == 1 else f"{count} orders rest"
