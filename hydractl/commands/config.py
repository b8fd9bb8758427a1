"""The running configuration."""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import flag, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers.daemon import ReloadData

CONFIG = (Column("KEY", "key"), Column("VALUE", "value"), Column("WAITS", "pending"))
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


@verb("reload", "reload")
def reload(session: Session) -> int:
    """Read the configuration again: whole or nothing.

    A tighter limit holds at once, a looser one after 24 hours; what needs a restart is named (exit 7) and not taken.
    """
    answer = session.client.request("reload")

    def people(data: ReloadData) -> None:
        session.heading(answer)
        out = session.out
        out.line(f"applied: {', '.join(data.applied) or 'nothing'}")
        for row in data.waiting:
            out.line(
                f"waits:   {row.key} is {row.value}, {row.wanted} from {out.instant(row.due)} (looser: {row.change})"
            )
        if data.restart:
            out.line(f"restart: {', '.join(data.restart)}")

    return session.present(answer, people)
