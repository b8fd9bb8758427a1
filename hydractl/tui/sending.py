"""What a sheet says once its act was sent: what its verb or a look-up has told, what that means, and what can be done.

Owns the words for the three fates: a verdict, nothing done, not known.
"""

from __future__ import annotations

from rich.text import Text

from hydractl.diagnostics import ExitCode
from hydractl.fitting import wrapped
from hydractl.tui.carry import Said
from hydractl.tui.frame import painted
from hydractl.tui.on_their_way import Became, Fate

NOT_SENT = "NOT SENT: no daemon took it, and nothing was done"
NOT_COME = "NOTHING WAS DONE: looked up twice by its key, and it did not come"
MAY_TRY = "nothing was done: Look again shows what it would do now, and it can be sent, with the same key"
NOT_KNOWN = "it is NOT KNOWN whether it was done; it is looked up by its key as soon as a daemon answers"
NOT_VERIFIED = "it is not known what has halted: Ask again sends the halt once more"
VERDICT = "that is its verdict; Leave goes back"
HOW_TO_KNOW = "key {key}: hydractl asked {key} tells what became of it, and sends nothing"
LOOK_UP, LOOK_AGAIN, ASK_AGAIN = "Look it up", "Look again", "Ask again"  # on the act's own button, once it was sent


def verb_lines(said: Said, fate: Fate, key: str | None, room: int) -> list[Text]:
    """What the shell's verb has said; of what is not known, how to find out. `key` None: nobody keeps it."""
    lines = list(painted(said.lines))
    if fate is Fate.NOTHING:
        lines.append(Text(NOT_SENT, "bold red"))
    if fate is Fate.UNKNOWN and key is not None:
        rows = wrapped(HOW_TO_KNOW.format(key=key), room, 2)
        lines += [Text(row, "bold", no_wrap=True, end="") for row in rows]
    return lines


def found_lines(found: Became) -> list[Text]:
    """What a look-up has found."""
    nothing = [Text(NOT_COME, "bold red")] if found.fate is Fate.NOTHING else []
    return [*painted(found.said.lines), *nothing]


def verdict_lines(said: Said, mission: str | None) -> list[Text]:
    """Which mission it was, and the shell's exit code."""
    style = "green" if said.code is ExitCode.DONE else "bold red"
    which = [Text(f"mission {mission}: the Mission pane shows it next", "cyan")] if mission else []
    return [*which, Text(""), Text(f"{said.code.name}, exit code {said.code.value}", style)]


def offered(fate: Fate, halts: bool) -> tuple[str, str]:
    """What is asked then, and the word on the act's own button; "": it offers nothing more."""
    if fate is Fate.VERDICT:
        return VERDICT, ""
    if fate is Fate.NOTHING:
        return MAY_TRY, LOOK_AGAIN
    return (NOT_VERIFIED, ASK_AGAIN) if halts else (NOT_KNOWN, LOOK_UP)
