"""Two people for the big ones: does this fire pass a threshold above which a second person must say yes?

Each threshold gives what was measured against it, or nothing where it is not passed or not set. What cannot be measured
passes every threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hydrad.domain.actors import Role
from hydrad.domain.money import money_text, volume_text
from hydrad.toc import crew
from hydrad.toc.act import LIVE_OR_EXECUTED, ActState
from hydrad.toc.gate.case import UNKNOWN, Case, Measure
from hydrad.toc.limit_table import thresholds
from hydrad.toc.state import Act


def approval(c: Case) -> Measure:
    names = thresholds(c.limits)
    if not names:
        return True, "no threshold is set", "one person"
    found = passed(c)
    if not found:
        return True, "below every threshold", "one person"
    measured = "; ".join(found)
    if c.ask.approved_by:
        return True, f"{measured}; approved by {crew.name_of(c.state, c.ask.approved_by)}", "two people"
    return False, measured, "two people"


def passed(c: Case) -> list[str]:
    """What of this fire is above which threshold; each names the measure and the threshold."""
    found = [_THRESHOLDS[name](c, getattr(c.limits, name)) for name in thresholds(c.limits)]
    return [text for text in found if text]


def _risk_percent(c: Case, most: Decimal) -> str:
    return _over(c, c.risk_money, most, "risk")


def _risk_money(c: Case, most: Decimal) -> str:
    if c.risk_money is None:
        return f"risk {UNKNOWN}, above {money_text(most)} {c.ask.account.currency}"
    text = f"risk {money_text(c.risk_money)} above {money_text(most)} {c.ask.account.currency}"
    return text if c.risk_money > most else ""


def _lots(c: Case, most: Decimal) -> str:
    if c.terms is None:
        return f"volume {UNKNOWN}, above {most.normalize():f} lots"
    text = f"volume {volume_text(c.steps, c.terms.volume_step)} above {most.normalize():f} lots"
    return text if c.terms.volume_step * c.steps > most else ""


def _day_risk(c: Case, most: Decimal) -> str:
    if c.risk_money is None:
        return _over(c, None, most, "risk of the day")
    before = sum((act.risk_money for act in unapproved_today(c)), Decimal(0))
    return _over(c, before + c.risk_money, most, "risk of the day")


def _below_role(c: Case, least: str) -> str:
    return f"fired by a {c.ask.role.name.lower()}, below {least}" if c.ask.role < Role[least.upper()] else ""


def _over(c: Case, money: Decimal | None, most: Decimal, what: str) -> str:
    if money is None or c.base is None or c.base <= 0:
        return f"{what} {UNKNOWN}, above {most} %"
    percent = money * 100 / c.base
    return f"{what} {percent:.3f} % above {most} %" if percent > most else ""


def unapproved_today(c: Case) -> list[Act]:
    """The account's other fires of its trading day that one person alone let go, by whomever: those that wait in the
    lane, and those that were routed and did not come to nothing."""
    queued = [n for n in c.state.acts_pending if c.state.acts[n].state is ActState.QUEUED]
    acts = (c.state.acts[n] for n in sorted({*queued, *c.ask.account.day_fired}))
    return [
        act
        for act in acts
        if act.account == c.ask.account.name
        and act.act_id != c.ask.act_id
        and act.approval is None
        and act.state in LIVE_OR_EXECUTED
    ]


_THRESHOLDS: dict[str, Callable[[Case, Any], str]] = {
    "approval_risk_percent": _risk_percent,
    "approval_risk_money": _risk_money,
    "approval_lots": _lots,
    "approval_day_risk_percent": _day_risk,
    "approval_below_role": _below_role,
}
