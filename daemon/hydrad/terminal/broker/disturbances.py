"""Owns what faults make of orders and of the history: which one hits an order_send, and what its caller hears."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hydrad.domain.orders import Side
from hydrad.terminal.broker.broker import GONE, TERMS_CHANGED, Broker
from hydrad.terminal.broker.dealing import Dealing
from hydrad.terminal.broker.faults import Fault, FaultKind, Faults
from hydrad.terminal.broker.replies import ApiError, Reply
from hydrad.terminal.broker.requests import DEAL, PENDING, TradeRequest, exact, steps_of
from hydrad.terminal.broker.views import Fields
from hydrad.venue.book import Reason
from hydrad.venue.checks import FOK, IOC
from hydrad.venue.contract import FILL_IOC
from hydrad.venue.desk import Ask
from hydrad.venue.fills import opening_points
from hydrad.venue.resting import RestingAsk
from hydrad.venue.room import Retcode

_REFUSING = {
    FaultKind.TIMEOUT_NOT_EXECUTED: Retcode.TIMEOUT,
    FaultKind.REQUOTE: Retcode.REQUOTE,
    FaultKind.REJECT: Retcode.REJECT,
    FaultKind.NO_MONEY: Retcode.NO_MONEY,
}
_STANDING_IN_THE_WAY = (
    (FaultKind.AUTOTRADING_OFF, Retcode.CLIENT_DISABLES_AT),
    (FaultKind.DISCONNECT, Retcode.CONNECTION),
    (FaultKind.TRADE_DISABLED, Retcode.TRADE_DISABLED),
)
_AT_A_SYMBOL = frozenset({FaultKind.OWNER_TRADE, FaultKind.TERMS_CHANGED, FaultKind.SYMBOL_GONE})
_NO_TICKET = 1 << 63


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Rows that a history does not show yet: from these tickets on, until an instant of the monotonic clock."""

    order: int
    deal: int
    until_s: float


class Disturbances:
    """Faults between a client and the dealing of its orders."""

    def __init__(self, broker: Broker, faults: Faults, dealing: Dealing) -> None:
        self._broker = broker
        self._faults = faults
        self._dealing = dealing
        self._unseen: dict[int, list[_Unseen]] = {}

    def send(self, login: int, asked: TradeRequest) -> Reply:
        """An order_send: executed and committed before this returns, unless a fault or the desk refuses."""
        if FaultKind.API_DISABLED in self._faults.lasting(login):
            self._faults.note(FaultKind.API_DISABLED)
            raise ApiError(-8, "Auto-Trading using Python API disabled in Terminal")
        refused = self.in_the_way(login)
        if refused is not None:
            return Reply(self._dealing.answer(asked, refused))
        hold_ms = self._faults.take_latency_ms(login)
        fault = self._faults.take(login, lambda kind: self._suits(kind, asked))
        if fault is None:
            return Reply(self._dealing.send(login, asked), hold_ms=hold_ms)
        return self._faulty(login, asked, fault, hold_ms)

    def in_the_way(self, login: int) -> Retcode | None:
        """What a lasting fault refuses every order with, or None."""
        lasting = self._faults.lasting(login)
        for kind, retcode in _STANDING_IN_THE_WAY:
            if kind in lasting:
                self._faults.note(kind)
                return retcode
        return None

    def unseen_from(self, login: int) -> tuple[int, int]:
        """The first order and the first deal that a history does not show yet."""
        now_s = self._faults.now_s()
        waiting = self._unseen[login] = [one for one in self._unseen.get(login, []) if one.until_s > now_s]
        return (
            min((one.order for one in waiting), default=_NO_TICKET),
            min((one.deal for one in waiting), default=_NO_TICKET),
        )

    def _faulty(self, login: int, asked: TradeRequest, fault: Fault, hold_ms: int) -> Reply:
        """What a fault makes of an order_send."""
        kind = fault.kind
        timeout = Reply(self._dealing.answer(asked, Retcode.TIMEOUT), hold_ms=hold_ms)
        match kind:
            case FaultKind.HANG:
                return Reply(None, hold_ms=None)
            case FaultKind.EXECUTED_LATE:
                return replace(timeout, later=(fault.ms, lambda: self._dealing.send(login, asked)))
            case FaultKind.EXECUTED_LATE_MARKET:
                self._broker.later(fault.ms, lambda: self._dealing.send(login, asked))
                return timeout
            case FaultKind.TIMEOUT_EXECUTED:
                self._dealing.send(login, asked)
                return timeout
            case FaultKind.LOST_REPLY:
                self._dealing.send(login, asked)
                return Reply(None, hold_ms=hold_ms, error=(-10005, "IPC timeout"))
            case FaultKind.PARTIAL_FILL | FaultKind.STOP_DROPPED:
                return Reply(self._spoilt(login, asked, kind), hold_ms=hold_ms)
            case FaultKind.OWNER_TRADE:
                self._owner_trades(login, asked)
            case FaultKind.TERMS_CHANGED:
                changes = TERMS_CHANGED[(self._faults.fired(kind) - 1) % len(TERMS_CHANGED)]
                self._broker.change_terms(asked.symbol, changes)
            case FaultKind.SYMBOL_GONE:
                self._broker.change_terms(asked.symbol, GONE)
            case FaultKind.HISTORY_LATE:
                first = self._broker.history.tickets()
                until_s = self._faults.now_s() + fault.ms / 1_000
                self._unseen.setdefault(login, []).append(_Unseen(first.order, first.deal, until_s))
            case _:
                return Reply(self._dealing.answer(asked, _REFUSING[kind]), hold_ms=hold_ms)
        return Reply(self._dealing.send(login, asked), hold_ms=hold_ms)

    def _spoilt(self, login: int, asked: TradeRequest, kind: FaultKind) -> Fields:
        """Dealt, but half of it or without its stop."""
        ask = exact(asked, self._broker, login)
        if kind is FaultKind.PARTIAL_FILL and isinstance(ask, Ask):
            outcome = self._broker.deal(login, replace(ask, filling=IOC), ask.volume_steps // 2)
            return self._dealing.answered(asked, outcome)
        if isinstance(ask, Ask):
            return self._dealing.answered(asked, self._dealing.dealt(login, replace(ask, stop_points=0)))
        if isinstance(ask, RestingAsk):
            bare = replace(ask, terms=replace(ask.terms, stop_points=0))
            return self._dealing.answered(asked, self._dealing.dealt(login, bare))
        return self._dealing.send(login, asked)

    def _suits(self, kind: FaultKind, asked: TradeRequest) -> bool:
        """Whether a fault can do anything to this request; others wait for one that they can."""
        contract = self._broker.market.contracts.get(asked.symbol)
        if kind in _AT_A_SYMBOL and contract is None:
            return False
        if kind is FaultKind.PARTIAL_FILL:
            return asked.action == DEAL and contract is not None and (steps_of(asked.volume, contract) or 0) > 1
        if kind is FaultKind.STOP_DROPPED:
            return asked.action in (DEAL, PENDING) and asked.sl > 0 and not asked.position
        return True

    def _owner_trades(self, login: int, asked: TradeRequest) -> None:
        """The owner closes half of the position that is meant (all of the smallest), or opens one of the least size."""
        held = self._broker.books[login].positions.get(asked.position)
        contract = self._broker.market.contracts[asked.symbol]
        side = held.side.opposite if held else Side.BUY
        half = max(held.volume_steps // 2, contract.volume_min_steps) if held else contract.volume_min_steps
        quote = self._broker.market.now().quote(asked.symbol)
        price = opening_points(side, quote) if quote else 0
        steps = min(half, held.volume_steps) if held else half
        ask = Ask(asked.symbol, side, steps, price, position=held.ticket if held else 0, reason=Reason.CLIENT)
        self._broker.deal(login, replace(ask, filling=IOC if contract.filling_flags == FILL_IOC else FOK))
