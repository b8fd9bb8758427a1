"""The shell's entry: maps errors to exit codes, and nothing else does.

command line -> fastpath, or the typer root for what is unusual -> a verb of commands/ -> Session ->
Client
                                                                -> handover: hydrad, ssh
"""

from __future__ import annotations

import os
import sys

from hydractl import diagnostics, fastpath, handover
from hydractl.diagnostics import ExitCode, Failure
from hydractl.session import Session, failure_envelope
from hydractl.verbs import FORMATS, words_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from hydractl.verbs import Verb

_COMPLETION = "_HYDRACTL_COMPLETE"
_COMPLETION_WORDS = "words"


def main() -> NoReturn:
    """The script `hydractl`."""
    code = run(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # nothing is left to do: every file of ours is closed, and the rest costs 5 ms


def run(argv: list[str]) -> int:
    """Carries out one command line; answers its exit code."""
    if "--debug" not in argv:
        sys.excepthook = diagnostics.one_line_excepthook
    try:
        return int(_run(argv))
    except Failure as failure:
        return _failed(argv, failure)
    except KeyboardInterrupt:
        diagnostics.write("")
        return ExitCode.INTERRUPTED


def _run(argv: list[str]) -> int:
    if os.environ.get(_COMPLETION) == _COMPLETION_WORDS:
        from hydractl import completion

        return completion.main(argv, os.environ)
    if argv == ["--version"]:
        return _version()
    host, here = handover.split_host(argv)
    if host is not None:
        handover.to_host(host, here)
    parsed = None if _COMPLETION in os.environ else fastpath.parse(argv)
    if parsed is not None:
        return _dispatch(parsed.name, parsed.verb, parsed.options, parsed.values, parsed.rest)
    from hydractl import root

    return root.run(argv, _dispatch)


def _version() -> int:
    from hydractl.client import PROTOCOL
    from hydractl.output import Output
    from hydrad import __version__

    out = Output()
    out.line(f"hydractl {__version__}, protocol {PROTOCOL}")
    out.flush()
    return ExitCode.DONE


def _dispatch(name: str, verb: Verb | None, options: dict[str, Any], values: dict[str, Any], rest: list[str]) -> int:
    if verb is None:
        handover.to_hydrad(name, rest, options.get("socket"))
    return verb.run(Session(options, verb.schema), **values)


def _failed(argv: list[str], failure: Failure) -> int:
    """Says what went wrong: a line on stderr, and with -o json an envelope on stdout."""
    if _wants_json(argv):
        from hydractl.output import Output

        out = Output("json")
        out.json(failure_envelope(failure, _schema(argv)))
        out.flush()
    diagnostics.Talk().problem(failure)
    return failure.exit_code


def _wants_json(argv: list[str]) -> bool:
    """Whether the command line asks for JSON, however wrong the rest of it is."""
    form = "table"
    for word, after in zip(argv, [*argv[1:], ""], strict=True):
        if word in ("-o", "--output") and after in FORMATS:
            form = after
        elif word.startswith(("--output=", "-o")) and word.removeprefix("--output=").removeprefix("-o") in FORMATS:
            form = word.removeprefix("--output=").removeprefix("-o")
        elif word == "--json":
            form = "json"
    return form == "json"


def _schema(argv: list[str]) -> str:
    from hydractl.verbs import REGISTRY

    for at in range(len(argv)):
        name = words_at(argv, at)
        if name in REGISTRY:
            return REGISTRY[name].schema
    return "hydra.error/v1"


if __name__ == "__main__":
    main()
