"""What verbs of market data say: why a file is not taken, and tables. Owns these, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class Refused(Exception):
    """A file is not imported; the message says why. `hint`: what to do. `taken`: something else stands in its place."""

    def __init__(self, message: str, hint: str | None = None, taken: bool = False) -> None:
        super().__init__(message)
        self.hint, self.taken = hint, taken


def reason(path: Path, error: Exception) -> str:
    """Why a file could not be read or written."""
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}"
    return str(error)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Aligned columns; those numbered in `right` stand to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join(
            cell.rjust(widths[at]) if at in right else cell.ljust(widths[at]) for at, cell in enumerate(row)
        ).rstrip()
        for row in (head, *rows)
    ]
