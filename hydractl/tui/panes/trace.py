"""The Trace: one mission, act or position from its first record on, and where the time went."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from hydractl.diagnostics import Failure
from hydractl.session import an_id
from hydractl.tui.aside import aside
from hydractl.tui.choose import trace_one, traceable
from hydractl.tui.feed import Want
from hydractl.tui.frame import Frame, faded
from hydractl.tui.log import Block, Log
from hydractl.tui.panes.detail import flowed
from hydractl.tui.panes.pane import WRAPPED, Pane, matches, why_empty
from hydractl.tui.panes.timeline import state_line, time_lines, verdict_lines
from hydractl.tui.prompt import Prompt
from hydractl.tui.records import fact_lines, record_lines, whole_text
from hydractl.tui.store import Answered, Ask, Kept, Problem
from hydractl.tui.widgets import Grid, Lines
from hydrad.domain.ids import IdKind

EVERY_S = 60.0  # the daemon reads its whole journal for a trace; events about the thing stir it at once
KINDS = (IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ORDER)
NONE = "nothing is traced yet: i asks for an id, t on a mission, act or position brings it here"


class Trace(Pane):
    NAME = "trace"
    TITLE = "Trace"
    HELP = (
        "The story of one mission, act or position: every record about it with the time since the one before, what it "
        "came to, which checks failed, and where the time went. It goes on while the thing does. e asks the terminals "
        "again about what is UNKNOWN, which may find a verdict and never sends an order."
    )
    DEFAULT_CSS = "#trace-state { height: 1; }"
    BINDINGS = [
        Binding("i", "ask", "trace an id", id="trace.ask"),
        Binding("e", "recheck", "recheck", id="trace.recheck"),
        Binding("w", "wrap", "wrap", id="trace.wrap"),
        Binding("u", "before", "the one before", id="trace.before", show=False),
    ]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._traced: str | None = None
        self._befores: list[str] = []
        self._about: frozenset[str] = frozenset()
        self._wrap = False
        self._told = ""
        self._drawn: Any = None
        self._events: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        yield Lines("Verdict", id="trace-verdict", classes="box")
        yield Lines("Where the time went", id="trace-time", classes="box")
        yield Log("Time line", id="trace-log", classes="box tall")
        state = Lines(id="trace-state")
        state.can_focus = False
        yield state
        yield Lines("Record", id="trace-facts", classes="box")
        yield Prompt("the id of a mission, act, position or order", id="trace-ask")

    @property
    def _log(self) -> Log:
        return self.query_one("#trace-log", Log)

    def wants(self) -> Sequence[Want]:
        if self._traced is None:
            return ()
        wanted = [Want(Ask.of("trace", id=self._traced), EVERY_S, stirred=True, about=self._about)]
        if self._traced[0] in "FA":
            wanted.append(Want(Ask.of("fire.show", act=self._traced), EVERY_S, stirred=True, about=self._about))
        return wanted

    def open(self, key: Any) -> None:
        if key == self._traced:
            return
        if self._traced is not None:
            self._befores = [*self._befores[-20:], self._traced]
        self._show(str(key))

    def read_here(self) -> str | None:
        return self._traced if self._traced is not None and self._traced[0] == "M" else None

    def _show(self, name: str) -> None:
        self._traced, self._about, self._told = name, frozenset((name,)), ""
        self._drawn = None
        self._log.follow = True
        self.app.rewant()

    # --- drawing ---

    def draw(self, frame: Frame) -> None:
        data = frame.view.data("trace", id=self._traced) if self._traced is not None else None
        shown = frame.view.data("fire.show", act=self._traced) if self._traced is not None else None
        self._watch(data)
        kept = self._oldest(frame)
        old = frame.old(kept, EVERY_S)
        drawn = (
            old,
            self._traced,
            data,
            shown,
            self._wrap,
            self.filter,
            self._log.size,
            frame.view.lost is None,
            self._told,
        )
        if data is None or drawn != self._drawn:
            self._drawn = drawn
            self._draw(frame, data, shown, old)
        aged = frame.old_words(kept, EVERY_S) if frame.view.lost is None else "as of when the daemon was heard last"
        self.query_one("#trace-verdict", Lines).mark(aged if data is not None else "")
        self._facts(frame)

    def _oldest(self, frame: Frame) -> Kept | None:
        """Of the two answers that the verdict is made of the one that is older, or that comes no more."""
        asks = (Ask.of("trace", id=self._traced), Ask.of("fire.show", act=self._traced))
        known = [kept for kept in map(frame.view.answers.get, asks) if kept is not None and kept.data is not None]
        return min(known, key=lambda kept: (not frame.old(kept, EVERY_S), kept.at_s), default=None)

    def _watch(self, data: Any) -> None:
        """Every id of the story stirs it."""
        if data is None or self._traced is None:
            return
        about = frozenset((self._traced, *(name for event in data.events for name in event.ids)))
        if about != self._about:
            self._about = about
            self.app.rewant()

    def _draw(self, frame: Frame, data: Any, shown: Any, old: bool) -> None:
        room = max(self._log.size.width - 1, 20)
        verdict, spent = self.query_one("#trace-verdict", Lines), self.query_one("#trace-time", Lines)
        self._events = tuple(data.events) if data is not None else ()
        if data is None:
            verdict.show(self._why(frame, room))
        else:
            title = f"{data.id}  {data.title}"
            lines = verdict_lines(frame, title, shown, data.findings, room)
            verdict.show(list(map(faded, lines)) if old else lines)
        _high(verdict, 4 if frame.compact else 10)
        spent.display = bool(self._events) and not frame.scant
        spent.show(time_lines(self._events, room, frame.glyphs, 2 if frame.compact else 5))
        _high(spent, 4 if frame.compact else 7)
        blocks = [
            Block((event.seq, 0), record_lines(frame, event, room, wrap=self._wrap, after=True))
            for event in self._events
            if matches(f"{event.kind} {event.text} {' '.join(event.ids)} {event.actor} {event.surface}", self.filter)
        ]
        hidden = len(self._events) - len(blocks)
        self._log.mark(f"filter: {self.filter} ({hidden} hidden)" if self.filter else "")
        empty = f"none of {hidden} records passes the filter" if hidden else ""
        self._log.show_blocks(blocks, [Text(empty, "dim", no_wrap=True, end="")])
        state = Text(self._told, "bold yellow", no_wrap=True, end="")
        if not self._told and data is not None and self._traced is not None:
            state = state_line(frame, self._traced, data, shown)
        self.query_one("#trace-state", Lines).show([faded(state) if old and not self._told else state])

    def _why(self, frame: Frame, room: int) -> list[Text]:
        words = NONE if self._traced is None else f"{self._traced}: {why_empty(frame, 'trace', '', id=self._traced)}"
        return flowed(words, room, frame.glyphs, "dim", 0)

    def _facts(self, frame: Frame) -> None:
        box, event = self.query_one("#trace-facts", Lines), self._event()
        box.display = event is not None and not frame.compact
        if box.display:
            box.styles.height = 8
            box.show(fact_lines(frame, event, max(self._log.size.width - 1, 20)))

    def _event(self) -> Any:
        key = self._log.key
        return next((event for event in self._events if key == (event.seq, 0)), None)

    @on(Grid.Moved, "#trace-log")
    def _moved(self) -> None:
        self._facts(self.app.frame)

    @on(Log.Followed)
    def _followed(self, event: Log.Followed) -> None:
        self._log.follow = bool(event.key)

    def action_wrap(self) -> None:
        self._wrap = not self._wrap
        self.app.notify(WRAPPED[self._wrap])
        self.app.draw()

    # --- which one ---

    def action_ask(self) -> None:
        self.query_one(Prompt).ask()

    def keys_now(self) -> Sequence[tuple[str, str, str]]:
        asks = self.query_one(Prompt).display
        return (("Enter", "trace it", ""), ("Esc", "leave it", "")) if asks else ()

    @on(Prompt.Given)
    def _given(self, event: Prompt.Given) -> None:
        if not event.text:
            return
        try:
            self.open(an_id(event.text, *KINDS))
        except Failure as failure:
            self._tell(failure.message)

    def action_before(self) -> None:
        if self._befores:
            self._show(self._befores.pop())
        else:
            self.refuse("nothing was traced before this")

    @on(Grid.Chosen, "#trace-log")
    def _chosen(self) -> None:
        event = self._event()
        if event is not None:
            trace_one(self.app, [name for name in event.ids if name != self._traced])

    def named(self, grid: Grid) -> str:
        """What Enter would trace, else what is traced."""
        event = self._event()
        others = [name for name in event.ids if name != self._traced] if event is not None else []
        return next(iter(traceable(others)), self.told_about())

    def told_about(self) -> str:
        return self._traced or ""

    def copied_whole(self) -> str:
        event = self._event()
        at_record = event is not None and self.screen.focused is not self.query_one("#trace-verdict")
        return whole_text(event) if at_record else super().copied_whole()

    # --- asking the terminals again ---

    def action_recheck(self) -> None:
        name = self._traced
        if name is None:
            self.refuse(NONE)
            return
        self._tell("asking the terminals again about what is UNKNOWN ...")
        at_s = time.monotonic()

        def then(answer: Any, problem: Problem | None) -> None:
            if self._traced != name:
                return
            error = problem or answer.error
            if error is None:
                self.app.post(Answered(Ask.of("trace", id=name), at_s, answer.data, None, answer.daemon))
                self._tell("asked again about what is UNKNOWN: what the terminals answer comes below")
            else:
                self._tell(f"not asked: {error.code}: {error.message}")

        aside(self.app, lambda client: client.query("trace", id=name, recheck=True), then)

    def _tell(self, words: str) -> None:
        self._told = self.app.frame.glyphs.write(words)
        self.app.turn()


def _high(box: Lines, most: int) -> None:
    """As high as its lines, at most so many and its border."""
    lines = box.text.count("\n") + 1
    height = min(lines, most) + 1
    if box.styles.height is None or box.styles.height.value != height:
        box.styles.height = height
