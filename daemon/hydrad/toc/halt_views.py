"""What a halt or a resume has done, as each agent's own ledger confirms it. Pure."""

from __future__ import annotations

from hydrad.domain.instants import MS, ns_text
from hydrad.domain.orders import ActKind
from hydrad.toc import order_views, resting, routing
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.live import Link, Live, Waiter
from hydrad.toc.state import Act, State
from hydrad.toc.texts import act_id_text
from hydrad.wire.answers.authority import HaltData, HaltedOrder, HaltedTerminal


def _since(state: State, account: str) -> int:
    """When what holds now was set: the account's own where it is the stricter, else the global one; a home that was
    never halted is ACTIVE since it was made."""
    own = state.accounts[account] if account else None
    if own is not None and own.authority >= state.authority:
        return own.authority_ns or state.created_ns
    return state.authority_ns or state.created_ns


def _halted_order(state: State, live: Live, fire: Act) -> HaltedOrder:
    word, detail = resting.verdict(state, live, fire)
    symbol = fire.order.symbol if fire.order else ""
    return HaltedOrder(order_views.shown(fire), act_id_text(fire), fire.account, symbol, word, detail)


def _not_confirmed(link: Link, waiter: Waiter) -> str:
    own = routing.own_latches(link)
    if waiter.verb == "halt" or not own or link.halted_ns < waiter.since_ns:
        return f"not confirmed ({link.state.value})"
    return f"still halted by itself ({', '.join(own)}): `resume --local`, or `hydra-terminal local resume` there"


def halt_data(state: State, live: Live, waiter: Waiter) -> HaltData:
    """What the latch has stopped, terminal by terminal, as confirmed by each agent's own ledger."""
    wanted = waiter.verb == "halt"
    rows = []
    for name in waiter.terminals:
        link = live.link(name)
        ok = link.halted is wanted and link.halted_ns >= waiter.since_ns
        word = "HALTED" if wanted else "released"
        took = f", {(link.halted_ns - waiter.since_ns) // MS} ms" if waiter.drill else ""
        detail = f"{word} in its ledger{took}" if ok else _not_confirmed(link, waiter)
        rows.append(HaltedTerminal(name, state.terminals[name].account, ok, detail))
    flying = [
        act_id_text(state.acts[n])
        for n in sorted(state.acts_open)
        if state.acts[n].kind is ActKind.FIRE and state.acts[n].state in (*IN_FLIGHT, ActState.UNKNOWN)
    ]
    withheld = [
        act_id_text(act)
        for act in state.acts.values()
        if act.by == "latch" and act.state is ActState.NOT_EXECUTED and act.moved_ns >= waiter.since_ns
    ]
    authority = state.account_authority(waiter.account) if waiter.account else state.authority
    orders = tuple(_halted_order(state, live, state.acts[number]) for number in waiter.acts)
    return HaltData(
        authority=authority.name,
        account=waiter.account or None,
        latched_at=ns_text(_since(state, waiter.account)),
        terminals=tuple(rows),
        on_the_wire=tuple(flying) if wanted else (),
        withheld=tuple(withheld) if wanted else (),
        orders=tuple(row.id for row in orders),
        positions_open=len(state.positions_open),
        resting=orders,
    )
