"""An account's month, from the broker's own deals."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers.accounts import StatementData

WAIT_S = 8.0
ROWS = (
    Column("AT", "at"),
    Column("TICKET", "ticket", right=True),
    Column("ORDER", "order", right=True, wide=True),
    Column("POSITION", "position", right=True, wide=True),
    Column("OWNER", "owner"),
    Column("TYPE", "type"),
    Column("ENTRY", "entry"),
    Column("SYMBOL", "symbol"),
    Column("VOLUME", "volume", right=True),
    Column("PRICE", "price", right=True),
    Column("PROFIT", "profit", right=True),
    Column("SWAP", "swap", right=True),
    Column("COMMISSION", "commission", right=True),
    Column("AMOUNT", "amount", right=True),
    Column("BALANCE", "balance", right=True),
    Column("COMMENT", "comment", wide=True),
)


@verb(
    "statement",
    "statement",
    argument("account", "The account."),
    option("--month", "Which month, by the broker's clock.", required=True, metavar="YYYY-MM"),
)
def statement(session: Session, account: str, month: str) -> int:
    """The broker's deals of a month with the running balance; 10 where they do not come to the broker's balance."""
    wait_s = min(session.timeout_s or WAIT_S, 60.0)
    session.client.timeout_s = wait_s + 5.0
    out = session.out
    answer = session.client.query("statement", account=account, month=month, wait_s=wait_s)
    data = answer.data
    if out.form == "tsv" and data is not None:
        # A table for a program: the rows alone; opening and closing are talk.
        session.talk.note(f"opening {data.opening}, closing {data.closing} {data.currency}")
        plain: Any = answer
        plain["data"] = data.rows

    def people(data: StatementData) -> None:
        session.heading(answer)
        offset = f"{data.broker_offset_s:+z.0f} s" if data.broker_offset_s is not None else "not known, taken as UTC"
        out.line(f"{data.account} {data.kind.upper()} {data.month}, by the broker's clock (offset {offset})")
        out.line(f"opening {data.opening} {data.currency}")
        out.table(ROWS, data.rows, empty="no deal in this month")
        out.line(
            f"profit {data.total_profit}, swap {data.total_swap}, commission {data.total_commission}, "
            f"cash {data.total_cash}"
        )
        out.line(f"closing {data.closing} {data.currency}")
        word = out.paint("agrees", "good") if data.agrees else out.paint(f"DIFFERS by {data.difference}", "bad")
        out.line(f"all deals until now {data.deals_balance}, the broker's balance {data.broker_balance}: {word}")

    return session.present(answer, people, ROWS)
