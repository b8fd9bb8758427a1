"""Positions: the list, closing and modifying."""

from __future__ import annotations

from hydractl.commands import reducing
from hydractl.commands.fire import KEY, REASON, WAIT, wait_s
from hydractl.commands.realised import close_words
from hydractl.commands.reducing import DRY_RUN
from hydractl.commands.verdicts import exit_of_answer, show_fire
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column, age
from hydractl.session import Session, an_id, answered
from hydractl.verbs import YES, argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.positions import PositionRow


def _pnl(row: PositionRow) -> str:
    return f"{row.pnl} {row.currency}" if row.pnl is not None else "-"


def _plan(row: PositionRow) -> str:
    return ", ".join(f"{step.kind} {step.state}" for step in row.plan) or "-"


def _as_of(row: PositionRow) -> str:
    away = row.closed_at is None and row.reachable is False
    return f"{age(row.as_of_age_s)}, NOT REACHABLE" if away else age(row.as_of_age_s)


def _price(row: PositionRow) -> str:
    return "-" if row.price is None else f"{row.price}, {age(row.price_age_s)} old"


POSITIONS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("OURS", "foreign", show=lambda row: "FOREIGN" if row.foreign else "ours"),
    Column("ACCOUNT", "account"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("VOLUME", "volume", right=True),
    Column("OPEN", "open_price", right=True),
    Column("PRICE", "price", right=True, wide=True, show=_price),
    Column("STOP", "stop", right=True, show=lambda row: row.stop or "NONE"),
    Column("TARGET", "target", right=True),
    Column("P&L", "pnl", right=True, show=_pnl),
    Column("P&L AT", "report_price", right=True, wide=True),
    Column("REALISED", "realised", right=True, wide=True),
    Column("R", "r", right=True),
    Column("MISSION", "mission"),
    Column("TICKET", "ticket", right=True, wide=True),
    Column("OPENED", "opened_at", wide=True),
    Column("CLOSED", "closed_at", wide=True),
    Column("CLOSE", "close_price", right=True, wide=True, show=close_words),
    Column("WHY", "close_reason"),
    Column("CURRENCY", "currency", wide=True),
    Column("PLAN", "plan", wide=True, show=_plan),
    Column("AS OF", "as_of_age_s", right=True, show=_as_of),
)
_TARGET = argument("id", "A position, its fire, or all of a mission.")
_KINDS = (IdKind.POSITION, IdKind.FIRE, IdKind.MISSION)


@verb(
    "positions",
    "positions",
    flag("--closed", "The closed ones."),
    option("--account", "Only of this account.", metavar="NAME"),
    option("--limit", "At most so many.", form=int, default=200, metavar="N"),
)
def positions(session: Session, closed: bool, account: str | None, limit: int) -> int:
    """Open positions; FOREIGN ones are not ours and are never touched unasked."""
    answer = session.client.query("positions", closed=closed, account=account, limit=limit)
    return session.rows(answer, POSITIONS, "no closed positions" if closed else "no open positions")


@verb(
    "close",
    "fire",
    _TARGET,
    option("--part", "50%, or lots.", metavar="PART"),
    DRY_RUN,
    YES,
    WAIT,
    REASON,
    KEY,
)
def close(
    session: Session,
    id: str,
    part: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    reason: str | None,
    key: str | None,
) -> int:
    """Close a position, or all of a mission."""
    id = an_id(id, *_KINDS)
    fields = {"id": id, "part": part, "reason": reason}
    ask = reducing.closing(id)
    return reducing.carried_out(session, "close", fields, ask, dry_run=dry_run, yes=yes, wait=wait, key=key)


@verb(
    "modify",
    "fire",
    _TARGET,
    option("--stop", "The new stop's price.", metavar="P"),
    option("--target", "The new target's price; 'none' removes it.", metavar="P"),
    DRY_RUN,
    YES,
    WAIT,
    REASON,
    KEY,
)
def modify(
    session: Session,
    id: str,
    stop: str | None,
    target: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    reason: str | None,
    key: str | None,
) -> int:
    """Move stop or target; what is not named stays."""
    if stop is None and target is None:
        raise Failure("USAGE", "name --stop, --target or both")
    id = an_id(id, *_KINDS)
    fields = {"id": id, "stop": stop, "target": target, "reason": reason}
    ask = reducing.moving(id, stop, target)
    return reducing.carried_out(session, "modify", fields, ask, dry_run=dry_run, yes=yes, wait=wait, key=key)


def act_on(
    session: Session,
    name: str,
    id: str,
    yes: bool,
    wait: bool,
    key: str | None,
    question: str,
    **fields: Any,
) -> ExitCode:
    """Ask for an act on positions, after a confirmation."""
    id = an_id(id, *_KINDS)
    session.require(yes, name.replace(".", " "))
    if key is not None:
        session.client.key = key
    if not yes:
        session.confirm(*proposed(session, id, question))
    answer = session.client.request(name, id=id, wait_s=wait_s(session, wait), **fields)

    def people(data: Any) -> None:
        session.heading(answer)
        show_fire(session, data)

    decided = answer.data is not None and (answer.data.act or answer.data.acts)
    code = exit_of_answer(answer.data) if decided else ExitCode.DONE
    return session.present(answer, people, exit_code=code)


def proposed(session: Session, id: str, question: str) -> tuple[str, str]:
    """Shows the positions that the id may mean; answers the question, and the label of what it may touch."""
    listed, rows = meant(session, id)
    answered(listed)
    if rows:
        shown(session, rows, "")
    accounts = {row.account for row in rows}
    return f"{question} {id}?", session.label(listed, accounts.pop() if len(accounts) == 1 else None)


def meant(session: Session, id: str) -> tuple[Answer, list[PositionRow]]:
    """The open positions that an id names: one, or all of a mission."""
    listed: Answer = session.client.query("positions")
    return listed, [row for row in listed.data or () if id in (row.id, row.mission)]


def shown(session: Session, rows: Sequence[PositionRow], empty: str) -> None:
    """Shows the positions that an act is about, or what it means that there is none."""
    if not session.machine:
        session.out.table(POSITIONS, rows, empty=empty)
        session.out.flush()
