"""Authority: the halt and its end. `halt` never asks, and works without a daemon."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from hydractl.commands.fire import REASON
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column
from hydractl.session import Session, now_text
from hydractl.verbs import YES, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.authority import HaltData
    from hydrad.wire.answers.journal import Event

HALTED = (
    Column("TERMINAL", "terminal"),
    Column("ACCOUNT", "account"),
    Column("VERIFIED", "verified", show=lambda row: "verified" if row.verified else "NOT VERIFIED"),
    Column("DETAIL", "detail"),
)
RESTING = (
    Column("ORDER", "id"),
    Column("FIRE", "fire"),
    Column("ACCOUNT", "account"),
    Column("SYMBOL", "symbol"),
    Column("VERDICT", "verdict", show=lambda row: row.verdict if row.verdict == "verified" else row.verdict.upper()),
    Column("DETAIL", "detail"),
)
_ACCOUNT = option("--account", "Only this account.", metavar="NAME")
# Without an answer in any of these ways the file is the only latch left.
_NO_ANSWER = ("UNREACHABLE", "UNKNOWN_OUTCOME", "TIMED_OUT", "PROTOCOL", "FORBIDDEN")
LATCH, LATCHES_MAX, ACTIVE = "AUTHORITY_SET", 20, "ACTIVE"  # the journal's records of it, and how many are looked at
HALT_WAIT_S = 2.0
FILE_AFTER_S = HALT_WAIT_S + 1.5  # a daemon that is well has answered by then, verified or not


@verb(
    "halt",
    "halt",
    flag("--reduce", "REDUCING instead: whatever reduces still passes."),
    _ACCOUNT,
    flag("--drill", "On purpose: measured, and taken back at once. Refused while it would cost something."),
    REASON,
)
def halt(session: Session, reduce: bool, account: str | None, drill: bool, reason: str | None) -> int:
    """Stop everything that opens, now; answers what has been verified. Never asks."""
    if drill and reduce:
        raise Failure("USAGE", "--drill closes the latch as a halt does: without --reduce")
    whole = not (account or reduce or drill)
    try:
        with _file_when_late(session, reason) if whole else nullcontext():
            answer = session.client.request(
                "halt", account=account, reduce=reduce, reason=reason, wait_s=HALT_WAIT_S, drill=drill
            )
    except Failure as failure:
        if failure.code not in _NO_ANSWER or drill:
            raise
        raise _by_file(session, failure, reason) from None
    if answer.error is not None and answer.error.code == "FAILED" and answer.data is None and not drill:
        raise _by_file(session, Failure("FAILED", answer.error.message), reason)  # it has no room for us: see control
    return _show(session, answer)


@verb(
    "resume",
    "halt",
    _ACCOUNT,
    flag("--local", "Also what was halted at a terminal's own host: by a person there, by its equity floor."),
    REASON,
    YES,
)
def resume(session: Session, account: str | None, local: bool, reason: str | None, yes: bool) -> int:
    """End a halt; needs a commander."""
    session.require(yes, "resume")
    if not yes:
        session.confirm(*proposed(session, account, local))
    answer = session.client.request("resume", account=account, reason=reason, wait_s=HALT_WAIT_S, local=local)
    code = _show(session, answer)
    if answer.data is not None and account is None:
        with suppress(Failure):  # it is resumed whether or not anybody can say what is not
            _stay_halted(session)
    return code


def proposed(session: Session, account: str | None, local: bool) -> tuple[str, str]:
    """The question that a resume is asked, and the label of what it may touch."""
    accounts = session.client.query("accounts")
    _latched_by(session, account)
    if account is None:
        _stay_halted(session)
    whose = f"account {account}" if account else "everything"
    also = ", and what was halted at its host," if local else ""
    return f"resume {whose}{also}: fires may open again?", session.label(accounts, account)


def _latched_by(session: Session, account: str | None) -> None:
    """Says of each latch that a resume is about who closed it, when and why, as the journal has it."""
    status = None if session.machine else session.client.query("status").data
    if status is None:
        return
    row = next((row for row in status.accounts if row.name == account), None)
    if (row.authority if row is not None else status.authority) == "ACTIVE":
        return
    try:
        told = list(session.client.events(False, lambda _: None, kind=LATCH, last=LATCHES_MAX))
    except Failure as failure:
        session.out.line(f"who halted could not be read: {failure.message}")
        session.out.flush()
        return
    latches = [event for event in (_standing(told, scope) for scope in dict.fromkeys(("", account or ""))) if event]
    for event in latches:
        why = "" if event.facts.get("reason") else "; no reason was given"
        by = f"by {event.actor} on {event.surface}, {session.out.instant(event.at)}"
        session.out.line(f"{session.out.paint(event.text, 'bad')}{why}; {by}")
    if not latches:
        session.out.line(f"who halted is not among the last {LATCHES_MAX} of them: hydractl tail --kind {LATCH}")
    session.out.flush()


def _standing(told: Sequence[Event], account: str) -> Event | None:
    """The record that closed a latch that stands yet: of one account, or "" of everything. None: it is open, or was
    closed before all of these."""
    newest = next((event for event in reversed(told) if event.facts.get("account") == account), None)
    return newest if newest is not None and newest.facts.get("level") != ACTIVE else None


def _stay_halted(session: Session) -> None:
    """Says of each account with a latch of its own that resuming everything does not open it."""
    status = None if session.machine else session.client.query("status").data
    if status is None or status.authority != "ACTIVE":
        return
    for row in status.accounts:
        if row.authority != "ACTIVE":
            words = f"{row.name} stays {row.authority} by a latch of its own: resume --account {row.name}"
            session.out.line(session.out.paint(words, "bad"))
    session.out.flush()


def _show(session: Session, answer: Answer) -> ExitCode:
    """Everything verified is 0; a terminal that has not confirmed, or an order that is not gone, makes it PARTLY."""

    def people(data: HaltData) -> None:
        out = session.out
        session.heading(answer)
        whose = f" account {data.account}" if data.account else ""
        since = "since" if data.authority == "ACTIVE" else "latched"
        out.line(f"{out.word(data.authority)}{whose}  {since} {out.instant(data.latched_at)}")
        if data.drill:
            out.line("this was a drill: what it closed is as it was before")
        out.table(HALTED, data.terminals, empty="no terminal is enrolled")
        for text, ids in (
            ("left before the latch", data.on_the_wire),
            ("withheld by the latch", data.withheld),
        ):
            if ids:
                out.line(f"{text}: {', '.join(ids)}")
        if data.resting:
            out.table(RESTING, data.resting, empty="")
        stops = "; their stops stand at the broker" if data.positions_open else ""
        are = "position is" if data.positions_open == 1 else "positions are"
        out.line(f"{data.positions_open} {are} open{stops}")

    verified = answer.data is None or (
        all(row.verified for row in answer.data.terminals)
        and all(row.verdict == "verified" for row in answer.data.resting)
    )
    return session.present(answer, people, exit_code=ExitCode.DONE if verified else ExitCode.PARTLY)


@contextmanager
def _file_when_late(session: Session, reason: str | None) -> Iterator[None]:
    """While the answer is waited for: writes the HALT file, once it is late, and says so. A daemon that is started
    anew meanwhile opens nothing, and a person knows to see to the terminals themselves. Waiting goes on."""
    from threading import Timer

    def late() -> None:
        path = session.places.halt_file
        try:
            lacking = _write(path, _file_text(reason))
        except OSError as error:
            session.talk.note(f"no answer yet, and {path} cannot be written: {error.strerror}")
        else:
            session.talk.note(f"no answer yet: wrote {path}{lacking}, which `resume` removes; waiting for the daemon")

    timer = Timer(FILE_AFTER_S, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _by_file(session: Session, failure: Failure, reason: str | None) -> Failure:
    """Writes the HALT file. What it stops is not verified, so this is a failure with exit code 12."""
    path = session.places.halt_file
    try:
        lacking = _write(path, _file_text(reason))
    except OSError as error:
        return Failure(
            "FAILED",
            f"NOT HALTED: {failure.message}, and {path} cannot be written: {error.strerror}",
            "stop the terminals themselves: hydra-terminal local halt, or trading off in MetaTrader",
            {"halt_file": path},
        )
    return Failure(
        "UNKNOWN_OUTCOME",
        f"{failure.message}; wrote {path}{lacking}: a daemon that starts opens nothing until `resume`",
        "nothing was verified at the terminals: hydra-terminal local halt on their hosts stops those",
        {"halt_file": path},
    )


def _file_text(reason: str | None) -> str:
    return f'actor = "{_whoami()}"\nat = "{now_text()}"\nreason = {_quoted(reason or "")}\n'


def _write(path: str, text: str) -> str:
    """Durable, and never over an older halt. That the file stands is what halts: what it lacks of text or durability
    (a full disk) is given back in words. Raises OSError when there is no file at all."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660)
    except FileExistsError:
        return ""
    lacking = ""
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    except OSError as error:
        lacking = f" without its reason ({error.strerror})"
    finally:
        os.close(handle)
    directory = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120
    try:
        os.fsync(directory)
    except OSError as error:
        lacking += f", which a power cut may undo ({error.strerror})"
    finally:
        os.close(directory)
    return lacking


def _whoami() -> str:
    uid = os.getuid()
    try:
        return f"uid:{uid} {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"uid:{uid}"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    import json

    return json.dumps(text)
