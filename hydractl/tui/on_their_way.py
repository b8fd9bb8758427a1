"""Acts on their way: sent from here, and without a verdict that was seen here.

Owns what is known of each: how far it came, under which idempotency key, and when it is looked up by that, which sends
nothing. It is looked up by itself as long as a daemon is heard, until there is a verdict. That nothing was done is said
once two look-ups in a row have found nothing: by then a daemon that had stopped has read what lay in its socket.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from rich.text import Text
from textual.notifications import SeverityLevel

from hydractl.client import Sent
from hydractl.commands import asked
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk, Said, carry_out

LOOK_S = 2.0  # from one look-up to the next
KEYS_KEPT = 100
ABSENT_SURE = 2  # look-ups in a row that find nothing
OPEN = (ExitCode.UNKNOWN_OUTCOME, ExitCode.TIMED_OUT, ExitCode.UNREACHABLE)  # codes that are no verdict
NOT_FOUND = ExitCode.NOT_FOUND.name


class Fate(Enum):
    """What is known of an act that was sent."""

    VERDICT = auto()
    NOTHING = auto()  # it was not sent, or did not come: nothing was done
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Became:
    """What a look-up has found. `mission`: which one a fire was of."""

    said: Said
    fate: Fate
    mission: str | None = None


@dataclass(slots=True)
class Act:
    """`is_kept`: whether the daemon keeps its key, which it does of all but a halt. `became` is told of each look-up,
    and answers whether that is in sight."""

    title: str
    key: str
    is_kept: bool
    became: Callable[[Became], bool]
    is_open: bool = False  # its answer is missing, or has no verdict
    is_looked_up: bool = False
    next_s: float = 0.0
    absent: int = 0


def fate_of(said: Said) -> Fate:
    """What the shell's verb has said of an act. UNKNOWN_OUTCOME is never `nothing`: a halt without a daemon has it, and
    has written its file."""
    if said.code not in OPEN:
        return Fate.VERDICT
    nothing = said.sent is Sent.NOTHING and said.code is not ExitCode.UNKNOWN_OUTCOME
    return Fate.NOTHING if nothing else Fate.UNKNOWN


class OnTheirWay:
    """`desk` makes one for a look-up; `soon` runs something on the loop, from any thread; `tell` says words, so grave,
    which are in sight already or not."""

    def __init__(
        self,
        desk: Callable[[], Desk],
        soon: Callable[[Callable[[], None]], None],
        tell: Callable[[str, SeverityLevel, bool], None],
    ) -> None:
        self._desk, self._soon, self._tell = desk, soon, tell
        self._acts: dict[str, Act] = {}
        self._keys: collections.deque[str] = collections.deque(maxlen=KEYS_KEPT)

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts.values())

    def __len__(self) -> int:
        return len(self._acts)

    def titled(self, title: str) -> bool:
        """Whether one of that title is on its way."""
        return any(act.title == title for act in self)

    def sent(self, act: Act) -> None:
        """An act was sent, or is sent again; until `told` it has no verdict."""
        self._acts[act.key] = act
        self._keys.append(act.key)

    def was_sent(self, key: str) -> bool:
        """Whether a request with this key, or one of several that go with it, was sent from here."""
        return key.partition(".")[0] in self._keys

    def told(self, key: str, said: Said, in_sight: bool) -> Fate:
        """What its verb has said."""
        act, fate = self._acts[key], fate_of(said)
        if fate is Fate.UNKNOWN:
            act.is_open = True
        else:
            del self._acts[key]
        how = {Fate.VERDICT: "", Fate.NOTHING: "NOT SENT, nothing was done: ", Fate.UNKNOWN: "it may have been done: "}
        words = f"{act.title}: {how[fate]}{in_words(said)}"
        self._tell(words, "information" if said.code is ExitCode.DONE else "error", in_sight)
        return fate

    # --- looking up ---

    def turn(self, now_s: float, heard: bool) -> None:
        """Looks up what is due, where a daemon is heard."""
        for act in self:
            if heard and act.is_open and act.is_kept and not act.is_looked_up and now_s >= act.next_s:
                act.is_looked_up, act.next_s = True, now_s + LOOK_S
                self._look_up(act)

    def hurry(self) -> int:
        """What has no verdict is looked up at the next turn; how many those are."""
        waiting = [act for act in self if act.is_open and act.is_kept]
        for act in waiting:
            act.next_s = 0.0
        return len(waiting)

    def _look_up(self, act: Act) -> None:
        def work() -> None:
            found = look_up(self._desk(), act.key)
            self._soon(lambda: self._found(act, *found))

        threading.Thread(target=work, name="hydractl-tui-asked", daemon=True).start()

    def _found(self, act: Act, said: Said, answer: Any) -> None:
        act.is_looked_up = False
        if act.key not in self._acts:
            return
        is_absent = answer is not None and answer.error is not None and answer.error.code == NOT_FOUND
        act.absent = act.absent + 1 if is_absent else 0
        fate = Fate.UNKNOWN
        if answer is not None and answer.data is not None and said.code not in OPEN:
            fate = Fate.VERDICT
        elif act.absent >= ABSENT_SURE:
            fate = Fate.NOTHING
        rows = answer.data.acts if answer is not None and answer.data is not None else ()
        mission = next((row.mission for row in rows if row.kind == "FIRE" and row.mission), None)
        in_sight = act.became(Became(said, fate, mission))
        if fate is Fate.UNKNOWN:
            return
        del self._acts[act.key]
        how = in_words(said) if fate is Fate.VERDICT else "it did not come, and NOTHING WAS DONE"
        done = fate is Fate.VERDICT and said.code is ExitCode.DONE
        self._tell(f"{act.title}, looked up by its key: {how}", "information" if done else "error", in_sight)


def in_words(said: Said) -> str:
    """A verdict in one line, with what a close has realised."""
    lines = [Text.from_ansi(line).plain for line in said.lines]
    first = lines[1] if len(lines) > 1 else "".join(lines)
    realised = [line.partition(";")[0] for line in lines[2:] if line.startswith("realised ")]  # of several, by account
    return "; ".join((f"{said.code.name}  {first}", *realised))


def look_up(desk: Desk, key: str) -> tuple[Said, Any]:
    """What became of a request, by its key; the daemon's answer with it, None where there was none."""
    found: list[Any] = []

    def ask(desk: Desk) -> int:
        found.append(desk.client.query("asked", key=key))
        return asked.show(desk, found[0])

    said = carry_out(desk, ask)
    return said, found[0] if found else None
