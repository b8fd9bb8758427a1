"""The generated market, its bars and ticks, the server's clock, tables as feeds, and a configuration's world."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hydrad.domain.calendar import Hours, hours
from hydrad.domain.instants import DAY_MS, parse_ms
from hydrad.market import cut, sample
from hydrad.terminal.broker import arrays as arrays_module
from hydrad.terminal.broker import bars
from hydrad.terminal.broker.arrays import Arrays, TooMuch
from hydrad.terminal.broker.books import Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.catalogue import CATALOGUE, NATURES, VISIBLE
from hydrad.terminal.broker.config import AccountConfig, BadConfig, BrokerConfig, SymbolConfig
from hydrad.terminal.broker.factors import week_of
from hydrad.terminal.broker.feed import feed_named
from hydrad.terminal.broker.generator import Generator
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.pace import Pace
from hydrad.terminal.broker.series import BadFeed
from hydrad.terminal.broker.server_time import BadZone, ServerTime
from hydrad.terminal.broker.tables import load
from hydrad.terminal.broker.world import market_of, visible

START_MS = parse_ms("2026-03-04T10:20:30Z")  # a Wednesday
DAY = START_MS // DAY_MS
SERVER = ServerTime("NY+7", 0)
TIMEFRAMES = sorted(bars.TIMEFRAMES)
SYMBOLS = sorted(NATURES)


def config(**changes: Any) -> BrokerConfig:
    accounts = (AccountConfig(1, "p", "s"),)  # type: ignore[arg-type]
    return BrokerConfig("i", "s", "c", "b", START_MS, accounts, feed="generated", **changes)


def world(now_ms: int = START_MS, **changes: Any) -> Market:
    return market_of(config(**changes), now_ms, now_ms)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(1, dict(NATURES))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_bars_of_the_ticks_are_the_bars(symbol: str, generator: Generator) -> None:
    for day in (DAY, DAY + 3):  # a Wednesday, a Saturday
        ticks = generator.ticks(symbol, day)
        made = bars.of_ticks(ticks.time_ms // 1_000, ticks.bid_points, ticks.ask_points)
        minutes = generator.minutes(symbol, week_of(day * DAY_MS))
        assert made.tolist() == minutes[minutes["time"] // 86_400 == day].tolist()
        assert np.all(np.diff(ticks.time_ms) >= 0) and np.all(ticks.ask_points > ticks.bid_points)


def test_currencies_rest_at_the_weekend_and_coins_do_not(generator: Generator) -> None:
    week = week_of(START_MS)
    for time_s in generator.minutes("EURUSD", week)["time"][::97]:
        assert hours(int(time_s) * 1_000) is not Hours.CLOSED
    assert len(generator.minutes("EURUSD", week)) == 5 * 1_440
    assert len(generator.minutes("BTCUSD", week)) == 7 * 1_440
    assert not len(generator.ticks("EURUSD", DAY + 3).time_ms)


def test_a_week_opens_with_a_gap(generator: Generator) -> None:
    gaps, steps = [], []
    for week in range(week_of(START_MS) - 20, week_of(START_MS)):
        earlier, later = generator.minutes("EURUSD", week - 1), generator.minutes("EURUSD", week)
        gaps.append(abs(int(later["open"][0]) - int(earlier["close"][-1])))
        steps.append(float(np.abs(np.diff(later["close"].astype(np.int64))).mean()))
        assert later["spread"][:5].mean() > 1.5 * later["spread"].mean()
    assert np.mean(gaps) > 3 * np.mean(steps)


def test_a_cross_is_its_two_pairs(generator: Generator) -> None:
    week = week_of(START_MS)
    euro, yen, cross = (generator.minutes(name, week)["close"] for name in ("EURUSD", "USDJPY", "EURJPY"))
    assert np.abs(euro / 1e5 * (yen / 1e3) - cross / 1e3).max() < 0.002


def test_prices_stay_plausible_over_decades(generator: Generator) -> None:
    for symbol, low, high in (("EURUSD", 0.7, 1.8), ("USDJPY", 80, 240), ("XAUUSD", 1_000, 5_500)):
        closes = [generator.half_hours(symbol, week)["close"][-1] for week in range(1_570, 3_000, 50)]
        prices = np.array(closes) / 10.0 ** NATURES[symbol].digits
        assert low < prices.min() and prices.max() < high and prices.std() > 0


def test_a_seed_gives_the_same_market_in_another_process() -> None:
    code = (
        "from hydrad.terminal.broker.generator import Generator;from hydrad.terminal.broker.catalogue import NATURES;"
        f"import hashlib;t=Generator(7,dict(NATURES)).ticks('EURUSD',{DAY});"
        "print(hashlib.sha256(t.time_ms.tobytes()+t.bid_points.tobytes()+t.ask_points.tobytes()).hexdigest())"
    )
    once, again = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in "12")
    assert once == again and len(once.strip()) == 64
    seven, eight = (Generator(seed, dict(NATURES)).ticks("EURUSD", DAY) for seed in (7, 8))
    assert seven.bid_points.tolist()[:100] != eight.bid_points.tolist()[:100]


@settings(max_examples=25, deadline=None)
@given(
    timeframe=st.sampled_from(TIMEFRAMES),
    symbol=st.sampled_from(["EURUSD", "BTCUSD"]),
    position=st.integers(0, 5),
    count=st.integers(1, 40),
)
def test_every_timeframe_is_joined_from_minutes(timeframe: int, symbol: str, position: int, count: int) -> None:
    market = world(offered=("EURUSD", "BTCUSD"))
    arrays = Arrays(market, SERVER)
    found = arrays.rates_from_position(symbol, timeframe, position, count)
    assert len(found) == count and np.all(np.diff(found["time"]) > 0)
    assert bars.opens(found["time"], timeframe).tolist() == found["time"].tolist()
    begin_ms = SERVER.utc_ms(int(found["time"][0]) * 1_000)
    now = START_MS // 60_000 * 60_000
    minutes = market.series[symbol].minutes(begin_ms, now)
    forming = next(market.series[symbol].pieces(now, START_MS))
    rows = np.concatenate([minutes, bars.of_ticks(forming.time_ms // 1_000, forming.bid_points, forming.ask_points)])
    rows["time"] = SERVER.walls(rows["time"] * 1_000) // 1_000
    expected = bars.join(rows, timeframe)
    expected = expected[: len(expected) - position]
    assert found["tick_volume"].tolist() == expected["count"].tolist()
    assert found["spread"].tolist() == expected["spread"].tolist()
    for name in ("open", "high", "low", "close"):
        assert found[name].tolist() == (expected[name] / 10.0 ** market.series[symbol].digits).tolist()
    whole = arrays.rates_range(symbol, timeframe, int(found["time"][0]), int(found["time"][-1]))
    assert whole.tolist() == found.tolist()
    dated = arrays.rates_from(symbol, timeframe, int(found["time"][-1]) + 1, count)
    assert dated.tolist() == found.tolist()


def test_years_of_bars_and_the_ends_of_history() -> None:
    arrays = Arrays(world(offered=("EURUSD",)), SERVER)
    months = arrays.rates_from_position("EURUSD", bars.MONTH, 0, 1_000)
    assert 119 <= len(months) <= 122 and dt.datetime.fromtimestamp(int(months["time"][0]), dt.UTC).day == 1
    assert len(arrays.rates_from_position("EURUSD", 1, 0, 200_000)) == 100_000
    assert not len(arrays.rates_from_position("EURUSD", bars.MONTH, 500, 5))
    assert not len(arrays.rates_range("EURUSD", 1, 0, 1_000))
    assert not len(arrays.rates_from("EURUSD", 16_385, 1_000, 5))


def test_ticks_over_days_are_one_line() -> None:
    market = world(offered=("EURUSD",))
    arrays = Arrays(market, SERVER)
    begin_ms = START_MS - 6 * DAY_MS  # over a weekend
    whole = arrays.ticks_range("EURUSD", begin_ms, START_MS + DAY_MS)
    assert np.all(np.diff(whole["time_msc"]) >= 0) and whole["time_msc"][-1] <= SERVER.wall_ms(START_MS)
    first = arrays.ticks_from("EURUSD", begin_ms, 50_000)
    assert first.tolist() == whole[:50_000].tolist()
    assert not len(arrays.ticks_from("EURUSD", START_MS + 1, 5))
    changed = (np.diff(whole["bid"]) != 0) * 2 + (np.diff(whole["ask"]) != 0) * 4
    pause = np.diff(whole["time"]) > 86_400  # after a weekend both count as new
    assert ((whole["flags"][1:] == changed) | pause).all()


def test_the_window_follows_the_clock_and_forgets() -> None:
    market = world(offered=("EURUSD",))
    track = market.series["EURUSD"]
    friday = START_MS + 2 * DAY_MS
    seen = market.index_at("EURUSD", START_MS)
    assert market.index_at("EURUSD", friday) > seen and market.index_at("EURUSD", START_MS) == seen
    last = market.quote_at("EURUSD", friday + 20 * 3_600_000)
    market.now_ms = sunday = friday + DAY_MS + 20 * 3_600_000
    assert market.quote_at("EURUSD", sunday) == market.quote_at("EURUSD", friday + 14 * 3_600_000) != None  # noqa: E711
    assert last == market.quote_at("EURUSD", sunday)
    market.now_ms = START_MS + 9 * DAY_MS
    market.index_at("EURUSD", market.now_ms)
    market.now_ms += 1
    assert track.time_ms[0] >= market.now_ms - 2 * DAY_MS and market.now().quote("EURUSD")


@pytest.mark.parametrize("zone", ["NY+7", "Europe/Athens", "Etc/UTC", ""])
def test_a_server_clock_there_and_back(zone: str) -> None:
    server = ServerTime(zone, 7_200)
    times = np.arange(parse_ms("2024-12-30T00:00:00Z"), parse_ms("2026-12-30T00:00:00Z"), 1_801_000)
    walls = server.walls(times)
    assert walls.tolist() == [server.wall_ms(int(ms)) for ms in times]
    for utc_ms, wall_ms in zip(times[::5].tolist(), walls[::5].tolist(), strict=True):
        assert server.wall_ms(server.utc_ms(wall_ms)) == wall_ms
        assert server.utc_ms(wall_ms) in (utc_ms, utc_ms - 3_600_000)  # an hour that comes twice is its first


def test_a_brokers_day_ends_with_new_yorks() -> None:
    server = ServerTime("NY+7", 0)
    for text in ("2026-01-15T22:00:00Z", "2026-07-15T21:00:00Z"):
        assert server.wall_ms(parse_ms(text)) % DAY_MS == 0
    assert [ServerTime("NY+7", 0).offset_ms(parse_ms(f"2026-{m}-20T00:00:00Z")) // 3_600_000 for m in ("01", "07")] == [
        2,
        3,
    ]
    with pytest.raises(BadZone, match="Mars"):
        ServerTime("Mars/Olympus", 0)


def test_a_configurations_world() -> None:
    terms = SymbolConfig(digits=3, volume_step="0.1", swap_mode="points", trading_hours="Mon 03:00-Fri 12:00")
    market = world(suffix=".r", offered=("EURUSD", "GBPUSD"), visible=("GBPUSD",), symbols={"EURUSD": terms})
    contract = market.contracts["EURUSD.r"]
    assert (contract.symbol, contract.digits, contract.volume_min_steps, contract.volume_max_steps) == (
        "EURUSD.r", 3, 1, 1_000,
    )  # fmt: skip
    assert market.series["EURUSD.r"].digits == 3 and 0.5 < market.now().quote("EURUSD.r").bid_points / 1_000 < 2  # type: ignore[union-attr]
    assert visible(config(suffix=".r", visible=("GBPUSD",)), market) == {"GBPUSD.r"}
    assert visible(config(), market) == {"EURUSD.r", "GBPUSD.r"}
    assert market.now().quote("GBPUSD") == market.now().quote("GBPUSD.r") is not None  # conversions know no suffix
    assert market.trades("EURUSD.r")
    market.now_ms = parse_ms("2026-03-06T18:00:00Z")
    assert not market.trades("EURUSD.r") and market.trades("GBPUSD.r")
    for changes in ({"offered": ("NOPE",)}, {"symbols": {"NOPE": SymbolConfig()}}, {"visible": ("NOPE",)}):
        with pytest.raises(BadConfig, match="NOPE: the broker has no such symbol"):
            world(**changes)
    with pytest.raises(BadConfig, match="above zero"):
        world(symbols={"EURUSD": SymbolConfig(volume_step="0")})
    assert set(VISIBLE) < set(CATALOGUE)


def test_tables_of_ticks_and_of_bars(tmp_path: Path) -> None:
    ticks = tmp_path / "ticks.csv"
    ticks.write_text("time_msc,bid,ask\n1000,1.10000,1.10010\n1000,1.10001,1.10011\n")
    assert load(ticks, 5).bid_points.tolist() == [110_000, 110_001]
    rows = tmp_path / "bars.csv"
    head = "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close"
    rows.write_text(head + "\n60,1.1,1.3,1.0,1.2,1.2,1.5,1.1,1.3\n120,1.2,1.2,1.2,1.2,1.3,1.3,1.3,1.3\n")
    walked = load(rows, 1)
    assert walked.time_ms[:6].tolist() == [60_000, 72_000, 84_000, 96_000, 108_000, 120_000]
    assert walked.bid_points[:5].tolist() == [11, 10, 13, 10, 12]
    assert walked.ask_points[:5].tolist() == [12, 15, 15, 11, 13]  # the second tick reaches every stop of both sides
    made = bars.of_ticks(walked.time_ms // 1_000, walked.bid_points, walked.ask_points)
    assert made[["open", "high", "low", "close"]].tolist()[0] == (11, 13, 10, 12)
    market = market_of(config(feeds={"EURUSD": str(ticks)}), 5_000, 5_000)
    assert market.quote_at("EURUSD", 5_000) == (110_001, 110_011) and market.ended


def test_parquet_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ticks.parquet"
    parquet.write_table(pyarrow.table({"time_msc": [1_000, 2_000], "bid": [1.1, 1.2], "ask": [1.2, 1.3]}), path)
    found = load(path, 1)
    assert (found.time_ms.tolist(), found.bid_points.tolist(), found.ask_points.tolist()) == (
        [1_000, 2_000], [11, 12], [12, 13],
    )  # fmt: skip
    path.write_bytes(b"PAR1")
    with pytest.raises(BadFeed, match=r"ticks\.parquet"):
        load(path, 1)


@pytest.mark.parametrize(
    ("text", "digits", "message"),
    [
        ("a,b\n1,2\n", 5, "neither ticks"),
        ("time_msc,bid,ask\n1,1.123456,1.2\n", 5, "not 5 digits"),
        ("time_msc,bid,ask\n1,nan,1.2\n", 5, "not 5 digits"),
        ("time_msc,bid,ask\n1,x,1.2\n", 5, "could not convert"),
        ("time_msc,bid\n1,1.2,1.3\n", 5, "2 names over 3"),
        ("time_msc,bid,ask\n", 5, "no rows"),
    ],
)
def test_a_table_that_cannot_be_used(text: str, digits: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(BadFeed, match=message):
        load(path, digits)


def test_a_cut_is_a_feed(tmp_path: Path) -> None:
    ticks = sample.load(["EURUSD"])["EURUSD"]
    path = tmp_path / "day.hxtk"
    path.write_bytes(cut.encode(ticks))
    found = feed_named(str(path)).load()["EURUSD"]
    assert found.bid_points.tolist() == ticks.bid_points.tolist()
    path.write_bytes(b"HXTK")
    with pytest.raises(BadFeed, match="too few"):
        feed_named(str(path)).load()


def test_more_ticks_than_an_answer_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    broker_arrays = Arrays(world(offered=("EURUSD",)), SERVER)
    monkeypatch.setattr(arrays_module, "TICKS_MAX", 1_000)
    assert len(broker_arrays.ticks_from("EURUSD", START_MS - DAY_MS, 1_000)) == 1_000
    for ask in (
        lambda: broker_arrays.ticks_from("EURUSD", START_MS - DAY_MS, 1_001),
        lambda: broker_arrays.ticks_range("EURUSD", START_MS - DAY_MS, START_MS),
    ):
        with pytest.raises(TooMuch):
            ask()


class Ticking:
    """A clock of the test's."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    asked = config(offered=("EURUSD",))
    books = Books(tmp_path / "books.db", "i", START_MS)
    return Broker(asked, market_of(asked, START_MS, START_MS), books)


def test_a_clock_keeps_its_rate_to_the_millisecond(broker: Broker) -> None:
    now = Ticking()
    pace = Pace(broker, 2.5, now)
    for _ in range(1_000):
        now.s += 0.0007
        pace.advance()
    assert abs(broker.market.now_ms - START_MS - 1_750) <= 1 and pace.patience_s == 0.1
    now.s += 100_000  # a host that slept catches up a day at a time
    pace.advance()
    assert broker.market.now_ms - START_MS < 1_752 + DAY_MS
    for _ in range(3):
        pace.advance()
    assert abs(broker.market.now_ms - START_MS - 250_001_750) <= 1


def test_clocks_that_stand_that_run_free_and_that_follow(broker: Broker) -> None:
    now = Ticking()
    still, free = Pace(broker, 0, now), Pace(broker, None, now)
    now.s += 5
    still.advance()
    assert broker.market.now_ms == START_MS and still.patience_s is None and free.patience_s == 0.0
    free.advance()
    assert broker.market.now_ms == START_MS + 60_000
    free.catch_up(START_MS + 3 * DAY_MS)
    assert broker.market.now_ms == START_MS + 3 * DAY_MS
    assert broker.history.market_ms == START_MS  # nothing happened, so nothing was written
