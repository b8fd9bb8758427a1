"""Owns the functions of the MetaTrader5 package: their forms of call, and what they return when they fail.

They are objects without `__get__`, as C builtins are, so that a class body may hold one and it does not bind
`self`. Each call first sets the last error to success; a failure returns None (False for some) and sets it,
and no exception leaves but those that the real module leaves, too (a keyword where there are none, a wrong C
type).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import rules, structs
from .ipc import IPC, SUCCESS, TIMEOUT_S, Failed

TICK = np.dtype(
    {
        "names": ["time", "bid", "ask", "last", "volume", "time_msc", "flags", "volume_real"],
        "formats": ["<i8", "<f8", "<f8", "<f8", "<u8", "<i8", "<u4", "<f8"],
    }
)
RATE = np.dtype(
    {
        "names": ["time", "open", "high", "low", "close", "tick_volume", "spread", "real_volume"],
        "formats": ["<i8", "<f8", "<f8", "<f8", "<f8", "<u8", "<i4", "<u8"],
    }
)
_VERSION = (500, 5000, "01 Aug 2025")
_NO_ARGUMENTS, _POSITIONAL, _KEYWORDS = range(3)
_TEXT_LIMITS = {"path": 257, "password": 253, "server": 253}


class SimulationMark:
    """What tells a program that this is no real terminal: the module's `__hydra_sim__`.

    `version`: of the broker. `broker`: its instance. Both are empty before the first `initialize`.
    """

    def __init__(self) -> None:
        self.version = ""
        self.broker = ""
        self._offset_s = 0

    @property
    def offset_s(self) -> int:
        """The broker's wall clock less UTC now, seconds; the last known without a broker, 0 at first."""
        with contextlib.suppress(Failed):
            self._offset_s = int(IPC.call("offset_s"))
        return self._offset_s

    def introduce(self, mark: dict[str, Any]) -> None:
        """What the broker says of itself at `initialize`."""
        self.version, self.broker, self._offset_s = mark["version"], mark["broker"], mark["offset_s"]

    def clock_ms(self) -> int:
        """Market time, UTC milliseconds; raises ConnectionError without a broker."""
        try:
            return int(IPC.call("clock"))
        except Failed as failed:
            raise ConnectionError(failed.text) from None

    def moment(self) -> tuple[int, int]:
        """Market time and the wall clock's offset at it, in one question; raises ConnectionError without a broker."""
        try:
            clock_ms, self._offset_s = (int(value) for value in IPC.call("moment"))
        except Failed as failed:
            raise ConnectionError(failed.text) from None
        return clock_ms, self._offset_s


MARK = SimulationMark()


class Builtin:
    """A function in the manner of C: no `__get__`, checked forms of call, errors by value."""

    def __init__(self, name: str, form: int, failure: Any, body: Callable[..., Any]) -> None:
        self.__name__ = name
        self.__doc__ = body.__doc__
        self._form = form
        self._failure = failure
        self._body = body

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Any:
        if keywords and self._form != _KEYWORDS:
            raise TypeError(f"{self.__name__}() takes no keyword arguments")
        if arguments and self._form == _NO_ARGUMENTS:
            raise TypeError(f"{self.__name__}() takes no arguments ({len(arguments)} given)")
        if self.__name__ != "last_error":
            IPC.last_error = SUCCESS
        try:
            return self._body(*arguments, **keywords)
        except Failed as failed:
            IPC.last_error = (failed.code, failed.text)
            return self._failure


FUNCTIONS: dict[str, Any] = {}


def _builtin(form: int, failure: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a builtin of a function; the attribute of the module has its name."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[body.__name__] = Builtin(body.__name__, form, failure, body)
        return body

    return wrap


@_builtin(_KEYWORDS, failure=False)
def initialize(*arguments: Any, **keywords: Any) -> bool:
    """initialize([path], *, login, password, server, timeout, portable) -> True, or False and last_error."""
    rules.unnamed(arguments, 1, str)
    _text("path", arguments[0] if arguments else keywords.get("path"))
    login, password, server, timeout_s = _credentials(keywords)
    IPC.connect(timeout_s)
    try:
        mark = IPC.call("initialize", login, password, server)
    except Failed:
        IPC.close()
        raise
    MARK.introduce(mark)
    return True


@_builtin(_KEYWORDS, failure=False)
def login(*arguments: Any, **keywords: Any) -> bool:
    """login(login, [password], [server], *, timeout) -> True, or False and last_error."""
    rules.unnamed(arguments, 3, int, str, str)
    given = {**keywords, **dict(zip(("login", "password", "server"), arguments))}
    number, password, server, _ = _credentials(given)
    IPC.call("login", number, password, server)
    return True


@_builtin(_NO_ARGUMENTS)
def shutdown() -> bool:
    """shutdown() -> True."""
    IPC.close()
    return True


@_builtin(_NO_ARGUMENTS)
def last_error() -> tuple[int, str]:
    """last_error() -> (code, text); the only call that does not reset it."""
    return IPC.last_error


@_builtin(_NO_ARGUMENTS)
def version() -> tuple[int, int, str]:
    """version() -> (500, build, date)."""
    IPC.call("clock")
    return _VERSION


@_builtin(_NO_ARGUMENTS)
def account_info() -> structs.Struct:
    """account_info() -> AccountInfo."""
    return structs.make(structs.AccountInfo, IPC.call("account_info"))


@_builtin(_NO_ARGUMENTS)
def terminal_info() -> structs.Struct:
    """terminal_info() -> TerminalInfo."""
    return structs.make(structs.TerminalInfo, IPC.call("terminal_info"))


@_builtin(_NO_ARGUMENTS)
def symbols_total() -> int:
    """symbols_total() -> int."""
    return len(IPC.call("symbols"))


@_builtin(_KEYWORDS)
def symbols_get(*arguments: Any, **keywords: Any) -> Any:
    """symbols_get([group]) -> tuple of SymbolInfo; False on bad arguments, None on other failures."""
    try:
        rules.unnamed(arguments, 1, str)
        group = rules.group({"group": arguments[0]} if arguments else keywords)
    except Failed as failed:
        IPC.last_error = (failed.code, failed.text)
        return False
    rows = IPC.call("symbols")
    takes = rules.group_filter(group) if group is not None else None
    return tuple(structs.make(structs.SymbolInfo, row) for row in rows if takes is None or takes(row["name"]))


@_builtin(_POSITIONAL)
def symbol_info(*arguments: Any) -> structs.Struct:
    """symbol_info(symbol) -> SymbolInfo."""
    rules.count(arguments, 1, 1)
    return structs.make(structs.SymbolInfo, IPC.call("symbol_info", rules.symbol(arguments[0])))


@_builtin(_POSITIONAL)
def symbol_info_tick(*arguments: Any) -> structs.Struct:
    """symbol_info_tick(symbol) -> Tick."""
    rules.count(arguments, 1, 1)
    return structs.make(structs.Tick, IPC.call("symbol_info_tick", rules.symbol(arguments[0])))


@_builtin(_POSITIONAL, failure=False)
def symbol_select(*arguments: Any) -> bool:
    """symbol_select(symbol, [enable]) -> True, or False and last_error."""
    rules.count(arguments, 1, 2)
    enable = bool(arguments[1]) if len(arguments) == 2 else True
    return bool(IPC.call("symbol_select", rules.symbol(arguments[0]), enable))


@_builtin(_POSITIONAL, failure=False)
def market_book_add(*arguments: Any) -> bool:
    """market_book_add(symbol) -> True, or False and last_error."""
    rules.count(arguments, 1, 1)
    return bool(IPC.call("market_book_add", rules.symbol(arguments[0])))


@_builtin(_POSITIONAL, failure=False)
def market_book_release(*arguments: Any) -> bool:
    """market_book_release(symbol) -> True, or False and last_error."""
    rules.count(arguments, 1, 1)
    return bool(IPC.call("market_book_release", rules.symbol(arguments[0])))


@_builtin(_POSITIONAL)
def market_book_get(*arguments: Any) -> tuple[structs.Struct, ...]:
    """market_book_get(symbol) -> tuple of BookInfo, of a symbol that market_book_add named."""
    rules.count(arguments, 1, 1)
    rows = IPC.call("market_book_get", rules.symbol(arguments[0]))
    return tuple(structs.make(structs.BookInfo, row) for row in rows)


@_builtin(_POSITIONAL)
def copy_ticks_from(*arguments: Any) -> Any:
    """copy_ticks_from(symbol, date_from, count, flags) -> array of ticks."""
    rules.count(arguments, 4, 4)
    name, start, count, flags = arguments
    counts = rules.int32(count), rules.int32(flags)
    return _array(TICK, "copy_ticks_from", rules.symbol(name), rules.seconds(start), *counts)


@_builtin(_POSITIONAL)
def copy_ticks_range(*arguments: Any) -> Any:
    """copy_ticks_range(symbol, date_from, date_to, flags) -> array of ticks."""
    rules.count(arguments, 4, 4)
    name, start, end, flags = arguments
    wanted = rules.int32(flags)
    bounds = rules.seconds(start), rules.seconds(end)
    return _array(TICK, "copy_ticks_range", rules.symbol(name), *bounds, wanted)


@_builtin(_POSITIONAL)
def copy_rates_from(*arguments: Any) -> Any:
    """copy_rates_from(symbol, timeframe, date_from, count) -> array of bars."""
    rules.count(arguments, 4, 4)
    name, timeframe, start, count = arguments
    period, bars = rules.int32(timeframe), rules.int32(count)
    return _array(RATE, "copy_rates_from", rules.symbol(name), period, rules.seconds(start), bars)


@_builtin(_POSITIONAL)
def copy_rates_from_pos(*arguments: Any) -> Any:
    """copy_rates_from_pos(symbol, timeframe, start_pos, count) -> array of bars."""
    rules.count(arguments, 4, 4)
    name, *numbers = arguments
    checked = [rules.int32(number) for number in numbers]
    return _array(RATE, "copy_rates_from_pos", rules.symbol(name), *checked)


@_builtin(_POSITIONAL)
def copy_rates_range(*arguments: Any) -> Any:
    """copy_rates_range(symbol, timeframe, date_from, date_to) -> array of bars."""
    rules.count(arguments, 4, 4)
    name, timeframe, start, end = arguments
    period = rules.int32(timeframe)
    return _array(RATE, "copy_rates_range", rules.symbol(name), period, rules.seconds(start), rules.seconds(end))


@_builtin(_NO_ARGUMENTS)
def positions_total() -> int:
    """positions_total() -> int."""
    return len(IPC.call("positions"))


@_builtin(_KEYWORDS)
def positions_get(*arguments: Any, **keywords: Any) -> tuple[structs.Struct, ...]:
    """positions_get(*, ticket, symbol, group) -> TradePositions; ticket before symbol before group."""
    return _open_rows(structs.TradePosition, "positions", arguments, keywords)


@_builtin(_NO_ARGUMENTS)
def orders_total() -> int:
    """orders_total() -> int."""
    return len(IPC.call("orders"))


@_builtin(_KEYWORDS)
def orders_get(*arguments: Any, **keywords: Any) -> tuple[structs.Struct, ...]:
    """orders_get(*, ticket, symbol, group) -> TradeOrders; ticket before symbol before group."""
    return _open_rows(structs.TradeOrder, "orders", arguments, keywords)


@_builtin(_KEYWORDS)
def history_orders_get(*arguments: Any, **keywords: Any) -> tuple[structs.Struct, ...]:
    """history_orders_get(date_from, date_to, *, group), or ticket=, or position= -> tuple of TradeOrder."""
    return _history_rows(structs.TradeOrder, "history_orders", arguments, keywords)


@_builtin(_KEYWORDS)
def history_deals_get(*arguments: Any, **keywords: Any) -> tuple[structs.Struct, ...]:
    """history_deals_get(date_from, date_to, *, group), or ticket= (an order's), or position= -> TradeDeals."""
    return _history_rows(structs.TradeDeal, "history_deals", arguments, keywords)


@_builtin(_POSITIONAL)
def history_orders_total(*arguments: Any) -> int:
    """history_orders_total(date_from, date_to) -> int."""
    rules.count(arguments, 2, 2)
    return len(_history_rows(structs.TradeOrder, "history_orders", arguments, {}))


@_builtin(_POSITIONAL)
def history_deals_total(*arguments: Any) -> int:
    """history_deals_total(date_from, date_to) -> int."""
    rules.count(arguments, 2, 2)
    return len(_history_rows(structs.TradeDeal, "history_deals", arguments, {}))


@_builtin(_POSITIONAL)
def order_calc_margin(*arguments: Any) -> float:
    """order_calc_margin(action, symbol, volume, price) -> money in the account's currency."""
    rules.count(arguments, 4, 4)
    action, name, volume, price = arguments
    numbers = rules.real(volume), rules.real(price)
    return float(IPC.call("order_calc_margin", rules.int32(action), rules.symbol(name), *numbers))


@_builtin(_POSITIONAL)
def order_calc_profit(*arguments: Any) -> float:
    """order_calc_profit(action, symbol, volume, price_open, price_close) -> the account's money."""
    rules.count(arguments, 5, 5)
    action, name, *numbers = arguments
    reals = [rules.real(number) for number in numbers]
    return float(IPC.call("order_calc_profit", rules.int32(action), rules.symbol(name), *reals))


@_builtin(_KEYWORDS)
def order_check(*arguments: Any, **keywords: Any) -> structs.Struct:
    """order_check(request) or order_check(**request) -> OrderCheckResult, retcode 0 when it would pass."""
    return structs.make(structs.OrderCheckResult, IPC.call("order_check", rules.request(arguments, keywords)))


@_builtin(_KEYWORDS)
def order_send(*arguments: Any, **keywords: Any) -> structs.Struct:
    """order_send(request) or order_send(**request) -> OrderSendResult."""
    return structs.make(structs.OrderSendResult, IPC.call("order_send", rules.request(arguments, keywords)))


def _credentials(given: dict[str, Any]) -> tuple[int, str, str, float]:
    number = rules.named(given, "login", int) or 0
    password = _text("password", given.get("password"))
    server = _text("server", given.get("server"))
    timeout_ms = rules.named(given, "timeout", int) or 0
    return int(number), password, server, timeout_ms / 1000 if timeout_ms > 0 else TIMEOUT_S


def _text(name: str, value: Any) -> str:
    text = rules.named({name: value}, name, str) or ""
    if len(text) > _TEXT_LIMITS[name]:
        raise Failed(-2, f'Invalid "{name}" argument')
    return str(text)


def _array(dtype: np.dtype[Any], name: str, *arguments: Any) -> Any:
    _, tail = IPC.exchange(name, *arguments)
    return np.frombuffer(bytearray(tail), dtype=dtype)


def _open_rows(
    kind: type[structs.Struct], call: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[structs.Struct, ...]:
    if arguments:
        raise Failed(-2, "Unnamed arguments not allowed")
    takes = _wanted(keywords)
    return tuple(structs.make(kind, row) for row in IPC.call(call) if takes(row))


def _wanted(keywords: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    ticket = rules.named(keywords, "ticket", int)
    name = rules.named(keywords, "symbol", str)
    group = rules.group(keywords)
    if ticket is not None:
        return lambda row: bool(row["ticket"] == ticket)
    if name is not None:
        return lambda row: bool(row["symbol"] == name)
    if group is not None:
        takes = rules.group_filter(group)
        return lambda row: takes(row["symbol"])
    return lambda row: True


def _history_rows(
    kind: type[structs.Struct], call: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[structs.Struct, ...]:
    by, first, last = _history_selection(arguments, keywords)
    group = rules.group(keywords) if by == "time" else None
    takes = rules.group_filter(group) if group is not None else None
    rows = IPC.call(call, by, first, last)
    return tuple(structs.make(kind, row) for row in rows if takes is None or takes(row["symbol"]))


def _history_selection(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, int, int]:
    if len(arguments) == 2:
        return "time", rules.seconds(arguments[0]), rules.seconds(arguments[1])
    for by in ("ticket", "position"):
        number = rules.named(keywords, by, int)
        if number is not None:
            if arguments:
                raise Failed(-2, "Unnamed arguments not allowed")
            return by, int(number), 0
    raise Failed(-2, "Invalid arguments")
