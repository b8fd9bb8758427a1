"""hydrad's own verbs: which there are, and how each answers.

`hydractl` execs these with its own arguments, so the output contract is the same: data on stdout (one JSON envelope
with `-o json`), talk on stderr, the exit codes of the shell. A verb is the module of its name in `commands`, and only
the one that was asked for is imported: `config get` need not wait for the daemon's code.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence

import msgspec

from hydrad import __version__
from hydrad.domain.instants import ns_text
from hydrad.host.clock import SystemClock
from hydrad.host.exits import EXIT_FAILED, Done, Stopped
from hydrad.host.keys import BadSecret
from hydrad.host.places import BadPlace
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.calls import PROTOCOL
from hydrad.wire.codes import ErrorCode

VERBS = ("run", "init", "down", "config", "doctor", "journal", "replay", "data", "codes", "service")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["demo"]:
        from hydrad import demo

        return demo.main(arguments[1:])
    if arguments[:1] == ["drill"]:
        from hydrad.simulation import drill

        return drill.main(arguments[1:])
    asked = arguments[:1]
    options = parser(asked if asked and asked[0] in VERBS else VERBS).parse_args(arguments)
    try:
        done: Done | int = options.work(options)
    except Stopped as stopped:
        done = Done(None, [], stopped.problem, stopped.exit_code)
    except (BadPlace, BadSecret) as error:
        done = Done(None, [], Problem(ErrorCode.FAILED.value, str(error)), EXIT_FAILED)
    if isinstance(done, int):
        return done
    _say(options, done)
    return done.exit_code


def parser(verbs: Iterable[str] = VERBS) -> argparse.ArgumentParser:
    """Of these verbs; of all, it is what `--help` and the manual show."""
    found = argparse.ArgumentParser(prog="hydrad", description="The HydraX daemon.")
    found.add_argument("--version", action="version", version=f"hydrad {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-o", "--output", choices=("table", "wide", "json", "tsv"), default="table")
    below = found.add_subparsers(required=True, metavar="VERB")
    for verb in verbs:
        importlib.import_module(f"hydrad.commands.{verb}").add(below, common)
    below.add_parser("demo", help="the whole pipeline on a recorded day", add_help=False)
    below.add_parser("drill", help="the seeded simulator", add_help=False)
    return found


def _say(options: argparse.Namespace, done: Done) -> None:
    """One envelope, or plain lines."""
    if options.output == "json":
        answer = Answer(
            options.schema,
            done.problem is None,
            ns_text(SystemClock().machine_ns(), 6),
            DaemonInfo(__version__, PROTOCOL, "", ""),
            done.data,
            error=done.problem,
        )
        plain = msgspec.to_builtins(answer)
        del plain["id"], plain["more"]
        sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
        return
    for line in done.lines:
        sys.stdout.write(line + "\n")
    if done.problem is not None:
        sys.stderr.write(f"hydrad: {done.problem.message}\n")
        if done.problem.hint:
            sys.stderr.write(f"  {done.problem.hint}\n")


if __name__ == "__main__":
    sys.exit(main())
