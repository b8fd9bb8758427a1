"""One step's working surface: the state, the time, and what the step produces. Emitting a record applies it."""

from __future__ import annotations

from hydrad.domain.instants import MS
from hydrad.link import frames as f
from hydrad.toc import alarms, fold
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.effects import Effect, Reply, Send
from hydrad.toc.live import Link, Live
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import Act, State
from hydrad.toc.terminal import LINK_TRANSITIONS, LinkState
from hydrad.wire.answers import Problem
from hydrad.wire.codes import Finding

DAEMON_ACTOR = "daemon"


class Turn:
    """Lives for one input. `mutants`: names of mistakes that tests switch on, empty in the product."""

    __slots__ = ("actor", "effects", "input_no", "live", "missions", "mutants", "now_ns", "records", "state", "surface")

    def __init__(
        self, state: State, live: Live, now_ns: int, input_no: int, mutants: frozenset[str] = frozenset()
    ) -> None:
        self.state = state
        self.live = live
        self.now_ns = now_ns
        self.input_no = input_no
        self.mutants = mutants
        self.actor = DAEMON_ACTOR
        self.surface = "daemon"
        self.missions: set[int] = set()  # those whose acts have moved
        self.records: list[Record] = []
        self.effects: list[Effect] = []

    @property
    def market_ms(self) -> int:
        """Market time: the machine's on a live feed, the simulated broker's clock in a paper home (0: not known)."""
        return self.live.market_ms

    def emit(self, body: Body) -> None:
        """Write a record and fold it at once."""
        record = Record(
            seq=self.state.seq + 1,
            epoch=self.state.epoch,
            at_ns=self.now_ns,
            market_ms=self.live.market_ms,
            input_no=self.input_no,
            actor=self.actor,
            surface=self.surface,
            type=r.NAMES[type(body)],
            version=r.BODY_VERSION,
            body=r.encode(body),
        )
        fold.apply_body(self.state, record, body)
        self.records.append(record)

    def move(self, act: Act, event: ActEvent, by: str, **facts: object) -> None:
        """Move an act by its table."""
        if act.mission:
            self.missions.add(act.mission)
        self.emit(r.ActMoved(act.act_id, event, by, **facts))  # type: ignore[arg-type]

    def finding(self, code: Finding, subject: str, detail: str, alarm: bool = True) -> None:
        """Journal a finding, and raise its alarm unless that stands already."""
        self.emit(r.FindingMade(code.name, subject, detail))
        if alarm:
            self.alarm(code.name, subject, f"{code.text} {detail}")

    def alarm(self, code: str, subject: str, text: str) -> None:
        """Raise an alarm once per (code, subject); its owner and account follow from the subject."""
        for body in alarms.raised(self.state, code, subject, text):
            self.emit(body)

    def alarm_now(self, code: str, subject: str, text: str) -> None:
        """As `alarm`; one that stands says this from now on."""
        standing = alarms.standing(self.state, code, subject)
        if standing is None:
            self.alarm(code, subject, text)
        elif standing.text != text:
            self.emit(r.AlarmChanged(standing.number, text))

    def clear_alarm(self, code: str, subject: str, why: str) -> None:
        """The condition has ended; acknowledged or not."""
        standing = alarms.standing(self.state, code, subject)
        if standing is not None:
            self.emit(r.AlarmCleared(standing.number, why))

    def link_to(self, link: Link, state: LinkState, why: str) -> None:
        """Move a link by its table; journaled, so that `tail` tells of it."""
        if link.state is not state:
            assert state in LINK_TRANSITIONS[link.state], f"link {link.state} -> {state}"
            link.state = state
            self.emit(r.TerminalLinkChanged(link.terminal, state.value, why))
        link.why = why

    def send(self, link: Link, body: f.Down, opens: int = 0, act_id: int = 0) -> bool:
        """Queue a frame in the link's session; False when there is none."""
        if link.session is None or link.down is None:
            return False
        frame = f.DownFrame(f.LINK_VERSION, self.state.epoch, link.session.session, link.down.next_seq(), body)
        self.effects.append(Send(link.terminal, link.connection, frame, opens, act_id))
        return True

    def reply(self, request: int, schema: str, data: object, problem: Problem | None = None) -> None:
        self.effects.append(Reply(request, schema, data, problem))

    def advance_market(self, ms: int) -> None:
        """Market time never goes back."""
        if ms > self.live.market_ms:
            self.live.market_ms = ms

    def machine_market(self) -> None:
        """On a live feed market time is machine time."""
        if self.state.machine_time:
            self.advance_market(self.now_ns // MS)
