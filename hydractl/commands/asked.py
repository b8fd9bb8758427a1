"""What became of a request whose answer did not come: looked up by its idempotency key, and nothing is sent."""

from __future__ import annotations

from hydractl.commands import realised
from hydractl.commands.verdicts import exit_of, show_act
from hydractl.diagnostics import ExitCode, exit_code_of
from hydractl.session import Session
from hydractl.verbs import argument, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.acts import AskedData

PENDING = "it came; an answer to it is not kept (yet): look at what it should have changed"


@verb("asked", "asked", argument("key", "The request's idempotency key, as it was told."))
def asked(session: Session, key: str) -> int:
    """What became of a request, by its key. Sends nothing; exits as the request would, 5 where nothing was done."""
    return show(session, session.client.query("asked", key=key))


def show(session: Session, answer: Answer) -> ExitCode:
    """What became of it; the exit code is its own."""

    def people(data: AskedData) -> None:
        session.heading(answer)
        for act in data.acts:
            show_act(session, act, of_several=len(data.acts) > 1)
        for brought in realised.sums(data.acts) if len(data.acts) > 1 else ():
            session.out.line(f"realised {brought}")
        if not data.acts:
            session.out.line(_answered(data))

    return session.present(answer, people, exit_code=_exit_of(answer.data) if answer.data else ExitCode.DONE)


def _answered(data: AskedData) -> str:
    """What is known of a request that makes no acts."""
    if data.problem is not None:
        return f"it came, and was answered {data.problem.code}: {data.problem.message}"
    return "it came, and was carried out" if data.answered else PENDING


def _exit_of(data: AskedData) -> ExitCode:
    if data.acts:
        return exit_of(data.acts)
    if data.problem is not None:
        return exit_code_of(data.problem.code)
    return ExitCode.DONE if data.answered else ExitCode.UNKNOWN_OUTCOME
