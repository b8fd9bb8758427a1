"""Prices: the spread, the collar, the sides and distances of stop and target."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import price_text
from hydrad.domain.orders import EntryType
from hydrad.toc import sizing
from hydrad.toc.gate.case import UNKNOWN, Case, Measure


def spread(c: Case) -> Measure:
    if c.quote is None or c.at is None or not c.at.stop_points:
        return False, UNKNOWN, "known"
    points = c.quote.spread_points
    distance = abs(c.opening_price - c.at.stop_points)
    share = Decimal(points) * 100 / distance if distance else Decimal(1000)
    share_max = c.limits.spread_share_of_stop_max_percent
    points_max = c.limits.spread_points_max.get(c.ask.signal.symbol)
    ok = points >= 0 and share <= share_max and (points_max is None or points <= points_max)
    limit = f"{share_max} % of the stop" + (f", {points_max} points" if points_max is not None else "")
    return ok, f"{points} points, {share:.1f} % of the stop", limit


def entry_missed(c: Case) -> Measure:
    by = missed_by_points(c)
    if by is None or c.terms is None or c.at is None:
        return False, UNKNOWN, "known"
    digits = c.terms.digits
    if c.rests:
        side = "below" if _waits_below(c) else "above"
        return not by, price_text(c.at.entry_points, digits), f"{side} the market, {price_text(c.price, digits)}"
    low, high = c.at.entry_points - c.at.collar_points, c.at.entry_points + c.at.collar_points
    return not by, price_text(c.price, digits), f"{price_text(low, digits)} to {price_text(high, digits)}"


def missed_by_points(c: Case) -> int | None:
    """By how many points the market would have to come back for the entry not to be missed; 0: it is not; None: there
    is nothing to measure by."""
    if c.terms is None or c.at is None or not c.price:
        return None
    if c.rests:
        return max(1 - entry_distance(c), 0)
    return max(abs(c.price - c.at.entry_points) - c.at.collar_points, 0)


def _waits_below(c: Case) -> bool:
    """Whether the entry lies below the market: a BUY LIMIT's and a SELL STOP's does."""
    return (c.ask.signal.entry_type is EntryType.LIMIT) == (c.ask.signal.side.sign > 0)


def entry_distance(c: Case) -> int:
    """Points by which a resting order's entry lies on its side of the price that would open it; 0 or less: reached."""
    assert c.at is not None
    return (c.price - c.at.entry_points) * (1 if _waits_below(c) else -1)


def price_side(c: Case) -> Measure:
    if c.quote is None or c.at is None or c.terms is None:
        return False, UNKNOWN, "known"
    sign, exit_price = c.ask.signal.side.sign, c.judged_from
    stop_right = not c.at.stop_points or (exit_price - c.at.stop_points) * sign > 0
    target_right = not c.at.target_points or (c.at.target_points - exit_price) * sign > 0
    inside = stop_right and target_right and sizing.stop_distance(c.ask.signal.side, c.at) > 0
    measured = (
        f"stop {_price_or_none(c.at.stop_points, c.terms.digits)}, "
        f"target {_price_or_none(c.at.target_points, c.terms.digits)}"
    )
    return inside, measured, f"around {price_text(exit_price, c.terms.digits)}"


def _price_or_none(points: int, digits: int) -> str:
    return price_text(points, digits) if points else "none"


def stop_present(c: Case) -> Measure:
    present = c.ask.signal.stop_points > 0
    return present, "present" if present else "missing", "present"


def stops_level(c: Case) -> Measure:
    if c.quote is None or c.at is None or c.terms is None:
        return False, UNKNOWN, "known"
    level = max(c.terms.stops_level_points, c.terms.freeze_level_points)
    price = c.judged_from
    distances = [abs(price - points) for points in (c.at.stop_points, c.at.target_points) if points]
    if c.rests:
        distances.append(entry_distance(c))
    nearest = min(distances, default=0)
    return bool(distances) and nearest >= level, f"{nearest} points", f"{level} points"


def order_type(c: Case) -> Measure:
    """What rests needs a broker that takes it, and that ends it at an instant."""
    kind = c.ask.signal.entry_type
    if not c.rests:
        return True, kind.name, kind.name
    if c.terms is None:
        return False, UNKNOWN, "known"
    return c.terms.may_rest(kind), kind.name, "taken by the broker, with an expiration"


def basis(c: Case) -> Measure:
    """Small and steady enough, against the stop's distance, for the mission's prices to be shifted by it."""
    share = c.limits.basis_share_of_stop_max_percent
    limit = f"{share} % of the stop, and as steady"
    if c.basis is None:
        return False, f"not known: no minute of quotes beside {c.ask.source or 'its unknown source'}", limit
    if not c.basis.samples:
        return True, "0 points: the account's own quotes", limit
    wide, found = c.basis.spread_points, c.basis.points
    measured = f"{found:+d} points to {c.ask.source}, within {wide} points, {c.basis.samples} samples"
    if c.at is None or not c.at.stop_points:
        return False, measured, limit
    allowed = abs(c.at.entry_points - c.at.stop_points) * share / 100
    return abs(found) <= allowed and wide <= allowed, measured, f"{allowed:.1f} points ({limit})"
