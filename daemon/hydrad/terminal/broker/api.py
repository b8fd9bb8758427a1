"""Owns what a client may ask: one method for each call of the MetaTrader5 module that reaches the terminal.

Arguments are checked by the client module as the real one does; what is checked here is what the real
terminal checks. Errors carry the codes of `last_error`. A fault changes the answer here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec

from hydrad import __version__
from hydrad.domain.money import points_float
from hydrad.domain.orders import Side
from hydrad.host.secrets import Secret
from hydrad.terminal.broker.arrays import Arrays, Rows, TooMuch
from hydrad.terminal.broker.bars import TIMEFRAMES
from hydrad.terminal.broker.broker import GONE, TERMS_CHANGED, Broker
from hydrad.terminal.broker.faults import Fault, FaultKind, Faults
from hydrad.terminal.broker.requests import DEAL, PENDING, AnyAsk, TradeRequest, exact, points_of, steps_of
from hydrad.terminal.broker.views import Fields, Views
from hydrad.terminal.broker.world import visible
from hydrad.venue.book import Deal, OrderRow, Reason
from hydrad.venue.checks import FOK, IOC
from hydrad.venue.contract import FILL_IOC
from hydrad.venue.desk import Ask, CloseByAsk, LevelsAsk, judge, judge_close_by, judge_levels, margin_of
from hydrad.venue.fills import opening_points
from hydrad.venue.margin import margin
from hydrad.venue.profit import profit
from hydrad.venue.rates import NoRate
from hydrad.venue.resting import ChangeAsk, RestingAsk, judge_change, judge_place, judge_remove
from hydrad.venue.room import Outcome, Retcode

TEXTS: dict[int, str] = {
    Retcode.REQUOTE: "Requote",
    Retcode.REJECT: "Request rejected",
    Retcode.DONE: "Request executed",
    Retcode.DONE_PARTIAL: "Request executed partially",
    Retcode.TIMEOUT: "Request timed out",
    Retcode.INVALID: "Invalid request",
    Retcode.INVALID_VOLUME: "Invalid volume",
    Retcode.INVALID_PRICE: "Invalid price",
    Retcode.INVALID_STOPS: "Invalid stops",
    Retcode.TRADE_DISABLED: "Trade disabled",
    Retcode.MARKET_CLOSED: "Market closed",
    Retcode.NO_MONEY: "No money",
    Retcode.PRICE_OFF: "Off quotes",
    Retcode.INVALID_EXPIRATION: "Invalid expiration",
    Retcode.NO_CHANGES: "No changes",
    Retcode.CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    Retcode.FROZEN: "Order or position frozen",
    Retcode.INVALID_FILL: "Unsupported filling mode",
    Retcode.CONNECTION: "No connection",
    Retcode.LIMIT_ORDERS: "Orders limit reached",
    Retcode.LIMIT_VOLUME: "Volume limit reached",
    Retcode.INVALID_ORDER: "Invalid order",
    Retcode.POSITION_CLOSED: "Position doesn't exist",
    Retcode.INVALID_CLOSE_VOLUME: "Invalid close volume",
    Retcode.LONG_ONLY: "Long only allowed",
    Retcode.SHORT_ONLY: "Short only allowed",
    Retcode.CLOSE_ONLY: "Close only allowed",
    Retcode.HEDGE_PROHIBITED: "Hedge is prohibited",
}
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
_REQUEST_IDS = 1 << 32
_WITHOUT_LOGIN = ("initialize", "login", "clock", "offset_s")
# Numbers that SQLite and numpy can hold.
_Whole = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=(1 << 62))]


class ApiError(Exception):
    """An answer by `last_error`: a code and its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


def _invalid() -> ApiError:
    return ApiError(-2, "Terminal: Invalid params")


def _not_found() -> ApiError:
    return ApiError(-4, "Terminal: Not found")


@dataclass(slots=True)
class Session:
    """One client's connection: the account it is logged in to (0: none), and the depths of market it follows."""

    login: int = 0
    books: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a JSON value, an array's bytes, and how long to hold it back (milliseconds of wall time; None: for
    ever). `later`: what is done after so many milliseconds of wall time, whoever still listens."""

    value: Any
    tail: bytes = b""
    hold_ms: int | None = 0
    error: tuple[int, str] | None = None
    later: tuple[int, Callable[[], object]] | None = None


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Rows that a history does not show yet: from these tickets on, until an instant of the monotonic clock."""

    order: int
    deal: int
    until_s: float


class Api:
    """Answers calls by name."""

    def __init__(self, broker: Broker, faults: Faults) -> None:
        self._broker = broker
        self._faults = faults
        self._views = Views(broker)
        self._arrays = Arrays(broker.market, broker.server_time)
        self._watched = {login: set(visible(broker.config, broker.market)) for login in broker.accounts}
        self._request_id = 0
        self._unseen: dict[int, list[_Unseen]] = {}
        self._calls: dict[str, tuple[Callable[..., Any], Any]] = {
            "initialize": (self.initialize, tuple[int, str, str]),
            "login": (self.login, tuple[int, str, str]),
            "clock": (self.clock, tuple[()]),
            "offset_s": (self.offset_s, tuple[()]),
            "account_info": (self.account_info, tuple[()]),
            "terminal_info": (self.terminal_info, tuple[()]),
            "symbols": (self.symbols, tuple[()]),
            "symbol_info": (self.symbol_info, tuple[str]),
            "symbol_info_tick": (self.symbol_info_tick, tuple[str]),
            "symbol_select": (self.symbol_select, tuple[str, bool]),
            "copy_ticks_from": (self.copy_ticks_from, tuple[str, _Whole, _Whole, _Whole]),
            "copy_ticks_range": (self.copy_ticks_range, tuple[str, _Whole, _Whole, _Whole]),
            "copy_rates_from": (self.copy_rates_from, tuple[str, _Whole, _Whole, _Whole]),
            "copy_rates_from_pos": (self.copy_rates_from_pos, tuple[str, _Whole, _Whole, _Whole]),
            "copy_rates_range": (self.copy_rates_range, tuple[str, _Whole, _Whole, _Whole]),
            "positions": (self.positions, tuple[()]),
            "orders": (self.orders, tuple[()]),
            "history_orders": (self.history_orders, tuple[str, _Whole, _Whole]),
            "history_deals": (self.history_deals, tuple[str, _Whole, _Whole]),
            "order_calc_margin": (self.order_calc_margin, tuple[int, str, float, float]),
            "order_calc_profit": (self.order_calc_profit, tuple[int, str, float, float, float]),
            "order_check": (self.order_check, tuple[TradeRequest]),
            "order_send": (self.order_send, tuple[TradeRequest]),
        }

    def call(self, session: Session, name: str, arguments: Sequence[Any]) -> Reply:
        """Answer one call; raises ApiError."""
        if name not in self._calls:
            raise ApiError(-7, "Terminal: Unsupported function")
        if not session.login and name not in _WITHOUT_LOGIN:
            raise ApiError(-6, "Terminal: Authorization failed")
        method, kinds = self._calls[name]
        if name not in _WITHOUT_LOGIN:
            session = self._answering(session)
        try:
            value = method(session, *msgspec.convert(arguments, kinds))
        except msgspec.ValidationError:
            raise _invalid() from None
        except TooMuch:
            raise ApiError(-3, "Terminal: Out of memory") from None
        except NoRate:
            raise ApiError(-1, "Terminal: Call failed") from None
        return value if isinstance(value, Reply) else Reply(value)

    def _answering(self, session: Session) -> Session:
        """The session, or one of the account beside its own, where a terminal answers as its neighbour."""
        if FaultKind.NEIGHBOUR not in self._faults.lasting(session.login):
            return session
        self._faults.note(FaultKind.NEIGHBOUR)
        logins = list(self._broker.accounts)
        return replace(session, login=logins[(logins.index(session.login) + 1) % len(logins)])

    def initialize(self, session: Session, login: int, password: str, server: str) -> Fields:
        """Log in, to the first account when none is named, as a terminal to its saved one; the mark's facts."""
        if login or password or server:
            self.login(session, login, password, server)
        else:
            session.login = next(iter(self._broker.accounts))
        return self.mark(session)

    def login(self, session: Session, login: int, password: str, server: str) -> bool:
        """True, or ApiError -6. An empty server means the account's own."""
        account = self._broker.accounts.get(login)
        if account is None or account.password != Secret(password) or server not in ("", account.server):
            raise ApiError(-6, "Terminal: Authorization failed")
        session.login = login
        return True

    def mark(self, session: Session) -> Fields:
        """What `__hydra_sim__` shows, and the terminal's build."""
        config = self._broker.config
        return {"version": __version__, "broker": config.instance, "offset_s": self.offset_s(session)}

    def offset_s(self, session: Session) -> int:
        """The wall clock less UTC now, seconds."""
        return self._broker.server_time.offset_ms(self._broker.market.now_ms) // 1_000

    def clock(self, session: Session) -> int:
        """The market clock, UTC milliseconds."""
        return self._broker.market.now_ms

    def account_info(self, session: Session) -> Fields:
        allowed = FaultKind.TRADE_DISABLED not in self._faults.lasting(session.login)
        figures = self._broker.standing(session.login)
        return self._views.account(session.login, figures, trade_allowed=allowed)

    def terminal_info(self, session: Session) -> Fields:
        lasting = self._faults.lasting(session.login)
        return self._views.terminal(
            session.login,
            connected=FaultKind.DISCONNECT not in lasting,
            trade_allowed=FaultKind.AUTOTRADING_OFF not in lasting,
            api_disabled=FaultKind.API_DISABLED in lasting,
        )

    def symbols(self, session: Session) -> list[Fields]:
        there = [name for name in self._broker.market.series if name not in self._broker.gone]
        return [self.symbol_info(session, name) for name in there]

    def symbol_info(self, session: Session, name: str) -> Fields:
        selected = name in self._watched[session.login]
        return self._views.symbol(session.login, self._known(name), selected=selected)

    def symbol_info_tick(self, session: Session, name: str) -> Fields:
        """Only of a symbol in the Market Watch: the terminal hears of no other."""
        if self._known(name) not in self._watched[session.login]:
            raise _not_found()
        tick = self._views.tick(name)
        if tick is None:
            raise _not_found()
        return tick

    def symbol_select(self, session: Session, name: str, enable: bool) -> bool:
        """The Market Watch belongs to the terminal, so to all programs of a login. Off it only when nothing is open."""
        self._known(name)
        held = any(p.symbol == name for p in self._broker.books[session.login].positions.values())
        if not enable and held:
            raise ApiError(-1, "Terminal: Call failed")
        watched = self._watched[session.login]
        (watched.add if enable else watched.discard)(name)
        return True

    def copy_ticks_from(self, session: Session, name: str, wall_s: int, count: int, flags: int) -> Reply:
        self._known(name)
        wanted = self._ticks_wanted(flags, count)
        return _array(self._arrays.ticks_from(name, self._views.utc_ms(wall_s), wanted))

    def copy_ticks_range(self, session: Session, name: str, from_s: int, to_s: int, flags: int) -> Reply:
        """To the given second, its own milliseconds not included, as in a terminal."""
        self._known(name)
        if not self._ticks_wanted(flags, 1):
            return Reply(True)
        return _array(self._arrays.ticks_range(name, self._views.utc_ms(from_s), self._views.utc_ms(to_s)))

    def copy_rates_from(self, session: Session, name: str, timeframe: int, wall_s: int, count: int) -> Reply:
        self._bars(name, timeframe, count)
        return _array(self._arrays.rates_from(name, timeframe, wall_s, count))

    def copy_rates_from_pos(self, session: Session, name: str, timeframe: int, first: int, count: int) -> Reply:
        self._bars(name, timeframe, count)
        if first < 0:
            raise _invalid()
        return _array(self._arrays.rates_from_position(name, timeframe, first, count))

    def copy_rates_range(self, session: Session, name: str, timeframe: int, from_s: int, to_s: int) -> Reply:
        self._bars(name, timeframe, 1)
        return _array(self._arrays.rates_range(name, timeframe, from_s, to_s))

    def positions(self, session: Session) -> list[Fields]:
        return self._views.positions(self._broker.books[session.login])

    def orders(self, session: Session) -> list[Fields]:
        """Resting orders, oldest first."""
        return self._order_fields(tuple(self._broker.books[session.login].orders.values()))

    def history_orders(self, session: Session, by: str, first: int, last: int) -> list[Fields]:
        """`by`: `time` (wall seconds, both included), `ticket` or `position` (in `first`)."""
        where, given = self._selection(by, first, last, {"time": "done_ms", "ticket": "ticket"})
        rows = self._broker.history.orders(session.login, f"done_ms <> 0 AND {where}", given)
        unseen, _ = self._unseen_from(session.login)
        return self._order_fields([row for row in rows if row.ticket < unseen])

    def history_deals(self, session: Session, by: str, first: int, last: int) -> list[Fields]:
        """As `history_orders`; `ticket` is the ticket of the order that made the deal."""
        where, given = self._selection(by, first, last, {"time": "time_ms", "ticket": '"order"'})
        rows: list[Deal] = self._broker.history.deals(session.login, where, given)
        _, unseen = self._unseen_from(session.login)
        return [self._views.deal(row) for row in rows if row.ticket < unseen]

    def order_calc_margin(self, session: Session, action: int, name: str, volume: float, price: float) -> float:
        contract = self._contract(name)
        side, steps, points = self._exact(action, volume, price, name)
        book, board = self._broker.books[session.login], self._broker.market.now()
        return float(margin(contract, side, steps, points, book.leverage, book.currency, board))

    def order_calc_profit(
        self, session: Session, action: int, name: str, volume: float, opened: float, closed: float
    ) -> float:
        contract = self._contract(name)
        side, steps, first = self._exact(action, volume, opened, name)
        _, _, last = self._exact(action, volume, closed, name)
        book, board = self._broker.books[session.login], self._broker.market.now()
        return float(profit(contract, side, steps, first, last, book.currency, board))

    def order_check(self, session: Session, asked: TradeRequest) -> Fields:
        """Retcode 0 and `Done` when it would pass; the figures are those after the request."""
        refused = self._in_the_way(session.login) or self._check(session.login, asked)
        added = 0.0
        ask = exact(asked, self._broker, session.login)
        if isinstance(ask, Ask):
            added = float(margin_of(ask, self._broker.room(session.login, ask.symbol)))
        return self._checked(session.login, asked, refused, added)

    def order_send(self, session: Session, asked: TradeRequest) -> Reply:
        """Executed and committed before this returns, unless a fault or the desk refuses."""
        if FaultKind.API_DISABLED in self._faults.lasting(session.login):
            self._faults.note(FaultKind.API_DISABLED)
            raise ApiError(-8, "Auto-Trading using Python API disabled in Terminal")
        refused = self._in_the_way(session.login)
        if refused is not None:
            return Reply(self._answer(asked, refused, None))
        hold_ms = self._faults.take_latency_ms(session.login)
        fault = self._faults.take(session.login, lambda kind: self._suits(kind, asked))
        return (
            self._faulty(session.login, asked, fault, hold_ms) if fault else self._plain(session.login, asked, hold_ms)
        )

    def _plain(self, login: int, asked: TradeRequest, hold_ms: int) -> Reply:
        return Reply(self._trade(login, asked), hold_ms=hold_ms)

    def _faulty(self, login: int, asked: TradeRequest, fault: Fault, hold_ms: int) -> Reply:
        """What a fault makes of an order_send."""
        kind = fault.kind
        timeout = Reply(self._answer(asked, Retcode.TIMEOUT, None), hold_ms=hold_ms)
        match kind:
            case FaultKind.HANG:
                return Reply(None, hold_ms=None)
            case FaultKind.EXECUTED_LATE:
                return replace(timeout, later=(fault.ms, lambda: self._trade(login, asked)))
            case FaultKind.EXECUTED_LATE_MARKET:
                self._broker.later(fault.ms, lambda: self._trade(login, asked))
                return timeout
            case FaultKind.TIMEOUT_EXECUTED:
                self._trade(login, asked)
                return timeout
            case FaultKind.LOST_REPLY:
                self._trade(login, asked)
                return Reply(None, hold_ms=hold_ms, error=(-10005, "IPC timeout"))
            case FaultKind.PARTIAL_FILL | FaultKind.STOP_DROPPED:
                return Reply(self._trade(login, asked, kind), hold_ms=hold_ms)
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
                return Reply(self._answer(asked, _REFUSING[kind], None), hold_ms=hold_ms)
        return self._plain(login, asked, hold_ms)

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

    def _unseen_from(self, login: int) -> tuple[int, int]:
        """The first order and the first deal that a history does not show yet."""
        now_s = self._faults.now_s()
        waiting = self._unseen[login] = [one for one in self._unseen.get(login, []) if one.until_s > now_s]
        return (
            min((one.order for one in waiting), default=_NO_TICKET),
            min((one.deal for one in waiting), default=_NO_TICKET),
        )

    def _trade(self, login: int, asked: TradeRequest, fault: FaultKind | None = None) -> Fields:
        ask = exact(asked, self._broker, login)
        if isinstance(ask, Retcode):
            return self._answer(asked, ask, None)
        if fault is FaultKind.STOP_DROPPED and isinstance(ask, Ask):
            ask = replace(ask, stop_points=0)
        if fault is FaultKind.STOP_DROPPED and isinstance(ask, RestingAsk):
            ask = replace(ask, terms=replace(ask.terms, stop_points=0))
        if fault is FaultKind.PARTIAL_FILL and isinstance(ask, Ask):
            half = ask.volume_steps // 2
            outcome = self._broker.deal(login, replace(ask, filling=IOC), half)
        else:
            outcome = self._dealt(login, ask)
        return self._answer(asked, outcome.retcode, outcome)

    def _dealt(self, login: int, ask: AnyAsk) -> Outcome:
        broker = self._broker
        if isinstance(ask, Ask):
            return broker.deal(login, ask)
        if isinstance(ask, LevelsAsk):
            return broker.set_levels(login, ask)
        if isinstance(ask, RestingAsk):
            return broker.place(login, ask)
        if isinstance(ask, CloseByAsk):
            return broker.close_by(login, ask)
        return broker.change(login, ask) if isinstance(ask, ChangeAsk) else broker.remove(login, ask)

    def _check(self, login: int, asked: TradeRequest) -> Retcode | None:
        ask = exact(asked, self._broker, login)
        if isinstance(ask, Retcode):
            return ask
        if isinstance(ask, Ask):
            return judge(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, LevelsAsk):
            return judge_levels(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, RestingAsk):
            return judge_place(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, CloseByAsk):
            return judge_close_by(ask, self._broker.room_of_position(login, ask.position))
        room = self._broker.room_of_order(login, ask.order)
        return judge_change(ask, room) if isinstance(ask, ChangeAsk) else judge_remove(ask, room)

    def _in_the_way(self, login: int) -> Retcode | None:
        lasting = self._faults.lasting(login)
        for kind, retcode in _STANDING_IN_THE_WAY:
            if kind in lasting:
                self._faults.note(kind)
                return retcode
        return None

    def _answer(self, asked: TradeRequest, retcode: Retcode, outcome: Outcome | None) -> Fields:
        """OrderSendResult. New levels, resting orders and refusals carry no prices; a requote carries the market's."""
        answer: Fields = {"retcode": int(retcode), "comment": TEXTS[retcode], "request": asked.fields()}
        if retcode not in (Retcode.CLIENT_DISABLES_AT, Retcode.CONNECTION):
            self._request_id = (self._request_id + 1) % _REQUEST_IDS
            answer["request_id"] = self._request_id
        deal = outcome.change.deal if outcome and outcome.change else None
        if deal is not None:
            contract = self._broker.market.contracts[deal.symbol]
            answer.update({"deal": deal.ticket, "order": deal.order})
            answer["volume"] = float(contract.lots(deal.volume_steps))
            answer["price"] = points_float(deal.price_points, contract.digits)
        elif outcome and outcome.change and outcome.change.order is not None:
            row = outcome.change.order
            answer["order"] = row.ticket
            answer["volume"] = float(self._broker.market.contracts[row.symbol].lots(row.left_steps))
        if deal is not None or retcode is Retcode.REQUOTE:
            answer.update(self._market_prices(asked.symbol))
        return answer

    def _market_prices(self, symbol: str) -> Fields:
        tick = self._views.tick(symbol) if symbol in self._broker.market.series else None
        return {} if tick is None else {"bid": tick["bid"], "ask": tick["ask"]}

    def _checked(self, login: int, asked: TradeRequest, refused: Retcode | None, added: float) -> Fields:
        figures = self._broker.standing(login)
        tied_up = float(figures.margin) + added
        equity = float(figures.equity)
        return {
            "retcode": 0 if refused is None else int(refused),
            "balance": float(figures.balance),
            "equity": equity,
            "profit": float(figures.profit),
            "margin": round(tied_up, 2),
            "margin_free": round(equity - tied_up, 2),
            "margin_level": equity / tied_up * 100 if tied_up else 0.0,
            "comment": "Done" if refused is None else TEXTS[refused],
            "request": asked.fields(),
        }

    def _known(self, name: str) -> str:
        if name not in self._broker.market.series or name in self._broker.gone:
            raise _not_found()
        return name

    def _contract(self, name: str) -> Any:
        return self._broker.market.contracts[self._known(name)]

    def _exact(self, action: int, volume: float, price: float, name: str) -> tuple[Side, int, int]:
        contract = self._contract(name)
        steps, points = steps_of(volume, contract), points_of(price, contract)
        if action not in (Side.BUY, Side.SELL) or not steps or not points:
            raise _invalid()
        return Side(action), steps, points

    def _bars(self, name: str, timeframe: int, count: int) -> None:
        self._known(name)
        if timeframe not in TIMEFRAMES or count <= 0:
            raise _invalid()

    def _ticks_wanted(self, flags: int, count: int) -> int:
        """How many ticks may be given: none where only trades are asked for, since the market has none."""
        if flags not in (-1, 1, 2) or count < 0:
            raise _invalid()
        return 0 if flags == 2 else count

    def _order_fields(self, rows: Sequence[OrderRow]) -> list[Fields]:
        return [self._views.order(row) for row in rows]

    def _selection(self, by: str, first: int, last: int, columns: dict[str, str]) -> tuple[str, tuple[int, ...]]:
        if by == "time":
            bounds = (self._views.utc_ms(first), self._views.utc_ms(last) + 999)
            return f"{columns['time']} BETWEEN ? AND ?", bounds
        column = {"ticket": columns["ticket"], "position": "position"}.get(by)
        if column is None:
            raise _invalid()
        return f"{column} = ?", (first,)


def _array(rows: Rows) -> Reply:
    return Reply(True, rows.tobytes())
