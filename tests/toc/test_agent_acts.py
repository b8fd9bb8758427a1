"""Acts that an agent began by itself: booked from its ledger, its report or the broker's history, once."""

from __future__ import annotations

import msgspec

from hydrad.domain.ids import sequence_of
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.link.frames import RowState
from hydrad.toc.act import ActState
from hydrad.toc.state import Act
from hydrad.toc.terminal import Duty
from hydrad.wire import calls
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core


def close_of(fire: Act) -> Order:
    return Order(
        version=ORDER_VERSION,
        kind=ActKind.CLOSE,
        account="alpha",
        symbol="EURUSD",
        side=Side.SELL,
        volume_steps=22,
        position_id=1000 + sequence_of(fire.act_id),
        volume_expected_steps=22,
        ticket=1000 + sequence_of(fire.act_id),
    )


def row(core: Core, fire: Act, state: RowState, local: int = 1, **facts: object) -> f.LedgerRow:
    asked = close_of(fire)
    if state is RowState.JOURNALED:
        facts["order"] = asked
    if state is RowState.DONE:
        facts = {"deal_ticket": 70, "position_id": asked.position_id, "volume_steps": 22, **facts}
    return core.t1.row(local, state, **{"order_hash": order_hash(asked), **facts})


def tell(core: Core, fire: Act, *states: RowState, **facts: object) -> None:
    for state in states:
        core.up(f.Result(row(core, fire, state, **facts)))


def own(core: Core) -> list[Act]:
    return [act for act in core.state.acts.values() if act.actor == "agent"]


def deal(core: Core, fire: Act) -> None:
    core.deals(core.deal_row(70, 1000 + sequence_of(fire.act_id), magic=1))


def test_it_is_an_act_of_the_journal_and_ends_the_position(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, RowState.JOURNALED)
    (act,) = own(core)
    assert (act.state, act.kind, act.position, act.local_id) == (ActState.ACKED, ActKind.CLOSE, fire.position, 1)
    assert act.mission == fire.mission and act.order == close_of(fire)
    tell(core, fire, RowState.DONE)
    deal(core, fire)
    position = core.state.positions[fire.position]
    assert (act.state, position.open, position.close_reason) == (ActState.DONE, False, "EQUITY_FLOOR")
    assert fire.state is ActState.CLOSED and core.alarms() == []


def test_told_at_the_next_hand_shake_it_is_booked_once(core: Core) -> None:
    fire = core.filled()
    row(core, fire, RowState.JOURNALED)
    row(core, fire, RowState.DONE)
    core.t1.halted = True
    core.wait(4_000, 1_000, beat=())
    core.t1.boot_id = "boot-2"
    deals = [core.deal_row(70, 1000 + sequence_of(fire.act_id), magic=1)]
    core.connect(deals=deals)
    assert [act.state for act in own(core)] == [ActState.DONE]
    assert core.state.positions[fire.position].close_reason == "EQUITY_FLOOR"
    assert core.alarms() == ["AGENT_HALTED"]
    core.restart()
    core.connect()
    assert len(own(core)) == 1
    core.up(f.Halted(False, "somebody"))
    assert core.alarms() == []


def test_while_unknown_it_is_asked_about_by_the_agents_own_id(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, RowState.JOURNALED, local=3)
    core.wait(10_000, 1_000)
    (act,) = own(core)
    assert act.state is ActState.UNKNOWN and "ACT_UNKNOWN" in core.alarms()
    assert {(q.act_id, q.move) for q in core.sent(f.Query)} == {(3, 0)}
    core.up(f.Status(row(core, fire, RowState.NOT_EXECUTED, local=3)))
    assert act.state is ActState.NOT_EXECUTED and core.alarms() == []


def test_the_history_proves_it_too(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, RowState.JOURNALED)
    deal(core, fire)
    (act,) = own(core)
    assert (act.state, act.by) == (ActState.DONE, "history") and fire.state is ActState.CLOSED


def test_a_strangers_small_magic_is_no_act_of_an_agent(core: Core) -> None:
    fire = core.filled()
    deal(core, fire)
    assert own(core) == [] and core.state.positions[fire.position].close_reason == "OWNER"


def test_the_next_move_is_another_act(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, RowState.JOURNALED, RowState.REFUSED)
    tell(core, fire, RowState.JOURNALED, RowState.DONE, move=1)
    assert [act.state for act in own(core)] == [ActState.REJECTED, ActState.DONE]


def test_two_ledgers_have_the_same_small_ids(core: Core) -> None:
    first = core.filled()
    tell(core, first, RowState.JOURNALED, RowState.DONE)
    deal(core, first)
    core.t1.ledger_id, core.t1.rows = "ledger-2", []
    core.t1.boot_id = "boot-2"
    core.wait(4_000, 1_000, beat=())
    core.connect()
    core.ask(calls.TerminalDuty("t1", "active", "a new disk"))
    second = core.filled()
    tell(core, second, RowState.JOURNALED)
    assert [act.position for act in own(core)] == [first.position, second.position]


def test_a_person_cannot_close_what_the_agent_closes_already(core: Core) -> None:
    fire = core.filled()
    tell(core, fire, RowState.JOURNALED)
    from hydrad.domain.ids import IdKind, show

    denied = core.act(calls.Close(show(IdKind.POSITION, fire.position)))
    assert denied.codes == ("POSITION_STATE",)


def test_an_agent_that_halted_itself_has_an_alarm_until_it_is_released(core: Core) -> None:
    core.up(f.Halted(True, "equity floor"))
    assert core.alarms() == ["AGENT_HALTED"]
    core.send(calls.Halt(account="alpha"))
    core.up(f.Halted(True, "equity floor"))
    assert core.alarms() == []


def test_what_an_agent_does_not_get_done_by_itself_is_an_alarm(core: Core) -> None:
    core.up(f.Warn("SYMBOL_GONE", "EURUSD"))
    assert core.alarms() == []
    core.up(f.Warn(f.STUCK, "EURUSD: order 5 is not cancelled after 60 attempts"))
    assert core.alarms() == ["AGENT_WARNING"]


def quarantined(core: Core) -> bool:
    return core.state.terminals["t1"].duty is Duty.QUARANTINED


def test_an_order_that_is_told_under_anothers_hash_is_not_believed(core: Core) -> None:
    fire = core.filled()
    told = msgspec.structs.replace(close_of(fire), volume_steps=11)
    core.up(f.Result(row(core, fire, RowState.JOURNALED, order_hash=bytes(32))))
    assert own(core) == [] and quarantined(core)
    assert core.findings() == [Finding.CONFLICT]
    fine = core.t1.row(2, RowState.JOURNALED, order=told, order_hash=order_hash(told))
    core.up(f.Result(fine))
    assert [act.order for act in own(core)] == [told]


def test_so_it_is_when_the_hand_shake_tells_it(core: Core) -> None:
    fire = core.filled()
    row(core, fire, RowState.JOURNALED, order_hash=bytes(32))
    core.t1.boot_id = "boot-2"
    core.wait(4_000, 1_000, beat=())
    core.connect()
    assert own(core) == [] and quarantined(core) and Finding.CONFLICT in core.findings()


def test_an_order_of_another_account_is_not_believed(core: Core) -> None:
    fire = core.filled()
    other = msgspec.structs.replace(close_of(fire), account="bravo")
    core.up(f.Result(core.t1.row(1, RowState.JOURNALED, order=other, order_hash=order_hash(other))))
    assert own(core) == [] and quarantined(core)


def test_a_plans_step_under_anothers_hash_is_not_begun(core: Core) -> None:
    fire = core.filled()
    (step,) = [one for one, owner in core.state.plan_fires.items() if owner == fire.act_id][:1]
    asked = msgspec.structs.replace(close_of(fire), kind=ActKind.PLAN_STEP)
    for digest, begun in ((bytes(32), False), (order_hash(asked), True)):
        told = core.t1.row(step, RowState.JOURNALED, order=asked, order_hash=digest)
        core.up(f.PlanStepRun(fire.act_id, told))
        assert (step in core.state.acts) is begun
    assert quarantined(core)


def test_a_fires_own_entry_with_another_order_beside_its_hash_is_not_believed(core: Core) -> None:
    act = core.fire()
    assert act.order is not None
    other = msgspec.structs.replace(act.order, volume_steps=act.order.volume_steps + 1)
    core.up(f.Result(core.t1.row(act, RowState.JOURNALED, order=other)))
    assert quarantined(core) and act.state is not ActState.ACKED
