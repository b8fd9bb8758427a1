"""Acts and fires as people see them: the verdict, the checks, the exact order."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.positions import PlanRow


class CheckRow(Out, frozen=True):
    """One risk check: what was measured, what the limit is, and whether it passed."""

    code: str
    ok: bool
    measured: str
    limit: str


class OrderView(Out, frozen=True):
    """The exact order of a verdict."""

    account: str
    symbol: str
    side: str
    type: str
    volume: str
    entry: str | None
    collar: str | None
    stop: str | None
    target: str | None
    plan: tuple[PlanRow, ...]
    hash: str
    plan_left_out: tuple[str, ...] = ()
    expires_at: str | None = None


class ApprovalView(Out, frozen=True):
    """What a second person is, or was, asked about a fire. `why`: the thresholds that it passes. `due_at`: when it
    lapses by itself, machine time; it lapses with its mission too, market time. `approvers`: who may say yes, and
    `how`, while it waits."""

    why: tuple[str, ...]
    asked_by: str
    asked_at: str
    due_at: str
    mission_expires_at: str
    approvers: tuple[str, ...]
    how: str | None
    approved_by: str | None
    approved_at: str | None
    surface: str | None


class ActRow(Out, frozen=True):
    """`state`: see hydra-states(7). `verdict` is the one line a person reads."""

    id: str
    kind: str
    state: str
    mission: str | None
    position: str | None
    account: str
    terminal: str | None
    symbol: str
    side: str
    volume: str
    requested_at: str
    market_at: str
    by: str
    surface: str
    age_s: float
    retcode: int | None
    retcode_name: str | None
    ticket: int | None
    price: str | None
    filled_volume: str | None
    slippage_points: int | None
    codes: tuple[str, ...]
    verdict: str
    reason: str | None
    approval: ApprovalView | None = None


class ActShow(Out, frozen=True):
    act: ActRow
    order: OrderView | None
    checks: tuple[CheckRow, ...]
    risk_money: str | None
    currency: str


class TargetRow(Out, frozen=True):
    """One account of a dry run. `codes`: what would deny it, and `failed` with what was measured. `multiplier`: of the
    group; `basis`: account's price minus the source's, null where it is not measured."""

    account: str
    kind: str
    multiplier: str
    terminal: str | None
    volume: str | None
    risk_money: str | None
    currency: str
    basis: str | None
    would: str
    codes: tuple[str, ...]
    failed: tuple[CheckRow, ...] = ()


class FireAnswer(Out, frozen=True):
    """Answer of fire, close, modify. `act` is None on a dry run. `acts` has one row an act asked for; `targets`, on a
    dry run, one an account. `order`, `checks` and `basis` are of the first; `basis` says by how much the mission's
    prices were shifted to the account's, null for what opens nothing."""

    dry_run: bool
    would: str
    act: ActRow | None
    acts: tuple[ActRow, ...]
    mission: str | None
    order: OrderView | None
    checks: tuple[CheckRow, ...]
    risk_money: str | None
    currency: str
    targets: tuple[TargetRow, ...] = ()
    basis: str | None = None
