"""What a trace shows above its records: what the thing came to, where the time went, whether it is at its end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from rich.text import Text

from hydractl.commands import realised
from hydractl.output import WORDS, age
from hydractl.tui.draw.glyphs import Glyphs
from hydractl.tui.draw.table import STYLES
from hydractl.tui.frame import Frame
from hydractl.tui.panes.detail import flowed

LETTERS = "abcdef"
COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
LEAST_SHARE = 0.005  # of the whole time: what took less has no letter
# States that nothing follows: of acts, and of missions. A FILLED fire's position may still be open.
ENDS = frozenset(
    ("DENIED", "REJECTED", "NOT_EXECUTED", "CANCELLED", "EXPIRED", "CLOSED", "DONE", "WITHDRAWN"),
)


def time_lines(events: Sequence[Any], width: int, glyphs: Glyphs, most: int = 5) -> list[Text]:
    """Where the time went: a bar of the whole time, and what each of the longest gaps waited for, `most` of them. A gap
    belongs to the record that ended it."""
    gaps = [max(event.after_s or 0.0, 0.0) for event in events]
    total_s = sum(gaps)
    if len(events) < 2 or total_s <= 0:
        return [Text("all of it in one moment" if events else "", "dim", no_wrap=True, end="")]
    longest = sorted(range(len(gaps)), key=lambda at: (-gaps[at], at))[: min(most, len(LETTERS))]
    lettered = sorted(at for at in longest if gaps[at] >= LEAST_SHARE * total_s)
    letters = {at: (LETTERS[number], COLOURS[number]) for number, at in enumerate(lettered)}
    head = f"{age(total_s)} in all  "
    lines = [Text(head, "bold", no_wrap=True, end="").append_text(_bar(gaps, letters, width - len(head), glyphs))]
    for at, (letter, colour) in letters.items():
        share = 100 * gaps[at] / total_s
        words = f" {age(gaps[at]):>10} {share:3.0f} %  until {events[at].kind} {events[at].text}"
        line = Text(no_wrap=True, end="").append(letter, f"bold {colour}")
        lines.append(line.append(glyphs.shorten(glyphs.write(words), width - 1)))
    return lines


def _bar(gaps: Sequence[float], letters: dict[int, tuple[str, str]], width: int, glyphs: Glyphs) -> Text:
    """Each gap in the order of time, as wide as its share; one with a letter begins with it."""
    total_s, bar = sum(gaps), Text(no_wrap=True, end="")
    edges = [0, *(round(sum_s / total_s * width) for sum_s in accumulate(gaps))]
    for at, (begin, end) in enumerate(pairwise(edges)):
        if end <= begin:
            continue
        letter, colour = letters.get(at, ("", "dim"))
        fill = glyphs.fills[-1] if letter else glyphs.empty
        bar.append(letter, f"bold {colour}").append(fill * (end - begin - len(letter)), colour)
    return bar


def verdict_lines(frame: Frame, title: str, shown: Any, findings: Sequence[str], room: int) -> list[Text]:
    """What the thing came to: the trace's title, of an act its verdict and the checks that failed, and findings."""
    glyphs = frame.glyphs
    lines = flowed(title, room, glyphs, "bold")
    if shown is not None:
        act = shown.act
        head = Text(no_wrap=True, end="").append(act.state, STYLES.get(WORDS.get(act.state, ""), "bold"))
        rest = f"  {act.kind} on {act.account}: {act.verdict}"
        first, *more = flowed(f"{act.state}{rest}", room, glyphs)
        lines += [head.append(first.plain[len(act.state) :]), *more]
        if brought := realised.text_of(act):
            lines += flowed(f"realised {brought}", room, glyphs)
        failed = [check for check in shown.checks if not check.ok]
        for check in failed:
            words = f"{glyphs.cross} {check.code}: {check.measured}, limit {check.limit}"
            lines += flowed(words, room, glyphs, "bold red")
        if shown.checks and not failed:
            lines.append(Text(f"{glyphs.check} {len(shown.checks)} checks passed", "green", no_wrap=True, end=""))
    for finding in findings:
        lines += flowed(f"{glyphs.warning} finding: {finding}", room, glyphs, "yellow")
    return lines


def at_end(name: str, data: Any, shown: Any) -> bool:
    """Whether nothing more comes of it: of a mission that is over its outcome still does."""
    if shown is not None:
        return shown.act.state in ENDS
    if name.startswith("P"):
        return any(event.kind == "POSITION_CLOSED" for event in data.events)
    outcome = any(event.kind == "MISSION_OUTCOME" for event in data.events)
    return outcome and data.title.rpartition(", ")[2] in ENDS


def state_line(frame: Frame, name: str, data: Any, shown: Any) -> Text:
    """Whether more may come, and the last record's time."""
    events = data.events
    last = f", the last at {frame.out.clock(events[-1].at)}" if events else ""
    many = f"{len(events)} records{last}" if events else "no record is about it"
    if at_end(name, data, shown):
        return Text(f"{frame.glyphs.check} at its end: {many}", "dim", no_wrap=True, end="")
    return Text(f"{frame.glyphs.play} goes on: {many}", "", no_wrap=True, end="")
