"""How soon a mission's alert is at Telegram, and whether a Telegram that is away slows anything else.

Three daemons with everything that a paper home has, each with a bot and a Bot API of its own (the strict fake of the
tests, over HTTP on loopback): one answers, one refuses connections, one takes them and says nothing. A shell fires and
closes on each in turn, so that what else the machine does falls on all of them.

`alert`: from the record MISSION_PROPOSED, published (durable, `witness.py`), to the fake's receiving the sendMessage that
names it; its limit, `post`: such a message sent, until it is received. `fire` and `close`: from the request written to
the answer read, as in `fire.py`; their ratios over the home whose Telegram answers are what an outage costs. At the end
the one that refused is there again: `after` is how long until it has a halt of while it was away. `FIRES` (30) come from
the environment; a home fires every 5 s, so that an alert does not wait for the letters of the fire before it (Telegram
takes one a second for a chat).
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from common import finish, median, percentile  # noqa: E402
from scale import Home, wait_ready  # noqa: E402

from hydrad.wire import calls  # noqa: E402
from tests.bot.fake_api import TOKEN, Fake  # noqa: E402

FIRES = int(os.environ.get("FIRES", "30"))
EVERY_S = 5.0
BOSS = 42
READY_S = 40.0
AFTER_S = 120.0
CONFIG = """\
[bot]
token_file = "{}/bot.token"
api_url = "%s"
"""


class Crew:
    """One daemon, its Bot API, and a shell. Times in ms."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fake = Fake()
        self.fake.listen()
        self.home = Home(CONFIG % self.fake.url, {"bot.token": TOKEN})
        self._client = self.home.client()
        self.fire_ms: list[float] = []
        self.close_ms: list[float] = []
        self.missions: list[str] = []

    def begin(self) -> None:
        wait_ready(self._client, 2)
        self._client.ask(calls.MarketStep(1))
        linked = self._client.ask(calls.OperatorLink("commander", f"telegram:{BOSS}"))
        assert linked.ok, linked
        self.until(lambda: any(call.method == "getUpdates" for call in self.fake.calls), READY_S)
        self._account = self._client.ask(calls.Accounts()).data[0]["name"]
        bid = Decimal(self._client.ask(calls.Ticks(("EURUSD",))).data[0]["bid"])
        self._stop = str(bid - Decimal("0.005"))

    def fire(self) -> None:
        verb = calls.FireSymbol("EURUSD", "buy", self._stop, account=self._account, again=True)
        began = time.perf_counter()
        made = self._client.ask(verb)
        self.fire_ms.append((time.perf_counter() - began) * 1000)
        assert made.ok and made.data["act"]["state"] == "FILLED", made
        self.missions.append(str(made.data["mission"]))
        began = time.perf_counter()
        closed = self._client.ask(calls.Close(made.data["act"]["id"]))
        self.close_ms.append((time.perf_counter() - began) * 1000)
        assert closed.ok, closed

    def alerts_ms(self) -> list[float]:
        """Of all missions; each must have one."""
        self.until(lambda: all(self._at_s(mission) for mission in self.missions), READY_S)
        published = self.home.witness()["marks"]
        return [self._at_s(mission) * 1000 - published[mission] / 1e6 for mission in self.missions]

    def _at_s(self, word: str) -> float:
        """When a message with this word was asked for first; 0: not yet."""
        told = (c.at_s for c in self.fake.calls if c.method == "sendMessage" and word in c.fields["text"])
        return next(told, 0.0)

    def post_ms(self) -> list[float]:
        """The limit of an alert: such a message posted by a client that keeps its connection, until it is received."""
        link = http.client.HTTPConnection("127.0.0.1", self.fake.port)
        took = []
        for _ in range(FIRES):
            body = json.dumps({"chat_id": BOSS, "text": "EURUSD BUY not calibrated"})
            began_s = time.monotonic()
            link.request("POST", f"/bot{TOKEN}/sendMessage", body, {"content-type": "application/json"})
            told = link.getresponse()
            told.read()
            assert told.status == 200, told.status
            received_s = next(c.at_s for c in reversed(self.fake.calls) if c.method == "sendMessage")
            took.append((received_s - began_s) * 1000)
        link.close()
        return took

    def halt(self) -> None:
        assert self._client.ask(calls.Halt(reason="canary-of-the-bench")).ok

    def back_s(self) -> float:
        """Seconds until a halt of before is told, from the moment on that the Bot API listens again."""
        began_s = time.monotonic()
        self.fake.listen()
        self.until(lambda: bool(self._at_s("HALTED")), AFTER_S)
        return self._at_s("HALTED") - began_s

    def until(self, done: object, within_s: float) -> None:
        assert callable(done)
        end_s = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < end_s, f"{self.name}: not within {within_s:g} s; see {self.home.folder}"
            time.sleep(0.05)

    def end(self) -> None:
        self.fake.away = ""
        self.home.down()
        self.fake.refuse()


def main() -> None:
    crews = [Crew(name) for name in ("answers", "refuses", "silent")]
    answers, refuses, silent = crews
    try:
        for crew in crews:
            crew.begin()
        refuses.fake.refuse()
        silent.fake.away = "silent"
        for number in range(FIRES):
            due_s = time.monotonic() + EVERY_S
            for crew in crews[number % 3 :] + crews[: number % 3]:
                crew.fire()
            time.sleep(max(due_s - time.monotonic(), 0))
        alerts, posts = answers.alerts_ms(), answers.post_ms()
        refuses.halt()
        after_s = refuses.back_s()
    finally:
        for crew in crews:
            crew.end()
    figures = {"alert_p50_ms": median(alerts), "alert_p99_ms": percentile(alerts, 0.99), "after_s": after_s}
    figures["post_p50_ms"] = median(posts)
    ratios = {"alert_over_post": median(alerts) / median(posts)}
    for crew in crews:
        for what, values in (("fire", crew.fire_ms), ("close", crew.close_ms)):
            figures[f"{crew.name}_{what}_p50_ms"] = median(values)
            figures[f"{crew.name}_{what}_p99_ms"] = percentile(values, 0.99)
            if crew is not answers:
                own = answers.fire_ms if what == "fire" else answers.close_ms
                ratios[f"{what}_{crew.name}_over_answers"] = median(values) / median(own)
    for key, value in figures.items():
        print(f"{key:24s} {value:9.2f}")
    finish("alert", figures, ratios)


if __name__ == "__main__":
    main()
