"""The common form of a command line, parsed from the table of verbs without importing typer.

Owns nothing but `parse`. Whatever is unusual (help, an unknown or cut option, a missing value, `--`) is not
judged here: the answer is None, and the typer root parses it again, with its messages. Where this parser
answers, typer would have found the same values; a test compares them.
"""

from __future__ import annotations

from hydractl.verbs import GLOBALS, HANDED_OVER, Param, Verb, load, words_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Parsed:
    """A command line: the verb's name, the verb (None when it is handed over to hydrad), its values and the
    global options; `rest` is what hydrad gets."""

    __slots__ = ("name", "options", "rest", "values", "verb")

    def __init__(self, name: str, verb: Verb | None, options: dict[str, Any]) -> None:
        self.name = name
        self.verb = verb
        self.options = options
        self.values: dict[str, Any] = {}
        self.rest: list[str] = []


class _Unusual(Exception):
    """Left to typer."""


def parse(argv: list[str]) -> Parsed | None:
    """The parsed command line, or None when typer should look at it."""
    try:
        return _parse(argv)
    except _Unusual:
        return None


def _parse(argv: list[str]) -> Parsed:
    options = defaults(GLOBALS)
    table = _by_decl(GLOBALS)
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        at = _option(argv, at, table, options)
    name = words_at(argv, at)
    if name is None:
        raise _Unusual
    start = at + len(name.split())
    if name in HANDED_OVER:
        parsed = Parsed(name, None, options)
        parsed.rest = argv[start:] + argv[:at]
        return parsed
    parsed = Parsed(name, load(name), options)
    _read(parsed, argv, start)
    return parsed


def _read(parsed: Parsed, argv: list[str], at: int) -> None:
    assert parsed.verb is not None
    values = defaults(parsed.verb.params)
    both = {**parsed.options, **values}
    table = _by_decl(parsed.verb.params + GLOBALS)
    positionals: list[str] = []
    while at < len(argv):
        if argv[at].startswith("-"):
            at = _option(argv, at, table, both)
        else:
            positionals.append(argv[at])
            at += 1
    _place(parsed.verb.params, positionals, both)
    parsed.values = {name: both[name] for name in values}
    parsed.options = {name: both[name] for name in parsed.options}


def defaults(params: tuple[Param, ...]) -> dict[str, Any]:
    """Each parameter's value when it is not named."""
    return {param.name: param.default for param in params}


def _by_decl(params: tuple[Param, ...]) -> dict[str, tuple[Param, bool]]:
    """Written form -> parameter and whether this form switches it on."""
    table = {}
    for param in params:
        for decl in param.decls:
            on, _, off = decl.partition("/")
            table[on] = (param, True)
            if off:
                table[off] = (param, False)
    return table


def _option(argv: list[str], at: int, table: dict[str, tuple[Param, bool]], into: dict[str, Any]) -> int:
    """Reads the option at `at`; answers where the next word is."""
    word, equals, text = argv[at].partition("=") if argv[at].startswith("--") else (argv[at], "", "")
    if word not in table:
        raise _Unusual
    param, on = table[word]
    if param.kind == "flag":
        if equals:
            raise _Unusual
        into[param.name] = on
        return at + 1
    if not equals:
        at += 1
        if at == len(argv) or argv[at].startswith("-"):
            raise _Unusual
        text = argv[at]
    into[param.name] = _value(param, text)
    return at + 1


def _place(params: tuple[Param, ...], words: list[str], into: dict[str, Any]) -> None:
    """Gives the positionals to the arguments, and sees that nothing required is missing."""
    for param in params:
        if param.kind == "argument" and param.many:
            into[param.name] = tuple(_value(param, word) for word in words)
            words = []
        elif param.kind == "argument" and words:
            into[param.name] = _value(param, words[0])
            words = words[1:]
        if param.required and into[param.name] in (None, ()):
            raise _Unusual
    if words:
        raise _Unusual


def _value(param: Param, text: str) -> Any:
    try:
        return param.parse(text)
    except ValueError:
        raise _Unusual from None
