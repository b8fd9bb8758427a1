"""`hydra-terminal`: the terminal's side. Owns its arguments and exit codes.

Exit codes: 0 done, 1 failed, 2 usage, or a confirmation is needed; of orders that were sent 7 partly done, 12 outcome
unknown, 13 rejected by the broker, 14 provably not executed; 75 an agent of this bundle (or a broker of these books)
is running already, 78 a bad bundle, ledger or configuration.
"""

from __future__ import annotations

import argparse
import importlib.util
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hydrad.host import logs
from hydrad.host.lock import FileLock, Held
from hydrad.terminal import broker, local, local_flatten, local_latch
from hydrad.terminal import bundle as bundles
from hydrad.terminal.agent import Agent
from hydrad.terminal.broker import __main__ as broker_main
from hydrad.terminal.bundle import BadBundle
from hydrad.terminal.ledger import BadLedger
from hydrad.terminal.metatrader import MISSING
from hydrad.terminal.selftest.verb import selftest

DONE, USAGE, RUNNING, BAD_CONFIG = 0, 2, 75, 78


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    arguments = _parser().parse_args(argv)
    verb: Callable[[argparse.Namespace], int] = arguments.verb
    try:
        return verb(arguments)
    except Held as held:
        return _refused(str(held), RUNNING)
    except (BadBundle, BadLedger) as error:
        return _refused(str(error), BAD_CONFIG)


def _run(arguments: argparse.Namespace) -> int:
    bundle = bundles.load(arguments.bundle)
    if bundle.module == "metatrader5" and importlib.util.find_spec("MetaTrader5") is None:
        raise BadBundle(MISSING)
    logs.set_up("info")
    with FileLock(Path(bundle.lock)):
        agent = Agent(arguments.bundle, bundle)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stop())
        agent.run()
    return DONE


def _sim(arguments: argparse.Namespace) -> int:
    if arguments.path:
        sys.stdout.write(broker.module_path() + "\n")
        return DONE
    if arguments.config is None:
        return _refused("sim: --config FILE or --path is needed", USAGE)
    return broker_main.main(["--config", str(arguments.config)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hydra-terminal", description="The terminal's side of HydraX.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="the agent beside a terminal")
    run.add_argument("bundle", type=Path, metavar="BUNDLE", help="what `terminal enroll` wrote")
    run.set_defaults(verb=_run)
    sim = verbs.add_parser("sim", help="the simulated broker")
    sim.add_argument("--config", type=Path, metavar="FILE", help="its TOML file")
    sim.add_argument("--path", action="store_true", help="show where its MetaTrader5 module lies")
    sim.set_defaults(verb=_sim)
    test = verbs.add_parser("selftest", help="small orders on a demo account, compared with the simulated terminal's")
    test.add_argument("bundle", type=Path, metavar="BUNDLE", help="the terminal's bundle; no agent of it may run")
    test.add_argument("--symbol", metavar="SYMBOL", help="the broker's name of it; else the bundle's first")
    test.add_argument("--yes", action="store_true", help="do not ask")
    test.set_defaults(verb=selftest)
    by_hand = verbs.add_parser("local", help="without a daemon, on the terminal's own host")
    local_verbs = by_hand.add_subparsers(required=True, metavar="VERB")
    for name, verb, text in (
        ("status", local.status, "what the ledger says"),
        ("positions", local.positions, "what is open, asked of the terminal now"),
        ("halt", local_latch.halt, "open nothing from now on; never asks"),
        ("resume", local_latch.resume, "end a halt of this host; a daemon's stays"),
        ("flatten", local_flatten.flatten_all, "halt, then close what is ours and cancel what rests"),
    ):
        one = local_verbs.add_parser(name, help=text)
        one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the terminal's bundle")
        one.set_defaults(verb=verb)
    flags = local_verbs.choices["flatten"]
    flags.add_argument(
        "--foreign", action="store_true", help="also what is not ours; the account's name has to be typed"
    )
    flags.add_argument("--no-halt", action="store_true", help="do not halt first: what is fired may open meanwhile")
    flags.add_argument("--yes", action="store_true", help="do not ask")
    flags.add_argument("--yes-foreign", metavar="NAME", help="the account's name, where nobody can be asked for it")
    local_verbs.choices["resume"].add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _refused(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
