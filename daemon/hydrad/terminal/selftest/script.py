"""The steps of the self-test: what is asked of a terminal, and what is noted of its answers.

Every order is of the least volume there is (the one that is closed in part: of twice that), bears MAGIC, and is gone at
the end, whatever happened: what an earlier run left behind is closed first. What is noted are return codes and those
fields that do not depend on prices, tickets or the day, so that two brokers' notes can be laid side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from hydrad.terminal.metatrader import Terminal, TerminalError, exact

MAGIC = 5_454_545  # below every journal's ids, and none that an agent's ledger reaches
COMMENT = "hydra selftest"
Note = int | str | bool | None
Notes = dict[str, Note]

# ENUM_TRADE_REQUEST_ACTIONS, ENUM_ORDER_TYPE, ENUM_ORDER_TYPE_TIME, ENUM_ORDER_TYPE_FILLING and its SYMBOL_ bits
_DEAL, _PENDING, _SLTP, _REMOVE = 1, 5, 6, 8
_BUY, _SELL, _BUY_LIMIT = 0, 1, 2
_SPECIFIED, _RETURN = 2, 2
_FILLINGS = ((0, 1), (1, 2))
_EXPIRES, _LIMITS = 4, 2  # SYMBOL_EXPIRATION_SPECIFIED, SYMBOL_ORDER_LIMIT
FULL = 4  # SYMBOL_TRADE_MODE_FULL
_DEVIATION_POINTS = 1_000
_FAR_PARTS = 50  # the levels stand a fiftieth of the price away
_RECORDS_S = 20.0
_LOOK_EVERY_S = 0.2
EXPIRES_IN_S = 120
_EXPIRY_S = 300.0
_LATEST = 2_000_000_000


class Step(msgspec.Struct, frozen=True):
    """One step's notes; `problem` where it could not be done."""

    name: str
    notes: Notes
    problem: str = ""


class Unfinished(Exception):
    """A step whose order gave no position, or whose record never came."""


class Script:
    """The script on one symbol of a terminal that is logged in."""

    def __init__(self, terminal: Terminal, symbol: str) -> None:
        self._terminal = terminal
        self._symbol = symbol
        self._info = terminal.ask("symbol_info", symbol)
        self._position = 0
        self._order = 0
        self._least = exact(self._info.volume_min)

    def run(self, told: Callable[[str], None]) -> list[Step]:
        """All steps, in their order; a failed one does not keep the others from being tried."""
        self._clean()
        try:
            return [self._step(name, step, told) for name, step in self._steps()]
        finally:
            self._clean()

    def _steps(self) -> list[tuple[str, Callable[[], Notes]]]:
        steps = [
            ("refused stop", self._refused_stop),
            ("open", self._open),
            ("modify", self._modify),
            ("modify again", self._modify_again),
            ("part close", self._part_close),
        ]
        if self._info.order_mode & _LIMITS and self._info.expiration_mode & _EXPIRES:
            steps += [
                ("pending placed", self._place),
                ("pending cancelled", self._cancel),
                ("pending placed to expire", self._place),
                ("pending expired", self._expire),
            ]
        return [*steps, ("close", self._close)]

    def _step(self, name: str, step: Callable[[], Notes], told: Callable[[str], None]) -> Step:
        try:
            done = Step(name, step())
        except (Unfinished, TerminalError) as error:
            done = Step(name, {}, str(error))
        told(f"{name}: {done.problem or done.notes.get('retcode')}")
        return done

    # --- the steps --------------------------------------------------------------------------------------

    def _refused_stop(self) -> Notes:
        """A buy whose stop stands above the price."""
        request = self._market(_BUY, self._least)
        request["sl"] = self._level(+1)
        check = self._terminal.try_ask("order_check", request)
        notes = {"check": None if check is None else int(check.retcode)}
        return notes | self._answer(self._send(request))

    def _open(self) -> Notes:
        request = self._market(_BUY, 2 * self._least)
        request |= {"sl": self._level(-1), "tp": self._level(+1)}
        check = self._terminal.try_ask("order_check", request)
        result = self._send(request)
        order = self._executed(result)
        self._position = order
        held = self._held()
        return {
            "check": None if check is None else int(check.retcode),
            **self._answer(result),
            "position type": int(held.type),
            "position is its order": held.ticket == order == held.identifier,
            "position volume": str(exact(held.volume) / self._least),
            "position levels": (held.sl > 0, held.tp > 0) == (True, True),
            "position magic": held.magic == MAGIC,
            "position reason": int(held.reason),
            **self._deal(order, "opening"),
        }

    def _modify(self) -> Notes:
        """Both levels a little further away."""
        return self._levels(self._level(-1, 40), self._level(+1, 40))

    def _modify_again(self) -> Notes:
        """To where they stand already."""
        held = self._held()
        return self._levels(held.sl, held.tp)

    def _levels(self, stop: float, target: float) -> Notes:
        ticket = self._held().ticket
        request = {"action": _SLTP, "symbol": self._symbol, "position": ticket, "sl": stop, "tp": target}
        result = self._send(request | {"magic": MAGIC})
        now = self._held()
        return self._answer(result) | {"levels as asked": (now.sl, now.tp) == (stop, target)}

    def _part_close(self) -> Notes:
        held = self._held()
        result = self._send(self._market(_SELL, self._least) | {"position": held.ticket})
        order = self._executed(result)
        left = self._held()
        return {
            **self._answer(result),
            **self._deal(order, "closing"),
            "volume left": str(exact(left.volume) / self._least),
            "same ticket": left.ticket == held.ticket,
            "levels kept": (left.sl, left.tp) == (held.sl, held.tp),
        }

    def _place(self) -> Notes:
        now_s = int(self._terminal.ask("symbol_info_tick", self._symbol).time)
        expires_s = (now_s + EXPIRES_IN_S) // 60 * 60
        request = {
            **self._request(_PENDING, _BUY_LIMIT, self._least),
            "price": self._level(-1),
            "sl": self._level(-1, 25),
            "tp": self._level(+1),
            "type_time": _SPECIFIED,
            "expiration": expires_s,
            "type_filling": _RETURN,
        }
        result = self._send(request)
        self._order = self._executed(result)
        (rests,) = self._waited(lambda: self._terminal.ask("orders_get", ticket=self._order), "the order")
        return {
            **self._answer(result),
            "order type": int(rests.type),
            "order state": int(rests.state),
            "order time type": int(rests.type_time),
            "expires as asked": rests.time_expiration == expires_s,
            "volume now": str(exact(rests.volume_current) / self._least),
            "position": int(rests.position_id),
            "order reason": int(rests.reason),
            "order magic": rests.magic == MAGIC,
        }

    def _cancel(self) -> Notes:
        result = self._send({"action": _REMOVE, "order": self._order, "magic": MAGIC})
        return self._answer(result) | self._ended()

    def _expire(self) -> Notes:
        """The broker ends it by itself."""
        order = self._order
        self._waited(lambda: not self._terminal.ask("orders_get", ticket=order), "the expiration", _EXPIRY_S)
        return self._ended()

    def _close(self) -> Notes:
        held = self._held()
        result = self._send(self._market(_SELL, exact(held.volume)) | {"position": held.ticket})
        order = self._executed(result)
        self._waited(lambda: not self._terminal.ask("positions_get", ticket=held.ticket), "the close")
        return self._answer(result) | self._deal(order, "closing")

    # --- requests ---------------------------------------------------------------------------------------

    def _request(self, action: int, kind: int, volume: Decimal) -> dict[str, Any]:
        plain = {"action": action, "symbol": self._symbol, "type": kind, "volume": float(volume)}
        return {**plain, "magic": MAGIC, "comment": COMMENT}

    def _market(self, kind: int, volume: Decimal) -> dict[str, Any]:
        tick = self._terminal.ask("symbol_info_tick", self._symbol)
        flags = int(self._info.filling_mode)
        return {
            **self._request(_DEAL, kind, volume),
            "price": float(tick.ask if kind == _BUY else tick.bid),
            "deviation": _DEVIATION_POINTS,
            "type_filling": next((filling for filling, bit in _FILLINGS if flags & bit), _RETURN),
        }

    def _level(self, sign: int, parts: int = _FAR_PARTS) -> float:
        """A price far from the market's, on the symbol's grid; fewer parts are further away."""
        bid = float(self._terminal.ask("symbol_info_tick", self._symbol).bid)
        tick = float(self._info.trade_tick_size or self._info.point)
        return round(round((bid + sign * bid / parts) / tick) * tick, int(self._info.digits))

    def _send(self, request: dict[str, Any]) -> Any:
        """To the account that the test was begun on and no other: a person may switch the terminal's meanwhile."""
        if not self._terminal.same():
            raise TerminalError("the terminal is another than the one that logged in; nothing more is sent")
        return self._terminal.try_ask("order_send", request)

    # --- notes ------------------------------------------------------------------------------------------

    def _answer(self, result: Any) -> Notes:
        if result is None:
            return {"retcode": None, "last error": self._terminal.last_error()[0]}
        return {
            "retcode": int(result.retcode),
            "has order": bool(result.order),
            "has deal": bool(result.deal),
            "answer volume": str(exact(result.volume) / self._least),
            "words": str(result.comment),
        }

    def _executed(self, result: Any) -> int:
        """The order's ticket of a request that was taken."""
        if result is None or not result.order:
            code, text = self._terminal.last_error() if result is None else (result.retcode, result.comment)
            raise Unfinished(f"no order came of it: {text} ({code})")
        return int(result.order)

    def _deal(self, order: int, what: str) -> Notes:
        (deal,) = self._waited(lambda: self._terminal.deals_of_order(order), f"the {what} deal")
        return {
            "deal entry": int(deal.entry),
            "deal type": int(deal.type),
            "deal reason": int(deal.reason),
            "deal volume": str(exact(deal.volume) / self._least),
            "deal position": deal.position_id == self._position,
            "deal magic": deal.magic == MAGIC,
            "deal words": str(deal.comment),
        }

    def _ended(self) -> Notes:
        (order,) = self._waited(
            lambda: self._terminal.try_ask("history_orders_get", ticket=self._order), "the order's end"
        )
        return {
            "ended state": int(order.state),
            "ended position": int(order.position_id),
            "ended volume": str(exact(order.volume_current) / self._least),
            "ended time": order.time_done > 0,
        }

    def _held(self) -> Any:
        (held,) = self._waited(
            lambda: self._terminal.ask("positions_get", ticket=self._position) if self._position else (), "the position"
        )
        return held

    def _waited(self, look: Callable[[], Any], what: str, bound_s: float = _RECORDS_S) -> Any:
        """What a look gives as soon as it gives something: a terminal's records lag behind its answers."""
        end_s = time.monotonic() + bound_s
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() >= end_s:
                raise Unfinished(f"{what} did not come within {bound_s:.0f} s")
            time.sleep(_LOOK_EVERY_S)

    def _clean(self) -> None:
        """Close and remove what bears our magic, whoever left it."""
        for order in self._terminal.ask("orders_get"):
            if order.magic == MAGIC:
                self._send({"action": _REMOVE, "order": order.ticket})
        for held in self._terminal.ask("positions_get", symbol=self._symbol):
            if held.magic == MAGIC:
                request = self._market(_SELL if held.type == _BUY else _BUY, exact(held.volume))
                self._send(request | {"position": held.ticket})

    def left_behind(self) -> int:
        """How many positions and orders of ours there are."""
        rows = (*self._terminal.ask("orders_get"), *self._terminal.ask("positions_get"))
        return sum(row.magic == MAGIC for row in rows)
