"""News by hand: a whole file, or one event. Judged here; the file itself is written outside, after the commit, and
comes back as an input."""

from __future__ import annotations

from hydrad.domain import news
from hydrad.domain.actors import Role
from hydrad.toc.desk.refusals import usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls

SCHEMA = "hydra.news/v1"


def _import(turn: Turn, asked: Requested, verb: calls.NewsImport) -> None:
    try:
        news.parse(verb.text)
    except news.BadNews as error:
        raise usage(str(error)) from None
    turn.reply(asked.request, SCHEMA, None)


def _add(turn: Turn, asked: Requested, verb: calls.NewsAdd) -> None:
    """Anyone who may fire may hold fires back."""
    try:
        news.event(verb.time_utc, verb.currency, verb.impact, verb.title)
    except news.BadNews as error:
        raise usage(str(error)) from None
    if len(turn.live.news.events) >= news.EVENTS_MAX:
        raise usage(f"the file has {news.EVENTS_MAX} events, no more fit")
    turn.reply(asked.request, SCHEMA, None)


VERBS: Table = {calls.NewsImport: (Role.COMMANDER, _import), calls.NewsAdd: (Role.TRADER, _add)}
