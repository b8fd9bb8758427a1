"""What ends positions wholesale, and what makes a stranger's position ours: flatten, adopt."""

from __future__ import annotations

import sys

from hydractl import diagnostics
from hydractl.commands import reducing
from hydractl.commands.fire import KEY, REASON, WAIT, wait_s
from hydractl.commands.positions import shown
from hydractl.commands.reducing import DRY_RUN
from hydractl.commands.verdicts import exit_of_answer, show_fire
from hydractl.diagnostics import ExitCode, Failure
from hydractl.session import Session, answered
from hydractl.verbs import YES, argument, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.positions import PositionRow


@verb(
    "flatten",
    "fire",
    option("--symbol", "Only this symbol.", metavar="S"),
    option("--account", "Only this account.", metavar="NAME"),
    flag("--foreign", "Also what is not ours on --account; its name has to be typed."),
    option("--yes-foreign", "The account's name, where nobody can be asked for it.", metavar="NAME"),
    DRY_RUN,
    YES,
    WAIT,
    REASON,
    KEY,
)
def flatten(
    session: Session,
    symbol: str | None,
    account: str | None,
    foreign: bool,
    yes_foreign: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    reason: str | None,
    key: str | None,
) -> int:
    """Close everything of ours that is open, whatever the authority; one line a position."""
    foreign = foreign or yes_foreign is not None
    if foreign and account is None:
        raise Failure("USAGE", "--foreign needs --account: strangers' positions are closed on one account at a time")
    if yes_foreign is not None and yes_foreign != account:
        raise Failure("USAGE", f"--yes-foreign {yes_foreign} is not the account {account}; nothing was sent")
    fields: dict[str, Any] = {
        "account": account,
        "symbol": symbol,
        "foreign": account if foreign else None,
        "reason": reason,
    }
    if dry_run:
        return reducing.show(session, reducing.look(session, "flatten", fields), every=True)
    unasked = yes and (not foreign or yes_foreign is not None)
    session.require(unasked, "flatten")
    if key is not None:
        session.client.key = key
    if not unasked:
        preview = reducing.look(session, "flatten", fields)
        if not reducing.may_go(preview):
            return reducing.show(session, preview)
        asked = reducing.proposed(session, preview, reducing.flattening)
        if foreign and yes_foreign is None:
            fields["foreign"] = _typed(account)
        elif not yes:
            session.confirm(*asked)
    return reducing.send(session, "flatten", fields, wait)


def _typed(account: str | None) -> str:
    diagnostics.write(f"positions that are NOT OURS would be closed; type the account's name ({account}): ", end="")
    said = sys.stdin.readline().strip()
    if said != account:
        raise Failure("FAILED", f"'{said}' is not {account}; nothing was sent")
    return said


@verb(
    "adopt",
    "fire",
    argument("ticket", "The position's ticket at the broker."),
    option("--account", "The account it is on.", required=True, metavar="NAME"),
    option("--stop", "The stop's price; compulsory.", required=True, metavar="P"),
    YES,
    WAIT,
    REASON,
    KEY,
)
def adopt(
    session: Session,
    ticket: str,
    account: str,
    stop: str,
    yes: bool,
    wait: bool,
    reason: str | None,
    key: str | None,
) -> int:
    """Take a FOREIGN position as ours: sets its stop, and follows it to its close."""
    number = a_ticket(ticket)
    session.require(yes, "adopt")
    if key is not None:
        session.client.key = key
    if not yes:
        listed, rows = with_ticket(session, number, account)
        answered(listed)
        shown(session, rows, "no such position is open")
        session.confirm(adopting(number, account, stop), session.label(listed, account))
    fields: dict[str, Any] = {"ticket": number, "account": account, "stop": stop}
    answer = session.client.request("adopt", **fields, wait_s=wait_s(session, wait), reason=reason)
    return _show(session, answer)


def a_ticket(text: str) -> int:
    """A broker's ticket; what is none is a usage error."""
    if not (text.isascii() and text.isdigit()):
        raise Failure("USAGE", f"'{text}' is no ticket: a whole number is expected")
    return int(text)


def with_ticket(session: Session, ticket: int, account: str) -> tuple[Answer, list[PositionRow]]:
    """The open positions of an account that have this ticket: one, or none."""
    listed: Answer = session.client.query("positions", account=account)
    return listed, [row for row in listed.data or () if row.ticket == ticket]


def adopting(ticket: int, account: str, stop: str) -> str:
    """What a yes to an adopt means."""
    return f"take {ticket} on {account} as ours, stop {stop}?"


def _show(session: Session, answer: Answer) -> ExitCode:
    def people(data: Any) -> None:
        session.heading(answer)
        if not data.acts:
            session.out.line(data.would)
        show_fire(session, data)

    decided = answer.data is not None and bool(answer.data.acts)
    code = exit_of_answer(answer.data) if decided else ExitCode.DONE
    return session.present(answer, people, exit_code=code)
