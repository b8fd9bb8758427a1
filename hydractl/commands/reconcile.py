"""Journal and broker, compared now."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.comparing import ReconcileData

WAIT_S = 8.0
TERMINALS = (
    Column("TERMINAL", "terminal"),
    Column("ACCOUNT", "account"),
    Column("ANSWERED", "answered", show=lambda row: "yes" if row.answered else "NO"),
    Column("POSITIONS", "positions", right=True),
    Column("DEALS", "deals", right=True),
    Column("DETAIL", "detail"),
)
DIFFERENCES = (
    Column("ACCOUNT", "account"),
    Column("TERMINAL", "terminal"),
    Column("WHAT", "kind"),
    Column("SUBJECT", "subject"),
    Column("JOURNAL", "journal"),
    Column("BROKER", "broker"),
    Column("SETTLED", "settled", show=lambda row: "booked now" if row.settled else "DIFFERS"),
)


@verb("reconcile", "reconcile", option("--account", "Only this account.", metavar="NAME"))
def reconcile(session: Session, account: str | None) -> int:
    """Have the terminals read their books again now and compare; 10 where they differ, 7 where one is silent."""
    wait_s = min(session.timeout_s or WAIT_S, 60.0)
    session.client.timeout_s = wait_s + 5.0
    answer = session.client.query("reconcile", account=account, wait_s=wait_s)

    def people(data: ReconcileData) -> None:
        out = session.out
        session.heading(answer)
        out.table(TERMINALS, data.terminals, empty="no terminal is enrolled")
        out.line()
        silent = any(not row.answered for row in data.terminals)
        agree = "no differences where a terminal answered" if silent else "journal and broker agree"
        out.table(DIFFERENCES, data.differences, empty=agree)
        if data.in_flight:
            out.line(f"without a verdict meanwhile: {', '.join(data.in_flight)}")

    return session.present(answer, people)
