"""Whole days of a recording, by name: `2014-05-08`, or `2014-05-05..2014-05-09`. Owns that text, and
where their files are.

A recording is a folder with a folder for each symbol: `state/market/recorded`, or `state/market/imported/SOURCE`.
"""

from __future__ import annotations

from pathlib import Path

from hydrad.market import tickfile

DAYS_MAX = 31


class BadDays(ValueError):
    """Text that names no days, or too many."""


def parse(text: str) -> range:
    """UTC days since 1970. Raises BadDays."""
    first_text, dots, last_text = text.partition("..")
    first, last = _day(first_text), _day(last_text if dots else first_text)
    if last < first:
        raise BadDays(f"{text} ends before it begins")
    if last - first >= DAYS_MAX:
        raise BadDays(f"{text}: at most {DAYS_MAX} days can be played at once")
    return range(first, last + 1)


def _day(text: str) -> int:
    try:
        return tickfile.day_of(Path(text + tickfile.SUFFIX))
    except ValueError:
        raise BadDays(f"'{text}' is not a day such as 2014-05-08, or two with .. between") from None


def files(folder: Path, days: range) -> dict[str, list[Path]]:
    """By symbol, the files of these days that there are, oldest first; symbols without any are not named."""
    found = {
        tickfile.symbol_of(of_symbol.name): [
            path for day in days if (path := of_symbol / tickfile.file_name(day)).is_file()
        ]
        for of_symbol in sorted(folder.glob("*/"))
    }
    return {symbol: paths for symbol, paths in found.items() if paths}
