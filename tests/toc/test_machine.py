"""Any order of requests, frames, clocks, lost links and restarts: no illegal move, no broken invariant, and the
journal always folds to the live state."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.orders import ActKind, Order, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import exposure
from hydrad.toc import inputs as i
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.limits import Limits
from hydrad.toc.state import Act
from hydrad.toc.terminal import LinkState
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

PICK = st.integers(0, 1 << 16)
VERDICTS = (RowState.DONE, RowState.REFUSED, RowState.NOT_EXECUTED, RowState.UNKNOWN, RowState.TOMBSTONED)
OPEN_RISK_MAX = Decimal("1.5")
APPROVAL_ABOVE = Decimal("0.7")
SECOND, OTHER_SELF = "uid:1002", "telegram:7"


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        limits = Limits(
            open_risk_max_percent=OPEN_RISK_MAX,
            fires_per_minute_max=50,
            open_positions_max=4,
            approval_risk_percent=APPROVAL_ABOVE,
            approval_day_risk_percent=Decimal(1),
        )
        self.core = Core(limits=limits)
        self.core.role(SECOND, Role.APPROVER)
        self.core.ask(calls.OperatorLink("commander", OTHER_SELF))
        self.core.connect()
        self.missions = [self.core.mission()]
        self.deal = 5_000

    def acts(self, *states: ActState) -> list[Act]:
        return [act for act in self.core.state.acts.values() if act.state in states]

    def pick(self, among: list[Act], number: int) -> Act | None:
        return among[number % len(among)] if among else None

    @rule(number=PICK)
    def propose(self, number: int) -> None:
        if self.core.link().state is LinkState.READY:
            self.missions.append(self.core.mission(expires_ms=self.core.market_ms + 20_000 + number))

    @rule(number=PICK, key=st.sampled_from(["", "a", "b"]), risk=st.sampled_from([None, "0.1%", "0.9%", "5%"]))
    def fire(self, number: int, key: str, risk: str | None) -> None:
        mission = self.missions[number % len(self.missions)]
        self.core.send(calls.Fire(mission, risk=risk, wait_s=1.0), key=key)

    @rule(number=PICK, who=st.sampled_from([BOSS, SECOND, OTHER_SELF]), key=st.sampled_from(["", "c"]))
    def approve(self, number: int, who: str, key: str) -> None:
        """Of what waits, and of what does not any more."""
        act = self.pick([act for act in self.core.state.acts.values() if act.approval is not None], number)
        if act is not None:
            self.core.send(calls.Approve(show(IdKind.FIRE, sequence_of(act.act_id)), 1.0), who, key)

    @rule(number=PICK)
    def take_back(self, number: int) -> None:
        act = self.pick(self.acts(ActState.AWAITING_APPROVAL), number)
        if act is not None:
            self.core.send(calls.Cancel(show(IdKind.FIRE, sequence_of(act.act_id))))

    @rule(number=st.integers(3, 6))
    def limit(self, number: int) -> None:
        self.core.send(calls.AccountLimits("alpha", {"open_positions_max": str(number)}))

    @rule(number=PICK, part=st.sampled_from([None, "50%", "0.01"]))
    def close(self, number: int, part: str | None) -> None:
        if self.core.state.positions:
            position = sorted(self.core.state.positions)[number % len(self.core.state.positions)]
            self.core.send(calls.Close(show(IdKind.POSITION, position), part=part))

    @rule(number=PICK, stop=st.sampled_from(["1.09700", "1.09900", "1.09980"]))
    def modify(self, number: int, stop: str) -> None:
        if self.core.state.positions:
            position = sorted(self.core.state.positions)[number % len(self.core.state.positions)]
            self.core.send(calls.Modify(show(IdKind.POSITION, position), stop=stop))

    @rule(number=PICK, plan=st.sampled_from(["default", "none"]))
    def another_plan(self, number: int, plan: str) -> None:
        if self.core.state.positions:
            position = sorted(self.core.state.positions)[number % len(self.core.state.positions)]
            self.core.send(calls.PlanSet(show(IdKind.POSITION, position), plan))

    @rule(
        number=PICK,
        verdict=st.sampled_from((RowState.DONE, RowState.REFUSED, RowState.UNKNOWN)),
        move=st.integers(0, 2),
    )
    def plan_runs(self, number: int, verdict: RowState, move: int) -> None:
        """An agent runs a step of a plan by itself, the same move again too."""
        held = [self.core.state.positions[n] for n in sorted(self.core.state.positions_open)]
        if not held or not self.core.link().connected:
            return
        position = held[number % len(held)]
        for step in position.plan[:1]:
            order = Order(
                1, ActKind.PLAN_STEP, "alpha", "EURUSD", position.side, stop_points=109_950 + move,
                position_id=position.position_id,
            )  # fmt: skip
            for state in (RowState.JOURNALED, verdict):
                facts = {"order": order} if state is RowState.JOURNALED else {}
                row = self.core.t1.row(step.act_id, state, move=move, order_hash=order_hash(order), **facts)
                self.core.up(f.PlanStepRun(position.fire_id, row))

    @rule(number=PICK, verdict=st.sampled_from(VERDICTS))
    def verdict(self, number: int, verdict: RowState) -> None:
        act = self.pick(self.acts(ActState.ROUTED, ActState.ACKED, ActState.UNKNOWN), number)
        if act is None or not self.core.link().connected:
            return
        if verdict is RowState.DONE:
            self.core.done(act)
        else:
            self.core.result(act, verdict, retcode=10004)

    @rule(number=PICK)
    def late(self, number: int) -> None:
        """A deal with the magic of an act that was over."""
        act = self.pick(self.acts(ActState.NOT_EXECUTED, ActState.REJECTED, ActState.UNKNOWN), number)
        if act is not None and act.order is not None and self.core.link().connected:
            self.deal += 1
            opens = act.kind.name == "FIRE"
            where = 1000 + sequence_of(act.act_id) if opens else act.order.position_id
            row = self.core.deal_row(
                self.deal, where, entry=0 if opens else 1, magic=act.act_id, volume_steps=max(act.order.volume_steps, 1)
            )
            self.core.deals(row)

    @rule(number=PICK, reason=st.sampled_from([0, 4, 5]))
    def broker_closes(self, number: int, reason: int) -> None:
        held = [self.core.state.positions[n] for n in sorted(self.core.state.positions_open)]
        if held and self.core.link().connected:
            position = held[number % len(held)]
            self.deal += 1
            self.core.deals(
                self.core.deal_row(
                    self.deal, position.position_id, reason=reason, volume_steps=max(position.volume_steps, 1)
                )
            )

    @rule()
    def report(self) -> None:
        fires = [self.core.state.acts[self.core.state.positions[n].fire_id] for n in self.core.state.positions_open]
        if self.core.link().connected:
            rows = [self.core.position_row(act) for act in fires]
            self.core.up(f.Positions(tuple(rows), self.core.market_ms, True, True))

    @rule(ms=st.sampled_from([100, 1_000, 4_000, 9_000]), beats=st.booleans())
    def time(self, ms: int, beats: bool) -> None:
        self.core.wait(ms, min(ms, 1_000), beat=("t1",) if beats else ())

    @rule(ms=st.sampled_from([500, 10_000, 700_000]))
    def market(self, ms: int) -> None:
        if self.core.link().connected:
            self.core.later(ms)

    @rule(halt=st.booleans(), confirm=st.booleans())
    def latch(self, halt: bool, confirm: bool) -> None:
        self.core.send(calls.Halt() if halt else calls.Resume())
        if confirm and self.core.link().connected:
            self.core.up(f.Halted(halt, "x"))

    @rule(number=PICK, filled=st.booleans())
    def resolve(self, number: int, filled: bool) -> None:
        act = self.pick(self.acts(ActState.UNKNOWN, ActState.QUARANTINED), number)
        if act is not None and act.kind.name == "FIRE":
            verb = calls.Resolve(
                show(IdKind.FIRE, sequence_of(act.act_id)), "filled" if filled else "not-executed", "why",
                1000 + sequence_of(act.act_id) if filled else None,
            )  # fmt: skip
            self.core.send(verb)

    @rule(number=PICK, why=st.sampled_from([i.Withheld, i.Unsent]))
    def unreleased(self, number: int, why: type[i.Withheld] | type[i.Unsent]) -> None:
        act = self.pick(self.acts(ActState.ROUTED), number)
        if act is not None:
            self.core.step(why((act.act_id,)))

    @rule(lost=st.booleans())
    def reconnect(self, lost: bool) -> None:
        self.core.wait(4_000, 1_000, beat=())
        if lost:
            self.core.t1.ledger_id, self.core.t1.rows = self.core.t1.ledger_id + "x", []
        self.core.t1.boot_id += "x"
        self.core.connect()

    @rule()
    def gap(self) -> None:
        self.core.t1.seq += 1
        self.core.beat()

    @rule()
    def restart(self) -> None:
        self.core.restart()

    @invariant()
    def the_journal_folds_to_the_live_state(self) -> None:
        self.core.verify()

    @invariant()
    def open_risk_was_within_its_limit(self) -> None:
        """Only fires move it up, and they are judged; nothing here moves a stop away after a looser one was allowed."""
        held = exposure.open_risk(self.core.state, self.core.engine.live, "alpha")
        routed = [act for act in self.core.state.acts.values() if act.state in (ActState.ROUTED, ActState.ACKED)]
        for act in routed:
            measured = next((check for check in act.checks if check.code == "OPEN_RISK"), None)
            assert measured is None or measured.ok
        assert held is None or held >= 0

    @invariant()
    def two_people_stand_behind_what_is_above_the_threshold(self) -> None:
        """Whatever was routed and risks more has the word of another person, on this very order."""
        state = self.core.state
        for act in state.acts.values():
            if act.kind is not ActKind.FIRE or not act.terminal:
                continue
            above = act.risk_money * 100 > APPROVAL_ABOVE * act.base_money
            assert not above or (act.approval is not None and act.approval.by)
            if act.approval is not None:
                assert act.approval.by == SECOND, "fired by the commander, whichever of their identities"
        assert state.awaiting == {act.act_id for act in self.acts(ActState.AWAITING_APPROVAL)}

    @invariant()
    def every_act_is_final_or_open(self) -> None:
        for number, act in self.core.state.acts.items():
            assert (number in self.core.state.acts_open) is (act.state not in FINAL)


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase
