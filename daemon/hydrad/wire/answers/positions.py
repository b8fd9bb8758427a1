"""Positions, resting orders, and the plans that positions stand under."""

from __future__ import annotations

from hydrad.wire.answers import Out


class PlanRow(Out, frozen=True):
    """One step of a plan. `text` says what it does, with its prices; `trigger_price`, `stop`: where it begins, and
    where it puts the stop; `volume`: of a part. `state` and `detail`: of a position's step, by its records."""

    kind: str
    at: str | None
    act: str
    text: str = ""
    trigger_price: str | None = None
    stop: str | None = None
    volume: str | None = None
    state: str | None = None
    detail: str | None = None


class NightView(Out, frozen=True):
    """The next midnight of the server's that charges a swap: when, for how many nights, and what it brings (below zero:
    costs) in the account's currency; null where the broker counts it in what is not converted here."""

    at: str
    nights: int
    money: str | None


class PositionRow(Out, frozen=True):
    """`foreign`: not ours; never touched unasked. `pnl`: open profit with swap, or the closed result net of costs.
    `r`: `pnl` over the way from the open price to the first stop, of all lots that were opened. `realised`: what the
    deals of an open one of which a part was closed have brought, net of costs, and `r_in_all` with it. `reachable`:
    whether a close could be sent now; what is shown of one that is not is as old as `as_of_age_s`. `swap` to date;
    `commission` paid so far; `break_even`: the price that pays both and, where it is known, the commission of the
    close. `plan_name`: under which `plan` was asked for. `price`: that of a close as its terminal quotes now, told
    `price_age_s` ago; None where it has told none, or where it is closed. `report_price`: by which `pnl` and `r` of
    an open one were counted, of the same report; None where its agent does not tell it. `close_average`: of what was
    closed so far, each lot at its price; `close_price` is the last one's."""

    id: str
    state: str
    foreign: bool
    account: str
    symbol: str
    side: str
    volume: str
    open_price: str
    stop: str | None
    target: str | None
    pnl: str | None
    currency: str
    r: str | None
    opened_at: str
    closed_at: str | None
    close_price: str | None
    close_reason: str | None
    mission: str | None
    ticket: int
    plan: tuple[PlanRow, ...]
    as_of_age_s: float | None
    reachable: bool = True
    swap: str | None = None
    commission: str | None = None
    break_even: str | None = None
    night: NightView | None = None
    plan_name: str | None = None
    price: str | None = None
    price_age_s: float | None = None
    realised: str | None = None
    r_in_all: str | None = None
    report_price: str | None = None
    close_average: str | None = None


class OrderRow(Out, frozen=True):
    """A resting order. `foreign`: not ours, and never touched. `at_broker`: whether the last report had it; None while
    there was none in this session. `cancel`: the last act that was to cancel it, with its state."""

    id: str | None
    state: str
    foreign: bool
    account: str
    symbol: str
    side: str
    type: str
    volume: str
    price: str
    stop: str | None
    target: str | None
    expires_at: str | None
    fire: str | None
    mission: str | None
    by: str | None
    terminal: str | None
    ticket: int
    at_broker: bool | None
    cancel: str | None
    as_of_age_s: float | None
    reachable: bool = True


class PlanData(Out, frozen=True):
    """A position's plan. `plan`: its name; `set_by`: the act that set it in place of the fire's.
    `pending`: an act that sets another one, and whose outcome is not known. `price`: at which
    the position would close now; `r_now`: the open profit in R by that price."""

    position: str
    account: str
    symbol: str
    side: str
    volume: str
    open: bool
    plan: str
    open_price: str
    first_stop: str | None
    stop: str | None
    target: str | None
    price: str | None
    r_now: str | None
    steps: tuple[PlanRow, ...]
    set_by: str | None
    pending: str | None


class NamedPlan(Out, frozen=True):
    name: str
    text: str
