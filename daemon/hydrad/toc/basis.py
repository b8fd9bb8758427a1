"""The basis of a terminal's symbol: between which two feeds it is measured, and when it is known. Pure."""

from __future__ import annotations

from hydrad.toc.live import Live
from hydrad.toc.mapping import own_symbol
from hydrad.toc.mids import OWN, Basis, measure
from hydrad.toc.state import State


def basis_of(
    state: State, live: Live, terminal: str, source: str, symbol: str, digits: int, source_digits: int, age_max_ms: int
) -> Basis | None:
    """The basis of a terminal's symbol to the terminal that a mission's prices came from; None when not known.

    Terminals of one account are one broker's word: nothing between them. A feed that has not told market time for
    longer than `age_max_ms` says nothing about now.
    """
    made, asked = state.terminals.get(source), state.terminals.get(terminal)
    if made is None or asked is None:
        return None
    if made.account == asked.account:
        return OWN
    own, theirs = live.link(terminal), live.link(source)
    ours, made_as = own_symbol(state, asked.account, symbol), own_symbol(state, made.account, symbol)
    until_ms = min(own.through_ms, theirs.through_ms)
    if ours not in own.mids or made_as not in theirs.mids or live.market_ms - until_ms > age_max_ms:
        return None
    return measure(own.mids[ours], theirs.mids[made_as], digits, source_digits, until_ms)
