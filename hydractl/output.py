"""The only writer to stdout: tables, wide tables, JSON, TSV and CSV.

Owns how values look to people (clock times, ages, missing values) and what colour a word has. Colour never
stands alone, and only where a terminal reads. A reader that went away ends the output, not the command: see
`closed`.
"""

from __future__ import annotations

import os
import sys

from hydractl.plain import plain
from hydrad.domain.instants import SECOND, duration_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from hydrad.wire.answers import Answer

MISSING = "-"
_FORMULA = tuple("=+-@")
_ENVELOPE = ("schema", "ok", "ts", "daemon", "data", "warnings", "error")
_CLEAR = "\x1b[H\x1b[2J"
# What each style is on a terminal (`way`: under way, nothing is wrong with it), and which word of a state has which;
# the TUI's tables have the same.
STYLES = {"bad": "1;31", "warn": "33", "way": "36", "good": "32", "id": "36", "dim": "2", "bold": "1"}
_PAINTS = tuple(f"[{code}m" for code in ("0", *STYLES.values()))
WORDS = {
    **dict.fromkeys(("HALTED", "UNKNOWN", "QUARANTINED", "REJECTED", "LIVE", "FAILED", "LOST", "FOREIGN"), "bad"),
    **dict.fromkeys(("REDUCING", "DENIED", "PAPER", "DEMO", "STALE", "NOT_EXECUTED", "EXPIRED"), "warn"),
    "AWAITING_APPROVAL": "warn",
    **dict.fromkeys(("ROUTED", "ACKED", "QUEUED", "CLOSING", "WORKING"), "way"),
    **dict.fromkeys(("ACTIVE", "READY", "FILLED", "DONE", "RUNNING"), "good"),
}


class Column:
    """A column of a table: its heading, the row's field or a function of the row, and whether numbers stand
    in it. `wide` columns show with `-o wide` and in tsv; in tsv the heading is `key` and the value the
    field's own."""

    __slots__ = ("heading", "key", "right", "show", "wide")

    def __init__(
        self,
        heading: str,
        key: str,
        *,
        right: bool = False,
        wide: bool = False,
        show: Callable[[Any], str] | None = None,
    ) -> None:
        self.heading = heading
        self.key = key
        self.right = right
        self.wide = wide
        self.show = show


class Output:
    """Where data goes. `form` is one of `verbs.FORMATS`; `zone` a time zone's name, `local`, or None for
    UTC."""

    def __init__(self, form: str = "table", *, no_color: bool = False, zone: str | None = None) -> None:
        self._comma = form == "csv"  # csv is tsv with commas and quotes
        self.form = "tsv" if self._comma else form
        self.closed = False
        self.zone = _zone(zone) if zone else None
        self.tty = self._opened()
        self._room = _columns() if self.tty and form == "table" else 0
        self._color = self.tty and not no_color and os.environ.get("TERM") != "dumb"
        self._lines: list[str] = []

    def _opened(self) -> bool:
        """Makes stdout take any text; whether it is a terminal."""
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        return sys.stdout.isatty()

    # --- lines ---

    def line(self, text: str = "") -> None:
        """A line, held until `flush`; of escapes only those of `paint` pass. On a terminal that is narrower it goes on
        below."""
        text = plain(text, _PAINTS if self._color else ())
        if self._room and len(text) > self._room:
            from hydractl import fitting

            self._lines += fitting.painted(text, self._room)
        else:
            self._lines.append(text)

    def clear(self) -> None:
        """On a terminal, what comes next is drawn over what stands there."""
        if self.tty:
            self._lines.append(_CLEAR)

    def flush(self) -> None:
        """Writes the held lines; a broken pipe closes the output for good."""
        text = "".join(line if line == _CLEAR else line + "\n" for line in self._lines)
        self._lines.clear()
        if self.closed or not text:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            self.closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def paint(self, text: str, style: str | None) -> str:
        """The text in a style's colour, where colours are shown."""
        if not self._color or style is None:
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def word(self, text: str) -> str:
        """A state's word in its colour."""
        return self.paint(text, WORDS.get(text.strip()))

    # --- machines' forms ---

    def json(self, value: Any, *, indent: bool = False) -> None:
        """One JSON value on one line, or indented on a terminal."""
        import json

        separators = None if indent and self.tty else (",", ":")
        self.line(json.dumps(value, indent=2 if indent and self.tty else None, separators=separators))

    def envelope(self, answer: Answer) -> None:
        """The envelope of 4-contracts, without the transport's fields."""
        fields: Mapping[str, Any] = answer  # type: ignore[assignment]
        self.json({name: fields.get(name) for name in _ENVELOPE}, indent=True)

    def pairs(self, data: Any) -> None:
        """TSV of what is no table: a path and a value a line."""
        for path, value in _flat("", data):
            self._fields((path, _cell(value)))

    def tsv(self, columns: Sequence[Column], rows: Iterable[Any], *, heading: bool) -> None:
        """Rows as they came, with a heading line."""
        if heading:
            self._fields([column.key for column in columns])
        for row in rows:
            self._fields([_cell(_field(row, column.key)) for column in columns])

    def _fields(self, cells: Sequence[str]) -> None:
        """One line of tsv, or of csv as RFC 4180 quotes it."""
        if self._comma:
            self.line(",".join(map(_csv_cell, cells)))
        else:
            self.line("\t".join(cells))

    # --- people's forms ---

    def table(self, columns: Sequence[Column], rows: Iterable[Any], *, empty: str, indent: str = "") -> None:
        """Aligned columns, never cropped; `empty` says what it means that there is none. On a terminal it is made to
        fit, see `fitting`."""
        shown = [column for column in columns if self.form == "wide" or not column.wide]
        cells = [[cell_text(column, row) for column in shown] for row in rows]
        if not cells:
            self.line(indent + empty)
            return
        widths = [max(len(column.heading), *(len(row[i]) for row in cells)) for i, column in enumerate(shown)]
        room = self._room - len(indent)
        if self._room and sum(widths) + 2 * (len(widths) - 1) > room:
            self._fitted(shown, cells, widths, room, indent)
            return
        self._row([c.heading for c in shown], widths, shown, indent, heading=True)
        for row in cells:
            self._row(row, widths, shown, indent)

    def _row(
        self, texts: Sequence[str], widths: Sequence[int], columns: Sequence[Column], indent: str, heading: bool = False
    ) -> None:
        padded = [_pad(t, w, c.right) for t, w, c in zip(texts, widths, columns, strict=True)]
        padded[-1] = padded[-1].rstrip()
        if heading:
            self._lines.append(indent + self.paint("  ".join(padded).rstrip(), "bold"))
        else:
            self._lines.append(indent + "  ".join(self.word(plain(text)) for text in padded))

    def _fitted(
        self, shown: Sequence[Column], cells: Sequence[Sequence[str]], widths: list[int], room: int, indent: str
    ) -> None:
        from hydractl import fitting

        made = fitting.shape(widths, not shown[-1].right, room)
        columns = [shown[at] for at in made.first]
        if made.text_width is not None:
            widths[made.first[-1]] = made.text_width
        of_first = [widths[at] for at in made.first]
        before = sum(of_first[:-1]) + 2 * (len(of_first) - 1)
        self._row([column.heading for column in columns], of_first, columns, indent, heading=True)
        for row in cells:
            texts = [row[at] for at in made.first]
            rest: list[str] = []
            if made.text_width is not None:
                texts[-1], *rest = fitting.wrapped(texts[-1], made.text_width, 0)
            self._row(texts, of_first, columns, indent)
            self._lines += [indent + " " * before + plain(text) for text in rest]
            pairs = [(shown[at].heading, row[at]) for at in made.below if row[at].strip() not in ("", MISSING)]
            self._lines += [indent + plain(text) for text in fitting.below(pairs, room)]

    def clock(self, iso: str | None, digits: int = 0) -> str:
        """`HH:MM:SS` of an instant, with `digits` of the second's fraction."""
        if not iso:
            return MISSING
        text = self._zoned(iso)[11:].rstrip("Z")
        base, _, fraction = text.partition(".")
        return f"{base}.{fraction[:digits]:0<{digits}}" if digits else base

    def instant(self, iso: str | None) -> str:
        """Date and time to the second."""
        if not iso:
            return MISSING
        text = self._zoned(iso)
        return f"{text[:10]} {text[11:19]}{'' if self.zone else 'Z'}"

    def _zoned(self, iso: str) -> str:
        if self.zone is None:
            return iso
        import datetime as dt

        zone = None if self.zone == "local" else self.zone
        moment = dt.datetime.fromisoformat(iso).astimezone(zone)  # type: ignore[arg-type]
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def cell_text(column: Column, row: Any) -> str:
    """What a person sees of a row in a column; not yet `plain`."""
    if column.show is not None:
        return column.show(row)
    value = _field(row, column.key)
    return MISSING if value is None or value == "" else _cell(value)


def _columns() -> int:
    """How wide the terminal is; 0 where it does not say."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0


def age(seconds: float | None) -> str:
    """A length of time; what was never measured is `never`."""
    if seconds is None:
        return "never"
    return duration_text(round(seconds * SECOND))


def ago(seconds: float | None) -> str:
    """How long since something was seen."""
    return "never" if seconds is None else f"{age(seconds)} ago"


def yes_no(value: bool | None) -> str:
    return MISSING if value is None else "yes" if value else "no"


def _pad(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)


def _csv_cell(cell: str) -> str:
    """Quoted where it must be; with a `'` before what a spreadsheet would take for a formula, as OWASP advises."""
    if cell.lstrip()[:1] in _FORMULA and not _is_number(cell):
        cell = "'" + cell
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if any(character in cell for character in ',"') else cell


def _is_number(cell: str) -> bool:
    try:
        return float(cell) is not None
    except ValueError:
        return False


def _field(row: Any, key: str) -> Any:
    return row.get(key)


def _cell(value: Any) -> str:
    """One value without tabs and line ends."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{key}={_cell(item)}" for key, item in value.items())
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", " ")


def _flat(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, item in enumerate(value):
            yield from _flat(f"{path}.{item.get('name') or item.get('id') or number}", item)
    else:
        yield path, value


def _zone(name: str) -> dt.tzinfo | str:
    """A zone by its name; raises ValueError for one that does not exist."""
    if name == "local":
        return name
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is no time zone such as Europe/Madrid") from None
