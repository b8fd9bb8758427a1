"""Letters that wait, what was told, where messages stand: tables of `state/outbox.db`. Owns when a letter leaves it.

One thread at a time. What a method has written is durable when it returns; letters and the place in the journal that
they were read from move in one transaction, so that each record is told at least once, and a letter's key tells it
once. `doubt_ns` is written before a message leaves: a letter that has one may have been sent already.

Every letter ends. It arrives, expires by itself, is one too many, or its recipient is gone; one whose recipient has
been rejected for `REJECTED_MAX_NS`, and any that has waited for `WAIT_MAX_NS`, is dropped, a halt too: an alarm stands
then that says so by other ways (ADDRESS_REJECTED, CHANNEL_DOWN), and nobody is served by last week's halt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import msgspec

from hydrad.domain.instants import HOUR
from hydrad.outbox.file import open_file
from hydrad.outbox.letter import Button, Channel, Letter, Priority
from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Rejected, Sent, Throttled, Uneditable

LETTERS_MAX = 10_000
BYTES_MAX = 32 << 20
# Telegram edits messages of at most 48 h; an hour less, since clocks differ and an edit may wait.
EDITABLE_NS = 47 * HOUR
KEPT_NS = 30 * 24 * HOUR
REJECTED_MAX_NS = 24 * HOUR
WAIT_MAX_NS = 7 * 24 * HOUR

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    priority INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    made_ns INTEGER NOT NULL,
    doubt_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    topic TEXT NOT NULL,
    silent INTEGER NOT NULL,
    edits_only INTEGER NOT NULL,
    text TEXT NOT NULL,
    buttons BLOB NOT NULL,
    image BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS letter_next ON letter (channel, recipient, priority, id);
CREATE INDEX IF NOT EXISTS letter_topic ON letter (channel, recipient, topic);
CREATE TABLE IF NOT EXISTS told (key TEXT PRIMARY KEY, at_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    message TEXT NOT NULL,
    topic TEXT NOT NULL,
    image INTEGER NOT NULL,
    sent_ns INTEGER NOT NULL,
    PRIMARY KEY (channel, recipient, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_topic ON message (channel, recipient, topic, sent_ns);
CREATE TABLE IF NOT EXISTS stopped (
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (channel, recipient)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejected (
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    since_ns INTEGER NOT NULL,
    PRIMARY KEY (channel, recipient)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
"""
_FIELDS = "key, channel, recipient, priority, expires_ns, topic, silent, edits_only, text, buttons, image"
_INSERT = f"INSERT INTO letter (size_bytes, made_ns, doubt_ns, {_FIELDS}) VALUES (?, ?, 0, {', '.join('?' * 11)})"
_NEWER = f"""
UPDATE letter SET size_bytes = ?, made_ns = ?, {" = ?, ".join(_FIELDS.split(", "))} = ? WHERE id = ?"""
# The first letter of each recipient: SQLite takes the bare columns from the row that has the least value.
_HEADS = """
SELECT recipient, priority, id, made_ns, min(priority * 4611686018427387 + id) FROM letter
WHERE channel = ? GROUP BY recipient"""
_EXPIRED = "SELECT id FROM letter WHERE expires_ns > 0 AND expires_ns <= ?1 OR made_ns <= ?2"
_REJECTED = """
SELECT id FROM letter JOIN rejected USING (channel, recipient) WHERE max(made_ns, since_ns) <= ?"""
_NOT_WAITED_FOR = """
DELETE FROM rejected WHERE NOT EXISTS (SELECT 1 FROM letter WHERE letter.channel = rejected.channel
AND letter.recipient = rejected.recipient)"""
_BUTTONS = msgspec.msgpack.Decoder(tuple[tuple[Button, ...], ...])


class Head(NamedTuple):
    """The letter that a recipient gets next."""

    to: str
    priority: Priority
    id: int
    made_ns: int


class Message(NamedTuple):
    """A message that was sent. `name`: the channel's own of it."""

    name: str
    image: bool


class Row(NamedTuple):
    """A letter on its way. `edits`: the message to change instead of sending one; `doubt_ns`: when it may have been
    sent already, 0 where it was not."""

    id: int
    letter: Letter
    edits: Message | None
    doubt_ns: int


class Stopped(NamedTuple):
    """A recipient who takes nothing any more."""

    channel: Channel
    to: str
    since_ns: int
    why: str


class Drop(NamedTuple):
    """A letter that will not be sent. `reason`: full, expired, gone, rejected, refused."""

    reason: str
    channel: Channel
    to: str
    priority: Priority
    key: str
    why: str = ""


class Store:
    """The file at `path`. `new`: it was made just now. Raises BadStore, OSError."""

    def __init__(
        self, path: Path, letters_max: int = LETTERS_MAX, bytes_max: int = BYTES_MAX, schemas: tuple[str, ...] = ()
    ) -> None:
        self.db, self.new = open_file(path, (_SCHEMA, *schemas))
        self._letters_max, self._bytes_max = letters_max, bytes_max
        self._flying: set[int] = set()
        self.counts: Counter[str] = Counter()
        self._only_newest()

    def _only_newest(self) -> None:
        """What flew when the last process ended and has a newer version leaves its doubt to that one."""
        older = """SELECT a.id, a.key, a.doubt_ns, a.made_ns, max(b.id) FROM letter a JOIN letter b ON b.id > a.id
            AND b.channel = a.channel AND b.recipient = a.recipient AND b.topic = a.topic
            WHERE a.topic != '' GROUP BY a.id"""
        with self.db:
            for number, key, doubt_ns, made_ns, newer in self._rows(older):
                self._tell(key, made_ns)
                self.db.execute("DELETE FROM letter WHERE id = ?", (number,))
                self.db.execute("UPDATE letter SET doubt_ns = max(doubt_ns, ?) WHERE id = ?", (doubt_ns, newer))

    def close(self) -> None:
        self.db.close()

    def _rows(self, query: str, *values: apsw.SQLiteValue) -> list[tuple[Any, ...]]:
        return self.db.execute(query, values).fetchall()

    # --- coming in ------------------------------------------------------------------------------------

    def place(self) -> int | None:
        """The journal's record that was read last; None in a new file."""
        found: int | None = self.db.execute("SELECT seq FROM place").get
        return found

    def put(self, letters: Iterable[Letter], now_ns: int, place: int | None = None) -> list[Drop]:
        """Take these, and the place that they were read up to, together. Those whose key was put before are nothing.
        Returns what had to be left out: for recipients who are gone, or since the file is full, the least first."""
        drops: list[Drop] = []
        with self.db:
            for letter in letters:
                if self._known(letter.key):
                    self.counts["known"] += 1
                elif self._is_stopped(letter):
                    drops.append(self._left_out(letter, now_ns))
                else:
                    self._take(letter, now_ns)
            drops += self._bounded(now_ns)
            if place is not None:
                self.db.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (place,))
        return drops

    def _known(self, key: str) -> bool:
        found = self.db.execute(
            "SELECT 1 FROM told WHERE key = ?1 UNION ALL SELECT 1 FROM letter WHERE key = ?1", (key,)
        )
        return found.get is not None

    def _is_stopped(self, letter: Letter) -> bool:
        to = (letter.channel.value, letter.to)
        return self.db.execute("SELECT 1 FROM stopped WHERE channel = ? AND recipient = ?", to).get is not None

    def _take(self, letter: Letter, now_ns: int) -> None:
        older = self._unsent(letter)
        if older is None:
            self.db.execute(_INSERT, _values(letter, now_ns))
            return
        self._tell(older[1], now_ns)
        self.db.execute(_NEWER, (*_values(_onto(self._letter(older[0]), letter), now_ns), older[0]))
        self.counts["coalesced"] += 1

    def _letter(self, number: int) -> Letter:
        (fields,) = self._rows(f"SELECT {_FIELDS} FROM letter WHERE id = ?", number)
        return _letter(fields)

    def _unsent(self, letter: Letter) -> tuple[int, str] | None:
        """The version of this letter's topic that waits, by number and key."""
        if not letter.topic:
            return None
        query = "SELECT id, key FROM letter WHERE channel = ? AND recipient = ? AND topic = ? ORDER BY id DESC"
        rows = self.db.execute(query, (letter.channel.value, letter.to, letter.topic))
        return next(((number, key) for number, key in rows if number not in self._flying), None)

    def _bounded(self, now_ns: int) -> list[Drop]:
        drops: list[Drop] = []
        ((count, size),) = self._rows("SELECT count(*), coalesce(sum(size_bytes), 0) FROM letter")
        if count <= self._letters_max and size <= self._bytes_max:
            return drops
        for number, of in self._least_first():
            drops.append(self._drop("full", number, now_ns))
            count, size = count - 1, size - of
            if count <= self._letters_max and size <= self._bytes_max:
                break
        return drops

    def _least_first(self) -> list[tuple[int, int]]:
        rows = self._rows("SELECT id, size_bytes FROM letter ORDER BY priority DESC, id")
        return [(number, of) for number, of in rows if number not in self._flying]

    # --- going out ------------------------------------------------------------------------------------

    def heads(self, channel: Channel) -> list[Head]:
        """For each recipient the letter that goes next: the most urgent, of these the oldest."""
        rows = self.db.execute(_HEADS, (channel.value,))
        return [Head(to, Priority(priority), number, made) for to, priority, number, made, _ in rows]

    def began(self, numbers: Sequence[int], now_ns: int) -> list[Row]:
        """These leave now. Written down first, so that after a crash it is known that they may have been sent. Without
        those that only edit and find nothing to edit: they are over."""
        rows = [self._row(number, now_ns) for number in numbers]
        leaving = [row for row in rows if row.edits is not None or not row.letter.edits_only]
        with self.db:
            for row in rows:
                if row not in leaving:
                    self._over("needless", row, now_ns)
                elif row.edits is None and not row.doubt_ns:
                    self.db.execute("UPDATE letter SET doubt_ns = ? WHERE id = ?", (now_ns, row.id))
        self._flying.update(row.id for row in leaving)
        return leaving

    def _over(self, count: str, row: Row, now_ns: int) -> None:
        self._tell(row.letter.key, now_ns)
        self.db.execute("DELETE FROM letter WHERE id = ?", (row.id,))
        self.counts[count] += 1

    def _row(self, number: int, now_ns: int) -> Row:
        query = f"SELECT {_FIELDS}, doubt_ns FROM letter WHERE id = ?"
        ((*fields, doubt_ns),) = self._rows(query, number)
        letter = _letter(tuple(fields))
        return Row(number, letter, self._editable(letter, now_ns), doubt_ns)

    def _editable(self, letter: Letter, now_ns: int) -> Message | None:
        """The message of its topic that it may change; an image comes only with a new one."""
        if not letter.topic or letter.image:
            return None
        query = """SELECT message, image FROM message WHERE channel = ? AND recipient = ? AND topic = ? AND sent_ns > ?
            ORDER BY sent_ns DESC LIMIT 1"""
        of = (letter.channel.value, letter.to, letter.topic, now_ns - EDITABLE_NS)
        found = self.db.execute(query, of).fetchone()
        return Message(found[0], bool(found[1])) if found else None

    def settle(self, row: Row, outcome: Outcome, now_ns: int) -> list[Drop]:
        """What became of a letter that left. Returns what will never be sent."""
        if row.id not in self._flying:  # it was settled before
            return []
        self._flying.discard(row.id)
        with self.db:
            match outcome:
                case Sent(message):
                    self._sent(row, message, now_ns)
                case Refused():
                    return [self._drop("refused", row.id, now_ns)]
                case Gone(why):
                    return self._gone(row.letter, why, now_ns)
                case Uneditable():
                    self._forget(row)
                    self._back(row, row.doubt_ns, now_ns)
                case Throttled():
                    self._back(row, row.doubt_ns, now_ns)
                case Rejected():
                    self._back(row, row.doubt_ns, now_ns)
                    to = (row.letter.channel.value, row.letter.to, now_ns)
                    self.db.execute("INSERT OR IGNORE INTO rejected VALUES (?, ?, ?)", to)
                case Lost(_, reached):
                    sent_perhaps = reached and row.edits is None and not row.doubt_ns
                    self._back(row, now_ns if sent_perhaps else row.doubt_ns, now_ns)
        return []

    def _sent(self, row: Row, message: str, now_ns: int) -> None:
        letter = row.letter
        self._over("edited" if row.edits else "sent", row, now_ns)
        to = (letter.channel.value, letter.to)
        self.db.execute("DELETE FROM rejected WHERE channel = ? AND recipient = ?", to)
        if letter.topic and message and row.edits is None:
            values = (letter.channel.value, letter.to, message, letter.topic, int(bool(letter.image)), now_ns)
            self.db.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?)", values)

    def _back(self, row: Row, doubt_ns: int, now_ns: int) -> None:
        """It waits again, or is over where a newer version of its topic came meanwhile."""
        newer = self._unsent_beside(row)
        if newer is None:
            self.db.execute("UPDATE letter SET doubt_ns = ? WHERE id = ?", (doubt_ns, row.id))
            return
        self._over("coalesced", row, now_ns)
        if row.edits is None:
            self.db.execute(_NEWER, (*_values(_onto(row.letter, self._letter(newer)), now_ns), newer))
        self.db.execute("UPDATE letter SET doubt_ns = ? WHERE id = ?", (doubt_ns, newer))

    def _unsent_beside(self, row: Row) -> int | None:
        if not row.letter.topic:
            return None
        query = "SELECT id FROM letter WHERE channel = ? AND recipient = ? AND topic = ? AND id > ?"
        of = (row.letter.channel.value, row.letter.to, row.letter.topic, row.id)
        found: int | None = self.db.execute(query, of).get
        return found

    def _forget(self, row: Row) -> None:
        assert row.edits is not None
        of = (row.letter.channel.value, row.letter.to, row.edits.name)
        self.db.execute("UPDATE message SET sent_ns = 0 WHERE channel = ? AND recipient = ? AND message = ?", of)

    def expire(self, now_ns: int) -> list[Drop]:
        """What is not worth sending any more leaves, and so does what was told long ago; a halt or an unknown only
        where it cannot arrive. Of recipients for whom nothing waits it is forgotten that they were rejected."""
        expired = self._standing(_EXPIRED, now_ns, now_ns - WAIT_MAX_NS)
        with self.db:
            drops = [self._drop("expired", number, now_ns) for number in expired]
            rejected = self._standing(_REJECTED, now_ns - REJECTED_MAX_NS)
            drops += [self._drop("rejected", number, now_ns) for number in rejected]
            self.db.execute(_NOT_WAITED_FOR)
            self.db.execute("DELETE FROM told WHERE at_ns <= ?", (now_ns - KEPT_NS,))
            self.db.execute("DELETE FROM message WHERE sent_ns <= ?", (now_ns - KEPT_NS,))
        return drops

    def _standing(self, query: str, *values: apsw.SQLiteValue) -> list[int]:
        return [number for (number,) in self._rows(query, *values) if number not in self._flying]

    def rejected(self) -> list[tuple[Channel, str]]:
        """Recipients whose last letter was rejected, and who are still waited for."""
        rows = self._rows("SELECT channel, recipient FROM rejected ORDER BY since_ns")
        return [(Channel(channel), to) for channel, to in rows]

    # --- recipients -----------------------------------------------------------------------------------

    def _gone(self, letter: Letter, why: str, now_ns: int) -> list[Drop]:
        to = (letter.channel.value, letter.to)
        self.db.execute("INSERT OR IGNORE INTO stopped VALUES (?, ?, ?, ?)", (*to, now_ns, why))
        rows = self._rows("SELECT id FROM letter WHERE channel = ? AND recipient = ? ORDER BY id", *to)
        return [self._drop("gone", number, now_ns)._replace(why=why) for (number,) in rows]

    def stopped(self) -> list[Stopped]:
        """Recipients to whom nothing is sent until they are back."""
        rows = self.db.execute("SELECT channel, recipient, since_ns, why FROM stopped ORDER BY since_ns")
        return [Stopped(Channel(channel), to, since_ns, why) for channel, to, since_ns, why in rows]

    def back(self, channel: Channel, to: str) -> bool:
        """They were heard of: letters to them are taken again. Whether they had been stopped."""
        self.db.execute("DELETE FROM stopped WHERE channel = ? AND recipient = ?", (channel.value, to))
        return bool(self.db.changes())

    def topic_of(self, channel: Channel, to: str, message: str) -> str:
        """What a message that somebody answers was about; empty where that is not known."""
        query = "SELECT topic FROM message WHERE channel = ? AND recipient = ? AND message = ?"
        return self.db.execute(query, (channel.value, to, message)).get or ""

    def size(self) -> int:
        """How many letters wait."""
        found: int = self.db.execute("SELECT count(*) FROM letter").get
        return found

    def waiting(self, channel: Channel) -> dict[Priority, int]:
        """How many letters wait, by priority."""
        query = "SELECT priority, count(*) FROM letter WHERE channel = ? GROUP BY priority"
        return {Priority(priority): count for priority, count in self.db.execute(query, (channel.value,))}

    # --- leaving --------------------------------------------------------------------------------------

    def _tell(self, key: str, now_ns: int) -> None:
        self.db.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (key, now_ns))

    def _drop(self, reason: str, number: int, now_ns: int) -> Drop:
        query = "SELECT key, channel, recipient, priority FROM letter WHERE id = ?"
        ((key, channel, to, priority),) = self._rows(query, number)
        self.db.execute("DELETE FROM letter WHERE id = ?", (number,))
        self._tell(key, now_ns)
        self.counts[reason] += 1
        return Drop(reason, Channel(channel), to, Priority(priority), key)

    def _left_out(self, letter: Letter, now_ns: int) -> Drop:
        self._tell(letter.key, now_ns)
        self.counts["gone"] += 1
        return Drop("gone", letter.channel, letter.to, letter.priority, letter.key)


def _onto(older: Letter, newer: Letter) -> Letter:
    """The newer version of a message that was not sent yet. One that only edits is that message, changed: as loud, as
    urgent, and worth sending as long."""
    if older.edits_only or not newer.edits_only:
        return newer
    return msgspec.structs.replace(
        newer,
        edits_only=False,
        silent=older.silent,
        priority=min(older.priority, newer.priority),
        expires_ns=older.expires_ns,
    )


def _values(letter: Letter, now_ns: int) -> tuple[apsw.SQLiteValue, ...]:
    return (
        letter.size_bytes,
        now_ns,
        letter.key,
        letter.channel.value,
        letter.to,
        letter.priority.value,
        letter.expires_ns,
        letter.topic,
        int(letter.silent),
        int(letter.edits_only),
        letter.text,
        msgspec.msgpack.encode(letter.buttons),
        letter.image,
    )


def _letter(fields: tuple[Any, ...]) -> Letter:
    key, channel, to, priority, expires_ns, topic, silent, edits_only, text, buttons, image = fields
    return Letter(
        key=key,
        channel=Channel(channel),
        to=to,
        priority=Priority(priority),
        text=text,
        buttons=_BUTTONS.decode(buttons),
        expires_ns=expires_ns,
        topic=topic,
        image=image,
        silent=bool(silent),
        edits_only=bool(edits_only),
    )
