"""What an account and a home are, and never stop being."""

from __future__ import annotations

import enum


class AccountKind(enum.StrEnum):
    """Fixed at enrolment, checked at every hand-shake."""

    PAPER = "paper"
    DEMO = "demo"
    LIVE = "live"


class HomeMode(enum.StrEnum):
    """Fixed when the journal is created. A paper home takes paper accounts, a real home demo and live ones."""

    PAPER = "paper"
    REAL = "real"

    def takes(self, kind: AccountKind) -> bool:
        return (kind is AccountKind.PAPER) == (self is HomeMode.PAPER)


class Authority(enum.IntEnum):
    """What may be sent. Ordered by strictness: the larger wins."""

    ACTIVE = 0
    REDUCING = 1
    HALTED = 2
