"""The market beside a fire by hand: whose price, how old, and how near a stop may be to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import briefings
import msgspec
import pytest

from hydractl.tui.intent import Beside
from hydractl.tui.intents import fires, quoted
from hydractl.tui.store import Ask, Kept, Problem
from hydrad.wire.answers.market import QuoteRow, SymbolRow

CHOSEN = {"symbol": "EURUSD", "side": "buy", "stop": "", "entry": "", "type": "", "where": ""}


def quote(wire: Any, **changes: Any) -> QuoteRow:
    return msgspec.structs.replace(wire.QUOTE, **{"account": "paper-1", **changes})


def terms(wire: Any, **changes: Any) -> SymbolRow:
    sample: SymbolRow = wire.DATA["symbols"][1][0]
    return msgspec.structs.replace(
        sample, **{"stops_level_points": 12, "freeze_level_points": 0, "stands_for": (), **changes}
    )


def frame(wire: Any, *quotes: QuoteRow, symbols: Any = None, clock_s: float = 100.0, **changes: Any) -> Any:
    made = briefings.frame(wire, clock_s=clock_s)
    rows = briefings.told(list(symbols if symbols is not None else (terms(wire),)))
    known = {quoted.SYMBOLS: Kept(rows, 100.0, None, 100.0)}
    view = replace(made.view, answers={**made.view.answers, **known, Ask.of("status"): briefings.kept(wire.STATUS)})
    asked = quoted.wants(view, CHOSEN)[1].ask
    data = briefings.told([msgspec.to_builtins(row) for row in quotes])
    view = replace(view, answers={**view.answers, asked: Kept(data, 100.0, None, 100.0)})
    return replace(made, view=view, **changes)


def shown(of: Any, room: int = 110, **values: str) -> list[str]:
    return [row.plain for row in quoted.lines(of, {**CHOSEN, **values}, room)]


def test_price_age_and_spread_before_anything_is_named(wire: Any) -> None:
    assert shown(frame(wire, quote(wire))) == [
        "EURUSD  1.08338 / 1.08345, 200 ms old, spread 7 points, at sim-1",
        "levels  at least 12 points away; collar: a tenth of the way to the stop",
    ]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"stop": "1.08145"}, "stop    200 points below 1.08345; collar 20 points"),
        ({"stop": "1.08340"}, "stop    5 points below 1.08345, TOO NEAR: at least 12; collar 0 points"),
        ({"stop": "1.08400"}, "stop    WRONG SIDE: of a BUY it is below 1.08345"),
        ({"stop": "1.08400", "side": "sell"}, "stop    62 points above 1.08338; collar 6 points"),
        ({"stop": "1.08145", "type": "limit", "entry": "1.08245"}, "stop    100 points below 1.08245"),
    ],
)
def test_the_stop_that_is_typed_is_measured(wire: Any, values: Mapping[str, str], wanted: str) -> None:
    assert shown(frame(wire, quote(wire)), **values)[1:] == [wanted]


@pytest.mark.parametrize("stop", ["", "abc", "nan", "inf", "-", "1_0", "1e999", "1.", "-1"])
def test_what_is_no_price_is_not_measured(wire: Any, stop: str) -> None:
    assert shown(frame(wire, quote(wire)), stop=stop)[1].startswith("levels")


def test_it_is_the_price_of_the_account_that_is_chosen(wire: Any) -> None:
    rows = quote(wire), quote(wire, terminal="sim-2", account="paper-2", bid="1.08300", source=False)
    of = frame(wire, *rows)
    assert "1.08338" in shown(of)[0], "the primary one"
    assert "1.08300" in shown(of, where="account:paper-2")[0]
    assert "1.08338" in shown(of, where="all:")[0], "the source's"


def test_of_several_terminals_it_is_the_one_that_opens(wire: Any) -> None:
    rows = quote(wire, terminal="sim-0", bid="1.00000"), quote(wire)
    of = frame(wire, *rows)
    lane = msgspec.structs.replace(wire.STATUS, terminals=(msgspec.structs.replace(wire.TERMINAL, lane=True),))
    of = replace(of, view=replace(of.view, answers={**of.view.answers, Ask.of("status"): briefings.kept(lane)}))
    assert "1.08338" in shown(of)[0]


def test_a_broker_may_call_it_otherwise(wire: Any) -> None:
    own = terms(wire, symbol="EURUSD.r", stands_for=("EURUSD",))
    of = frame(wire, quote(wire, symbol="EURUSD.r"), symbols=(own,))
    assert quoted.wants(of.view, CHOSEN)[1].ask == Ask.of("ticks", symbols=("EURUSD", "EURUSD.r"))
    assert shown(of)[0].startswith("EURUSD.r 1.08338") and "12 points" in shown(of)[1]


def test_what_is_stale_or_old_says_so(wire: Any) -> None:
    row = quoted.lines(frame(wire, quote(wire, stale=True, age_s=9.0)), CHOSEN, 110)[0]
    assert "9.0 s old, STALE" in row.plain and row.style == "yellow"
    row = quoted.lines(frame(wire, quote(wire), clock_s=112.0), CHOSEN, 110)[0]
    assert "12.2 s old, STALE, OLD" in row.plain and row.style == "dim"


def test_what_is_not_known_is_said(wire: Any) -> None:
    of = frame(wire)
    assert shown(of) == ["price   UNKNOWN: no quote of EURUSD on paper-1 has come"]
    asked = quoted.wants(of.view, CHOSEN)[1].ask
    empty = replace(of, view=replace(of.view, answers={}))
    assert shown(empty) == ["price   of EURUSD: is being asked for ..."]
    failed = Kept(None, 100.0, Problem("TIMED_OUT", "no answer in 3 s"), 100.0)
    refused = replace(of, view=replace(of.view, answers={asked: failed}))
    assert shown(refused) == ["price   of EURUSD: no answer in 3 s"]
    assert shown(frame(wire, quote(wire), symbols=()))[1:] == [], "no terms were told"


def test_on_the_smallest_screen_it_is_one_line(wire: Any) -> None:
    of = frame(wire, quote(wire), width=40, height=12)
    assert shown(of, 38, stop="1.08") == ["1.08338 / 1.08345, 200 ms old"]


def by_hand() -> Any:
    return fires.fire_by_hand(["EURUSD", "XAUUSD"], fires.targets_of(["paper-1"], ()), (), "EURUSD")


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (40, 12)])
def test_it_goes_on_in_the_sheet_while_the_fields_are_filled_in(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    bids = iter(("1.08338", "1.08399"))

    def script(call: Any) -> Any:
        if type(call.body).__name__ == "Ticks":
            return wire.answer(call, data=(quote(wire, bid=next(bids)),))
        return wire.answer(call)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.fake.script = script
        tui.app.set_writing(True)
        tui.app.intend(by_hand())
        await tui.until(pilot, "FIRE BY HAND")
        await pilot.pause()
        verbs = [want.ask.verb for want in tui.feed.wants]
        assert "ticks" in verbs and "symbols" in verbs
        await tui.fed(pilot)
        await tui.until(pilot, "1.08338 / 1.08345")
        await tui.fed(pilot)
        await tui.until(pilot, "1.08399 / 1.08345")
        assert "Cancel" in tui.text() and tui.fake.bodies("fire.symbol") == []
        await pilot.press("escape")
        await tui.until(pilot, lambda: "FIRE BY HAND was" not in tui.text() or len(tui.app.screen_stack) == 1)
        await tui.until(pilot, lambda: "ticks" not in [want.ask.verb for want in tui.feed.wants])

    tui.play(scene, size=size)


def test_an_act_has_none_beside_it_else(wire: Any) -> None:
    assert isinstance(by_hand().beside, Beside)
    assert fires.fire_mission(wire.M, fires.targets_of(["paper-1"], ()), ()).beside is None
