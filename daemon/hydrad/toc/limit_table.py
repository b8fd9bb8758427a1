"""Which limits a live account must have, and which key of the configuration stands behind which reason."""

from __future__ import annotations

from hydrad.toc.limits import Limits
from hydrad.wire.codes import Reason

# Without a built-in value: a person decides. Nothing opens on a live account while one of them is missing.
LIVE_NEEDS = (
    "symbol_positions_max",
    "operator_positions_max",
    "fires_per_day_max",
    "cool_down_minutes",
    "currency_exposure_max_percent",
    "correlated_exposure_max_percent",
    "drawdown_max_percent",
)

# Above any of these a fire waits for a second person.
THRESHOLDS = (
    "approval_risk_percent",
    "approval_risk_money",
    "approval_lots",
    "approval_day_risk_percent",
    "approval_below_role",
)

KEYS: dict[Reason, tuple[str, ...]] = {
    Reason.CLOCK_OFFSET: ("clock_offset_max_ms",),
    Reason.MARKET_HOURS: ("market_hours",),
    Reason.NEWS: ("news_age_max_hours",),
    Reason.TICK_AGE: ("tick_age_max_ms",),
    Reason.SPREAD: ("spread_share_of_stop_max_percent", "spread_points_max"),
    Reason.BASIS: ("basis_share_of_stop_max_percent",),
    Reason.OPEN_POSITIONS: ("open_positions_max",),
    Reason.RESTING_ORDERS: ("resting_orders_max",),
    Reason.SYMBOL_POSITIONS: ("symbol_positions_max",),
    Reason.OPERATOR_POSITIONS: ("operator_positions_max",),
    Reason.OPPOSITE_POSITION: ("opposite_positions",),
    Reason.FIRES_PER_MINUTE: ("fires_per_minute_max",),
    Reason.FIRES_PER_DAY: ("fires_per_day_max",),
    Reason.COOL_DOWN: ("cool_down_minutes",),
    Reason.RISK_PER_TRADE: ("risk_per_trade_max_percent",),
    Reason.OPEN_RISK: ("open_risk_max_percent",),
    Reason.CURRENCY_EXPOSURE: ("currency_exposure_max_percent",),
    Reason.CORRELATED_EXPOSURE: ("correlated_exposure_max_percent",),
    Reason.DAY_LOSS: ("day_loss_max_percent",),
    Reason.DRAWDOWN: ("drawdown_max_percent",),
    Reason.MARGIN: ("margin_level_min_percent",),
    Reason.LIMIT_UNSET: LIVE_NEEDS,
    Reason.APPROVAL: (*THRESHOLDS, "approval_alone"),
}


def unset(limits: Limits) -> tuple[str, ...]:
    """Those that a live account must have and these do not."""
    return tuple(name for name in LIVE_NEEDS if getattr(limits, name) is None)


def thresholds(limits: Limits) -> tuple[str, ...]:
    """Those above which a fire waits for a second person."""
    return tuple(name for name in THRESHOLDS if getattr(limits, name) is not None)
