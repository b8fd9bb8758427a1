"""Exact prices, volumes and money.

Inside, a price is an integer number of points (10^-digits), a volume an integer number of volume steps, money a
`Decimal` in a named currency. Outside, all three are strings. Floats exist at the worker alone (`to_float` there
asserts that what MetaTrader gets converts back exactly).
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

CENT = Decimal("0.01")
# Whatever an account holds by what its terminal tells: rounding it to cents is no place to fail.
_WIDE = Context(prec=200)
DIGITS_MAX = 8
MAGNITUDE_MAX = 11  # no price, volume or amount has more than twelve digits before the point


class BadNumber(ValueError):
    """A text or float that is not an exact price, volume or amount; the message names the rule it breaks."""


def decimal(text: str, what: str = "number") -> Decimal:
    """A finite Decimal from text; raises BadNumber."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadNumber(f"{what} '{text}' is not a number") from None
    if not value.is_finite():
        raise BadNumber(f"{what} '{text}' is not finite")
    exponent = value.as_tuple().exponent
    if value.adjusted() > MAGNITUDE_MAX or (isinstance(exponent, int) and not -12 <= exponent <= MAGNITUDE_MAX):
        raise BadNumber(f"{what} '{text}' is beyond every price, volume and amount")
    return value


def price_points(text: str, digits: int) -> int:
    """Points of a price written with at most `digits` decimals, above zero; raises BadNumber, never rounds."""
    scaled = decimal(text, "price").scaleb(digits)
    points = int(scaled)
    if points != scaled:
        raise BadNumber(f"price {text} has more than {digits} decimals")
    if points <= 0:
        raise BadNumber(f"price {text} is not above zero")
    return points


def price_text(points: int, digits: int) -> str:
    """`price_text(138672, 5)` is `1.38672`; negative distances keep their sign."""
    return format(Decimal(points).scaleb(-digits), f".{digits}f")


def float_points(value: float, digits: int) -> int:
    """Points of a price that MetaTrader gave as a float: the nearest, and it must be near.

    Raises BadNumber for NaN, infinities, and a value further than a thousandth of a point from the grid.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise BadNumber(f"price {value} is not finite")
    scaled = value * float(10**digits)
    points: int = round(scaled)
    if abs(scaled - points) > 1e-3:
        raise BadNumber(f"price {value!r} is not on the grid of {digits} digits")
    return points


def points_float(points: int, digits: int) -> float:
    """The float that MetaTrader asks for; converts back to the same points, or AssertionError."""
    value: float = round(points / float(10**digits), digits)
    assert float_points(value, digits) == points, (points, digits)
    return value


def volume_steps(text: str, step: Decimal) -> int:
    """Steps of a volume in lots that is a positive multiple of `step`; raises BadNumber, never rounds."""
    lots = decimal(text, "volume")
    steps = lots / step
    if steps != int(steps):
        raise BadNumber(f"volume {text} is not a multiple of {step}")
    if steps <= 0:
        raise BadNumber(f"volume {text} is not above zero")
    return int(steps)


def volume_lots(steps: int, step: Decimal) -> Decimal:
    """Lots of so many steps."""
    return step * steps


def volume_text(steps: int, step: Decimal) -> str:
    """`volume_text(9, Decimal('0.01'))` is `0.09`."""
    return format(step * steps, "f")


def float_steps(value: float, step: Decimal) -> int:
    """Steps of a volume that MetaTrader gave as a float; raises BadNumber when off the grid by over 1e-6 steps."""
    if value != value or value in (float("inf"), float("-inf")):
        raise BadNumber(f"volume {value} is not finite")
    scaled = value / float(step)
    steps = round(scaled)
    if abs(scaled - steps) > 1e-6:
        raise BadNumber(f"volume {value!r} is not a multiple of {step}")
    return steps


def cents(amount: Decimal) -> Decimal:
    """Money rounded half-even to two digits, as brokers book it."""
    return amount.quantize(CENT, ROUND_HALF_EVEN, _WIDE)


def money_text(amount: Decimal) -> str:
    """Money with two digits and a sign only when negative: what rounds to nothing has none."""
    return format(cents(amount), "zf")
