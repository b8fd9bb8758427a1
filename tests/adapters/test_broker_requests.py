"""Any requests and steps at a broker in this process: refusals change nothing, and the books on disk explain all."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.domain.instants import parse_ms
from hydrad.terminal.broker.api import Api
from hydrad.terminal.broker.books import Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import AccountConfig, BrokerConfig
from hydrad.terminal.broker.dealing import TEXTS
from hydrad.terminal.broker.faults import FaultPlan, Faults
from hydrad.terminal.broker.feed import Series
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.replies import Session
from hydrad.venue.contract import CONTRACTS, Contract, SwapMode
from hydrad.venue.standing import standing

START_MS = parse_ms("2014-04-30T20:59:00Z")  # a minute before the server's midnight
HEDGING, NETTING = 1001, 1002
ACCOUNTS = (
    AccountConfig(HEDGING, "one", "Paper", balance="5000.00"),
    AccountConfig(NETTING, "two", "Paper", currency="EUR", balance="4000.00", hedging=False, stop_out_percent=90),
)
EURUSD = replace(
    CONTRACTS["EURUSD"],
    stops_level_points=3,
    liquidity_steps=90,
    swap_mode=SwapMode.POINTS,
    swap_long=Decimal(-7),
    commission_per_lot=Decimal("3.5"),
    margin_hedged=Decimal(100_000),
)
PRICES = st.sampled_from([0.0, 1.38, 1.3855, 1.38590, 1.386, 1.3861, 1.38620, 1.3865, 1.39, 1.386101, -1.0, 1e300])
TICKETS = st.sampled_from([0, *range(100_000_001, 100_000_012), 7])
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from([1, 1, 1, 5, 5, 6, 7, 8, 10, 0, 2]),
        "magic": st.sampled_from([0, 42, 2**63 - 1, 2**63]),
        "order": TICKETS,
        "symbol": st.sampled_from(["EURUSD", "EURUSD", "EURUSD", "", "NOPE"]),
        "volume": st.sampled_from([0.01, 0.1, 0.5, 1.0, 3.0, 100.0, 0.0, 0.015, -1.0]),
        "price": PRICES,
        "stoplimit": PRICES,
        "sl": st.sampled_from([0.0, 0.0, 0.0, 1.38, 1.39]),
        "tp": st.sampled_from([0.0, 0.0, 0.0, 1.38, 1.39]),
        "deviation": st.sampled_from([0, 100_000]),
        "type": st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        "type_filling": st.sampled_from([0, 1, 2, 2, 3, 4]),
        "type_time": st.sampled_from([0, 0, 1, 2, 3, 4]),
        "expiration": st.sampled_from([0, START_MS // 1000 + 10_800 + 30, 2**32]),
        "comment": st.sampled_from(["", "a comment of many words"]),
        "position": TICKETS,
        "position_by": TICKETS,
    },
)
USUAL = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "price": 1.386, "deviation": 100_000, "type_filling": 1}
RESTING = st.builds(
    lambda kind, volume, filling: {"action": 5, "volume": volume, "type_filling": filling, **kind},
    st.sampled_from(
        [
            {"type": 2, "price": 1.38590},
            {"type": 3, "price": 1.38620},
            {"type": 4, "price": 1.38630},
            {"type": 5, "price": 1.38580},
            {"type": 6, "price": 1.38640, "stoplimit": 1.38600},
            {"type": 7, "price": 1.38560, "stoplimit": 1.38600},
        ]
    ),
    st.sampled_from([0.1, 1.0, 1.5]),
    st.sampled_from([0, 1, 2]),
)
CLOSING = st.builds(
    lambda ticket, other, side, volume, more: {
        "position": ticket,
        "position_by": other,
        "order": ticket,
        "type": side,
        "volume": volume,
        **more,
    },
    TICKETS,
    TICKETS,
    st.sampled_from([0, 1]),
    st.sampled_from([0.1, 0.05, 1.0]),
    st.sampled_from(
        [
            {},
            {},
            {"action": 6, "sl": 1.37, "tp": 1.4},
            {"action": 7, "price": 1.38},
            {"action": 7, "price": 1.39},
            {"action": 8},
            {"action": 10},
        ]
    ),
)
ASKED = st.one_of(REQUESTS, RESTING, RESTING, CLOSING, CLOSING)
MOVES = st.one_of(*[st.tuples(st.sampled_from([HEDGING, NETTING]), ASKED)] * 3, st.integers(1, 20_000))


def broker_in(folder: str, walk: list[int], terms: Contract = EURUSD) -> Broker:
    bids = (138_600 + np.cumsum(walk)).astype(np.int32)
    times = START_MS + np.arange(len(walk), dtype=np.int64) * 900
    feed = {"EURUSD": Series(times, bids, bids + np.int32(10), terms.digits)}
    config = BrokerConfig("i", "s", "c", "b", START_MS, ACCOUNTS)
    books = Books(Path(folder) / "books.db", "i", START_MS)
    return Broker(config, Market(feed, 0, books.market_ms, {"EURUSD": terms}), books)


@settings(max_examples=150, deadline=None)
@given(walk=st.lists(st.integers(-40, 40), min_size=100, max_size=130), moves=st.lists(MOVES, max_size=25))
def test_whatever_is_asked_the_books_explain_it(walk: list[int], moves: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        broker = broker_in(folder, walk)
        api = Api(broker, Faults(lambda: 0.0))
        for move in moves:
            if isinstance(move, int):
                broker.step(move)
            else:
                ask(broker, api, *move)
        check(broker, Path(folder))


def ask(broker: Broker, api: Api, login: int, given: dict[str, Any]) -> None:
    session, request = Session(login), {**USUAL, **given}
    before, tickets = broker.books[login], broker.history.tickets()
    checked = api.call(session, "order_check", [request]).value
    assert broker.books[login] is before
    sent = api.call(session, "order_send", [request]).value
    assert sent["retcode"] in TEXTS and sent["comment"] == TEXTS[sent["retcode"]]
    done = sent["retcode"] in (10009, 10010)
    assert done or (broker.books[login] is before and broker.history.tickets() == tickets)
    assert done is (checked["retcode"] == 0) or sent["retcode"] == 10006  # no check sees what the market has


def check(broker: Broker, folder: Path) -> None:
    again = Books(folder / "books.db", "i", 0)
    for login, book in broker.books.items():
        stored = again.book(login)
        assert stored is not None and replace(stored, rules=book.rules) == book
        deals = again.deals(login)
        assert sum(deal.money for deal in deals) == book.balance
        orders = {row.ticket: row for row in again.orders(login)}
        assert {deal.order for deal in deals} - {0} <= set(orders)
        assert {ticket for ticket, row in orders.items() if not row.done_ms} == set(book.orders)
        assert broker.figures.standing(book) == standing(book, broker.market.now())
        assert book.hedging or len(book.positions) <= 1
        assert all(len(row.comment) <= 16 for row in orders.values())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(1, 10**6), moves=st.lists(MOVES, min_size=10, max_size=25))
def test_under_any_faults_the_books_still_explain_it(seed: int, moves: list[Any]) -> None:
    """What a caller hears may be wrong; what is booked is not."""
    with tempfile.TemporaryDirectory() as folder:
        broker, faults = broker_in(folder, [3, -2] * 60), Faults(lambda: 0.0)
        api = Api(broker, faults)
        faults.plan(FaultPlan(seed, ms=500))
        for move in moves:
            if isinstance(move, int):
                broker.step(move)
            else:
                login, given = move
                reply = api.call(Session(login), "order_send", [{**USUAL, **given}])
                if reply.later is not None:
                    reply.later[1]()
        check(broker, Path(folder))


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
def test_prices_of_any_digits(digits: int, tmp_path: Path) -> None:
    """The same order at the same points is worth a tenth of it with each digit more."""
    terms = replace(CONTRACTS["EURUSD"], digits=digits)
    broker = broker_in(str(tmp_path), [0, 300, 0], terms)
    api, session = Api(broker, Faults(lambda: 0.0)), Session(HEDGING)
    shown = api.call(session, "symbol_info", ["EURUSD"]).value
    assert (shown["digits"], shown["point"], shown["bid"]) == (digits, float(terms.point), 138_600 / 10**digits)
    request = {**USUAL, "price": 138_610 / 10**digits, "volume": 0.01, "tp": 139_000 / 10**digits}
    sent = api.call(session, "order_send", [request]).value
    if digits == 2:  # 1386.10 dollars for a euro: a hundredth of a lot ties up 13,861 at 1:100
        assert sent["retcode"] == 10019
        return
    broker.step(1_000)
    (held,) = api.call(session, "positions", []).value
    assert held["profit"] == pytest.approx(290 * 10.0 ** (3 - digits)) and held["tp"] == request["tp"]


@pytest.mark.parametrize(
    ("kept", "replacement", "shown"), [(16, "", "python script op"), (31, "", "python script open"), (16, "x", "x")]
)
def test_what_a_server_keeps_of_a_comment(kept: int, replacement: str, shown: str, tmp_path: Path) -> None:
    broker = broker_in(str(tmp_path), [0, 0, 0])
    broker.config = type(broker.config)(
        "i", "s", "c", "b", START_MS, ACCOUNTS, comment_chars_max=kept, comment_replacement=replacement
    )
    api, session = Api(broker, Faults(lambda: 0.0)), Session(HEDGING)
    api.call(session, "order_send", [{**USUAL, "comment": "python script open"}])
    assert [row["comment"] for row in api.call(session, "positions", []).value] == [shown]


RECORDED_TEXTS = {
    10030: "Unsupported filling mode",
    10016: "Invalid stops",
    10027: "AutoTrading disabled by client",
    10013: "Invalid request",
    10018: "Market closed",
    10019: "No money",
    10009: "Request executed",
}
NOTHING = {"deal": 0, "order": 0, "volume": 0.0, "price": 0.0, "bid": 0.0, "ask": 0.0}


def test_answers_as_recorded(tmp_path: Path) -> None:
    """Texts, and what is zero in which answer; a field that is not given is zero at the client."""
    broker = broker_in(str(tmp_path), [0] * 100)
    faults = Faults(lambda: 0.0)
    api, session = Api(broker, faults), Session(HEDGING)

    def send(**given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {**NOTHING, **api.call(session, "order_send", [{**USUAL, **given}]).value}
        return answer

    assert RECORDED_TEXTS.items() <= TEXTS.items()
    assert api.call(session, "order_check", [USUAL]).value["comment"] == "Done"
    sold = send(type=1, price=1.386, volume=0.02)
    assert (sold["price"], sold["bid"], sold["ask"], sold["volume"]) == (1.386, 1.386, 1.3861, 0.02)
    assert sold["deal"] and sold["order"] and sold["request_id"]
    levels = send(action=6, position=sold["order"], sl=1.39, tp=1.38)
    assert levels["retcode"] == 10009 and NOTHING.items() <= levels.items()
    against = send(type=1, price=0.0, position=sold["order"])  # the side that it has
    assert against["retcode"] == 10013 and NOTHING.items() <= against.items()
    faults.add("autotrading_off", None, 1, 0)
    off = send()
    assert (off["retcode"], off.get("request_id", 0)) == (10027, 0) and NOTHING.items() <= off.items()
