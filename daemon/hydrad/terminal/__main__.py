"""`hydra-terminal`: the terminal's side. Owns its arguments and exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 75 an agent of this bundle (or a broker of these books) is running already, 78 a
bad bundle, ledger or configuration.
"""

from __future__ import annotations

import argparse
import getpass
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hydrad.agent.entries import EpochStored, LatchStored, RowStored
from hydrad.agent.ledger import Ledger
from hydrad.host import logs
from hydrad.host.lock import FileLock, Held, holder
from hydrad.terminal import broker
from hydrad.terminal import bundle as bundles
from hydrad.terminal.agent import Agent
from hydrad.terminal.broker import __main__ as broker_main
from hydrad.terminal.bundle import BadBundle
from hydrad.terminal.ledger import BadLedger, LedgerFile

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


def _status(arguments: argparse.Namespace) -> int:
    """What the ledger says, whether or not an agent runs."""
    bundle, file = _ledger_of(arguments)
    ledger, epoch, latch = Ledger(), 0, LatchStored(False, "")
    for entry in file.read():
        match entry:
            case RowStored(row):
                ledger.apply(row)
            case EpochStored(stored):
                epoch = stored
            case LatchStored():
                latch = entry
    lines = {
        "terminal": bundle.name,
        "account": f"{bundle.account} ({bundle.login} at {bundle.server}, {bundle.kind})",
        "running": "yes" if holder(Path(bundle.lock)) else "no",
        "halted": f"yes, by {latch.by}" if latch.halted else "no",
        "epoch": str(epoch),
        "ledger": f"{file.id}, {len(ledger)} entries",
        "without verdict": ", ".join(f"{act}/{move}" for act, move in ledger.unsettled) or "none",
    }
    sys.stdout.writelines(f"{name:<16} {value}\n" for name, value in lines.items())
    file.close()
    return DONE


def _halt(arguments: argparse.Namespace) -> int:
    """Store the latch; a running agent obeys it within a tenth of a second, a later one from its start."""
    bundle, file = _ledger_of(arguments)
    file.append_local(LatchStored(True, f"{getpass.getuser()} on this host"))
    file.close()
    running = holder(Path(bundle.lock)) is not None
    sys.stdout.write(f"{bundle.name} is halted; its agent {'runs' if running else 'does not run'}\n")
    return DONE


def _ledger_of(arguments: argparse.Namespace) -> tuple[bundles.Bundle, LedgerFile]:
    bundle = bundles.load(arguments.bundle)
    return bundle, LedgerFile(Path(bundle.ledger))


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
    local = verbs.add_parser("local", help="without a daemon, on the terminal's own host")
    local_verbs = local.add_subparsers(required=True, metavar="VERB")
    for name, verb, text in (
        ("status", _status, "what the ledger says"),
        ("halt", _halt, "open nothing from now on"),
    ):
        one = local_verbs.add_parser(name, help=text)
        one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the terminal's bundle")
        one.set_defaults(verb=verb)
    return parser


def _refused(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
