"""Any order of figures, prices, verdicts, lost links and restarts: guards only reduce, and do each thing once.

The oracle is what was sent to the terminal and what the account's authority was, not the guards' own records.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hydrad.domain.ids import sequence_of
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import guard_closes as g
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, ActState
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.state import Act
from hydrad.toc.terminal import LinkState
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, Core

PICK = st.integers(0, 1 << 16)
GUARDS = Guards(
    day_loss_action="flatten",
    drawdown_peak_warning_percent=Decimal(3),
    drawdown_peak_limit_percent=Decimal(4),
    drawdown_peak_action="halted",
    age_limit_minutes=30,
    open_risk_limit_percent=Decimal("1.2"),
)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        limits = Limits(open_risk_max_percent=Decimal(5), fires_per_minute_max=100, day_loss_max_percent=Decimal(20))
        self.core = Core(limits=limits, guards=GUARDS, timing=Timing(settle_ms=2_000))
        self.core.connect()
        self.funds = Decimal(10_000)
        self.open_profit = Decimal(0)
        self.deal = 50_000
        self.level = self.core.state.accounts["alpha"].authority
        self.trips = Counter[str]()
        self.read = 0

    def acts(self, *kinds: ActKind) -> list[Act]:
        return [act for act in self.core.state.acts.values() if act.kind in kinds]

    @rule(fills=st.sampled_from([True, True, True, True, False]))
    def fire(self, fills: bool) -> None:
        if not self.core.link().connected:
            self.greet()
        if self.core.link().state is not LinkState.READY:
            return
        self.core.send(calls.Fire(self.core.mission(), wait_s=0.0))
        newest = self.acts(ActKind.FIRE)[-1]
        if fills and newest.state is ActState.ROUTED:
            self.core.done(newest)

    @rule(profit=st.sampled_from([600, 0, -350, -500, -1300, -1700, -2400]))
    def figures(self, profit: int) -> None:
        self.open_profit = Decimal(profit)
        self.report()

    def report(self) -> None:
        if self.core.link().connected:
            equity = self.funds + self.open_profit
            self.core.up(msgspec.structs.replace(ACCOUNT, balance=self.funds, equity=equity))

    @rule(amount=st.sampled_from([-3000, 500, 4000]), ahead=st.booleans())
    def cash(self, amount: int, ahead: bool) -> None:
        """A deposit or withdrawal alone, its report ahead of its deal or behind it, is nothing to a guard."""
        if not self.core.link().connected or self.funds + amount < 5000:
            return
        self.report()
        standing = dict(self.core.state.guards_standing)
        self.funds += amount
        self.deal += 1
        row = self.core.deal_row(self.deal, 0, symbol="", deal_type=2, entry=0, profit=Decimal(amount))
        if ahead and self.core.state.accounts["alpha"].funds is not None:
            self.report()
            assert set(standing) == set(self.core.state.guards_standing)
        self.core.deals(row)
        assert set(standing) == set(self.core.state.guards_standing)
        self.report()

    @rule(number=PICK, verdict=st.sampled_from([RowState.DONE, RowState.REFUSED, RowState.NOT_EXECUTED]))
    def verdict(self, number: int, verdict: RowState) -> None:
        waited = (ActState.ROUTED, ActState.ACKED, ActState.UNKNOWN)
        flying = [a for a in self.core.state.acts.values() if a.state in waited]
        if not flying or not self.core.link().connected:
            return
        act = flying[number % len(flying)]
        if verdict is not RowState.DONE:
            self.core.result(act, verdict, retcode=10004)
            return
        self.deal += 1
        self.core.done(act, deal_ticket=self.deal)
        if act.kind is ActKind.CLOSE and act.order is not None:
            row = self.core.deal_row(
                self.deal, act.order.position_id, magic=act.act_id, volume_steps=act.order.volume_steps
            )
            self.funds += row.profit
            self.core.deals(row)

    @rule()
    def positions(self) -> None:
        if self.core.link().connected:
            self.core.up(f.Positions(self.held(), self.core.market_ms, True, True))

    def held(self) -> tuple[f.PositionRow, ...]:
        fires = [self.core.state.acts[self.core.state.positions[n].fire_id] for n in self.core.state.positions_open]
        return tuple(self.core.position_row(act) for act in fires)

    @rule(ms=st.sampled_from([200, 3_000, 9_000, 30_000]), beats=st.sampled_from([True, True, True, False]))
    def time(self, ms: int, beats: bool) -> None:
        self.core.wait(ms, min(ms, 1_000), beat=("t1",) if beats else ())

    @rule(ms=st.sampled_from([10_000, 1_900_000]))
    def market(self, ms: int) -> None:
        if self.core.link().connected:
            self.core.later(ms)

    @rule()
    def resume(self) -> None:
        self.core.send(calls.Resume(account="alpha", wait_s=0.0))
        self.level = self.core.state.accounts["alpha"].authority

    @rule()
    def reconnect(self) -> None:
        self.core.wait(4_000, 1_000, beat=())
        self.greet()

    def greet(self) -> None:
        """A hand-shake that tells what is true."""
        self.core.t1.boot_id += "x"
        self.core.hello()
        self.core.books(positions=self.held(), ready=False)
        self.report()
        self.core.up(f.Ready())
        self.core.beat()
        self.core.ticks(110_000, 110_010)

    @rule(greeted=st.sampled_from([True, True, False]))
    def restart(self, greeted: bool) -> None:
        self.core.restart()
        if greeted:
            self.greet()

    @invariant()
    def a_guard_only_reduces(self) -> None:
        """All that it sends are closes of no more than is open, and cancels."""
        for act in self.core.state.acts.values():
            if act.actor == g.ACTOR:
                assert act.kind in (ActKind.CLOSE, ActKind.CANCEL) and act.order is not None
                opened = self.core.state.positions[act.position].opened_steps
                assert act.order.volume_steps <= opened and act.order.volume_remaining_steps == 0

    @invariant()
    def one_close_of_a_position_at_a_time_and_none_after_it_was_done(self) -> None:
        for number, position in self.core.state.positions.items():
            ours = [a for a in self.acts(ActKind.CLOSE) if a.position == number]
            assert sum(act.state not in FINAL for act in ours) <= 1
            assert sum(act.state is ActState.DONE for act in ours) <= 1
            assert position.closed_steps <= position.opened_steps

    @invariant()
    def a_trip_tries_a_few_times_at_most(self) -> None:
        for standing in self.core.state.guards_standing.values():
            assert all(len(acts) <= g.ACTS_MAX for acts in standing.acts.values())

    @invariant()
    def no_command_was_sent_twice(self) -> None:
        sent = Counter(body.act_id for body in self.core.sent(f.Close))
        assert all(count == 1 for count in sent.values())

    @invariant()
    def authority_is_raised_by_people_alone(self) -> None:
        now = self.core.state.accounts["alpha"].authority
        assert now >= self.level
        self.level = now

    @invariant()
    def each_standing_trips_once(self) -> None:
        """Between two trips of a guard it was armed again."""
        for record in self.core.records[self.read :]:
            if record.type in ("GUARD_TRIPPED", "GUARD_CLEARED"):
                body = self.core_body(record)
                key = f"{body.account} {body.measure} {body.position}"
                self.trips[key] = self.trips[key] + 1 if record.type == "GUARD_TRIPPED" else 0
                assert self.trips[key] <= 1, key
        self.read = len(self.core.records)

    @staticmethod
    def core_body(record: object) -> r.GuardTripped:
        return r.decode(record.type, record.body)  # type: ignore[attr-defined,return-value]

    @invariant()
    def what_must_close_and_is_open_has_an_act_or_an_alarm(self) -> None:
        state = self.core.state
        for standing in state.guards_standing.values():
            for number in state.positions_open if standing.tripped and standing.action == "flatten" else ():
                if number >= standing.before or standing.position not in (0, number):
                    continue
                acts = [state.acts[a] for a in standing.acts.get(number, [])]
                moving = any(act.state not in FINAL for act in acts)
                fire = state.acts[state.positions[number].fire_id]  # it may have been filled only now
                since_ns = max([standing.at_ns, fire.moved_ns, *(act.moved_ns for act in acts)])
                young = self.core.now_ns - since_ns <= g.UNCLOSED_NS
                told = any(alarm.code == g.UNCLOSED_ALARM for alarm in state.alarms.values())
                assert moving or young or told or self.core.now_ns == state.started_ns, sequence_of(standing.before)

    @invariant()
    def the_journal_folds_to_the_live_state(self) -> None:
        self.core.verify()


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestMachine = Machine.TestCase
