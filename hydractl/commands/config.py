"""The running configuration."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import flag, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONFIG = (Column("KEY", "key"), Column("VALUE", "value"))
SOURCES = (
    *CONFIG,
    Column("SOURCE", "source"),
    Column("CHANGE NEEDS", "restart", show=lambda row: "a restart" if row.restart else "a reload"),
)


@verb(
    "config show",
    "config",
    flag("--source", "Where each value came from, and whether a change needs a restart."),
)
def config_show(session: Session, source: bool) -> int:
    """The configuration that the daemon runs with."""
    columns: Any = SOURCES if source or session.out.form == "wide" else CONFIG
    return session.rows(session.client.query("config.show"), columns, "no value is set")
