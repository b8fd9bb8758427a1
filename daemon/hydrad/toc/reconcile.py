"""Evidence: what the agent's ledger and the broker's records prove about our acts and positions.

Everything here can be told twice with the same result, and the second telling writes nothing. What contradicts the
journal is a finding with an alarm; nothing is repaired by guessing.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.ids import sequence_of, tag_of
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ActKind, Order, Side, order_hash
from hydrad.link import frames as f
from hydrad.link import retcodes
from hydrad.link.frames import RowState
from hydrad.toc import after_fill, agent_acts, cash, multiple, order_reports, plan_moves, resting, routing
from hydrad.toc import records as r
from hydrad.toc.act import FINAL, IN_FLIGHT, LANE_BUSY, ActEvent, ActState, allows
from hydrad.toc.disarming import disarm
from hydrad.toc.fold_positions import ENTRY_IN
from hydrad.toc.live import Link
from hydrad.toc.state import Act, Position
from hydrad.toc.terminal import NOTHING_PASSES, REDUCES_IN, Cause, Duty
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding

DEAL_TRADES = (0, 1)  # buy, sell; all other types are cash
_SAID_ABSENT = (
    ActState.NOT_EXECUTED,
    ActState.REJECTED,
    ActState.DENIED,
    ActState.CANCELLED,
    ActState.EXPIRED,
)
# How a resting order ended, by its agent's code.
_ENDS: dict[str, ActEvent] = {
    "CANCELLED": ActEvent.CANCEL,
    "ORDER_EXPIRED": ActEvent.ORDER_EXPIRED,
    "ORDER_REJECTED": ActEvent.REJECT,
}
MISSING_AFTER_NS = 30 * SECOND
_CLOSE_REASONS = {4: "STOP", 5: "TARGET", 6: "STOP_OUT"}
_EXPERT = 3

_EVENTS: dict[RowState, ActEvent] = {
    RowState.JOURNALED: ActEvent.ACK,
    RowState.WORKING: ActEvent.WORK,
    RowState.REFUSED: ActEvent.REJECT,
    RowState.NOT_EXECUTED: ActEvent.PROVE_ABSENT,
    RowState.TOMBSTONED: ActEvent.PROVE_ABSENT,
    RowState.UNKNOWN: ActEvent.DOUBT,
}


def book_row(turn: Turn, link: Link, row: f.LedgerRow, by: str) -> None:
    """Book one ledger entry; entries about plan steps and about acts we do not know are told apart."""
    if row.order is not None and not _its_own(turn, link, row, row.order):
        return
    act = turn.state.acts.get(row.act_id)
    if agent_acts.is_local(row.act_id):
        act = agent_acts.of_row(turn, link, row)
    elif act is None or (act.kind is ActKind.PLAN_STEP and row.move > act.move):
        act = _plan_step(turn, link, row)
    if act is None or row.move < act.move:
        return
    if act.terminal != link.terminal:
        turn.finding(Finding.ALIEN_ORDER, link.terminal, f"speaks of {routing.shown(act)}, routed elsewhere")
        return
    if row.order_hash and act.order_hash and row.order_hash != act.order_hash:
        conflict(turn, act, "the ledger holds another order under this id")
        return
    if row.state is RowState.DONE:
        executed(turn, link, act, row, by)
    elif row.state is RowState.ENDED:
        _ended(turn, act, row, by)
    else:
        _answered(turn, link, act, row, by)
    if act.kind is ActKind.PLAN_STEP:
        plan_moves.step_ended(turn, act)


def _its_own(turn: Turn, link: Link, row: f.LedgerRow, order: Order) -> bool:
    """Whether an entry's order is of this account and has the entry's hash (I12). One that has not is not believed;
    what the broker did is told by its deals."""
    account = turn.state.terminals[link.terminal].account
    if order.account == account and order_hash(order) == row.order_hash:
        return True
    why = "of another account" if order.account != account else "that does not have the entry's hash"
    detail = f"ledger entry {row.index}, act {row.act_id}, has an order {why}"
    turn.finding(Finding.CONFLICT, link.terminal, detail)
    quarantine(turn, link.terminal, Cause.RECONCILIATION, detail)
    return False


def _plan_step(turn: Turn, link: Link, row: f.LedgerRow) -> Act | None:
    fire_id = turn.state.plan_fires.get(row.act_id)
    if fire_id is not None and row.order is not None:
        turn.emit(r.PlanStepBegun(row.act_id, fire_id, link.terminal, row.order, row.order_hash, row.move))
        return turn.state.acts[row.act_id]
    if tag_of(row.act_id) == turn.state.tag and row.state in (
        RowState.JOURNALED,
        RowState.DONE,
        RowState.UNKNOWN,
    ):
        turn.finding(Finding.ALIEN_ORDER, link.terminal, f"ledger entry {row.index}, act {row.act_id}")
    return None


def _answered(turn: Turn, link: Link, act: Act, row: f.LedgerRow, by: str) -> None:
    event = _EVENTS[row.state]
    if act.state is ActState.QUARANTINED:
        return  # a person decides: the proof that was contradicted is no new one when it is told again
    if row.state is RowState.TOMBSTONED and not _under_this_ledger(turn, act):
        return  # from another ledger than the one that may have executed: proves nothing by itself
    if event is ActEvent.DOUBT:
        if act.state in IN_FLIGHT:  # else more is known by now: an entry is told again in each hand-shake
            routing.doubt(turn, act, by, row.detail or retcodes.name(row.retcode))
        return
    if not allows(act.state, event):
        return  # told before; only an execution can contradict, and that is not answered here
    codes = (row.code,) if row.code else ()
    turn.move(act, event, by, codes=codes, retcode=row.retcode, order_ticket=row.order_ticket, detail=row.detail)
    after_fill.refused(turn, link, act, row)
    routing.followed(turn, act)


def _ended(turn: Turn, act: Act, row: f.LedgerRow, by: str) -> None:
    """A resting order is gone without a deal; one that nobody had heard of was WORKING first. Who cancelled it is told
    by whether we have."""
    if act.state is not ActState.WORKING and allows(act.state, ActEvent.WORK) and act.state is not ActState.QUARANTINED:
        turn.move(act, ActEvent.WORK, by, order_ticket=row.order_ticket)
    event = _ENDS.get(row.code, ActEvent.CANCEL)
    if act.state is ActState.WORKING:
        ours = [one for one in resting.cancels(turn.state, act) if one.state is not ActState.DENIED]
        who = f"by {routing.shown(ours[-1])}" if ours else "by the owner, or by the broker"
        turn.move(act, event, by, retcode=row.retcode, detail=who if event is ActEvent.CANCEL else row.detail)
        routing.followed(turn, act)


def _under_this_ledger(turn: Turn, act: Act) -> bool:
    return turn.state.same_ledger(act)


def executed(turn: Turn, link: Link, act: Act, row: f.LedgerRow, by: str) -> None:
    """The broker executed this act; contradicts any earlier proof of the opposite."""
    event = ActEvent.FILL if act.kind is ActKind.FIRE else ActEvent.EXECUTE
    told = (ActState.FILLED, ActState.CLOSING, ActState.CLOSED, ActState.DONE, ActState.QUARANTINED)
    if act.state in told:
        return  # QUARANTINED: a person decides, and no second telling does it for them
    asked = act.order.volume_steps if act.order else 0
    if not allows(act.state, event) or (asked and row.volume_steps > asked):
        what = Finding.LATE_EXECUTION if act.state in FINAL else Finding.DEAL_MISMATCH
        turn.move(act, ActEvent.QUARANTINE, by, deal_ticket=row.deal_ticket, detail="executed")
        turn.finding(what, routing.shown(act), f"deal {row.deal_ticket}, position {row.position_id}")
        routing.followed(turn, act)
        return
    turn.move(
        act,
        event,
        by,
        retcode=row.retcode,
        order_ticket=row.order_ticket,
        deal_ticket=row.deal_ticket,
        position_id=row.position_id,
        price_points=row.price_points,
        volume_steps=row.volume_steps,
        detail=row.detail,
    )
    if act.kind is ActKind.FIRE:
        _open_position(turn, link, act, row)
        after_fill.risk(turn, link, act)
    if act.order is not None and act.order.moves_levels:
        _levels_set(turn, act)
    routing.followed(turn, act)


def _open_position(turn: Turn, link: Link, act: Act, row: f.LedgerRow) -> None:
    assert act.order is not None
    turn.emit(
        r.PositionOpened(
            number=sequence_of(act.act_id),
            fire_id=act.act_id,
            account=act.account,
            # Whoever tells of it: the agent that was sent the fire runs its plan.
            terminal=act.terminal if act.terminal in turn.state.terminals else link.terminal,
            position_id=row.position_id,
            symbol=act.order.symbol,
            digits=act.digits,
            volume_step=act.volume_step,
            side=int(act.order.side),
            volume_steps=row.volume_steps or act.order.volume_steps,
            open_points=row.price_points,
            stop_points=act.order.stop_points,
            target_points=act.order.target_points,
            at_ms=row.market_ms,
        )
    )


def _levels_set(turn: Turn, act: Act) -> None:
    position = turn.state.positions.get(act.position)
    if position is not None and position.open and act.order is not None:
        turn.emit(
            r.PositionChanged(position.number, position.volume_steps, act.order.stop_points, act.order.target_points)
        )


def conflict(turn: Turn, act: Act, detail: str) -> None:
    """Same id, other order: nothing was sent; the terminal takes no new fires until a person has looked."""
    turn.finding(Finding.CONFLICT, routing.shown(act), detail)
    if allows(act.state, ActEvent.QUARANTINE) and act.state not in FINAL:
        turn.move(act, ActEvent.QUARANTINE, "conflict", detail=detail)
    quarantine(turn, act.terminal, Cause.RECONCILIATION, f"{routing.shown(act)}: {detail}")


def quarantine(turn: Turn, name: str, cause: Cause, why: str) -> None:
    """Nothing opens there until a person has looked. A cause for which nothing passes replaces one for which closes
    do, and never the other way round."""
    terminal = turn.state.terminals.get(name)
    if terminal is not None and (
        terminal.duty is not Duty.QUARANTINED or (terminal.reduces and cause in NOTHING_PASSES)
    ):
        turn.emit(r.TerminalDutySet(name, Duty.QUARANTINED, why, cause))
        if cause is Cause.IDENTITY:
            disarm(turn, terminal.account, f"{name}: {why}")


# --- deals ----------------------------------------------------------------------------------------------


def book_deals(turn: Turn, link: Link, rows: tuple[f.DealRow, ...]) -> None:
    """Book what is new, in the order of tickets. A deal that was booked before writes nothing."""
    account = turn.state.accounts[turn.state.terminals[link.terminal].account]
    newest, change = account.deals_after, Decimal(0)
    for row in sorted(rows, key=lambda deal: deal.ticket):
        if row.ticket <= account.deals_after:
            continue
        newest = max(newest, row.ticket)
        change += cash.change_of(row)
        if row.deal_type not in DEAL_TRADES:
            cash.book(turn, account.name, row)
        else:
            _trade(turn, link, account.name, row)
    if newest > account.deals_after:
        turn.emit(r.DealsRead(account.name, newest, change))
        cash.deals_came(link)


def _trade(turn: Turn, link: Link, account: str, row: f.DealRow) -> None:
    act = turn.state.acts.get(row.magic) or agent_acts.of_deal(turn.state, account, row)
    if act is not None and act.account != account:
        _elsewhere(turn, link, account, act, row)
    if (
        act is not None
        and act.account == account
        and act.state in (*LANE_BUSY, ActState.WORKING, *_SAID_ABSENT)
        and act.state is not ActState.DENIED
    ):
        opens = row.entry == ENTRY_IN
        if opens == (act.kind is ActKind.FIRE):
            executed(turn, link, act, _row_of_deal(act, row), "history")
    position = turn.state.position_by_id(account, row.position_id)
    if position is None or row.ticket in position.deals:
        return
    turn.emit(
        r.DealBooked(
            account=account,
            number=position.number,
            ticket=row.ticket,
            order_id=row.order_id,
            entry=row.entry,
            reason=row.reason,
            volume_steps=row.volume_steps,
            price_points=row.price_points,
            magic=row.magic,
            profit=row.profit,
            swap=row.swap,
            commission=row.commission + row.fee,
            at_ms=row.time_ms,
        )
    )
    if row.entry != ENTRY_IN and position.open and position.closed_steps >= position.opened_steps:
        _position_gone(turn, position, row)


def _elsewhere(turn: Turn, link: Link, account: str, act: Act, row: f.DealRow) -> None:
    """A deal that bears an act's id on another account than the act's: its terminal was another one for a moment."""
    detail = f"deal {row.ticket} was made on {account}, not on {act.account}"
    turn.finding(Finding.DEAL_MISMATCH, routing.shown(act), detail)
    if allows(act.state, ActEvent.QUARANTINE):
        turn.move(act, ActEvent.QUARANTINE, "another account", detail=detail)
    for name in (act.terminal, link.terminal):
        quarantine(turn, name, Cause.RECONCILIATION, f"{routing.shown(act)}: {detail}")


def _row_of_deal(act: Act, row: f.DealRow) -> f.LedgerRow:
    found = _row_of(act, row, row.order_id, row.price_points, "found in the broker's history")
    return msgspec.structs.replace(found, deal_ticket=row.ticket)


def _row_of(act: Act, row: f.DealRow | f.PositionRow, order_ticket: int, points: int, detail: str) -> f.LedgerRow:
    """The ledger's entry of an act that was found done at the broker, as its agent would have told it."""
    return f.LedgerRow(
        index=0,
        act_id=act.act_id,
        move=0,
        state=RowState.DONE,
        order_hash=act.order_hash,
        at_ns=0,
        market_ms=row.time_ms,
        order_ticket=order_ticket,
        position_id=row.position_id,
        price_points=points,
        volume_steps=row.volume_steps,
        detail=detail,
    )


def _position_gone(turn: Turn, position: Position, row: f.DealRow) -> None:
    fire = turn.state.acts[position.fire_id]
    r_milli = multiple.milli(fire, position, position.profit) or 0
    turn.emit(
        r.PositionClosed(
            position.number,
            _close_reason(turn, position.account, row),
            row.price_points,
            position.profit,
            r_milli,
            row.time_ms,
        )
    )
    if allows(fire.state, ActEvent.POSITION_CLOSED):
        turn.move(fire, ActEvent.POSITION_CLOSED, "deal", deal_ticket=fire.deal_ticket)
    turn.clear_alarm(Finding.MISSING_POSITION.name, routing.shown(fire), "the closing deal was found")
    turn.clear_alarm(Finding.STOP_MISSING.name, routing.shown(fire), "the position is closed")
    turn.clear_alarm(Finding.RISK_AFTER_FILL.name, routing.shown(fire), "the position is closed")
    routing.followed(turn, fire)


def _close_reason(turn: Turn, account: str, row: f.DealRow) -> str:
    if row.reason in _CLOSE_REASONS:
        return _CLOSE_REASONS[row.reason]
    if row.reason != _EXPERT:
        return "OWNER"
    step = turn.state.plan_steps.get(row.magic)
    if step is not None:
        return step.kind.name
    if agent_acts.of_deal(turn.state, account, row) is not None:
        return "EQUITY_FLOOR"
    return "CLOSED" if row.magic in turn.state.acts else "OWNER"


# --- positions ------------------------------------------------------------------------------------------


def book_positions(turn: Turn, link: Link) -> None:
    """Compare a whole report of open positions with the journal."""
    account = turn.state.terminals[link.terminal].account
    reported = {row.position_id: row for row in link.positions.values()}
    for number in sorted(turn.state.positions_open):
        position = turn.state.positions[number]
        if position.account != account:
            continue
        row = reported.pop(position.position_id, None)
        if row is None:
            link.unsettled_ns.setdefault(number, turn.now_ns)
        else:
            link.unsettled_ns.pop(number, None)
            _compare(turn, position, row)
    for row in reported.values():
        _not_in_journal(turn, link, account, row)


def _compare(turn: Turn, position: Position, row: f.PositionRow) -> None:
    fire = turn.state.acts[position.fire_id]
    changed = (row.stop_points, row.target_points) != (position.stop_points, position.target_points)
    if changed:
        turn.emit(r.PositionChanged(position.number, position.volume_steps, row.stop_points, row.target_points))
    turn.clear_alarm(Finding.MISSING_POSITION.name, routing.shown(fire), "the broker reports it again")
    if row.stop_points:
        turn.clear_alarm(Finding.STOP_MISSING.name, routing.shown(fire), "the stop is back")
    elif changed:
        turn.finding(Finding.STOP_MISSING, routing.shown(fire), f"ticket {row.ticket}")


def _not_in_journal(turn: Turn, link: Link, account: str, row: f.PositionRow) -> None:
    if (account, row.position_id) in turn.state.position_numbers:
        return None  # its closing deal was booked a moment ago; the next report lacks it
    act = turn.state.acts.get(row.magic)
    if act is not None and act.account == account and act.kind is ActKind.FIRE:
        if act.state in (ActState.UNKNOWN, ActState.WORKING, *_SAID_ABSENT):
            return executed(turn, link, act, _row_of_position(act, row), "position")
        if act.state not in (ActState.FILLED, ActState.CLOSING, ActState.CLOSED):
            return None  # its result is on the way, or a person looks at it already
        # A second position under the id of a fire that has its own: counted, shown, never touched by itself.
    key = (account, row.ticket)
    if key in turn.state.foreign:
        return None
    turn.emit(r.ForeignSeen(account, row.ticket, turn.state.next_number, row.symbol))
    ours = bool(row.magic) and tag_of(row.magic) == turn.state.tag
    code = Finding.ALIEN_POSITION if ours else Finding.FOREIGN_POSITION
    turn.finding(code, f"{account} {row.ticket}", f"{row.symbol} {Side(row.side).name}", alarm=ours)
    return None


def _row_of_position(act: Act, row: f.PositionRow) -> f.LedgerRow:
    return _row_of(act, row, row.ticket, row.open_points, "found among the broker's positions")


def missing_positions(turn: Turn, link: Link) -> None:
    """A position that is gone for long without its closing deal is a finding, once."""
    for number, since_ns in list(link.unsettled_ns.items()):
        position = turn.state.positions[number]
        if not position.open:
            del link.unsettled_ns[number]
        elif turn.now_ns - since_ns > MISSING_AFTER_NS:
            fire = turn.state.acts[position.fire_id]
            subject = routing.shown(fire)
            name = Finding.MISSING_POSITION.name
            standing = any((a.code, a.subject) == (name, subject) for a in turn.state.alarms.values())
            if not standing:
                turn.finding(Finding.MISSING_POSITION, subject, f"position {position.position_id}")


# --- absence --------------------------------------------------------------------------------------------


def absent_by_history(turn: Turn, link: Link) -> None:
    """Where the agent's ledger was lost a tombstone proves nothing; the broker's own records must.

    An UNKNOWN act of an earlier ledger counts as not executed, one that rested as cancelled, when the terminal has
    been READY, with its broker connected, for a whole settle window since, without a break, and neither a position nor
    an order nor a deal with its magic has been reported in it.
    """
    settle_ns = turn.state.timing.settle_ms * MS
    if link.settled_ns is None or turn.now_ns - link.settled_ns < settle_ns:
        return
    magics = {row.magic for row in link.positions.values()} | {row.magic for row in link.orders.values()}
    for number in sorted(turn.state.acts_pending):
        act = turn.state.acts[number]
        silent = act.state in (ActState.UNKNOWN, ActState.WORKING)
        lost = act.terminal == link.terminal and silent and not _under_this_ledger(turn, act)
        if number in magics:
            link.rested_ns[number] = turn.now_ns
        if act.state is ActState.WORKING and lost and order_reports.absent_ns(turn, link, act) < settle_ns:
            continue
        last_ns = max(act.moved_ns, link.rested_ns.get(number, 0))
        if not lost or number in magics or turn.now_ns - last_ns < settle_ns:
            continue
        held = _as_modified(link, act)
        if held is not None:
            executed(turn, link, act, _row_of_position(act, held), "position")
            continue
        if _cancelled_since(turn, act):
            executed(turn, link, act, _row_of_cancel(act, turn.market_ms), "orders")
            continue
        if act.state is ActState.WORKING:
            turn.move(act, ActEvent.CANCEL, "history", detail="or expired: gone for the whole settle window, no deal")
        else:
            rests = act.order is not None and act.order.rests
            detail = "absent for the whole settle window" + (", or ended before it without a deal" if rests else "")
            turn.move(act, ActEvent.PROVE_ABSENT, "history", detail=detail)
        routing.followed(turn, act)


def cancels_by_their_orders(turn: Turn) -> None:
    """A cancel without a verdict whose terminal is away, once its order has ended: that is the broker's own evidence.
    An order that was cancelled is what it asked for; one that ended otherwise left it nothing to do."""
    for act in [turn.state.acts[number] for number in sorted(turn.state.acts_pending)]:
        if act.kind is not ActKind.CANCEL or act.state is not ActState.UNKNOWN:
            continue
        fire = resting.fire_of(turn.state, act) if turn.live.link(act.terminal).state not in REDUCES_IN else None
        if fire is not None and fire.state is ActState.CANCELLED:
            turn.move(act, ActEvent.EXECUTE, "orders", detail="its order was cancelled")
            routing.followed(turn, act)
        elif fire is not None and fire.state in (ActState.EXPIRED, ActState.REJECTED):
            turn.move(act, ActEvent.PROVE_ABSENT, "orders", codes=(resting.GONE,), detail="its order ended otherwise")
            routing.followed(turn, act)


def _cancelled_since(turn: Turn, act: Act) -> bool:
    """A cancel leaves no deal either: its order's own end is its only trace."""
    fire = resting.fire_of(turn.state, act) if act.kind is ActKind.CANCEL else None
    return fire is not None and fire.state is ActState.CANCELLED


def _row_of_cancel(act: Act, market_ms: int) -> f.LedgerRow:
    return f.LedgerRow(0, act.act_id, 0, RowState.DONE, act.order_hash, 0, market_ms, detail="its order was cancelled")


def _as_modified(link: Link, act: Act) -> f.PositionRow | None:
    """A change of levels leaves no deal: the position that has them now is its only trace."""
    if act.order is None or not act.order.moves_levels:
        return None
    row = next((row for row in link.positions.values() if row.position_id == act.order.position_id), None)
    wanted = (act.order.stop_points, act.order.target_points)
    return row if row is not None and (row.stop_points, row.target_points) == wanted else None
