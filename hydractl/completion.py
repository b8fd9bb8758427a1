"""What may come next on a command line: verbs, options, and what the daemon knows right now.

Owns the rule for each word. The scripts of `hydractl completion` ask with `_HYDRACTL_COMPLETE=words` in the
environment and the words so far as arguments; the answer is a word a line. Nothing is ever said on stderr, and a
daemon that does not answer within a moment has no part in it.
"""

from __future__ import annotations

import os
import sys

from hydractl import places
from hydractl.client import Client
from hydractl.diagnostics import Failure
from hydractl.verbs import GLOBALS, HANDED_OVER, MODULES, Param, load, words_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    _Asked = tuple[tuple[str, Mapping[str, Any], str], ...]

ASKED_FOR_S = 0.4
HELP_S = 3.0

# What a parameter's name asks for: the query, its fields, and where the word stands: in a row, or `list.field`.
_OPEN_MISSIONS: _Asked = (("missions", {"limit": 200}, "id"),)
_ACTS: _Asked = (("fires", {"limit": 50}, "id"),)
_POSITIONS: _Asked = (("positions", {"limit": 200}, "id"),)
_ORDERS: _Asked = (("orders", {"limit": 200}, "id"),)
_ACCOUNTS: _Asked = (("accounts", {}, "name"),)
_TERMINALS: _Asked = (("terminals", {}, "name"),)
_SYMBOLS: _Asked = (("ticks", {}, "symbol"),)
_OPERATORS: _Asked = (("operators", {}, "name"),)
_POLICIES: _Asked = (("policies", {}, "name"),)
_CHANGES: _Asked = (("changes", {}, "id"),)
_SERVICES: _Asked = (("status", {}, "services.name"),)
LIVE = {
    "mission": _OPEN_MISSIONS,
    "fire": _ACTS,
    "act": _ACTS,
    "position": _POSITIONS,
    "id": (*_POSITIONS, *_OPEN_MISSIONS, *_ACTS),
    "account": _ACCOUNTS,
    "accounts": _ACCOUNTS,
    "terminal": _TERMINALS,
    "symbol": _SYMBOLS,
    "symbols": _SYMBOLS,
    "alarm": (("alarms", {}, "id"),),
    "members": _ACCOUNTS,
    "group": (("groups", {}, "name"),),
    "pool": (("pools", {}, "name"),),
    "operator": _OPERATORS,
    "policy": _POLICIES,
    "names": _SERVICES,
    "service": _SERVICES,
}
# A `name` or an `id` is whatever the verb's first word is about.
_NOUNS = {
    "terminal": _TERMINALS,
    "account": _ACCOUNTS,
    "operator": _OPERATORS,
    "policy": _POLICIES,
    "change": _CHANGES,
    "cancel": _ORDERS,
    "approve": (*_CHANGES, *_ACTS),
}


def main(argv: list[str], environ: Mapping[str, str]) -> int:
    """Writes the candidates for the last word of `argv`, which may be empty."""
    found = candidates(argv, environ)
    sys.stdout.write("".join(f"{word}\n" for word in found))
    return 0


def candidates(argv: list[str], environ: Mapping[str, str]) -> list[str]:
    """Sorted, each once, all beginning with the last word."""
    *before, last = argv or [""]
    listed, comma, _ = last.rpartition(",")  # of a list with commas the last name is what is completed
    found = {f"{listed}{comma}{word}" for word in _next(before, last, environ)}
    return sorted(word for word in found if word.startswith(last))


def _next(before: list[str], last: str, environ: Mapping[str, str]) -> Iterable[str]:
    at = _after_globals(before)
    if at is None:
        return _values(_by_decl(GLOBALS)[before[-1]], "", before, environ)
    name = words_at(before, at)
    if name is None:
        return _decls(GLOBALS) if last.startswith("-") else _verbs(before[at:])
    rest = before[at + len(name.split()) :]
    if name in HANDED_OVER:
        return _options_of_hydrad(name) if last.startswith("-") else ()
    params = load(name).params
    table = _by_decl((*params, *GLOBALS))
    if rest and (asked := table.get(rest[-1])) is not None and asked.kind == "option":
        return _values(asked, name, before, environ)
    if last.startswith("-"):
        return _decls((*params, *GLOBALS))
    more = [] if rest else _verbs(name.split())
    return [*more, *_positional(params, name, _positionals(rest, table), before, environ)]


def _after_globals(words: list[str]) -> int | None:
    """Where the verb begins; None when a global option waits for its value."""
    table, at = _by_decl(GLOBALS), 0
    while at < len(words) and words[at].startswith("-"):
        param = table.get(words[at])
        at += 2 if param is not None and param.kind == "option" else 1
    return None if at > len(words) else at


def _verbs(typed: list[str]) -> list[str]:
    """The next word of every verb that begins with these words."""
    found = []
    for name in (*MODULES, *HANDED_OVER):
        words = name.split()
        if words[: len(typed)] == typed and len(words) > len(typed):
            found.append(words[len(typed)])
    return found


def _by_decl(params: Iterable[Param]) -> dict[str, Param]:
    return {word: param for param in params for decl in param.decls for word in decl.split("/")}


def _decls(params: Iterable[Param]) -> list[str]:
    return [word for word in _by_decl(params) if word.startswith("--")]


def _positionals(words: list[str], table: dict[str, Param]) -> int:
    """How many positionals stand already."""
    count, at = 0, 0
    while at < len(words):
        param = table.get(words[at])
        if param is not None and param.kind == "option":
            at += 1
        elif not words[at].startswith("-"):
            count += 1
        at += 1
    return count


def _positional(
    params: tuple[Param, ...], name: str, given: int, words: list[str], environ: Mapping[str, str]
) -> list[str]:
    arguments = [param for param in params if param.kind == "argument"]
    if given < len(arguments):
        return _values(arguments[given], name, words, environ)
    return _values(arguments[-1], name, words, environ) if arguments and arguments[-1].many else []


def _values(param: Param, verb: str, words: list[str], environ: Mapping[str, str]) -> list[str]:
    """The choices of a parameter, or the live words that its name stands for."""
    if param.choices:
        return [choice for choice in param.choices if choice]
    asked = LIVE.get(param.name, ())
    if param.name in ("name", "id") and verb:
        asked = _NOUNS.get(verb.split()[0], asked)
    if not asked:
        return []
    try:
        return _live(asked, Client(places.find(_socket(words), environ), ASKED_FOR_S))
    except Failure:  # whoever asks for a word wants no talk
        return []


def _live(asked: _Asked, client: Client) -> list[str]:
    try:
        answers = [(client.query(query, **fields), field) for query, fields, field in asked]
    finally:
        client.close()
    return [word for answer, field in answers if answer.data for word in _words(answer.data, field)]


def _words(data: Any, field: str) -> Iterable[str]:
    rows, _, name = field.rpartition(".")
    return (str(row.get(name)) for row in (data.get(rows) if rows else data) or ())


def _socket(words: list[str]) -> str | None:
    for at, word in enumerate(words[:-1]):
        if word == "--socket":
            return words[at + 1]
    return next((word.removeprefix("--socket=") for word in words if word.startswith("--socket=")), None)


def _options_of_hydrad(name: str) -> list[str]:
    """Of a verb that hydrad has: its help tells."""
    import re
    import subprocess

    from hydractl.handover import hydrad_command

    try:
        done = subprocess.run(
            [*hydrad_command(), *name.split(), "--help"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=HELP_S,
            env={k: v for k, v in os.environ.items() if k != "_HYDRACTL_COMPLETE"},
        )
    except subprocess.TimeoutExpired:
        return []
    return re.findall(r"--[a-z][a-z-]*", done.stdout)
