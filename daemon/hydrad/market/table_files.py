"""Ticks and bars as CSV and Parquet, in the layouts that `layouts` reads: what was exported can be imported again.
Times are UTC; a recording of bars on a server's clock was converted before."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hydrad.market.cut import TickArrays
from hydrad.market.layouts import ASKS, BIDS, ONE_SIDE, BadSource, Bars, Ints


def write(path: Path, data: TickArrays | Bars) -> None:
    """`path` ends in .csv or .parquet, and is written anew. Raises BadSource, OSError."""
    if path.suffix not in (".csv", ".parquet"):
        raise BadSource(f"{path.name} is neither .csv nor .parquet")
    names, times, prices = _columns(data)
    part = path.with_name(path.name + ".part")
    if path.suffix == ".csv":
        _write_csv(part, names, times, prices, data.digits)
    else:
        _write_parquet(part, names, times, prices, data.digits)
    part.replace(path)


def _columns(data: TickArrays | Bars) -> tuple[list[str], Ints, Ints]:
    """Names, times in the layout's unit, and the columns of points."""
    if isinstance(data, TickArrays):
        prices = np.stack([np.asarray(data.bid_points, np.int64), data.ask_points], axis=1)
        return ["time_msc", "bid", "ask"], data.time_ms, prices
    seconds = data.time_ms // 1000
    if data.sides == "both":
        return ["time", *BIDS, *ASKS], seconds, data.prices
    if data.sides == "bid":
        return ["time", *ONE_SIDE], seconds, data.prices[:, :4]
    return ["time", *ONE_SIDE], seconds, data.prices[:, 4:]


def _write_csv(path: Path, names: list[str], times: Ints, prices: Ints, digits: int) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(names) + "\n")
        row = "%d" + f",%.{digits}f" * prices.shape[1]
        for start in range(0, len(times), 65_536):
            chunk = slice(start, start + 65_536)
            table = np.column_stack([times[chunk].astype(np.float64), prices[chunk] / 10**digits])
            file.write("".join(row % tuple(line) + "\n" for line in table))


def _write_parquet(path: Path, names: list[str], times: Ints, prices: Ints, digits: int) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BadSource("Parquet needs pyarrow, which is not installed: pip install 'hydrax[data]'") from None
    columns = [times, *(prices / 10**digits).T]
    table = pyarrow.table(dict(zip(names, columns, strict=True)))
    pyarrow.parquet.write_table(table, path, compression="zstd")
