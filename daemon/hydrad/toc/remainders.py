"""What partial fills have left resting at the broker: it may fill yet, so that it counts as exposure.

A fire is FILLED with the volume that it got (`resting` cancels the rest). How much may rest still follows from the
journal: what its order asked for, less what its position was opened with. It counts from the fill on, whether or not a
report has shown it, until a report of orders that was read after the fill does not have it. A report of the fire's own
terminal was: its frames come in their order. Another terminal may have read before, and told after; its report proves
nothing until the settle window has gone by since the fire last moved.
"""

from __future__ import annotations

from typing import NamedTuple

from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind
from hydrad.link.frames import OrderRow
from hydrad.toc.act import HOLDS_POSITION
from hydrad.toc.live import Link, Live
from hydrad.toc.state import Act, State


class Remainder(NamedTuple):
    """At most so many steps of a fire may rest."""

    fire: Act
    steps: int


def standing(state: State, live: Live, account: str) -> list[Remainder]:
    """All of an account, in the order in which they were fired."""
    links = [live.link(t.name) for t in state.terminals.values() if t.account == account]
    found = {fire.act_id: fire for fire in _partly_filled(state, account)}
    shown = [row for link in links for row in link.orders.values()]
    for row in shown:
        act = state.acts.get(row.magic)
        if act is not None and act.account == account and _may_rest(act) and row.ticket == act.order_ticket:
            found[act.act_id] = act
    rests = [Remainder(fire, _left(state, fire, shown)) for _, fire in sorted(found.items())]
    return [rest for rest in rests if rest.steps > 0 and rest.fire.act_id not in live.rests_gone]


def of(state: State, live: Live, fire: Act) -> Remainder | None:
    """What one fire has left resting; None where it is gone by a report, or there never was any."""
    return next((rest for rest in standing(state, live, fire.account) if rest.fire is fire), None)


def had(state: State, fire: Act) -> bool:
    """Whether an order that rested was filled in part."""
    return _may_rest(fire) and fire.order is not None and fire.order.rests and _unfilled(state, fire) > 0


def reported(state: State, live: Live, link: Link, now_ns: int) -> None:
    """A whole report of orders: which rests are gone by it. One that is reported again is none of them."""
    account = state.terminals[link.terminal].account
    there = {row.magic for row in link.orders.values()}
    live.rests_gone -= there
    for rest in standing(state, live, account):
        own = link.terminal == rest.fire.terminal
        if rest.fire.act_id not in there and (own or now_ns - rest.fire.moved_ns >= state.timing.settle_ms * MS):
            live.rests_gone.add(rest.fire.act_id)
    _forget(state, live)


def is_rest(act: Act, row: OrderRow) -> bool:
    """Whether this is what a partial fill of this act has left; a whole order was read before its fill."""
    if act.order is None or not _may_rest(act):
        return False
    return row.ticket == act.order_ticket and row.volume_steps < act.order.volume_steps


def rows(state: State, link: Link | None, account: str) -> list[OrderRow]:
    """Those that one report has."""
    fires = [(row, state.acts.get(row.magic)) for row in link.orders.values()] if link else []
    return [row for row, act in fires if act is not None and act.account == account and is_rest(act, row)]


def _may_rest(act: Act) -> bool:
    return act.kind is ActKind.FIRE and act.state in HOLDS_POSITION


def _partly_filled(state: State, account: str) -> list[Act]:
    fires = [state.acts[state.positions[number].fire_id] for number in sorted(state.positions_open)]
    return [x for x in fires if x.account == account and x.order is not None and x.order.rests and _unfilled(state, x)]


def _unfilled(state: State, fire: Act) -> int:
    """Steps that were asked for and are in no deal that we know of."""
    position = state.positions.get(fire.position)
    filled = position.opened_steps if position is not None else fire.volume_steps
    return (fire.order.volume_steps if fire.order else 0) - filled


def _left(state: State, fire: Act, shown: list[OrderRow]) -> int:
    """What rests only becomes less: the least of what is told."""
    told = [row.volume_steps for row in shown if row.ticket == fire.order_ticket and row.magic == fire.act_id]
    return min([_unfilled(state, fire), *told])


def _forget(state: State, live: Live) -> None:
    """What neither an open position nor a report can bring up again is not kept."""
    held = {state.positions[number].fire_id for number in state.positions_open}
    shown = {row.magic for link in live.links.values() for row in link.orders.values()}
    live.rests_gone &= held | shown
