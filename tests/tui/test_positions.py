"""The Positions pane as a person sees it, and what its keys send."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydractl.session import as_view
from hydractl.tui import live
from hydractl.tui.draw.glyphs import ASCII, UNICODE
from hydractl.tui.panes.positions import CLOSED_GRID, OPEN_GRID, ORDERS_GRID
from hydractl.tui.sheets import Sheet
from hydractl.tui.store import QUERIES, Answered, Ask, Lost, Problem, Unanswered
from hydrad.domain.ids import IdKind, show
from hydrad.wire.answers.acts import CheckRow
from hydrad.wire.answers.positions import NightView

SIZES = [(160, 50), (80, 24)]


def changed(row: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(row, **changes)


def script(wire: Any, opened: Sequence[Any] = (), closed: Sequence[Any] = (), **others: Any) -> Callable[[Any], Any]:
    """A daemon with these positions; `now` tells none, so that the list's own money shows. `others`: verb -> data."""
    now = changed(wire.NOW, positions=())

    def answer(call: Any) -> Any:
        verb = wire.verb_of(call)
        if verb == "positions":
            return wire.answer(call, data=tuple(closed if call.body.closed else opened))
        told = {"now": now, **others}.get(verb.replace(".", "_"))
        return wire.answer(call) if told is None else wire.answer(call, data=told)

    return answer


async def shown(tui: Any, pilot: Any, *, write: bool = False) -> None:
    """The pane, fed until it asks nothing new."""
    await tui.fed(pilot)
    await pilot.press("3", *(["W"] if write else []))
    for _ in range(3):
        await tui.fed(pilot)


def row_of(tui: Any, id: str) -> str:
    """As the list has it; the details may have its id too."""
    return next(line for line in tui.lines() if line.lstrip("┃").startswith(id))


def painted(box: Any) -> tuple[str, set[str]]:
    """What a box shows, and in which colours."""
    segments = [segment for y in range(box.size.height) for segment in box.render_line(y)]
    colours = {segment.style.color.name for segment in segments if segment.style and segment.style.color}
    return "".join(segment.text for segment in segments), colours


def notices(tui: Any) -> str:
    return "\n".join(notice.text for notice in tui.app.notices.said)


def open_one(wire: Any, number: int, **changes: Any) -> Any:
    return changed(wire.POSITION, id=show(IdKind.POSITION, number), ticket=100 + number, state="FILLED", **changes)


@pytest.mark.parametrize("size", SIZES)
def test_what_matters_most_is_in_sight(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    row = open_one(
        wire, 7, swap="-0.10", commission="-0.70", break_even="1.08353", plan_name="runner",
        night=NightView("2026-11-20T22:00:00Z", 3, "-2.10"),
    )  # fmt: skip

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [row])
        await shown(tui, pilot)
        line = row_of(tui, row.id)
        for wanted in (row.id, "EURUSD", "BUY", "0.10", "▲ +3.20 USD", "0.16", "1.08140"):
            assert wanted in line, f"{wanted} is missing\n{tui.text()}"
        wanted_below = ["open risk 20.00 of 200.00 USD", "stop 1.08140 ├", "o━", "1.08740 target", "now 1.08600"]
        wanted_below += ["break-even 1.08353", "commission -0.70 USD", "3 nights", "▼ -2.10 USD", f"mission {wire.M}"]
        for wanted in (*wanted_below, "ticket 107", "runner", "BREAK_EVEN", "done (stop 1.08345)"):
            assert wanted in tui.text(), f"{wanted} is missing\n{tui.text()}"

    tui.play(scene, size=size)


def test_each_line_has_its_price_and_where_it_stands(tui: Any, wire: Any) -> None:
    fresh, old, none, dumb = (
        open_one(wire, 7, report_price="1.08598", price="1.08600"),
        open_one(wire, 8, report_price="1.08598", as_of_age_s=61.0),
        open_one(wire, 9, report_price=None, price=None, price_age_s=None),
        open_one(wire, 10, report_price=None, price="1.08600", price_age_s=0.2),  # of an agent that does not tell it
    )

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [fresh, old, none, dumb])
        await shown(tui, pilot)
        rows = tui.app.query_one(f"#{OPEN_GRID}").text.splitlines()[1:]
        for at, (price, stands) in enumerate((
            ("1.08598 ", "━▶"), ("1.08598, 1 m 01 s old", "├"), (" - ", "├"), ("1.08600 ", "━▶"),
        )):  # fmt: skip
            assert price in rows[at] and stands in rows[at], tui.text()
        assert "1.08600" not in rows[0] and "▶" not in rows[1] + rows[2], "of another moment"

    tui.play(scene, size=(200, 50))


@pytest.mark.parametrize("size", SIZES)
def test_fifty_positions(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    rows = [open_one(wire, 10 + number, symbol="EURUSD.標準", pnl="-12345.67") for number in range(50)]

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, rows)
        await shown(tui, pilot)
        assert "▼ -617283.50 USD" in tui.text() and "50 open" in tui.text()
        await pilot.press("G")
        await tui.fed(pilot)
        line = row_of(tui, rows[-1].id)
        for wanted in ("標準", "BUY", "0.10", "▼ -12345.67 USD", "1.08140"):
            assert wanted in line, tui.text()
        assert "SYMBOL" in tui.text(), "the heading stays"

    tui.play(scene, size=size)


def test_only_ascii(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)])
        await shown(tui, pilot)
        text = tui.text()
        assert text.isascii() and "^ +3.20 USD" in text and "stop 1.08140 |" in text

    tui.play(scene, ascii_only=True)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_open(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, orders=())
        await shown(tui, pilot, write=True)
        assert "no position is open" in tui.text() and "0 open" in tui.text()
        await pilot.press("c")
        await tui.until(pilot, "no position is under the cursor")

    tui.play(scene, size=size)


@pytest.mark.parametrize("size", SIZES)
def test_foreign_and_not_reachable(tui: Any, wire: Any, size: tuple[int, int]) -> None:
    strange = open_one(
        wire, 8, foreign=True, mission=None, r=None, stop=None, reachable=False, as_of_age_s=90.0, pnl="-1.00"
    )

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [strange])
        await shown(tui, pilot, write=True)
        assert "FOREIGN 1:  ▼ -1.00 USD" in tui.text() and "0 open" in tui.text()
        for wanted in ("FOREIGN", "NOT REACHABLE", "NO STOP", "no close can be sent now", "counts as exposure"):
            assert wanted in tui.text(), f"{wanted} is missing\n{tui.text()}"
        assert not any(want.ask.verb == "plan.show" for want in tui.feed.wants), "it has no plan of ours"
        await pilot.press("c")
        await tui.until(pilot, lambda: f"{strange.id} is FOREIGN" in notices(tui))
        assert not isinstance(tui.app.screen, Sheet)

    tui.play(scene, size=size)
    assert tui.fake.sent("close") == []


def test_a_lost_daemon(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)])
        await shown(tui, pilot)
        assert "green" in painted(tui.app.query_one(f"#{OPEN_GRID}"))[1]
        await tui.told(pilot, Lost(QUERIES, time.monotonic(), "the daemon went away"))
        assert "NO DAEMON" in tui.text()
        for name in (OPEN_GRID, "positions-details", "positions-sums"):
            box = tui.app.query_one(f"#{name}")
            said, colours = painted(box)
            assert "3.20 USD" in said, name
            assert not colours & {"green", "red", "cyan", "yellow"}, name

    tui.play(scene)


def test_closed_today(tui: Any, wire: Any) -> None:
    today, before = wire.NOW.market[:10], "2001-01-01"
    ended = [
        open_one(wire, 20, closed_at=f"{today}T01:00:00Z", close_price="1.08740", close_reason="TARGET", pnl="4.00"),
        open_one(wire, 21, closed_at=f"{today}T02:00:00Z", close_price="1.08140", close_reason="STOP", pnl="-1.50"),
        open_one(wire, 22, closed_at=f"{before}T02:00:00Z", close_reason="STOP"),
    ]

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)], ended)
        await shown(tui, pilot)
        assert ended[0].id not in tui.text(), "at 80x24 they are asked for by a key"
        await pilot.press("x")
        await tui.fed(pilot)
        assert ended[0].id in tui.text() and ended[1].id in tui.text() and ended[2].id not in tui.text()
        assert "paper-1 ▲ +2.50 USD" in tui.text()
        tui.app.query_one(f"#{CLOSED_GRID}").focus()
        await pilot.pause()
        await tui.fed(pilot)
        assert "closed at 1.08740: TARGET" in tui.text()
        await pilot.press("x")
        await tui.fed(pilot)
        assert ended[0].id not in tui.text() and tui.app.focused.id == OPEN_GRID

    tui.play(scene, size=(80, 24))


def test_another_pane_points_at_one(tui: Any, wire: Any) -> None:
    rows = [open_one(wire, 10 + number) for number in range(3)]
    ended = open_one(wire, 20, closed_at=f"{wire.NOW.market[:10]}T01:00:00Z", close_reason="TARGET")

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, rows, [ended])
        await tui.fed(pilot)
        for wanted, grid in ((rows[2].id, OPEN_GRID), (ended.id, CLOSED_GRID)):
            tui.app.open_pane("positions", wanted)
            await pilot.pause()
            await tui.fed(pilot)
            await pilot.pause()
            assert (tui.app.focused.id, tui.app.focused.key) == (grid, wanted)
        tui.app.open_pane("positions", "P-00000099")
        await pilot.pause()
        await tui.fed(pilot)
        await tui.until(pilot, lambda: "P-00000099 is neither open nor closed today" in notices(tui))

    tui.play(scene, size=(80, 24))


def test_enter_opens_the_mission(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)])
        await shown(tui, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert tui.app.pane.NAME == "mission"

    tui.play(scene)


ACTS = {
    "close": ("c", {}, "close", {"part": None}),
    "part": ("%", {}, "close", {"part": "0.05", "stays": "0.05"}),  # as was shown
    "stop": ("m", {"stop": "1.08200"}, "modify", {"stop": "1.08200", "target": None}),
    "no target": (
        "m",
        {"target": "none", "reason": "let it run"},
        "modify",
        {"target": "none", "reason": "let it run"},
    ),
    "plan": ("P", {}, "plan.set", {"plan": "default"}),
    "note": ("plus", {"text": "watch it", "tag": "news"}, "note", {"text": "watch it", "tag": "news"}),
    "flatten": ("F", {}, "flatten", {"account": None, "symbol": None, "foreign": None}),
    "flatten some": ("F", {"symbol": "EURUSD"}, "flatten", {"symbol": "EURUSD"}),
    "all orders": ("d", {"which": "all:"}, "cancel", {"all_orders": True, "account": None, "id": None}),
    "all of one": ("d", {"which": "account:paper-1"}, "cancel", {"all_orders": True, "account": "paper-1", "id": None}),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_sends_the_shells_verb(tui: Any, wire: Any, name: str) -> None:
    key, values, verb, expected = ACTS[name]
    row = open_one(wire, 7)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [row])
        await shown(tui, pilot, write=True)
        await pilot.press(key)
        await settled(tui, pilot)
        await filled(tui, pilot, values)
        assert tui.fake.sent(verb) == []
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    (body,) = tui.fake.sent(verb)
    assert {field: getattr(body, field) for field in expected} == expected
    assert getattr(body, "id", None) in (row.id, None) and (verb in ("flatten", "cancel") or body.id == row.id)


async def settled(tui: Any, pilot: Any) -> None:
    """The sheet has looked."""
    await pilot.pause()
    assert isinstance(tui.app.screen, Sheet), tui.text()
    await tui.until(pilot, lambda: "looking at what it would do" not in tui.text())


async def filled(tui: Any, pilot: Any, values: dict[str, str]) -> None:
    """These values are typed, looked at, and the focus stands on Cancel."""
    for field, value in values.items():
        tui.app.screen.query_one(f"#f-{field}").value = value
    if values:
        tui.app.screen.query_one(f"#f-{field}").focus()
        await pilot.press("enter")
        await settled(tui, pilot)
    tui.app.screen.query_one("#cancel").focus()
    await pilot.pause()


@pytest.mark.parametrize("rests", [True, False])
def test_all_orders_are_never_fallen_into(tui: Any, wire: Any, rests: bool) -> None:
    """Without one under the cursor nothing is proposed until it was said which."""

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)], orders=(wire.RESTS,) if rests else ())
        await shown(tui, pilot, write=True)
        await pilot.press("d")
        await settled(tui, pilot)
        text = tui.text()
        assert "CANCEL WHAT RESTS" in text and "not chosen yet" in text and "ALL RESTING" not in text
        assert "no resting order is under the cursor: choose which" in text, text
        assert tui.app.screen.query_one("#go").disabled and tui.app.focused.id == "f-which"
        if rests:
            await filled(tui, pilot, {"which": f"order:{wire.RESTS.id}"})
            await pilot.press("right", "enter")
            await tui.until(pilot, "exit code 0")

    tui.play(scene)
    assert [(body.id, body.all_orders) for body in tui.fake.sent("cancel")] == [(wire.RESTS.id, False)] * rests


def test_one_order_is_cancelled(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7)])
        await shown(tui, pilot, write=True)
        tui.app.query_one(f"#{ORDERS_GRID}").focus()
        await pilot.pause()
        await tui.fed(pilot)
        assert "at the broker" in tui.text()
        await pilot.press("c")
        await tui.until(pilot, "it can be cancelled")
        await pilot.press("d")
        await settled(tui, pilot)
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    assert [body.id for body in tui.fake.sent("cancel")] == [wire.RESTS.id]


def test_strangers_are_flattened_only_by_the_accounts_name(tui: Any, wire: Any) -> None:
    strange = open_one(wire, 8, foreign=True, mission=None)
    told, theirs = script(wire, [strange]), changed(wire.REDUCE, id=strange.id, foreign=True)

    def answer(call: Any) -> Any:
        if wire.verb_of(call) != "flatten" or not call.body.dry_run:
            return told(call)
        return wire.answer(call, data=wire.dry(theirs) if call.body.foreign else wire.dry())

    async def scene(pilot: Any) -> None:
        tui.fake.script = answer
        await shown(tui, pilot, write=True)
        await pilot.press("F")
        await settled(tui, pilot)
        assert "nothing is open" in tui.text(), "of ours"
        sheet = tui.app.screen
        sheet.query_one("#f-whose").value = "foreign"
        await tui.until(pilot, "choose the account")
        assert sheet.query_one("#go").disabled
        sheet.query_one("#f-account").value = "paper-1"
        await tui.until(pilot, "type the account's name (paper-1)")
        assert sheet.query_one("#go").disabled and strange.id in tui.text()
        sheet.query_one("#sheet-word").focus()
        await pilot.press(*"paper-1")
        sheet.query_one("#go").focus()
        await pilot.press("enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    (body,) = tui.fake.sent("flatten")
    assert (body.account, body.foreign) == ("paper-1", "paper-1")


def test_a_stranger_is_adopted_with_a_stop_only(tui: Any, wire: Any) -> None:
    strange = open_one(wire, 8, foreign=True, mission=None, stop=None)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [strange])
        await shown(tui, pilot, write=True)
        await pilot.press("A")
        await settled(tui, pilot)
        assert "name its stop" in tui.text() and tui.app.screen.query_one("#go").disabled
        await filled(tui, pilot, {"stop": "1.07"})
        await pilot.press("right", "enter")
        await tui.until(pilot, "exit code 0")

    tui.play(scene)
    (body,) = tui.fake.bodies("adopt")
    assert (body.ticket, body.account, body.stop) == (108, "paper-1", "1.07")


def row(account: str, currency: str, pnl: str | None) -> Any:
    return as_view({"account": account, "currency": currency, "pnl": pnl})


def test_nothing_is_added_across_currencies_and_what_is_missing_is_said() -> None:
    rows = [row("a", "USD", "1.10"), row("a", "USD", "-3.20"), row("b", "EUR", "2.00"), row("a", "USD", None)]
    made = live.sums([*rows, row("c", "USD", None), row("b", "USD", "nonsense")])
    assert [(one.account, one.currency, one.count, one.known, one.pnl) for one in made] == [
        ("a", "USD", 3, 2, Decimal("-2.10")),
        ("b", "EUR", 1, 1, Decimal("2.00")),
        ("c", "USD", 1, 0, None),
        ("b", "USD", 1, 0, None),
    ]
    assert live.sum_text(made[0], UNICODE) == "▼ -2.10 USD without 1 not known"
    assert live.sum_text(made[2], UNICODE) == "not known USD"


@pytest.mark.parametrize(
    ("text", "shown", "style"),
    [
        ("3.20", "^ +3.20", "green"),
        ("+3.20", "^ +3.20", "green"),
        ("-3.20", "v -3.20", "red"),
        ("0.00", "0.00", ""),
        ("-0.00", "0.00", ""),
        (None, "-", ""),
        ("NaN", "NaN", ""),
    ],
)
def test_a_result_has_sign_and_arrow(text: str | None, shown: str, style: str) -> None:
    assert (live.signed(text, ASCII), live.style_of(text)) == (shown, style)


ON_WRONG_SIDE = CheckRow("PRICE_SIDE", False, "stop 1.09000", "around 1.08600")
TOO_NEAR = CheckRow("STOPS_LEVEL", False, "9 points", "10 points")


@pytest.mark.parametrize(
    ("key", "row", "wanted", "may"),
    [
        ("m", {"codes": ("PRICE_SIDE",), "failed": (ON_WRONG_SIDE,)}, "PRICE_SIDE: stop 1.09000", False),
        ("m", {"expects": (TOO_NEAR,)}, "the broker would refuse it as its terms stand: STOPS_LEVEL", True),
        ("m", {}, "stop 1.08140 -> 1.08200", True),
        ("%", {}, "0.05 of 0.10 lots of BUY EURUSD", True),
        ("%", {}, "close 0.05 of P-0000007K, 0.05 stays open?", True),
        ("c", {}, "+3.20 USD at 1.08377, 400 ms old", True),
    ],
)
def test_what_it_means_and_what_would_deny_it_is_said_first(
    tui: Any, wire: Any, key: str, row: dict[str, Any], wanted: str, may: bool
) -> None:
    opened = open_one(wire, 7)
    reduced = {"m": wire.MOVED, "%": wire.PART, "c": wire.REDUCE}[key]
    verb = "modify" if key == "m" else "close"
    told = script(wire, [opened])

    def answer(call: Any) -> Any:
        dry = wire.verb_of(call) == verb and call.body.dry_run
        return wire.answer(call, data=wire.dry(changed(reduced, **row))) if dry else told(call)

    async def scene(pilot: Any) -> None:
        tui.fake.script = answer
        await shown(tui, pilot, write=True)
        await pilot.press(key)
        await settled(tui, pilot)
        await filled(tui, pilot, {"stop": "1.08200"} if key == "m" else {})
        await tui.until(pilot, wanted)
        assert tui.app.screen.query_one("#go").disabled is not may

    tui.play(scene)
    assert not tui.fake.sent(verb)


def test_an_open_risk_that_was_never_reported_says_so(tui: Any, wire: Any) -> None:
    account = msgspec.structs.replace(wire.ACCOUNT, as_of_age_s=None)

    def of_it(call: Any) -> Any:
        if wire.verb_of(call) != "status":
            return wire.answer(call)
        return wire.answer(call, data=msgspec.structs.replace(wire.STATUS, accounts=(account,)))

    tui.fake.script = of_it

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("3")
        await tui.until(pilot, "open risk 20.00 of 200.00 USD, not reported in this session")

    tui.play(scene)


@pytest.mark.parametrize(("size", "write"), [((80, 24), False), ((80, 24), True), ((40, 12), False), ((40, 12), True)])
@pytest.mark.parametrize(("count", "resting"), [(1, 1), (2, 3), (3, 3)])
def test_what_is_open_has_its_rows_before_anything_else(
    tui: Any, wire: Any, size: tuple[int, int], write: bool, count: int, resting: int
) -> None:
    opened = [open_one(wire, 10 + number) for number in range(count)]
    orders = tuple(changed(wire.RESTS, id=show(IdKind.ORDER, 20 + number)) for number in range(resting))
    closed = [open_one(wire, 30, closed_at="2026-11-20T12:25:30.500Z")]
    accounts = tuple(changed(wire.ACCOUNT, name=f"paper-{number}") for number in range(3))
    status = changed(wire.STATUS, accounts=accounts)

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, opened, closed, orders=orders, status=status)
        await shown(tui, pilot, write=write)
        for _ in "plain", "with the closed ones":
            text = tui.app.query_one(f"#{OPEN_GRID}").region
            seen = [line for line in tui.lines()[text.y : text.bottom] if any(row.id in line for row in opened)]
            assert len(seen) == count, tui.text()
            await pilot.press("x")
            await tui.fed(pilot)
            await tui.fed(pilot)

    tui.play(scene, size=size)


def test_money_and_price_come_from_one_report(tui: Any, wire: Any) -> None:
    """`now` is newer than the list: its money takes its price with it."""
    row = open_one(wire, 7, report_price="1.08598")
    live = changed(wire.NOW.positions[0], id=row.id, pnl="4.90", report_price="1.08620")

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [row])
        await shown(tui, pilot)
        now = as_view(msgspec.to_builtins(changed(wire.NOW, positions=(live,))))
        await tui.told(pilot, Answered(Ask.of("now"), time.monotonic(), now))
        assert "4.90 USD" in row_of(tui, row.id) and "1.08620 " in row_of(tui, row.id), tui.text()
        assert "ago, at 1.08620" in tui.text()

    tui.play(scene, size=(200, 50))


def test_a_closed_one_has_the_mean_price_of_its_parts_and_says_so(tui: Any, wire: Any) -> None:
    whole, parts = (
        open_one(wire, 7 + at, closed_at=wire.TS, close_price="1.08700", close_average=average, report_price=None)
        for at, average in enumerate(("1.08700", "1.08640"))
    )

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [], [whole, parts])
        await shown(tui, pilot)
        await tui.fed(pilot)
        assert "1.08640 avg" in row_of(tui, parts.id) and "avg" not in row_of(tui, whole.id), tui.text()
        tui.app.query_one(f"#{CLOSED_GRID}").focus()
        await pilot.press("j")
        await tui.fed(pilot)
        assert "on average, the last at 1.08700" in " ".join(tui.app.query_one("#positions-details").text.split())

    tui.play(scene, size=(200, 50))


@pytest.mark.parametrize("size", SIZES)
def test_what_closed_parts_have_brought_stands_beside_what_was_closed(
    tui: Any, wire: Any, size: tuple[int, int]
) -> None:
    """The balance has moved by both."""
    closed = open_one(wire, 8, closed_at=f"{wire.NOW.market[:10]}T01:00:00Z", close_reason="TARGET", pnl="32.05")

    async def scene(pilot: Any) -> None:
        tui.fake.script = script(wire, [open_one(wire, 7, realised="3.11")], [closed])
        await shown(tui, pilot)
        if size != SIZES[0]:
            await pilot.press("x")
            await tui.fed(pilot)
        title = str(tui.app.query_one(f"#{CLOSED_GRID}").border_title)
        assert "paper-1 ▲ +32.05 USD and ▲ +3.11 USD of parts of open ones" in title
        wants = [want.ask for want in tui.feed.wants if want.ask.verb == "positions" and want.ask.fields]
        await tui.told(pilot, *(Unanswered(ask, time.monotonic(), Problem("TIMED_OUT", "")) for ask in wants))
        title = str(tui.app.query_one(f"#{CLOSED_GRID}").border_title)
        assert "OLD: of" in title and "+32.05" in title, "its sum hides nothing"

    tui.play(scene, size=size)


def test_parts_alone_have_a_sum_too() -> None:
    part = as_view({"account": "a", "currency": "USD", "pnl": "1.00", "realised": "-3.11"})
    whole = as_view({"account": "b", "currency": "EUR", "pnl": "2.00", "realised": None})
    told = live.closed_text([whole], [part, whole], UNICODE)
    assert told == "b ▲ +2.00 EUR  a ▼ -3.11 USD of parts of open ones"
