"""Standing alarms."""

from __future__ import annotations

from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import verb

ALARMS = (
    Column("ID", "id"),
    Column("CODE", "code"),
    Column("SUBJECT", "subject"),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("SINCE", "since", wide=True),
    Column("TEXT", "text"),
)


@verb("alarms", "alarms")
def alarms(session: Session) -> int:
    """Alarms that stand."""
    return session.rows(session.client.query("alarms"), ALARMS, "no alarm stands")
