"""The terminals' own minute bars, asked for and told: nothing is kept of them here. Owns who is asked for which symbol.

A symbol is asked of its source, the terminal whose ticks are recorded, if its agent knows the question.
"""

from __future__ import annotations

from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.link import frames as f
from hydrad.toc import inputs as i
from hydrad.toc.effects import RatesSought, RatesTold, Sought
from hydrad.toc.live import Link
from hydrad.toc.sources import source
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn

QUESTION = str(f.QueryRates.__struct_config__.tag)


def ask(turn: Turn, body: i.RatesWanted) -> None:
    """Ask for bars from an instant on (a day back at most) to the last closed minute."""
    to_ms = turn.market_ms // MINUTE_MS * MINUTE_MS - MINUTE_MS
    from_ms = max(body.from_ms, to_ms - DAY_MS + MINUTE_MS)
    sought = []
    for symbol in sorted({symbol for terminal in turn.state.terminals.values() for symbol in terminal.symbols}):
        terminal = source(turn, symbol)
        link = turn.live.link(terminal) if terminal else Link("")
        if link.hello is None or QUESTION not in link.hello.knows or symbol not in link.terms:
            continue
        if turn.send(link, f.QueryRates(body.query_id, symbol, from_ms, to_ms)):
            sought.append(Sought(terminal, symbol, link.terms[symbol].digits))
    turn.effects.append(RatesSought(body.query_id, from_ms, to_ms, tuple(sought)))


def told(turn: Turn, link: Link, body: f.Rates) -> None:
    if link.state is LinkState.READY:
        turn.effects.append(RatesTold(link.terminal, body))
