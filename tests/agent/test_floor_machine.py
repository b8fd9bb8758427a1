"""The agent against everything at once, with an equity floor that closes what is ours."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from hydrad.agent.caps import Caps
from hydrad.agent.entries import LatchStored, RowStored
from hydrad.agent.latch import FLOOR, Latches
from hydrad.domain.ids import tag_of
from hydrad.domain.instants import SECOND
from hydrad.domain.orders import ActKind, Order
from tests.agent.conftest import FIRE, Bench
from tests.agent.test_machine import STEPS_FROM, AgentMachine

CAPS = Caps(Decimal(1), 10, ("EURUSD",), Decimal(9_000), "flatten")


class FloorMachine(AgentMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(caps=CAPS).ready()

    @rule(low=st.booleans())
    def money(self, low: bool) -> None:
        self.bench.equity = Decimal(8_999) if low else Decimal(10_000)
        if low:
            self.sent_when_halted = None  # its own latch closes with the next reading

    def openings(self) -> dict[tuple[int, int], int]:
        return {key: count for key, count in self.bench.broker.sent.items() if FIRE <= key[0] < STEPS_FROM}

    def own(self) -> dict[tuple[int, int], Order]:
        rows = [entry.row for entry in self.bench.durable if isinstance(entry, RowStored)]
        return {(row.act_id, row.move): row.order for row in rows if row.order and tag_of(row.act_id) == 0}

    @invariant()
    def its_own_acts_only_close(self) -> None:
        for order in self.own().values():
            assert order.kind is ActKind.CLOSE and order.volume_remaining_steps == 0
            assert order.volume_steps == order.volume_expected_steps > 0

    @invariant()
    def one_id_for_a_position_and_one_position_for_an_id(self) -> None:
        pairs = {(act_id, order.position_id) for (act_id, _), order in self.own().items()}
        assert len(pairs) == len({act_id for act_id, _ in pairs}) == len({position for _, position in pairs})

    @invariant()
    def it_begins_under_its_own_latch_alone(self) -> None:
        latches = Latches()
        for entry in self.bench.durable:
            if isinstance(entry, LatchStored):
                latches.apply(entry)
            elif isinstance(entry, RowStored) and entry.row.order and tag_of(entry.row.act_id) == 0:
                assert latches.holds(FLOOR)

    def teardown(self) -> None:
        """Healed, and with the floor reached, nothing of ours is left open."""
        super().teardown()
        self.bench.equity = Decimal(8_999)
        self.bench.pass_time(70 * SECOND, market_ms=120_000)
        assert self.bench.core.halted and not self.bench.broker.positions


TestFloor = FloorMachine.TestCase
TestFloor.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
