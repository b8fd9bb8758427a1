"""Acts and fires as people see them: the verdict, the checks, the exact order."""

from __future__ import annotations

from hydrad.wire.answers import Out, Problem
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


class Realised(Out, frozen=True):
    """What an act that was DONE closed, by the deals that the broker has told. `money`: of this act's own deals, net of
    their swap, commission and fee, and `r` by what the whole position risked; null: no deal of it was told yet.
    `volume`: lots of those deals. `remaining`: lots of the position that stay open. `total`, `total_r`: of the whole
    position, what opening it cost and earlier parts included; null while it is open."""

    currency: str
    money: str | None
    r: str | None
    volume: str
    remaining: str | None
    total: str | None
    total_r: str | None


class ActRow(Out, frozen=True):
    """`state`: see hydra-states(7). `verdict` is the one line a person reads. `volume`: empty of an act that deals
    nothing; `changes` says what such a one is about. `realised`: of a close of ours, or a part of one, that is DONE."""

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
    changes: str | None = None
    realised: Realised | None = None


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


class ReduceRow(Out, frozen=True):
    """One act of a dry run of close, modify, cancel or flatten. `act`: CLOSE, PART_CLOSE, MODIFY, CANCEL, or TAKE_BACK
    of a fire that waits for a second person. `side`, `open_price`: the position's, or the order's with its price.
    `volume`: what is closed, else all of it; `remaining`: what a close leaves. `price`: at which it would close now
    (bid of a BUY, ask of a SELL; of an order: at which it would open), `price_age_s` old by market time; null without a
    quote. `money`: what a close would bring by that price, before `swap` (its share) and commission, by the broker's
    money per point as it was told last. `stop`, `target`: as they would stand, `stop_was` and `target_was` now.
    `risk_money`: loss from the open price at the stop of what stays open, `risk_percent` of `base`; `risk_was_money`:
    now; null where there is no stop, or it is not known. `codes`: what would deny it, `failed` with what was measured.
    `expects`: what its broker would refuse it for, as far as its terms tell; we do not deny for it."""

    id: str | None
    ticket: int | None
    foreign: bool
    act: str
    account: str
    kind: str
    terminal: str | None
    symbol: str
    side: str
    open_price: str | None
    volume: str
    remaining: str | None
    price: str | None
    price_age_s: float | None
    money: str | None
    swap: str | None
    stop: str | None
    target: str | None
    stop_was: str | None
    target_was: str | None
    risk_money: str | None
    risk_percent: str | None
    risk_was_money: str | None
    base: str | None
    currency: str
    would: str
    codes: tuple[str, ...]
    failed: tuple[CheckRow, ...] = ()
    expects: tuple[CheckRow, ...] = ()


class FireAnswer(Out, frozen=True):
    """Answer of fire, close, modify, cancel, flatten. `act` is None on a dry run. `acts` has one row an act asked for;
    `targets`, on a dry run of a fire, one an account; `reduces`, on a dry run of what reduces, one an act. `order`,
    `checks` and `basis` are of the first, and of a dry run of several acts that reduce of none; `basis` says by how
    much the mission's prices were shifted to the account's, null for what opens nothing. `stays`: on a dry run of
    flatten, what may open yet and is not cancelled by it."""

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
    reduces: tuple[ReduceRow, ...] = ()
    stays: tuple[str, ...] = ()


class AskedData(Out, frozen=True):
    """What became of a request. `acts`: those that it made, as they are now. `answered`: whether the answer of one that
    makes no acts is kept; `problem`: what that answer refused, or lacked."""

    key: str
    acts: tuple[ActRow, ...]
    answered: bool
    problem: Problem | None
