"""Does a change of the limits of everything loosen? Field by field, and what is true at once.

Tightening is immediate: until a second commander approves, or 24 hours have passed, the tighter of the old and the new
value stands. A number that is set is tighter than none. What has no order (a currency, a table of market hours) counts
as loosened whatever the change.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hydrad.domain.actors import Role
from hydrad.toc.limit_table import thresholds
from hydrad.toc.limiting import is_floor
from hydrad.toc.limits import Limits

# A number a symbol; a symbol without one is not limited.
BY_NAME = frozenset({"spread_points_max"})
# True allows what False does not.
SWITCHES = frozenset({"opposite_positions", "approval_alone"})
# Whoever has less than this role needs a second person: the higher one is the stricter.
ROLES = frozenset({"approval_below_role"})


def loosened(old: Limits, new: Limits) -> tuple[str, ...]:
    """The fields whose new value may allow something that the old one did not."""
    return tuple(name for name in new.__struct_fields__ if _tighter(name, old, new) != getattr(new, name))


def tighter(old: Limits, new: Limits) -> Limits:
    """The tighter value of each field: what a change from `old` to `new` makes true at once."""
    return Limits(**{name: _tighter(name, old, new) for name in new.__struct_fields__})


def _tighter(name: str, old: Limits, new: Limits) -> Any:
    before, after = getattr(old, name), getattr(new, name)
    choose = max if is_floor(name) else min
    if name == "approval_alone" and not thresholds(old):
        return after  # where nothing had to be approved, one person's approval is no less
    if name in BY_NAME:
        names = sorted({*before, *after})
        return {key: choose(limits[key] for limits in (before, after) if key in limits) for key in names}
    set_values = [value for value in (before, after) if value is not None]
    if name in ROLES:
        return max(set_values, key=lambda role: Role[role.upper()], default=None)
    if name in SWITCHES or all(_is_number(value) for value in set_values):
        return choose(set_values, default=None)
    return before


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
