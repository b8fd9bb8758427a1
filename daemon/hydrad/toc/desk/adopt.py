"""`adopt`: a FOREIGN position becomes ours. It gets the stop that was named, and is followed to its close.

Nothing of it is ours by magic; it is ours because the journal says so, by its position id, as every deal that closes
it names that. An act stands in for the fire that it never had, so that all that holds for our positions holds for it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain import money
from hydrad.domain.actors import Role
from hydrad.domain.ids import sequence_of
from hydrad.domain.orders import ORDER_VERSION, ActKind, Order, Side, order_hash
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import PositionRow
from hydrad.toc import closing, exposure, numbering, risk, routing, sizing
from hydrad.toc import records as r
from hydrad.toc.desk.positions import modify_checks, modify_order
from hydrad.toc.desk.refusals import Refused, account_named
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import hash_of, told_before, wait
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Link
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Account, Position
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode, Finding, Reason


def _adopt(turn: Turn, asked: Requested, verb: calls.Adopt) -> None:
    if told_before(turn, asked, verb):
        return
    account = account_named(turn, verb.account)
    link, row, terms = _found(turn, account, verb.ticket)
    stop = money.price_points(verb.stop, terms.digits)
    body = _body(turn, account, link, row, terms, stop, verb.reason or "")
    checks = _checks(turn, body)
    codes = tuple(check.code for check in checks if not check.ok)
    if codes:
        failed = [f"{check.code}: {check.measured}, limit {check.limit}" for check in checks if not check.ok]
        text = f"{verb.ticket} was not adopted: " + "; ".join(failed)
        raise Refused(ErrorCode.DENIED, text, None, codes=list(codes), failed=failed)
    if stop == row.stop_points:
        body = msgspec.structs.replace(body, key=asked.key, asked=hash_of(verb))
    turn.emit(body)
    position = turn.state.positions[sequence_of(body.act_id)]
    shown = routing.shown(turn.state.acts[body.act_id])
    turn.clear_alarm(Finding.ALIEN_POSITION.name, f"{account.name} {row.ticket}", "adopted")
    if not row.stop_points:
        turn.finding(Finding.STOP_MISSING, shown, f"ticket {row.ticket}, adopted without one")
    act_id = body.act_id
    if stop != row.stop_points:
        asked_for = closing.Asked(verb.reason or "adopt", asked.key, hash_of(verb))
        order = modify_order(position, stop, position.target_points)
        act_id = closing.act_on(turn, position, order, checks, asked_for)
    wait(turn, asked.request, "fire", verb.wait_s, (act_id,))


def _found(turn: Turn, account: Account, ticket: int) -> tuple[Link, PositionRow, SymbolTerms]:
    if not account.hedging:
        raise Refused(ErrorCode.DENIED, f"{account.name} is a netting account: its position is the sum of all", None)
    link = exposure.reporter(turn.state, turn.live, account.name)
    rows = exposure.foreign_rows(turn.state, turn.live, account.name)
    row = next((row for row in rows if row.ticket == ticket), None)
    if link is None or row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no FOREIGN position with ticket {ticket} on {account.name}")
    terms = link.terms.get(row.symbol)
    if terms is None:
        codes = [Reason.TERMS_UNKNOWN.name]
        raise Refused(ErrorCode.DENIED, f"the terms of {row.symbol} are not known in this session", None, codes=codes)
    return link, row, terms


def _body(
    turn: Turn, account: Account, link: Link, row: PositionRow, terms: SymbolTerms, stop: int, reason: str
) -> r.PositionAdopted:
    side = Side(row.side)
    order = Order(
        version=ORDER_VERSION,
        kind=ActKind.FIRE,
        account=account.name,
        symbol=row.symbol,
        side=side,
        volume_steps=row.volume_steps,
        stop_points=stop,
        target_points=row.target_points,
        position_id=row.position_id,
        ticket=row.ticket,
    )
    distance = max((row.open_points - stop) * side.sign, 0)
    return r.PositionAdopted(
        act_id=numbering.new_act_id(turn.state),
        account=account.name,
        terminal=link.terminal,
        order=order,
        order_hash=order_hash(order),
        digits=terms.digits,
        volume_step=terms.volume_step,
        open_points=row.open_points,
        stop_points=row.stop_points,
        target_points=row.target_points,
        risk_money=sizing.money_at_stop(distance, row.volume_steps, terms),
        base_money=risk.base_of(link) or Decimal(0),
        at_ms=row.time_ms,
        reason=reason,
    )


def _checks(turn: Turn, body: r.PositionAdopted) -> tuple[Check, ...]:
    """As for a change of the stop, before anything is written: what would be denied is not adopted."""
    order = body.order
    position = Position(
        number=sequence_of(body.act_id),
        fire_id=body.act_id,
        account=body.account,
        terminal=body.terminal,
        position_id=order.position_id,
        symbol=order.symbol,
        digits=body.digits,
        volume_step=body.volume_step,
        side=order.side,
        volume_steps=order.volume_steps,
        opened_steps=order.volume_steps,
        open_points=body.open_points,
        stop_points=body.stop_points,
        target_points=body.target_points,
        opened_ms=body.at_ms,
    )
    flying = closing.pending_on(turn.state, body.account, order.position_id)
    text = ", ".join(f"{routing.shown(act)} {act.state.value}" for act in flying)
    free = Check(Reason.POSITION_STATE.name, not flying, text or "FOREIGN", "nothing in flight")
    link = routing.reducing_link(turn, body.account)
    reach = Check(Reason.TERMINAL_LINK.name, link is not None, link.terminal if link else "none", "one in reach")
    return (free, reach, *modify_checks(turn, position, order.stop_points, body.target_points))


VERBS: Table = {calls.Adopt: (Role.TRADER, _adopt)}
