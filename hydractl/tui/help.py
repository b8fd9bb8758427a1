"""Help for where one is: what the pane is for, every key that does something in it, and the words that stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from hydractl.fitting import wrapped
from hydractl.output import age
from hydractl.tui.frame import Frame
from hydractl.tui.over import Over
from hydractl.tui.widgets import Lines

SAFETY = (
    "Read-only at first: an act needs write mode, which names the accounts in the border and ends after five minutes "
    "without a key. Each act opens a sheet that shows what it would do; Cancel has the focus, Tab moves to its "
    "fields, an arrow to the act's own button, Enter presses it. Halting needs no write mode. Nothing is sent before "
    "a button is pressed."
)
SHEETS = (
    "What it would do stands in the middle; PgDn and PgUp scroll it. Enter presses the button that is marked: at "
    "first Cancel, which sends nothing. An arrow goes to the act's own button, Tab to the fields; a field that was "
    "changed is looked at again first. What is answered is the shell's verdict and exit code; leaving before it "
    "changes nothing."
)
MOVING = (
    ("1 to 9", "the panes, in the order of the list below"),
    ("j k, arrows", "up and down; g G: first and last"),
    ("Tab", "the next box; left and right: the one beside"),
    ("PgUp PgDn", "by a page; Home End as g G"),
    ("Enter", "opens what the cursor is on"),
    ("Esc", "back"),
    (":", "a pane or an act by its name"),
)
WORD_MAX = 17  # a longer one moves its own meaning alone
WORDS = "Words here"  # the heading of the glossary, which `w` goes to


def help_lines(
    title: str,
    about: str,
    keys: Sequence[tuple[str, str, str]],
    words: Mapping[str, str],
    panes: Sequence[str],
    room: int,
) -> list[Text]:
    """`keys`: (key, what it does, id) of those that do something here. `words`: what they mean."""
    lines = [Text(title, "bold"), *_flow(about, room), Text(""), Text("Keys here", "bold")]
    wide = max((len(key) for key, _, _ in (*keys, *((key, "", "") for key, _ in MOVING))), default=0) + 2
    for key, what, name in keys:
        row = Text(f"  {key:<{wide}}", "cyan", no_wrap=True, end="")
        row.append(f"{what:<34}", "")
        row.append(name, "dim")
        lines.append(row)
    lines += [Text(""), Text("Moving", "bold")]
    lines += [Text.assemble((f"  {key:<{wide}}", "cyan"), what, no_wrap=True, end="") for key, what in MOVING]
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(panes, 1))
    lines += [*_flow(f"  Panes: {listed}", room), Text(""), Text(WORDS, "bold"), *word_lines(words, room)]
    return [*lines, Text(""), Text("Acts", "bold"), *_flow(SAFETY, room)]


def sheet_lines(title: str, words: Mapping[str, str], room: int) -> list[Text]:
    """Of an act's sheet: how it is used, and what its words mean."""
    about = [Text(title, "bold"), *_flow(SHEETS, room), Text("")]
    return [*about, Text(WORDS, "bold"), *word_lines(words, room)]


def word_lines(words: Mapping[str, str], room: int) -> list[Text]:
    """Each word and what it means, in a line where there is room."""
    lines: list[Text] = []
    wide = min(max(map(len, words), default=0), WORD_MAX)
    for word, meaning in words.items():
        head = f"  {word:<{wide}}  "
        rows = [Text(row, no_wrap=True, end="") for row in wrapped(f"{head}{meaning}", max(room, 30), len(head))]
        rows[0].stylize("cyan", 0, len(head))
        lines += rows
    return lines


def time_words(frame: Frame) -> dict[str, str]:
    """What the pace in the top line means; nothing where the market's time goes as ours."""
    if not frame.pace:
        return {}
    fast = f"{frame.speed:g} times as fast as yours" if frame.speed else "as fast as its terminals can follow"
    minute = f"; a minute of it is {age(60 / frame.speed)} of yours" if frame.speed else ""
    meaning = (
        f"the market's time goes {fast} here{minute}. In the market's time are: what is left of a mission (LEFT), the "
        "ages of prices, quotes and feeds, and how long a position is held. In yours: how long ago something was heard "
        "or told (AS OF, OLD)"
    )
    return {frame.pace: meaning}


def _flow(text: str, room: int) -> list[Text]:
    return [Text(row, no_wrap=True, end="") for row in wrapped(text, max(room, 30), 0)]


class Help(Over[None]):
    """Shown over the pane; any of the keys that close things closes it. Its lower border says while there is more."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "close"),
        Binding("question_mark,q,f1,enter", "dismiss(None)", "close", show=False),
        Binding("w", "words", "the words", show=False),
        Binding("space", "page_down", "more", show=False),
    ]

    def __init__(self, lines: Sequence[Text]) -> None:
        super().__init__()
        self._shown = lines
        self._said = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Lines(id="help-lines")

    def on_mount(self) -> None:
        box = self.query_one(Lines)
        box.show(self._shown)
        box.focus()
        self.watch(box, "scroll_y", self._say, init=False)
        self.call_after_refresh(self._say)

    def on_resize(self) -> None:
        self.call_after_refresh(self._say)

    def action_page_down(self) -> None:
        self.query_one(Lines).scroll_page_down(animate=False)

    @property
    def _words_at(self) -> int | None:
        """The line of the glossary's heading, where there is one."""
        return next((at for at, line in enumerate(self._shown) if line.plain == WORDS), None)

    def action_words(self) -> None:
        if self._words_at is not None:
            self.query_one(Lines).scroll_to(y=self._words_at, animate=False)

    def _say(self) -> None:
        """How much more there is, and how it is seen."""
        box = self.query_one(Lines)
        more = len(self._shown) - round(box.scroll_offset.y) - box.size.height
        words = ", w: the words" if self._words_at is not None else ""
        said = f"{more} more below: PgDn, j{words}" if more > 0 else ""
        if said != self._said:  # setting it draws the whole box again
            self._said = said
            self.query_one("#help").border_subtitle = Text(said)
