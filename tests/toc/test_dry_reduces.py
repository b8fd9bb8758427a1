"""Dry runs of close, modify, cancel and flatten: the act's own verdict, in lots and money, and nothing written or sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import levels
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.domain.orders import Side
from hydrad.link import frames as f
from hydrad.toc.act import ActState
from hydrad.toc.effects import Reply
from hydrad.toc.limits import Limits
from hydrad.toc.state import Act
from hydrad.wire import calls
from hydrad.wire.answers.acts import FireAnswer, ReduceRow
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import TERMS, Core

replace = msgspec.structs.replace
SEES = "uid:2000"


def shown(act: Act) -> str:
    return show(IdKind.POSITION, act.position)


def look(core: Core, verb: Verb, who: str = "uid:1000") -> Reply:
    """The answer of a dry run, which has written and sent nothing."""
    records, sends = len(core.records), len(core.sent(f.Close) + core.sent(f.Modify) + core.sent(f.Cancel))
    reply = core.ask(replace(verb, dry_run=True), who)
    assert len(core.records) == records
    assert len(core.sent(f.Close) + core.sent(f.Modify) + core.sent(f.Cancel)) == sends
    return reply


def data(core: Core, verb: Verb, who: str = "uid:1000") -> FireAnswer:
    found = look(core, verb, who).data
    assert isinstance(found, FireAnswer) and found.dry_run and found.act is None and found.acts == ()
    return found


def row(core: Core, verb: Verb) -> ReduceRow:
    (found,) = data(core, verb).reduces
    return found


# --- close ----------------------------------------------------------------------------------------------------


def test_a_close_says_lots_money_and_the_age_of_its_price(core: Core) -> None:
    fire = core.filled()
    core.up(f.Positions((core.position_row(fire, swap=Decimal("-0.44")),), core.market_ms, True, True))
    core.ticks(110_060, 110_070)
    opened = core.state.positions[fire.position].open_points
    found = row(core, calls.Close(shown(fire)))
    assert (found.act, found.volume, found.remaining, found.side) == ("CLOSE", "0.22", "0.00", "BUY")
    assert (found.price, found.price_age_s) == ("1.10060", 0.0)  # a BUY is closed at the bid
    assert found.money == f"{(110_060 - opened) * Decimal('0.22'):.2f}"
    assert (found.swap, found.risk_money, found.would) == ("-0.44", None, "would be ROUTED to t1")
    assert (found.codes, found.expects) == ((), ())


def test_a_part_says_what_remains_and_what_that_risks(core: Core) -> None:
    fire = core.filled()
    core.up(f.Positions((core.position_row(fire, swap=Decimal("-0.44")),), core.market_ms, True, True))
    found = row(core, calls.Close(shown(fire), part="49%"))
    assert (found.act, found.volume, found.remaining, found.swap) == ("PART_CLOSE", "0.10", "0.12", "-0.20")
    held = core.state.positions[fire.position]
    risk = (held.open_points - held.stop_points) * Decimal("0.12")
    assert found.risk_money == f"{risk:.2f}" and found.risk_percent == f"{risk / 100:.3f}"
    assert found.base is not None and "10000.00 USD" in found.base


@pytest.mark.parametrize("part", ["50%", "49%", None, "0.01"])
def test_what_was_shown_is_what_is_sent(core: Core, part: str | None) -> None:
    fire = core.filled()
    seen = data(core, calls.Close(shown(fire), part=part))
    core.send(calls.Close(shown(fire), part=part))
    (command,) = core.sent(f.Close)
    assert seen.order is not None and seen.order.hash == command.order_hash.hex()
    assert seen.reduces[0].volume == f"{command.order.volume_steps / 100:.2f}"
    assert seen.reduces[0].remaining == f"{command.order.volume_remaining_steps / 100:.2f}"


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (lambda fire: calls.Close(shown(fire)), "POSITION_STATE"),
        (lambda fire: calls.Modify(shown(fire), stop="1.09900"), "POSITION_STATE"),
    ],
)
def test_what_would_deny_it_is_what_denies_it(core: Core, verb: Callable[[Act], Verb], code: str) -> None:
    fire = core.filled()
    core.act(calls.Close(shown(fire)))
    reply = look(core, verb(fire))
    assert reply.problem is not None and reply.problem.code == "DENIED"
    assert reply.data.reduces[0].codes == (code,)  # type: ignore[union-attr]
    assert reply.data.would == f"would be DENIED: {code}"  # type: ignore[union-attr]
    assert core.act(verb(fire)).codes == (code,)


def test_without_a_terminal_in_reach_it_would_be_denied(core: Core) -> None:
    fire = core.filled()
    core.wait(60_000, beat=())
    found = row(core, calls.Close(shown(fire)))
    assert found.codes == ("TERMINAL_LINK",) and found.terminal is None
    assert found.failed[0].measured == "none reachable"
    assert core.act(calls.Close(shown(fire))).codes == ("TERMINAL_LINK",)


@pytest.mark.parametrize("part", ["4%", "101%", "0.23", "0.015", "half"])
def test_what_is_no_part_is_refused_as_the_act_is(core: Core, part: str) -> None:
    verb = calls.Close(shown(core.filled()), part=part)
    assert look(core, verb).problem == core.ask(verb).problem


def test_a_part_that_one_of_several_cannot_give_closes_none(make: Callable[..., Core]) -> None:
    """Of a mission's positions none is closed where the part is none of one: what is refused has sent nothing."""
    core = make(terminals=(("t1", "alpha", 1), ("t2", "beta", 2)))
    for name in ("t1", "t2"):
        core.connect(name)
        core.ticks(110_000, 110_010, name)
    mission = core.mission()
    sized = (calls.Sized("alpha", "0.10"), calls.Sized("beta", "0.02"))
    core.send(calls.Fire(mission, sized=sized))
    fires = [act for act in core.state.acts.values() if act.state is ActState.ROUTED]
    for fire in fires:
        core.done(fire)
    assert len(core.state.positions_open) == 2
    seen = data(core, calls.Close(mission, part="50%"))
    assert [(one.account, one.volume, one.remaining) for one in seen.reduces] == [
        ("alpha", "0.05", "0.05"),
        ("beta", "0.01", "0.01"),
    ]
    assert (seen.would, seen.order) == ("2 of 2 would be sent", None)
    count = len(core.records)
    problem = core.ask(calls.Close(mission, part="0.05")).problem
    assert problem is not None and problem.code == "USAGE"
    assert len(core.records) == count and not core.sent(f.Close)


def test_a_key_is_not_used_up_by_looking(core: Core) -> None:
    fire = core.filled()
    core.ask(calls.Close(shown(fire), dry_run=True), key="k")
    assert core.act(calls.Close(shown(fire)), key="k").state is ActState.ROUTED
    again = core.ask(calls.Close(shown(fire), dry_run=True), key="k")
    assert again.data.reduces[0].codes == ("POSITION_STATE",)  # type: ignore[union-attr]


# --- the role of looking ------------------------------------------------------------------------------------


def test_who_may_only_look_is_told_it_all_and_that_they_may_not(core: Core) -> None:
    core.role(SEES, Role.VIEWER)
    fire = core.filled()
    reply = look(core, calls.Close(shown(fire)), SEES)
    assert reply.problem is not None and reply.problem.code == "FORBIDDEN"
    assert reply.problem.message == f"trader is needed, {SEES} is viewer"
    found = reply.data.reduces[0]  # type: ignore[union-attr]
    assert (found.volume, found.codes) == ("0.22", ("ROLE",))
    refused = core.ask(calls.Close(shown(fire)), SEES)
    assert refused.data is None and refused.problem is not None and refused.problem.code == "FORBIDDEN"


def test_a_stranger_is_told_nothing(core: Core) -> None:
    reply = look(core, calls.Close(shown(core.filled())), "uid:9999")
    assert reply.data is None and reply.problem is not None and reply.problem.code == "FORBIDDEN"


# --- modify -------------------------------------------------------------------------------------------------


def test_a_modify_says_its_new_risk(core: Core) -> None:
    fire = core.filled()
    held = core.state.positions[fire.position]
    found = row(core, calls.Modify(shown(fire), stop="1.09900", target="none"))
    assert (found.act, found.volume, found.remaining, found.money) == ("MODIFY", "0.22", None, None)
    assert (found.stop, found.stop_was, found.target, found.target_was) == ("1.09900", "1.09810", None, "1.10410")
    assert found.risk_money == f"{(held.open_points - 109_900) * Decimal('0.22'):.2f}"
    assert found.risk_was_money == f"{(held.open_points - 109_810) * Decimal('0.22'):.2f}"


def test_a_stop_beyond_the_open_price_risks_nothing(core: Core) -> None:
    fire = core.filled()
    core.ticks(110_200, 110_210)
    found = row(core, calls.Modify(shown(fire), stop="1.10100"))
    assert (found.risk_money, found.risk_percent, found.codes) == ("0.00", "0.000", ())


@pytest.mark.parametrize("stop", ["1.10005", "1.09000", "1.08000", "1.09700"])
def test_a_modify_would_be_denied_for_what_denies_it(make: Callable[..., Core], stop: str) -> None:
    limits = Limits(risk_per_trade_max_percent=Decimal("1.5"), open_risk_max_percent=Decimal("3"))
    core = make(limits=limits)
    core.connect()
    core.ticks(110_000, 110_010)
    fire = core.filled()
    seen = data(core, calls.Modify(shown(fire), stop=stop))
    act = core.act(calls.Modify(shown(fire), stop=stop))
    assert seen.reduces[0].codes == act.codes
    assert [check for check in seen.checks if check.code != "ROLE"] == [
        type(seen.checks[0])(c.code, c.ok, c.measured, c.limit) for c in act.checks
    ]


def test_a_stop_nearer_than_the_broker_allows_is_told_and_not_denied(core: Core) -> None:
    """Terms may be old, and a tighter stop always passes: the broker has the last word."""
    fire = core.filled()
    found = row(core, calls.Modify(shown(fire), stop="1.09991"))
    assert found.codes == () and [check.code for check in found.expects] == ["STOPS_LEVEL"]
    assert (found.expects[0].measured, found.expects[0].limit) == ("9 points", "10 points")
    assert found.would == "would be ROUTED to t1, and REJECTED as the broker's terms stand: STOPS_LEVEL"
    assert core.act(calls.Modify(shown(fire), stop="1.09991")).state is ActState.ROUTED


@pytest.mark.parametrize(
    ("terms", "verb", "codes"),
    [
        ({"freeze_level_points": 500}, lambda fire: calls.Close(shown(fire)), ["STOPS_LEVEL"]),
        ({"trade_mode": 0}, lambda fire: calls.Close(shown(fire)), ["SYMBOL_TRADE_MODE"]),
        ({"volume_min_steps": 10}, lambda fire: calls.Close(shown(fire), part="0.05"), ["VOLUME_LIMITS"]),
        ({"volume_min_steps": 10}, lambda fire: calls.Close(shown(fire), part="0.12"), []),
        ({"volume_min_steps": 100}, lambda fire: calls.Close(shown(fire)), []),
        ({"volume_max_steps": 10}, lambda fire: calls.Close(shown(fire)), ["VOLUME_LIMITS"]),
    ],
)
def test_what_the_broker_would_refuse(
    core: Core, terms: dict[str, Any], verb: Callable[[Act], Verb], codes: list[str]
) -> None:
    fire = core.filled()
    core.up(f.Specs((replace(TERMS, **terms),), core.market_ms))
    found = row(core, verb(fire))
    assert [check.code for check in found.expects] == codes
    assert core.act(verb(fire)).state is ActState.ROUTED  # closes pass, whatever we expect


def test_a_closed_market_is_told(core: Core) -> None:
    fire = core.filled()
    core.later(4 * 24 * 3_600_000)  # Sunday noon, in UTC
    found = row(core, calls.Close(shown(fire)))
    assert [check.code for check in found.expects] == ["MARKET_HOURS"]
    assert found.expects[0].measured.startswith("CLOSED at 2024-05-19")


# --- cancel -------------------------------------------------------------------------------------------------


def test_a_cancel_says_what_rests(core: Core) -> None:
    fire = core.rests()
    found = row(core, calls.Cancel(show(IdKind.ORDER, fire.act_id & ((1 << 38) - 1))))
    assert (found.act, found.remaining, found.money, found.would) == ("CANCEL", None, None, "would be ROUTED to t1")
    assert found.id is not None and found.id.startswith("O-") and found.open_price is not None
    assert data(core, calls.Cancel(all_orders=True)).reduces == (found,)


def test_one_that_is_being_cancelled_is_not_cancelled_again(core: Core) -> None:
    fire = core.rests()
    core.send(calls.Cancel(all_orders=True))
    found = row(core, calls.Cancel(all_orders=True))
    assert found.codes == () and "is being cancelled by A-" in found.would
    assert fire.state is ActState.WORKING


def test_where_nothing_rests_it_says_so(core: Core) -> None:
    found = data(core, calls.Cancel(all_orders=True))
    assert (found.would, found.reduces) == ("nothing rests", ())


# --- flatten ------------------------------------------------------------------------------------------------


def test_a_flatten_names_each_close_and_what_may_open_yet(core: Core) -> None:
    core.rests()
    fire = core.filled()
    found = data(core, calls.Flatten())
    assert [one.id for one in found.reduces] == [shown(fire)]
    assert len(found.stays) == 1 and found.stays[0].startswith("F-")


def test_of_a_flatten_that_finds_nothing(core: Core) -> None:
    assert data(core, calls.Flatten()).would == "nothing is open"


# --- how near levels may be ---------------------------------------------------------------------------------

POINTS = st.integers(1, 400)


@given(st.sampled_from(Side), POINTS, POINTS, POINTS, st.integers(0, 50))
def test_levels_fit_as_the_venue_has_it(side: Side, price: int, stop: int, target: int, level: int) -> None:
    terms = replace(TERMS, stops_level_points=level, freeze_level_points=level)
    away = [(price - stop) * side.sign, (target - price) * side.sign]
    assert levels.fit(terms, side, price, stop, target) is (min(away) >= max(level, 1))
    assert levels.fit(terms, side, price, 0, 0)
    assert levels.frozen(terms, price, stop, target) is (min(abs(price - stop), abs(price - target)) < level)
    assert not levels.frozen(replace(terms, freeze_level_points=0), price, stop, target)
