"""The daemon itself: up, down, restart; through systemd where a unit of this home is installed, else a process of its
own with its own log. Never two: `hydrad run` holds its home's lock."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from hydractl import systemd
from hydractl.commands.services import NAMES, REASON, show
from hydractl.diagnostics import ExitCode, Failure
from hydractl.handover import hydrad_command
from hydractl.session import Session
from hydractl.verbs import YES, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.status import StatusData

START_S = 30.0
STOP_S = 30.0
POLL_S = 0.1
LOG_LINES = 20
_AWAY = ("UNREACHABLE", "TIMED_OUT")


@verb("up", "up")
def up(session: Session) -> int:
    """Start the daemon, unless it runs; waits until its terminals are READY."""
    running = _status(session)
    if running is not None:
        return _present(session, running, started=False)
    return _start(session)


@verb("down", "down", YES)
def down(session: Session, yes: bool) -> int:
    """Stop the daemon; refused while acts are in flight, unless --yes."""
    stopped = _stop(session, yes)
    if stopped is None:  # a killed daemon leaves its broker and agents running
        unit = systemd.find(session.places, os.environ)
        if unit is not None:
            unit.stop()  # systemd may be about to start it again; one that was asked to end is not started
        session.talk.note("no daemon was running")
        return ExitCode(subprocess.run([*hydrad_command(), "down", "-o", session.out.form], check=False).returncode)

    def people(data: Any) -> None:
        if data.pid is not None:
            session.out.line(f"stopped hydrad, pid {data.pid}: {', '.join(data.stopped) or 'nothing beside it'}")

    return session.present(stopped, people)


@verb("restart", "up", NAMES, YES, REASON)
def restart(session: Session, names: tuple[str, ...], yes: bool, reason: str | None) -> int:
    """Stop the daemon and start it again; with names, services inside it."""
    if names:
        asked = session.client.request("service.restart", names=list(names), force=yes, reason=reason)
        return show(session, asked)
    stopped = _stop(session, yes)
    if stopped is not None and stopped.error is not None:
        return session.present(stopped, lambda data: None)
    return _start(session)


# --- starting -------------------------------------------------------------------------------------------


def _start(session: Session) -> ExitCode:
    unit = systemd.find(session.places, os.environ)
    return _start_process(session) if unit is None else _start_unit(session, unit)


def _start_unit(session: Session, unit: systemd.Unit) -> ExitCode:
    """systemctl comes back when the daemon has said READY; then as with a process of our own."""
    unit.start()
    until = time.monotonic() + (session.timeout_s or START_S)
    while (answer := _status(session)) is None or _not_ready(answer.data):
        if time.monotonic() >= until:
            break
        time.sleep(POLL_S)
    if answer is None:
        raise Failure("TIMED_OUT", f"{systemd.UNIT} was started but does not answer", unit.report)
    return _present(session, answer, started=True)


def _start_process(session: Session) -> ExitCode:
    log = _log_path(session)
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as sink, Path(os.devnull).open("rb") as nothing:
        child = subprocess.Popen(
            [*hydrad_command(), "run"],
            stdin=nothing,
            stdout=sink,
            stderr=sink,
            env={**os.environ, **_socket_env(session)},
            start_new_session=True,
        )
    return _await_ready(session, child, log, begin)


def _await_ready(session: Session, child: subprocess.Popen[bytes], log: Path, begin: int) -> ExitCode:
    """Until every terminal is READY, the daemon dies, or the time is over (a warning names who is not)."""
    until = time.monotonic() + (session.timeout_s or START_S)
    while True:
        died = child.poll() is not None
        answer = _status(session)
        if died and answer is None:
            raise _died(child.returncode, log, begin)
        if answer is not None and not _not_ready(answer.data):
            return _present(session, answer, started=not died)
        if time.monotonic() >= until:
            break
        time.sleep(POLL_S)
    if answer is None:
        raise Failure("TIMED_OUT", "hydrad runs but does not answer", f"its log: {log}", {"pid": child.pid})
    return _present(session, answer, started=True)


def _present(session: Session, answer: Answer, *, started: bool) -> ExitCode:
    data: StatusData = answer.data
    waiting = _not_ready(data)
    warnings = [f"terminal {name} is {link}" for name, link in waiting.items()]
    if not data.terminals:
        warnings.append("no terminal is enrolled")
    facts = {
        "started": started,
        "instance": answer.daemon.instance,
        "mode": answer.daemon.mode,
        "pid": data.pid,
        "home": data.home,
        "endpoint": data.endpoint,
        "authority": data.authority,
        "not_ready": list(waiting),
    }

    def people(_: Any) -> None:
        word = "started" if started else "already running:"
        session.out.line(
            f"{session.out.word(answer.daemon.mode.upper())}  {word} {answer.daemon.instance}, "
            f"pid {data.pid}, {data.authority}, "
            f"{len(data.terminals) - len(waiting)} of {len(data.terminals)} terminals READY"
        )

    return session.present(session.local(facts, warnings, answer.daemon), people)


def _not_ready(data: StatusData) -> dict[str, str]:
    return {row.name: row.link for row in data.terminals if row.link != "READY"}


def _status(session: Session) -> Answer | None:
    """The status, or None while nobody answers."""
    try:
        answer = session.client.query("status")
    except Failure as failure:
        if failure.code in _AWAY:
            return None
        raise
    if answer.error is not None:
        raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
    return answer


def _died(code: int, log: Path, begin: int) -> Failure:
    with log.open("rb") as source:
        source.seek(begin)
        lines = source.read().decode(errors="replace").splitlines()[-LOG_LINES:]
    finding = "\n  ".join(lines) or "it said nothing"
    return Failure(
        "FAILED",
        f"hydrad ended with {code}:\n  {finding}",
        f"its log: {log}",
        {"exit": code, "log": str(log)},
    )


def _log_path(session: Session) -> Path:
    """The log in the run directory, or in the state directory where that cannot be written."""
    for folder in (Path(session.places.run), Path(session.places.state)):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder / "hydrad.log"
    raise Failure("FORBIDDEN", f"neither {session.places.run} nor {session.places.state} can be written")


def _socket_env(session: Session) -> dict[str, str]:
    return {"HYDRA_SOCKET": session.places.socket} if session.places.source == "--socket" else {}


# --- stopping -------------------------------------------------------------------------------------------


def _stop(session: Session, force: bool) -> Answer | None:
    """The daemon's answer, after its process has ended; None when there was none. A refusal is in the
    answer."""
    status = _status(session)
    if status is None:
        return None
    pid = status.data.pid
    try:
        answer = session.client.request("down", force=force)
    except Failure as failure:
        if failure.code != "UNKNOWN_OUTCOME":
            raise
        answer = session.local({"pid": pid, "stopped": []}, daemon=status.daemon)
    if answer.error is None:
        session.client.close()
        _await_end(pid, session.timeout_s or STOP_S)
    return answer


def _await_end(pid: int, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while _alive(pid):
        if time.monotonic() >= until:
            raise Failure("TIMED_OUT", f"hydrad, pid {pid}, is still stopping after {timeout_s:g} s")
        time.sleep(POLL_S / 2)


def _alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[:1] != ["Z"]
