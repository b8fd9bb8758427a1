"""Records as a stream of events: history first, then what is committed, without a gap or a repeat.

Owns the reader's place in the journal. Each event is read from the journal by sequence number, live ones too:
a notification only says how far the journal goes. So nothing can be lost between history and life, a slow
client costs no memory (the stream waits until it has read), and a client that comes back names the last
number it saw.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hydrad.control.handler import Reply
from hydrad.toc.record import Record
from hydrad.wire.answers import Answer
from hydrad.wire.answers.journal import Event
from hydrad.wire.calls import Tail

RECORDS_PER_TURN_MAX = 200
# Of `last`: more events than these are asked for with `after_seq` or `since`.
LAST_MAX = 10_000

Read = Callable[[int, int], list[Record]]
Select = Callable[[Record], Event | None]


def selector(call: Tail, render: Callable[[Record], Event | None]) -> Select:
    """A record's event if the call wants it: kind, symbol, mission, since (inclusive) and until
    (exclusive)."""

    def select(record: Record) -> Event | None:
        if call.kind is not None and record.type != call.kind:
            return None
        if call.since_ns is not None and record.at_ns < call.since_ns:
            return None
        if call.until_ns is not None and record.at_ns >= call.until_ns:
            return None
        event = render(record)
        if event is None:
            return None
        if call.symbol is not None and event.facts.get("symbol") != call.symbol:
            return None
        if call.mission is not None and call.mission not in event.ids:
            return None
        return event

    return select


class TailStream:
    """One `tail` call.

    `read(after_seq, limit)` gives committed records, oldest first. `select` renders and filters (`selector`).
    `envelope(event, more)` makes the answer; the last one has no event and `more` False. `later` is the
    loop's `call_soon`: a turn reads at most 200 records, then gives way. `after_seq` wins over `since_ns`,
    `since_ns` over `last`. Without `follow` the stream ends at the head of its start. With `until_ns` it ends
    at the first record of that time or later.
    """

    def __init__(
        self,
        call: Tail,
        head_seq: int,
        read: Read,
        select: Select,
        envelope: Callable[[Event | None, bool], Answer],
        reply: Reply,
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        self._call = call
        self._head = self._end = head_seq
        self._read = read
        self._select = select
        self._envelope = envelope
        self._reply = reply
        self._later = later
        self._found: deque[Event] = deque()
        self._wanted = 0
        self._cursor = self._edge = head_seq
        self._scheduled = False
        self._done = False
        self._begin()
        self._arrange()

    @property
    def done(self) -> bool:
        """True when the last answer was sent, or the client is gone: notifications are wanted no more."""
        return self._done

    def notify(self, head_seq: int) -> None:
        """Records up to `head_seq` are committed."""
        if head_seq > self._head:
            self._head = head_seq
            self._arrange()

    def keep_alive(self) -> None:
        """An answer without an event, to a client that follows: so that silence means a daemon that hangs. One that
        lags has enough to read."""
        if not self._done and self._call.follow and self._reply.ready(self._arrange):
            self._done = not self._reply.send(self._envelope(None, True))

    def stop(self) -> None:
        """The client is gone."""
        self._done = True

    def _begin(self) -> None:
        call = self._call
        if call.after_seq is not None:
            self._cursor = call.after_seq
        elif call.since_ns is not None:
            self._cursor = self._before(call.since_ns)
        else:
            self._wanted = min(max(call.last, 0), LAST_MAX)

    def _before(self, at_ns: int) -> int:
        """The last sequence number older than `at_ns`, by halving; times follow the numbers unless the host's
        clock was set back."""
        low, high = 0, self._head
        while low < high:
            middle = (low + high) // 2
            records = self._read(middle, 1)
            if records and records[0].at_ns < at_ns:
                low = middle + 1
            else:
                high = middle
        return low

    def _arrange(self) -> None:
        if not self._scheduled and not self._done:
            self._scheduled = True
            self._later(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._done or not self._reply.ready(self._arrange):
            return
        if self._edge > 0 and len(self._found) < self._wanted:
            self._look_back()
        elif self._found:
            self._wanted = 0
            self._send_found()
        else:
            self._wanted = 0
            self._read_on()

    def _look_back(self) -> None:
        """One slice backwards, for `last`."""
        start = max(0, self._edge - RECORDS_PER_TURN_MAX)
        for record in reversed(self._read(start, self._edge - start)):
            event = self._select(record)
            if event is not None and len(self._found) < self._wanted:
                self._found.appendleft(event)
        self._edge = start
        self._arrange()

    def _send_found(self) -> None:
        for _ in range(min(len(self._found), RECORDS_PER_TURN_MAX)):
            if not self._send(self._found.popleft()):
                return
        self._arrange()

    def _read_on(self) -> None:
        """One slice forwards from the cursor, up to the head (to the end, without `follow`)."""
        goal = self._head if self._call.follow else self._end
        if self._cursor >= goal:
            if not self._call.follow:
                self._finish()
            return
        records = self._read(self._cursor, min(RECORDS_PER_TURN_MAX, goal - self._cursor))
        assert records, f"the journal's head is {goal}, and nothing follows {self._cursor}"
        for record in records:
            if self._call.until_ns is not None and record.at_ns >= self._call.until_ns:
                self._finish()
                return
            self._cursor = record.seq
            event = self._select(record)
            if event is not None and not self._send(event):
                return
        self._arrange()

    def _send(self, event: Event) -> bool:
        if not self._reply.send(self._envelope(event, True)):
            self._done = True
        return not self._done

    def _finish(self) -> None:
        self._done = True
        self._reply.send(self._envelope(None, False))
