"""Owns what the module checks before anything is sent: argument types, dates, requests, group filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from .ipc import Failed

NAME_CHARACTERS_MAX = 29
GROUP_CHARACTERS_MAX = 1_997
_INVALID = "Invalid arguments"
_NUMBER = "Invalid number of arguments"
_UNNAMED = "Unnamed arguments not allowed"
_UINT32, _UINT64, _INT64 = (0, (1 << 32) - 1), (0, (1 << 64) - 1), (-(1 << 63), (1 << 63) - 1)
# In the order in which the real module looks at them.
_REQUEST: tuple[tuple[str, tuple[int, int] | type], ...] = (
    ("action", _UINT32),
    ("magic", _UINT64),
    ("order", _UINT64),
    ("symbol", str),
    ("volume", float),
    ("price", float),
    ("stoplimit", float),
    ("sl", float),
    ("tp", float),
    ("deviation", _UINT64),
    ("type", _UINT32),
    ("type_filling", _UINT32),
    ("type_time", _UINT32),
    ("expiration", _INT64),
    ("comment", str),
    ("position", _UINT64),
    ("position_by", _UINT64),
)


def count(arguments: tuple[Any, ...], least: int, most: int) -> None:
    """A wrong number of arguments is -2 without an exception."""
    if not least <= len(arguments) <= most:
        raise Failed(-2, _INVALID)


def unnamed(arguments: tuple[Any, ...], most: int, *kinds: type) -> None:
    """What the functions with keywords say of the arguments that have none: too many, or of a wrong type."""
    if len(arguments) > most:
        raise Failed(-2, _NUMBER)
    for place, value, kind in zip(("1st", "2nd", "3rd"), arguments, kinds):
        if not isinstance(value, kind):
            raise Failed(-2, f"Invalid {place} unnamed argument")


def symbol(value: Any) -> str:
    """A symbol's name of at most 29 characters, or -2."""
    if not isinstance(value, str) or len(value) > NAME_CHARACTERS_MAX:
        raise Failed(-2, _INVALID)
    return value


def int32(value: Any) -> int:
    """A C int; another type or size leaves an exception behind, which CPython raises as SystemError."""
    if not hasattr(value, "__index__"):
        raise SystemError(f"returned a result with an exception set: an integer is required, got {value!r}")
    number = int(value)
    if not -(1 << 31) <= number < 1 << 31:
        raise SystemError("returned a result with an exception set: Python int too large to convert to C int")
    return number


def real(value: Any) -> float:
    """A C double; another type is raised as SystemError."""
    if isinstance(value, (str, bytes)) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise SystemError(f"returned a result with an exception set: must be real number, got {value!r}")
    return float(value)


def seconds(value: Any) -> int:
    """Whole seconds of an int, a float or a datetime (naive: the host's local time), cut to 32 bits."""
    stamp = value.timestamp() if isinstance(value, dt.datetime) else value
    if not isinstance(stamp, (int, float)) or stamp != stamp or abs(stamp) > 1e18:
        raise Failed(-2, _INVALID)
    return (int(stamp) + (1 << 31)) % (1 << 32) - (1 << 31)


def named(keywords: Mapping[str, Any], name: str, kind: type) -> Any:
    """A keyword's value of one type, None when it was not given."""
    value = keywords.get(name)
    if value is not None and not isinstance(value, kind):
        raise Failed(-2, f'Invalid "{name}" argument')
    return value


def group(keywords: Mapping[str, Any]) -> Any:
    """The `group` of a call, None when it was not given."""
    text = named(keywords, "group", str)
    if text is not None and len(text) > GROUP_CHARACTERS_MAX:
        raise Failed(-2, 'Invalid "group" argument')
    return text


def request(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The request's known fields as plain Python values; missing ones are left out, unknown ones ignored."""
    if arguments and keywords:
        raise Failed(-2, _UNNAMED)
    if len(arguments) > 1:
        raise Failed(-2, _NUMBER)
    given = arguments[0] if arguments else keywords
    if not isinstance(given, dict):
        raise Failed(-2, _INVALID)
    return {name: _field(name, rule, given[name]) for name, rule in _REQUEST if name in given}


def _field(name: str, rule: tuple[int, int] | type, value: Any) -> Any:
    wrong = Failed(-2, f'Invalid "{name}" argument')
    if isinstance(rule, tuple):
        if not isinstance(value, int):
            raise wrong
        if not rule[0] <= value <= rule[1]:
            raise SystemError(f'returned a result with an exception set: "{name}" does not fit')
        return int(value)
    if not isinstance(value, rule) or (isinstance(value, str) and len(value) > NAME_CHARACTERS_MAX):
        raise wrong
    return float(value) if isinstance(value, float) else value


def group_filter(text: str) -> Callable[[str], bool]:
    """What a `group` takes: comma-separated, case-sensitive, `*` for any run, `!` to exclude at once."""
    conditions = [part.strip(" ") for part in text.split(",")]
    excluded = [part[1:] for part in conditions if part.startswith("!")]
    wanted = [part for part in conditions if part and not part.startswith("!")]

    def takes(name: str) -> bool:
        if any(_matches(pattern, name) for pattern in excluded):
            return False
        return any(_matches(pattern, name) for pattern in wanted)

    return takes


def _matches(pattern: str, name: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first) or not name.endswith(rest[-1]) or len(name) < len(first) + len(rest[-1]):
        return False
    at, end = len(first), len(name) - len(rest[-1])
    for part in rest[:-1]:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
