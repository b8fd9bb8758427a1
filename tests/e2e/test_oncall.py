"""An alarm that nobody answers, through real processes, a real mail server and a real receiver: it rings by the second
channel, then at the next on call, until somebody takes it on."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from paper import CONFIG, PaperHome

from hydrad.host import tcp_ports
from tests.channels.mailroom import PASSWORD, TOKENS, USER, Mailroom
from tests.channels.receiver import verified

pytestmark = pytest.mark.timeout(240)
SECRET = "whsec_" + base64.b64encode(b"canary-webhook-secret-0123456789").decode()
TOKEN = "123456:canary-bot-token-AAAAAAAAAAAAAAAAAAA"
SETUP = """
alarm_repeat_ms = 3000
[bridge]
degraded_after_ms = 1500
lost_after_ms = 3000
[hud]
enabled = false
[bot]
token_file = "{folder}/bot.token"
api_url = "http://127.0.0.1:{nobody}"
[oncall]
order = "commander, bob"
[email]
host = "127.0.0.1"
port = {port}
sender = "hydra@example.org"
user = "{user}"
password_file = "{folder}/mail.password"
ca_file = "{folder}/ca.pem"
[webhook]
url = "http://127.0.0.1:{hook}/alarms"
secret_file = "{folder}/hook.secret"
"""


class Post:
    """The mail server and the receiver, each on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.room = Mailroom()
        self.call(self.room.open())
        self.got: list[dict[str, Any]] = []
        self.hook = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append(verified(SECRET, dict(self.headers), body, int(self.headers["webhook-timestamp"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        return Handler

    def mails(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.room.mails() if mail["To"] == to]

    def close(self) -> None:
        self.call(self.room.close())
        self.hook.shutdown()
        self.hook.server_close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


def text(mail: EmailMessage) -> str:
    part = mail.get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.close()


@pytest.fixture
def home(post: Post) -> Iterator[PaperHome]:
    made = PaperHome()
    folder = made.path / "secrets"
    folder.mkdir(mode=0o700)
    TOKENS.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, secret in (("mail.password", PASSWORD), ("hook.secret", SECRET), ("bot.token", TOKEN)):
        (folder / name).write_text(secret + "\n")
        (folder / name).chmod(0o600)
    hook = post.hook.server_address[1]
    nobody = tcp_ports.free_port(None, "127.0.0.1")
    told = SETUP.format(port=post.room.port, user=USER, folder=folder, hook=hook, nobody=nobody)
    made.places.config_file.write_text(CONFIG + told)
    try:
        made.start()
        yield made
    finally:
        made.end()


def confirm(home: PaperHome, post: Post) -> None:
    """The e-mail channel is tested: the code in the letter goes back."""
    assert home.ctl("operator", "contact", "commander", "email", "boss@example.org").code == 0
    assert home.ctl("channel", "test", "email").code == 0
    home.until(lambda: bool(post.mails("boss@example.org")), "the test letter")
    code = re.search(r"channel confirm (\S+)", text(post.mails("boss@example.org")[0]))
    assert code is not None
    assert home.ctl("channel", "confirm", "WRONG").code == 5
    done = home.ctl("channel", "confirm", code[1])
    assert done.code == 0, done
    row = next(row for row in done.data["channels"] if row["name"] == "email")
    assert (row["tested_by"], row["tested_to"], row["state"]) == ("commander", "boss@example.org", "UP")


def fire(home: PaperHome) -> str:
    bid = next(float(row["bid"]) for row in home.ctl("ticks", "EURUSD").data if row["symbol"] == "EURUSD")
    words = ("--stop", f"{bid - 0.003:.5f}", "--target", f"{bid + 0.009:.5f}", "--yes")
    done = home.ctl("fire", "--symbol", "EURUSD", "--side", "buy", *words)
    assert done.code == 0, done
    return str(home.ctl("positions").data[0]["id"])


def test_an_alarm_goes_round_until_somebody_takes_it_on(home: PaperHome, post: Post) -> None:
    confirm(home, post)
    assert home.ctl("operator", "add", "bob", "--uid", "54321", "--policy", "full", "--accounts", "all").code == 0
    assert home.ctl("operator", "contact", "bob", "email", "bob@example.org").code == 0
    home.step(2)
    assert home.ctl("operator", "link", "commander", "--telegram", "42").code == 0
    assert home.ctl("account", "phone", "alpha", "+44 20 7946 0000").code == 0
    assert "broker's phone  +44 20 7946 0000" in (home.places.bundle("alpha").with_name("card.txt")).read_text()
    position = fire(home)
    home.kill("alpha", signal.SIGSTOP)
    try:
        home.until(lambda: len(post.mails("bob@example.org")) > 0, "the next on call is told")
        first = next(mail for mail in post.mails("boss@example.org") if "TERMINAL_LOST" in mail["Subject"])
        assert first["Subject"].startswith("[hydra] ALARM: ALARM TERMINAL_LOST L-")
        told = text(first)
        assert (
            position in told
            and "stop 1." in told
            and "By the broker's own app or phone: phone +44 20 7946 0000, server " in told
        )
        alarm = next(row for row in home.ctl("alarms").data if row["code"] == "TERMINAL_LOST")
        assert home.ctl("ack", alarm["id"], "--note", "on it").code == 0
        home.until(
            lambda: any("acknowledged by commander: on it" in text(mail) for mail in post.mails("bob@example.org")),
            "those who were told are told that it is taken on",
        )
    finally:
        home.kill("alpha", signal.SIGCONT)
    home.until(lambda: any(said["text"].startswith("ALARM TERMINAL_LOST") for said in post.got), "the receiver has it")
    ids = [said["id"] for said in post.got]
    assert len(ids) == len(set(ids)) and all(said["mode"] == "paper" for said in post.got)
    patiently(home, lambda: told_down(post), "that Telegram is down is an alarm of its own")
    keys = [mail["Message-ID"] for mail in post.room.mails()]
    assert len(keys) == len(set(keys)), "nothing was told twice"
    no_secret_is_anywhere(home.path)


def test_an_address_that_nobody_has_is_an_alarm_by_other_ways(home: PaperHome, post: Post) -> None:
    confirm(home, post)
    post.room.dead.add("bob@example.org")
    assert home.ctl("operator", "add", "bob", "--uid", "54321", "--policy", "full", "--accounts", "all").code == 0
    assert home.ctl("operator", "contact", "bob", "email", "bob@example.org").code == 0
    assert home.ctl("halt").code == 0
    home.until(lambda: any("HALTED" in mail["Subject"] for mail in post.mails("boss@example.org")), "one is told")
    home.until(lambda: bool(rejected(home)), "the other is an alarm")
    assert "550 5.1.1 no such user" in rejected(home)[0]["text"]
    home.until(
        lambda: any("ADDRESS_REJECTED" in mail["Subject"] for mail in post.mails("boss@example.org")), "told elsewhere"
    )
    rows = home.ctl("channels").data
    assert next(row["state"] for row in rows["channels"] if row["name"] == "email") == "UP"
    assert "takes no letters" in next(row["ways"][0] for row in rows["people"] if row["name"] == "bob")
    assert home.ctl("operator", "contact", "bob", "email", "bob@example.net").code == 0
    home.until(lambda: not rejected(home), "another address ends it")


def rejected(home: PaperHome) -> list[dict[str, Any]]:
    return [row for row in home.ctl("alarms").data if row["code"] == "ADDRESS_REJECTED"]


def told_down(post: Post) -> bool:
    return any("CHANNEL_DOWN" in mail["Subject"] and "telegram" in text(mail) for mail in post.room.mails())


def patiently(home: PaperHome, condition: Callable[[], bool], what: str) -> None:
    """For what takes a minute by rights."""
    with contextlib.suppress(AssertionError):
        home.until(condition, what)
    home.until(condition, what)


def no_secret_is_anywhere(folder: Path) -> None:
    """Neither as it is nor as it is sent: log, journal, inputs, outbox."""
    canaries = [PASSWORD, TOKEN, SECRET.removeprefix("whsec_"), "canary-webhook-secret"]
    canaries += [base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(), json.dumps(PASSWORD)[1:-1]]
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            data = path.read_bytes()
            assert not [canary for canary in canaries if canary.encode() in data], path
