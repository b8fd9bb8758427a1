"""The agent's side of the talk with one daemon: phase, numbering, beats. Owns when HELLO and BEAT are due.

HELLO goes out as frame 1 of its session, again each second, always as frame 1, until WELCOME: a daemon that starts
in between takes any of them for the first. The daemon answers each BEAT with one BEAT, in order and at once; that
round trip measures its clock.
"""

from __future__ import annotations

import enum
from collections import deque

from hydrad.domain.instants import SECOND
from hydrad.link.clock import PeerClock
from hydrad.link.frames import LINK_VERSION, BeatDown, BeatUp, DownFrame, Hello, Up, UpFrame, Welcome, encode
from hydrad.link.session import Arrival, Session

HELLO_EVERY_NS = SECOND
BEAT_EVERY_NS = SECOND
# Three beats missed: the daemon is gone, or it has forgotten this session.
SILENCE_NS_MAX = 3 * SECOND
# After a daemon of another version: a person has to act, so no hurry.
OTHER_VERSION_WAIT_NS = 10 * SECOND
_BEATS_UNANSWERED_MAX = 16


class Phase(enum.Enum):
    CLOSED = "closed"  # no connection
    GREETING = "greeting"  # HELLO is out
    READING = "reading"  # welcomed; the books are being read
    READY = "ready"


class Talk:
    """One session, or none. With a new connection everything about the old one is forgotten."""

    def __init__(self, session: int | None = None, now_ns: int = 0, greet_ns: int = 0) -> None:
        """`greet_ns`: no HELLO before that."""
        self.phase = Phase.CLOSED if session is None else Phase.GREETING
        self.clock = PeerClock()
        self._session = None if session is None else Session(session)
        self._greet_ns = greet_ns
        self._heard_ns = max(now_ns, greet_ns)
        self._beat_ns = 0
        self._hello_ns = 0
        self._first_hello_ns = 0
        self._beat_up_ns = 0
        self._unanswered: deque[int] = deque()
        self._echo = 0

    @property
    def welcomed(self) -> bool:
        return self.phase in (Phase.READING, Phase.READY)

    def arrival(self, frame: DownFrame) -> Arrival:
        """Judge a frame's place; FOREIGN while there is no session."""
        if self._session is None:
            return Arrival.FOREIGN
        return self._session.arrival(frame.session, frame.seq)

    def data(self, epoch: int, body: Up, now_ns: int) -> bytes:
        """The bytes of the next frame; beats and HELLOs are noted with their time."""
        assert self._session is not None, "no session to send in"
        if isinstance(body, Hello):
            self._hello_sent(now_ns)
        elif isinstance(body, BeatUp):
            self._beat_sent(now_ns)
        number = self._session.next_seq()
        return encode(UpFrame(LINK_VERSION, epoch, self._session.session, number, body))

    def hello_due(self, now_ns: int) -> bool:
        due = now_ns >= self._greet_ns and now_ns - self._hello_ns >= HELLO_EVERY_NS
        return self.phase is Phase.GREETING and due

    def beat_due(self, now_ns: int) -> bool:
        return self.welcomed and now_ns - self._beat_up_ns >= BEAT_EVERY_NS

    def silent(self, now_ns: int) -> bool:
        """Nothing valid was heard, or beats went unanswered, for too long."""
        if self.phase is Phase.CLOSED:
            return False
        return now_ns - self._heard_ns >= SILENCE_NS_MAX or len(self._unanswered) > _BEATS_UNANSWERED_MAX

    def heard(self, now_ns: int) -> None:
        """A valid frame of the session came."""
        self._heard_ns = now_ns

    def welcome(self, body: Welcome, now_ns: int) -> None:
        """WELCOME answers one of the HELLOs; the first of them gives the widest, so a true, bound."""
        self.phase = Phase.READING
        self._beat_ns, self._echo = now_ns, body.machine_ns
        self.clock.measured(self._first_hello_ns, now_ns, body.machine_ns)

    def beat(self, body: BeatDown, now_ns: int) -> None:
        self._beat_ns, self._echo = now_ns, body.machine_ns
        if self._unanswered:
            self.clock.measured(self._unanswered.popleft(), now_ns, body.machine_ns)

    def beat_age_ns(self, now_ns: int) -> int:
        """Since the last BEAT or WELCOME."""
        return now_ns - self._beat_ns

    def echo(self, now_ns: int) -> tuple[int, int]:
        """The daemon's last beat, and for how long it has been held; (0, 0) before the first."""
        return (self._echo, now_ns - self._beat_ns) if self._echo else (0, 0)

    def _hello_sent(self, now_ns: int) -> None:
        assert self._session is not None
        self._session.sent = 0
        self._hello_ns = now_ns
        self._first_hello_ns = self._first_hello_ns or now_ns

    def _beat_sent(self, now_ns: int) -> None:
        self._beat_up_ns = now_ns
        self._unanswered.append(now_ns)
