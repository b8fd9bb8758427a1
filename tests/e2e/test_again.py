"""A request that is sent twice under one key is done once, over a restart of the daemon where the core keeps it."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from paper import PaperHome

from hydrad.wire import calls, codec

pytestmark = pytest.mark.timeout(120)


def ask(home: PaperHome, verb: Any, key: str) -> Any:
    """One call as the shell's client makes it, with this key."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(60)
        link.connect(str(home.places.socket))
        link.sendall(codec.encode_call(calls.Call(calls.PROTOCOL, 1, verb, key)))
        framer = codec.Framer()
        while data := link.recv(65536):
            for message in framer.feed(data):
                return codec.decode_answer(message)
    raise AssertionError("the daemon hung up")


def test_money_is_paid_once_and_an_operator_added_once(home: PaperHome) -> None:
    home.step()
    paid = [ask(home, calls.PaperCash("alpha", "-500"), "c1") for _ in range(3)]
    assert [answer.ok for answer in paid] == [True] * 3 and paid[0].data == paid[1].data == paid[2].data
    cash = [d for d in home.broker(op="books", login=100001)["deals"] if d["type"] not in ("BUY", "SELL")]
    assert len(cash) == 2  # the first deposit, and this
    assert not ask(home, calls.PaperCash("alpha", "-501"), "c1").ok

    bob = calls.OperatorAdd("bob", "trader", "uid:4242")
    first = ask(home, bob, "o1")
    home.kill("daemon")
    home.start()
    again = ask(home, bob, "o1")
    assert first.ok and again.ok and (first.schema, first.data) == (again.schema, again.data)


def test_the_market_makes_one_step_and_a_terminal_has_one_pair(home: PaperHome) -> None:
    steps = [ask(home, calls.MarketStep(1), "s1") for _ in range(2)]
    assert steps[0].ok and steps[0].data == steps[1].data
    assert ask(home, calls.MarketStep(1), "s2").data["market"] > steps[0].data["market"]

    verb = calls.TerminalEnroll("late", "late", 4242, "HydraX-Paper", feed_only=True)
    first = ask(home, verb, "e1")
    bundle = home.places.bundle("late").read_bytes()
    again = ask(home, verb, "e1")
    assert first.ok and again.ok and first.data == again.data
    assert home.places.bundle("late").read_bytes() == bundle

    for other, key in ((calls.MarketStep(2), "s1"), (calls.MarketStep(1), "e1"), (calls.PaperCash("alpha", "1"), "s1")):
        answer = ask(home, other, key)
        assert not answer.ok and answer.error.code == "CONFLICT"
