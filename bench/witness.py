"""What the daemon under test is seen to do, from inside its process and by none of its own counters.

Owns four things, written to a file whenever the bench asks by SIGUSR1: how many live ticks of each terminal reached the
core, when the first frame that has read a whole minute came out of the daemon's socket, and when each mission and each
note was published (`marks`: a mission by its shown id, a note by its text; before it is told to anybody). Times are
nanoseconds of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hydrad import app
from hydrad.domain import ids
from hydrad.domain.ids import IdKind
from hydrad.link import frames as f
from hydrad.loop import inbox
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.record import Record

MINUTE_MS = 60_000
FILE = "witness.json"


class Witness:
    """Looks on at the edges of `App` and `Inbox`; `install` before the daemon starts."""

    def __init__(self, path: Path, clock_ns: Callable[[], int]) -> None:
        self._path = path
        self._now_ns = clock_ns
        self._taken: Counter[str] = Counter()
        self._minutes: dict[str, dict[int, int]] = {}
        self._missions: list[tuple[str, int, int]] = []
        self._marks: dict[str, int] = {}

    def install(self) -> None:
        frame_in, take, published = app.App._frame, inbox.Inbox.take, app.App.published

        def seen_frame(daemon: app.App, terminal: str, connection: int, frame: f.UpFrame) -> None:
            self._frame(terminal, frame.body)
            frame_in(daemon, terminal, connection, frame)

        def seen_take(waiting: inbox.Inbox) -> list[i.AnyInput]:
            taken = take(waiting)
            self._take(taken)
            return taken

        def seen_published(daemon: app.App, records: list[Record]) -> None:
            began_ns = self._now_ns()
            published(daemon, records)
            self._published(records, began_ns)

        app.App._frame, inbox.Inbox.take, app.App.published = seen_frame, seen_take, seen_published  # type: ignore
        signal.signal(signal.SIGUSR1, lambda _number, _frame: self._write())

    def _frame(self, terminal: str, body: object) -> None:
        if isinstance(body, f.Ticks) and not body.history:
            minutes = self._minutes.setdefault(terminal, {})
            minutes.setdefault(body.through_ms // MINUTE_MS * MINUTE_MS, self._now_ns())

    def _take(self, taken: list[i.AnyInput]) -> None:
        for entry in taken:
            if isinstance(entry, i.FrameIn) and isinstance(entry.frame.body, f.Ticks) and not entry.frame.body.history:
                self._taken[entry.terminal] += sum(len(batch.ticks) for batch in entry.frame.body.batches)

    def _published(self, records: list[Record], began_ns: int) -> None:
        now_ns = self._now_ns()
        for record in records:
            if record.type == "MISSION_PROPOSED":
                body = r.decode(record.type, record.body)
                assert isinstance(body, r.MissionProposed)
                self._marks[ids.show(IdKind.MISSION, body.number)] = began_ns
                if body.origin == "apex":
                    self._missions.append((body.source, body.signal.at_ms, now_ns))
            elif record.type == "NOTE":
                note = r.decode(record.type, record.body)
                assert isinstance(note, r.NoteMade)
                self._marks[note.text] = began_ns

    def _write(self) -> None:
        told = {"taken": self._taken, "minutes": self._minutes, "missions": self._missions, "marks": self._marks}
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(self._path)
        self._minutes, self._missions, self._marks = {}, [], {}
