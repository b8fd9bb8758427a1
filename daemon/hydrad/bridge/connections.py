"""Which connections are known, under which number. Owns the table between routing ids and numbers; no I/O.

A routing id is what the ROUTER calls one peer, a key is what CURVE proved about it. A number is given to each
new (routing id, key) and never used again, so that nothing meant for one connection can reach a later one.
"""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS_PER_KEY_MAX = 8


@dataclass(frozen=True, slots=True)
class Connection:
    """`number` counts from 1 within a daemon's life; `key` is the public key in Z85."""

    number: int
    key: str
    route: bytes


class Connections:
    """At most eight connections a key; the one not heard for longest is forgotten for a ninth."""

    def __init__(self) -> None:
        self._last = 0
        self._by_number: dict[int, Connection] = {}
        self._by_route: dict[bytes, Connection] = {}
        self._by_key: dict[str, dict[int, Connection]] = {}

    def __len__(self) -> int:
        return len(self._by_number)

    def heard(self, route: bytes, key: str) -> Connection:
        """The connection that a message came through, with a new number if it was not known."""
        known = self._by_route.get(route)
        if known is None or known.key != key:
            return self._add(route, key)
        mine = self._by_key[key]
        mine[known.number] = mine.pop(known.number)  # a dict keeps the order of insertion: oldest heard first
        return known

    def get(self, number: int) -> Connection | None:
        return self._by_number.get(number)

    def forget(self, number: int) -> None:
        """Drop a connection; unknown numbers are ignored."""
        gone = self._by_number.pop(number, None)
        if gone is None:
            return
        del self._by_route[gone.route]
        mine = self._by_key[gone.key]
        del mine[number]
        if not mine:
            del self._by_key[gone.key]

    def forget_key(self, key: str) -> None:
        """Drop all connections of a key."""
        for number in list(self._by_key.get(key, ())):
            self.forget(number)

    def _add(self, route: bytes, key: str) -> Connection:
        stale = self._by_route.get(route)
        if stale is not None:
            self.forget(stale.number)
        mine = self._by_key.get(key, {})
        if len(mine) >= CONNECTIONS_PER_KEY_MAX:
            self.forget(next(iter(mine)))
        self._last += 1
        new = Connection(self._last, key, route)
        self._by_number[new.number] = self._by_route[route] = new
        self._by_key.setdefault(key, {})[new.number] = new
        return new
