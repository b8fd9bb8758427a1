"""What all bodies of frames have in common: their limits, and the checks of names, amounts and instants."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.orders import PlanStep

LINK_VERSION = 1
FRAME_BYTES_MAX = 64 * 1024
TICKS_PER_FRAME_MAX = 2000
ROWS_PER_PAGE_MAX = 100
SYMBOLS_MAX = 256
NAME_MAX = 64  # of a symbol or an account; MetaTrader's symbols have 31 letters at most
STEPS_MAX = 64  # of a plan, in a frame that is taken at all; what may be run is less
MONEY_MAX = Decimal(10) ** 15
INSTANT_MS_MAX = 7_258_118_400_000  # the year 2200


class Body(msgspec.Struct, frozen=True, array_like=True):
    """Base of all bodies. Fields that a newer sender of this version has at the end are passed over."""


def finite(*amounts: Decimal) -> None:
    """NaN and infinities are valid decimals and no money: a frame that holds one is refused."""
    if not all(amount.is_finite() and abs(amount) < MONEY_MAX for amount in amounts):
        raise ValueError("an amount is not finite, or beyond reason")


def named(*names: str) -> None:
    """A name comes back in answers, so that a frame with a long one would be answered by one that does not fit."""
    if any(len(name) > NAME_MAX for name in names):
        raise ValueError(f"a name of more than {NAME_MAX} letters")


def planned(steps: tuple[PlanStep, ...]) -> None:
    if len(steps) > STEPS_MAX:
        raise ValueError(f"{len(steps)} steps")


def instant(*times_ms: int) -> None:
    """An instant that lies outside 1970 to 2200 is a broken clock or a broken frame."""
    if not all(0 <= ms < INSTANT_MS_MAX for ms in times_ms):
        raise ValueError("an instant is beyond reason")
