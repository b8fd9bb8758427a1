"""Acts at the broker: the one place that calls `order_send`, and the search for what became of an act.

Order of things: deadline, identity, request (against the position as it stands now), `order_check`, deadline again,
`order_send` once, identity again. Whatever goes wrong before `order_send` is NOT_EXECUTED; whatever goes wrong
after it is UNKNOWN, and the broker's records must tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hydrad.agent.calls import Find, Found, Perform, Performed
from hydrad.agent.plans import overtaken
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.money import float_points, float_steps, points_float
from hydrad.domain.orders import ActKind, EntryType, Order, Side
from hydrad.link import retcodes
from hydrad.link.frames import DealRow, PositionRow, RowState
from hydrad.terminal.metatrader import Terminal, TerminalError
from hydrad.terminal.pipe import Grid
from hydrad.terminal.readings import Readings, nearest_points
from hydrad.terminal.steady import SteadyClock

Request = dict[str, int | float | str]

# ENUM_TRADE_REQUEST_ACTIONS
DEAL, PENDING, SLTP, REMOVE, CLOSE_BY = 1, 5, 6, 8, 10
# ENUM_ORDER_TYPE of what rests, ENUM_ORDER_TYPE_TIME
_RESTING_TYPES = {
    (EntryType.LIMIT, Side.BUY): 2,
    (EntryType.LIMIT, Side.SELL): 3,
    (EntryType.STOP, Side.BUY): 4,
    (EntryType.STOP, Side.SELL): 5,
}
TIME_SPECIFIED = 2
# ENUM_ORDER_STATE of an order that ended without a deal
_ENDS = {2: "CANCELLED", 5: "ORDER_REJECTED", 6: "ORDER_EXPIRED"}
_CANCELED = 2
# ENUM_ORDER_TYPE_FILLING, and the SYMBOL_FILLING_* bit that allows it
_FILLINGS = ((0, 1), (1, 2))  # fill or kill, immediate or cancel
FILLING_RETURN = 2
# ENUM_DEAL_ENTRY of deals that open: on a netting account one that reverses is INOUT
_OPENS = frozenset({0, 2})
# How far a close may slip where its order names no collar: wide, since it must get out.
CLOSE_DEVIATION_POINTS = 1_000
# Errors by which the module says that nothing was sent: bad arguments, and trading by programs switched off.
_NOT_SENT = {-2: "BAD_REQUEST", -8: "API_DISABLED"}
_STATES = {
    retcodes.Verdict.DONE: RowState.DONE,
    retcodes.Verdict.ACCEPTED: RowState.WORKING,
    retcodes.Verdict.REFUSED: RowState.REFUSED,
    retcodes.Verdict.AMBIGUOUS: RowState.UNKNOWN,
}
_DEALING = frozenset({ActKind.FIRE, ActKind.CLOSE, ActKind.PART_CLOSE, ActKind.CLOSE_BY, ActKind.PLAN_STEP})


class Withheld(Exception):
    """The order must not be sent as things stand; the code says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Orders:
    """Answers Perform and Find."""

    def __init__(self, terminal: Terminal, readings: Readings, clock: SteadyClock) -> None:
        self._terminal = terminal
        self._readings = readings
        self._clock = clock
        self._requests: dict[ActKind, Callable[[Order], Request]] = {
            ActKind.FIRE: self._open,
            ActKind.CLOSE: self._close,
            ActKind.PART_CLOSE: self._close,
            ActKind.PLAN_STEP: self._plan_step,
            ActKind.CLOSE_BY: self._close_by,
            ActKind.MODIFY: self._modify,
            ActKind.CANCEL: self._cancel,
        }

    def perform(self, act: Perform) -> Performed:
        """Send an act's order, or say why not."""
        try:
            self._may_send(act)
            request = self._prepared(act)
            refused = self._checked(request)
            if refused is not None:
                return refused
            self._may_send(act)  # what was read meanwhile took its time
        except Withheld as why:
            return Performed(RowState.NOT_EXECUTED, why.code, detail=why.detail)
        except TerminalError as error:
            return Performed(RowState.NOT_EXECUTED, "TERMINAL_ERROR", detail=str(error))
        return self._after(self._sent(act, request))

    def find(self, act: Find) -> Found:
        """Look for an act in the broker's records; raises TerminalError."""
        connected = self._terminal.standing().connected
        if act.order.kind in _DEALING and not act.order.moves_levels:
            return self._find_deal(act, connected)
        if act.order.kind is ActKind.CANCEL:
            return self._find_cancel(act, connected)
        state = RowState.DONE if self._modified(act.order) else None
        return Found(state, connected, order_ticket=act.order.ticket, position_id=act.order.position_id)

    # --- before -----------------------------------------------------------------------------------------

    def _may_send(self, act: Perform) -> None:
        """Asked before anything is read for the order, and again as the last thing before it is sent."""
        if not self._terminal.same():
            raise Withheld("IDENTITY", "the terminal is not the one that logged in")
        if self._clock.now_ns() > act.not_after_ns:
            raise Withheld("EXPIRED")

    def _prepared(self, act: Perform) -> Request:
        kind = IdKind.FIRE if act.order.kind is ActKind.FIRE else IdKind.ACT
        return {
            **self._requests[act.order.kind](act.order),
            "magic": act.act_id,
            "comment": show(kind, sequence_of(act.act_id)),
        }

    def _checked(self, request: Request) -> Performed | None:
        """A failing `order_check` refuses before anything was sent. Only deals are checked: the terminal judges
        other requests at the server alone."""
        if request["action"] != DEAL:
            return None
        check = self._terminal.try_ask("order_check", request)
        if check is None:
            return Performed(RowState.NOT_EXECUTED, "CHECK_FAILED", detail=str(self._terminal.error("order_check")))
        if check.retcode in (0, retcodes.DONE):
            return None
        code = int(check.retcode)
        return Performed(RowState.REFUSED, retcodes.name(code), code, detail=str(check.comment))

    def _open(self, order: Order) -> Request:
        """At the market, within entry ± collar: the price is the entry, the deviation the collar."""
        if order.rests:
            return self._place(order)
        grid, symbol = self._terminal.grid(order.symbol), order.symbol
        tick = self._terminal.ask("symbol_info_tick", symbol)
        price = float_points(tick.ask if order.side is Side.BUY else tick.bid, grid.digits)
        if abs(price - order.entry_points) > order.collar_points:
            raise Withheld("ENTRY_MISSED", f"{price} points, {order.entry_points} ± {order.collar_points} wanted")
        return {
            "action": DEAL,
            "symbol": symbol,
            "type": int(order.side),
            "volume": _lots(order.volume_steps, grid),
            "price": points_float(order.entry_points, grid.digits),
            "deviation": order.collar_points,
            "sl": points_float(order.stop_points, grid.digits),
            "tp": points_float(order.target_points, grid.digits),
            "type_filling": _filling(grid),
        }

    def _place(self, order: Order) -> Request:
        """To rest at its entry until its expiration, which the broker reads on its own wall clock."""
        if self._terminal.offset_ms is None:
            raise Withheld("BROKER_CLOCK", "the broker's clock offset is unknown")
        if order.expiration_ms <= self._terminal.market_ms():
            raise Withheld("EXPIRED", "its expiration has passed")
        grid = self._terminal.grid(order.symbol)
        return {
            "action": PENDING,
            "symbol": order.symbol,
            "type": _RESTING_TYPES[order.entry_type, order.side],
            "volume": _lots(order.volume_steps, grid),
            "price": points_float(order.entry_points, grid.digits),
            "sl": points_float(order.stop_points, grid.digits),
            "tp": points_float(order.target_points, grid.digits),
            "type_time": TIME_SPECIFIED,
            "expiration": self._terminal.wall_s(order.expiration_ms),
            "type_filling": FILLING_RETURN,
        }

    def _close(self, order: Order) -> Request:
        held = self._held(order)
        grid = self._terminal.grid(order.symbol)
        _volumes_agree(order, held)
        side = Side(held.side).opposite
        if side is not order.side:
            raise Withheld("POSITION_STATE", "the position is on the other side")
        return {
            "action": DEAL,
            "symbol": order.symbol,
            "type": int(side),
            "volume": _lots(order.volume_steps, grid),
            "price": self._price(held, side),
            "deviation": order.collar_points or CLOSE_DEVIATION_POINTS,
            "type_filling": _filling(grid),
            "position": held.ticket,
        }

    def _price(self, held: PositionRow, side: Side) -> float:
        """The market's; for a symbol that is gone the one at which the terminal still values the position."""
        tick = self._terminal.try_ask("symbol_info_tick", held.symbol)
        if tick is not None:
            return float(tick.ask if side is Side.BUY else tick.bid)
        rows = self._terminal.ask("positions_get", ticket=held.ticket)
        if not rows:
            raise Withheld("POSITION_CLOSED", f"position {held.position_id} is not open")
        return float(rows[0].price_current)

    def _close_by(self, order: Order) -> Request:
        """The broker closes the smaller volume of both, so both must be what the order was made for."""
        held = self._held(order)
        other = next((row for row in self._readings.positions() if row.ticket == order.ticket), None)
        if other is None:
            raise Withheld("POSITION_CLOSED", f"position {order.ticket} is not open")
        if (other.symbol, Side(other.side)) != (held.symbol, Side(held.side).opposite):
            raise Withheld("POSITION_STATE", f"position {order.ticket} is {Side(other.side).name} {other.symbol}")
        _volumes_agree(order, held)
        if min(held.volume_steps, other.volume_steps) != order.volume_steps:
            raise Withheld("VOLUME_CONFLICT", f"{other.volume_steps} steps are open of position {order.ticket}")
        return {"action": CLOSE_BY, "position": held.ticket, "position_by": order.ticket}

    def _modify(self, order: Order) -> Request:
        held, grid = self._held(order), self._terminal.grid(order.symbol)
        return {
            "action": SLTP,
            "symbol": order.symbol,
            "position": held.ticket,
            "sl": points_float(order.stop_points, grid.digits),
            "tp": points_float(order.target_points, grid.digits),
        }

    def _plan_step(self, order: Order) -> Request:
        """A plan's step: it gives way to what was changed since it was decided."""
        if not order.moves_levels:
            return self._close(order)
        code = overtaken(order, self._held(order))
        if code:
            raise Withheld(code, "the position has other levels by now")
        return self._modify(order)

    def _cancel(self, order: Order) -> Request:
        if not self._rests(order.ticket):
            raise Withheld("ORDER_GONE", f"order {order.ticket} does not rest any more")
        return {"action": REMOVE, "order": order.ticket}

    def _rests(self, ticket: int) -> bool:
        return any(row.ticket == ticket for row in self._readings.orders())

    def _held(self, order: Order) -> PositionRow:
        """The position that the order names, as it stands now."""
        held = self._position(order.position_id)
        if held is None:
            raise Withheld("POSITION_CLOSED", f"position {order.position_id} is not open")
        if held.symbol != order.symbol:
            raise Withheld("POSITION_STATE", f"position {order.position_id} is of {held.symbol}")
        return held

    def _position(self, position_id: int) -> PositionRow | None:
        return next((row for row in self._readings.positions() if row.position_id == position_id), None)

    # --- sending ----------------------------------------------------------------------------------------

    def _sent(self, act: Perform, request: Request) -> Performed:
        result = self._terminal.try_ask("order_send", request)
        if result is None:
            return self._unanswered()
        code = int(result.retcode)
        state, detail = _STATES[retcodes.verdict(code)], str(result.comment)
        if state is RowState.REFUSED:
            return Performed(state, retcodes.name(code), code, detail=detail)
        if state is RowState.DONE and act.order.rests:
            return Performed(RowState.WORKING, retcode=code, order_ticket=int(result.order), detail=detail)
        if state is RowState.DONE:
            done = Performed(state, retcode=code, detail=detail)
            return msgspec.structs.replace(done, **self._facts(act.order, result))
        return Performed(state, retcodes.name(code), code, order_ticket=int(result.order), detail=detail)

    def _unanswered(self) -> Performed:
        code, text = self._terminal.last_error()
        if code in _NOT_SENT:
            return Performed(RowState.NOT_EXECUTED, _NOT_SENT[code], detail=f"{text} ({code})")
        return Performed(RowState.UNKNOWN, "NO_ANSWER", detail=f"{text} ({code})")

    def _facts(self, order: Order, result: Any) -> dict[str, int]:
        """Tickets, price and volume of what was done: by the deals of the order if all are there already, else by
        the answer alone. On a hedging account an opening order's ticket is the position's."""
        if order.kind not in _DEALING or order.moves_levels:
            return {"order_ticket": int(result.order) or order.ticket, "position_id": order.position_id}
        grid = self._terminal.grid(order.symbol)
        volume_steps = float_steps(result.volume, grid.step)
        deals = [self._readings.deal(row) for row in self._terminal.deals_of_order(int(result.order))]
        if deals and sum(row.volume_steps for row in deals) >= volume_steps:
            return _deal_facts(order, deals)
        return {
            "order_ticket": int(result.order),
            "deal_ticket": int(result.deal),
            "position_id": order.position_id or int(result.order),
            "price_points": nearest_points(result.price, grid.digits),
            "volume_steps": volume_steps,
        }

    def _after(self, done: Performed) -> Performed:
        """The verdict counts only if the terminal is still the same."""
        try:
            same = self._terminal.same()
        except TerminalError as error:
            return Performed(RowState.UNKNOWN, "TERMINAL_ERROR", done.retcode, detail=str(error))
        if same:
            return done
        return Performed(RowState.UNKNOWN, "IDENTITY", done.retcode, detail=done.detail, identity_changed=True)

    # --- searching --------------------------------------------------------------------------------------

    def _find_deal(self, act: Find, connected: bool) -> Found:
        opening = act.order.kind is ActKind.FIRE
        rows = self._terminal.deals_within(act.since_ms, self._terminal.market_ms())
        # A position's stop and target are deals under its fire's magic, too; those of any other act are its own.
        ours = [row for row in rows if row.magic == act.act_id and (not opening or row.entry in _OPENS)]
        if ours:
            facts = _deal_facts(act.order, [self._readings.deal(row) for row in ours])
            return msgspec.structs.replace(Found(RowState.DONE, connected), **facts)
        resting = [row for row in self._readings.orders() if row.magic == act.act_id]
        if resting:
            return Found(RowState.WORKING, connected, order_ticket=resting[0].ticket)
        return self._ended(act, connected) if act.order.rests else Found(None, connected)

    def _ended(self, act: Find, connected: bool) -> Found:
        """How a resting order ended that has no deal. One that was FILLED by the records, or ended with less left than
        it was placed for, has a deal that they do not show yet: it counts as resting until they do."""
        rows = self._terminal.orders_within(act.since_ms, self._terminal.market_ms())
        ours = next((row for row in rows if row.magic == act.act_id), None)
        if ours is None:
            return Found(None, connected)
        whole = float(ours.volume_current) >= float(ours.volume_initial)
        code = _ENDS.get(int(ours.state), "") if whole else ""
        state = RowState.ENDED if code else RowState.WORKING
        return Found(state, connected, order_ticket=int(ours.ticket), code=code)

    def _find_cancel(self, act: Find, connected: bool) -> Found:
        """By what became of the order: gone otherwise, the cancel did nothing."""
        if self._rests(act.order.ticket):
            return Found(None, connected, order_ticket=act.order.ticket)
        row = self._terminal.past_order(act.order.ticket)
        if row is None:
            return Found(None, connected, order_ticket=act.order.ticket)
        done = int(row.state) == _CANCELED
        code = "" if done else "ORDER_GONE"
        return Found(RowState.DONE if done else RowState.NOT_EXECUTED, connected, act.order.ticket, code=code)

    def _modified(self, order: Order) -> bool:
        held = self._position(order.position_id)
        return held is not None and (held.stop_points, held.target_points) == (
            order.stop_points,
            order.target_points,
        )


def _volumes_agree(order: Order, held: PositionRow) -> None:
    """Raises Withheld where the position is not the one that a close was made for."""
    left_steps = held.volume_steps - order.volume_steps
    if (held.volume_steps, left_steps) != (order.volume_expected_steps, order.volume_remaining_steps):
        raise Withheld("VOLUME_CONFLICT", f"{held.volume_steps} steps are open")


def _deal_facts(order: Order, deals: list[DealRow]) -> dict[str, int]:
    """One act's deals as one: volumes added, the price weighted by them. A close-by makes one on each of its two
    positions; what it did is told of the one that it names."""
    told = [deal for deal in deals if not order.position_id or deal.position_id == order.position_id] or deals
    volume = sum(row.volume_steps for row in told)
    return {
        "order_ticket": told[0].order_id,
        "deal_ticket": told[0].ticket,
        "position_id": order.position_id or told[0].position_id,
        "price_points": round(sum(row.price_points * row.volume_steps for row in told) / volume),
        "volume_steps": volume,
    }


def _lots(steps: int, grid: Grid) -> float:
    """The float that MetaTrader asks for; converts back to the same steps, or AssertionError."""
    lots = float(grid.step * steps)
    assert float_steps(lots, grid.step) == steps, (steps, grid.step)
    return lots


def _filling(grid: Grid) -> int:
    """The first filling that the symbol allows; RETURN where it names none."""
    return next((filling for filling, bit in _FILLINGS if grid.filling_flags & bit), FILLING_RETURN)
