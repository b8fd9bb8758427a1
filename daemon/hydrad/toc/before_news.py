"""What is done when the window of a high-impact event begins: resting opening orders of ours that it concerns are
cancelled, once each. Positions are left to their plans (`before news`) and to people, who have been told.
"""

from __future__ import annotations

from hydrad.domain.news import NewsEvent
from hydrad.toc import closing, exposure, news
from hydrad.toc.act import ActState
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn

ACTOR = "news"


def cancel_resting(turn: Turn, event: NewsEvent) -> None:
    """A symbol whose terms are not known counts as concerned."""
    before = turn.actor
    turn.actor = ACTOR
    for number in sorted(turn.state.acts_open):
        fire = turn.state.acts[number]
        if fire.state is ActState.WORKING and fire.order_ticket and _concerned(turn, fire, event):
            closing.cancel(turn, fire, closing.Asked(f"news: {event.text}"))
    turn.actor = before


def _concerned(turn: Turn, fire: Act, event: NewsEvent) -> bool:
    link = exposure.reporter(turn.state, turn.live, fire.account)
    terms = link.terms.get(fire.order.symbol) if link and fire.order else None
    return terms is None or event.concerns(news.currencies(terms))
