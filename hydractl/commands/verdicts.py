"""What acts look like and which exit code their states have. Owns the table of states; shared by the nouns
that show acts."""

from __future__ import annotations

from hydractl.commands import realised
from hydractl.diagnostics import ExitCode
from hydractl.output import Column, age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydractl.output import Output
    from hydractl.session import Session
    from hydrad.wire.answers.acts import ActRow, CheckRow, FireAnswer, OrderView, TargetRow
    from hydrad.wire.answers.positions import PlanRow

# A state that is not here has no verdict that we know: UNKNOWN_OUTCOME. Without a broker's verdict there is
# no 0.
EXIT_OF_STATE = {
    "FILLED": ExitCode.DONE,
    "CLOSING": ExitCode.DONE,
    "CLOSED": ExitCode.DONE,
    "DONE": ExitCode.DONE,
    "WORKING": ExitCode.DONE,
    "DENIED": ExitCode.DENIED,
    "AWAITING_APPROVAL": ExitCode.PENDING,
    "REJECTED": ExitCode.REJECTED,
    "NOT_EXECUTED": ExitCode.NOT_EXECUTED,
    "EXPIRED": ExitCode.NOT_EXECUTED,
    "CANCELLED": ExitCode.NOT_EXECUTED,
    "REQUESTED": ExitCode.TIMED_OUT,
    "QUEUED": ExitCode.TIMED_OUT,
    "ROUTED": ExitCode.UNKNOWN_OUTCOME,
    "ACKED": ExitCode.UNKNOWN_OUTCOME,
    "UNKNOWN": ExitCode.UNKNOWN_OUTCOME,
    "QUARANTINED": ExitCode.UNKNOWN_OUTCOME,
}


LEVELS = ("MODIFY",)
APPROVAL = "APPROVAL"  # of the checks, the one whose failing lets a fire wait


def _money(amount: str | None, currency: str) -> str:
    return f"{amount} {currency}" if amount else "-"


CHECKS = (
    Column("CHECK", "code"),
    Column("OK", "ok", show=lambda row: "ok" if row.ok else "FAILED"),
    Column("MEASURED", "measured"),
    Column("LIMIT", "limit"),
)


TARGETS = (
    Column("ACCOUNT", "account"),
    Column("KIND", "kind", show=lambda row: row.kind.upper()),
    Column("X", "multiplier", right=True),
    Column("TERMINAL", "terminal"),
    Column("VOLUME", "volume", right=True),
    Column("RISK", "risk_money", right=True, show=lambda row: _money(row.risk_money, row.currency)),
    Column("BASIS", "basis", right=True),
    Column("VERDICT", "would"),
)


def exit_of(acts: Sequence[ActRow]) -> ExitCode:
    """One act: its state's code. Several: an unknown one wins, then some done and some not is PARTLY."""
    codes = {EXIT_OF_STATE.get(act.state, ExitCode.UNKNOWN_OUTCOME) for act in acts}
    if len(codes) <= 1:
        return codes.pop() if codes else ExitCode.DONE
    if ExitCode.UNKNOWN_OUTCOME in codes:
        return ExitCode.UNKNOWN_OUTCOME
    return ExitCode.PARTLY if ExitCode.DONE in codes else min(codes)


def exit_of_answer(answer: FireAnswer) -> ExitCode:
    """A dry run that would be denied is DENIED; else the acts decide."""
    if answer.dry_run and len(answer.targets) > 1:
        codes = {_exit_of_target(row) for row in answer.targets}
        return codes.pop() if len(codes) == 1 else ExitCode.PARTLY
    if answer.dry_run:
        if would_wait(answer):
            return ExitCode.PENDING
        return ExitCode.DENIED if would_be_denied(answer) else ExitCode.DONE
    return exit_of(acts_of(answer))


def would_wait(answer: FireAnswer) -> bool:
    """Whether a second person's word is all that a dry run lacks."""
    return {check.code for check in answer.checks if not check.ok} == {APPROVAL}


def _exit_of_target(row: TargetRow) -> ExitCode:
    if not row.codes:
        return ExitCode.DONE
    return ExitCode.PENDING if waits(row) else ExitCode.DENIED


def waits(row: TargetRow) -> bool:
    return tuple(row.codes) == (APPROVAL,)


def would_be_denied(answer: FireAnswer) -> bool:
    return "DENIED" in answer.would or any(not check.ok for check in answer.checks)


def acts_of(answer: FireAnswer) -> tuple[ActRow, ...]:
    """The acts of an answer, each once."""
    if answer.acts:
        return answer.acts
    return (answer.act,) if answer.act is not None else ()


def show_act(session: Session, act: ActRow, of_several: bool = False) -> None:
    """The verdict in one line that a person reads; one of several names its account."""
    out = session.out
    on = f"  {act.account}" if of_several else ""
    out.line(f"{out.word(act.state)}  {out.paint(act.id, 'id')}{on}  {act.kind}  {act.verdict}")
    if act.approval is not None and act.approval.how:
        out.line(f"  {act.approval.how}; until {out.instant(act.approval.due_at)} or the mission's expiry")
    elif act.approval is not None and act.approval.approved_by:
        out.line(f"  approved by {act.approval.approved_by} at {out.instant(act.approval.approved_at)}")
    if brought := realised.text_of(act):
        out.line(f"{'  ' if of_several else ''}realised {brought}")
    if out.form == "wide":
        asked = f"requested {out.instant(act.requested_at)}, {age(act.age_s)} ago, by {act.by} ({act.surface})"
        out.line(f"  {act.account} at {act.terminal or 'no terminal'}; {asked}")


def show_order(session: Session, order: OrderView, risk_money: str | None, currency: str, kind: str = "FIRE") -> None:
    """The exact order that the verdict is about; one that only reduces has no stop and no risk of its own."""
    out = session.out
    if order.type == "PLAN":
        show_plan(session, order, f"of {order.side} {order.volume} {order.symbol} on {order.account}")
        return
    if kind != "FIRE":
        out.line(f"order   {order.account}: {_reducing(order, kind)}")
        if out.form == "wide":
            out.line(f"hash    {order.hash}")
        return
    entry = f" entry {order.entry}" if order.entry else ""
    collar = f" +/- {order.collar}" if order.entry and order.collar else ""
    out.line(
        f"order   {order.account}: {order.side} {order.volume} {order.symbol} {order.type}{entry}{collar}"
        f"  stop {order.stop or 'NONE'}  target {order.target or 'none'}"
    )
    if order.expires_at:
        out.line(f"rests   at the broker until {out.instant(order.expires_at)}")
    out.line(f"risk    {f'{risk_money} {currency}' if risk_money else 'not known'}")
    show_plan(session, order, "")
    if out.form == "wide":
        out.line(f"hash    {order.hash}")


def _reducing(order: OrderView, kind: str) -> str:
    """A modify has levels and no volume, a cancel neither, whatever closes has a volume and no levels."""
    if kind == "CANCEL":
        return f"{order.symbol}, cancel the resting order"
    if kind in LEVELS:
        return f"{order.symbol}  stop {order.stop or 'none'}  target {order.target or 'none'}"
    return f"{order.side} {order.volume} {order.symbol} {order.type}, {kind.replace('_', ' ').lower()}"


def show_plan(session: Session, order: OrderView, of: str) -> None:
    """An order's plan, a line a step, and what of the named plan is not in it."""
    out = session.out
    if of:
        out.line(f"plan    {of}" + ("" if order.plan else ": nothing happens by itself"))
    for step in order.plan:
        out.line(f"plan    {step_line(out, step)}")
    for reason in order.plan_left_out or ():
        out.line(f"plan    {out.paint('left out', 'warn')}: {reason}")


def step_line(out: Output, step: PlanRow) -> str:
    """A plan's step: what it does, with its time as all times are written, what became of it, and its act."""
    text = step.text.replace(step.at, out.instant(step.at)) if step.at else step.text
    state = f"  {step.state}" if step.state else ""
    detail = f" ({step.detail})" if step.detail else ""
    return f"{step.kind}  {text}{state}{detail}  {step.act}"


def show_checks(session: Session, checks: Sequence[CheckRow], *, every: bool) -> None:
    """The failed checks, or all of them."""
    shown = checks if every else [check for check in checks if not check.ok]
    if shown:
        session.out.table(CHECKS, shown, empty="", indent="  ")
    passed = sum(1 for check in checks if check.ok)
    if checks:
        session.out.line(f"  {passed} of {len(checks)} checks passed")


def show_targets(session: Session, targets: Sequence[TargetRow]) -> None:
    """One line an account."""
    session.out.table(TARGETS, targets, empty="")


def show_fire(session: Session, answer: FireAnswer) -> None:
    """A fire, close or modify: verdicts first, then the order, then the checks."""
    acts = acts_of(answer)
    for act in acts:
        show_act(session, act, of_several=len(acts) > 1)
    for brought in realised.sums(acts) if len(acts) > 1 else ():
        session.out.line(f"realised {brought}")
    if len(answer.targets) > 1:
        show_targets(session, answer.targets)
        session.out.line("dry run, nothing was sent; the order and the checks below are the first account's")
    elif answer.dry_run:
        style = "warn" if would_be_denied(answer) else None
        session.out.line(f"dry run, nothing was sent: {session.out.paint(answer.would, style)}")
    if len(acts) > 1:
        session.out.line(f"the order and the checks below are of {acts[0].id}; another's: hydractl fire show ID")
    if answer.order is not None:
        kind = acts[0].kind if acts else "FIRE"
        show_order(session, answer.order, answer.risk_money, answer.currency, kind)
    if answer.basis:
        session.out.line(f"basis   {answer.basis}")
    if answer.checks:
        show_checks(session, answer.checks, every=answer.dry_run or session.out.form == "wide")
