"""What is done when the window of a high-impact event begins: resting opening orders of ours that it concerns are
cancelled, once each. Positions are left to their plans (`before news`) and to people, who have been told.
"""

from __future__ import annotations

from hydrad.domain.news import NewsEvent
from hydrad.toc import exposure, news, resting
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn

ACTOR = "news"


def cancel_resting(turn: Turn, event: NewsEvent) -> None:
    """A symbol whose terms are not known counts as concerned."""
    before = turn.actor
    turn.actor = ACTOR
    for fire in resting.fires(turn.state):
        if _concerned(turn, fire, event):
            resting.cancel(turn, fire, f"news: {event.text}")
    turn.actor = before


def _concerned(turn: Turn, fire: Act, event: NewsEvent) -> bool:
    link = exposure.reporter(turn.state, turn.live, fire.account)
    terms = link.terms.get(fire.order.symbol) if link and fire.order else None
    return terms is None or event.concerns(news.currencies(terms))
