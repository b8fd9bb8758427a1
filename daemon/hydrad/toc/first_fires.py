"""The first fills of a live account use the minimum volume: how many are left."""

from __future__ import annotations

from hydrad.domain.accounts import AccountKind
from hydrad.toc.state import Account

FIRST_FIRES = 10


def first_fires_left(account: Account) -> int:
    """How many fills an account still has to make at the minimum volume."""
    return max(FIRST_FIRES - account.armed_fills, 0) if account.kind is AccountKind.LIVE else 0
