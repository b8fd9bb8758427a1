"""The part of msgpack that the wire uses, without an import: msgspec alone would double the start of the
shell.

Owns `pack` and `unpack`. Tests hold both equal to msgspec's, which is the codec of record
(`hydrad.wire.codec`).
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DEPTH_MAX = 64


class BadMessagePack(ValueError):
    """Bytes that are no msgpack, or use a type that the wire does not."""


class View(dict[str, "Any"]):
    """A msgpack map whose keys read as attributes; a missing one is None, so that an older daemon's answer
    still shows. Commands name the wire's Struct as its type, and mypy checks the attributes."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


def pack(value: object) -> bytes:
    """None, bool, int, float, str, lists, tuples and maps, each in its shortest form."""
    parts: list[bytes] = []
    _put(value, parts.append)
    return b"".join(parts)


def unpack(data: bytes) -> Any:
    """One whole value; maps become `View`. Raises BadMessagePack."""
    try:
        value, end = _take(data, 0, 0)
    except (struct.error, IndexError, UnicodeDecodeError, TypeError):
        raise BadMessagePack("cut short or not msgpack") from None
    if end != len(data):
        raise BadMessagePack(f"{len(data) - end} bytes too many")
    return value


def _put(value: object, write: Callable[[bytes], object]) -> None:
    if value is None:
        write(b"\xc0")
    elif isinstance(value, bool):
        write(b"\xc3" if value else b"\xc2")
    elif isinstance(value, int):
        write(_integer(value))
    elif isinstance(value, float):
        write(struct.pack(">Bd", 0xCB, value))
    elif isinstance(value, str):
        raw = value.encode()
        write(_head(len(raw), 0xA0, 32, 0xD9, 0xDA, 0xDB) + raw)
    elif isinstance(value, dict):
        _put_map(value, write)
    elif isinstance(value, list | tuple):
        write(_head(len(value), 0x90, 16, 0, 0xDC, 0xDD))
        for item in value:
            _put(item, write)
    else:
        raise TypeError(f"{type(value).__name__} does not travel")


def _put_map(value: Mapping[object, object], write: Callable[[bytes], object]) -> None:
    write(_head(len(value), 0x80, 16, 0, 0xDE, 0xDF))
    for key, item in value.items():
        _put(key, write)
        _put(item, write)


def _head(length: int, small: int, small_below: int, code8: int, code16: int, code32: int) -> bytes:
    if length < small_below:
        return bytes((small | length,))
    if code8 and length < 1 << 8:
        return bytes((code8, length))
    if length < 1 << 16:
        return struct.pack(">BH", code16, length)
    return struct.pack(">BI", code32, length)


_UNSIGNED = ((1 << 8, ">BB", 0xCC), (1 << 16, ">BH", 0xCD), (1 << 32, ">BI", 0xCE), (1 << 64, ">BQ", 0xCF))
_SIGNED = ((1 << 7, ">Bb", 0xD0), (1 << 15, ">Bh", 0xD1), (1 << 31, ">Bi", 0xD2), (1 << 63, ">Bq", 0xD3))


def _integer(value: int) -> bytes:
    if -32 <= value < 128:
        return bytes((value & 0xFF,))
    for limit, form, code in _UNSIGNED if value >= 0 else _SIGNED:
        if value < limit if value >= 0 else value >= -limit:
            return struct.pack(form, code, value)
    raise OverflowError(f"integer {value} does not travel: it has more than 64 bits")


_NUMBERS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_LENGTHS = {
    0xD9: (">B", "str"), 0xDA: (">H", "str"), 0xDB: (">I", "str"),
    0xC4: (">B", "bin"), 0xC5: (">H", "bin"), 0xC6: (">I", "bin"),
    0xDC: (">H", "list"), 0xDD: (">I", "list"),
    0xDE: (">H", "map"), 0xDF: (">I", "map"),
}  # fmt: skip


def _take(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    code = data[at]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code < 0x90:
        return _take_map(data, at, code & 0x0F, depth)
    if code < 0xA0:
        return _take_list(data, at, code & 0x0F, depth)
    if code < 0xC0:
        return _take_bytes(data, at, code & 0x1F, "str")
    if code in _CONSTANTS:
        return _CONSTANTS[code], at
    if code in _NUMBERS:
        form = _NUMBERS[code]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if code in _LENGTHS:
        return _take_sized(data, at, code, depth)
    raise BadMessagePack(f"byte 0x{code:02x} is no type of the wire")


def _take_sized(data: bytes, at: int, code: int, depth: int) -> tuple[Any, int]:
    form, kind = _LENGTHS[code]
    length = struct.unpack_from(form, data, at)[0]
    at += struct.calcsize(form)
    if kind == "list":
        return _take_list(data, at, length, depth)
    if kind == "map":
        return _take_map(data, at, length, depth)
    return _take_bytes(data, at, length, kind)


def _take_bytes(data: bytes, at: int, length: int, kind: str) -> tuple[Any, int]:
    end = at + length
    if end > len(data):
        raise BadMessagePack("cut short or not msgpack")
    raw = data[at:end]
    return (raw.decode() if kind == "str" else raw), end


def _take_list(data: bytes, at: int, length: int, depth: int) -> tuple[list[Any], int]:
    _check_depth(depth)
    items = []
    for _ in range(length):
        item, at = _take(data, at, depth + 1)
        items.append(item)
    return items, at


def _take_map(data: bytes, at: int, length: int, depth: int) -> tuple[View, int]:
    _check_depth(depth)
    items = View()
    for _ in range(length):
        key, at = _take(data, at, depth + 1)
        items[key], at = _take(data, at, depth + 1)
    return items, at


def _check_depth(depth: int) -> None:
    if depth >= DEPTH_MAX:
        raise BadMessagePack(f"nested more than {DEPTH_MAX} deep")
