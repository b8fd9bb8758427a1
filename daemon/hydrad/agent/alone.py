"""What the agent begins without a command: steps of plans, its equity floor, a flatten of this host, the dead-man."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hydrad.agent import calls, effects, entries, flatten, floor, inputs, resting
from hydrad.agent.acts import Acts
from hydrad.agent.latch import FLOOR
from hydrad.agent.ledger import Event, Key
from hydrad.agent.plans import Due, Reading, needs_fire, unsupported
from hydrad.agent.state import Act
from hydrad.domain.orders import ActKind, Order, order_hash
from hydrad.domain.plans import replacing_order
from hydrad.link import frames


class Alone(Acts):
    """A layer of the core; see `state`."""

    def _plan(self, body: frames.Plan) -> None:
        """Replace a position's plan: with an act id once, however often it is asked for."""
        key = (body.act_id, 0)
        order = replacing_order(self._config.account, body.position_id, body.steps, body.stop_points)
        digest = order_hash(order)
        known = self._ledger.answer(key) if body.act_id else None
        if known is not None:
            self._repeated(known, digest)
            return
        known_fire = bool(body.stop_points) or self._ledger.order((body.fire_id, 0)) is not None
        if unsupported(body.steps) or (needs_fire(body.steps) and not known_fire):
            self._send_ready(frames.Warn("PLAN_UNSUPPORTED", f"position {body.position_id}"))
            if body.act_id:
                self._tell(self._enter(key, Event.DENIED, digest, code="PLAN_UNSUPPORTED"))
            return
        if body.act_id:
            self._enter(key, Event.ACCEPTED, digest, order=order)
        self._store(entries.PlanStored(body.position_id, body.fire_id, body.steps, body.stop_points))
        if body.act_id:
            self._tell(self._next_row(key, Event.EXECUTED, position_id=body.position_id))

    def _run_plans(self, seen: calls.Polled) -> None:
        """Steps that are due. Nothing is due on a position while an act on it is without a verdict, and nothing by
        its price while older ticks than the market's last are being read."""
        unsettled = [self._ledger.order(key) for key in self._ledger.unsettled]
        now = Reading(
            account=self._config.account,
            market_ms=seen.market_ms,
            positions=self._positions,
            quotes=self._quotes if seen.complete else {},
            terms=self._terms,
            busy={order.position_id for order in unsettled if order is not None},
        )
        for due in list(self._plans.due(now, self._ledger)):
            self._run_step(due)

    def _run_step(self, due: Due) -> None:
        act = Act((due.step.act_id, due.move), due.order, None, 0, self._epoch_max)
        self._tell(self._enter(act.key, Event.ACCEPTED, order_hash(due.order), order=due.order))
        if due.skipped:
            self._tell(self._next_row(act.key, Event.WITHHELD, code=due.skipped))
        else:
            self._reducing.append(act)

    def _look_at_floor(self, market_ms: int) -> None:
        """At the equity floor: the latch, and with `flatten` what is ours."""
        caps = self._config.caps
        if not self._latches.holds(FLOOR) and floor.reached(caps, self._account):
            self._set_latch(FLOOR, True, floor.BY)
            self._tell_latch()
            assert self._account is not None
            self._send_ready(frames.Warn("EQUITY_FLOOR", f"equity {self._account.equity}, floor {caps.equity_floor}"))
        if self._latches.holds(FLOOR) and caps.floor_action == "flatten":
            self._begin(floor.due(self._config.account, market_ms, self._positions, self._ledger))

    def _flatten_asked(self, given: inputs.LocalFlatten) -> None:
        """Durable already; what is left of its time is counted by our own clock."""
        left_ns = min(max(given.left_ns, 0), flatten.HOLDS_NS)
        self._apply(msgspec.structs.replace(given.asked, until_ns=self._now_ns + left_ns))
        self._read_ms = -1

    def _look_at_flatten(self) -> None:
        """What a person on this host wants closed; what rests could only open more."""
        asked = self._flatten
        if asked is not None and self._now_ns <= asked.until_ns:
            self._begin(flatten.due(self._config.account, asked, self._positions, self._ledger))
            self._begin(self._resting.due(self._config.account, self._market_ms, self._ledger))

    def _cancel_alone(self) -> None:
        """What rests could fill with nobody to see it, or while this agent may open nothing."""
        dead_man_ns = 0 if self._latches.holds(FLOOR) else self._config.dead_man_ns
        if self._stop_ns is not None or not self._identified():
            return
        if not self._resting.alone(self._now_ns, dead_man_ns, self._latches.halted):
            return
        self._begin(self._resting.due(self._config.account, self._market_ms, self._ledger))

    def _begin(self, due: Iterable[tuple[Key, Order]]) -> None:
        """Closes and cancels that the agent starts by itself."""
        for key, order in list(due):
            self._say_stuck(key, order)
            self._tell(self._enter(key, Event.ACCEPTED, order_hash(order), order=order))
            self._reducing.append(Act(key, order, None, 0, self._epoch_max))

    def _say_stuck(self, key: Key, order: Order) -> None:
        """What was asked for so often and was not done is for a person: told to the daemon and to this host's log."""
        _, move = key
        cancel = order.kind is ActKind.CANCEL
        if not (resting.PACE if cancel else floor.PACE).stuck(move):
            return
        what = (
            f"resting order {order.ticket} is not cancelled"
            if cancel
            else f"position {order.position_id} is not closed"
        )
        text = f"{order.symbol}: {what} after {move} attempts; tried again every ten minutes"
        self._send_ready(frames.Warn(frames.STUCK, text))
        self._effects.append(effects.Say(text))
