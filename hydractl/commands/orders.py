"""Resting orders: the list, and cancelling."""

from __future__ import annotations

from hydractl.commands import reducing
from hydractl.commands.fire import KEY, REASON, WAIT
from hydractl.commands.reducing import DRY_RUN
from hydractl.diagnostics import Failure
from hydractl.output import Column, age
from hydractl.session import Session, an_id
from hydractl.verbs import YES, argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    DRY_RUN,
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
    dry_run: bool,
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
    fields = {"id": id, "all_orders": all_orders, "account": account, "reason": reason}
    ask = reducing.cancelling(id)
    return reducing.carried_out(session, "cancel", fields, ask, dry_run=dry_run, yes=yes, wait=wait, key=key)
