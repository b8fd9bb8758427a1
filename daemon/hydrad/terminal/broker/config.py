"""Owns the simulated broker's configuration file: TOML, unknown keys refused. `docs/simulator.md` lists the keys."""

from __future__ import annotations

import zoneinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from hydrad.domain.instants import BadInstant, parse_ms
from hydrad.host.secrets import BadSecret, Secret, hidden, read_text
from hydrad.terminal.broker.faults import FaultPlan
from hydrad.terminal.broker.server_time import BadZone, ServerTime
from hydrad.venue.contract import Execution, SwapMode, TradeMode

SOCKET_PATH_BYTES_MAX = 107  # sun_path of a unix socket on Linux, less the ending zero
SAMPLE, GENERATED, RECORDING, RECORDED = "sample", "generated", "recording", "recorded"
SPEED_MAX = 100_000.0
_SYMBOL_CHARACTERS_MAX = 29
_BY_NAME = {"execution": Execution, "trade_mode": TradeMode, "swap_mode": SwapMode}


class BadConfig(ValueError):
    """A file that is missing, malformed or contradicts itself; the message says what to change."""


class AccountConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account. `balance`: the first deposit, as text, when the books do not have the account yet. The rest is
    as `hydrad.venue.book.Rules` has it."""

    login: int
    password: Secret
    server: str
    currency: str = "USD"
    balance: str = "10000.00"
    leverage: int = 100
    hedging: bool = True
    limit_orders: int = 200
    margin_call_percent: int = 50
    stop_out_percent: int = 30
    hedge_prohibited: bool = False


class SymbolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Terms that replace a symbol's own, named and counted as `hydrad.venue.contract.Contract` has them.

    Decimals are text; execution, trade mode and swap mode are names. `spread_points`, `ticks_a_minute`: how the
    generated market quotes it.
    """

    description: str | None = None
    digits: int | None = None
    contract_size: str | None = None
    volume_step: str | None = None
    volume_min_steps: int | None = None
    volume_max_steps: int | None = None
    volume_limit_steps: int | None = None
    stops_level_points: int | None = None
    freeze_level_points: int | None = None
    execution: str | None = None
    trade_mode: str | None = None
    filling_flags: int | None = None
    expiration_flags: int | None = None
    order_flags: int | None = None
    swap_mode: str | None = None
    swap_long: str | None = None
    swap_short: str | None = None
    swap_rollover3days: int | None = None
    margin_hedged: str | None = None
    commission_per_lot: str | None = None
    commission_per_deal: str | None = None
    liquidity_steps: int | None = None
    trading_hours: str | None = None
    spread_points: int | None = None
    ticks_a_minute: float | None = None

    def terms(self) -> dict[str, Any]:
        """The fields of a Contract that are given, with its types; raises BadConfig."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        return {name: _term(name, value) for name, value in given.items() if name not in _NATURE}


_NATURE = ("spread_points", "ticks_a_minute")
_MONEY = ("commission_per_lot", "commission_per_deal", "margin_hedged")
_DECIMALS = frozenset(("contract_size", "volume_step", "swap_long", "swap_short", *_MONEY))


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One broker process.

    `instance`: random text of the home that started it. `socket`, `control`: unix socket paths for clients and
    for the conductor, or `tcp:[WORD@]HOST:PORT`. `books`: the SQLite file; `<books>.lock` beside it is held for life.
    `start_ms`, or `start` as text: the market clock, UTC milliseconds, when the books are new. `feed`:
    `sample`, `generated`, `recording` (the folder `recording` as it grows: the clock follows the machine's, `speed`
    is not read), `recorded` (the `days` of that folder, see `hydrad.terminal.broker.recorded`), or the path of a file
    (see `hydrad.terminal.broker.feed`); `feeds`: paths by symbol.
    `seed`: of the generated market. `speed`: market seconds a second of a clock that runs by itself, `max` as
    fast as it goes, 0 for one that only the control socket moves. `history_from_ms`: earlier ticks are not
    shown to clients; 0 shows all. `server_zone`: see `hydrad.terminal.broker.server_time`; without one
    `server_offset_s`, the broker's wall clock less UTC, in seconds. `suffix`: put after each symbol's name.
    `offered`: the symbols there are, all when empty. `visible`: those in the Market Watch at first, all when
    empty; named without the suffix. `comment_chars_max`: what the server keeps of a comment (recorded servers:
    16); `comment_replacement`: what it puts in its place, empty for nothing. `faults`: see
    `hydrad.terminal.broker.faults.FaultPlan`.
    """

    instance: str
    socket: str
    control: str
    books: str
    start_ms: int
    accounts: tuple[AccountConfig, ...]
    feed: str = SAMPLE
    history_from_ms: int = 0
    server_offset_s: int = 10_800
    comment_chars_max: int = 16
    comment_replacement: str = ""
    start: str = ""
    feeds: dict[str, str] = {}
    recording: str = ""
    days: str = ""
    seed: int = 1
    speed: float | str = 0
    server_zone: str = ""
    suffix: str = ""
    offered: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    symbols: dict[str, SymbolConfig] = {}
    faults: FaultPlan = FaultPlan()

    @property
    def rate(self) -> float | None:
        """Market seconds a second; None for as fast as it goes."""
        return None if isinstance(self.speed, str) else float(self.speed)


def read(path: Path) -> BrokerConfig:
    """The configuration in a file; raises BadConfig."""
    return made(path, table(path))


def table(path: Path) -> dict[str, Any]:
    """A file's keys as they are written; raises BadConfig."""
    try:
        found: dict[str, Any] = msgspec.toml.decode(read_text(path, private=False))
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}") from None
    except BadSecret as error:
        raise BadConfig(str(error)) from None
    except msgspec.MsgspecError as error:
        raise BadConfig(f"{path}: {error}") from None
    return found


def made(source: object, given: dict[str, Any]) -> BrokerConfig:
    """The configuration of these keys; `source` names them in BadConfig."""
    if "start" in given and "start_ms" not in given:
        given = {**given, "start_ms": _instant(given["start"])}
    try:
        config = msgspec.convert(given, BrokerConfig, dec_hook=hidden)
    except msgspec.MsgspecError as error:
        raise BadConfig(f"{source}: {error}") from None
    check(config)
    return config


def check(config: BrokerConfig) -> None:
    """Raise BadConfig where the values contradict each other."""
    logins = [account.login for account in config.accounts]
    if not logins:
        raise BadConfig("accounts: at least one is needed")
    if len(set(logins)) != len(logins):
        raise BadConfig("accounts: two have the same login")
    if min(account.leverage for account in config.accounts) < 1:
        raise BadConfig("accounts: leverage starts at 1")
    _check_clock(config)
    if (config.feed in (RECORDING, RECORDED)) is not bool(config.recording):
        raise BadConfig("recording: the folder of the feeds `recording` and `recorded`, and nothing else has one")
    if (config.feed == RECORDED) is not bool(config.days):
        raise BadConfig("days: a day or FIRST..LAST of the feed `recorded`, and nothing else has them")
    for name, path in (("socket", config.socket), ("control", config.control)):
        if len(path.encode()) > SOCKET_PATH_BYTES_MAX:
            raise BadConfig(f"{name}: a unix socket's path has at most {SOCKET_PATH_BYTES_MAX} bytes")
    for symbol, terms in config.symbols.items():
        if len(symbol + config.suffix) > _SYMBOL_CHARACTERS_MAX:
            raise BadConfig(f"symbols.{symbol}: a name has at most {_SYMBOL_CHARACTERS_MAX} characters")
        terms.terms()


def _check_clock(config: BrokerConfig) -> None:
    if abs(config.server_offset_s) > 86_400:
        raise BadConfig("server_offset_s: more than a day")
    if config.server_offset_s % 1_800:
        raise BadConfig("server_offset_s: whole half-hours are expected")
    if config.rate is None and config.speed != "max":
        raise BadConfig("speed: a number of market seconds a second, or 'max'")
    if config.rate is not None and not 0 <= config.rate <= SPEED_MAX:
        raise BadConfig(f"speed: 0 to {SPEED_MAX:.0f}, or 'max'")
    try:
        ServerTime(config.server_zone, config.server_offset_s)
    except (BadZone, zoneinfo.ZoneInfoNotFoundError) as error:
        raise BadConfig(str(error)) from None


def _instant(text: object) -> int:
    if not isinstance(text, str):
        raise BadConfig("start: an instant as text, such as '2026-03-04T10:00:00Z'")
    try:
        return parse_ms(text)
    except BadInstant as error:
        raise BadConfig(f"start: {error}") from None


def _term(name: str, value: Any) -> Any:
    try:
        if name in _DECIMALS:
            return Decimal(value)
        return _BY_NAME[name][value.upper()] if name in _BY_NAME else value
    except (InvalidOperation, KeyError):
        raise BadConfig(f"symbols: {name} cannot be '{value}'") from None
