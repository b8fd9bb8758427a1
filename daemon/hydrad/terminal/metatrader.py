"""A logged-in terminal, through the MetaTrader5 module. Owns the module and what is cached of its answers.

The module is the real one (Windows only), or the simulated broker's client that stands in its place; only the mark
`__hydra_sim__` tells them apart. Everything that leaves here is exact: points, steps, decimals, UTC.

Raises TerminalError where the terminal does not answer: the worker ends with it, and a new one logs in.
"""

from __future__ import annotations

import importlib
from decimal import Decimal
from typing import Any, NamedTuple

from hydrad.domain.accounts import AccountKind
from hydrad.domain.instants import DAY_MS, MS
from hydrad.domain.symbols import SymbolTerms
from hydrad.host.clock import SystemClock
from hydrad.link.frames import Identity
from hydrad.terminal.naming import Named, candidates
from hydrad.terminal.offset import BrokerOffset
from hydrad.terminal.pipe import Grid, Login

TRADE_MODE_REAL = 2  # ENUM_ACCOUNT_TRADE_MODE
MARGIN_MODE_HEDGING = 2  # ENUM_ACCOUNT_MARGIN_MODE
BUY, SELL = 0, 1
LOGIN_TIMEOUT_MS = 25_000
_DIGITS_MAX = 8
ANOTHER = "the terminal is another than the one that logged in"
MISSING = (
    "the MetaTrader5 package is not installed here: pip install 'hydrax[terminal]'. MetaQuotes ships it for Windows "
    "only, so an agent of a real terminal runs on the terminal's own Windows host; see docs/terminal-windows.md"
)


class TerminalError(ConnectionError):
    """The terminal did not answer, or answered what cannot be; the message has its last error."""


class WrongTerminal(TerminalError):
    """The terminal is not the one that the bundle means; `identity` is what it says of itself."""

    def __init__(self, why: str, identity: Identity) -> None:
        super().__init__(why)
        self.identity = identity


class Standing(NamedTuple):
    """Whether the terminal could trade now."""

    connected: bool
    trade_allowed: bool


def exact(value: float) -> Decimal:
    """The shortest decimal that is this float."""
    return Decimal(repr(float(value)))


class Terminal:
    """Logs in on construction; raises TerminalError, and WrongTerminal for one that must not be used.

    A real terminal that is logged in to another account is left so: its owner has switched it, and it is theirs.
    """

    def __init__(self, login: Login) -> None:
        self._module = _module(login.simulated)
        self._mark = getattr(self._module, "__hydra_sim__", None)
        self._login = login
        if login.simulated != (self._mark is not None):
            raise WrongTerminal("the MetaTrader5 module is not the one that the bundle names", self._stranger())
        self._grids: dict[str, Grid] = {}
        if self._mark is None:
            self._attach()
        elif not self._module.initialize(login=login.login, password=login.password.reveal(), server=login.server):
            raise self.error("initialize")
        self.who = self.identity()
        if (self.who.login, self.who.server) != (login.login, login.server):
            raise WrongTerminal(f"the terminal is logged in to {self.who.login} at {self.who.server}", self.who)
        if self.who.kind == AccountKind.LIVE.value != login.kind:  # it would be spared the caps of a live account
            raise WrongTerminal(f"this is a live account, and not {login.kind} as the bundle has it", self.who)
        self.stand_ins = {wanted: self._candidates(wanted) for wanted in login.symbols if not self._select(wanted)}
        names = (self.stand_ins.get(wanted, (wanted,)) for wanted in login.symbols)
        self.symbols = tuple(dict.fromkeys(name for some in names for name in some))
        self._clock = SystemClock()
        self._offset = BrokerOffset(len(self.symbols))
        self._mark_offset_ms = 0 if self._mark is None else int(self._mark.offset_s) * 1000

    def _attach(self) -> None:
        """To the real terminal as it stands; logged in only where it has no account, or its own without a server."""
        login = self._login
        place = (login.terminal_path,) if login.terminal_path else ()
        if not self._module.initialize(*place, timeout=LOGIN_TIMEOUT_MS, portable=login.portable):
            raise self.error("initialize")
        account = self._module.account_info()
        given = {"password": login.password.reveal(), "server": login.server, "timeout": LOGIN_TIMEOUT_MS}
        if account is None or not account.login:
            if not self._module.login(login.login, **given):
                raise self.error("login")
        elif account.login == login.login and not self.ask("terminal_info").connected:
            self._module.login(login.login, **given)  # a server that is away is no reason not to read

    def _select(self, symbol: str) -> bool:
        return bool(self._module.symbol_select(symbol, True))

    def _candidates(self, wanted: str) -> tuple[str, ...]:
        """What the broker has in place of a symbol that it does not have."""
        rows = self._module.symbols_get(f"*{wanted}*") or ()
        offered = [Named(str(row.name), str(row.currency_base), str(row.currency_profit)) for row in rows]
        return tuple(name for name in candidates(wanted, offered) if self._select(name))

    def _stranger(self) -> Identity:
        """What can be told of a module that must not even be asked."""
        kind = AccountKind.DEMO if self._mark is None else AccountKind.PAPER
        broker = "" if self._mark is None else f"simulator {self._mark.version}".strip()
        return Identity(0, "", kind.value, "", False, 0, 0, "", broker)

    def ask(self, function: str, *arguments: Any, **keywords: Any) -> Any:
        """A call of the module that must be answered; raises TerminalError where it gives None."""
        answer = getattr(self._module, function)(*arguments, **keywords)
        if answer is None:
            raise self.error(function)
        return answer

    def try_ask(self, function: str, *arguments: Any, **keywords: Any) -> Any:
        """A call whose None has a meaning of its own; `last_error` tells which."""
        return getattr(self._module, function)(*arguments, **keywords)

    def deals_of_order(self, order_ticket: int) -> tuple[Any, ...]:
        """Deals of an order as far as the history has them already; `ticket=` means the order's here."""
        return tuple(self._module.history_deals_get(ticket=order_ticket) or ())

    def last_error(self) -> tuple[int, str]:
        code, text = self._module.last_error()
        return int(code), str(text)

    def error(self, function: str) -> TerminalError:
        """What the module says about its last failure."""
        code, text = self.last_error()
        return TerminalError(f"{function}: {text} ({code})")

    def market_ms(self) -> int:
        """Market time: the simulated broker's clock, or machine time on a live feed."""
        if self._mark is None:
            return self._clock.machine_ns() // MS
        try:
            market_ms, offset_s = self._mark.moment()
        except ConnectionError as error:
            raise TerminalError(f"clock: {error}") from None
        self._mark_offset_ms = offset_s * 1000
        return int(market_ms)

    @property
    def offset_ms(self) -> int | None:
        """The broker's wall clock less UTC; None while it is unknown. The simulator's mark is a measurement, taken with
        each look at its clock."""
        if self._mark is not None:
            return self._mark_offset_ms
        return self._offset.known_ms(self._clock.machine_ns() // MS)

    @property
    def _told_offset_ms(self) -> int | None:
        """The offset by which old stamps are read: the known one, else the last one that was."""
        if self._mark is not None:
            return self._mark_offset_ms
        return None if self._offset.last is None else self._offset.last.value_ms

    def measure(self) -> None:
        """Look at the last ticks of a real terminal, now and then."""
        boot_ns = self._clock.boot_ns()
        if self._mark is None and self._offset.due(boot_ns):
            ticks = {symbol: self.try_ask("symbol_info_tick", symbol) for symbol in self.symbols}
            stamps = {symbol: int(tick.time_msc) for symbol, tick in ticks.items() if tick is not None}
            self._offset.look(stamps, self._clock.machine_ns() // MS, boot_ns)

    def identity(self) -> Identity:
        """Who the terminal says it is, now."""
        account, terminal = self.ask("account_info"), self.ask("terminal_info")
        return Identity(
            login=int(account.login),
            server=str(account.server),
            kind=self._kind(int(account.trade_mode)).value,
            currency=str(account.currency),
            hedging=account.margin_mode == MARGIN_MODE_HEDGING,
            trade_mode=int(account.trade_mode),
            build=int(terminal.build),
            data_path=str(terminal.data_path),
            sim_broker="" if self._mark is None else str(self._mark.broker),
        )

    def same(self) -> bool:
        """Whether it is still the terminal that logged in, in every particular."""
        return self.identity() == self.who

    def check_same(self) -> None:
        """Raises TerminalError for another."""
        if not self.same():
            raise TerminalError(ANOTHER)

    def check_account(self, info: Any) -> None:
        """By an `account_info` that was read anyway; raises TerminalError for another account or server."""
        if (int(info.login), str(info.server)) != (self.who.login, self.who.server):
            raise TerminalError(ANOTHER)

    def standing(self) -> Standing:
        terminal, account = self.ask("terminal_info"), self.ask("account_info")
        allowed = terminal.trade_allowed and not terminal.tradeapi_disabled
        return Standing(bool(terminal.connected), bool(allowed and account.trade_allowed and account.trade_expert))

    def grid(self, symbol: str, shown: tuple[float, ...] = (), volume: float = 0.0) -> Grid:
        """Digits and step of any symbol, ours or not; of one that is gone as they were, and of one that nobody has
        seen before it was gone, those on which the prices `shown` with it and its volume lie."""
        known = self._grids.get(symbol)
        if known is None:
            info = self.try_ask("symbol_info", symbol)
            known = self._login.grids.get(symbol) if info is None else _grid(info)
            if known is None:
                if not shown:
                    raise self.error(f"symbol_info {symbol}")
                return _grid_of(shown, volume)
            self._grids[symbol] = known
        return known

    def terms(self) -> tuple[SymbolTerms, ...]:
        """Terms of our symbols as they stand now; a symbol without prices has none yet."""
        found = (self._terms(symbol) for symbol in self.symbols)
        return tuple(terms for terms in found if terms is not None)

    def utc_ms(self, wall_ms: int) -> int:
        """UTC of the broker's wall clock; 0 before its offset was ever measured. A stamp from before a clock change
        is read by the offset that holds now."""
        return 0 if self._told_offset_ms is None else int(wall_ms) - self._told_offset_ms

    def wall_s(self, utc_ms: int) -> int:
        """The broker's wall clock in whole seconds. While the offset is unknown: UTC, so give it a day's room."""
        return max((utc_ms + (self._told_offset_ms or 0)) // 1000, 0)

    def deals_within(self, from_ms: int, to_ms: int) -> tuple[Any, ...]:
        """The module's deals of an interval of UTC, with a day's room on both sides."""
        bounds = (self.wall_s(from_ms - DAY_MS), self.wall_s(to_ms + DAY_MS))
        return tuple(self.ask("history_deals_get", *bounds))

    def orders_within(self, from_ms: int, to_ms: int) -> tuple[Any, ...]:
        """The module's past orders of an interval of UTC, with a day's room on both sides."""
        bounds = (self.wall_s(from_ms - DAY_MS), self.wall_s(to_ms + DAY_MS))
        return tuple(self.ask("history_orders_get", *bounds))

    def past_order(self, ticket: int) -> Any | None:
        """One past order; None while the records do not have it."""
        rows = self.ask("history_orders_get", ticket=ticket)
        return rows[0] if rows else None

    def _kind(self, trade_mode: int) -> AccountKind:
        """Real money is never a demo; what trades on a demo server is what it was enrolled as (a prop firm's account
        is live)."""
        if self._mark is not None:
            return AccountKind.PAPER
        if trade_mode == TRADE_MODE_REAL:
            return AccountKind.LIVE
        return AccountKind.LIVE if self._login.kind == AccountKind.LIVE.value else AccountKind.DEMO

    def _terms(self, symbol: str) -> SymbolTerms | None:
        info = self.try_ask("symbol_info", symbol)
        if info is None:
            return None
        step, to_point = exact(info.volume_step), exact(info.point) / exact(info.trade_tick_size or info.point)
        margins = [
            self.try_ask("order_calc_margin", side, symbol, 1.0, float(price))
            for side, price in ((BUY, info.ask), (SELL, info.bid))
        ]
        if not info.ask or None in margins:
            return None
        return SymbolTerms(
            symbol=symbol,
            digits=int(info.digits),
            contract_size=exact(info.trade_contract_size),
            volume_step=step,
            volume_min_steps=int(exact(info.volume_min) / step),
            volume_max_steps=int(exact(info.volume_max) / step),
            volume_limit_steps=int(exact(info.volume_limit) / step),
            stops_level_points=int(info.trade_stops_level),
            freeze_level_points=int(info.trade_freeze_level),
            tick_value_profit=exact(info.trade_tick_value_profit) * to_point,
            tick_value_loss=exact(info.trade_tick_value_loss) * to_point,
            currency_base=str(info.currency_base),
            currency_profit=str(info.currency_profit),
            currency_margin=str(info.currency_margin),
            trade_mode=int(info.trade_mode),
            execution=int(info.trade_exemode),
            filling_flags=int(info.filling_mode),
            expiration_flags=int(info.expiration_mode),
            order_flags=int(info.order_mode),
            margin_buy=exact(margins[0]),
            margin_sell=exact(margins[1]),
            swap_mode=int(info.swap_mode),
            swap_long=exact(info.swap_long),
            swap_short=exact(info.swap_short),
            swap_triple_day=int(info.swap_rollover3days),
        )


def _grid(info: Any) -> Grid:
    return Grid(int(info.digits), exact(info.volume_step), int(info.filling_mode), int(info.trade_exemode))


def _grid_of(prices: tuple[float, ...], volume: float) -> Grid:
    """Hundredths of a lot unless the volume needs finer steps."""
    digits = min(max(_decimals(price) for price in prices), _DIGITS_MAX)
    return Grid(digits, Decimal(1).scaleb(-max(_decimals(volume), 2)), 0, 0)


def _decimals(value: float) -> int:
    exponent = exact(value).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _module(simulated: bool) -> Any:
    try:
        return importlib.import_module("MetaTrader5")
    except ImportError as error:
        if simulated:
            raise TerminalError(f"the simulated broker's module cannot be imported: {error}") from None
        raise TerminalError(MISSING) from None
