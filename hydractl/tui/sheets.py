"""Sheets: what stands between a key and an act.

Owns the way of an act on the screen: proposed (as the shell shows it before it asks), asked (Cancel is what Enter
means until a person has moved to the act's own button; some acts want a word typed, LIVE on a LIVE account), sent once
with one idempotency key, and its verdict in the shell's words with the shell's exit code. Only what was looked at is
sent: a field that has changed since, a key that was pressed before it was in sight, a look that has grown old, or write
mode that has ended, holds the button. An act whose outcome is unknown is looked up by its key, which sends nothing; one
that was not sent may be tried again, with the same key, after another look.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select

from hydractl.client import Sent
from hydractl.diagnostics import ExitCode
from hydractl.fitting import wrapped
from hydractl.tui import sending
from hydractl.tui.body import Body
from hydractl.tui.carry import Desk, Said, carry_out
from hydractl.tui.choice import Choice
from hydractl.tui.chrome import state_line
from hydractl.tui.feed import Want
from hydractl.tui.field import Box, FieldRow
from hydractl.tui.frame import SCANT, Frame, painted
from hydractl.tui.help import Help, sheet_lines
from hydractl.tui.intent import CANCEL, Intent, Proposal
from hydractl.tui.on_their_way import Act, Became, Fate
from hydractl.tui.over import Over
from hydractl.tui.widgets import Lines
from hydractl.tui.words import SHEET, codes_in, words_of
from hydractl.tui.world import World, about, has_moved, news, world

LOOKED_S = 120.0  # what was looked at longer ago is looked at again before it is sent
MOVED_S = 2.0  # news of so long come to one look
MOVED = "{} This is a new look: read it, and press again."
HAS_MOVED = "Something has changed since the look before."
LOOKS_ANEW = "something has changed: it is looked at anew"
RENEWED = "The look before this was {} old, and nothing was sent of it. This is a new one: look, and press again."
LINES_MAX = 20  # of what a sheet proposes at once; the rest is scrolled
BODY_MIN = 3  # rows of it beside the question and the buttons: with less nothing is sent, but a halt
TOO_SMALL = "too small: enlarge the terminal, nothing can be sent"
UNSEEN = "nothing was sent: there was more to see. Look at it (PgDn), and press again"
READ_ONLY = "read-only again: nothing is sent; leave this, and begin anew in write mode"
READ_ONLY_SENT = "read-only again: nothing is sent. Do not begin it anew: look first, hydractl fires --unknown"
BEFORE = (
    "SENT BEFORE, and no verdict of it was seen here: this is one more. Look first: Positions (3), and fires --unknown"
)
EARLY = "keys typed before this was in sight did nothing."
HALT = "HALT"
DID_NOTHING = "'{}' did nothing: a button has the focus. {}"
WAYS = "Tab leads to the fields, arrows to the buttons."
NO_FIELDS = "Arrows lead to the buttons, Esc leaves."
STALE = "what stands above is NOT of what is typed: Enter looks at what that would do"


@dataclass(slots=True)
class _Sent:
    """An act on its way."""

    at_s: float
    fate: Fate | None = None


class Sheet(Over[str | None]):
    """One intent, from its proposal to its verdict; ends with the mission that was fired. Leaving it before the act was
    sent sends nothing; leaving it after that changes nothing, and the verdict is told on the screen below."""

    AUTO_FOCUS = ""  # what has it at first is said below, and keeps it
    BINDINGS = [
        Binding("escape", "leave", "cancel"),
        Binding("escape", "go_back", "leave"),
        Binding("left", "button(0)", "cancel's button", show=False),
        Binding("right", "button(-1)", "to the act's button"),
        Binding("tab", "field(1)", "next field", priority=True),
        Binding("shift+tab", "field(-1)", "the field before", show=False, priority=True),
        Binding("ctrl+r", "again", "look again", id="sheet.look"),
        Binding("question_mark", "explain", "help", key_display="?"),
        Binding("f1", "explain", "help", show=False),
        Binding("pagedown", "turn_over(1, True)", "more", show=False),
        Binding("pageup", "turn_over(-1, True)", "back", show=False),
        Binding("ctrl+down", "turn_over(1)", "one line", show=False),
        Binding("ctrl+up", "turn_over(-1)", "one line back", show=False),
    ]

    def __init__(self, intent: Intent) -> None:
        super().__init__()
        self._intent = intent
        self._proposal: Proposal | None = None
        self._asked = 0
        self._desk: Desk | None = None
        self._key: str | None = None  # of what was sent and did not come: it holds for the next try
        self._mission: str | None = None
        self._sent: _Sent | None = None
        self._looked: Mapping[str, str] = {}
        self._goes_on = False
        self._said = self._renewed = ""
        self._of_key = self._worded = ""  # what the last key was not; what stands as the question
        self._left: Widget | None = None  # the field that Enter was pressed in, where Tab goes on from
        self._titled = self._head
        self._early = False
        self._world: World | None = None  # as it was when what stands there was asked for
        self._moved_s = -math.inf  # when it was looked at anew for it, last
        self._is_gone = False  # the world that was looked at
        self._state = Text()
        self._beside = 0  # rows beside it
        self._looked_s = math.inf  # when what it proposes came in sight, by the app's clock
        # When the sheet, and what it proposes, came in sight, by the clock of keys.
        self._opened_s = self._shown_s = math.inf

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Label(self._head, id="sheet-title", markup=False)
            if self._intent.beside is not None:
                yield Lines(id="sheet-beside")
            with Body(self._tell_more):
                yield from map(FieldRow, self._intent.fields)
                yield Lines(id="sheet-lines")
            yield Label("", id="sheet-question", markup=False)
            yield Input(id="sheet-word", compact=True)
            variant: Literal["error", "primary"] = "error" if self._intent.danger else "primary"
            with Horizontal(id="sheet-buttons"):
                yield Choice(self._intent.leave, id="cancel", compact=True)
                yield Choice(self._intent.go, id="go", variant=variant, compact=True)

    def on_mount(self) -> None:
        if not self._stands:
            return
        for button in self.query(Button):
            button.active_effect_duration = 0  # it takes no press while it looks pressed
        self._word.display = False
        self._go.disabled = True
        self.query_one("#sheet-lines").can_focus = False
        for box in self.query("#sheet-beside"):
            box.can_focus = False
        self.set_focus(self.query_one(f"#f-{self._intent.begin}" if self._intent.begin else "#cancel"))
        self._propose()
        self._besides()
        self.call_after_refresh(self._opened)
        self.set_interval(0.5 if not self.app.calm else 2.0, self._tick)

    @property
    def _stands(self) -> bool:
        """Whether it is there: one that is left at once is taken away before, or while, it is made."""
        return self.is_attached and len(self.query("#sheet-buttons Button")) > 0

    @property
    def is_there(self) -> bool:
        """Whether keys mean what they say. A halt is typed blind: its keys wait until it can be sent."""
        return self._stands and self.is_mounted and (not self._intent.reading or self._proposal is not None)

    @property
    def _head(self) -> str:
        return f"{self._intent.title}  {self._intent.what}" if self._intent.what else self._intent.title

    @property
    def _go(self) -> Button:
        return self.query_one("#go", Button)

    @property
    def _cancel(self) -> Button:
        return self.query_one("#cancel", Button)

    @property
    def _body(self) -> Body:
        return self.query_one(Body)

    @property
    def _fields(self) -> list[FieldRow]:
        return list(self.query(FieldRow))

    @property
    def _word(self) -> Input:
        return self.query_one("#sheet-word", Input)

    # --- what goes on beside it ---

    def wants(self) -> tuple[Want, ...]:
        """The queries whose answers are shown beside it, until it is sent."""
        if self._intent.beside is None or not self._is_filled_in:
            return ()
        return self._intent.beside.wants(self.app.view, self._values())

    def draw(self, frame: Frame) -> None:
        """Shows what is beside it, as it is now; and looks anew where that has become another."""
        if not self._is_filled_in:
            if self._stands:
                self._show_state(frame)
            return
        self._show_state(frame)
        self._look_anew(frame)
        if self._intent.beside is None:
            return
        lines = self._intent.beside.lines(frame, self._values(), self.query_one("#sheet").size.width)
        box = self.query_one("#sheet-beside", Lines)
        many, self._beside = self._beside, len(lines)
        box.show(lines)
        if many != len(lines):
            self.call_after_refresh(self._fit)

    def _show_state(self, frame: Frame) -> None:
        """What the top line says of danger stands in the border, which covers that line in a small terminal."""
        state = state_line(frame, max(self.size.width - 8, 0))
        if state != self._state:  # setting it draws the whole sheet again
            self._state = state
            self.query_one("#sheet").border_title = state

    def _look_anew(self, frame: Frame) -> None:
        """What it depends on has changed: nothing of the look before is sent. A halt waits for nothing."""
        if self._world is None or self._intent.reading:
            return
        ids = about(self._intent.title, self._looked)
        if not has_moved(self._world, world(frame.view, ids)):
            return
        self._is_gone = True
        if self.focused is self._go:
            self.set_focus(self._cancel)
        self._ask()
        is_typed_on = self._values() != self._looked  # Enter looks then
        if is_typed_on or self._proposal is None or self.app.clock_s - self._moved_s < MOVED_S:
            return
        self._moved_s = self.app.clock_s
        why = news(frame.view, ids, self._world.told)
        self._renewed = MOVED.format(f"Meanwhile: {why}." if why else HAS_MOVED)
        self._propose()

    @property
    def _is_filled_in(self) -> bool:
        """Whether its fields are there, all of them, and it was not sent."""
        there = [field for field in self._fields if field.box.is_attached]
        return self._stands and self._sent is None and len(there) == len(self._intent.fields)

    def _besides(self) -> None:
        """What is beside it may be another by now."""
        if self._intent.beside is not None:
            self.app.rewant()

    def _values(self) -> dict[str, str]:
        return {row.field.name: row.value for row in self._fields}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The act's button is offered where it can be pressed."""
        offered = action != "button" or parameters != (-1,) or (self._stands and not self._go.disabled)
        is_cancelled = self._sent is None and self._intent.leave == CANCEL  # what was sent is only left
        offered = offered and {"leave": is_cancelled, "go_back": not is_cancelled}.get(action, True)
        return offered and super().check_action(action, parameters)

    def action_go_back(self) -> None:
        self.action_leave()

    def action_explain(self) -> None:
        """The words that stand on it; in a line of text `?` is a letter, and F1 does it."""
        words = {**codes_in(SHEET, self.query_one("#sheet-lines", Lines).text), **words_of(SHEET)}
        self.app.push_screen(Help(sheet_lines(self._intent.title, words, self.app.sheet_room)))

    def action_halt(self) -> None:
        """A halt is one act away, over any other."""
        if self._intent.title != HALT:
            super().action_halt()

    def action_button(self, at: int) -> None:
        """To Cancel, or to the act's own button, where that can be pressed."""
        self._over_key()
        buttons = [button for button in self.query(Button) if not button.disabled and button.display]
        if buttons:
            self.set_focus(buttons[at])  # at once: Enter may be right behind

    @property
    def _inputs(self) -> list[Box]:
        """What can be filled in now, from the top down."""
        every: list[Box] = [*(row.box for row in self._fields), self._word]
        return [box for box in every if box.display and not box.disabled]

    def action_field(self, by: int) -> None:
        """To the next field; from Cancel to the first, and from the last to the act's button: that one is never one
        step from Cancel where there is something to fill in."""
        buttons = [button for button in (self._go, self._cancel) if button.display and not button.disabled]
        fields = self._inputs
        ring: list[Widget] = [*fields, *buttons] if by > 0 else [*reversed(fields), *reversed(buttons)]
        here = self.focused
        if self._left in fields and here in (self._left, self._cancel):  # Enter has looked, or is looking
            at = ring.index(self._left) - (by < 0)
        else:
            at = next((at for at, each in enumerate(ring) if here is not None and each in here.ancestors_with_self), -1)
            if by < 0 and here is self._cancel:
                at = -1  # to the last field
        self._goes_on, self._left = False, None
        self.set_focus(ring[(at + 1) % len(ring)])  # at once: Enter may be right behind

    def on_key(self, event: events.Key) -> None:
        """On a button a letter or a digit is no text, and begins nothing: that is said. It is never typed into a field
        that nobody has gone to."""
        if self.focused is None and self._sent is None and event.key == "enter":
            self._too_early()
        is_text = event.character is not None and event.is_printable and isinstance(self.focused, Button)
        if not is_text or event.key in self.active_bindings:
            return
        event.stop()
        event.prevent_default()
        self._of_key = DID_NOTHING.format(event.character, WAYS if self._inputs else NO_FIELDS)
        self._say(self._said)

    def _is_meant(self, button: Button) -> bool:
        """Keys that arrive together are handed to what had the focus before the first of them: whether a button that
        was pressed has not been left since."""
        return button is self.focused

    def _too_early(self) -> None:
        """A key that was pressed before there was anything to see: it did nothing, and that is said."""
        self._early = True
        self._ask()

    def _opened(self) -> None:
        self._opened_s = time.monotonic()

    def _shown(self, number: int) -> None:
        if number == self._asked:
            if isinstance(self.focused, Button):
                self._bring()
            self._saw()
            self._shown_s = time.monotonic()
            self._looked_s = self.app.clock_s

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _mark(self) -> None:
        """The field that keys go to has its label turned round."""
        focused = self.focused
        self._over_key()
        for row in self._fields:
            row.set_class(focused is not None and row in focused.ancestors, "at")
        if isinstance(focused, Button):
            self.call_after_refresh(self._bring)

    # --- the proposal ---

    def _propose(self) -> None:
        """Looks at what would be done, with the values as they are now."""
        if self._sent is not None:
            return
        self._asked += 1
        self._proposal = None
        self._shown_s = self._looked_s = math.inf
        self._body.look()
        self._go.disabled = True
        self._lines([Text("looking at what it would do ...", "dim")])
        self._looked = self._values()
        self._world, self._is_gone = world(self.app.view, about(self._intent.title, self._looked)), False
        self._in_thread(self._proposed, self._asked, self._look, self._looked)

    def _look(self, values: Mapping[str, str]) -> tuple[Desk, Proposal]:
        desk = self.app.desk(self.app.sheet_room)
        desk.client.key = self._key or desk.client.key
        made: list[Proposal] = []

        def propose(desk: Desk) -> int:
            made.append(self._intent.propose(desk, values))
            return ExitCode.DONE

        said = carry_out(desk, propose)
        return desk, made[0] if made else Proposal(said, "", "", None)

    def _proposed(self, number: int, found: tuple[Desk, Proposal]) -> None:
        if number != self._asked or self._sent is not None or not self._stands:
            return
        self._desk, self._proposal = found
        proposal = self._proposal
        self._lines([*self._before(), *painted(proposal.said.lines)])
        self._body.proposed()
        self._renewed = ""
        self._word.value = ""
        self._word.placeholder = f"type {proposal.word} to go on"
        self._word.display = proposal.send is not None and proposal.word is not None
        self._ask()
        self.call_after_refresh(self.call_after_refresh, self._shown, number)
        if proposal.send is not None:
            self._go_on()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._goes_on, self._left = False, None  # what is typed on does not lose its field
        self._over_key()
        self._ask()
        self._besides()

    def _ask(self) -> None:
        """The question, and whether it can be answered with yes."""
        proposal = self._proposal
        if proposal is None or self._sent is not None:
            return
        label = f"[{proposal.label}] " if proposal.label else ""
        question = f"{label}{proposal.question}" if proposal.send else "nothing can be sent: see above"
        if proposal.send is not None and self._is_too_small(question):
            question = TOO_SMALL
        if proposal.send is not None and self._is_old():
            question = f"this look is {self._old()} old: the button looks again. {question}"
        if proposal.send is not None and not self._may_write():
            question = READ_ONLY
        if self._is_gone:
            question = LOOKS_ANEW
        if self._early:
            question = f"{EARLY} {question}"
        is_looked_at = self._values() == self._looked
        self.query_one("#sheet-lines", Lines).look(not is_looked_at)
        self._say(question if is_looked_at else STALE)
        self._go.disabled = not self._may_go()

    def _may_write(self) -> bool:
        return self.app.writing or self._intent.reading

    def _may_go(self) -> bool:
        """Whether what stands in the fields is what was looked at, and the word that it wants is typed."""
        proposal = self._proposal
        if proposal is None or proposal.send is None or self._values() != self._looked or self._said == TOO_SMALL:
            return False
        if self._is_gone:
            return False
        return proposal.word is None or self._word.value == proposal.word

    def _is_old(self) -> bool:
        """Whether what was looked at may be another by now. A halt waits for nothing."""
        return not self._intent.reading and self.app.clock_s - self._looked_s > LOOKED_S

    def _old(self) -> str:
        return f"{(self.app.clock_s - self._looked_s) / 60:.0f} min"

    @on(Input.Submitted)
    def _enter(self) -> None:
        """Enter in a field looks again where it must, and then goes on to the buttons, if no other key has come. Tab
        goes on from that field either way."""
        self._goes_on, self._left = True, self.focused
        if self._values() == self._looked:
            self._go_on()
        self._changed()

    def _go_on(self) -> None:
        if self._goes_on:
            self._goes_on = False
            self.set_focus(self._cancel)

    @on(Select.Changed)
    def _changed(self) -> None:
        if self._asked and self._values() != self._looked:
            self._propose()
        self._besides()

    def action_again(self) -> None:
        """Looks again at what it would do; once it was sent, at what became of it."""
        if self._sent is None:
            self._propose()
        elif self._sent.fate is Fate.UNKNOWN and self.app.on_their_way.hurry():
            self.app.turn()

    def _is_sent_before(self) -> bool:
        return self.app.on_their_way.titled(self._intent.title)

    def _before(self) -> list[Text]:
        """What a person must know first: that the same was sent before, and nobody knows what became of it; that the
        look before this one was old."""
        words = [BEFORE] if self._is_sent_before() else []
        words += [self._renewed] if self._renewed else []
        rows = [row for each in words for row in wrapped(each, self.app.sheet_room, 0)]
        return [Text(row, "bold red", no_wrap=True, end="") for row in rows]

    # --- the act ---

    def action_leave(self) -> None:
        if not self.is_current:  # it was left by the key before this one
            return
        if self._sent is None:
            how = "was cancelled" if self._intent.leave == CANCEL else "was left"
            before = " What was SENT BEFORE stands: no verdict of it was seen here." if self._is_sent_before() else ""
            self.app.notify(f"Not sent: {self._about()} {how}.{before}")
        elif self._sent.fate is None:
            self.app.notify(f"{self._intent.title} was sent; its verdict is told here.", severity="warning")
        elif self._sent.fate is Fate.UNKNOWN:
            words = "it is not known whether it was done; that is told here."
            self.app.notify(f"{self._intent.title}: {words}", severity="warning")
        told = self._sent is not None and self._sent.fate is Fate.VERDICT
        self.dismiss(self._mission if told else None)

    def _about(self) -> str:
        """The act by its title, and by what was asked where that says more."""
        title, proposal = self._intent.title, self._proposal
        asked = proposal.question.partition("?")[0] if proposal is not None and proposal.send is not None else ""
        return f"{title} ({asked})" if asked and title.split()[-1].lower() not in asked.lower() else title

    @on(Button.Pressed, "#cancel")
    def _press_cancel(self, event: Button.Pressed) -> None:
        if not self._is_meant(event.button):
            return
        if self.app.pressed_s >= self._opened_s and self.is_there:
            self.action_leave()
        else:
            self._too_early()

    @on(Button.Pressed, "#go")
    def _press_go(self, event: Button.Pressed) -> None:
        proposal, desk, sent = self._proposal, self._desk, self._sent
        if not self._is_meant(event.button):
            return
        if self.app.pressed_s < self._shown_s and not self._intent.reading:  # a halt is sent at any speed
            self._say("nothing was sent: that key was pressed before this was shown; look, and press it again")
            return
        if proposal is None or proposal.send is None or desk is None:
            return
        if sent is not None and self._press_after(sent):
            return
        if sent is None and not self._may_go():
            return
        if not self._may_write():
            self._say(READ_ONLY)
            return
        if sent is None and not self._is_all_seen():
            self._say(UNSEEN)
            self.action_turn_over(1, True)
            return
        if sent is None and self._is_old():
            self._renewed = RENEWED.format(self._old())
            self._goes_on = True
            self._propose()
            return
        self._send(proposal.send, desk)

    def _press_after(self, sent: _Sent) -> bool:
        """The act's own button once it was sent; whether that was all. Only a halt, whose key nobody keeps, is sent
        once more."""
        if sent.fate is Fate.UNKNOWN and not self._intent.reading:
            self.action_again()
        elif sent.fate is Fate.NOTHING:
            self._begin_again()
        return sent.fate is not Fate.UNKNOWN or not self._intent.reading

    def _begin_again(self) -> None:
        """What was not sent is looked at again, under the key that it has."""
        self._key = self._desk.client.key if self._desk is not None else None
        self._sent = None
        for row in self._fields:
            row.box.disabled = False
        self.query(".field").set(display=True)
        self._cancel.label, self._go.label = self._intent.leave, self._intent.go
        self._go.display = True
        self._cancel.focus()
        self._propose()

    def _send(self, send: Callable[[Desk], int], desk: Desk) -> None:
        self._sent = _Sent(self.app.clock_s)
        self._go.disabled = True
        self._go.display = False
        self._cancel.label = "Leave"
        self.set_focus(None)  # Enter once more does not leave it before its verdict
        self._word.display = False
        for row in self._fields:
            row.box.disabled = True
        if self.has_class("-low"):
            self.query(".field").set(display=False)  # the verdict has their room
        self.query("#sheet-beside").set(display=False)
        self._tick()
        title, is_kept = self._intent.title, not self._intent.reading
        self.app.on_their_way.sent(Act(title, desk.client.key, is_kept, self._became))
        self._in_thread(self._carried, 0, lambda _: carry_out(desk, send), {})

    def _carried(self, _: int, said: Said) -> None:
        """What its verb has said."""
        if self._sent is None or self._desk is None:
            return
        key = self._desk.client.key
        self._sent.fate = fate = self.app.on_their_way.told(key, said, self.app.screen is self)
        self._mission = self._desk.mission
        kept = None if self._intent.reading else key  # a halt's is not
        self._tell(sending.verb_lines(said, fate, kept, self.app.sheet_room), said, fate)

    def _became(self, found: Became) -> bool:
        """What a look-up has found; whether it is in sight."""
        if self._sent is None or not self._stands:
            return False
        if found.fate is not Fate.UNKNOWN:
            self._sent.fate, self._mission = found.fate, found.mission
            self._tell(sending.found_lines(found), found.said, found.fate)
            return self.app.screen is self
        words = f"looked up at {self.app.frame.wall(self.app.clock_s)}: {found.said.code.name}. "
        self._say(words + sending.NOT_KNOWN)
        return False

    def _tell(self, lines: Sequence[Text], said: Said, fate: Fate) -> None:
        """What is known of what was sent, and what can be done about it."""
        if not self._stands:
            return
        self._lines([*lines, *sending.verdict_lines(said, self._mission)])
        question, label = sending.offered(fate, self._intent.reading)
        self._say(question)
        self._cancel.focus()
        self._go.display = bool(label)
        self._go.label = label
        self._go.disabled = not label

    def _tick(self) -> None:
        if self._sent is None and (self._is_old() or not self._may_write()):
            self._ask()
        if self._sent is not None and self._sent.fate is None and self._desk is not None:
            waited_s = self.app.clock_s - self._sent.at_s
            how = "being sent" if self._desk.client.sent is Sent.NOTHING else "sent"
            self._say(f"{how}; waiting for its verdict for {waited_s:.0f} s")

    # --- what all of it uses ---

    def _say(self, words: str) -> None:
        self._said = words
        worded = f"{self._of_key} {words}" if self._of_key else words
        if worded == self._worded:  # each time it is written costs bytes
            return
        self._worded = worded
        self.query_one("#sheet-question", Label).update(worded)
        self.call_after_refresh(self._fit)

    def _over_key(self) -> None:
        """A key that does something follows on the one that did nothing."""
        if self._of_key:
            self._of_key = ""
            self._say(self._said)

    def _lines(self, lines: Sequence[Text]) -> None:
        box = self.query_one("#sheet-lines", Lines)
        box.look(False)
        box.show(lines)
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        self.set_class(self.size.height < SCANT, "-scant")
        self.call_after_refresh(self._fit)

    def _others(self) -> int:
        """Rows that all but the body and the question take."""
        sheet, inside = self.query_one("#sheet"), ("sheet-body", "sheet-question", "sheet-beside")
        others = [child for child in sheet.children if child.id not in inside and child.display]
        taken = sum(max(child.outer_size.height, 1) + child.styles.margin.height for child in others)
        taken += self._beside if self._sent is None else 0
        return taken + sheet.styles.margin.height + sheet.styles.gutter.height

    def _asking(self, question: str) -> int:
        """Rows that a question takes."""
        width = self.query_one("#sheet").size.width
        return max(len(list(wrapped(question, max(width, 1), 0))), 1)

    def _is_too_small(self, question: str) -> bool:
        """Whether there is no room to see what is asked, and of what. A halt is sent all the same."""
        if self._intent.reading or not self.query_one("#sheet").size.width:
            return False
        buttons = sum(button.outer_size.width for button in (self._cancel, self._go))
        wide = buttons > self.query_one("#sheet-buttons").size.width
        return wide or self.size.height - self._others() - self._asking(question) < BODY_MIN

    def _fit(self) -> None:
        """The body gives way, and is scrolled, so that the question and the buttons are always in sight."""
        if not self._stands:
            return
        room = self.size.height - self._others() - self._asking(self._worded)
        self._body.styles.max_height = max(min(room, LINES_MAX + len(self._intent.fields)), 1)
        if self._sent is None and (self._said == TOO_SMALL or self._is_too_small(self._said)):
            self._ask()
        self.call_after_refresh(self._saw)

    def _bring(self) -> None:
        """What it proposes into sight, where the focus is no longer in a field."""
        if self._stands:
            self._body.bring()

    def action_turn_over(self, by: int, pages: bool = False) -> None:
        self._body.turn_over(by, pages)

    def _saw(self) -> None:
        if self._stands:
            self._body.saw()

    def _tell_more(self, more: int) -> None:
        """How many rows are below what is in sight."""
        if not self._stands:
            return
        title = f"{self._head}  (PgDn: {more} more below)" if more > 0 else self._head
        if title != self._titled:
            self._titled = title
            self.query_one("#sheet-title", Label).update(title)

    def _is_all_seen(self) -> bool:
        """A halt waits for nothing."""
        return self._intent.reading or self._body.is_all_seen()

    def _in_thread(self, then: Callable[[int, Any], None], number: int, run: Callable[..., Any], values: Any) -> None:
        app = self.app

        def work() -> None:
            found = run(values)
            app.call_soon(lambda: then(number, found))

        threading.Thread(target=work, name="hydractl-tui-act", daemon=True).start()
