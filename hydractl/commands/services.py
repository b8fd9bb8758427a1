"""Services inside the daemon: start, stop. (`restart SERVICE` stands beside the daemon's own `restart`.)"""

from __future__ import annotations

from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import YES, argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers import Answer

SERVICES = (
    Column("SERVICE", "name"),
    Column("STATE", "state"),
    Column("RESTARTS", "restarts", right=True),
    Column("SINCE", "since"),
    Column("DETAIL", "detail"),
)
NAMES = argument("names", "bridge, apex, toc, bot, hud or scheduler.", many=True)
REASON = option("--reason", "Why, for the journal.", metavar="TEXT")


@verb("start", "services", NAMES, REASON)
def start(session: Session, names: tuple[str, ...], reason: str | None) -> int:
    """Start services inside the daemon."""
    return show(session, session.client.request("service.start", names=list(names), reason=reason))


@verb("stop", "services", NAMES, YES, REASON)
def stop(session: Session, names: tuple[str, ...], yes: bool, reason: str | None) -> int:
    """Stop services inside the daemon; toc while ACTIVE, and bridge while acts are in flight, need --yes.

    A stop of toc, apex, bot or hud outlives a restart of the daemon; one of bridge or scheduler does not.
    """
    return show(session, session.client.request("service.stop", names=list(names), force=yes, reason=reason))


def show(session: Session, answer: Answer) -> int:
    """The services that were named, as they are now."""

    def people(_: object) -> None:
        session.heading(answer)
        session.out.table(SERVICES, answer.data.services, empty="no service was named")

    return session.present(answer, people)
