"""Owns the simulated broker's configuration file: TOML, unknown keys refused."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hydrad.host.secrets import BadSecret, Secret, hidden, read_text

SOCKET_PATH_BYTES_MAX = 107  # sun_path of a unix socket on Linux, less the ending zero


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


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One broker process.

    `instance`: random text of the home that started it. `socket`, `control`: unix socket paths for clients
    and for the conductor. `books`: the SQLite file; `<books>.lock` beside it is held for life. `feed`:
    `sample`, or the path of an `.npz` file (see `hydrad.terminal.broker.feed`). `start_ms`: the market clock,
    UTC milliseconds, when the books are new. `history_from_ms`: earlier ticks are not shown to clients; 0
    shows all. `server_offset_s`: the broker's wall clock less UTC, in seconds. `comment_chars_max`: what the
    server keeps of a comment (recorded servers: 16); `comment_replacement`: what it puts in its place, empty
    for nothing.
    """

    instance: str
    socket: str
    control: str
    books: str
    start_ms: int
    accounts: tuple[AccountConfig, ...]
    feed: str = "sample"
    history_from_ms: int = 0
    server_offset_s: int = 10_800
    comment_chars_max: int = 16
    comment_replacement: str = ""


def read(path: Path) -> BrokerConfig:
    """The configuration in a file; raises BadConfig."""
    try:
        config = msgspec.toml.decode(read_text(path, private=False), type=BrokerConfig, dec_hook=hidden)
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}") from None
    except BadSecret as error:
        raise BadConfig(str(error)) from None
    except msgspec.MsgspecError as error:
        raise BadConfig(f"{path}: {error}") from None
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
    if abs(config.server_offset_s) > 86_400:
        raise BadConfig("server_offset_s: more than a day")
    for name, path in (("socket", config.socket), ("control", config.control)):
        if len(path.encode()) > SOCKET_PATH_BYTES_MAX:
            raise BadConfig(f"{name}: a unix socket's path has at most {SOCKET_PATH_BYTES_MAX} bytes")
