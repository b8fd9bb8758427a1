"""The highest equity of an account, net of cash: what drawdown counts from.

Durable, and written in steps: a new record stands a thousandth or more above the last one, so that the journal does
not grow with every tick and a drawdown is understated by less than 0.1 % of the peak.

A peak is for ever, so one wrong figure must not make it: a new one is what two reports of a terminal have told, one
`CONFIRM_NS` or more after the other with none below in between, and of all of them the lowest. A report that falls back
before that leaves nothing behind. What is wrong for longer (a price of the broker's that never was adds up perfectly),
or was so in the first report of all, a person sets right: `account correct`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hydrad.domain.instants import SECOND
from hydrad.toc import records as r

if TYPE_CHECKING:
    from hydrad.toc.live import Link
    from hydrad.toc.turn import Turn

STEP = Decimal("1.001")
CONFIRM_NS = 5 * SECOND


def look(turn: Turn, link: Link, account: str, equity: Decimal) -> None:
    """New figures of an account whose deals are booked. The first ones of an account are where it begins."""
    peak = turn.state.accounts[account].peak_equity
    if equity <= 0:
        return
    if peak is None:
        turn.emit(r.EquityPeak(account, equity))
    elif equity < peak * STEP:
        link.peak_seen = None
    elif link.peak_seen is None:
        link.peak_seen = (equity, turn.now_ns)
    else:
        lowest, since_ns = min(link.peak_seen[0], equity), link.peak_seen[1]
        link.peak_seen = (lowest, since_ns)
        if turn.now_ns - since_ns >= CONFIRM_NS:
            link.peak_seen = None
            turn.emit(r.EquityPeak(account, lowest))
