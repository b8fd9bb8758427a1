"""Accounts: the list."""

from __future__ import annotations

from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import verb

ACCOUNTS = (
    Column("NAME", "name"),
    Column("KIND", "kind", show=lambda row: row.kind.upper()),
    Column("AUTHORITY", "authority"),
    Column("CUR", "currency"),
    Column("BALANCE", "balance", right=True),
    Column("EQUITY", "equity", right=True),
    Column("DAY P&L", "day_pnl", right=True),
    Column("DAY LIMIT", "day_limit", right=True),
    Column("OPEN RISK", "open_risk", right=True),
    Column("RISK LIMIT", "open_risk_limit", right=True, wide=True),
    Column("MARGIN %", "margin_level", right=True, wide=True),
    Column("POSITIONS", "positions", right=True),
    Column("LOGIN", "login", right=True, wide=True),
    Column("SERVER", "server", wide=True),
    Column("HEDGING", "hedging", wide=True, show=lambda row: "hedging" if row.hedging else "netting"),
    Column("AS OF", "as_of_age_s", right=True, show=lambda row: age(row.as_of_age_s)),
)


@verb("accounts", "accounts")
def accounts(session: Session) -> int:
    """Accounts, with the age of what is known about them."""
    return session.rows(session.client.query("accounts"), ACCOUNTS, "no account is enrolled")
