"""The base of all record bodies."""

from __future__ import annotations

import msgspec


class Body(msgspec.Struct, frozen=True, array_like=True):
    """Base of all record bodies."""
