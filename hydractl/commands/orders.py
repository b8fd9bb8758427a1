"""Resting orders: the list, and cancelling."""

from __future__ import annotations

from hydractl.commands.fire import KEY, REASON, WAIT, wait_s
from hydractl.commands.verdicts import acts_of, exit_of_answer, show_fire
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column, age
from hydractl.session import Session, an_id, answered
from hydractl.verbs import YES, argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers.acts import FireAnswer
    from hydrad.wire.answers.positions import OrderRow

_AT_BROKER = {True: "yes", False: "MISSING", None: "not known"}


def _as_of(row: OrderRow) -> str:
    return age(row.as_of_age_s) if row.reachable else f"{age(row.as_of_age_s)}, NOT REACHABLE"


ORDERS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("OURS", "foreign", show=lambda row: "FOREIGN" if row.foreign else "ours"),
    Column("ACCOUNT", "account"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("TYPE", "type"),
    Column("VOLUME", "volume", right=True),
    Column("PRICE", "price", right=True),
    Column("STOP", "stop", right=True, show=lambda row: row.stop or "NONE"),
    Column("TARGET", "target", right=True),
    Column("EXPIRES", "expires_at"),
    Column("FIRE", "fire"),
    Column("CANCEL", "cancel"),
    Column("AT BROKER", "at_broker", show=lambda row: _AT_BROKER[row.at_broker]),
    Column("MISSION", "mission", wide=True),
    Column("BY", "by", wide=True),
    Column("TERMINAL", "terminal", wide=True),
    Column("TICKET", "ticket", right=True, wide=True),
    Column("AS OF", "as_of_age_s", right=True, show=_as_of),
)


@verb(
    "orders",
    "orders",
    option("--account", "Only of this account.", metavar="NAME"),
    option("--limit", "At most so many.", form=int, default=200, metavar="N"),
)
def orders(session: Session, account: str | None, limit: int) -> int:
    """Orders that rest at the broker; FOREIGN ones are not ours and are never touched."""
    answer = session.client.query("orders", account=account, limit=limit)
    return session.rows(answer, ORDERS, "no order rests")


@verb(
    "cancel",
    "fire",
    argument("id", "An order, its fire, or a fire that waits for a second person.", required=False),
    flag("--all", "All of ours that rest.", name="all_orders"),
    option("--account", "With --all: only of this account.", metavar="NAME"),
    YES,
    WAIT,
    REASON,
    KEY,
)
def cancel(
    session: Session,
    id: str | None,
    all_orders: bool,
    account: str | None,
    yes: bool,
    wait: bool,
    reason: str | None,
    key: str | None,
) -> int:
    """Cancel a resting order, or all of ours, whatever the authority."""
    if (id is None) is not all_orders:
        raise Failure("USAGE", "name one order or fire, or --all")
    if account is not None and not all_orders:
        raise Failure("USAGE", "--account goes with --all")
    if id is not None:
        id = an_id(id, IdKind.ORDER, IdKind.FIRE)
    session.require(yes, "cancel")
    if key is not None:
        session.client.key = key
    if not yes:
        session.confirm(*proposed(session, id, account))
    answer = session.client.request(
        "cancel", id=id, all_orders=all_orders, account=account, wait_s=wait_s(session, wait), reason=reason
    )

    def people(data: Any) -> None:
        session.heading(answer)
        if not data.acts:
            session.out.line(data.would)
        show_fire(session, data)

    decided = answer.data is not None and answer.data.acts and answer.error is None
    return session.present(answer, people, exit_code=_exit(answer.data) if decided else ExitCode.DONE)


def _exit(data: FireAnswer) -> ExitCode:
    """A fire that is answered itself, and not by an act that cancels, waited for a second person, and waits no more."""
    taken_back = all(row.kind == "FIRE" and row.state == "DENIED" for row in acts_of(data))
    return ExitCode.DONE if taken_back else exit_of_answer(data)


def proposed(session: Session, id: str | None, account: str | None) -> tuple[str, str]:
    """Shows the orders that are meant; answers the question, and the label of what it may touch."""
    listed = answered(session.client.query("orders", account=account))
    rows = [row for row in listed.data if not row.foreign and id in (None, row.id, row.fire)]
    if id is not None and not rows:
        return _proposed_fire(session, id)
    if not session.machine:
        session.out.table(ORDERS, rows, empty="no such order rests")
        session.out.flush()
    accounts = {row.account for row in rows}
    label = session.label(listed, accounts.pop() if len(accounts) == 1 else account)
    return f"cancel {id or 'all of these'}?", label


def _proposed_fire(session: Session, id: str) -> tuple[str, str]:
    """What has no order may be a fire that waits for a second person."""
    shown = answered(session.client.query("fire.show", act=id))
    row = shown.data.act
    return f"cancel {id}, {row.verdict}?", session.label(shown, row.account)
