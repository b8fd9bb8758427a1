"""Acts without a verdict: who asked about them, the search in the broker's records, and what that proves."""

from __future__ import annotations

import msgspec

from hydrad.agent import calls
from hydrad.agent.latching import Latching
from hydrad.agent.ledger import UNSETTLED, Event, Key
from hydrad.link import frames
from hydrad.link.frames import LedgerRow, RowState

_FOUND_AS: dict[RowState | None, Event] = {
    RowState.DONE: Event.FOUND,
    RowState.WORKING: Event.FOUND_RESTING,
    RowState.ENDED: Event.FOUND_ENDED,
    RowState.NOT_EXECUTED: Event.PROVEN_ABSENT,
    None: Event.PROVEN_ABSENT,
}


class Evidence(Latching):
    """A layer of the core; see `state`."""

    def _tell(self, row: LedgerRow) -> None:
        """Report a row: as the answer to a question, as a plan's step, or as the act's result."""
        key, fire_id = (row.act_id, row.move), self._plans.fire_of(row.act_id)
        if key in self._askers:
            del self._askers[key]
            self._send_ready(frames.Status(row))
        elif fire_id is not None:
            self._send_ready(frames.PlanStepRun(fire_id, row))
        else:
            self._send_ready(frames.Result(row))

    def _query(self, body: frames.Query) -> None:
        key = (body.act_id, body.move)
        known = self._ledger.newest(key)
        if known is None:
            known = self._enter(key, Event.ASKED, b"", code="TOMBSTONED")
        if known.state in UNSETTLED and not self._is_in_hand(key) and self._worker_up:
            self._askers[key] = None
            self._seek(key)
        else:
            self._send_ready(frames.Status(known))

    def _chase(self) -> None:
        """Look for every act without a verdict, asked or not; what rests where it was last seen needs no search."""
        for key in self._ledger.unsettled:
            row = self._ledger.newest(key)
            if row is None or not self._resting.holds(row):
                self._seek(key)

    def _seek(self, key: Key) -> None:
        if not self._is_in_hand(key):
            self._sought[key] = None

    def _next_find(self) -> calls.Find | None:
        while self._sought:
            key = next(iter(self._sought))
            del self._sought[key]
            order, row = self._ledger.order(key), self._ledger.newest(key)
            if order is not None and row is not None and row.state in UNSETTLED:
                return calls.Find(*key, order, row.market_ms)
        return None

    def _found(self, answer: calls.Found) -> None:
        call = self._answered_call
        assert isinstance(call, calls.Find)
        key = (call.act_id, call.move)
        known = self._ledger.newest(key)
        assert known is not None
        news = answer.state is not known.state and (answer.state is not None or self._proven(known, answer))
        if known.state in UNSETTLED and news:
            facts = msgspec.structs.asdict(answer)
            event = _FOUND_AS[facts.pop("state")]
            facts.pop("connected")
            facts["code"] = facts["code"] or event.name
            self._tell(self._next_row(key, event, **facts))
            self._look_again()
        elif key in self._askers:
            self._tell(known)

    def _proven(self, row: LedgerRow, answer: calls.Found) -> bool:
        """Whether not finding it proves that it is not there: the broker has had the settle window, all of it over
        a connection without a break that we have seen ourselves."""
        since_ns = self._connected_since_ns
        if since_ns is None or not answer.connected:
            return False
        began_ns: int | None = row.at_ns
        if row.state is RowState.WORKING and "gone_is_proof" not in self._mutants:
            began_ns = self._resting.missed_ns((row.act_id, row.move))
        return began_ns is not None and self._now_ns - max(began_ns, since_ns) >= self._config.settle_ns

    def _look_again(self) -> None:
        """An act changed something: the next reading is a full one, and its positions are told in any case."""
        self._read_ms, self._positions_shown = -1, None
        self._resting.forget_told()
