"""What waits to be stepped: lanes, their order, and what happens at their bounds. Owns which input is next.

Five lanes, emptied in this order at every turn of the loop:

1. *urgent*: halts;
2. *people and time*: requests, clocks, what the driver itself has caused;
3. *order traffic*: everything of a terminal up to its last frame of an act, a hand-shake, a book. Frames of one session
   are numbered and never overtake each other, so a RESULT brings the ticks before it along; those of others wait;
4. *beats*, each with what was before it at its terminal, a bounded number of frames a turn: fifty a second bring ticks
   along, too, and an order must not wait for those;
5. *ticks* and what else comes at a steady pace (figures, bars): a bounded number a turn, one terminal after the other.

So however many ticks wait, an order waits for one turn of at most 40 frames with them, and for its own terminal's.

Bounds. Of one terminal 128 live TICKS frames wait: at the next one the oldest is made empty (its number and `through`
stay, its ticks are counted as shed), so that what is left is the newest. Of empty ones in a row the last stands for
all, so that what waits stays as long as it is, however long that goes on. Where more than 32 wait before a frame of
lane 3 or 4, the daemon is behind, and the oldest of them are shed at once: an order or a beat has 32 before it at most.
History and order traffic are never shed: a terminal of which 4,096 frames wait is not behind but broken, and its next
frame is refused; the hole in its numbers ends the session, and the hand-shake tells anew.
Requests are bounded by their clients, at most one in hand each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from hydrad.link import frames as f
from hydrad.toc import inputs as i

TICK_FRAMES_MAX = 128
FRAMES_MAX = 4_096
TICK_FRAMES_BEFORE_MAX = 32
BEAT_FRAMES_PER_TURN_MAX = 32
TICKS_PER_TURN_MAX = 8  # a millisecond or so: what they say is committed before more are stepped
INPUTS_PER_TURN_MAX = 256
_CALM = (f.Ticks, f.Account, f.Rates)


class _Waiting:
    """One terminal's frames, in their order. `pressing`, `beating`: how many of the first go with its order traffic,
    and with its beats."""

    __slots__ = ("beating", "frames", "full", "pressing")

    def __init__(self) -> None:
        self.frames: deque[i.FrameIn] = deque()
        self.pressing = self.beating = 0
        self.full = 0  # live TICKS frames that still hold their ticks


class Inbox:
    """`ticks_shed` and `refused` count from the start: ticks of live frames made empty, frames not taken."""

    def __init__(self) -> None:
        self._urgent: deque[i.AnyInput] = deque()
        self._people: deque[i.AnyInput] = deque()
        self._terminals: dict[str, _Waiting] = {}
        self._pressing: dict[str, None] = {}
        self._beating: dict[str, None] = {}
        self._calm: dict[str, None] = {}  # those that have frames, in their turn
        self._count = 0
        self.ticks_shed = 0
        self.refused = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._people) + self._count

    def put(self, body: i.AnyInput) -> None:
        """A request, a clock, a report."""
        self._people.append(body)

    def put_urgent(self, body: i.AnyInput) -> None:
        self._urgent.append(body)

    def put_back(self, caused: Iterable[i.AnyInput]) -> None:
        """What the last turn has caused, before all else of its lane."""
        self._people.extendleft(caused)

    def put_frame(self, entry: i.FrameIn) -> None:
        """A frame of a terminal, taken in its order."""
        waiting = self._terminals.get(entry.terminal)
        if waiting is None:
            waiting = self._terminals[entry.terminal] = _Waiting()
        if len(waiting.frames) >= FRAMES_MAX:
            self.refused += 1
            return
        waiting.frames.append(entry)
        self._calm.setdefault(entry.terminal)
        self._count += 1
        if isinstance(entry.frame.body, f.BeatUp):
            self._catch_up(waiting)
            waiting.beating = len(waiting.frames)
            self._beating[entry.terminal] = None
        elif not isinstance(entry.frame.body, _CALM):
            self._catch_up(waiting)
            waiting.pressing = len(waiting.frames)
            self._pressing[entry.terminal] = None
        elif isinstance(entry.frame.body, f.Ticks) and _has_live(entry.frame.body):
            waiting.full += 1
            if waiting.full > TICK_FRAMES_MAX:
                self._shed(waiting)

    def take_urgent(self) -> list[i.AnyInput]:
        return [self._urgent.popleft() for _ in range(len(self._urgent))]

    def take(self) -> list[i.AnyInput]:
        """The inputs of one turn."""
        taken = self.take_urgent()
        while self._people and len(taken) < INPUTS_PER_TURN_MAX:
            taken.append(self._people.popleft())
        while self._pressing and len(taken) < INPUTS_PER_TURN_MAX:
            terminal = next(iter(self._pressing))
            self._take_pressing(self._terminals[terminal], taken)
            if not self._terminals[terminal].pressing:
                del self._pressing[terminal]
        self._take_beats(taken, min(BEAT_FRAMES_PER_TURN_MAX, INPUTS_PER_TURN_MAX - len(taken)))
        for _ in range(min(TICKS_PER_TURN_MAX, INPUTS_PER_TURN_MAX - len(taken))):
            if not self._take_tick(taken):
                break
        return taken

    def _take_pressing(self, waiting: _Waiting, taken: list[i.AnyInput]) -> None:
        while waiting.pressing and len(taken) < INPUTS_PER_TURN_MAX:
            taken.append(self._pop(waiting))

    def _take_beats(self, taken: list[i.AnyInput], room: int) -> None:
        while self._beating and room:
            terminal = next(iter(self._beating))
            waiting = self._terminals[terminal]
            while waiting.beating and room:
                taken.append(self._pop(waiting))
                room -= 1
            if not waiting.beating:
                del self._beating[terminal]

    def _take_tick(self, taken: list[i.AnyInput]) -> bool:
        while self._calm:
            terminal = next(iter(self._calm))
            del self._calm[terminal]
            waiting = self._terminals[terminal]
            if not waiting.frames:
                continue  # all went with its order traffic
            taken.append(self._pop(waiting))
            if waiting.frames:
                self._calm[terminal] = None
            return True
        return False

    def _pop(self, waiting: _Waiting) -> i.FrameIn:
        entry = waiting.frames.popleft()
        self._count -= 1
        waiting.pressing = max(waiting.pressing - 1, 0)
        waiting.beating = max(waiting.beating - 1, 0)
        if isinstance(entry.frame.body, f.Ticks) and _has_live(entry.frame.body):
            waiting.full -= 1
        return entry

    def _catch_up(self, waiting: _Waiting) -> None:
        while waiting.full > TICK_FRAMES_BEFORE_MAX:
            self._shed(waiting)

    def _shed(self, waiting: _Waiting) -> None:
        """Make the oldest live TICKS frame empty that is not empty yet."""
        for index, entry in enumerate(waiting.frames):
            body = entry.frame.body
            if isinstance(body, f.Ticks) and _has_live(body):
                count = sum(len(batch.ticks) for batch in body.batches)
                thin = msgspec.structs.replace(entry.frame, body=f.Ticks(body.through_ms, False, ()))
                waiting.frames[index] = i.FrameIn(entry.terminal, entry.connection, thin, count)
                waiting.full -= 1
                self.ticks_shed += count
                self._join(waiting, index)
                return

    def _join(self, waiting: _Waiting, index: int) -> None:
        """Let an emptied frame stand for the one before it, if that was emptied too and they belong together."""
        before, entry = waiting.frames[index - 1], waiting.frames[index]
        if not index or not before.shed or not _follows(before, entry):
            return
        gone = before.gone + 1
        waiting.frames[index] = msgspec.structs.replace(entry, shed=before.shed + entry.shed, gone=gone)
        del waiting.frames[index - 1]
        waiting.pressing -= index - 1 < waiting.pressing
        waiting.beating -= index - 1 < waiting.beating
        self._count -= 1


def _follows(before: i.FrameIn, entry: i.FrameIn) -> bool:
    """Whether two frames are neighbours of one session over one connection."""
    one, other = before.frame, entry.frame
    same = (before.connection, one.session, one.epoch) == (entry.connection, other.session, other.epoch)
    return same and one.seq + 1 == other.seq


def _has_live(body: f.Ticks) -> bool:
    return bool(body.batches) and not body.history
