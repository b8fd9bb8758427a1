"""Which limits apply to one fire: those of all accounts, tightened by the account's own. Owns what "tighter" means.

`[risk]` of the configuration is the ceiling: an account's own limit counts where it is the stricter one. So a mistake
in one account's limits can never loosen what holds everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import msgspec

from hydrad.domain.money import BadNumber, decimal
from hydrad.toc.limits import Limits
from hydrad.toc.state import State

# Not a limit, but what the others are counted in.
NOT_LIMITS = frozenset({"currency"})
# Those of which more is the stricter, and whose name does not say so.
FLOORS = frozenset({"cool_down_minutes"})
_UNSET = type(None)
# What a limit is: one that may be unset (X or None) is an X.
_HINTS = {
    name: next((kind for kind in get_args(hint) if kind is not _UNSET), hint) if _UNSET in get_args(hint) else hint
    for name, hint in get_type_hints(Limits).items()
}


class BadLimit(ValueError):
    """A name that is no limit, or a value that it does not take."""


def is_floor(name: str) -> bool:
    """Whether a larger value of this limit is the stricter one, as for a margin level."""
    return name in FLOORS or name.endswith("_min") or "_min_" in name


def own_limits() -> tuple[str, ...]:
    """The limits that an account may have of its own."""
    return tuple(name for name in Limits.__struct_fields__ if name not in NOT_LIMITS and _HINTS[name] in (int, Decimal))


def value_of(name: str, text: str) -> int | Decimal:
    """A limit's value from text; raises BadLimit."""
    if name not in own_limits():
        raise BadLimit(f"no limit '{name}' of an account; known are {', '.join(own_limits())}")
    try:
        value = decimal(text, name)
    except BadNumber as error:
        raise BadLimit(str(error)) from None
    if value < 0 or (_HINTS[name] is int and value != int(value)):
        raise BadLimit(f"{name} '{text}' is not {'a whole number' if _HINTS[name] is int else 'a number'} from 0 up")
    return int(value) if _HINTS[name] is int else value


def limits_for(state: State, account: str, actor: str = "") -> Limits:
    """The limits that hold for a fire of this account. `actor`: whose fire it is; a policy's are checked apart."""
    tighter: dict[str, Any] = {}
    for name, text in state.accounts[account].limits.items():
        everywhere, own = getattr(state.limits, name), value_of(name, text)
        if everywhere is not None:
            own = max(everywhere, own) if is_floor(name) else min(everywhere, own)
        tighter[name] = own
    if not tighter:
        return state.limits
    limits = msgspec.structs.replace(state.limits, **tighter)
    size = min(limits.risk_per_trade_percent, limits.risk_per_trade_max_percent)
    return msgspec.structs.replace(limits, risk_per_trade_percent=size)


def loosened(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The names whose limit `after` leaves looser than `before`: raised, or taken away."""
    found = []
    for name, text in before.items():
        was = value_of(name, text)
        if name not in after:
            found.append(name)
        else:
            now = value_of(name, after[name])
            if now < was if is_floor(name) else now > was:
                found.append(name)
    return tuple(found)
