"""The simulated broker's parts without its process: the vectorised step, bars, feeds, faults, configuration."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import msgspec
import numpy as np
import pytest
import tomli_w
from hypothesis import event, given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import parse_ms
from hydrad.domain.orders import Side
from hydrad.terminal.broker.arrays import Arrays
from hydrad.terminal.broker.books import BadBooks, Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import AccountConfig, BadConfig, BrokerConfig, read
from hydrad.terminal.broker.faults import BadFault, FaultKind, FaultPlan, Faults
from hydrad.terminal.broker.feed import BadFeed, FileFeed, SampleFeed, Series, feed_named
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.server_time import ServerTime
from hydrad.venue.book import Book, OrderKind, OrderState, Reason, Rules, TimeType
from hydrad.venue.contract import CONTRACTS, SwapMode
from hydrad.venue.desk import Ask
from hydrad.venue.resting import RestingAsk, Terms
from hydrad.venue.room import Retcode
from hydrad.venue.swap import roll_over
from hydrad.venue.ticks import expire, on_tick, stop_out

START_MS = parse_ms("2014-05-02T09:00:00Z")
SERVER = ServerTime("", 10_800)
MIDNIGHT_MS = parse_ms("2014-04-30T21:00:00Z")  # the server's, at the end of a Wednesday
ACCOUNTS = (
    AccountConfig(1001, "one", "HydraX-Paper", balance="4200.00", stop_out_percent=95),
    AccountConfig(1002, "two", "HydraX-Paper", currency="EUR", balance="4000.00", hedging=False, stop_out_percent=95),
)
SWAP_AND_FEES = {
    "swap_mode": SwapMode.POINTS,
    "swap_long": Decimal(-7),
    "swap_short": Decimal(2),
    "commission_per_lot": Decimal(3),
    "margin_hedged": Decimal(50),
}


def series(symbol: str, bids: list[int], spread: int = 10, step_ms: int = 1_000, start: int = START_MS) -> Series:
    prices = np.array(bids, dtype=np.int32)
    times = start + np.arange(len(bids), dtype=np.int64) * step_ms
    return Series(times, prices, prices + np.int32(spread), CONTRACTS[symbol].digits)


def broker_on(folder: str, start_ms: int = START_MS, /, **feed: Series) -> Broker:
    config = BrokerConfig("i", "s", "c", "b", start_ms, ACCOUNTS)
    books = Books(Path(folder) / "books.db", "i", start_ms)
    return Broker(config, Market(feed, 0, books.market_ms), books)


WALK = st.lists(st.integers(-30, 30), min_size=30, max_size=80)
POSITION = st.tuples(
    st.sampled_from([1001, 1002]),
    st.sampled_from(["EURUSD", "XAUUSD"]),
    st.sampled_from(list(Side)),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([1, 200, 300, 300]),
)


RESTING = st.tuples(
    st.sampled_from([1001, 1002]),
    st.sampled_from(["EURUSD", "XAUUSD"]),
    st.sampled_from([kind for kind in OrderKind if 2 <= kind <= 7]),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 40),
    st.sampled_from([1, 1, 100, 10_000]),
)


@settings(max_examples=100, deadline=None)
@given(
    euro=WALK,
    gold=WALK,
    wanted=st.lists(POSITION, max_size=8),
    resting=st.lists(RESTING, max_size=8),
    steps=st.lists(st.integers(1, 40), max_size=6),
    over_midnight=st.booleans(),
)
def test_a_step_does_what_walking_every_tick_does(
    euro: list[int], gold: list[int], wanted: list[Any], resting: list[Any], steps: list[int], over_midnight: bool
) -> None:
    start_ms, stopped_out = MIDNIGHT_MS - 25_000 if over_midnight else START_MS, False
    feed = {
        "EURUSD": series("EURUSD", (138_600 + np.cumsum(euro)).tolist(), start=start_ms),
        "XAUUSD": series("XAUUSD", (1_285_000 + 300 * np.cumsum(gold)).tolist(), step_ms=700, start=start_ms),
    }
    with tempfile.TemporaryDirectory() as folder:
        broker = broker_on(folder, start_ms, **feed)
        gold_terms = replace(broker.market.contracts["XAUUSD"], **SWAP_AND_FEES)  # type: ignore[arg-type]
        broker.market.contracts["XAUUSD"] = gold_terms
        for one in wanted:
            open_one(broker, *one)
        for one in resting:
            place_one(broker, *one)
        for seconds in steps:
            expected = walked(broker, seconds * 1_000)
            broker.step(seconds * 1_000)
            assert broker.books == expected
            stopped_out |= any(deal.reason is Reason.STOP_OUT for deal in broker.history.deals(1001))
        if stopped_out:
            event("stopped out")
        again = Books(Path(folder) / "books.db", "i", 0)
        for login, book in broker.books.items():
            stored = again.book(login)
            assert stored is not None and replace(stored, rules=book.rules) == book
        assert again.market_ms == broker.market.now_ms


def open_one(broker: Broker, login: int, symbol: str, side: Side, stop: int, target: int, steps: int) -> None:
    """Levels this many points beyond the stops level, 0 for none."""
    contract, quote = CONTRACTS[symbol], broker.market.now().quote(symbol)
    assert quote is not None
    bid, ask = quote
    closing, opening = (bid, ask) if side is Side.BUY else (ask, bid)
    near = contract.stops_level_points
    levels = (
        closing - side.sign * (near + stop) if stop else 0,
        closing + side.sign * (near + target) if target else 0,
    )
    asked = Ask(symbol, side, steps, opening, stop_points=levels[0], target_points=levels[1])
    assert broker.deal(login, asked).retcode in (Retcode.DONE, Retcode.NO_MONEY)


def place_one(
    broker: Broker, login: int, symbol: str, kind: OrderKind, off: int, stop: int, target: int, lives_s: int, steps: int
) -> None:
    """At this many points beyond the stops level, for so many seconds, 0 for ever; some are too dear."""
    contract, quote = CONTRACTS[symbol], broker.market.now().quote(symbol)
    assert quote is not None
    near, sign = contract.stops_level_points, kind.side.sign
    market = quote.ask_points if sign > 0 else quote.bid_points
    limits = kind in (OrderKind.BUY_LIMIT, OrderKind.SELL_LIMIT)
    price = market + (-sign if limits else sign) * (near + off)
    limit = price - sign * (near + off // 2) if kind >= OrderKind.BUY_STOP_LIMIT else 0
    entry = limit or price
    terms = Terms(
        price,
        limit,
        entry - sign * (near + stop) if stop else 0,
        entry + sign * (near + target) if target else 0,
        TimeType.SPECIFIED if lives_s else TimeType.GTC,
        broker.market.now_ms + lives_s * 1_000 if lives_s else 0,
    )
    assert broker.place(login, RestingAsk(symbol, kind, steps, terms)).retcode is Retcode.DONE


def walked(broker: Broker, ms: int) -> dict[int, Book]:
    """The books after looking at every tick in turn."""
    market, books = broker.market, dict(broker.books)
    until = min(market.now_ms + ms, market.end_ms)
    tickets = replace(broker.history.tickets())
    midnights = {midnight.time_ms: midnight.weekday for midnight in broker.midnights(until)}
    lapses = {row.expires_ms for book in books.values() for row in book.orders.values() if row.expires_ms}
    ticks: dict[int, list[tuple[str, int]]] = {ms: [] for ms in [*midnights, *lapses] if market.now_ms < ms <= until}
    for symbol, one in sorted(market.series.items()):
        for index, time_ms in enumerate(one.time_ms.tolist()):
            if market.now_ms < time_ms <= until:
                ticks.setdefault(time_ms, []).append((symbol, index))
    for time_ms in sorted(ticks):
        board = market.at(time_ms)
        for login in books:
            books[login], _ = expire(books[login], time_ms)
            if time_ms in midnights:
                books[login], _ = roll_over(books[login], midnights[time_ms], board)
        for symbol, index in ticks[time_ms]:
            for login in books:
                quote = market.quote_of(symbol, index)
                books[login], _ = on_tick(books[login], symbol, quote, time_ms, tickets, board)
        for login in books:
            books[login], _ = stop_out(books[login], time_ms, tickets, board)
    return books


def test_a_night_is_charged_at_the_servers_midnight_and_a_fall_is_stopped_out(tmp_path: Path) -> None:
    """Three nights at the end of a Wednesday; then the first tick at which the level is below 95 %."""
    falling = [1_285_000] * 30 + [1_285_000 - 200 * second for second in range(30)]
    feed = {"XAUUSD": series("XAUUSD", falling, start=MIDNIGHT_MS - 25_000), "EURUSD": series("EURUSD", [138_600] * 60)}
    feed["EURUSD"] = replace(feed["EURUSD"], time_ms=feed["XAUUSD"].time_ms)
    broker = broker_on(str(tmp_path), MIDNIGHT_MS - 25_000, **feed)
    broker.market.contracts["XAUUSD"] = replace(broker.market.contracts["XAUUSD"], **SWAP_AND_FEES)  # type: ignore[arg-type]
    open_one(broker, 1001, "XAUUSD", Side.BUY, 0, 0, 300)
    broker.step(24_999)
    assert [held.swap for held in broker.books[1001].positions.values()] == [0]
    broker.step(1)
    assert [held.swap for held in broker.books[1001].positions.values()] == [Decimal("-6.30")]
    assert Books(tmp_path / "books.db", "i", 0).book(1001) == replace(broker.books[1001], rules=Rules())
    broker.step(60_000)
    deal = broker.history.deals(1001)[-1]
    assert (deal.reason, deal.swap, deal.price_points) == (Reason.STOP_OUT, Decimal("-6.30"), 1_283_200)
    assert deal.comment.startswith("[so 9") and not broker.books[1001].positions
    assert broker.history.orders(1001)[-1].reason is Reason.STOP_OUT


def test_ticks_outside_a_symbols_hours_deal_nothing(tmp_path: Path) -> None:
    """Closed from 05:01 to 05:02 New York: neither the stop nor the resting order is reached before that is over."""
    feed = {"EURUSD": series("EURUSD", [138_600] * 60 + [138_000] * 120)}
    broker = broker_on(str(tmp_path), **feed)
    terms = replace(broker.market.contracts["EURUSD"], trading_hours="Fri 00:00-05:01, Fri 05:02-17:00")
    broker.market.contracts["EURUSD"] = terms
    open_one(broker, 1001, "EURUSD", Side.BUY, 20, 0, 1)
    place_one(broker, 1002, "EURUSD", OrderKind.SELL_STOP, 20, 0, 0, 0, 1)
    broker.step(119_000)
    assert broker.books[1001].positions and broker.books[1002].orders and not broker.market.trades("EURUSD")
    broker.step(10_000)
    assert not broker.books[1001].positions and not broker.books[1002].orders
    assert [broker.history.deals(login)[-1].time_ms - START_MS for login in (1001, 1002)] == [120_000, 120_000]


def test_weeks_begin_on_sunday_and_months_on_the_first() -> None:
    days = 40
    feed = {"EURUSD": series("EURUSD", [138_600] * days, step_ms=86_400_000)}
    arrays = Arrays(Market(feed, 0, START_MS + days * 86_400_000), SERVER)
    weeks = arrays.rates_from_position("EURUSD", 0x8001, 0, 100)
    months = arrays.rates_from_position("EURUSD", 0xC001, 0, 100)
    assert {dt.datetime.fromtimestamp(int(t), dt.UTC).strftime("%a %H:%M") for t in weeks["time"]} == {"Sun 00:00"}
    assert [dt.datetime.fromtimestamp(int(t), dt.UTC).strftime("%d %b") for t in months["time"]] == [
        "01 May",
        "01 Jun",
    ]
    assert weeks["tick_volume"].sum() == months["tick_volume"].sum() == days


@settings(max_examples=50, deadline=None)
@given(
    walk=st.lists(st.integers(-30, 30), min_size=2, max_size=300),
    timeframe=st.sampled_from([1, 2, 5, 15, 0x4001, 0x4018]),
    seen=st.integers(0, 300),
)
def test_bars_are_made_of_their_ticks(walk: list[int], timeframe: int, seen: int) -> None:
    feed = {"EURUSD": series("EURUSD", (138_600 + np.cumsum(walk)).tolist(), step_ms=20_000)}
    market = Market(feed, 0, START_MS + seen * 20_000)
    arrays = Arrays(market, SERVER)
    bars = arrays.rates_from_position("EURUSD", timeframe, 0, 10_000)
    ticks = arrays.ticks_from("EURUSD", 0, 10_000)
    assert bars["tick_volume"].sum() == len(ticks) == market.index_at("EURUSD", market.now_ms)
    ends = [*bars["time"][1:].tolist(), 2**40]
    for bar, end in zip(bars, ends, strict=True):
        bids = ticks["bid"][(ticks["time"] >= bar["time"]) & (ticks["time"] < end)]
        assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (bids[0], max(bids), min(bids), bids[-1])
    whole = arrays.rates_range("EURUSD", timeframe, 0, 2**40)
    assert whole.tolist() == bars.tolist()


def test_tick_flags_name_what_changed() -> None:
    bids, asks = np.array([100, 101, 101, 101], np.int32), np.array([110, 110, 112, 112], np.int32)
    feed = {"EURUSD": Series(START_MS + np.arange(4, dtype=np.int64), bids, asks, 5)}
    arrays = Arrays(Market(feed, 0, START_MS + 10), ServerTime("", 0))
    assert arrays.ticks_from("EURUSD", START_MS, 9)["flags"].tolist() == [6, 2, 4, 0]
    assert arrays.ticks_from("EURUSD", START_MS + 2, 9)["flags"].tolist() == [4, 0]


def test_history_begins_where_the_configuration_says() -> None:
    feed = {"EURUSD": series("EURUSD", [138_600, 138_601, 138_602])}
    market = Market(feed, START_MS + 1_000, START_MS + 5_000)
    assert market.quote_at("EURUSD", START_MS) is None
    assert market.quote_at("EURUSD", START_MS + 1_000) == (138_601, 138_611)
    assert market.quote_at("GBPUSD", START_MS) is None
    assert market.ended and not market.trades("EURUSD")


@pytest.mark.parametrize(
    ("feed", "history_from_ms", "text"),
    [
        ({}, 0, "no symbols"),
        ({"NOPE": series("EURUSD", [1])}, 0, "no such contract"),
        ({"EURUSD": series("EURUSD", [100])}, START_MS + 1, "no ticks from"),
        ({"EURUSD": series("EURUSD", [100, 101], step_ms=-1)}, 0, "order of time"),
        ({"EURUSD": series("EURUSD", [100], spread=-1)}, 0, "above its ask"),
        ({"EURUSD": series("EURUSD", [0])}, 0, "below zero"),
        ({"EURUSD": series("XAUUSD", [100])}, 0, "3 digits"),
    ],
)
def test_a_feed_that_breaks_its_rules_is_refused(feed: dict[str, Series], history_from_ms: int, text: str) -> None:
    with pytest.raises(BadFeed, match=text):
        Market(feed, history_from_ms, START_MS)


def test_feeds_by_name(tmp_path: Path) -> None:
    assert isinstance(feed_named("sample"), SampleFeed)
    assert set(feed_named("sample").load()) == {"EURUSD", "XAUUSD"}
    path = tmp_path / "half.npz"
    np.savez(path, **{"EURUSD.time_ms": np.array([1])})
    with pytest.raises(BadFeed, match="no bid_points"):
        feed_named(str(path)).load()
    np.savez(path, **{f"NOPE.{column}": np.array([1]) for column in ("time_ms", "bid_points", "ask_points")})
    with pytest.raises(BadFeed, match="no such contract"):
        FileFeed(path).load()
    path.write_bytes(b"not numpy")
    with pytest.raises(BadFeed):
        FileFeed(path).load()


def test_an_account_whose_money_cannot_be_converted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBooks, match="EUR cannot deal in XAUUSD"):
        broker_on(str(tmp_path), XAUUSD=series("XAUUSD", [1_285_000] * 3))


def test_books_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    books = Books(path, "i", 1)
    books._set_meta("version", 99)
    books.close()
    with pytest.raises(BadBooks, match="version 99"):
        Books(path, "i", 1)


def test_books_of_version_1_are_brought_up_to_date(tmp_path: Path) -> None:
    """As the first version wrote them: no resting orders, no swap, the identifier is the ticket."""
    path = tmp_path / "books.db"
    old = apsw.Connection(str(path))
    old.execute(VERSION_1)
    old.close()
    book = Books(path, "i", 1).book(1001)
    assert book is not None and book.balance == Decimal("9999.00") and not book.orders
    (held,) = book.positions.values()
    assert (held.ticket, held.identifier, held.open_points, held.swap) == (7, 7, 138_610, 0)
    again = Books(path, "i", 1)
    (order,), (deal,) = again.orders(1001), again.deals(1001)
    assert (order.state, order.kind, order.expires_ms) == (OrderState.FILLED, OrderKind.BUY, 0)
    assert (deal.profit, deal.commission) == (0, 0)
    with pytest.raises(BadBooks, match="of broker 'i', not of 'j'"):
        Books(path, "j", 1)


VERSION_1 = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('version', 1), ('instance', 'i'), ('start_ms', 1), ('market_ms', 5), ('next_order', 8),
    ('next_deal', 4);
CREATE TABLE accounts(login INTEGER PRIMARY KEY, currency TEXT, leverage INTEGER, hedging INTEGER, balance TEXT);
INSERT INTO accounts VALUES(1001, 'USD', 100, 1, '9999.00');
CREATE TABLE positions(login INTEGER, ticket INTEGER PRIMARY KEY, "symbol", "side", "volume_steps", "open_points",
    "stop_points", "target_points", "magic", "comment", "reason", "open_ms", "update_ms", "margin");
INSERT INTO positions VALUES(1001, 7, 'EURUSD', 0, 10, 138610, 0, 0, 42, '', 3, 5, 5, '138.61');
CREATE TABLE orders(login INTEGER, ticket INTEGER PRIMARY KEY, "position", "symbol", "kind", "state", "filling",
    "reason", "volume_steps", "left_steps", "price_points", "stop_points", "target_points", "magic", "comment",
    "setup_ms", "done_ms");
INSERT INTO orders VALUES(1001, 7, 7, 'EURUSD', 0, 4, 0, 3, 10, 0, 138610, 0, 0, 42, '', 5, 5);
CREATE TABLE deals(login INTEGER, ticket INTEGER PRIMARY KEY, "order", "position", "symbol", "kind", "entry", "reason",
    "volume_steps", "price_points", "profit", "magic", "comment", "time_ms");
INSERT INTO deals VALUES(1001, 3, 7, 7, 'EURUSD', 0, 0, 3, 10, 138610, '0', 42, '', 5);
"""


def test_counted_faults_come_in_their_order_and_lasting_ones_end() -> None:
    now = [0.0]
    faults = Faults(lambda: now[0])
    faults.add("reject", None, 1, 0)
    faults.add("latency", 1, 2, 30)
    faults.add("requote", 1, 1, 0)
    faults.add("disconnect", 1, 1, 500)
    assert [faults.take_latency_ms(1), faults.take_latency_ms(2), faults.take_latency_ms(1)] == [30, 0, 30]
    taken = [faults.take(2), faults.take(2), faults.take(1)]
    assert [fault and fault.kind for fault in taken] == [FaultKind.REJECT, None, FaultKind.REQUOTE]
    assert faults.lasting(1) == {FaultKind.DISCONNECT} and not faults.lasting(2)
    now[0] = 0.5
    assert not faults.lasting(1) and faults.report()["pending"] == []


def test_a_lasting_fault_begins_after_the_call_that_it_names() -> None:
    faults = Faults(lambda: 0.0)
    faults.add("neighbour", 1, 1, 0, "order_check")
    faults.answered(1, "account_info")
    faults.answered(2, "order_check")
    assert not faults.lasting(1)
    faults.answered(1, "order_check")
    assert faults.lasting(1) == {FaultKind.NEIGHBOUR}
    with pytest.raises(BadFault, match="order_check"):
        faults.add("reject", 1, 1, 0, "order_check")


@pytest.mark.parametrize(
    ("kind", "count", "ms"), [("nothing", 1, 0), ("reject", 0, 0), ("reject", 10**7, 0), ("latency", 1, 10**9)]
)
def test_faults_that_cannot_be(kind: str, count: int, ms: int) -> None:
    with pytest.raises(BadFault):
        Faults(lambda: 0.0).add(kind, None, count, ms)


GOOD: dict[str, Any] = {
    "instance": "i",
    "socket": "/tmp/s",
    "control": "/tmp/c",
    "books": "/tmp/b",
    "start_ms": 1,
    "accounts": [{"login": 1, "password": "p", "server": "s"}],
}


def test_defaults_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "broker.toml"
    path.write_text(tomli_w.dumps(GOOD))
    config = read(path)
    assert (config.feed, config.history_from_ms, config.server_offset_s) == ("sample", 0, 10_800)
    account = config.accounts[0]
    assert (account.currency, account.balance, account.leverage, account.hedging) == ("USD", "10000.00", 100, True)
    assert tomli_w.dumps(msgspec.to_builtins(config.faults)) and config.faults == FaultPlan()  # a home writes it out


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"accounts": []}, "at least one"),
        ({"accounts": GOOD["accounts"] * 2}, "same login"),
        ({"accounts": [{**GOOD["accounts"][0], "leverage": 0}]}, "leverage"),
        ({"server_offset_s": 100_000}, "more than a day"),
        ({"socket": "/" + "x" * 120}, "at most 107 bytes"),
        ({"speed": -1}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"server_offset_s": 100}, "half-hours"),
        ({"server_zone": "Mars/Olympus"}, "Mars"),
        ({"start": "yesterday", "start_ms": 1, "quick": True}, "quick"),
        ({"symbols": {"EURUSD": {"contract_size": "big"}}}, "contract_size"),
        ({"start_ms": "now"}, "start_ms"),
    ],
)
def test_a_bad_configuration_says_what_is_wrong(change: dict[str, Any], text: str, tmp_path: Path) -> None:
    path = tmp_path / "broker.toml"
    path.write_text(tomli_w.dumps({**GOOD, **change}))
    with pytest.raises(BadConfig, match=text):
        read(path)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"none\.toml: No such file"):
        read(tmp_path / "none.toml")
