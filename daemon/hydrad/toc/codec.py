"""The state as bytes, for snapshots: a cache of the fold, thrown away whenever its version differs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec

from hydrad.toc.state import Key, State

_PAIRS = ("foreign", "keys", "position_numbers")  # dictionaries whose keys are pairs, which msgpack maps cannot have


def encode_state(state: State) -> bytes:
    """All of a state but its indices' order, which has no meaning."""
    plain: dict[str, Any] = {field.name: getattr(state, field.name) for field in fields(State)}
    for name in _PAIRS:
        plain[name] = [[*pair, value] for pair, value in plain[name].items()]
    return msgspec.msgpack.encode(plain)


def decode_state(data: bytes) -> State:
    """Raises msgspec.MsgspecError for bytes of another shape."""
    plain = msgspec.msgpack.decode(data)
    numbers = {
        name: {(account, ticket): number for account, ticket, number in plain[name]}
        for name in ("foreign", "position_numbers")
    }
    known = {
        (actor, key): msgspec.convert(value, Key, strict=False, builtin_types=(bytes,))
        for actor, key, value in plain["keys"]
    }
    plain |= {name: {} for name in _PAIRS}
    state = msgspec.convert(plain, State, strict=False, builtin_types=(bytes,))
    state.keys, state.foreign, state.position_numbers = known, numbers["foreign"], numbers["position_numbers"]
    return state
