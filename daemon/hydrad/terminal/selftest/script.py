"""The steps of the self-test: what is asked of a terminal, and what is noted of its answers.

Every order is of the least volume there is (the one that is closed in part: of twice that), and is gone at the end,
whatever happened (`desk`): what an earlier run left behind is closed first. What is noted are return codes and those
fields that do not depend on prices, tickets or the day, so that two brokers' notes can be laid side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from hydrad.terminal.metatrader import Terminal, TerminalError, exact
from hydrad.terminal.selftest.desk import BUY, BUY_LIMIT, MAGIC, PENDING, REMOVE, RETURN, SELL, SLTP, Desk

Note = int | str | bool | None
Notes = dict[str, Note]

_SPECIFIED = 2  # ENUM_ORDER_TYPE_TIME
_EXPIRES, _LIMITS = 4, 2  # SYMBOL_EXPIRATION_SPECIFIED, SYMBOL_ORDER_LIMIT
FULL = 4  # SYMBOL_TRADE_MODE_FULL
_RECORDS_S = 20.0
_LOOK_EVERY_S = 0.2
EXPIRES_IN_S = 120
_EXPIRY_S = 300.0


class Step(msgspec.Struct, frozen=True):
    """One step's notes; `problem` where it could not be done."""

    name: str
    notes: Notes
    problem: str = ""


class Unfinished(Exception):
    """A step whose order gave no position, or whose record never came."""


class Script:
    """The script on one symbol of a terminal that is logged in."""

    def __init__(self, terminal: Terminal, symbol: str, desk: Desk) -> None:
        self._terminal = terminal
        self._symbol = symbol
        self._desk = desk
        self._position = 0
        self._order = 0

    def steps(self) -> Iterator[Step]:
        """Run them, in their order, each when it is asked for; a failed one does not keep the others from being
        tried."""
        for name, step in self._steps():
            yield self._step(name, step)

    def _steps(self) -> list[tuple[str, Callable[[], Notes]]]:
        steps = [
            ("refused stop", self._refused_stop),
            ("open", self._open),
            ("modify", self._modify),
            ("modify again", self._modify_again),
            ("part close", self._part_close),
        ]
        if self._desk.info.order_mode & _LIMITS and self._desk.info.expiration_mode & _EXPIRES:
            steps += [
                ("pending placed", self._place),
                ("pending cancelled", self._cancel),
                ("pending placed to expire", self._place),
                ("pending expired", self._expire),
            ]
        return [*steps, ("close", self._close)]

    def _step(self, name: str, step: Callable[[], Notes]) -> Step:
        try:
            return Step(name, step())
        except (Unfinished, TerminalError) as error:
            return Step(name, {}, str(error))
        except Exception as error:  # noqa: BLE001 - the edge: what a broker has that nobody thought of is a finding
            return Step(name, {}, f"{type(error).__name__}: {error}")

    # --- the steps --------------------------------------------------------------------------------------

    def _refused_stop(self) -> Notes:
        """A buy whose stop stands above the price."""
        request = self._desk.market(BUY, self._desk.least)
        request["sl"] = self._desk.level(+1)
        check = self._terminal.try_ask("order_check", request)
        notes = {"check": None if check is None else int(check.retcode)}
        return notes | self._answer(self._desk.send(request))

    def _open(self) -> Notes:
        request = self._desk.market(BUY, 2 * self._desk.least)
        request |= {"sl": self._desk.level(-1), "tp": self._desk.level(+1)}
        check = self._terminal.try_ask("order_check", request)
        result = self._desk.send(request)
        order = self._executed(result)
        held = self._opened(order)
        return {
            "check": None if check is None else int(check.retcode),
            **self._answer(result),
            "position type": int(held.type),
            "position is its order": held.ticket == order == held.identifier,
            "position volume": str(exact(held.volume) / self._desk.least),
            "position levels": (held.sl > 0, held.tp > 0) == (True, True),
            "position magic": held.magic == MAGIC,
            "position reason": int(held.reason),
            **self._deals(order, result.volume, "opening"),
        }

    def _modify(self) -> Notes:
        """Both levels a little further away."""
        return self._levels(self._desk.level(-1, 40), self._desk.level(+1, 40))

    def _modify_again(self) -> Notes:
        """To where they stand already."""
        held = self._held()
        return self._levels(held.sl, held.tp)

    def _levels(self, stop: float, target: float) -> Notes:
        ticket = self._held().ticket
        request = {"action": SLTP, "symbol": self._symbol, "position": ticket, "sl": stop, "tp": target}
        result = self._desk.send(request | {"magic": MAGIC})
        now = self._held()
        return self._answer(result) | {"levels as asked": (now.sl, now.tp) == (stop, target)}

    def _part_close(self) -> Notes:
        held = self._held()
        if exact(held.volume) <= self._desk.least:
            raise Unfinished("so little was opened that no part of it can be closed")
        result = self._desk.send(self._desk.market(SELL, self._desk.least) | {"position": held.ticket})
        order = self._executed(result)
        left = self._held()
        return {
            **self._answer(result),
            **self._deals(order, result.volume, "closing"),
            "volume left": str(exact(left.volume) / self._desk.least),
            "same ticket": left.ticket == held.ticket,
            "levels kept": (left.sl, left.tp) == (held.sl, held.tp),
        }

    def _place(self) -> Notes:
        self._order = 0
        now_s = int(self._terminal.ask("symbol_info_tick", self._symbol).time)
        expires_s = (now_s + EXPIRES_IN_S) // 60 * 60
        request = {
            **self._desk.request(PENDING, BUY_LIMIT, self._desk.least),
            "price": self._desk.level(-1),
            "sl": self._desk.level(-1, 25),
            "tp": self._desk.level(+1),
            "type_time": _SPECIFIED,
            "expiration": expires_s,
            "type_filling": RETURN,
        }
        result = self._desk.send(request)
        self._order = self._executed(result)
        rests = self._waited(lambda: self._terminal.ask("orders_get", ticket=self._order), "the order")[0]
        return {
            **self._answer(result),
            "order type": int(rests.type),
            "order state": int(rests.state),
            "order time type": int(rests.type_time),
            "expires as asked": rests.time_expiration == expires_s,
            "volume now": str(exact(rests.volume_current) / self._desk.least),
            "position": int(rests.position_id),
            "order reason": int(rests.reason),
            "order magic": rests.magic == MAGIC,
        }

    def _cancel(self) -> Notes:
        result = self._desk.send({"action": REMOVE, "order": self._placed(), "magic": MAGIC})
        return self._answer(result) | self._ended()

    def _expire(self) -> Notes:
        """The broker ends it by itself."""
        order = self._placed()
        self._waited(lambda: not self._terminal.ask("orders_get", ticket=order), "the expiration", _EXPIRY_S)
        return self._ended()

    def _close(self) -> Notes:
        held = self._held()
        result = self._desk.send(self._desk.market(SELL, exact(held.volume)) | {"position": held.ticket})
        order = self._executed(result)
        self._waited(lambda: not self._terminal.ask("positions_get", ticket=held.ticket), "the close")
        return self._answer(result) | self._deals(order, result.volume, "closing")

    # --- notes ------------------------------------------------------------------------------------------

    def _answer(self, result: Any) -> Notes:
        if result is None:
            return {"retcode": None, "last error": self._terminal.last_error()[0]}
        return {
            "retcode": int(result.retcode),
            "has order": bool(result.order),
            "has deal": bool(result.deal),
            "answer volume": str(exact(result.volume) / self._desk.least),
            "words": str(result.comment),
        }

    def _executed(self, result: Any) -> int:
        """The order's ticket of a request that was taken."""
        if result is None or not result.order:
            code, text = self._terminal.last_error() if result is None else (result.retcode, result.comment)
            raise Unfinished(f"no order came of it: {text} ({code})")
        return int(result.order)

    def _deals(self, order: int, volume: float, what: str) -> Notes:
        """Of an order that was dealt, in one deal or in several, with `volume` lots in all."""
        self._waited(lambda: 0 < self._dealt(order) >= exact(volume), f"all of the {what} deal")
        deals = self._terminal.deals_of_order(order)
        return {
            "deals": len(deals),
            "deal entry": _alike(int(deal.entry) for deal in deals),
            "deal type": _alike(int(deal.type) for deal in deals),
            "deal reason": _alike(int(deal.reason) for deal in deals),
            "deal volume": str(self._dealt(order) / self._desk.least),
            "deal position": all(deal.position_id == self._position for deal in deals),
            "deal magic": all(deal.magic == MAGIC for deal in deals),
            "deal words": str(deals[0].comment),
        }

    def _dealt(self, order: int) -> Decimal:
        """Lots, as far as the history has the deals already; above 0 once there is one."""
        return sum((exact(deal.volume) for deal in self._terminal.deals_of_order(order)), Decimal(0))

    def _ended(self) -> Notes:
        order = self._waited(
            lambda: self._terminal.try_ask("history_orders_get", ticket=self._order), "the order's end"
        )[0]
        return {
            "ended state": int(order.state),
            "ended position": int(order.position_id),
            "ended volume": str(exact(order.volume_current) / self._desk.least),
            "ended time": order.time_done > 0,
        }

    def _held(self) -> Any:
        if not self._position:
            raise Unfinished("nothing was opened")
        return self._waited(lambda: self._terminal.ask("positions_get", ticket=self._position), "the position")[0]

    def _opened(self, order: int) -> Any:
        """The position that an order made. One that joined another's (the owner dealt meanwhile, on a netting account)
        is not ours to work on."""
        self._position = order
        try:
            return self._held()
        except Unfinished:
            self._position = 0
            raise

    def _placed(self) -> int:
        """The order that rests, or rested."""
        if not self._order:
            raise Unfinished("nothing was placed")
        return self._order

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


def _alike(values: Iterator[int]) -> Note:
    """The value that all of them have, else all that there are."""
    found = sorted(set(values))
    return found[0] if len(found) == 1 else ", ".join(map(str, found))
