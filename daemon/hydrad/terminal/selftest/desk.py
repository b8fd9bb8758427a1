"""What the self-test asks of a broker: its requests, its orders on their way, and what it must take away again.

Owns MAGIC, by which what is ours is known; it takes away nothing else. On a netting account a position is closed only
as far as our own deals opened it, and no close is repeated while the one before may still come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hydrad.link import retcodes
from hydrad.terminal.metatrader import Terminal, TerminalError, exact

MAGIC = 5_454_545  # below every journal's ids, and none that an agent's ledger reaches
COMMENT = "hydra selftest"

# ENUM_TRADE_REQUEST_ACTIONS, ENUM_ORDER_TYPE, ENUM_ORDER_TYPE_FILLING and its SYMBOL_ bits, ENUM_DEAL_ENTRY
DEAL, PENDING, SLTP, REMOVE = 1, 5, 6, 8
BUY, SELL, BUY_LIMIT = 0, 1, 2
RETURN = 2
_FILLINGS = ((0, 1), (1, 2))
_IN = 0
_DEVIATION_POINTS = 1_000
_FAR_PARTS = 50  # the levels stand a fiftieth of the price away
_NOT_SENT = frozenset({-2, -8})  # last errors by which the module says that nothing was sent
_CLEAN_S = 20.0
_AGAIN_S = 1.0


class Desk:
    """Orders on one symbol of a terminal that is logged in. `settle_s`: how long the broker may be late with an order
    whose answer proved nothing. `doubtful`: as if there had been one just now."""

    def __init__(self, terminal: Terminal, symbol: str, settle_s: float, *, doubtful: bool = False) -> None:
        self._terminal = terminal
        self._symbol = symbol
        self._settle_s = settle_s
        self._doubtful_s = time.monotonic() if doubtful else None
        self.info = terminal.ask("symbol_info", symbol)
        self.least = exact(self.info.volume_min)
        if self.least <= 0 or not self.info.point:
            raise TerminalError(f"{symbol} has no least volume or no point")

    def in_the_way(self) -> str:
        """Why nothing may be sent on this account as it stands; empty where it may. On a netting account our orders
        would become part of a position that is there."""
        if self._terminal.who.hedging:
            return ""
        held = self._terminal.ask("positions_get", symbol=self._symbol)
        resting = self._terminal.ask("orders_get", symbol=self._symbol)
        foreign = [row.ticket for row in (*held, *resting) if row.magic != MAGIC]
        if not foreign:
            return ""
        return f"this is a netting account with {self._symbol} open or resting ({foreign[0]}): test with another symbol"

    # --- requests ---------------------------------------------------------------------------------------

    def request(self, action: int, kind: int, volume: Decimal, symbol: str = "") -> dict[str, Any]:
        plain = {"action": action, "symbol": symbol or self._symbol, "type": kind, "volume": float(volume)}
        return {**plain, "magic": MAGIC, "comment": COMMENT}

    def market(self, kind: int, volume: Decimal) -> dict[str, Any]:
        """At the market's price."""
        tick = self._terminal.ask("symbol_info_tick", self._symbol)
        return self._dealing(self.info, kind, volume, float(tick.ask if kind == BUY else tick.bid))

    def level(self, sign: int, parts: int = _FAR_PARTS) -> float:
        """A price far from the market's, on the symbol's grid; fewer parts are further away."""
        bid = float(self._terminal.ask("symbol_info_tick", self._symbol).bid)
        tick = float(self.info.trade_tick_size or self.info.point)
        return round(round((bid + sign * bid / parts) / tick) * tick, int(self.info.digits))

    def send(self, request: dict[str, Any]) -> Any:
        """To the account that the test was begun on and no other: a person may switch the terminal's meanwhile."""
        if not self._terminal.same():
            raise TerminalError("the terminal is another than the one that logged in; nothing more is sent")
        result = self._terminal.try_ask("order_send", request)
        if self._proves_nothing(result):
            self._doubtful_s = time.monotonic()
        return result

    def _proves_nothing(self, result: Any) -> bool:
        if result is None:
            return self._terminal.last_error()[0] not in _NOT_SENT
        return retcodes.verdict(int(result.retcode)) is retcodes.Verdict.AMBIGUOUS

    def _dealing(self, info: Any, kind: int, volume: Decimal, price: float) -> dict[str, Any]:
        flags = int(info.filling_mode)
        return {
            **self.request(DEAL, kind, volume, str(info.name)),
            "price": price,
            "deviation": _DEVIATION_POINTS,
            "type_filling": next((filling for filling, bit in _FILLINGS if flags & bit), RETURN),
        }

    # --- taking away ------------------------------------------------------------------------------------

    def clean(self) -> list[str]:
        """Close and remove what is ours, whoever left it, and look again until nothing is; what could not be taken
        away, by name. After an answer that proved nothing it looks for the settle window: the order may still come."""
        end_s = time.monotonic() + self._settle_s + _CLEAN_S
        while True:
            left = self._tried(self._take_away)
            if time.monotonic() >= end_s:
                return left + ["perhaps an order whose answer proved nothing"] * self._doubtful
            if not left and not self._doubtful:
                return left
            time.sleep(_AGAIN_S)

    @property
    def _doubtful(self) -> bool:
        """Whether an order of ours may still be executed."""
        return self._doubtful_s is not None and time.monotonic() < self._doubtful_s + self._settle_s

    def _tried(self, act: Callable[[], list[str]]) -> list[str]:
        try:
            return act()
        except TerminalError as error:
            who = self._terminal.who
            return [f"whatever is open on {who.login} at {who.server} with magic {MAGIC} ({error})"]

    def _take_away(self) -> list[str]:
        """One attempt; what is there after it."""
        closing = self._terminal.who.hedging or not self._doubtful
        for order in self._terminal.ask("orders_get"):
            if order.magic == MAGIC:
                self.send({"action": REMOVE, "order": order.ticket})
        for held in self._terminal.ask("positions_get"):
            volume = self._ours(held)
            if volume > 0 and closing:
                self._close(held, volume)
        orders = [f"order {row.ticket} {row.symbol}" for row in self._terminal.ask("orders_get") if row.magic == MAGIC]
        positions = [(row, self._ours(row)) for row in self._terminal.ask("positions_get")]
        return orders + [f"position {row.ticket} {row.symbol} {ours:f}" for row, ours in positions if ours > 0]

    def _ours(self, held: Any) -> Decimal:
        """How much of a position the self-test opened and has not closed, in lots."""
        if self._terminal.who.hedging:
            return exact(held.volume) if held.magic == MAGIC else Decimal(0)
        deals = self._terminal.try_ask("history_deals_get", position=held.ticket) or ()
        ours = sum((exact(d.volume) * (1 if d.entry == _IN else -1) for d in deals if d.magic == MAGIC), Decimal(0))
        return min(exact(held.volume), ours) if held.type == BUY else Decimal(0)

    def _close(self, held: Any, volume: Decimal) -> None:
        kind = SELL if held.type == BUY else BUY
        info = self._terminal.ask("symbol_info", held.symbol) if held.symbol != self._symbol else self.info
        tick = self._terminal.try_ask("symbol_info_tick", held.symbol)
        price = float(held.price_current) if tick is None else float(tick.ask if kind == BUY else tick.bid)
        self.send(self._dealing(info, kind, volume, price) | {"position": held.ticket})
