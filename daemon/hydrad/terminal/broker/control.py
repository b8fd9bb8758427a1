"""Owns the control socket's requests: clock, steps, books, faults, trades by hand, and the end.

JSON lines, one reply for each: `{"ok": true, ...}` or `{"ok": false, "error": TEXT}`. Whoever can open the
socket may do all of it; its file belongs to the home.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec

from hydrad.domain.money import (
    BadNumber,
    cents,
    decimal,
    money_text,
    price_points,
    price_text,
    volume_steps,
    volume_text,
)
from hydrad.domain.orders import Side
from hydrad.terminal.broker.broker import STEP_MS_MAX, TERMS_CHANGES, Broker
from hydrad.terminal.broker.faults import BadFault, FaultPlan, Faults
from hydrad.venue.book import Deal, DealType, OrderRow, OrderState, Position, Reason
from hydrad.venue.desk import Ask
from hydrad.venue.fills import opening_points

Fields = dict[str, Any]


class BadRequest(ValueError):
    """A request that cannot be; the message names the field."""


class _Clock(msgspec.Struct, tag_field="op", tag="clock", forbid_unknown_fields=True):
    pass


class _Step(msgspec.Struct, tag_field="op", tag="step", forbid_unknown_fields=True):
    ms: int


class _Books(msgspec.Struct, tag_field="op", tag="books", forbid_unknown_fields=True):
    login: int


class _Fault(msgspec.Struct, tag_field="op", tag="fault", forbid_unknown_fields=True):
    kind: str
    login: int | None = None
    count: int = 1
    ms: int = 0
    after: str = ""


class _Plan(msgspec.Struct, tag_field="op", tag="plan", forbid_unknown_fields=True):
    """Faults drawn from a seed; see `hydrad.terminal.broker.faults.FaultPlan`."""

    seed: int
    rates: dict[str, float] = {}
    ms: int = 200


class _Terms(msgspec.Struct, tag_field="op", tag="terms", forbid_unknown_fields=True):
    """`change`: stops_level, step, digits or trade_mode; gone; or restore, as the configuration has them."""

    symbol: str
    change: str


class _Faults(msgspec.Struct, tag_field="op", tag="faults", forbid_unknown_fields=True):
    pass


class _Clear(msgspec.Struct, tag_field="op", tag="clear", forbid_unknown_fields=True):
    pass


class _Manual(msgspec.Struct, tag_field="op", tag="manual", forbid_unknown_fields=True):
    """`open`: symbol, side, volume, if wished stop and target prices. `close`: position, if wished volume."""

    login: int
    action: str
    symbol: str = ""
    side: str = ""
    volume: str = ""
    stop: str = ""
    target: str = ""
    position: int = 0


class _Cash(msgspec.Struct, tag_field="op", tag="cash", forbid_unknown_fields=True):
    """Money in, or out where `amount` is below zero; `kind`: balance, credit or correction."""

    login: int
    amount: str
    kind: str = "balance"
    comment: str = ""


class _Shutdown(msgspec.Struct, tag_field="op", tag="shutdown", forbid_unknown_fields=True):
    pass


_Request = _Clock | _Step | _Books | _Fault | _Plan | _Terms | _Faults | _Clear | _Manual | _Cash | _Shutdown
_CASH = {"balance": DealType.BALANCE, "credit": DealType.CREDIT, "correction": DealType.CORRECTION}
_DECODER = msgspec.json.Decoder(_Request)
_ENCODER = msgspec.json.Encoder()


class Control:
    """Answers control lines. `stop` is called once when the end is asked for."""

    def __init__(self, broker: Broker, faults: Faults, stop: Callable[[], None]) -> None:
        self._broker = broker
        self._faults = faults
        self._stop = stop
        self._handlers: dict[type, Callable[[Any], Fields]] = {
            _Clock: self._clock,
            _Step: self._step,
            _Books: self._books,
            _Fault: self._fault,
            _Plan: self._plan,
            _Terms: self._terms,
            _Faults: self._list_faults,
            _Clear: self._clear,
            _Manual: self._manual,
            _Cash: self._cash,
            _Shutdown: self._shutdown,
        }

    def answer(self, line: bytes) -> bytes:
        """The reply to one line, with its line end."""
        try:
            request = _DECODER.decode(line)
            reply = {"ok": True, **self._handlers[type(request)](request)}
        except (msgspec.MsgspecError, BadRequest, BadFault, BadNumber) as error:
            reply = {"ok": False, "error": str(error)}
        return _ENCODER.encode(reply) + b"\n"

    def _clock(self, request: _Clock) -> Fields:
        return asdict(self._broker.clock())

    def _step(self, request: _Step) -> Fields:
        if not 0 < request.ms <= STEP_MS_MAX:
            raise BadRequest(f"ms {request.ms} is outside 1..{STEP_MS_MAX}")
        return asdict(self._broker.step(request.ms))

    def _books(self, request: _Books) -> Fields:
        book = self._broker.books[self._known(request.login)]
        figures = self._broker.standing(request.login)
        history = self._broker.history
        return {
            "login": request.login,
            "market_ms": self._broker.market.now_ms,
            "currency": book.currency,
            "balance": money_text(figures.balance),
            "credit": money_text(figures.credit),
            "equity": money_text(figures.equity),
            "margin": money_text(figures.margin),
            "positions": [self._position(held, book.currency) for held in book.positions.values()],
            "orders": [self._order(row) for row in history.orders(request.login)],
            "deals": [self._deal(row) for row in history.deals(request.login)],
        }

    def _fault(self, request: _Fault) -> Fields:
        if request.login is not None:
            self._known(request.login)
        self._faults.add(request.kind, request.login, request.count, request.ms, request.after)
        return {}

    def _plan(self, request: _Plan) -> Fields:
        self._faults.plan(FaultPlan(request.seed, request.rates, request.ms))
        return {}

    def _terms(self, request: _Terms) -> Fields:
        if request.symbol not in self._broker.market.contracts:
            raise BadRequest(f"symbol '{request.symbol}' is not known here")
        if request.change not in TERMS_CHANGES:
            raise BadRequest(f"change '{request.change}' is none of {', '.join(TERMS_CHANGES)}")
        self._broker.change_terms(request.symbol, request.change)
        return {}

    def _list_faults(self, request: _Faults) -> Fields:
        return self._faults.report()

    def _clear(self, request: _Clear) -> Fields:
        self._faults.clear()
        return {}

    def _manual(self, request: _Manual) -> Fields:
        """A trade by the account's owner: magic 0, reason CLIENT, at the market."""
        self._known(request.login)
        asks = {"open": self._manual_open, "close": self._manual_close}
        if request.action not in asks:
            raise BadRequest(f"action '{request.action}' is none of open, close")
        outcome = self._broker.deal(request.login, asks[request.action](request))
        reply: Fields = {"retcode": int(outcome.retcode), "order": 0, "deal": 0, "position": 0}
        if outcome.change is not None and outcome.change.deal is not None:
            deal = outcome.change.deal
            reply.update({"order": deal.order, "deal": deal.ticket, "position": deal.position})
        return reply

    def _cash(self, request: _Cash) -> Fields:
        """Durable when this answers. More than there is cannot be taken."""
        book = self._broker.books[self._known(request.login)]
        if request.kind not in _CASH:
            raise BadRequest(f"kind '{request.kind}' is none of {', '.join(_CASH)}")
        kind, amount = _CASH[request.kind], decimal(request.amount, "amount")
        if not amount or amount != cents(amount):
            raise BadRequest(f"amount {request.amount} is not a sum of whole cents other than 0")
        left = (book.credit if kind is DealType.CREDIT else book.balance) + amount
        if left < 0:
            raise BadRequest(f"amount {request.amount} is more than there is")
        row = self._broker.cash(request.login, amount, kind, request.comment)
        return {"deal": row.ticket, "balance": money_text(self._broker.books[request.login].balance)}

    def _shutdown(self, request: _Shutdown) -> Fields:
        self._stop()
        return {}

    def _manual_open(self, request: _Manual) -> Ask:
        if request.symbol not in self._broker.market.contracts:
            raise BadRequest(f"symbol '{request.symbol}' is not known here")
        if request.side not in Side.__members__:
            raise BadRequest(f"side '{request.side}' is none of BUY, SELL")
        contract, side = self._broker.market.contracts[request.symbol], Side[request.side]
        levels = [price_points(text, contract.digits) if text else 0 for text in (request.stop, request.target)]
        return Ask(
            symbol=request.symbol,
            side=side,
            volume_steps=volume_steps(request.volume, contract.volume_step),
            price_points=self._market_points(request.symbol, side),
            stop_points=levels[0],
            target_points=levels[1],
            reason=Reason.CLIENT,
        )

    def _manual_close(self, request: _Manual) -> Ask:
        held = self._broker.books[request.login].positions.get(request.position)
        if held is None:
            raise BadRequest(f"position {request.position} is not open")
        step = self._broker.market.contracts[held.symbol].volume_step
        return Ask(
            symbol=held.symbol,
            side=held.side.opposite,
            volume_steps=volume_steps(request.volume, step) if request.volume else held.volume_steps,
            price_points=self._market_points(held.symbol, held.side.opposite),
            position=held.ticket,
            reason=Reason.CLIENT,
        )

    def _market_points(self, symbol: str, side: Side) -> int:
        quote = self._broker.market.now().quote(symbol)
        return opening_points(side, quote) if quote else 0

    def _known(self, login: int) -> int:
        if login not in self._broker.accounts:
            raise BadRequest(f"login {login} is not an account here")
        return login

    def _price(self, symbol: str, points: int) -> str:
        contract = self._broker.market.contracts.get(symbol)
        return price_text(points, contract.digits) if contract else "0"

    def _volume(self, symbol: str, steps: int) -> str:
        contract = self._broker.market.contracts.get(symbol)
        return volume_text(steps, contract.volume_step) if contract else "0"

    def _position(self, held: Position, currency: str) -> Fields:
        return {
            "ticket": held.ticket,
            "magic": held.magic,
            "type": held.side.name,
            "symbol": held.symbol,
            "volume": self._volume(held.symbol, held.volume_steps),
            "price": self._price(held.symbol, round(held.open_points)),
            "stop": self._price(held.symbol, held.stop_points),
            "target": self._price(held.symbol, held.target_points),
            "profit": money_text(self._broker.figures.floating(held, currency)),
            "swap": money_text(held.swap),
            "reason": held.reason.name,
            "comment": held.comment,
            "time_ms": held.open_ms,
        }

    def _order(self, row: OrderRow) -> Fields:
        return {
            "ticket": row.ticket,
            "position": row.position,
            "magic": row.magic,
            "type": int(row.kind),
            "state": OrderState(row.state).name,
            "symbol": row.symbol,
            "volume": self._volume(row.symbol, row.volume_steps),
            "price": self._price(row.symbol, row.price_points),
            "reason": row.reason.name,
            "time_ms": row.done_ms,
            "expires_ms": row.expires_ms,
        }

    def _deal(self, row: Deal) -> Fields:
        return {
            "ticket": row.ticket,
            "order": row.order,
            "position": row.position,
            "magic": row.magic,
            "entry": row.entry.name,
            "type": row.kind.name,
            "symbol": row.symbol,
            "volume": self._volume(row.symbol, row.volume_steps),
            "price": self._price(row.symbol, row.price_points),
            "profit": money_text(row.profit),
            "swap": money_text(row.swap),
            "commission": money_text(row.commission),
            "reason": row.reason.name,
            "comment": row.comment,
            "time_ms": row.time_ms,
        }
