"""News in the core: what is held back, what is told before and at an event, and what survives a restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.domain.actors import Actor, Role, Surface
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import HOUR
from hydrad.domain.news import NewsEvent
from hydrad.toc import inputs as i
from hydrad.toc import news
from hydrad.toc import records as r
from hydrad.toc.act import ActState
from hydrad.toc.records.base import Body
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.market import NewsView
from hydrad.wire.calls.base import Verb
from tests.toc.conftest import BOSS, Core

MINUTE = 60_000


def tell(core: Core, *events: NewsEvent, **fields: object) -> None:
    told = {"mode": "file", "as_of_ns": core.now_ns, "events": events, **fields}
    core.step(i.NewsTold(**told))  # type: ignore[arg-type]


def event(core: Core, in_ms: int, currency: str = "USD", impact: str = "high") -> NewsEvent:
    return NewsEvent(core.market_ms + in_ms, currency, impact, "CPI", "test")


def bodies(core: Core, kind: type) -> list[Body]:
    name = r.NAMES[kind]
    return [r.decode(record.type, record.body) for record in core.records if record.type == name]


def codes(core: Core) -> tuple[str, ...]:
    core.beat()
    return core.fire(core.mission()).codes


def test_high_impact_in_one_of_the_symbols_currencies(core: Core) -> None:
    tell(core, event(core, MINUTE))
    assert codes(core) == ("NEWS",)
    tell(core, event(core, MINUTE, "EUR"))
    assert codes(core) == ("NEWS",)
    tell(core, event(core, MINUTE, "ALL"))
    assert codes(core) == ("NEWS",)
    tell(core, event(core, MINUTE, "JPY"), event(core, MINUTE, impact="medium"))
    assert codes(core) == ()


def test_until_ten_minutes_after(core: Core) -> None:
    tell(core, event(core, 0))
    assert codes(core) == ("NEWS",)
    core.later(10 * MINUTE - 10)
    assert codes(core) == ("NEWS",)
    core.later(20)
    assert codes(core) == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"problem": "/x/news.csv does not exist", "as_of_ns": 0}, "no file: /x/news.csv does not exist"),
        ({"age_h": 169}, "the file is 169 h old"),
    ],
)
def test_a_missing_or_an_old_file_closes_the_gate(core: Core, fields: dict[str, object], said: str) -> None:
    if "age_h" in fields:
        fields = {"as_of_ns": core.now_ns - int(str(fields["age_h"])) * HOUR}
    tell(core, **fields)
    core.beat()
    act = core.fire(core.mission())
    assert act.codes == ("NEWS",)
    assert next(check.measured for check in act.checks if check.code == "NEWS") == said


def test_with_mode_file_nothing_opens_before_the_file_was_read(make: Callable[..., Core]) -> None:
    core = make()
    core.step(i.Started("inst", "0", "2024a", core.limits, core.timing, False, ("EURUSD",), news_mode="file"))
    core.connect()
    assert codes(core) == ("NEWS",)
    tell(core)
    assert codes(core) == ()


def test_off_is_said_in_every_verdict(core: Core) -> None:
    act = core.fire()
    check = next(check for check in act.checks if check.code == "NEWS")
    assert (check.ok, check.measured, check.limit) == (True, "news is off: not read", "off by news.mode")


def test_what_is_off_tells_nothing(core: Core) -> None:
    tell(core, event(core, MINUTE), mode="off")
    core.filled()
    core.later(2 * MINUTE)
    assert not bodies(core, r.NewsWindow) and not bodies(core, r.NewsAhead)
    assert codes(core) == ()


def test_positions_are_named_a_quarter_of_an_hour_before(core: Core) -> None:
    act = core.filled()
    coming = event(core, 20 * MINUTE)
    tell(core, coming, event(core, 20 * MINUTE, "JPY"))
    core.later(5 * MINUTE - 10)
    assert bodies(core, r.NewsAhead) == []
    core.later(10)
    shown = show(IdKind.POSITION, sequence_of(act.act_id))
    assert bodies(core, r.NewsAhead) == [r.NewsAhead(coming, (shown,))]
    core.later(10 * MINUTE)
    assert len(bodies(core, r.NewsAhead)) == 1


def test_nothing_is_told_ahead_where_no_position_is_concerned(core: Core) -> None:
    tell(core, event(core, 20 * MINUTE))
    core.later(6 * MINUTE)
    assert bodies(core, r.NewsAhead) == []
    core.filled()
    core.later(MINUTE)
    assert len(bodies(core, r.NewsAhead)) == 1  # opened meanwhile


def test_a_window_begins_once(core: Core) -> None:
    coming = event(core, 7 * MINUTE)
    tell(core, coming)
    core.later(2 * MINUTE)
    core.later(MINUTE)
    tell(core, coming)  # the same file, read again
    core.later(MINUTE)
    assert bodies(core, r.NewsWindow) == [
        r.NewsWindow(coming, coming.time_ms - 5 * MINUTE, coming.time_ms + 10 * MINUTE)
    ]


def test_a_restart_tells_nothing_twice(core: Core) -> None:
    core.filled()
    coming = event(core, 12 * MINUTE)
    tell(core, coming)
    core.later(8 * MINUTE)
    core.restart()
    tell(core, coming)
    core.connect()
    core.later(MINUTE)
    assert len(bodies(core, r.NewsAhead)) == len(bodies(core, r.NewsWindow)) == 1


def test_what_was_told_is_forgotten_after_a_day(core: Core) -> None:
    first = event(core, 0)
    tell(core, first)
    core.later(MINUTE)
    later = event(core, 25 * 60 * MINUTE)
    tell(core, first, later)
    core.later(25 * 60 * MINUTE)
    assert list(core.state.news_told) == [later.key]


def test_reading_is_journaled_with_who_did_it(core: Core) -> None:
    tell(core, actor=Actor("uid:7", Surface.SHELL))
    assert (core.records[-1].type, core.records[-1].actor, core.records[-1].surface) == ("NEWS_READ", "uid:7", "shell")
    tell(core)
    assert core.records[-1].actor == "daemon"


# --- verbs ----------------------------------------------------------------------------------------------

GOOD = "time_utc,currency,impact,title,source\n2024-05-15T12:30:00Z,USD,high,CPI,x\n"


def test_who_may_do_what(core: Core) -> None:
    core.role("uid:2", Role.TRADER)
    core.role("uid:3", Role.VIEWER)
    add = calls.NewsAdd("2024-05-15T12:30:00Z", "USD", "CPI")
    assert core.ask(calls.NewsImport(GOOD), BOSS).problem is None
    assert core.ask(add, "uid:2").problem is None
    for verb, who in ((calls.NewsImport(GOOD), "uid:2"), (add, "uid:3")):
        problem = core.ask(verb, who).problem
        assert problem is not None and problem.code == "FORBIDDEN"


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (calls.NewsImport("nonsense"), "line 1"),
        (calls.NewsAdd("soon", "USD", "CPI"), "'soon' is not"),
        (calls.NewsAdd("2024-05-15T12:30:00Z", "USD", "CPI", "huge"), "impact"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(core: Core, verb: Verb, said: str) -> None:
    problem = core.ask(verb).problem
    assert problem is not None and problem.code == "USAGE" and said in problem.message


def test_the_view_says_what_holds_opens_back(core: Core) -> None:
    from hydrad.toc import newsview

    coming = event(core, MINUTE)
    tell(core, coming, event(core, 40 * MINUTE, "EUR"), event(core, 3 * 24 * 60 * MINUTE))
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    view = newsview.view(turn, "/x/news.csv", True)
    assert view == NewsView("file", True, "/x/news.csv", 0.0, None, 3, coming.text, (coming.text,))
    data = newsview.data(turn, view)
    assert [(row.currency, row.in_s, row.symbols, row.holds) for row in data.today] == [
        ("USD", 60.0, ("EURUSD",), True),
        ("EUR", 2400.0, ("EURUSD",), False),
    ]


def test_a_fire_is_still_routed_between_two_events(core: Core) -> None:
    tell(core, event(core, -11 * MINUTE), event(core, 20 * MINUTE))
    assert core.fire().state is ActState.ROUTED


def test_a_file_that_comes_late_names_positions_all_the_same(core: Core) -> None:
    core.filled()
    tell(core, event(core, 2 * MINUTE))
    assert len(bodies(core, r.NewsAhead)) == len(bodies(core, r.NewsWindow)) == 1
    tell(core, event(core, 2 * MINUTE))
    assert len(bodies(core, r.NewsAhead)) == len(bodies(core, r.NewsWindow)) == 1


def test_when_the_next_one_comes_that_concerns_a_symbol(core: Core) -> None:
    near, far = event(core, MINUTE, "JPY"), event(core, 2 * MINUTE)
    tell(core, near, far, event(core, 90_000, impact="low"))
    terms = core.link().terms["EURUSD"]
    assert news.next_ms(core.engine.live.news, terms, core.market_ms) == far.time_ms
    assert news.next_ms(core.engine.live.news, terms, far.time_ms) is None
    tell(core, far, mode="off")
    assert news.next_ms(core.engine.live.news, terms, core.market_ms) is None
