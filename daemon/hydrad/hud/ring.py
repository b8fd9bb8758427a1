"""The last events, encoded once for everybody. Owns what is remembered of the journal in memory.

An event is a record as `tail` shows it, ready to be written to a page: `id: SEQ`, `event: record`, `account: ` what it
is about, its JSON. The ring is bounded by count and by bytes; who is further behind reads the journal.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from hydrad.wire.answers.journal import Event

EVENTS_MAX = 4_096
BYTES_MAX = 8 << 20


class Item(NamedTuple):
    """One event. `account`: what it is about, `""` for none. `data`: the bytes of the stream."""

    seq: int
    account: str
    data: bytes


def item(event: Event, account: str) -> Item:
    """Encode one event. JSON has no line break of its own, so one `data:` line holds it, nor has a name."""
    body = msgspec.json.encode(event)
    head = b"id: %d\nevent: record\naccount: %s\n" % (event.seq, account.encode())
    return Item(event.seq, account, b"%sdata: %s\n\n" % (head, body))


class Ring:
    """`first` and `last`: sequence numbers it holds everything from and up to; nothing before `first` is remembered."""

    def __init__(self, head_seq: int, events_max: int = EVENTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._items: deque[Item] = deque()
        self._events_max, self._bytes_max = events_max, bytes_max
        self._bytes = 0
        self.first = head_seq + 1
        self.last = head_seq

    def add(self, new: Item) -> None:
        """The next event; sequence numbers rise by one."""
        assert new.seq == self.last + 1, f"event {new.seq} follows {self.last}"
        self._items.append(new)
        self._bytes += len(new.data)
        self.last = new.seq
        while len(self._items) > self._events_max or self._bytes > self._bytes_max:
            self._bytes -= len(self._items.popleft().data)
            self.first += 1

    def skip(self, to_seq: int) -> None:
        """Forget everything, and go on behind this number."""
        self._items.clear()
        self._bytes = 0
        self.first, self.last = to_seq + 1, to_seq

    def holds(self, after_seq: int) -> bool:
        """Whether everything after this number is remembered."""
        return after_seq + 1 >= self.first

    def after(self, after_seq: int, limit: int) -> list[Item]:
        """At most `limit` events, oldest first. Those that follow a number that the ring `holds`."""
        start = max(after_seq + 1 - self.first, 0)
        return [self._items[place] for place in range(start, min(start + limit, len(self._items)))]
