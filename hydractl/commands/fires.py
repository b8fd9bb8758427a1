"""Acts: the list of fires, one act in full, and a commander's verdict on an unknown one."""

from __future__ import annotations

from hydractl.commands.fire import KEY
from hydractl.commands.verdicts import show_act, show_checks, show_order
from hydractl.diagnostics import Failure
from hydractl.output import Column, age
from hydractl.session import Session, an_id
from hydractl.verbs import YES, argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers.acts import ActShow

ACTS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("KIND", "kind"),
    Column("ACCOUNT", "account"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("VOLUME", "volume", right=True),
    Column("PRICE", "price", right=True),
    Column("TICKET", "ticket", right=True),
    Column("MISSION", "mission"),
    Column("POSITION", "position", wide=True),
    Column("TERMINAL", "terminal", wide=True),
    Column("SLIPPAGE", "slippage_points", right=True, wide=True),
    Column("RETCODE", "retcode_name", wide=True),
    Column("BY", "by", wide=True),
    Column("REQUESTED", "requested_at", wide=True),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("VERDICT", "verdict"),
)


@verb(
    "fires",
    "fires",
    flag("--unknown", "Only those without a verdict."),
    option("--state", "Only in this state.", metavar="STATE"),
    flag("--all", "Closes, modifies and plan steps too.", name="all_acts"),
    option("--limit", "At most so many.", form=int, default=50, metavar="N"),
)
def fires(session: Session, unknown: bool, state: str | None, all_acts: bool, limit: int) -> int:
    """Fires, newest first."""
    state = state.upper() if state else None
    answer = session.client.query("fires", unknown=unknown, state=state, all_acts=all_acts, limit=limit)
    return session.rows(answer, ACTS, "no act is UNKNOWN" if unknown else "no fires")


@verb("fire show", "act", argument("act", "The act's id."))
@verb("fires show", "act", argument("act", "The act's id."))
def fire_show(session: Session, act: str) -> int:
    """One act: its order, its checks, its verdict."""
    answer = session.client.query("fire.show", act=an_id(act, IdKind.FIRE, IdKind.ACT))

    def people(data: ActShow) -> None:
        session.heading(answer)
        show_act(session, data.act)
        if data.order is not None:
            show_order(session, data.order, data.risk_money, data.currency, data.act.kind)
        show_checks(session, data.checks, every=True)

    return session.present(answer, people)


@verb(
    "resolve",
    "fire",
    argument("act", "The UNKNOWN act."),
    option("--as", "What happened.", name="verdict", required=True, choices=("filled", "not-executed")),
    option("--ticket", "The broker's ticket, with --as filled.", form=int, metavar="N"),
    option("--reason", "How you know; kept in the journal.", required=True, metavar="TEXT"),
    YES,
    KEY,
)
def resolve(
    session: Session, act: str, verdict: str, ticket: int | None, reason: str, yes: bool, key: str | None
) -> int:
    """A commander's verdict on an UNKNOWN act, with a reason."""
    if (verdict == "filled") != (ticket is not None):
        raise Failure("USAGE", "--as filled needs --ticket, and --as not-executed takes none")
    act = an_id(act, IdKind.FIRE, IdKind.ACT)
    session.require(yes, "resolve")
    if key is not None:
        session.client.key = key
    if not yes:
        _confirm(session, act, verdict)
    answer = session.client.request("resolve", act=act, verdict=verdict, reason=reason, ticket=ticket)

    def people(data: Any) -> None:
        session.heading(answer)
        show_act(session, data.act if data.act is not None else data)

    return session.present(answer, people)


def _confirm(session: Session, act: str, verdict: str) -> None:
    shown = session.client.query("fire.show", act=act)
    if shown.error is not None:
        raise Failure(shown.error.code, shown.error.message, shown.error.hint, shown.error.facts)
    row = shown.data.act
    what = f"{' '.join(filter(None, (row.side, row.volume, row.symbol)))} on {row.account}, {row.state}"
    session.confirm(f"resolve {act} ({what}) as {verdict}?", session.label(shown, row.account))
