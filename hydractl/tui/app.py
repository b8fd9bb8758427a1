"""The app: one loop that shows a view, and hands keys to panes and acts to sheets.

Owns the view (stepped with what the feed posts, at most one redraw a period), which pane is shown, and what is around
it: write mode in the border, and in the lowest line the keys or what there is to say.
"""

from __future__ import annotations

import asyncio
import collections
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text
from textual import events, on
from textual.actions import ActionParseResult
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, Select

from hydractl.plain import plain
from hydractl.session import Session
from hydractl.tui import settings
from hydractl.tui.ascii import AsciiOnly
from hydractl.tui.back import Back
from hydractl.tui.carry import Desk, Kept
from hydractl.tui.chrome import ENDS, fitting, lost_lines, tab_pieces, top_line, write_label
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.early import Early
from hydractl.tui.feed import Feed, Want
from hydractl.tui.frame import Frame
from hydractl.tui.happened import Happenings
from hydractl.tui.help import Help, help_lines, time_words
from hydractl.tui.intent import Choices, Intent
from hydractl.tui.intents import authority, fires
from hydractl.tui.jump import Jump
from hydractl.tui.notices import ROWS_MAX, SHOWN_S, Notice, Notices, notice_lines, said_lines
from hydractl.tui.on_their_way import OnTheirWay
from hydractl.tui.palette import ACTS, ON_NOTHING, Offered, Palette, commands
from hydractl.tui.panes.alarms import Alarms
from hydractl.tui.panes.apex import Apex
from hydractl.tui.panes.board import Board
from hydractl.tui.panes.mission import Mission
from hydractl.tui.panes.pane import Pane
from hydractl.tui.panes.positions import Positions
from hydractl.tui.panes.services import Services
from hydractl.tui.panes.tail import Tail
from hydractl.tui.panes.terminals import Terminals
from hydractl.tui.panes.trace import Trace
from hydractl.tui.prompt import Prompt
from hydractl.tui.screens import Screens
from hydractl.tui.sheets import Sheet
from hydractl.tui.store import QUERIES, Answered, Ask, Lost, Message, Ticked, View, step
from hydractl.tui.terminal import Abilities
from hydractl.tui.widgets import Bar, Grid, Lines
from hydractl.tui.words import codes_in, words_of
from hydractl.tui.writing import Writing

_ASCII_ONLY = AsciiOnly()
_NO_COLOR = NoColor()
OWN_COLOURS = "ansi-dark"  # the terminal's own sixteen
BACK_S = 30.0  # what is said of a daemon that is heard again is in sight
WRITE = "write mode"  # what some notices are about
PANES: tuple[type[Pane], ...] = (Board, Mission, Positions, Terminals, Tail, Trace, Apex, Services, Alarms)
COPIED_CELLS = 48  # of what was copied are said
FILTERING = (("Enter", "keep", ""), ("Esc", "no filter", "step_back"))
FIRST_KEYS = ("write",)
AT_ONCE = ("halt", "back", "quit")  # keys that wait behind no other
_NAMED = [(pane.NAME, pane.TITLE) for pane in PANES]
ALWAYS = (
    Want(Ask.of("now"), 1.0),
    Want(Ask.of("status"), 2.0, stirred=True),
    Want(Ask.of("groups"), 60.0),
    Want(Ask.of("pools"), 60.0),
    Want(Ask.of("plans"), 60.0),
)


class HydraTui(Screens):
    """The screens of one daemon."""

    CSS_PATH = "hydra.tcss"
    TITLE = "HydraX"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "colon"
    COMMANDS = {lambda: Offered}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (40, "-high")]
    BINDINGS = [
        Binding("q", "leave", "quit", id="quit"),
        Binding("question_mark", "explain", "help", id="help", key_display="?"),
        Binding("f1", "explain", "help", show=False),
        Binding("H", "halt", "HALT", id="halt"),
        Binding("U", "resume", "resume", id="resume"),
        Binding("W", "write", "write mode", id="write"),
        Binding("slash", "filter", "filter", id="filter", key_display="/"),
        Binding("o", "jump", "jump to a box", id="jump", show=False),
        Binding("s", "screenshot", "screenshot", id="screenshot", show=False),
        Binding("y", "copy", "copy the id", id="copy", show=False),
        Binding("Y", "copy(True)", "copy the whole line", id="copy.whole", show=False),
        Binding("M", "messages", "messages: what was said", id="messages", show=False),
        Binding("r", "again", "ask again", id="again", show=False),
        Binding("escape", "step_back", "back", id="back", show=False),
        *(
            Binding(str(number), f"pane({pane.NAME!r})", pane.TITLE, id=f"pane.{pane.NAME}", show=False)
            for number, pane in enumerate(PANES, 1)
        ),
    ]

    def __init__(self, session: Session, can: Abilities, feed: Callable[..., Feed] = Feed) -> None:
        super().__init__()
        self.theme = OWN_COLOURS
        self._options = session.options
        self._can = can
        self._glyphs = UNICODE if can.utf8 else ASCII
        self._out = Kept(0, session.options["tz"])
        self._inbox: collections.deque[Message] = collections.deque()
        self._feed = feed(session.places, self.post, session.timeout_s)
        self._view = View(clock_s=time.monotonic())
        self._settings = settings.read(session.places, action_ids(), self.available_themes)
        self.pressed_s = 0.0  # when the last key that was heard was pressed
        self._history: list[str] = []
        self._early = Early()
        self._back = Back()
        self._bordered = ""
        self._writing = Writing(self.clock_s)
        self.notices = Notices()
        self.on_their_way = OnTheirWay(lambda: self.desk(self.sheet_room), self.call_soon, self._told)
        self._happenings = Happenings(self.on_their_way.was_sent, self._happened)
        self._warned_of: set[str] = set()  # keys of acts on their way

    # --- what it consists of ---

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield Bar(id="top")
            yield Bar(id="lost")
            yield Bar(id="tabs")
            with ContentSwitcher(initial="board", id="panes"):
                for pane in PANES:
                    yield pane(id=pane.NAME)
            yield Input(id="filter", compact=True)
            yield Bar(id="keys")

    def on_mount(self) -> None:
        self.animation_level = "none"
        self._settle()
        self.query_one("#filter").display = False
        self.query_one("#lost").display = False
        self.set_class(not self._can.utf8, "ascii")
        threading.excepthook = self._defect_in_thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit, 128 + signal.SIGTERM)
        self._feed.start()
        self._early.opened(self.pane.wants())
        self._want()
        self.set_interval(self._can.period_s, self.turn)
        self._first_focus()

    def _settle(self) -> None:
        """The person's own keys and theme."""
        self.set_keymap(dict(self._settings.keys))
        if self._settings.theme is not None:
            self.theme = self._settings.theme

    def _defect_in_thread(self, defect: threading.ExceptHookArgs) -> None:
        """A thread that ends by a defect ends the app, with its trace: a screen must not go on without it."""

        def fail() -> None:
            raise defect.exc_value or RuntimeError(str(defect.exc_type))

        self.call_soon(fail)

    def on_unmount(self) -> None:
        threading.excepthook = threading.__excepthook__
        self._feed.stop()

    @property
    def calm(self) -> bool:
        return self._can.calm

    @property
    def pane(self) -> Pane:
        """The one that is shown."""
        switcher = self.query_one("#panes", ContentSwitcher)
        return self.query_one(f"#{switcher.current}", Pane)

    @property
    def view(self) -> View:
        return self._view

    @property
    def clock_s(self) -> float:
        return time.monotonic()

    @property
    def writing(self) -> bool:
        return self._writing.on

    @property
    def frame(self) -> Frame:
        size = self.size
        return Frame(self._view, size.width, size.height, self._glyphs, self._out, self.writing, self.calm)

    @property
    def sheet_room(self) -> int:
        """Columns that a sheet's lines may have."""
        return max(min(self.size.width, 120) - 6, 40)

    # --- the feed ---

    def post(self, message: Message) -> None:
        """On a thread of the feed. What a person must see at once does not wait for the next redraw."""
        self._inbox.append(message)
        first = isinstance(message, Answered) and message.ask not in self._view.answers
        if first or isinstance(message, Lost):
            self.call_soon(self.turn)

    def call_soon(self, run: Callable[[], None]) -> None:
        """From any thread: on the loop, soon; nothing where it has ended."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.call_later, run)

    def turn(self) -> None:
        """Takes in what came, and draws."""
        view = self._view
        while self._inbox:
            view = step(view, self._inbox.popleft())
        self._view = step(view, Ticked(time.monotonic()))
        self.on_their_way.turn(self.clock_s, self._is_heard)
        self._happenings.turn(self._view, self.clock_s)
        self._fall_back()
        if words := self._back.words(self.frame):
            self._say(words, "warning", shown_s=BACK_S)
        self._fit()
        self.draw()

    @property
    def _is_heard(self) -> bool:
        """Whether the daemon answers, as far as that is known."""
        return self._view.heard_s is not None and QUERIES not in self._view.away

    def _fit(self) -> None:
        """A change of the terminal's size whose signal was lost is seen at the next turn."""
        if self.is_headless:
            return
        try:
            size = Size(*os.get_terminal_size(0))
        except OSError:  # it is gone
            return
        if size != self.size and size.width and size.height:
            self.post_message(events.Resize(size, size))

    def _fall_back(self) -> None:
        why = self._writing.over(self._view, self.clock_s)
        if why is not None:
            self.set_writing(False)
            self.notify(f"read-only again: {why}", severity="warning")

    def draw(self) -> None:
        """Draws the view as it is."""
        if len(self.query("#top")) == 0:
            return
        frame = self.frame
        self.query_one("#top", Lines).show([top_line(frame)])
        blind = frame.view.lost is not None
        lost = self.query_one("#lost", Lines)
        if lost.display is not blind:
            lost.display = blind
            self.call_after_refresh(self.draw)  # the pane has another height then
        if blind:
            rows = lost_lines(frame)
            lost.show(rows)
            if lost.styles.height is None or lost.styles.height.value != len(rows):
                lost.styles.height = len(rows)
                self.call_after_refresh(self.draw)
        self.pane.draw(frame)
        for box in self.pane.query(Lines):
            box.look(blind)
        self.query_one("#tabs", Bar).show_pieces(
            tab_pieces(frame, _NAMED, self.pane.NAME), " " if frame.width >= 100 else ""
        )
        if isinstance(self.screen, Sheet):
            self.screen.draw(frame)
        self._foot()
        self._border(frame)
        self._early.drawn()
        self._let_go()

    def _border(self, frame: Frame) -> None:
        box = self.query_one("#frame")
        box.set_class(self.writing, "writing")
        label = write_label(frame)
        box.set_class(self.writing and "LIVE" in label, "live")
        title = f" WRITE MODE  {label} " if self.writing else ""
        if title != self._bordered:  # setting it draws the whole screen again
            self._bordered = title
            box.border_title = Text(title)

    def _foot(self) -> None:
        """The keys, or what there is to say in their place."""
        bars = self.query("#keys")
        if len(bars) == 0:
            return
        bar = bars.first(Bar)
        below = type(self.screen)
        notice = self.notices.now(self.clock_s, in_sight=below is Screen or (below is Sheet and not self.frame.scant))
        if notice is None:
            bar.show_pieces(fitting(self._key_pieces(), bar.size.width or self.size.width), "")
            return
        rows = ROWS_MAX if below is Screen else 1
        first, *more = notice_lines(self.frame, notice, self.notices.more, bar.size.width or self.size.width, rows)
        bar.show_pieces([(first, "messages")], "", more)

    def _key_pieces(self) -> list[tuple[Text, str]]:
        """The keys that do something here, as they are mapped: the halt first, help last."""
        shown = [bound for _, bound, enabled, _ in self.screen.active_bindings.values() if bound.show and enabled]
        shown.sort(key=lambda bound: FIRST_KEYS.index(bound.id) if bound.id in FIRST_KEYS else len(FIRST_KEYS))
        now: Sequence[tuple[str, str, str]] = ()
        if type(self.screen) is Screen:
            now = FILTERING if self.query_one("#filter").display else self.pane.keys_now()
        own = [self._key_piece(bound) for bound in shown if bound.action not in ENDS]
        pieces = [_piece(*each) for each in now] or own
        ends = {bound.action: self._key_piece(bound) for bound in shown if bound.action in ENDS}
        if self._is_typed_into:  # there their keys are letters
            ends = {"halt": _piece(f"Esc {self._key_of('halt')}", "HALT", "halt")}
        return [*filter(None, (ends.get("halt"),)), *pieces, *filter(None, (ends.get("explain"),))]

    @property
    def _is_typed_into(self) -> bool:
        """Whether a line for text stands in a sheet or at the foot of a pane, and letters go there."""
        lines = (*self.pane.query(Prompt), self.query_one("#filter", Input))
        at_foot = type(self.screen) is Screen and any(line.display for line in lines)
        is_listed = any(field.expanded for field in self.screen.query(Select))  # its list is searched by letters
        return at_foot or (isinstance(self.screen, Sheet) and (is_listed or isinstance(self.focused, Input)))

    def _key_piece(self, bound: Binding) -> tuple[Text, str]:
        what = "read-only" if bound.id == "write" and self.writing else bound.description
        return _piece(self.get_key_display(bound), what, bound.action)

    def _key_of(self, name: str) -> str:
        """The key of one of the app's own bindings, by its id."""
        every = (each for bounds in self._bindings.key_to_bindings.values() for each in bounds)
        return next((self.get_key_display(each) for each in every if each.id == name), "")

    @on(Bar.Pressed)
    async def _pressed(self, event: Bar.Pressed) -> None:
        name = event.action.partition("(")[0]
        owner = self.pane if hasattr(self.pane, f"action_{name}") else self
        await self.run_action(event.action, owner)

    def _want(self) -> None:
        beside = [want for sheet in self.screen_stack if isinstance(sheet, Sheet) for want in sheet.wants()]
        self._feed.want((*ALWAYS, *self.pane.wants(), *beside))

    # --- panes ---

    def action_pane(self, name: str) -> None:
        self.open_pane(name, None)

    def open_pane(self, name: str, key: Any = None) -> None:
        """Shows a pane, and in it the thing that `key` names."""
        if name not in {pane.NAME for pane in PANES} or not self.query("#panes"):  # none, or taken away already
            return
        switcher = self.query_one("#panes", ContentSwitcher)
        if name != switcher.current and switcher.current is not None:
            self._history.append(switcher.current)
            del self._history[:-20]
        self._show_pane(name, key)

    def _show_pane(self, name: str, key: Any = None) -> None:
        """The Board's cursor goes to the mission that was read last: `f` there must not fire another one. What stood in
        the pane when it was left is not seen again: it is drawn anew first, as old as it is then."""
        if name != self.pane.NAME and (read := self.pane.read_here()) is not None:
            self.query_one("#board", Pane).open(read)
        self.query_one("#panes", ContentSwitcher).current = name
        for box in self.pane.query(Lines):
            box.forget()
        if key is not None:
            self.pane.open(key)
        self._early.opened(self.pane.wants())
        self._want()
        self.call_after_refresh(self.turn)
        self._first_focus()

    def begin_on(self, name: str, action: str) -> None:
        self.open_pane(name)
        self.call_later(self.run_action, action, self.pane)

    # --- keys that are quicker than a pane ---

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """An act of a pane that was shown a moment ago waits for its first rows: the cursor stands on nothing yet."""
        if isinstance(action, str) and default_namespace is self.pane and self._is_early(action):
            self._early.hold(action, self.pane, self.clock_s)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def _is_early(self, action: str) -> bool:
        name = f"{self.pane.NAME}.{action.partition('(')[0]}"
        return name in ACTS and name not in ON_NOTHING and self._is_heard and not self._early.is_shown_whole(self._view)

    def _let_go(self) -> None:
        if self._early.is_due(self._view, self.clock_s):
            self.call_later(self._release)

    async def _release(self) -> None:
        """A key that was held does what it is for; or says why not, once that takes too long."""
        is_shown = self._early.is_shown_whole(self._view)
        held = self._early.let_go()
        if held is None:
            return
        action, pane = held
        if is_shown and pane is self.pane:
            await self.run_action(action, pane)
            return
        behind = len(self._keys)
        self._keys.clear()  # they were meant for what it would have begun
        more = f", and what was typed behind it ({behind}) did nothing" if behind else ""
        words = f"{pane.TITLE} is still being loaded: nothing was begun{more}; press it again"
        self.notify(words, severity="warning")

    def takes_keys(self) -> bool:
        """What is typed behind an act's key that is held waits with it; the halt and the way back do not, and what was
        typed before those is dropped with the act."""
        if not super().takes_keys() or (isinstance(self.screen, Sheet) and not self.screen.is_there):
            return False
        if not self._early.is_held:
            return True
        first = next((at for at, key in enumerate(self._keys) if self._is_at_once(key)), None)
        for _ in range(first or 0):
            self._keys.popleft()
        return first is not None

    def _is_at_once(self, key: events.Key) -> bool:
        bound = self.screen.active_bindings.get(key.key)
        return bound is not None and bound.binding.id in AT_ONCE

    def _drop_held(self) -> None:
        """A key that does not wait: what was held was of a pane that the person had not seen."""
        if self._early.drop():
            self.notify(f"{self.pane.TITLE} was being loaded: the key before this did nothing", severity="warning")

    def rewant(self) -> None:
        """The shown pane needs other queries now."""
        self._want()
        self.call_after_refresh(self.draw)

    def _first_focus(self) -> None:
        boxes: list[Lines] = [box for box in self.pane.query(Lines) if box.display and box.can_focus]
        first = next((box for box in boxes if isinstance(box, Grid)), boxes[0] if boxes else None)
        if first is not None:
            first.screen.set_focus(first)  # at once: a key of the pane's may be right behind

    def action_step_back(self) -> None:
        """What one is at, else the filter off, else the pane before this one."""
        typing = self.query_one("#filter").display
        if typing:
            self.query_one("#filter").display = False
            self._first_focus()
            self.call_after_refresh(self.draw)  # the keys are another box's then
        if not typing and self.pane.step_back():
            return
        if self.pane.filter:
            self.pane.filter = ""
            self.draw()
        elif self._history and not typing:
            self._show_pane(self._history.pop())
        else:
            self.notify("there is nothing to go back to")

    def action_again(self) -> None:
        self._feed.again()
        acts = self.on_their_way.hurry()
        self.notify("asked again" + (f", and what became of {acts} act{'s' * (acts > 1)}" if acts else ""))

    # --- the filter ---

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.value = self.pane.filter
        box.placeholder = self.pane.FILTER_HINT
        box.display = True
        box.focus()
        self.draw()

    @on(Input.Changed, "#filter")
    def _filtering(self, event: Input.Changed) -> None:
        if self.query_one("#filter").display:
            self.pane.filter = event.value
            self.draw()

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one("#filter").display = False
        self._first_focus()
        self.call_after_refresh(self.draw)

    # --- acts ---

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.MouseDown) and not event.is_forwarded and self._hears(event):
            self._pressed_once()
        await super().on_event(event)

    async def take_key(self, event: events.Key) -> None:
        if self._hears(event):
            self._pressed_once()
            await super().take_key(event)

    def _hears(self, event: events.Key | events.MouseDown) -> bool:
        """Whether there is anything that it could mean: nothing before all is made, or while it is taken away."""
        self._writing.key(self.clock_s)
        self.pressed_s = event.time
        return bool(self.query("#panes"))

    def _pressed_once(self) -> None:
        """A key takes away the notice that is in sight, and what was held of the key before."""
        if self.notices.pressed(self.clock_s):
            self.call_later(self._foot)
        self._drop_held()

    def action_write(self) -> None:
        if not self.writing and not write_label(self.frame):
            self.notify("no account is known yet: nothing can be written", severity="warning")
            return
        self.set_writing(not self.writing)

    def set_writing(self, writing: bool) -> None:
        """Begins write mode, or ends it; what was said of it is over."""
        if writing:
            self._writing.begin(self._view)
        else:
            self._writing.end()
        self.notices.over(WRITE)
        self.draw()
        self.call_after_refresh(self.draw)  # the border takes room

    def desk(self, room: int) -> Desk:
        """A desk for one intent."""
        return Desk(self._options, room)

    def intend(self, intent: Intent) -> None:
        """Opens an act's sheet, where it may be begun."""
        if not self.writing and not intent.reading:
            key = next(
                self.get_key_display(bound)
                for _, bound, _, _ in self.screen.active_bindings.values()
                if bound.id == "write"
            )
            self._say(f"read-only: press {key} for write mode, then again", "warning", about=WRITE)
            return
        self.push_screen(Sheet(intent), self._fired)
        self.call_after_refresh(self.draw)  # what stands in its border

    def _fired(self, mission: str | None) -> None:
        """The person has left the sheet of their own fire: its mission is under the cursors, whatever pane is shown."""
        if mission is not None:
            for name in ("mission", "board"):
                self.query_one(f"#{name}", Pane).open(mission)
        self.rewant()

    def _told(self, words: str, severity: SeverityLevel, in_sight: bool) -> None:
        """What became of an act is kept among what was said; where its sheet does not show it, a notice says it."""
        self._feed.again()
        if in_sight:
            self.notices.said.append(Notice(plain(words), severity, self.clock_s))
        else:
            self.notify(words, severity=severity, timeout=15)

    def _happened(self, words: str, severity: SeverityLevel) -> None:
        self.notify(words, severity=severity, timeout=15)

    def accounts(self) -> list[Any]:
        status = self._view.data("status")
        return list(status.accounts) if status is not None else []

    def action_halt(self) -> None:
        self.intend(authority.halt([row.name for row in self.accounts()]))

    def action_resume(self) -> None:
        status, rows = self._view.data("status"), self.accounts()
        halted = [row.name for row in rows if row.authority != "ACTIVE"]
        by_itself = status is not None and status.authority == "ACTIVE" and halted
        self.intend(authority.resume([row.name for row in rows], halted[0] if by_itself else None))

    def fire(self, mission: str, account: str | None = None, accounts: Sequence[str] = ()) -> None:
        """Opens the sheet that fires a mission: on `account` unless another is chosen of `accounts` (those that may be
        fired on; else all that are known)."""
        rows = self._view.data("missions") or ()
        what = next((f"{row.symbol} {row.side}" for row in rows if row.id == mission), "")
        self.intend(fires.fire_mission(mission, self.targets(accounts), self.plans(), account, what))

    def targets(self, accounts: Sequence[str] = ()) -> Choices:
        """Where a fire may go, as far as it is known."""
        names = list(accounts) or [row.name for row in self.accounts()]
        status, groups, pools = (self._view.data(name) for name in ("status", "groups", "pools"))
        primary = status.primary if status is not None else None
        return fires.targets_of(names, groups or (), pools or (), self.accounts(), primary)

    def plans(self) -> Choices:
        """The plans that a fire may have; none while they are not known."""
        return fires.plans_of(self._view.data("plans") or ())

    def action_copy(self, whole: bool = False) -> None:
        text = plain(self.pane.copied_whole() if whole else self.pane.copied())
        if text:
            self.copy_to_clipboard(text)
            begin = self._glyphs.shorten(text.partition("\n")[0], COPIED_CELLS)
            self.notify(f"copied {begin}" + ("" if begin == text else f"  ({len(text)} characters)"))
        else:
            self.notify("nothing to copy is under the cursor")

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Kept in the folder that the screens were started in, or why it was not: Textual's own says neither."""
        try:
            kept = self.save_screenshot(filename, path, time_format)
        except OSError as error:
            self.notify(f"no screenshot: {error}", severity="error", markup=False)
            return None
        self.notify(f"screenshot in {kept}", markup=False)
        return None

    def action_explain(self) -> None:
        pane = self.pane
        keys = [
            (self.get_key_display(binding), binding.description, binding.id or "")
            for _, binding, enabled, _ in self.screen.active_bindings.values()
            if enabled and binding.id
        ]
        panes, room = [each.TITLE for each in PANES], max(min(self.size.width, 120) - 6, 30)
        shown = "\n".join(box.text for box in pane.query(Lines))
        words = {**time_words(self.frame), **codes_in(pane.NAME, shown), **words_of(pane.NAME)}
        self.push_screen(Help(help_lines(pane.TITLE, pane.HELP, keys, words, panes, room)))

    def action_jump(self) -> None:
        self.push_screen(Jump([box for box in self.pane.query(Lines) if box.display and box.can_focus]))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours the terminal's own: Textual's grey of those is black on black. ASCII comes last."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]
        if self.no_color or self._options["no_color"]:
            filters.append(_NO_COLOR)
        return filters if self._can.utf8 else [*filters, _ASCII_ONLY]

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette."""
        yield from commands(self, PANES, screen)
        yield from super().get_system_commands(screen)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notice in the line of the keys; Textual's own would cover lines of the screen for a while. Its text is
        harmless, and no markup: names and reasons are others' words."""
        words = f"{title}: {message}" if title else message
        self._say(words, severity, shown_s=SHOWN_S if timeout is None else timeout)

    def _say(self, words: str, severity: SeverityLevel, *, shown_s: float = SHOWN_S, about: str = "") -> None:
        self.notices.say(Notice(plain(words), severity, self.clock_s, shown_s, about))
        self.call_later(self._foot)

    def action_messages(self) -> None:
        """What was said, all of it again."""
        self.push_screen(Help(said_lines(self.frame, tuple(self.notices.said), self.sheet_room)))

    def action_help_quit(self) -> None:
        """ctrl+c, which ends nothing here."""
        self.notify(f"ctrl+c ends nothing here: {self._key_of('quit')} leaves, y copies, Esc goes back")

    async def action_quit(self) -> None:
        """Whatever key Textual has for it."""
        self.action_leave()

    def action_leave(self) -> None:
        """An act on its way is not left without a word."""
        keys = {act.key for act in self.on_their_way}
        if keys - self._warned_of:
            self._warned_of = keys
            waiting = ", ".join(act.title for act in self.on_their_way)
            self.notify(
                f"{waiting}: sent, and no verdict was seen here; again to leave all the same", severity="warning"
            )
            return
        self.exit(0)


def _piece(key: str, what: str, action: str) -> tuple[Text, str]:
    """A key and what it does, for the lowest line."""
    words = Text(f" {key} ", "bold", end="")
    return words.append(f"{what} ", "bold red" if action == "halt" else "not bold"), action


def action_ids() -> list[str]:
    """Of every action that can be given another key."""
    tables = (HydraTui.BINDINGS, *(pane.BINDINGS for pane in PANES))
    return [binding.id for table in tables for binding in table if isinstance(binding, Binding) and binding.id]
