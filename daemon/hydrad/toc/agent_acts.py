"""Acts that an agent began by itself, under ids of its own ledger (tag 0): each gets an id of this journal.

From there on it is an act like any other: booked from the ledger, asked about while it is UNKNOWN (by its own id), and
found in the broker's history by that id as magic together with the position.
"""

from __future__ import annotations

from hydrad.domain.ids import tag_of
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.toc import numbering
from hydrad.toc import records as r
from hydrad.toc.fold_guards import agent_act_key
from hydrad.toc.live import Link
from hydrad.toc.state import Act, State
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding


def is_local(act_id: int) -> bool:
    return act_id > 0 and tag_of(act_id) == 0


def of_row(turn: Turn, link: Link, row: f.LedgerRow) -> Act | None:
    """The act that a ledger's entry about a local id speaks of, begun here if it is new; None where the entry that
    carried its order was never told, or where that order neither closes nor cancels: an agent begins nothing else."""
    terminal = turn.state.terminals[link.terminal]
    known = turn.state.agent_acts.get(agent_act_key(terminal.name, terminal.ledger_id, row.act_id, row.move))
    if known is not None:
        return turn.state.acts[known]
    if row.order is None:
        return None
    if row.order.kind not in (ActKind.CLOSE, ActKind.CANCEL):
        detail = f"{row.order.kind.name} {row.order.symbol} begun by the agent itself (its id {row.act_id})"
        turn.finding(Finding.ALIEN_ORDER, link.terminal, detail)
        return None
    position = turn.state.position_by_id(terminal.account, row.order.position_id)
    act_id = numbering.new_act_id(turn.state)
    turn.emit(
        r.AgentActBegun(
            act_id=act_id,
            terminal=terminal.name,
            ledger_id=terminal.ledger_id,
            local_id=row.act_id,
            move=row.move,
            position=position.number if position else 0,
            order=row.order,
            order_hash=row.order_hash,
        )
    )
    return turn.state.acts[act_id]


def of_deal(state: State, account: str, row: f.DealRow) -> Act | None:
    """The act of an agent whose id this deal carries, on this very position: the move that has told of the deal or its
    order, else the last one."""
    found = None
    for number in state.agent_acts.values() if is_local(row.magic) else ():
        act = state.acts[number]
        if act.account != account or act.local_id != row.magic or act.order is None:
            continue
        if act.order.position_id == row.position_id:
            found = act
            if row.ticket == act.deal_ticket or (row.order_id and row.order_id == act.order_ticket):
                return act
    return found


def question(act: Act) -> f.Query:
    """QUERY about an act, by the id that its agent knows it under."""
    return f.Query(act.local_id or act.act_id, act.move)
