"""Buttons of the chat: tokens that a press brings back. Owns their table in the outbox's file.

A button is 128 random bits, of which the file has the SHA-256, with whose it is, what it does, to what, and until when.
One that acts is used up durably before its act, and the act's idempotency key is made from the token: pressed again, or
told again by Telegram, it is answered with what happened, and the core does nothing twice. One that only asks (`Fire…`,
`Close…`) changes nothing and may be pressed while it holds; each press asks anew and voids the confirmation before it.
One that halts halts at every press, however old: nobody is told "already" who wants everything to stop now.

There is no PIN here: the factor is the token, bound to the number that Telegram vouches for in the update, in a chat
that only this person has. Who takes over the Telegram account has it, as has who takes the unlocked phone;
`operator suspend` by anyone, or `/lockme`, ends both.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

import apsw
import msgspec

from hydrad.domain.instants import HOUR, SECOND
from hydrad.host.entropy import draw_button
from hydrad.outbox.letter import Button as Shown

SCHEMA = """
CREATE TABLE IF NOT EXISTS button (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    identity TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail BLOB NOT NULL,
    expires_ns INTEGER NOT NULL,
    used_ns INTEGER NOT NULL,
    said TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS button_expiry ON button (expires_ns);
CREATE TABLE IF NOT EXISTS heard (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL UNIQUE
) STRICT;
"""
TOKEN_CHARACTERS = 22
CONFIRM_NS = 60 * SECOND
KEPT_NS = 24 * HOUR
HEARD_MAX = 10_000
BUTTONS_MAX = 20_000
_WISH = "?"
SAID_MAX = 1_000


class Action(enum.StrEnum):
    """What a press does. Those in `ASKS` change nothing."""

    ASK_FIRE = "ask-fire"
    FIRE = "fire"
    ASK_CLOSE = "ask-close"
    CLOSE = "close"
    ASK_HALT = "ask-halt"
    HALT = "halt"
    APPROVE = "approve"
    REFUSE = "refuse"
    PASS = "pass"
    ACK = "ack"
    CANCEL = "cancel"


Rows = tuple[tuple[Shown, ...], ...]
ASKS = frozenset({Action.ASK_FIRE, Action.ASK_CLOSE, Action.ASK_HALT})


class Meant(msgspec.Struct, frozen=True, array_like=True):
    """What was confirmed beside the subject: account and volume of a fire, the part of a close."""

    account: str = ""
    volume: str = ""
    part: str = ""


class _Detail(Meant, frozen=True, array_like=True):
    """As it is kept: `made_ns`, when the button was."""

    made_ns: int = 0


class Button(NamedTuple):
    """`subject`: a shown id, an account, or empty. `key`: the act's. `said`: what the first press was answered."""

    action: Action
    identity: str
    subject: str
    meant: Meant
    expires_ns: int
    key: str
    made_ns: int
    said: str = ""


class Pressed(enum.Enum):
    FIRST = "now it acts"
    AGAIN = "it has acted"
    LATE = "its time is over"
    FOREIGN = "it is somebody else's, or no button of ours"


class Press(NamedTuple):
    how: Pressed
    button: Button | None = None


class Buttons:
    """The table. Methods commit before they return, unless a transaction of the caller's is open."""

    def __init__(self, db: apsw.Connection, now_ns: Callable[[], int], draw: Callable[[], str] = draw_button) -> None:
        self._db, self._now_ns, self._draw = db, now_ns, draw

    def make(self, action: Action, identity: str, subject: str, ends_ns: int, meant: Meant | None = None) -> str:
        """A new button's token."""
        token = self._draw()
        meant = meant or Meant()
        detail = msgspec.msgpack.encode(_Detail(meant.account, meant.volume, meant.part, self._now_ns()))
        row = (_digest(token), identity, action.value, subject, detail, ends_ns, 0, "")
        with self._db:
            self._forget()
            self._db.execute("INSERT INTO button VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return token

    def sealed(self, rows: Rows, identity: str) -> Rows:
        """A letter's buttons as they are sent to this person: each wish is a new button's token. Not that of a letter
        which only waits: what nobody was sent, nobody can press."""
        return tuple(tuple(self._sealed(shown, identity) for shown in row) for row in rows)

    def _sealed(self, shown: Shown, identity: str) -> Shown:
        wish = _wish(shown.data)
        return shown if wish is None else Shown(shown.text, self.make(wish[0], identity, wish[1], wish[2]))

    def press(self, token: str, identity: str) -> Press:
        """Use a button up, durably, unless it only asks."""
        found = self.look(token, identity)
        if found.how is Pressed.FIRST and found.button is not None and found.button.action not in ASKS:
            with self._db:
                self._db.execute("UPDATE button SET used_ns = ? WHERE digest = ?", (self._now_ns(), _digest(token)))
        return found

    def look(self, token: str, identity: str) -> Press:
        """What a press would be; nothing is used up."""
        row = self._row(token)
        if row is None or row[0] != identity:
            return Press(Pressed.FOREIGN)
        button, used_ns = _read(token, row), row[5]
        if used_ns:
            return Press(Pressed.AGAIN, button)
        return Press(Pressed.LATE if button.expires_ns <= self._now_ns() else Pressed.FIRST, button)

    def said(self, token: str, text: str) -> None:
        """What the press was answered, for whoever presses again."""
        with self._db:
            self._db.execute("UPDATE button SET said = ? WHERE digest = ?", (text[:SAID_MAX], _digest(token)))

    def void(self, action: Action, identity: str, subject: str) -> None:
        """End those that nobody has pressed."""
        where = "identity = ? AND action = ? AND subject = ? AND used_ns = 0 AND expires_ns > ?"
        now_ns = self._now_ns()
        with self._db:
            row = (now_ns, identity, action.value, subject, now_ns)
            self._db.execute(f"UPDATE button SET expires_ns = ? WHERE {where}", row)

    def cancel(self, actions: Iterable[Action], identity: str, subject: str, ends_ns: int) -> str | None:
        """End the confirmations of this subject, unless the one that was made with this end was pressed before: then
        what that press was answered, empty while it is not yet."""
        names = [action.value for action in actions]
        of_this = f"identity = ? AND subject = ? AND expires_ns = ? AND action IN ({_marks(names)})"
        row = (identity, subject, ends_ns, *names)
        pressed = next(
            iter(self._db.execute(f"SELECT said FROM button WHERE {of_this} AND (used_ns > 0 OR said <> '')", row)),
            None,
        )
        if pressed is not None:
            return str(pressed[0])
        for name in names:
            self.void(Action(name), identity, subject)
        return None

    def first_heard(self, update: int) -> bool:
        """Remember an update by its number; whether it is told for the first time."""
        with self._db:
            self._db.execute("INSERT OR IGNORE INTO heard (number) VALUES (?)", (update,))
            first = self._db.changes() == 1
            self._db.execute("DELETE FROM heard WHERE place <= (SELECT max(place) FROM heard) - ?", (HEARD_MAX,))
        return first

    def _row(self, token: str) -> tuple[str, str, str, bytes, int, int, str] | None:
        if len(token) != TOKEN_CHARACTERS or not token.isascii():
            return None
        fields = "identity, action, subject, detail, expires_ns, used_ns, said"
        found = self._db.execute(f"SELECT {fields} FROM button WHERE digest = ?", (_digest(token),))
        return next(iter(found), None)

    def _forget(self) -> None:
        """Those that ended a day ago, and the oldest over the bound."""
        self._db.execute("DELETE FROM button WHERE expires_ns < ?", (self._now_ns() - KEPT_NS,))
        count = next(iter(self._db.execute("SELECT count(*) FROM button")))[0]
        if count >= BUTTONS_MAX:
            oldest = "SELECT digest FROM button ORDER BY expires_ns LIMIT ?"
            self._db.execute(f"DELETE FROM button WHERE digest IN ({oldest})", (count - BUTTONS_MAX + 1,))


def _read(token: str, row: tuple[str, str, str, bytes, int, int, str]) -> Button:
    identity, action, subject, detail, expires_ns, _, said = row
    kept = msgspec.msgpack.decode(detail, type=_Detail)
    meant = Meant(kept.account, kept.volume, kept.part)
    return Button(Action(action), identity, subject, meant, expires_ns, key_of(token), kept.made_ns, said)


def wish(text: str, action: Action, subject: str, ends_ns: int) -> Shown:
    """A button of a letter: what it shall do, until when. It has no token before it is sent, and is no token itself."""
    return Shown(text, f"{_WISH}{action.value} {ends_ns} {subject}")


def _wish(data: str) -> tuple[Action, str, int] | None:
    if not data.startswith(_WISH):
        return None
    action, ends, subject = data.removeprefix(_WISH).split(" ", 2)
    return Action(action), subject, int(ends)


def _marks(names: list[str]) -> str:
    return ", ".join("?" * len(names))


def key_of(token: str) -> str:
    """The idempotency key of a button's act."""
    return "bot-" + hashlib.sha256(b"act:" + token.encode()).hexdigest()[:40]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
