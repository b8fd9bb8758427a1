"""The bundled sample day: real OANDA quotes of EURUSD and XAUUSD on the US payrolls Friday, 2014-05-02.

314,356 ticks from 00:00 to 21:00 UTC: 49,341 of EURUSD (5 digits) and 265,015 of XAUUSD (3 digits), unchanged
and in the source's order. Source and licence stand in `NOTICE` beside the files; `hydrad.market.cut` owns
their format.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence

from hydrad.market.cut import TickArrays, decode

START_MS = 1_398_988_800_000  # 2014-05-02T00:00:00Z
END_MS = START_MS + 21 * 3_600_000  # 2014-05-02T21:00:00Z, the end of the market's week; no tick is later
SYMBOLS = ("EURUSD", "XAUUSD")

__all__ = ["END_MS", "START_MS", "SYMBOLS", "TickArrays", "load"]


def load(symbols: Sequence[str] | None = None) -> dict[str, TickArrays]:
    """Ticks by symbol, all of `SYMBOLS` when none is named; raises KeyError for any other."""
    wanted = SYMBOLS if symbols is None else symbols
    for symbol in wanted:
        if symbol not in SYMBOLS:
            raise KeyError(f"the sample day has {' and '.join(SYMBOLS)}, not '{symbol}'")
    return {symbol: decode(_bytes(symbol)) for symbol in wanted}


def _bytes(symbol: str) -> bytes:
    return (importlib.resources.files(__package__) / f"20140502_{symbol}.hxtk").read_bytes()
