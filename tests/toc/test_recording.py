"""What leaves the core for the recording: the source's ticks alone, questions for its bars, and findings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.link import frames as f
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.wire.codes import Finding
from tests.toc.conftest import Core

TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))


@pytest.fixture
def two(make: Callable[..., Core]) -> Core:
    core = make(terminals=TWO)
    for name in core.agents:
        core.hello(name, knows=("QUERY_RATES",) if name == "t1" else ())
        core.books(name)
        core.beat(name)
    return core


def taken(core: Core, terminal: str, symbol: str = "EURUSD", history: bool = False) -> list[e.TicksTaken]:
    core.effects.clear()
    core.market_ms += 1_000
    batch = f.SymbolTicks(symbol, (f.Tick(core.market_ms, 110_000, 110_010),))
    core.up(f.Ticks(core.market_ms, history, (batch,)), terminal)
    return [effect for effect in core.effects if isinstance(effect, e.TicksTaken)]


@pytest.mark.parametrize("history", [True, False])
def test_the_source_s_ticks_are_taken_with_their_digits(two: Core, history: bool) -> None:
    [effect] = taken(two, "t1", history=history)
    assert (effect.terminal, effect.digits, effect.history) == ("t1", (5,), history)
    assert effect.session == two.agents["t1"].session and effect.read_ms >= two.market_ms
    assert effect.batches[0].ticks[0].bid_points == 110_000


def test_another_terminal_s_are_not(two: Core) -> None:
    taken(two, "t1")
    assert taken(two, "t2") == []


def test_a_symbol_without_terms_has_no_digits_and_is_not_taken(two: Core) -> None:
    assert taken(two, "t1", symbol="GBPUSD") == []


def asked(core: Core, from_ms: int = 0) -> e.RatesSought:
    core.effects.clear()
    core.step(i.RatesWanted(9, from_ms))
    [effect] = [effect for effect in core.effects if isinstance(effect, e.RatesSought)]
    return effect


def test_the_source_is_asked_for_its_bars_up_to_the_last_closed_minute(two: Core) -> None:
    taken(two, "t1")
    sought = asked(two)
    last_ms = two.market_ms // MINUTE_MS * MINUTE_MS - MINUTE_MS
    assert sought == e.RatesSought(9, last_ms - DAY_MS + MINUTE_MS, last_ms, (e.Sought("t1", "EURUSD", 5),))
    assert two.sent(f.QueryRates, "t1")[-1] == f.QueryRates(9, "EURUSD", sought.from_ms, last_ms)
    assert asked(two, last_ms - 3 * MINUTE_MS).from_ms == last_ms - 3 * MINUTE_MS


def test_an_agent_that_does_not_know_the_question_is_not_asked(make: Callable[..., Core]) -> None:
    core = make()
    core.connect()
    assert asked(core).asked == () and core.sent(f.QueryRates) == []


def test_the_answer_leaves_the_core_as_it_came(two: Core) -> None:
    two.effects.clear()
    page = f.Rates(9, "EURUSD", (f.RateRow(60_000, 1, 2, 1, 2, 3),), True)
    assert two.up(page, "t1") == []
    assert [effect for effect in two.effects if isinstance(effect, e.RatesTold)] == [e.RatesTold("t1", page)]


def test_lost_ticks_ring_until_they_are_written_again(two: Core) -> None:
    two.step(i.RecordingNoted("RECORDING_LOST", "disk", "EURUSD: no space left on device"))
    assert two.findings() == [Finding.RECORDING_LOST] and "RECORDING_LOST" in two.alarms()
    two.step(i.RecordingNoted("RECORDING_LOST", "disk", ""))
    assert "RECORDING_LOST" not in two.alarms()
    two.step(i.RecordingNoted("RECORDING_DIFFERS", "t1 EURUSD", "1 of 60 minutes"))
    assert two.findings()[-1] is Finding.RECORDING_DIFFERS and "RECORDING_DIFFERS" not in two.alarms()
