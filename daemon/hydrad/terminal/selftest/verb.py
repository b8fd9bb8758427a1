"""`hydra-terminal selftest BUNDLE`: asks, runs the script twice, keeps the report and prints it.

Exit codes: 0 passed, 1 failed to run, 2 a confirmation is needed, 10 it was run and is not passed. Never on a live
account; never beside a running agent, whose lock it holds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

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
from hydrad.terminal.selftest.child import Outcome, Request, encoded
from hydrad.terminal.selftest.report import Report
from hydrad.terminal.selftest.twin import twin

DONE, FAILED, USAGE, DIFFERENCES = 0, 1, 2, 10
RUN_S = 900.0


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
    path = report.save(arguments.bundle, done, SystemClock().machine_ns())
    _print(done, path)
    return DONE if done.passed else DIFFERENCES


def _run(bundle: Bundle, symbol: str) -> Report:
    login = Login(
        bundle.module == "simulated", bundle.login, bundle.server, bundles.password_of(bundle), (symbol,), 0,
        bundle.kind, bundle.terminal_path, bundle.portable,
    )  # fmt: skip
    sys.stderr.write(f"on {bundle.kind} account {bundle.login} at {bundle.server}, {symbol}:\n")
    real = _child(Request(login, symbol), environment_of(bundle))
    with twin(real.identity, real.terms, symbol) as beside:
        sys.stderr.write(f"on a simulated one of the same terms, {beside.symbol}:\n")
        simulated = _child(Request(beside.login, beside.symbol), environment_of(None, beside.socket))
    return judged(bundle.account, symbol, real, simulated)


def judged(account: str, symbol: str, real: Outcome, simulated: Outcome) -> Report:
    """The report on two outcomes."""
    differences = compare.differences(real.steps, simulated.steps)
    problems = compare.unexpected(real.steps)
    if real.left_behind:
        problems.append(f"{real.left_behind} positions or orders were left behind: close them in the terminal")
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
        simulated=simulated.steps,
    ).sealed()


def _child(request: Request, environment: Mapping[str, str]) -> Outcome:
    """Run the script in a process; what it says on the way goes to our standard error. Raises TerminalError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hydrad.terminal.selftest.child"],
            input=encoded(request), stdout=subprocess.PIPE, env=dict(environment), timeout=RUN_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TerminalError(f"it was not over within {RUN_S:.0f} s; look into the terminal for what it left") from None
    if done.returncode or not done.stdout:
        raise TerminalError("the self-test could not be run")
    return msgspec.json.decode(done.stdout, type=Outcome)


def _print(done: Report, path: Path) -> None:
    who = done.identity
    out = sys.stdout
    out.write(f"{who.kind.upper()} {who.login} at {who.server}, build {who.build}, {done.symbol}, {done.at}\n")
    for step in done.terminal:
        out.write(f"  {step.name:<26} {step.problem or step.notes.get('retcode', 'ended')}\n")
    out.writelines(f"  PROBLEM {text}\n" for text in done.problems)
    out.writelines(f"  differs {one}\n" for one in done.differences)
    out.write(f"{'passed' if done.passed else 'NOT PASSED'}; the report is {path} (sha256 {done.digest[:16]})\n")


def _confirmed(bundle: Bundle, symbol: str) -> bool:
    sys.stderr.write(f"[{bundle.kind.upper()}] open and close least volumes of {symbol} on {bundle.login}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _said(text: str, code: int) -> int:
    sys.stderr.write(f"hydra-terminal: {text}\n")
    return code
