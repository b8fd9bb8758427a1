"""What the risk gate holds an act against, and how long the core waits: the sections `[risk]` and `[timing]`.

Owns the keys, their defaults, ranges and meanings: the configuration and its reference page are built on it.
A description's first word is the unit. Percentages are of an account's min(balance, equity) less credit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from hydrad.domain.hours import parse as parse_hours

Count = Annotated[int, Meta(ge=0, le=10_000)]
# msgspec has no ranges for Decimal: `extra` carries them, and the loader of the configuration applies them.
Percent = Annotated[Decimal, Meta(extra={"min": Decimal("0.01"), "max": Decimal(100)})]
MarginPercent = Annotated[Decimal, Meta(extra={"min": Decimal(0), "max": Decimal(10_000)})]
Amount = Annotated[Decimal, Meta(extra={"min": Decimal("0.01"), "max": Decimal(10) ** 9})]
Decider = Annotated[str, Meta(pattern="^(approver|commander)$", extra={"expected": "approver or commander"})]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", extra={"expected": "three capital letters"})]


def _hours_table(table: dict[str, str]) -> None:
    """Raises ValueError for hours that cannot be read."""
    for text in table.values():
        parse_hours(text)


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
    resting_orders_max: Annotated[
        int, Meta(ge=0, le=1_000, description="orders of one account that rest at once; 0 allows none")
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

    basis_share_of_stop_max_percent: Annotated[
        Percent, Meta(description="percent of the stop's distance; largest basis to a mission's source, and its spread")
    ] = Decimal("10")
    opposite_positions: Annotated[
        bool, Meta(description="true or false; whether both sides of a symbol may be held at once")
    ] = False
    market_hours: Annotated[
        dict[str, str],
        Meta(
            description="table of SYMBOL or ACCOUNT/SYMBOL; New York hours in place of the shipped ones: a class (fx, "
            "metal, index, energy, crypto), always, or windows of a week",
            extra={
                "parse": _hours_table,
                "expected": 'a table such as { "DE40" = "Mon 03:00-11:30, Tue 03:00-11:30" }',
            },
        ),
    ] = msgspec.field(default_factory=dict)
    news_age_max_hours: Annotated[
        int, Meta(ge=1, le=8_760, description="hours; oldest news file to open by, by its last writing")
    ] = 168
    symbol_positions_max: Annotated[
        Count | None,
        Meta(
            description="positions of one symbol and account; no limit where it is not set, and a live account must "
            "have it",
            extra={"example": 2},
        ),
    ] = None
    operator_positions_max: Annotated[
        Count | None,
        Meta(
            description="positions of one operator, on all accounts; no limit where it is not set, and a live account "
            "must have it",
            extra={"example": 5},
        ),
    ] = None
    fires_per_day_max: Annotated[
        Count | None,
        Meta(
            description="fires in an account's trading day; no limit where it is not set, and a live account must "
            "have it",
            extra={"example": 20},
        ),
    ] = None
    cool_down_minutes: Annotated[
        Count | None,
        Meta(
            description="minutes of market time after a loss in which an account opens nothing; none where it is not "
            "set, and a live account must have it",
            extra={"example": 15},
        ),
    ] = None
    currency_exposure_max_percent: Annotated[
        MarginPercent | None,
        Meta(
            description="percent of an account; largest net worth in one currency; no limit where it is not set, and a "
            "live account must have it",
            extra={"example": Decimal(500)},
        ),
    ] = None
    correlated_exposure_max_percent: Annotated[
        MarginPercent | None,
        Meta(
            description="percent of an account; largest net worth in one bloc of what moves together; no limit where "
            "it is not set, and a live account must have it",
            extra={"example": Decimal(800)},
        ),
    ] = None
    drawdown_max_percent: Annotated[
        Percent | None,
        Meta(
            description="percent of the peak of equity, net of cash; no limit where it is not set, and a live account "
            "must have it",
            extra={"example": Decimal(8)},
        ),
    ] = None
    approval_risk_percent: Annotated[
        Percent | None,
        Meta(
            description="percent of an account; a fire that risks more waits for a second person; none waits for its "
            "risk where it is not set",
            extra={"example": Decimal("0.75")},
        ),
    ] = None
    approval_risk_money: Annotated[
        Amount | None,
        Meta(
            description="money in the account's currency; a fire that risks more waits for a second person",
            extra={"example": Decimal(500)},
        ),
    ] = None
    approval_lots: Annotated[
        Amount | None,
        Meta(
            description="lots; a fire of more volume waits for a second person",
            extra={"example": Decimal(5)},
        ),
    ] = None
    approval_day_risk_percent: Annotated[
        Percent | None,
        Meta(
            description="percent of an account; a fire waits for a second person when it and the account's fires of "
            "the trading day that nobody approved risk more together, so that splitting one changes nothing",
            extra={"example": Decimal("1.5")},
        ),
    ] = None
    approval_below_role: Annotated[
        Decider | None,
        Meta(
            description="role, approver or commander; each fire of whoever has less waits for a second person",
            extra={"example": "approver"},
        ),
    ] = None
    approval_alone: Annotated[
        bool,
        Meta(
            description="true or false; whether a home in which fewer than two people may approve does with one: by "
            "another of that person's identities, ten minutes later"
        ),
    ] = False


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
    alarm_repeat_ms: Annotated[
        int, Meta(ge=1_000, le=86_400_000, description="milliseconds; an alarm that nobody acknowledged is told again")
    ] = 120_000
    feed_silent_ms: Annotated[
        int, Meta(ge=1_000, le=86_400_000, description="milliseconds of market time; longest silence of an open market")
    ] = 120_000
    stop_missing_ms: Annotated[
        int, Meta(ge=0, le=3_600_000, description="milliseconds; how long a position may be without a stop")
    ] = 30_000
    signals_silent_ms: Annotated[
        int, Meta(ge=60_000, le=604_800_000, description="milliseconds of market time; then APEX is asked about")
    ] = 14_400_000
    approval_wait_ms: Annotated[
        int, Meta(ge=10_000, le=86_400_000, description="milliseconds; how long a fire waits for a second person")
    ] = 900_000
