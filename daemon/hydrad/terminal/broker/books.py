"""Owns the broker's books on disk: one SQLite file that holds everything acknowledged, and the market clock.

WAL with `synchronous=FULL`; one transaction for each order and for each clock step with all its closings.
What a transaction did not commit was never answered, so a killed broker goes on from the file alone.

Books of an older version are brought up to this one as they are opened, in one transaction; a broker of that
version refuses them from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from hydrad.domain.orders import Side
from hydrad.journal.log import grow
from hydrad.venue.book import (
    Book,
    Change,
    Deal,
    DealType,
    Entry,
    OrderKind,
    OrderRow,
    OrderState,
    Position,
    Reason,
    Tickets,
    TimeType,
)

VERSION = 2
LOG_BYTES_READY = 4 << 20  # as long as SQLite lets it grow before it copies it
FIRST_ORDER = 100_000_001
FIRST_DEAL = 200_000_001
_FROM_COLUMN: dict[str, Any] = {
    "Side": Side,
    "Decimal": Decimal,
    "Reason": Reason,
    "DealType": DealType,
    "Entry": Entry,
    "OrderKind": OrderKind,
    "OrderState": OrderState,
    "TimeType": TimeType,
    "int": int,
    "str": str,
}
_TABLES: tuple[tuple[str, type], ...] = (("positions", Position), ("orders", OrderRow), ("deals", Deal))
_MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (  # resting orders, swap, commission, netting
        "ALTER TABLE positions ADD COLUMN identifier INTEGER NOT NULL DEFAULT 0",
        "UPDATE positions SET identifier = ticket",
        "ALTER TABLE positions ADD COLUMN swap TEXT NOT NULL DEFAULT '0'",
        *(
            f"ALTER TABLE orders ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0"
            for column in ("limit_points", "time_type", "expires_ms", "expiration_s", "position_by")
        ),
        *(
            f"ALTER TABLE deals ADD COLUMN {column} TEXT NOT NULL DEFAULT '0'"
            for column in ("swap", "commission", "fee")
        ),
    ),
}


class BadBooks(ValueError):
    """Books that belong to another broker or another version, or contradict the configuration."""


@dataclass(frozen=True, slots=True)
class Write:
    """What one transaction changes at one account: its new book, the changes that led there, and cash."""

    book: Book
    changes: tuple[Change, ...] = ()
    cash: tuple[Deal, ...] = ()


class Books:
    """The file. Single writer; the caller holds the lock."""

    def __init__(self, path: Path, instance: str, start_ms: int) -> None:
        self._db = apsw.Connection(str(path))
        self._db.set_busy_timeout(1_000)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._db:
            self._migrate(instance)
            self._create(instance, start_ms)
        self._check(instance)
        grow(path.with_name(path.name + "-wal"), LOG_BYTES_READY)

    def close(self) -> None:
        self._db.close()

    @property
    def market_ms(self) -> int:
        """The market clock at the last commit, UTC milliseconds."""
        return int(self._meta("market_ms"))

    @property
    def start_ms(self) -> int:
        """The market clock when these books were new."""
        return int(self._meta("start_ms"))

    def tickets(self) -> Tickets:
        """The counters as committed."""
        return Tickets(int(self._meta("next_order")), int(self._meta("next_deal")))

    def book(self, login: int) -> Book | None:
        """An account as committed, None when the books do not have it."""
        row = self._db.execute(
            "SELECT currency, leverage, hedging, balance FROM accounts WHERE login = ?", (login,)
        ).fetchone()
        if row is None:
            return None
        positions = self._rows(Position, "positions", "login = ? ORDER BY ticket", (login,))
        held = {position.ticket: position for position in positions}
        credit = sum((deal.profit for deal in self.deals(login, "kind = ?", (DealType.CREDIT,))), Decimal(0))
        orders = {order.ticket: order for order in self.orders(login, "done_ms = 0")}
        return Book(login, str(row[0]), int(row[1]), bool(row[2]), Decimal(str(row[3])), held, credit, orders)

    def orders(self, login: int, where: str = "1", given: Sequence[int] = ()) -> list[OrderRow]:
        """Orders of an account, oldest first; `where` is SQL of ours over the table's columns."""
        return self._rows(OrderRow, "orders", f"login = ? AND {where} ORDER BY ticket", (login, *given))

    def deals(self, login: int, where: str = "1", given: Sequence[int] = ()) -> list[Deal]:
        """Deals of an account, oldest first; `where` is SQL of ours over the table's columns."""
        return self._rows(Deal, "deals", f"login = ? AND {where} ORDER BY ticket", (login, *given))

    def commit(self, market_ms: int, tickets: Tickets, writes: Iterable[Write]) -> None:
        """Make it durable; all of it or, when the process dies first, nothing."""
        with self._db:
            self._set_meta("market_ms", market_ms)
            self._set_meta("next_order", tickets.order)
            self._set_meta("next_deal", tickets.deal)
            for write in writes:
                self._write(write)

    def _migrate(self, instance: str) -> None:
        """Bring older books of this broker to this version; those of another broker are left as they are."""
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            return
        while self._meta("instance") == instance and self._meta("version") in _MIGRATIONS:
            version = self._meta("version")
            for statement in _MIGRATIONS[version]:
                self._db.execute(statement)
            self._set_meta("version", version + 1)

    def _create(self, instance: str, start_ms: int) -> None:
        self._db.execute("CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS accounts"
            "(login INTEGER PRIMARY KEY, currency TEXT, leverage INTEGER, hedging INTEGER, balance TEXT)"
        )
        for table, kind in _TABLES:
            columns = ", ".join(f'"{field.name}"' for field in fields(kind) if field.name != "ticket")
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {table}(login INTEGER, ticket INTEGER PRIMARY KEY, {columns})"
            )
        self._db.execute("CREATE INDEX IF NOT EXISTS deals_by_time ON deals(login, time_ms)")
        self._db.execute("CREATE INDEX IF NOT EXISTS deals_by_position ON deals(position)")
        self._db.execute('CREATE INDEX IF NOT EXISTS deals_by_order ON deals("order")')
        self._db.execute("CREATE INDEX IF NOT EXISTS orders_by_time ON orders(login, setup_ms)")
        self._db.execute("CREATE INDEX IF NOT EXISTS orders_by_position ON orders(position)")
        self._db.execute("CREATE INDEX IF NOT EXISTS orders_resting ON orders(login) WHERE done_ms = 0")
        first = {
            "version": VERSION,
            "instance": instance,
            "start_ms": start_ms,
            "market_ms": start_ms,
            "next_order": FIRST_ORDER,
            "next_deal": FIRST_DEAL,
        }
        self._db.executemany("INSERT OR IGNORE INTO meta VALUES(?, ?)", list(first.items()))

    def _check(self, instance: str) -> None:
        if self._meta("version") != VERSION:
            raise BadBooks(f"books of version {self._meta('version')}; this broker writes version {VERSION}")
        if self._meta("instance") != instance:
            raise BadBooks(f"books of broker '{self._meta('instance')}', not of '{instance}'")

    def _write(self, write: Write) -> None:
        book = write.book
        self._db.execute(
            "INSERT OR REPLACE INTO accounts VALUES(?, ?, ?, ?, ?)",
            (book.login, book.currency, book.leverage, book.hedging, str(book.balance)),
        )
        for deal in write.cash:
            self._insert("deals", book.login, deal)
        for change in write.changes:
            self._write_change(book.login, change)

    def _write_change(self, login: int, change: Change) -> None:
        if change.position is None:
            self._db.execute("DELETE FROM positions WHERE ticket = ?", (change.ticket,))
        else:
            self._insert("positions", login, change.position)
        if change.order is not None:
            self._insert("orders", login, change.order)
        if change.deal is not None:
            self._insert("deals", login, change.deal)

    def _insert(self, table: str, login: int, row: Position | OrderRow | Deal) -> None:
        values = [str(value) if isinstance(value, Decimal) else value for value in astuple(row)]
        names = ", ".join(f'"{field.name}"' for field in fields(row))
        marks = ", ".join("?" * (len(values) + 1))
        self._db.execute(f"INSERT OR REPLACE INTO {table}(login, {names}) VALUES({marks})", (login, *values))

    def _rows(self, kind: Any, table: str, where: str, given: Sequence[int]) -> list[Any]:
        columns = fields(kind)
        names = ", ".join(f'"{field.name}"' for field in columns)
        make = [_FROM_COLUMN[str(field.type)] for field in columns]
        found = self._db.execute(f"SELECT {names} FROM {table} WHERE {where}", tuple(given))
        return [kind(*(to(value) for to, value in zip(make, row, strict=True))) for row in found]

    def _meta(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        assert row is not None, name
        return row[0]

    def _set_meta(self, name: str, value: int) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))
