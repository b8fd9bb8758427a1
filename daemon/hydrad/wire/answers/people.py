"""Operators, policies, invitations, and the changes that wait for a second person."""

from __future__ import annotations

from hydrad.wire.answers import Out


class RoomRow(Out, frozen=True):
    """What an account may take yet. `fires`: routed since its own day began; `fires_max`, `fires_left`: null where no
    limit is set. `cooling_until`: market time until which its last loss keeps it from opening; null: it does not."""

    account: str
    fires: int
    fires_max: int | None
    fires_left: int | None
    cooling_until: str | None


class OperatorRow(Out, frozen=True):
    """`accounts`: `*` is all. `fires_today`: routed on the trading day of New York, `fires_max` and `fires_left` by the
    policy, null where it sets none. `room`: of each account that they may fire on, whoever fires."""

    name: str
    role: str
    state: str
    policy: str
    identities: tuple[str, ...]
    accounts: tuple[str, ...]
    primary: str | None
    open: int
    fires_today: int
    since: str
    why: str | None
    fires_max: int | None = None
    fires_left: int | None = None
    room: tuple[RoomRow, ...] = ()


class InviteData(Out, frozen=True):
    """The code is shown this once; no record has it."""

    name: str
    role: str
    policy: str
    code: str
    expires_at: str


class PolicyRow(Out, frozen=True):
    name: str
    kinds: tuple[str, ...]
    open_max: int | None
    fires_per_day_max: int | None
    risk_per_trade_max_percent: str | None
    operators: tuple[str, ...]


class ChangeRow(Out, frozen=True):
    """`due_at`: when it is made by itself; null is never."""

    id: str
    text: str
    asked_by: str
    asked_at: str
    due_at: str | None
    approve: str
