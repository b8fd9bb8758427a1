"""The table that `[guards]` makes: one row a measure, with what a value means to it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits

FAR = Decimal(1_000_000)  # nothing is at stake
_REARM = Decimal("0.8")


class Guard(msgspec.Struct, frozen=True):
    """One row. `falling`: the lower the worse. A level of 0 is off."""

    measure: str
    warning: Decimal
    limit: Decimal
    action: str
    unit: str
    falling: bool = False

    def reached(self, value: Decimal, level: Decimal) -> bool:
        return bool(level) and (value <= level if self.falling else value >= level)

    def calm(self, value: Decimal) -> bool:
        """Far enough back to be armed again."""
        level = self.warning or self.limit
        return value * _REARM > level if self.falling else value < level * _REARM

    def text(self, value: Decimal) -> str:
        if value >= FAR:
            return "nothing at stake"
        return f"{value:z.3f} {self.unit}" if self.unit == "%" else f"{value:z.0f} {self.unit}"


def table(guards: Guards, limits: Limits) -> dict[str, Guard]:
    """The guards that are on, by measure."""
    share = limits.day_loss_max_percent / 100
    g = guards
    rows = (
        Guard("day_loss", g.day_loss_warning_percent * share, g.day_loss_limit_percent * share, g.day_loss_action, "%"),
        Guard(
            "drawdown_start",
            g.drawdown_start_warning_percent,
            g.drawdown_start_limit_percent,
            g.drawdown_start_action,
            "%",
        ),
        Guard(
            "drawdown_peak", g.drawdown_peak_warning_percent, g.drawdown_peak_limit_percent, g.drawdown_peak_action, "%"
        ),
        Guard(
            "margin_level",
            g.margin_level_warning_percent,
            g.margin_level_limit_percent,
            g.margin_level_action,
            "%",
            falling=True,
        ),
        Guard("open_risk", g.open_risk_warning_percent, g.open_risk_limit_percent, g.open_risk_action, "%"),
        Guard("age", Decimal(g.age_warning_minutes), Decimal(g.age_limit_minutes), g.age_action, "minutes"),
        Guard(
            "weekend",
            Decimal(g.weekend_warning_minutes),
            Decimal(g.weekend_limit_minutes),
            g.weekend_action,
            "minutes",
            falling=True,
        ),
    )
    return {row.measure: row for row in rows if row.warning or row.limit}
