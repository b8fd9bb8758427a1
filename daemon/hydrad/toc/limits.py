"""What the risk gate holds an act against, and how long the core waits: the sections `[risk]` and `[timing]`.

Owns the keys, their defaults, ranges and meanings: the configuration and its reference page are built on it.
A description's first word is the unit. Percentages are of an account's min(balance, equity) less credit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

# msgspec has no ranges for Decimal: `extra` carries them, and the loader of the configuration applies them.
Percent = Annotated[Decimal, Meta(extra={"min": Decimal("0.01"), "max": Decimal(100)})]
MarginPercent = Annotated[Decimal, Meta(extra={"min": Decimal(0), "max": Decimal(10_000)})]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", extra={"expected": "three capital letters"})]


class Limits(msgspec.Struct, frozen=True):
    """Limits of every account. Each has a check of the gate beside it."""

    currency: Annotated[Currency, Meta(description="ISO 4217 code; totals over accounts are in it")] = "USD"
    risk_per_trade_percent: Annotated[
        Percent, Meta(description="percent; size of a fire that names neither risk nor volume")
    ] = Decimal("0.5")
    risk_per_trade_max_percent: Annotated[Percent, Meta(description="percent; most that one fire may risk")] = Decimal(
        "1.0"
    )
    open_risk_max_percent: Annotated[
        Percent, Meta(description="percent; most at risk at once, acts in flight included")
    ] = Decimal("3.0")
    day_loss_max_percent: Annotated[
        Percent, Meta(description="percent of the day's first equity; open losses count")
    ] = Decimal("3.0")
    open_positions_max: Annotated[
        int, Meta(ge=0, le=1_000, description="positions; resting orders and acts in flight count")
    ] = 5
    fires_per_minute_max: Annotated[int, Meta(ge=0, le=600, description="fires in any 60 s of market time")] = 6
    spread_share_of_stop_max_percent: Annotated[
        Percent, Meta(description="percent of the stop's distance; widest spread to open at")
    ] = Decimal("15")
    spread_points_max: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=1_000_000)]],
        Meta(description="points, per symbol; widest spread to open at; no limit where not named"),
    ] = msgspec.field(default_factory=dict)
    tick_age_max_ms: Annotated[
        int, Meta(ge=100, le=600_000, description="milliseconds of market time; oldest quote to open at")
    ] = 5_000
    clock_offset_max_ms: Annotated[
        int, Meta(ge=1, le=60_000, description="milliseconds; uncertainty of an agent's clock")
    ] = 250
    margin_level_min_percent: Annotated[
        MarginPercent, Meta(description="percent; equity over margin after the trade")
    ] = Decimal("200")


class Timing(msgspec.Struct, frozen=True):
    """How long the core waits, in machine time."""

    act_deadline_ms: Annotated[
        int, Meta(ge=100, le=60_000, description="milliseconds; from the request to the latest order")
    ] = 5_000
    result_timeout_ms: Annotated[
        int, Meta(ge=200, le=600_000, description="milliseconds; without a result an act becomes UNKNOWN")
    ] = 8_000
    query_interval_ms: Annotated[
        int, Meta(ge=50, le=60_000, description="milliseconds; between questions about an UNKNOWN act")
    ] = 1_000
    settle_ms: Annotated[
        int, Meta(ge=0, le=3_600_000, description="milliseconds; how late a broker's history may be")
    ] = 60_000
