"""`hydra-terminal selftest BUNDLE`: asks, runs the script twice, keeps the report and prints it.

Exit codes: 0 passed, 1 failed to run, 2 a confirmation is needed, 10 it was run and is not passed. Never on a live
account; never beside a running agent, whose lock it holds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hydrad import __version__
from hydrad.domain.accounts import AccountKind
from hydrad.domain.instants import ns_text
from hydrad.host.clock import SystemClock
from hydrad.host.lock import FileLock
from hydrad.terminal import bundle as bundles
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.handle import environment_of
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.pipe import Login
from hydrad.terminal.selftest import compare, report
from hydrad.terminal.selftest.child import Request
from hydrad.terminal.selftest.report import Report
from hydrad.terminal.selftest.running import Outcome, run
from hydrad.terminal.selftest.twin import twin

DONE, FAILED, USAGE, DIFFERENCES = 0, 1, 2, 10
SETTLE_S = 5  # of the simulated broker, which is never late


def selftest(arguments: argparse.Namespace) -> int:
    """Run it, if that is confirmed; raises BadBundle and Held."""
    bundle = bundles.load(arguments.bundle)
    symbol = arguments.symbol or bundle.symbols[0]
    if bundle.kind == AccountKind.LIVE.value:
        return _said("a self-test sends orders: it is for a demo account of the broker, never for a live one", FAILED)
    if not arguments.yes and not sys.stdin.isatty():
        return _said("selftest sends orders: it needs --yes", USAGE)
    if not arguments.yes and not _confirmed(bundle, symbol):
        return _said("not confirmed; nothing was sent", FAILED)
    try:
        with FileLock(Path(bundle.lock)):
            done = _run(bundle, symbol)
    except TerminalError as error:
        return _said(str(error), FAILED)
    _print(done)
    try:
        path = report.save(arguments.bundle, done, SystemClock().machine_ns())
    except OSError as error:
        return _said(f"the report could not be kept: {error}", FAILED)
    sys.stdout.write(f"the report is {path} (sha256 {done.digest[:16]})\n")
    return DONE if done.passed else DIFFERENCES


def _run(bundle: Bundle, symbol: str) -> Report:
    login = Login(
        bundle.module == "simulated", bundle.login, bundle.server, bundles.password_of(bundle), (symbol,), 0,
        bundle.kind, bundle.terminal_path, bundle.portable,
    )  # fmt: skip
    sys.stderr.write(f"on {bundle.kind} account {bundle.login} at {bundle.server}, {symbol}:\n")
    real = run(Request(login, symbol, bundle.settle_s), environment_of(bundle))
    return judged(bundle.account, symbol, real, _beside(real, symbol))


def _beside(real: Outcome, symbol: str) -> Outcome | str:
    """The outcome at a simulated broker, or why there is none: what was found at the real one is told all the same."""
    try:
        with twin(real.identity, real.terms, symbol) as beside:
            sys.stderr.write(f"on a simulated one of the same terms, {beside.symbol}:\n")
            return run(Request(beside.login, beside.symbol, SETTLE_S), environment_of(None, beside.socket))
    except TerminalError as error:
        return str(error)


def judged(account: str, symbol: str, real: Outcome, simulated: Outcome | str) -> Report:
    """The report on two outcomes; of one alone it is not passed."""
    problems = compare.unexpected(real.steps)
    problems += [f"left behind, close it in the terminal: {name}" for name in real.left_behind]
    if real.early:
        problems.append(f"not run to its end: {real.early}")
    if isinstance(simulated, str) or simulated.early:
        why = simulated if isinstance(simulated, str) else simulated.early
        problems.append(f"not compared with a simulated terminal: {why}")
    beside = [] if isinstance(simulated, str) else simulated.steps
    differences = compare.differences(real.steps, beside) if beside else []
    passed = not problems and not any(one.judged for one in differences)
    return Report(
        version=report.VERSION,
        at=ns_text(SystemClock().machine_ns(), 0),
        agent_version=__version__,
        account=account,
        identity=real.identity,
        symbol=symbol,
        passed=passed,
        problems=problems,
        differences=differences,
        terminal=real.steps,
        simulated=beside,
    ).sealed()


def _print(done: Report) -> None:
    who = done.identity
    out = sys.stdout
    out.write(f"{who.kind.upper()} {who.login} at {who.server}, build {who.build}, {done.symbol}, {done.at}\n")
    for step in done.terminal:
        out.write(f"  {step.name:<26} {step.problem or step.notes.get('retcode', 'ended')}\n")
    out.writelines(f"  PROBLEM {text}\n" for text in done.problems)
    out.writelines(f"  differs {one}\n" for one in done.differences)
    out.write(f"{'passed' if done.passed else 'NOT PASSED'}\n")


def _confirmed(bundle: Bundle, symbol: str) -> bool:
    sys.stderr.write(f"[{bundle.kind.upper()}] open and close least volumes of {symbol} on {bundle.login}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _said(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return code
