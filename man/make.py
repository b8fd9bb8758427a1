"""`make man`: the manual pages from their templates in `man/src` and from the tables of the code.

A template is mdoc(7). A line `.\\" @NAME` is replaced by the list that NAME stands for, so that verbs, options, exit
codes, configuration keys and reason codes cannot be wrong. With --check nothing is written: exit 1 where a page is not
what it would be made to.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hydractl import diagnostics, verbs
from hydrad import __main__ as hydrad_main
from hydrad import config, demo
from hydrad.agent import checks
from hydrad.link import frames
from hydrad.simulation import drill
from hydrad.terminal import __main__ as terminal_main
from hydrad.toc import terminal
from hydrad.wire.codes import Finding, Reason

HERE = Path(__file__).parent
WIDTH = 76
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"-])")


# --- mdoc -----------------------------------------------------------------------------------------------


def prose(text: str) -> Iterator[str]:
    """Lines of running text, each sentence on a line of its own, as mdoc wants it."""
    for sentence in _SENTENCE.split(" ".join(text.split())):
        for line in textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False):
            yield escaped(line)


def escaped(line: str) -> str:
    """Text that is no macro: backslashes, dashes of options, a control character at the beginning."""
    line = line.replace("\\", "\\e").replace("--", "\\-\\-").replace("`", "\\(ga")
    return f"\\&{line}" if line[:1] in (".", "'") else line


def word(text: str) -> str:
    """One argument of a macro: quoted where it has spaces, and never taken for a macro or a delimiter."""
    text = text.replace("\\", "\\e").replace('"', "\\(dq")
    text = re.sub(r"^-", r"\\-", text)
    if len(text) <= 3 or text[:1] in ".'":
        text = f"\\&{text}"
    return f'"{text}"' if " " in text else text


def tagged(items: Iterable[tuple[str, Iterable[str]]], width: str = "Ds") -> Iterator[str]:
    yield f".Bl -tag -width {width}"
    for head, body in items:
        yield f".It {head}"
        yield from body
    yield ".El"


# --- lists ----------------------------------------------------------------------------------------------


def shown(param: verbs.Param) -> str:
    """What stands for a value; a choice of nothing is not shown."""
    return (param.metavar or param.name.upper()).strip("|")


def option_head(param: verbs.Param) -> str:
    """`Fl -output Ar FORM , Fl o Ar FORM`."""
    forms = []
    for decl in param.decls:
        for one in decl.split("/"):
            flag = f"Fl {word(one[1:]) if not one.startswith('--') else one[1:].replace('-', chr(92) + '-')}"
            forms.append(flag if param.kind == "flag" else f"{flag} Ar {word(shown(param))}")
    return " , ".join(forms)


def option_text(param: verbs.Param) -> Iterator[str]:
    yield from prose(param.help)
    if param.required:
        yield "It has to be given."
    elif param.kind == "option" and param.default not in (None, ""):
        yield from prose(f"The default is {param.default}.")


def globals_list() -> Iterator[str]:
    yield from tagged((option_head(param), option_text(param)) for param in verbs.GLOBALS)


def verb_list() -> Iterator[str]:
    names = sorted({*verbs.MODULES, *verbs.HANDED_OVER})
    yield from tagged((verb_head(name), verb_text(name)) for name in names)


def verb_head(name: str) -> str:
    if name in verbs.HANDED_OVER:
        parser = hydrad_parser(name)
        arguments = [f"Op Ar {word((a.metavar or a.dest).upper())}" for a in actions(parser) if not a.option_strings]
        return " ".join([f"Cm {word(name)}", *arguments])
    head = [f"Cm {word(name)}"]
    for param in verbs.load(name).params:
        if param.kind == "argument":
            asked = f"Ar {word(shown(param))}" + (" ..." if param.many else "")
            head.append(asked if param.required else f"Op {asked}")
    return " ".join(head)


def verb_text(name: str) -> Iterator[str]:
    if name in verbs.HANDED_OVER:
        yield from prose(verbs.HANDED_OVER[name])
        yield from action_list(hydrad_parser(name))
        return
    verb = verbs.load(name)
    yield from prose(verb.help)
    for param in verb.params:
        if param.kind == "argument":
            yield ".Pp"
            yield f".Ar {word(shown(param))} :"
            yield from prose(param.help)
    options = [param for param in verb.params if param.kind != "argument"]
    if options:
        yield from tagged((option_head(param), option_text(param)) for param in options)


def hydrad_parser(name: str) -> argparse.ArgumentParser:
    """The parser of a verb that hydrad has."""
    if name == "demo":
        return demo._parser()
    if name == "drill":
        return drill._parser()
    return subparser(hydrad_main.parser(), name.split())


def subparser(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser:
    for one in words:
        parser = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices[one]
    return parser


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [a for a in parser._actions if a.dest != "help" and not isinstance(a, argparse._SubParsersAction)]


def action_list(parser: argparse.ArgumentParser) -> Iterator[str]:
    items = []
    for action in actions(parser):
        value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
        assert isinstance(value, str)
        if action.option_strings:
            flags = [f"Fl {decl[1:].replace('-', chr(92) + '-')}" for decl in action.option_strings]
            head = " , ".join(flags if action.nargs == 0 else [f"{flag} Ar {word(value)}" for flag in flags])
        else:
            head = f"Ar {word(value)}"
        help_text = action.help or ("how the data is written" if action.dest == "output" else "see the text")
        items.append((head, prose(f"{help_text[0].upper()}{help_text[1:]}.")))
    if items:
        yield from tagged(items)


def program_verbs(parser: argparse.ArgumentParser, names: Iterable[str]) -> Iterator[str]:
    yield from tagged(program_items(parser, names))


def program_items(parser: argparse.ArgumentParser, names: Iterable[str]) -> Iterator[tuple[str, Iterable[str]]]:
    for name in names:
        one = subparser(parser, name.split())
        arguments = [f"Ar {word(str(a.metavar or a.dest).upper())}" for a in actions(one) if not a.option_strings]
        yield " ".join([f"Cm {word(name)}", *arguments]), [*prose(helps(parser, name)), *action_list(one)]


def helps(parser: argparse.ArgumentParser, name: str) -> str:
    """The help of a verb as its parent's parser has it, as a sentence."""
    *before, last = name.split()
    group = next(
        a for a in subparser(parser, before)._actions if isinstance(a, argparse._SubParsersAction)
    )  # fmt: skip
    text = next((str(c.help) for c in group._choices_actions if c.dest == last), name)
    return f"{text[0].upper()}{text[1:]}."


def leaves(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[str]:
    """The names of all verbs of a program."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, one in action.choices.items():
                below = list(leaves(one, f"{prefix}{name} "))
                yield from below or [f"{prefix}{name}"]


def hydrad_verbs() -> Iterator[str]:
    parser = hydrad_main.parser()
    own = [name for name in leaves(parser) if name not in ("demo", "drill")]
    yield from program_verbs(parser, own)


def terminal_verbs() -> Iterator[str]:
    parser = terminal_main._parser()
    yield from program_verbs(parser, leaves(parser))


def exit_codes() -> Iterator[str]:
    """Number, name and what it means: the texts under the members of ExitCode."""
    tree = ast.parse(inspect.getsource(diagnostics.ExitCode))
    body = tree.body[0]
    assert isinstance(body, ast.ClassDef)
    items = []
    for member, text in zip(body.body[1::2], body.body[2::2], strict=True):
        assert isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        name = member.targets[0].id  # type: ignore[attr-defined]
        number = diagnostics.ExitCode[name].value
        items.append((f"{number} {word(name)}", prose(str(text.value.value))))
    yield from tagged(items)


def reasons() -> Iterator[str]:
    yield from tagged((f"Er {word(reason.name)}", prose(reason.text)) for reason in Reason)


def findings() -> Iterator[str]:
    yield from tagged((f"Er {word(finding.name)}", prose(finding.text)) for finding in Finding)


def config_keys() -> Iterator[str]:
    sections = dict.fromkeys(key.section for key in config.KEYS.values())
    for section in sections:
        yield f".Ss Section {section}"
        yield from tagged(
            (f"Ic {key.name}", key_text(key)) for key in config.KEYS.values() if key.section == section
        )  # fmt: skip


def key_text(key: config.Key) -> Iterator[str]:
    yield from prose(f"{key.description[0].upper()}{key.description[1:]}.")
    yield from prose(f"Takes {key.expected}.")
    shown = "not set" if key.default is None else config.value_text(key.default)
    yield from prose(f"Built in: {shown}.")
    yield from prose(f"A change needs a {'restart' if key.needs_restart else 'reload'}.")


def frames_of(union: object) -> Iterator[str]:
    """Each frame's tag, what it is for, and its fields."""
    items = []
    for body in typing.get_args(union):
        said = " ".join(inspect.cleandoc(body.__doc__).split())
        fields = ", ".join(body.__struct_fields__) or "none"
        items.append((f"Ic {word(str(body.__struct_config__.tag))}", [*prose(said), *prose(f"Fields: {fields}.")]))
    yield from tagged(items)


def link_states() -> Iterator[str]:
    items = []
    for state, following in terminal.LINK_TRANSITIONS.items():
        after = ", ".join(one.value for one in terminal.LinkState if one in following)
        items.append((f"Er {word(state.value)}", prose(f"Followed by {after}.")))
    yield from tagged(items)


def agent_checks() -> Iterator[str]:
    codes = [code for code, _ in (*checks.ANY_ACT, *checks.AT_RELEASE, *checks.OPENING, *checks.OPENING_AT_RELEASE)]
    yield from (f".Er {code}" + (" ," if code is not codes[-1] else "") for code in codes)
    yield from prose("and for an opening act the caps CAP_SYMBOL, CAP_LOTS, CAP_RATE and CAP_EQUITY.")


LISTS: dict[str, Callable[[], Iterator[str]]] = {
    "globals": globals_list,
    "verbs": verb_list,
    "exit-codes": exit_codes,
    "reasons": reasons,
    "findings": findings,
    "config-keys": config_keys,
    "hydrad-verbs": hydrad_verbs,
    "terminal-verbs": terminal_verbs,
    "link-up": lambda: frames_of(frames.Up),
    "link-down": lambda: frames_of(frames.Down),
    "link-states": link_states,
    "agent-checks": agent_checks,
}


def page(template: Path) -> str:
    lines: list[str] = []
    literal = False
    for line in template.read_text().splitlines():
        literal = line.startswith(".Bd") or (literal and not line.startswith(".Ed"))
        if found := re.fullmatch(r'\.\\" @([a-z-]+)', line):
            lines += LISTS[found[1]]()
        elif literal or line.startswith("."):
            lines.append(line)
        else:
            lines += textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    stale = []
    for template in sorted((HERE / "src").glob("*.[1-9]")):
        target, text = HERE / template.name, page(template)
        if check and (not target.exists() or target.read_text() != text):
            stale.append(target.name)
        elif not check:
            target.write_text(text)
    if stale:
        sys.stderr.write(f"not current: {', '.join(stale)}; run make man\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
