"""Data of answers about market data: recordings, imports, bars. Prices are decimal text, times ISO 8601 in UTC."""

from __future__ import annotations

import msgspec

from hydrad.wire.answers import Out


class ClockSpan(Out, frozen=True):
    """A server's offset from UTC, measured. `begins` and `ends`: on the server's own clock."""

    offset_h: float
    begins: str
    ends: str
    weeks: int
    confidence: float


class ClockView(Out, frozen=True):
    """How a source's times became UTC. `unmeasured`: weeks that stayed out, by reason."""

    how: str
    measured: tuple[ClockSpan, ...] = ()
    unmeasured: dict[str, int] = msgspec.field(default_factory=dict)


class DataReplaced(Out, frozen=True):
    """What an import took the place of in one stored file, `rows` of it from `first` to `last`; `kept` rows stay with
    the imports of `files`. Null times: it could not be read."""

    stored: str
    files: tuple[str, ...]
    rows: int
    kept: int
    first: str | None
    last: str | None


class DataFile(Out, frozen=True):
    """A file that was asked for. `rows_out`: read, and not imported. `problem`: why nothing of it was; else null."""

    file: str
    source: str | None
    symbol: str | None
    layout: str | None
    rows: int
    rows_out: int
    files: int
    already_there: bool
    clock: ClockView | None
    problem: str | None
    hint: str | None = None
    replaced: tuple[DataReplaced, ...] = ()


class DataImport(Out, frozen=True):
    """`data import`. `dry_run`: what it would do; nothing was written."""

    imported: int
    refused: int
    files: tuple[DataFile, ...]
    dry_run: bool = False


class DataSet(Out, frozen=True):
    """A row of `data ls`. `origin`: recorded, or imported from `file`. `keeps`: how long recordings stay, in words;
    empty for imports, which nobody deletes."""

    origin: str
    source: str
    symbol: str
    layout: str
    digits: int
    rows: int
    first: str
    last: str
    files: int
    size_bytes: int
    clock: str
    file: str | None
    licence: str | None
    keeps: str = ""


class DataTrouble(Out, frozen=True):
    """One kind of trouble: `kind` is of the table in docs/market-data.md."""

    kind: str
    count: int
    examples: tuple[str, ...]
    note: str = ""


class DataVerdict(Out, frozen=True):
    """What was found in one file or set of files."""

    name: str
    symbol: str
    layout: str
    rows: int
    troubles: tuple[DataTrouble, ...]


class DataVerify(Out, frozen=True):
    """`data verify`."""

    sets: int
    troubled: int
    verdicts: tuple[DataVerdict, ...]


class DataExport(Out, frozen=True):
    """`data export`."""

    file: str
    symbol: str
    source: str
    layout: str
    rows: int
    first: str
    last: str


class ReplayRow(Out, frozen=True):
    """What was said of one setup `then`, by the journal, and `now`, by this build; null: nothing. `same` is null where
    no daemon ran on that day."""

    at: str
    symbol: str
    detector: str
    then: str | None
    now: str | None
    same: bool | None


class ReplayData(Out, frozen=True):
    """`replay DAY`. `spans`: market time that a daemon lived through on that day, first and last."""

    day: str
    profile: str
    ticks: int
    spans: tuple[tuple[str, str], ...]
    same: int
    differ: int
    rows: tuple[ReplayRow, ...]


class PastTick(Out, frozen=True):
    """A recorded tick. `received`: when the daemon had it, machine time."""

    time: str
    bid: str
    ask: str
    spread_points: int
    received: str


class TickSource(Out, frozen=True):
    """From here on, ticks are this terminal's. `whole`: nothing is missing before it."""

    since: str
    terminal: str
    whole: bool


class TickHistory(Out, frozen=True):
    """`ticks SYMBOL --since`. `more`: others of the range were left out by -n; `damage`: places that cannot be read."""

    symbol: str
    digits: int
    ticks: tuple[PastTick, ...]
    sources: tuple[TickSource, ...]
    more: bool
    damage: tuple[str, ...]


class BarRow(Out, frozen=True):
    """A bar: bid and ask, ticks in it, their mean spread in points. `used` is false where something is missing in it,
    or where the terminal's own bar says otherwise."""

    time: str
    bid_open: str
    bid_high: str
    bid_low: str
    bid_close: str
    ask_open: str
    ask_high: str
    ask_low: str
    ask_close: str
    ticks: int
    spread_points: float
    used: bool


class DataCompared(Out, frozen=True):
    """`data compare`, a row a symbol. `marked`: minutes that are not used from now on; `problem`: a recording
    that cannot be read, else empty."""

    terminal: str
    symbol: str
    agreed: int
    differing: int
    marked: int
    examples: tuple[str, ...]
    problem: str
