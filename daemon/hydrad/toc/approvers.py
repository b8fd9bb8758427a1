"""Enough people: whose word lets a fire go that is above a threshold, and that there are two where one is set."""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.toc.limit_table import thresholds
from hydrad.toc.limiting import limits_for
from hydrad.toc.limits import Limits
from hydrad.toc.state import Operator, State

NEEDED = 2


def approvers(state: State) -> list[Operator]:
    """Those whose word it may be. One who is suspended is still there: nobody is alone by suspending the others."""
    return [operator for operator in state.operators.values() if operator.role >= Role.APPROVER]


def alone(state: State, limits: Limits) -> bool:
    """One-person mode: it is set, and there is no second one."""
    return limits.approval_alone and len(approvers(state)) < NEEDED


def short_of_people(state: State, limits: Limits, count: int | None = None) -> str:
    """Why these limits cannot be kept: they have a threshold, and fewer than two people could ever approve; empty: they
    can. `count`: of approvers, where it is not those there are."""
    names, there = thresholds(limits), len(approvers(state)) if count is None else count
    if not names or limits.approval_alone or there >= NEEDED:
        return ""
    return (
        f"{', '.join(names)}: a fire above it waits for a second person, and {there} of this home may approve; "
        "two are needed, or risk.approval_alone = true"
    )


def leaves_too_few(state: State, operator: Operator) -> str:
    """Why this person must stay an approver: thresholds hold somewhere, and one other at most would be left."""
    if operator.role < Role.APPROVER:
        return ""
    left = len(approvers(state)) - 1
    everywhere = [state.limits, *(limits_for(state, account.name) for account in state.traded())]
    return next((text for limits in everywhere if (text := short_of_people(state, limits, left))), "")
