"""What the probes say of the daemon. Nobody has logged in, so nothing in it names an account, a terminal or a sum."""

from __future__ import annotations

import msgspec


class Check(msgspec.Struct, frozen=True):
    check: str
    ok: bool
    detail: str


class Glance(msgspec.Struct, frozen=True):
    """What anybody at this machine may see. `at`: when it was measured, UTC."""

    mode: str
    authority: str
    instance: str
    at: str
    live: bool
    ready: bool
    healthy: bool
    checks: tuple[Check, ...]
