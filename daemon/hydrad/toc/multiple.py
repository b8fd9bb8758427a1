"""R of a position: money that it has brought over what was at risk when it was opened.

At risk is the way from the real open price to the first stop, on all lots that were opened: the same R in which a
plan counts its triggers. What a fire was approved for is more, since it is sized from the collar's worse edge.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.orders import Order
from hydrad.toc import sizing
from hydrad.toc.state import Act, Position


def risk(order: Order | None, approved: Decimal, open_points: int, opened_steps: int) -> Decimal | None:
    """Money between the real open price and the first stop. `approved`: what the order was judged to risk.

    None where there was no stop, or where it was opened beyond it.
    """
    if order is None or not order.stop_points or not order.volume_steps:
        return None
    entry = order.entry_points or open_points  # one that was adopted was judged from where it stood open
    at = sizing.Levels(entry, order.stop_points, order.target_points, order.collar_points)
    judged = sizing.stop_distance(order.side, at) * order.volume_steps
    real = (open_points - order.stop_points) * order.side.sign * opened_steps
    return approved * real / judged if judged > 0 and real > 0 and approved > 0 else None


def text(fire: Act, position: Position, profit: Decimal) -> str | None:
    """R as lists show it, signed; None without a risk."""
    r_milli = milli(fire, position, profit)
    return None if r_milli is None else f"{r_milli / 1000:+z.2f}"


def milli(fire: Act, position: Position, profit: Decimal) -> int | None:
    """Thousandths of R, cut towards zero; `profit` in the account's currency, of all its lots. None without a risk."""
    money = risk(fire.order, fire.risk_money, position.open_points, position.opened_steps)
    return None if money is None else int(profit * 1000 / money)
