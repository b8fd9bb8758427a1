"""The second person's word: on a fire that waits for one, or on a change."""

from __future__ import annotations

from hydractl.commands.changes import CHANGES, show_one
from hydractl.commands.fire import KEY, WAIT, wait_s
from hydractl.commands.verdicts import exit_of_answer, show_act, show_checks, show_fire, show_order
from hydractl.diagnostics import ExitCode, Failure
from hydractl.session import Session, an_id
from hydractl.verbs import YES, argument, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@verb("approve", "fire", argument("id", "The fire that waits, or the change."), YES, WAIT, KEY)
def approve(session: Session, id: str, yes: bool, wait: bool, key: str | None) -> int:
    """Be the second person: for a fire that waits (an approver), or a change (a commander)."""
    id = an_id(id, IdKind.FIRE, IdKind.CHANGE)
    session.require(yes, "approve")
    if key is not None:
        session.client.key = key
    if id.startswith(IdKind.CHANGE.value):
        return _change(session, id, yes)
    if not yes:
        session.confirm(*proposed(session, id))
    answer = session.client.request("approve", id=id, wait_s=wait_s(session, wait))

    def people(data: Any) -> None:
        session.heading(answer)
        show_fire(session, data)

    decided = answer.data is not None and answer.data.acts
    return session.present(answer, people, exit_code=exit_of_answer(answer.data) if decided else ExitCode.DONE)


def proposed(session: Session, id: str) -> tuple[str, str]:
    """Shows the exact order, as it will be sent, and every check as it was when the fire was asked for; answers the
    question, and the label of the account."""
    shown = session.client.query("fire.show", act=id)
    if shown.error is not None:
        raise Failure(shown.error.code, shown.error.message, shown.error.hint, shown.error.facts)
    data = shown.data
    show_act(session, data.act)
    if data.order is not None:
        show_order(session, data.order, data.risk_money, data.currency, data.act.kind)
    show_checks(session, data.checks, every=session.out.form == "wide")
    if not session.machine:
        session.out.flush()
    row = data.act
    what = f"{row.side} {row.volume} {row.symbol} on {row.account}, fired by {row.by}"
    return f"approve {id} ({what})?", session.label(shown, row.account)


def _change(session: Session, id: str, yes: bool) -> int:
    if not yes:
        answer = session.client.query("changes")
        found = [row for row in answer.data or () if row.id == id]
        session.out.table(CHANGES, found, empty="no such change waits")
        session.out.flush()
        session.confirm(f"approve {id}?", session.label(answer, None))
    return show_one(session, session.client.request("approve", id=id), "APPROVED")
