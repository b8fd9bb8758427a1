"""What the guards act at: the section `[guards]`. Owns its keys, their defaults, ranges and meanings.

A level of 0 switches a warning or a limit off. Actions: `alarm`; `cancel` also cancels resting orders of ours;
`reducing` and `halted` also latch the account; `flatten` latches it REDUCING and closes what is ours. A latch that a
guard has closed is opened again by a person alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Level = Annotated[Decimal, Meta(extra={"min": Decimal(0), "max": Decimal(100)})]
MarginLevel = Annotated[Decimal, Meta(extra={"min": Decimal(0), "max": Decimal(10_000)})]
Minutes = Annotated[int, Meta(ge=0, le=5_256_000)]
Action = Literal["alarm", "cancel", "reducing", "halted", "flatten"]
_ACTION = "word; what follows at the limit"


class Guards(msgspec.Struct, frozen=True):
    """Warning, limit and action of each measure, for every account."""

    day_loss_warning_percent: Annotated[
        Level, Meta(description="percent of risk.day_loss_max_percent; the day's loss on equity that warns")
    ] = Decimal(64)
    day_loss_limit_percent: Annotated[
        Level, Meta(description="percent of risk.day_loss_max_percent; 80 leaves room for closes that slip")
    ] = Decimal(80)
    day_loss_action: Annotated[Action, Meta(description=_ACTION)] = "reducing"
    drawdown_start_warning_percent: Annotated[
        Level, Meta(description="percent of the account's first equity; 0 is off")
    ] = Decimal(0)
    drawdown_start_limit_percent: Annotated[
        Level, Meta(description="percent of the account's first equity; 0 is off")
    ] = Decimal(0)
    drawdown_start_action: Annotated[Action, Meta(description=_ACTION)] = "flatten"
    drawdown_peak_warning_percent: Annotated[
        Level, Meta(description="percent of the highest equity so far; 0 is off")
    ] = Decimal(0)
    drawdown_peak_limit_percent: Annotated[
        Level, Meta(description="percent of the highest equity so far; 0 is off")
    ] = Decimal(0)
    drawdown_peak_action: Annotated[Action, Meta(description=_ACTION)] = "flatten"
    margin_level_warning_percent: Annotated[
        MarginLevel, Meta(description="percent; equity over margin, at or below which it warns; 0 is off")
    ] = Decimal(150)
    margin_level_limit_percent: Annotated[
        MarginLevel, Meta(description="percent; equity over margin, at or below which it acts; 0 is off")
    ] = Decimal(0)
    margin_level_action: Annotated[Action, Meta(description=_ACTION)] = "flatten"
    open_risk_warning_percent: Annotated[
        Level, Meta(description="percent; at risk at the stops, acts in flight included; 0 is off")
    ] = Decimal(0)
    open_risk_limit_percent: Annotated[
        Level, Meta(description="percent; at risk at the stops, acts in flight included; 0 is off")
    ] = Decimal(0)
    open_risk_action: Annotated[Action, Meta(description=_ACTION)] = "reducing"
    age_warning_minutes: Annotated[Minutes, Meta(description="minutes of market time; of one position; 0 is off")] = 0
    age_limit_minutes: Annotated[
        Minutes, Meta(description="minutes of market time; of one position, the only one that flatten closes; 0 is off")
    ] = 0
    age_action: Annotated[Action, Meta(description=_ACTION)] = "flatten"
    weekend_warning_minutes: Annotated[
        Minutes, Meta(description="minutes before Friday 17:00 New York with something open; 0 is off")
    ] = 0
    weekend_limit_minutes: Annotated[
        Minutes, Meta(description="minutes before Friday 17:00 New York with something open; 0 is off")
    ] = 0
    weekend_action: Annotated[Action, Meta(description=_ACTION)] = "flatten"
