"""The enrolment bundle: all that an agent starts from. Owns the file's format, TOML of mode 0600.

It holds the agent's secret key and the account's password, so a file that others can read stops the start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
import tomli_w

from hydrad.host import keys, secrets
from hydrad.host.secrets import Secret


class BadBundle(ValueError):
    """A bundle that is missing, malformed or readable by others; the message says what to do."""


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bundle's limits, which no daemon can change; those of the host (`caps_file`) can only make them stricter.
    `max_lots`: of one opening order; 0 makes an agent that only feeds. `opens_per_minute`: opening orders in any
    60 s. `symbols`: those that may be opened; empty: the bundle's. `equity_floor`: at or below it the agent halts
    itself, in the account's currency; 0: none. `floor_action`: then `flatten` also closes what is ours."""

    max_lots: Decimal = Decimal(5)
    opens_per_minute: int = 60
    symbols: list[str] = []
    equity_floor: Decimal = Decimal(0)
    floor_action: Literal["halt", "flatten"] = "halt"


class DaemonAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`address`: `tcp://HOST:PORT`. `server_key`: the daemon's public key, Z85."""

    address: str
    server_key: str


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`name`: the terminal's; `account`: the account's, as the daemon knows them. `sim_socket`: of the simulated
    broker, empty for a real terminal. `curve_public`, `curve_secret`: the agent's pair, Z85. `ledger`, `lock`:
    file paths, beside the bundle where they are not absolute. `poll_ms`: between readings of the market; `settle_s`:
    how long the broker's records may lag; `dead_man_s`: without a beat for so long nothing is opened; `act_bound_s`:
    how long one order may take. `terminal_path`: of the real terminal's terminal64.exe, which must be named where a
    host has several; `portable`: it is started with /portable. Where `password` is empty it is read at the start: from
    `password_file`, from the credential `NAME.password`, or from the service `keyring` of the keyring."""

    name: str
    account: str
    login: int
    server: str
    password: Secret
    kind: str
    currency: str
    hedging: bool
    module: Literal["simulated", "metatrader5"]
    sim_socket: str
    symbols: list[str]
    curve_public: str
    curve_secret: Secret
    daemons: list[DaemonAddress]
    ledger: str
    lock: str
    caps: Caps = Caps()
    poll_ms: int = 10
    settle_s: int = 60
    dead_man_s: int = 10
    act_bound_s: int = 15
    password_file: str = ""
    keyring: str = ""
    terminal_path: str = ""
    portable: bool = False


def load(path: Path) -> Bundle:
    """The bundle in a file; raises BadBundle."""
    try:
        bundle = msgspec.toml.decode(keys.read_secret(path), type=Bundle, dec_hook=secrets.hidden)
    except FileNotFoundError:
        raise BadBundle(f"{path} does not exist: enrol the terminal, or name its bundle") from None
    except keys.BadSecret as error:
        raise BadBundle(str(error)) from None
    except msgspec.MsgspecError as error:
        raise BadBundle(f"{path}: {error}") from None
    if not bundle.daemons or not bundle.symbols:
        raise BadBundle(f"{path}: at least one daemon and one symbol are needed")
    if min(bundle.poll_ms, bundle.settle_s, bundle.dead_man_s, bundle.act_bound_s) < 1:
        raise BadBundle(f"{path}: poll_ms, settle_s, dead_man_s and act_bound_s start at 1")
    if (bundle.module == "simulated") != (bundle.kind == "paper"):
        raise BadBundle(f"{path}: the simulated module is for paper accounts, and for them only; kind is {bundle.kind}")
    places = {name: str(path.parent / getattr(bundle, name)) for name in ("ledger", "lock")}
    return msgspec.structs.replace(bundle, **places)


def password_of(bundle: Bundle, environ: Mapping[str, str] = os.environ) -> Secret:
    """The account's password, from wherever it is kept; raises BadBundle."""
    if bundle.password:
        return bundle.password
    name = f"{bundle.name}.password"
    try:
        found = secrets.find(name, bundle.password_file, environ, bundle.keyring)
    except secrets.BadSecret as error:
        raise BadBundle(str(error)) from None
    if found is None:
        raise BadBundle(f"bundle {bundle.name} has no password: set password_file in it, or give the credential {name}")
    return found


def save(path: Path, bundle: Bundle) -> None:
    """Write or replace a bundle, whole or not at all, mode 0600."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    keys.write_secret(fresh, tomli_w.dumps(msgspec.to_builtins(bundle, enc_hook=secrets.revealed)))
    fresh.replace(path)
