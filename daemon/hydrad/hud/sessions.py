"""Sessions of the HUD: who holds one, for how long, and what it may. Sans-IO; owns all that are open.

A session is known by the SHA-256 of a 256-bit id that only its holder has. The id is drawn here, never taken from a
client, and drawn anew at login and at every elevation; the one before it looks for some seconds more, since what its
holder has asked meanwhile bears it. `full` sessions may act, read-only ones may look and halt. What
its person may is asked of the core at each request, not kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from hydrad.domain.instants import MINUTE, SECOND
from hydrad.host.tickets import digest

SESSIONS_MAX = 256
SESSIONS_OF_ONE_MAX = 8
WRONG_MAX = 5
# `seen` is written down when it has moved so far: a restart may cost a session this much of its idle time.
SEEN_EVERY_NS = MINUTE
TOKEN_CHARACTERS_MAX = 128
# So long an id that was replaced may still look: until its holder has read the answer that brings the new one.
FORMER_NS = 15 * SECOND


class Limits(msgspec.Struct, frozen=True):
    """Seconds: without a request, after the login, and after a confirmation."""

    idle_s: int = 900
    max_s: int = 28_800
    confirm_s: int = 900


class Session(msgspec.Struct):
    """One browser or Mini App. Times are machine time in ns; `confirmed_ns` 0: never. `wrong`: PINs since a right one.
    `ended` is for those who hold on to it, such as a stream."""

    key: bytes
    identity: str
    full: bool
    created_ns: int
    seen_ns: int
    confirmed_ns: int = 0
    wrong: int = 0
    ended: bool = False
    kept_ns: int = 0  # `seen_ns` as it was last written down

    def is_over(self, limits: Limits, now_ns: int) -> bool:
        idle_ns, age_ns = now_ns - self.seen_ns, now_ns - self.created_ns
        return self.ended or idle_ns >= limits.idle_s * SECOND or age_ns >= limits.max_s * SECOND

    def is_confirmed(self, limits: Limits, now_ns: int) -> bool:
        return bool(self.confirmed_ns) and now_ns - self.confirmed_ns < limits.confirm_s * SECOND


class Sessions:
    """`changed`: what must be written down, by key; None is gone. Whoever writes it takes it with `take_changed`."""

    def __init__(self, limits: Limits, draw: Callable[[], str], kept: Iterable[Session] = ()) -> None:
        self.limits = limits
        self._draw = draw
        self._open = {session.key: session for session in kept}
        self._former: dict[bytes, tuple[Session, int]] = {}
        self.changed: dict[bytes, Session | None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, identity: str, full: bool, now_ns: int) -> tuple[str, Session]:
        """A new session and its id. The longest unseen one goes where there are too many."""
        self.drop_over(now_ns)
        own = [session for session in self._open.values() if session.identity == identity]
        self._make_room(own, SESSIONS_OF_ONE_MAX)
        self._make_room(list(self._open.values()), SESSIONS_MAX)
        token = self._draw()
        session = Session(digest(token), identity, full, now_ns, now_ns)
        self._put(session)
        return token, session

    def find(self, token: str, now_ns: int) -> Session | None:
        """Whose id this is, if it has not ended."""
        session = self._open.get(digest(token)) if len(token) <= TOKEN_CHARACTERS_MAX else None
        if session is not None and session.is_over(self.limits, now_ns):
            self.end(session)
            return None
        return session

    def find_former(self, token: str, now_ns: int) -> Session | None:
        """Whose id this was until moments ago: good for a look, for no act."""
        self._forget_former(now_ns)
        session, _ = self._former.get(digest(token), (None, 0)) if len(token) <= TOKEN_CHARACTERS_MAX else (None, 0)
        return None if session is None or session.is_over(self.limits, now_ns) else session

    def seen(self, session: Session, now_ns: int) -> None:
        """Its holder asked for something."""
        session.seen_ns = max(session.seen_ns, now_ns)
        if session.seen_ns - session.kept_ns >= SEEN_EVERY_NS:
            self._put(session)

    def confirm(self, session: Session, now_ns: int) -> str:
        """Its PIN was right; its new id."""
        session.confirmed_ns, session.wrong = now_ns, 0
        return self._rotate(session, now_ns)

    def unconfirm(self, identities: Collection[str]) -> None:
        """A person's PIN is another one: each of their sessions is asked for it."""
        for session in self._open.values():
            if session.identity in identities and session.confirmed_ns:
                session.confirmed_ns = 0
                self.changed[session.key] = session

    def elevate(self, session: Session, now_ns: int) -> str:
        """It may act from now on; its new id."""
        session.full = True
        return self._rotate(session, now_ns)

    def count_try(self, session: Session) -> bool:
        """Whether another PIN may be tried. Counted before it is looked at, so that many at once are many."""
        if session.wrong >= WRONG_MAX:
            return False
        session.wrong += 1
        self._put(session)
        return True

    def end(self, session: Session) -> None:
        session.ended = True
        self._open.pop(session.key, None)
        self.changed[session.key] = None

    def end_of(self, identities: Collection[str]) -> int:
        """End all of a person's; how many there were."""
        theirs = [session for session in self._open.values() if session.identity in identities]
        for session in theirs:
            self.end(session)
        return len(theirs)

    def drop_over(self, now_ns: int) -> None:
        for session in [s for s in self._open.values() if s.is_over(self.limits, now_ns)]:
            self.end(session)

    def take_changed(self) -> dict[bytes, Session | None]:
        """Copies of what must be written down; nothing is left."""
        taken = {key: msgspec.structs.replace(s) if s else None for key, s in self.changed.items()}
        self.changed.clear()
        return taken

    def _make_room(self, among: list[Session], most: int) -> None:
        among.sort(key=lambda session: session.seen_ns)
        for session in among[: max(len(among) - most + 1, 0)]:
            self.end(session)

    def _forget_former(self, now_ns: int) -> None:
        self._former = {key: kept for key, kept in self._former.items() if kept[1] > now_ns}

    def _rotate(self, session: Session, now_ns: int) -> str:
        del self._open[session.key]
        self._forget_former(now_ns)
        self._former[session.key] = session, now_ns + FORMER_NS
        self.changed[session.key] = None
        token = self._draw()
        session.key = digest(token)
        self._put(session)
        return token

    def _put(self, session: Session) -> None:
        session.kept_ns = session.seen_ns
        self._open[session.key] = session
        self.changed[session.key] = session
