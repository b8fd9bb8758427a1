"""I4 under any interleaving of fires over several accounts and operators: whenever a fire is routed, what is open, in
flight and without an end stays within every limit, by a count of our own that asks the gate for nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.orders import ActKind, Side
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.limits import Limits
from hydrad.toc.state import Act
from hydrad.toc.terminal import LinkState
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

TERMINALS = (("t1", "alpha", 5001), ("t2", "bravo", 5002), ("t3", "charlie", 5003))
ACCOUNTS = tuple(account for _, account, _ in TERMINALS)
OPERATORS = (BOSS, "uid:2")
MAY_HOLD = (ActState.ROUTED, ActState.ACKED, ActState.UNKNOWN, ActState.WORKING, ActState.QUARANTINED)
VERDICTS = (RowState.DONE, RowState.DONE, RowState.DONE, RowState.REFUSED, RowState.NOT_EXECUTED, RowState.UNKNOWN)
LOT = Decimal("0.01")
WIDE = Limits(
    open_risk_max_percent=Decimal(50),
    open_positions_max=100,
    fires_per_minute_max=100,
    opposite_positions=True,
    margin_level_min_percent=Decimal(20),
)
# One or two limits are tight in each run, so that none hides another.
TIGHT: tuple[dict[str, Any], ...] = (
    {"open_risk_max_percent": Decimal("1.2")},
    {"open_positions_max": 2},
    {"symbol_positions_max": 2},
    {"operator_positions_max": 3},
    {"fires_per_day_max": 2},
    {"currency_exposure_max_percent": Decimal(500)},
    {"correlated_exposure_max_percent": Decimal(500)},
    {"opposite_positions": False},
)
LIMITS = st.tuples(st.sampled_from(TIGHT), st.sampled_from(({}, *TIGHT))).map(
    lambda pair: msgspec.structs.replace(WIDE, **(pair[1] | pair[0]))
)


class Desk:
    """Three accounts, two operators, and whatever may happen to their fires."""

    def __init__(self, limits: Limits) -> None:
        self.missions: list[str] = []
        self.seen = self.deal = self.routed = 0
        self.limits = limits
        self.core = Core(limits=limits, terminals=TERMINALS)
        for terminal, _, _ in TERMINALS:
            self.core.connect(terminal)
        self.core.role("uid:2", Role.TRADER)
        self.propose(Side.BUY)

    def tick(self, ms: int) -> None:
        """Market time goes on, at every terminal; those that are connected beat."""
        self.core.market_ms += ms
        batch = f.SymbolTicks("EURUSD", (f.Tick(self.core.market_ms, 110_000, 110_010),))
        for terminal, _, _ in TERMINALS:
            if self.core.link(terminal).connected:
                self.core.beat(terminal)
                self.core.up(f.Ticks(self.core.market_ms, False, (batch,)), terminal)

    # --- what may happen ----------------------------------------------------------------------------

    def propose(self, side: Side) -> None:
        if self.core.link("t1").state is not LinkState.READY:
            return
        levels = {"stop_points": 109_810, "target_points": 110_410} if side is Side.BUY else {}
        if side is Side.SELL:
            levels = {"entry_points": 110_000, "stop_points": 110_200, "target_points": 109_600}
        self.missions.append(self.core.mission(side=side, **levels))
        self.tick(10)

    def fire(self, side: Side, accounts: list[str], who: str, risk: str | None) -> None:
        """A fresh mission, on one account after the other."""
        self.propose(side)
        for account in accounts:
            self.core.send(calls.Fire(self.missions[-1], account=account, risk=risk), who)
            self.look()

    def fire_again(self, mission: int, account: str, who: str) -> None:
        self.core.send(calls.Fire(self.missions[mission % len(self.missions)], account=account), who)
        self.look()

    def all_filled(self) -> None:
        for act in list(self.core.state.acts.values()):
            if act.kind is ActKind.FIRE and act.state in (ActState.ROUTED, ActState.ACKED):
                assert act.order is not None
                if self.core.link(act.terminal).connected:
                    self.core.done(act, price_points=act.order.entry_points)
                    self.look()

    def verdict(self, number: int, verdict: RowState, slipped: int) -> None:
        flying = [x for x in self.core.state.acts.values() if x.state in MAY_HOLD and x.kind is ActKind.FIRE]
        if not flying:
            return
        act = flying[number % len(flying)]
        if not self.core.link(act.terminal).connected or act.state is ActState.QUARANTINED:
            return
        assert act.order is not None
        if verdict is RowState.DONE:
            price = (110_010 if act.order.side is Side.BUY else 110_000) + slipped * act.order.side.sign
            self.core.done(act, price_points=price)
        else:
            self.core.result(act, verdict, retcode=10004)
        self.look()

    def broker_closes(self, number: int) -> None:
        held = [self.core.state.positions[n] for n in sorted(self.core.state.positions_open)]
        if not held:
            return
        position = held[number % len(held)]
        terminal = next(name for name, account, _ in TERMINALS if account == position.account)
        if self.core.link(terminal).connected:
            self.deal += 1
            row = self.core.deal_row(
                5_000 + self.deal, position.position_id, volume_steps=position.volume_steps, profit=Decimal("0.10")
            )
            self.core.deals(row, terminal=terminal)
            self.look()

    def close(self, number: int) -> None:
        held = sorted(self.core.state.positions_open)
        if held:
            self.core.send(calls.Close(show(IdKind.POSITION, held[number % len(held)])))
            self.look()

    def market(self, ms: int) -> None:
        self.tick(ms)
        self.look()

    def machine(self, ms: int) -> None:
        for _ in range(ms // 500):
            self.core.clock(500)
            for terminal, _, _ in TERMINALS:
                if self.core.link(terminal).connected:
                    self.core.beat(terminal)
        self.look()

    def reconnect(self, terminal: str) -> None:
        self.core.wait(4_000, 1_000, beat=[name for name, _, _ in TERMINALS if name != terminal])
        self.core.agents[terminal].boot_id += "x"
        self.core.connect(terminal)
        self.tick(1_000)
        self.look()

    def restart(self) -> None:
        self.core.restart()
        for terminal, _, _ in TERMINALS:
            self.core.agents[terminal].boot_id += "y"
            self.core.connect(terminal)
        self.tick(1_000)
        self.look()

    # --- what must hold -----------------------------------------------------------------------------

    def look(self) -> None:
        """Every fire that was routed since the last look."""
        records, self.seen = self.core.records[self.seen :], len(self.core.records)
        for record in records:
            if record.type == "ACT_MOVED":
                body = r.decode(record.type, record.body)
                assert isinstance(body, r.ActMoved)
                act = self.core.state.acts[body.act_id]
                if body.event is ActEvent.ROUTE and act.kind is ActKind.FIRE:
                    self.routed += 1
                    self.within(act)

    def within(self, act: Act) -> None:
        limits, account = self.limits, act.account
        base = Decimal(10_000)
        held = self.held()
        own = [item for item in held if item[0] == account]
        assert sum(item[4] for item in own) <= limits.open_risk_max_percent * base / 100
        assert len(own) <= limits.open_positions_max
        for count, most in (
            (len(own), limits.symbol_positions_max),  # there is one symbol
            (sum(item[1] == act.actor for item in held), limits.operator_positions_max),
            (self.fired_on(account), limits.fires_per_day_max),
        ):
            assert most is None or count <= most
        if not limits.opposite_positions:
            assert len({item[2] for item in own}) == 1
        worth = self.worst_worth(act, own)
        for most_percent in (limits.currency_exposure_max_percent, limits.correlated_exposure_max_percent):
            assert most_percent is None or worth is None or worth <= most_percent * base / 100

    def held(self) -> list[tuple[str, str, Side, int, Decimal]]:
        """Account, operator, side, steps and loss at the stop of all that is open or may be."""
        state, found = self.core.state, []
        for number in state.positions_open:
            position = state.positions[number]
            fire = state.acts[position.fire_id]
            lost = (position.open_points - position.stop_points) * position.side.sign * position.volume_steps * LOT
            found.append((position.account, fire.actor, position.side, position.volume_steps, lost))
        opened = {state.positions[number].fire_id for number in state.positions_open}
        for act in state.acts.values():
            if act.kind is ActKind.FIRE and act.state in MAY_HOLD and act.act_id not in opened:
                assert act.order is not None
                worst = act.order.entry_points + act.order.side.sign * act.order.collar_points
                lost = (worst - act.order.stop_points) * act.order.side.sign * act.order.volume_steps * LOT
                found.append((act.account, act.actor, act.order.side, act.order.volume_steps, lost))
        return found

    def fired_on(self, account: str) -> int:
        return sum(
            act.account == account and act.kind is ActKind.FIRE and bool(act.terminal)
            for act in self.core.state.acts.values()
        )

    @staticmethod
    def worst_worth(act: Act, own: list[tuple[str, str, Side, int, Decimal]]) -> Decimal | None:
        """Of all on one side, where the act is on that side and makes the net larger; None where it does not."""
        assert act.order is not None
        sign = act.order.side.sign
        net = sum(side.sign * steps for _, _, side, steps, _ in own)
        if net * sign <= 0 or abs(net - sign * act.order.volume_steps) >= abs(net):
            return None
        return abs(net) * LOT * 109_990  # no price of this market is below


PICK = st.integers(0, 1 << 16)
FIRE = st.tuples(
    st.just("fire"),
    st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
    st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=3, unique=True),
    st.sampled_from(OPERATORS),
    st.sampled_from([None, None, "0.2%", "1%"]),
)
STEPS = st.one_of(
    FIRE,
    FIRE,
    FIRE,
    st.tuples(st.just("fire_again"), PICK, st.sampled_from(ACCOUNTS), st.sampled_from(OPERATORS)),
    st.tuples(st.just("all_filled")),
    st.tuples(st.just("all_filled")),
    st.tuples(st.just("verdict"), PICK, st.sampled_from(VERDICTS), st.sampled_from([0, 0, 15])),
    st.tuples(st.just("broker_closes"), PICK),
    st.tuples(st.just("close"), PICK),
    st.tuples(st.just("market"), st.sampled_from([1_000, 4_000, 20_000])),
    st.tuples(st.just("machine"), st.sampled_from([500, 3_000, 9_000])),
    st.tuples(st.just("reconnect"), st.sampled_from([name for name, _, _ in TERMINALS])),
    st.tuples(st.just("restart")),
)


@settings(max_examples=150, deadline=None)
@given(LIMITS, st.lists(STEPS, min_size=20, max_size=40))
def test_no_interleaving_goes_beyond_a_limit(limits: Limits, steps: list[tuple[Any, ...]]) -> None:
    desk = Desk(limits)
    for name, *given_ in steps:
        getattr(desk, name)(*given_)
    desk.core.verify()
