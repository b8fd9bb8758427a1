"""hydrad as it is, with one more profile and somebody who looks on (`witness.py`): `bench28` watches 28 pairs and speaks at
nearly every break-out, so that a bench has something to measure. Arguments are hydrad's own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from witness import FILE, Witness

from hydrad.__main__ import main
from hydrad.apex import profile as profiles
from hydrad.domain.calendar import Session

CURRENCIES = ("AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "NZD", "USD")
# All pairs of eight but EURUSD, which the paper home's own terminals quote, and one of the north.
SYMBOLS = (*(a + b for n, a in enumerate(CURRENCIES) for b in CURRENCIES[n + 1 :] if a + b != "EURUSD"), "USDSEK")
EXPIRY_MIN = int(os.environ.get("BENCH28_EXPIRY_MIN", "2"))
PROFILE = profiles.Profile(
    name="bench28",
    symbols=SYMBOLS,
    sessions=(Session.LONDON, Session.OVERLAP, Session.NEW_YORK),
    timeframe_min=1,
    channel_bars=2,
    swing_bars=1,
    atr_bars=2,
    break_atr_permille=5_000,
    stop_atr_permille_max=50_000,
    r_milli=1500,
    horizon_min=max(EXPIRY_MIN * 2, 5),
    expiry_min=EXPIRY_MIN,
    spread_stop_permille_max=500,
    repeat_min=0,
    signals_per_hour_symbol=60,
    signals_per_hour_total=600,
    jump_permille_max=100,
)

if __name__ == "__main__":
    profiles.BUILT_IN = {**profiles.BUILT_IN, PROFILE.name: PROFILE}
    Witness(Path(os.environ["HYDRA_HOME"]) / FILE, time.monotonic_ns).install()
    sys.exit(main())
