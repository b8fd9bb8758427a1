"""The Tail: the journal as it comes, filtered and searched, and all that is recorded of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from hydractl.output import age
from hydractl.tui import wanted
from hydractl.tui.aside import aside
from hydractl.tui.choose import trace_one, traceable
from hydractl.tui.frame import Frame
from hydractl.tui.log import Block, Log
from hydractl.tui.panes.pane import WRAPPED, Pane
from hydractl.tui.prompt import Prompt
from hydractl.tui.records import fact_lines, record_lines, whole_text
from hydractl.tui.store import EVENTS_KEPT, Break, Problem, View
from hydractl.tui.widgets import Grid, Lines

if TYPE_CHECKING:
    from hydractl.client import Client

PAGE = 500  # older records that are asked for at once
HELD_MAX = 5_000  # a person who wants to read more of it wants `hydractl tail`
OLDER = (0, 0)  # the key of the line above the first record


@dataclass(frozen=True, slots=True)
class Held:
    """What stands still while a person reads: the records, and how far back was asked, `from_seq` included."""

    events: tuple[Any, ...]
    from_seq: int
    loading: bool = False
    problem: Problem | None = None


class Tail(Pane):
    NAME = "tail"
    TITLE = "Tail"
    HELP = (
        "The journal as it is written. It follows the newest record; going up stops it there, and G or Space goes on. "
        "Above the first one older ones are fetched. / takes words, sought in the line and in ids, symbol and account, "
        "and fields (kind: symbol: mission: account: terminal: actor: surface: id: text:): all must hold, !word must "
        "not. Enter traces what a record is about."
    )
    FILTER_HINT = wanted.HINT
    DEFAULT_CSS = """
    #tail-state { height: 1; }
    """
    BINDINGS = [
        Binding("space", "follow", "follow", id="tail.follow"),
        Binding("w", "wrap", "wrap", id="tail.wrap"),
        Binding("l", "look", "look for", id="tail.look"),
        Binding("n", "found(1)", "next found", id="tail.next", show=False),
        Binding("N", "found(-1)", "found before", id="tail.previous", show=False),
    ]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._held: Held | None = None
        self._wrap = False
        self._sought = ""
        self._journals = 0
        self._made: dict[int, Block] = {}
        self._look: Any = None
        self._drawn: Any = None
        self._shown: tuple[Any, ...] = ()
        self._hits = 0

    def compose(self) -> ComposeResult:
        log = Log("Journal", id="tail-log", classes="box tall")
        log.follow = True
        yield log
        state = Lines(id="tail-state")
        state.can_focus = False
        yield state
        yield Lines("Record", id="tail-facts", classes="box")
        yield Prompt("look for this text", id="tail-look")

    @property
    def _log(self) -> Log:
        return self.query_one("#tail-log", Log)

    # --- drawing ---

    def draw(self, frame: Frame) -> None:
        view = frame.view
        if view.journals != self._journals:
            self._journals, self._held, self._made = view.journals, None, {}
        events = self._held.events if self._held is not None else view.events
        drawn = self._drawn_from(frame, events)
        if drawn != self._drawn:
            self._drawn = drawn
            self._blocks(frame, events)
        self._log.mark(f"filter: {self.filter}" if self.filter else "")
        below = below_count(view, self._held, self.filter)
        hidden = len(events) - len(self._shown)
        told = filter_words(self.filter, hidden, len(self._shown))
        self.query_one("#tail-state", Lines).show([state_line(frame, below, told, self._sought, self._hits)])
        self._facts(frame)

    def _drawn_from(self, frame: Frame, events: tuple[Any, ...]) -> Any:
        """Whatever it is made of: where that is the same, nothing has to be made again."""
        lost = round(frame.view.clock_s) if frame.view.breaks and frame.view.breaks[-1].back_s is None else None
        size = self._log.size
        ends = (events[0].seq, events[-1].seq, len(events)) if events else None
        blind = frame.view.lost is not None
        return ends, self.filter, self._sought, self._wrap, size, frame.view.breaks, lost, blind, self._held

    def _blocks(self, frame: Frame, events: tuple[Any, ...]) -> None:
        room = max(self._log.size.width - 1, 20)
        look = (room, self._wrap, self._sought, frame.glyphs.ascii)
        if look != self._look:
            self._look, self._made = look, {}
        passes = wanted.parse(self.filter).passes
        self._shown = tuple(event for event in events if passes(event))
        self._hits = len(holding(self._shown, self._sought))
        made = {event.seq: self._made.get(event.seq) or self._block(frame, event, room) for event in self._shown}
        self._made = made
        blocks = with_breaks(frame, list(made.values()), events, room)
        if self._held is not None:
            blocks.insert(0, Block(OLDER, [older_line(frame, self._held)]))
        self._log.follow = self._held is None
        self._log.show_blocks(blocks, [empty_line(frame, len(events), self.filter)])

    def _block(self, frame: Frame, event: Any, room: int) -> Block:
        return Block((event.seq, 0), record_lines(frame, event, room, wrap=self._wrap, sought=self._sought))

    def _facts(self, frame: Frame) -> None:
        box = self.query_one("#tail-facts", Lines)
        box.display = not frame.scant
        box.styles.height = 6 if frame.compact else 10
        event = self._event()
        if event is None:
            box.show([Text("no record is under the cursor", "dim", no_wrap=True, end="")])
        else:
            box.show(fact_lines(frame, event, max(box.size.width - 1, 20)))

    def _event(self) -> Any:
        """The record under the cursor."""
        key = self._log.key
        return next((event for event in reversed(self._shown) if key == (event.seq, 0)), None)

    # --- following and reading ---

    def action_follow(self) -> None:
        if self._held is None and not self.app.view.events:
            self.refuse("no record has come yet: there is nothing to stop at")
        self._follow(self._held is not None)

    @on(Log.Followed)
    def _followed(self, event: Log.Followed) -> None:
        self._follow(bool(event.key))

    def _follow(self, on: bool) -> None:
        events = self.app.view.events
        self._held = None if on or not events else self._held or Held(events, events[0].seq)
        self._log.follow = self._held is None
        self.app.draw()
        if self._held is None:
            self._log.scroll_end(animate=False, immediate=True)

    @on(Grid.Moved, "#tail-log")
    def _moved(self, event: Grid.Moved) -> None:
        if event.key == OLDER:
            self._older()
        self._facts(self.app.frame)

    def action_wrap(self) -> None:
        self._wrap = not self._wrap
        self.app.notify(WRAPPED[self._wrap])
        self.app.draw()

    # --- older ones ---

    @on(Log.Topped)
    def _older(self) -> None:
        """Asks for the page above the first record, where there may be one."""
        held = self._held
        if held is None or held.loading or held.from_seq <= 1 or len(held.events) >= HELD_MAX:
            return
        self._held = Held(held.events, held.from_seq, loading=True)
        after, before, journals = max(held.from_seq - 1 - PAGE, 0), held.from_seq, self._journals

        def then(found: Any, problem: Problem | None) -> None:
            held = self._held
            if held is None or held.from_seq != before or self._journals != journals:
                return
            if problem is not None:
                self._held = Held(held.events, before, problem=problem)
            else:
                self._held = Held((*found, *held.events), after + 1)
            self.app.draw()
            self._log.go_to_last(OLDER, before)

        aside(self.app, lambda client: page(client, after, before), then)
        self.app.draw()

    # --- looking for a text ---

    def action_look(self) -> None:
        self.query_one(Prompt).ask(self._sought)

    @on(Prompt.Given)
    def _given(self, event: Prompt.Given) -> None:
        self._sought = event.text
        if self._sought:
            self.action_found(-1)
        else:
            self.app.draw()

    def action_found(self, by: int) -> None:
        """To the next record, or the one before, that holds what is sought."""
        if not self._sought:
            self.action_look()
            return
        key = self._log.key
        seq = found(self._shown, self._sought, key[0] if key else 0, by)
        if seq is None:
            self.app.draw()
            return
        self._follow(False)
        self._log.go_to((seq, 0))

    def keys_now(self) -> Sequence[tuple[str, str, str]]:
        if self.query_one(Prompt).display:
            return ("Enter", "look for it (nothing: look no more)", ""), ("Esc", "leave it as it was", "")
        if not self._sought:
            return ()
        more = ("n", "next found", "found(1)"), ("N", "found before", "found(-1)")
        return *more, ("Enter", "trace", ""), ("Esc", "look no more", "step_back"), ("l", "another text", "look")

    def step_back(self) -> bool:
        if not self._sought:
            return False
        self._sought = ""
        self.app.draw()
        return True

    # --- what a record is about ---

    @on(Grid.Chosen, "#tail-log")
    def _chosen(self, event: Grid.Chosen) -> None:
        if event.key == OLDER:
            self._older()
            return
        record = self._event()
        if record is not None:
            trace_one(self.app, record.ids)

    def named(self, grid: Grid) -> str:
        return self.told_about()

    def told_about(self) -> str:
        """What the record under the cursor is about: what Enter traces."""
        event = self._event()
        return next(iter(traceable(event.ids)), "") if event is not None else ""

    def copied_whole(self) -> str:
        event = self._event()
        return super().copied_whole() if event is None else whole_text(event)


def page(client: Client, after: int, before: int) -> tuple[Any, ...]:
    """The records behind `after` and before `before` that one may see."""
    found = []
    for event in client.events(False, lambda _: None, after_seq=after):
        if event.seq >= before:
            break
        found.append(event)
    return tuple(found)


def found(events: Sequence[Any], sought: str, seq: int, by: int) -> int | None:
    """The record that holds the text, nearest to `seq` in the direction `by`, else from the other end on."""
    seqs = holding(events, sought)
    if not seqs:
        return None
    if by > 0:
        return next((at for at in seqs if at > seq), seqs[0])
    return next((at for at in reversed(seqs) if at < seq), seqs[-1])


def holding(events: Sequence[Any], sought: str) -> list[int]:
    """The numbers of the records that hold a text; none for none."""
    term = wanted.Term("text", sought.lower(), False)
    return [event.seq for event in events if term.passes(event)] if sought else []


def below_count(view: View, held: Held | None, filter: str) -> int | None:
    """How many new records of those that are wanted are not shown yet; None while it follows."""
    if held is None:
        return None
    last = held.events[-1].seq if held.events else 0
    passes = wanted.parse(filter).passes
    return sum(1 for event in view.events if event.seq > last and passes(event))


def filter_words(filter: str, hidden: int, shown: int) -> str:
    """What a filter leaves of the records, and how it seeks; "" without one."""
    if not filter:
        return ""
    left = f"{hidden} hidden by the filter" if shown or not hidden else f"none of {hidden} passes the filter"
    return f"{left}; {wanted.HOW}"


def state_line(frame: Frame, below: int | None, filtered: str, sought: str, hits: int) -> Text:
    """Whether it follows, and what is not shown."""
    text = Text(no_wrap=True, end="")
    if below is None and frame.view.lost is not None:
        text.append("nothing new can be shown until the daemon is heard", "bold red")
    elif below is None:
        text.append(f"{frame.glyphs.play} following", "dim")
    else:
        text.append(f"{frame.glyphs.pause} paused", "bold yellow")
        more = "+" if below >= EVENTS_KEPT else ""
        text.append(f", {below}{more} new below: G or Space shows them" if below else ", nothing new below")
    if filtered:
        text.append(f"  {filtered}", "yellow")
    if sought:
        words = f"in {hits}, n next, N before" if hits else "in no record that is shown"
        text.append(f"  '{frame.glyphs.write(sought)}' {words}", "dim" if hits else "yellow")
    return text


def with_breaks(frame: Frame, blocks: list[Block], events: Sequence[Any], room: int) -> list[Block]:
    """The blocks with a line at each place where the stream was lost."""
    if not events:
        return blocks
    first, last = events[0].seq, events[-1].seq
    lines = [
        Block((gone.after_seq, number), [break_line(frame, gone, room)])
        for number, gone in enumerate(frame.view.breaks, 1)
        if first <= gone.after_seq <= last
    ]
    return sorted((*blocks, *lines), key=lambda block: block.key) if lines else blocks


def break_line(frame: Frame, gone: Break, room: int) -> Text:
    """Where the connection was lost, and when it went on."""
    rule = frame.glyphs.horizontal * 3
    at = frame.wall(gone.lost_s)
    if gone.back_s is None:
        for_s = age(round(frame.view.clock_s - gone.lost_s))
        text = f"{rule} not heard since {at or 'then'} ({for_s}): {frame.glyphs.write(gone.why)}"
        return Text(frame.glyphs.shorten(text, room), "bold red", no_wrap=True, end="")
    back, for_s = frame.wall(gone.back_s), age(round(gone.back_s - gone.lost_s))
    when = f"from {at} to {back} ({for_s})" if at and back else f"for {for_s}"
    text = f"{rule} not heard {when}; it goes on without a gap: {frame.glyphs.write(gone.why)}"
    return Text(frame.glyphs.shorten(text, room), "yellow", no_wrap=True, end="")


def older_line(frame: Frame, held: Held) -> Text:
    """What is above the first record."""
    first = held.from_seq
    if held.problem is not None:
        words, style = f"older ones: {held.problem.code}: {held.problem.message}; up tries again", "bold red"
    elif held.loading:
        words, style = f"asking for what is before #{first} ...", "dim"
    elif first <= 1:
        words, style = "the journal begins here", "dim"
    elif len(held.events) >= HELD_MAX:
        words, style = f"{len(held.events)} are held, and no more: hydractl tail --after-seq N shows older ones", "dim"
    else:
        words, style = f"{frame.glyphs.up} up fetches what is before #{first}", "cyan"
    return Text(frame.glyphs.write(words), style, no_wrap=True, end="")


def empty_line(frame: Frame, hidden: int, filter: str) -> Text:
    """Why nothing is shown."""
    if hidden:
        words = f"none of {hidden} records passes the filter '{frame.glyphs.write(filter)}'; Esc takes it off"
    elif frame.view.lost is not None:
        words = "no daemon yet: its journal comes when it is heard"
    else:
        words = "nothing was recorded yet"
    return Text(words, "dim", no_wrap=True, end="")
