"""An act from its command to the worker and back: the ledger's rows, the two queues, the checks when it comes and when
it leaves, and the end of an agent that was told to stop.
"""

from __future__ import annotations

import msgspec

from hydrad.agent import calls, checks, inputs
from hydrad.agent.evidence import Evidence
from hydrad.agent.ledger import UNSETTLED, Event
from hydrad.agent.session import Phase
from hydrad.agent.state import Act
from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind, order_hash
from hydrad.link import frames
from hydrad.link.frames import LedgerRow, RowState

_EVENT_OF: dict[RowState, Event] = {
    RowState.DONE: Event.EXECUTED,
    RowState.WORKING: Event.RESTING,
    RowState.REFUSED: Event.REFUSED,
    RowState.NOT_EXECUTED: Event.WITHHELD,
    RowState.UNKNOWN: Event.UNCLEAR,
}


class Acts(Evidence):
    """A layer of the core; see `state`."""

    def _command(self, body: frames.Command) -> None:
        key = (body.act_id, body.move)
        digest = order_hash(body.order)
        if digest != body.order_hash or body.order.kind not in checks.KINDS[type(body)]:
            self._send_ready(frames.Conflict(*key, known_hash=digest, asked_hash=body.order_hash))
            return
        known = self._ledger.answer(key)
        if known is not None:
            self._repeated(known, digest)
            return
        act = Act(key, body.order, body.deadline_ns, body.mission_expiry_ms, self._epoch_max)
        code = checks.refusal(self._situation(act, queued=False), body.order)
        if code:
            self._tell(self._enter(key, Event.DENIED, digest, code=code))
        else:
            self._accept(act, digest)

    def _repeated(self, known: LedgerRow, digest: bytes) -> None:
        """The first answer again; a tombstone knows no order, and answers any."""
        key = (known.act_id, known.move)
        if known.state is not RowState.TOMBSTONED and known.order_hash != digest:
            self._send_ready(frames.Conflict(*key, known_hash=known.order_hash, asked_hash=digest))
            return
        self._tell(known)
        if known.state in UNSETTLED:
            self._seek(key)

    def _accept(self, act: Act, digest: bytes) -> None:
        row = self._enter(act.key, Event.ACCEPTED, digest, order=act.order)
        self._send_ready(frames.Ack(*act.key, ledger_index=row.index))
        (self._opening if act.order.kind is ActKind.FIRE else self._reducing).append(act)

    def _situation(self, act: Act, *, queued: bool) -> checks.Situation:
        order, now_ns = act.order, self._now_ns
        return checks.Situation(
            now_ns=now_ns,
            market_ms=self._market_ms,
            account=self._config.account,
            ready=self._talk.phase is Phase.READY,
            identified=self._identified(),
            clock_trusted=self._talk.clock.trusted(now_ns),
            not_after_ns=self._not_after_ns(act),
            mission_expiry_ms=act.mission_expiry_ms,
            fenced=act.deadline_ns is not None and act.epoch < self._epoch_max,
            halted=self._latches.halted,
            beat_age_ns=self._talk.beat_age_ns(now_ns),
            dead_man_ns=self._config.dead_man_ns,
            waiting=len(self._reducing) + len(self._opening),
            caps=self._caps,
            opened_within_minute=self._ledger.opened_within_minute(now_ns),
            equity=self._account.equity if self._account else None,
            terms=self._terms.get(order.symbol),
            quote=self._quotes.get(order.symbol),
            offset_known=self._offset_ms is not None,
            positions=self._positions,
            stopping_ns=None if self._stop_ns is None else now_ns - self._stop_ns,
            queued=queued,
        )

    def _not_after_ns(self, act: Act) -> int | None:
        """An act's deadline by our clock. A plan's step has none but the bound of one call."""
        if act.deadline_ns is None or "deadline_not_checked" in self._mutants:
            return self._now_ns + self._config.act_bound_ms * MS
        return self._talk.clock.not_after_ns(act.deadline_ns, self._now_ns)

    def _next_act(self) -> calls.Perform | None:
        for queue in (self._reducing, self._opening):
            while queue:
                act = queue.popleft()
                situation = self._situation(act, queued=True)
                code = checks.withheld(situation, act.order)
                if not code:
                    assert situation.not_after_ns is not None
                    return calls.Perform(*act.key, act.order, situation.not_after_ns)
                self._tell(self._next_row(act.key, Event.WITHHELD, code=code))
        return None

    def _performed(self, answer: calls.Performed) -> None:
        call = self._answered_call
        assert isinstance(call, calls.Perform)
        facts = msgspec.structs.asdict(answer)
        changed, event = facts.pop("identity_changed"), _EVENT_OF[facts.pop("state")]
        self._tell(self._next_row((call.act_id, call.move), event, **facts))
        if event is Event.UNCLEAR:
            self._seek((call.act_id, call.move))
        self._look_again()
        if changed:
            self._send_ready(frames.Warn("IDENTITY_CHANGED", f"after act {call.act_id}"))
        if self._halted_owed:
            self._tell_latch()

    def _stop(self, given: inputs.Stopping) -> None:
        """Nothing opens and nothing begins from here on; the shell ends us when nothing is in hand."""
        if self._stop_ns is None:
            self._stop_ns = self._now_ns
        self._withhold_waiting("STOPPING")

    def _withhold_waiting(self, *codes: str) -> None:
        """What waits for a worker and will not be sent for one of these reasons is told at once, not when that is
        free."""
        for queue in (self._reducing, self._opening):
            for act in tuple(queue):
                code = checks.withheld(self._situation(act, queued=True), act.order)
                if code in codes:
                    queue.remove(act)
                    self._tell(self._next_row(act.key, Event.WITHHELD, code=code))
