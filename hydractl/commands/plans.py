"""Plans: the named ones, a position's with what each step has done, and another in its place."""

from __future__ import annotations

from hydractl.commands.fire import KEY, REASON, WAIT
from hydractl.commands.positions import act_on
from hydractl.commands.verdicts import step_line
from hydractl.output import Column
from hydractl.session import Session, an_id
from hydractl.verbs import YES, argument, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers.positions import PlanData

NAMED = (Column("NAME", "name"), Column("PLAN", "text", show=lambda row: row.text or "nothing"))


@verb("plans", "plans")
def plans(session: Session) -> int:
    """The named plans, as `fire --plan` and `plan set` take them."""
    return session.rows(session.client.query("plans"), NAMED, "no plans")


@verb("plan show", "plan", argument("id", "A position, or its fire."))
def plan_show(session: Session, id: str) -> int:
    """What happens to a position by itself, and what has happened."""
    answer = session.client.query("plan.show", id=an_id(id, IdKind.POSITION, IdKind.FIRE))

    def people(data: Any) -> None:
        session.heading(answer)
        _show(session, data)

    return session.present(answer, people)


@verb(
    "plan set",
    "fire",
    argument("id", "A position, its fire, or all of a mission."),
    argument("plan", "The plan's name; see `hydractl plans`."),
    YES,
    WAIT,
    REASON,
    KEY,
)
def plan_set(session: Session, id: str, plan: str, yes: bool, wait: bool, reason: str | None, key: str | None) -> int:
    """Put another plan in place of a position's; what is done stays done."""
    return act_on(session, "plan.set", id, yes, wait, key, f"set plan '{plan}' for", plan=plan, reason=reason)


def _show(session: Session, data: PlanData) -> None:
    out = session.out
    state = "open" if data.open else "closed"
    set_by = f", set by {data.set_by}" if data.set_by else ""
    out.line(f"{out.paint(data.position, 'id')}  {data.account}  {data.side} {data.volume} {data.symbol}  {state}")
    out.line(f"prices  open {data.open_price}  first stop {data.first_stop or 'NONE'}  stop {data.stop or 'NONE'}")
    if data.open:
        out.line(f"now     {data.price or 'no quote'}  {f'{data.r_now} R' if data.r_now else 'R not known'}")
    out.line(f"plan    {data.plan}{set_by}" + ("" if data.steps else ": nothing happens by itself"))
    if data.pending:
        out.line(f"pending {out.paint(data.pending, 'warn')}: maybe in force already")
    for step in data.steps:
        out.line(f"  {step_line(out, step)}")
