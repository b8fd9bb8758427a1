"""Owns what a symbol's ticks are: three arrays of equal length, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class BadFeed(ValueError):
    """Ticks that cannot be used; the message names the symbol and the rule."""


class Ticks(Protocol):
    """One symbol's ticks; `hydrad.market.sample.TickArrays` is one."""

    @property
    def time_ms(self) -> NDArray[np.int64]: ...

    @property
    def bid_points(self) -> NDArray[np.int32]: ...

    @property
    def ask_points(self) -> NDArray[np.int32]: ...

    @property
    def digits(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Series:
    """Ticks in arrays of equal length; `digits`: decimals of a price."""

    time_ms: NDArray[np.int64]
    bid_points: NDArray[np.int32]
    ask_points: NDArray[np.int32]
    digits: int
