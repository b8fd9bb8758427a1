"""The filter of records: `kind:FILLED symbol:EURUSD !actor:apex "two words" text`.

Owns the language. Each term must hold; `!` before one turns it round. A term is a piece of text, sought in all that is
shown of a record and in its symbol, account and terminal, whether its line names them or not; or FIELD:TEXT, sought in
that field alone, `text:` in what is shown. Case does not matter. What is before a colon and names no field is text
like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HINT = "a word: in all of a record; symbol:EURUSD kind: account: id: in one; !: without"
HOW = "a word: in text, ids, symbol, account"
_TERM = re.compile(r'(!?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S*))')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `field` "": all that is shown, and what a record is about."""

    field: str
    text: str
    without: bool

    def passes(self, event: Any) -> bool:
        found = any(self.text in text.lower() for text in _FIELDS[self.field](event))
        return found != self.without


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to see of the journal."""

    terms: tuple[Term, ...] = ()

    def passes(self, event: Any) -> bool:
        return all(term.passes(event) for term in self.terms)


def parse(text: str) -> Wanted:
    """The filter that was typed, or as much of it as stands there: a field without a text wants nothing yet."""
    terms = []
    for without, field, quoted, word in _TERM.findall(text):
        wanted = quoted or word
        if field and field not in _FIELDS:
            field, wanted = "", f"{field}:{wanted}"
        if wanted:
            terms.append(Term(field, wanted.lower(), bool(without)))
    return Wanted(tuple(terms))


def _kind(event: Any) -> list[str]:
    """The type of record, and the states that its line names: what moved an act is its news."""
    return [str(event.kind), *(word for word in str(event.text).split() if word.isupper())]


def _fact(name: str) -> Callable[[Any], list[str]]:
    def read(event: Any) -> list[str]:
        value = event.facts.get(name) if isinstance(event.facts, dict) else None
        return [value] if isinstance(value, str) else []

    return read


def _ids(letters: str) -> Callable[[Any], list[str]]:
    return lambda event: [name for name in event.ids or () if name[:1] in letters]


def _shown(event: Any) -> list[str]:
    named = " ".join(event.ids or ())
    return [f"{event.kind} {event.text} {named} {event.actor} {event.surface} #{event.seq}"]


def _all(event: Any) -> list[str]:
    return [*_shown(event), *(text for read in _ABOUT for text in read(event))]


_ABOUT = (_fact("symbol"), _fact("account"), _fact("terminal"))


_FIELDS: dict[str, Callable[[Any], list[str]]] = {
    "": _all,
    "text": _shown,
    "kind": _kind,
    "symbol": _fact("symbol"),
    "account": _fact("account"),
    "terminal": _fact("terminal"),
    "mission": _ids("M"),
    "id": _ids("MFAPOLC"),
    "actor": lambda event: [str(event.actor)],
    "surface": lambda event: [str(event.surface)],
}
