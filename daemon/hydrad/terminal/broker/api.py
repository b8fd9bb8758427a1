"""Owns what a client may ask: one method for each call of the MetaTrader5 module that reaches the terminal.

Arguments are checked by the client module as the real one does; what is checked here is what the real
terminal checks. Errors carry the codes of `last_error`. What faults do is in `hydrad.terminal.broker.disturbances`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec

from hydrad import __version__
from hydrad.domain.orders import Side
from hydrad.host.secrets import Secret
from hydrad.terminal.broker.arrays import Arrays, Rows, TooMuch
from hydrad.terminal.broker.bars import TIMEFRAMES
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.dealing import Dealing
from hydrad.terminal.broker.disturbances import Disturbances
from hydrad.terminal.broker.faults import FaultKind, Faults
from hydrad.terminal.broker.replies import ApiError, Reply, Session
from hydrad.terminal.broker.requests import TradeRequest, points_of, steps_of
from hydrad.terminal.broker.views import Fields, Views
from hydrad.terminal.broker.world import visible
from hydrad.venue.book import Deal, OrderRow
from hydrad.venue.margin import margin
from hydrad.venue.profit import profit
from hydrad.venue.rates import NoRate

_WITHOUT_LOGIN = ("initialize", "login", "clock", "offset_s", "moment")
# Numbers that SQLite and numpy can hold.
_Whole = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=(1 << 62))]


def _invalid() -> ApiError:
    return ApiError(-2, "Terminal: Invalid params")


def _not_found() -> ApiError:
    return ApiError(-4, "Terminal: Not found")


class Api:
    """Answers calls by name."""

    def __init__(self, broker: Broker, faults: Faults) -> None:
        self._broker = broker
        self._faults = faults
        self._views = Views(broker)
        self._arrays = Arrays(broker.market, broker.server_time)
        self._watched = {login: set(visible(broker.config, broker.market)) for login in broker.accounts}
        self._dealing = Dealing(broker, self._views)
        self._disturbances = Disturbances(broker, faults, self._dealing)
        self._calls: dict[str, tuple[Callable[..., Any], Any]] = {
            "initialize": (self.initialize, tuple[int, str, str]),
            "login": (self.login, tuple[int, str, str]),
            "clock": (self.clock, tuple[()]),
            "offset_s": (self.offset_s, tuple[()]),
            "moment": (self.moment, tuple[()]),
            "account_info": (self.account_info, tuple[()]),
            "terminal_info": (self.terminal_info, tuple[()]),
            "symbols": (self.symbols, tuple[()]),
            "symbol_info": (self.symbol_info, tuple[str]),
            "symbol_info_tick": (self.symbol_info_tick, tuple[str]),
            "symbol_select": (self.symbol_select, tuple[str, bool]),
            "market_book_add": (self.market_book_add, tuple[str]),
            "market_book_release": (self.market_book_release, tuple[str]),
            "market_book_get": (self.market_book_get, tuple[str]),
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
        answering = session if name in _WITHOUT_LOGIN else self._answering(session)
        try:
            value = method(answering, *msgspec.convert(arguments, kinds))
        except msgspec.ValidationError:
            raise _invalid() from None
        except TooMuch:
            raise ApiError(-3, "Terminal: Out of memory") from None
        except NoRate:
            raise ApiError(-1, "Terminal: Call failed") from None
        self._faults.answered(session.login, name)
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

    def moment(self, session: Session) -> tuple[int, int]:
        """Clock and offset of one instant."""
        return self.clock(session), self.offset_s(session)

    def account_info(self, session: Session) -> Fields:
        allowed = FaultKind.TRADE_DISABLED not in self._faults.lasting(session.login)
        figures = self._broker.standing(session.login)
        fields = self._views.account(session.login, figures, trade_allowed=allowed)
        if FaultKind.OTHER_SERVER in self._faults.lasting(session.login):
            self._faults.note(FaultKind.OTHER_SERVER)
            fields["server"] = f"{fields['server']}-2"
        return fields

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
        book = self._broker.books[session.login]
        busy = {held.symbol for held in book.positions.values()} | {row.symbol for row in book.orders.values()}
        if not enable and name in busy:
            raise ApiError(-1, "Terminal: Call failed")
        watched = self._watched[session.login]
        (watched.add if enable else watched.discard)(name)
        return True

    def market_book_add(self, session: Session, name: str) -> bool:
        """Follow a symbol's depth of market."""
        session.books.add(self._known(name))
        return True

    def market_book_release(self, session: Session, name: str) -> bool:
        session.books.discard(self._known(name))
        return True

    def market_book_get(self, session: Session, name: str) -> list[Fields]:
        """Only of a symbol that is followed, and only while it is quoted; empty while its market is closed."""
        if self._known(name) not in session.books:
            raise ApiError(-1, "Terminal: Call failed")
        return self._views.market_book(name) if self._broker.market.trades(name) else []

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
        unseen, _ = self._disturbances.unseen_from(session.login)
        return self._order_fields([row for row in rows if row.ticket < unseen])

    def history_deals(self, session: Session, by: str, first: int, last: int) -> list[Fields]:
        """As `history_orders`; `ticket` is the ticket of the order that made the deal."""
        where, given = self._selection(by, first, last, {"time": "time_ms", "ticket": '"order"'})
        rows: list[Deal] = self._broker.history.deals(session.login, where, given)
        _, unseen = self._disturbances.unseen_from(session.login)
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
        return self._dealing.check(session.login, asked, self._disturbances.in_the_way(session.login))

    def order_send(self, session: Session, asked: TradeRequest) -> Reply:
        return self._disturbances.send(session.login, asked)

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
