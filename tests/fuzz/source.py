"""Bytes as decisions: any bytes become a value of any type that a frame may hold, most of them near to what is real.

One byte chooses, the next ones fill in; where the bytes end everything is zero, so that short inputs are small cases.
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

EDGES = (0, 1, -1, 2, 127, 128, 255, 1 << 15, 1 << 31, 1 << 32, (1 << 53) - 1, 1 << 53, (1 << 63) - 1, -(1 << 63))
AMOUNTS = ("0", "0.01", "10000.00", "-1", "1E+3", "0.00000001", "999999999999999", "1E-30", "NaN", "Infinity", "1E+999")
ROWS_MAX = 4


class Source:
    """`known`: by a field's name, values that mean something where the frame arrives."""

    def __init__(self, data: bytes, known: Mapping[str, Sequence[object]] | None = None) -> None:
        self._data, self._at = data, 0
        self.known = dict(known or {})

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def pick(self, values: Sequence[typing.Any]) -> typing.Any:
        return values[self.byte() % len(values)]

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def number(self) -> int:
        match self.byte() % 4:
            case 0:
                return self.byte()
            case 1:
                return int(self.pick(EDGES))
            case 2:
                return int.from_bytes(self.take(3), "big")
            case _:
                return int.from_bytes(self.take(8), "big", signed=True)

    def value(self, kind: typing.Any, name: str = "") -> object:
        """A value of a type, as msgpack has it; `name`: of the field that it is for."""
        if name in self.known and self.byte() % 8:
            return self.pick(self.known[name])
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.value(args[0], name)
        if origin in (typing.Union, types.UnionType):
            return self.value(self.pick(args), name)
        if origin is typing.Literal:
            return self.pick(args)
        if origin in (tuple, list):
            rows = self.byte() % (ROWS_MAX + 1)
            return [self.value(args[0], name) for _ in range(rows)]
        if origin is dict:
            return {self.value(args[0]): self.value(args[1]) for _ in range(self.byte() % 3)}
        return self._plain(kind)

    def _plain(self, kind: typing.Any) -> object:
        if kind is type(None):
            return None
        if issubclass(kind, msgspec.Struct):
            return self.struct(kind)
        if issubclass(kind, enum.Enum):
            return self.pick([one.value for one in kind]) if self.byte() % 16 else self.number()
        if kind is bool:
            return bool(self.byte() % 2)
        if kind is int:
            return self.number()
        if kind is float:
            return self.number() / 16
        if kind is Decimal:
            return self.pick(AMOUNTS)
        text = self.take(self.byte() % 12)
        return text if kind is bytes else text.decode("latin-1")

    def struct(self, kind: type[msgspec.Struct]) -> list[object] | dict[str, object]:
        """A struct's fields as an array (or a map, for one that is no array), its tag first."""
        config, hints = kind.__struct_config__, typing.get_type_hints(kind)
        fields = {name: self.value(hints[name], name) for name in kind.__struct_fields__}
        if not config.array_like:
            tag = {str(config.tag_field): config.tag} if config.tag is not None else {}
            return {**tag, **fields}
        tagged = [config.tag] if config.tag is not None else []
        return [*tagged, *fields.values()]
