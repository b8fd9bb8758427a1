"""The highest equity of an account, net of cash: what drawdown counts from.

Durable, and written in steps: a new record stands a thousandth or more above the last one, so that the journal does
not grow with every tick and a drawdown is understated by less than 0.1 % of the peak.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hydrad.toc import records as r

if TYPE_CHECKING:
    from hydrad.toc.turn import Turn

STEP = Decimal("1.001")


def look(turn: Turn, account: str, equity: Decimal) -> None:
    """New figures of an account whose deals are booked."""
    peak = turn.state.accounts[account].peak_equity
    if equity > 0 and (peak is None or equity >= peak * STEP):
        turn.emit(r.EquityPeak(account, equity))
