"""The caps of the host: `caps.toml` beside the bundle, which belongs to the host's administrator.

No daemon can reach this file, and the bundle can only be tighter than it: of each limit the stricter holds. It must
belong to root, or for a paper account to the agent's own user, and nobody else may be able to write it; one that can be
written by others stops the start. An agent of a live account does not start without it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from hydrad.agent.caps import Caps
from hydrad.host import secrets, windows
from hydrad.terminal.bundle import BadBundle, Bundle

NAME = "caps.toml"
EXAMPLE = """\
login = {login}          # the only account that this agent may trade
max_lots = "1.00"        # of one opening order
opens_per_minute = 10    # opening orders in any 60 s
symbols = []             # that may be opened; empty: the bundle's
equity_floor = "0"       # at or below it the agent halts itself; 0: none
floor_action = "halt"    # then `flatten` also closes what is ours
"""


class HostCaps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As in the bundle's own caps; `login` and `max_lots` must be said."""

    login: int
    max_lots: Decimal
    opens_per_minute: int = 60
    symbols: list[str] = []
    equity_floor: Decimal = Decimal(0)
    floor_action: Literal["halt", "flatten"] = "halt"


def effective(bundle_path: Path, bundle: Bundle) -> Caps:
    """What holds for this agent: the stricter of the host's caps and the bundle's. Raises BadBundle."""
    path = bundle_path.with_name(NAME)
    own = Caps(
        max_lots=bundle.caps.max_lots,
        opens_per_minute=bundle.caps.opens_per_minute,
        symbols=tuple(bundle.caps.symbols or bundle.symbols),
        equity_floor=bundle.caps.equity_floor,
        floor_action=bundle.caps.floor_action,
        stand_ins=not bundle.caps.symbols,
    )
    host = _read(path, bundle)
    return own if host is None else _stricter(own, host)


def _read(path: Path, bundle: Bundle) -> HostCaps | None:
    try:
        text = secrets.read_text(path, private=False)
        _check_owner(path, path.stat(), paper=bundle.kind == "paper")
        host = msgspec.toml.decode(text, type=HostCaps)
    except FileNotFoundError:
        if bundle.kind != "live":
            return None
        written = EXAMPLE.format(login=bundle.login)
        raise BadBundle(f"an agent of a live account needs {path}, such as:\n{written}") from None
    except (OSError, secrets.BadSecret, msgspec.MsgspecError) as error:
        raise BadBundle(f"{path}: {error}") from None
    if host.login != bundle.login:
        raise BadBundle(f"{path} allows account {host.login}, the bundle is of {bundle.login}")
    amounts = (host.max_lots, host.equity_floor)
    if not all(amount.is_finite() and amount >= 0 for amount in amounts) or host.opens_per_minute < 0:
        raise BadBundle(f"{path}: max_lots, opens_per_minute and equity_floor are finite, and 0 or more")
    return host


def _check_owner(path: Path, found: os.stat_result, *, paper: bool) -> None:
    if sys.platform == "win32":
        told = windows.problem(path, writing=True)
        if told:
            raise secrets.BadSecret(told)
        return
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise secrets.BadSecret(f"others can write it: run chmod 644 {path}")
    if found.st_uid not in ((0, os.geteuid()) if paper else (0,)):
        raise secrets.BadSecret(f"it must belong to root, not to uid {found.st_uid}: run chown root {path}")


def _stricter(own: Caps, host: HostCaps) -> Caps:
    return Caps(
        max_lots=min(own.max_lots, host.max_lots),
        opens_per_minute=min(own.opens_per_minute, host.opens_per_minute),
        symbols=_both(own.symbols, host.symbols),
        equity_floor=max(own.equity_floor, host.equity_floor),
        floor_action="flatten" if "flatten" in (own.floor_action, host.floor_action) else "halt",
        stand_ins=own.stand_ins and not host.symbols,
    )


def _both(own: Sequence[str], host: Sequence[str]) -> tuple[str, ...]:
    return tuple(symbol for symbol in own if not host or symbol in host)
