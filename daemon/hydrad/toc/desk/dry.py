"""Dry runs of what reduces: judged as the act itself is, journaled nowhere, sent nowhere, and asked by whoever looks.

A person who may look and not act is told the same, with ROLE among what would deny it and FORBIDDEN as the problem.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydrad.domain.actors import Role
from hydrad.domain.orders import order_hash
from hydrad.toc import act_views, crew, reducing_views
from hydrad.toc.closing import Judged
from hydrad.toc.desk.refusals import denied
from hydrad.toc.desk.waiting import FIRE_SCHEMA
from hydrad.toc.inputs import Requested
from hydrad.toc.records.acts import Check
from hydrad.toc.reducing_views import Held
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.acts import FireAnswer, ReduceRow
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode, Reason

Looked = tuple[Judged, Held, tuple[str, str] | None]
"""One act as it was judged, what it is about, and what is done in its place where nothing is sent."""


def only_looks(verb: Verb) -> bool:
    """Whether a request of this kind asks what it would be, for which the role of looking is enough."""
    return isinstance(verb, calls.Close | calls.Modify | calls.Cancel | calls.Flatten) and verb.dry_run


def answer(turn: Turn, asked: Requested, looked: Sequence[Looked], empty: str, stays: tuple[str, ...] = ()) -> None:
    """`empty`: what it means that there is none."""
    role = turn.state.role(turn.actor)
    allowed = Check(Reason.ROLE.name, role >= Role.TRADER, role.name.lower(), Role.TRADER.name.lower())
    acts = [(one._replace(checks=(*one.checks, allowed)), held, instead) for one, held, instead in looked]
    rows = tuple(reducing_views.row(turn, *act) for act in acts)
    judged = acts[0][0] if len(acts) == 1 else None
    order = None
    if judged is not None and acts[0][2] is None:
        digest = order_hash(judged.order)
        order = act_views.order_view(judged.order, judged.digits, judged.volume_step, digest)
    data = FireAnswer(
        dry_run=True,
        would=_would(rows, empty),
        act=None,
        acts=(),
        mission=None,
        order=order,
        checks=act_views.check_rows(judged.checks) if judged else (),
        risk_money=rows[0].risk_money if judged else None,
        currency=rows[0].currency if rows else "",
        reduces=rows,
        stays=stays,
    )
    turn.reply(asked.request, FIRE_SCHEMA, data, _problem(turn, allowed, [act[0] for act in acts]))


def _would(rows: tuple[ReduceRow, ...], empty: str) -> str:
    if len(rows) <= 1:
        return rows[0].would if rows else empty
    bad = [row for row in rows if row.codes]
    return f"{len(rows) - len(bad)} of {len(rows)} would be sent" + (f", {len(bad)} DENIED" if bad else "")


def _problem(turn: Turn, allowed: Check, acts: Sequence[Judged]) -> Problem | None:
    """As the act's own answer has it: FORBIDDEN before all, PARTLY where some would be denied and some not."""
    if not allowed.ok:
        who = crew.name_of(turn.state, turn.actor)
        return Problem(ErrorCode.FORBIDDEN.value, f"{allowed.limit} is needed, {who} is {allowed.measured}")
    bad = [act for act in acts if act.codes]
    if bad and len(bad) < len(acts):
        message = f"{len(bad)} of {len(acts)} would be denied"
        return Problem(ErrorCode.PARTLY.value, message, None, {"denied": len(bad)})
    return denied(bad[0].codes, bad[0].checks) if bad else None
