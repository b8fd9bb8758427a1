"""The news file on disk: read when it changes, replaced whole by an import or an addition."""

from __future__ import annotations

import os
from pathlib import Path

from hydrad.domain import news
from hydrad.domain.actors import Actor
from hydrad.domain.news import NewsEvent
from hydrad.toc.inputs import NewsTold

BYTES_MAX = 1 << 20


class NewsFile:
    """`mode`: off or file. Off reads nothing."""

    def __init__(self, path: Path, mode: str) -> None:
        self.path = path
        self.mode = mode
        self._read = False
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> bool:
        """Whether it was never read, or is another file than the one last read."""
        return not self._read or self._stamp() != self._seen

    def told(self, actor: Actor | None = None) -> NewsTold:
        """What it says now; whatever is wrong with it is told too, and then nothing opens."""
        self._read, self._seen = True, self._stamp()
        try:
            events, problem = self.events(), ""
        except FileNotFoundError:
            events, problem = (), f"{self.path} does not exist"
        except OSError as error:
            events, problem = (), f"{self.path} cannot be read: {error.strerror}"
        except ValueError as error:  # BadNews, and bytes that are no UTF-8
            events, problem = (), f"{self.path}: {error}"
        as_of_ns = self._seen[0] if self._seen is not None and not problem else 0
        return NewsTold(self.mode, as_of_ns, events, problem, actor)

    def events(self) -> tuple[NewsEvent, ...]:
        """Raises OSError, BadNews, UnicodeDecodeError."""
        if self.path.stat().st_size > BYTES_MAX:
            raise news.BadNews(f"larger than {BYTES_MAX} bytes")
        return news.parse(self.path.read_text(encoding="utf-8"))

    def replace(self, events: tuple[NewsEvent, ...]) -> None:
        """Write beside it, then put in its place; raises OSError."""
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(news.write(events))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def add(self, event: NewsEvent) -> None:
        """With what stands in it, once; a missing file is begun. Raises as `events` and `replace` do."""
        known = self.events() if self.path.exists() else ()
        self.replace(known if event in known else (*known, event))

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
