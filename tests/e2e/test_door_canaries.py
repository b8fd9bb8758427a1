"""What opens a door stands in its own file, or nowhere: tokens, passwords, a PIN, ids of sessions, one-time codes; after all
of them were used, wrong ones were refused, and the daemon has died with all its threads in the log."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from paper import CONFIG, HYDRACTL, PaperHome, fire_by_hand

from hydrad.host import tcp_ports
from hydrad.hud.table import PREFIX, QUERIES
from tests.bot.fake_api import TOKEN, Fake

pytestmark = pytest.mark.timeout(180)
BOSS, BOB = 42, 8
PIN, WRONG_PIN = "canary-pin-5519", "canary-wrong-5519"
FILES = {
    "bot.token": TOKEN,
    "mail.password": "canary-mail-password-5519",
    "hook.secret": "canary-hook-secret-5519-5519-5519",
    "metrics.token": "canary-metrics-token-5519",
}
SETUP = """
[daemon]
log_level = "debug"
[bot]
token_file = "{folder}/bot.token"
api_url = "{api}"
[hud]
public_url = "https://hud.example.org"
metrics_token_file = "{folder}/metrics.token"
[email]
host = "127.0.0.1"
port = {nobody}
security = "tls"
sender = "hydra@example.org"
user = "hydra"
password_file = "{folder}/mail.password"
[webhook]
url = "http://127.0.0.1:{nobody}/alarms"
secret_file = "{folder}/hook.secret"
"""


class Visitor:
    """Goes through every door. `secrets`: what it was given to open them, by name. `said`: every answer and page."""

    def __init__(self, home: PaperHome) -> None:
        home.until(lambda: home.status()["hud"] is not None, "the HUD serves")
        self.address = home.status()["hud"].removeprefix("http://")
        self.secrets: dict[str, str] = {}
        self.said: dict[str, bytes] = {}
        self.sent: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The data of the answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        sent = {**self.sent, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent |= {"content-type": "application/json", "sec-fetch-site": "same-origin"}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        fields = json.loads(told).get("data") if "json" in answer.getheader("content-type", "") else None
        cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        for name, value in (
            ("cookie", cookie.partition("=")[2]),
            ("token", (fields or {}).get("token") if isinstance(fields, dict) else ""),
        ):
            if value:  # told once, to whom it is for
                self.secrets[f"{name} {len(self.secrets)}"] = value
                self.sent = {"cookie": cookie} if name == "cookie" else {"authorization": f"Bearer {value}"}
                told = told.replace(value.encode(), b"")
        self.said[f"{method} {path.partition('?')[0]} {len(self.said)}"] = told
        return fields


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()
    made.listen()
    yield made
    made.refuse()


@pytest.fixture
def home(fake: Fake) -> Iterator[PaperHome]:
    made = PaperHome()
    folder = made.path / "secrets"
    folder.mkdir(mode=0o700)
    for name, secret in FILES.items():
        (folder / name).write_text(secret + "\n")
        (folder / name).chmod(0o600)
    nobody = tcp_ports.free_port(None, "127.0.0.1")
    made.places.config_file.write_text(CONFIG + SETUP.format(folder=folder, api=fake.url, nobody=nobody))
    made.environ["PYTHONFAULTHANDLER"] = "1"
    try:
        made.start()
        yield made
    finally:
        made.end()


def signed(user: int) -> str:
    fields = {"user": json.dumps({"id": user}), "auth_date": str(int(time.time()))}
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.digest(b"WebAppData", TOKEN.encode(), hashlib.sha256)
    return urlencode({**fields, "hash": hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()})


def by_link(home: PaperHome, visitor: Visitor) -> None:
    done = subprocess.run([*HYDRACTL, "hud", "pin"], env=home.environ, input=PIN, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    code = visitor.secrets["login code"] = home.ctl("hud", "open").data["url"].partition("#")[2]
    assert visitor.ask("POST", "/session", {"code": code})["scope"] == "full"
    assert visitor.ask("POST", "/session", {"code": code}) is None, "once"
    for pin in (WRONG_PIN, PIN):
        told = visitor.ask("POST", "/session/confirm", {"pin": pin})
    assert told["confirmed_until"]
    for body in ({"pin": PIN, "x": PIN}, {"code": code, "init_data": PIN}):
        visitor.ask("POST", "/session", body)
    for query in QUERIES:
        visitor.ask("GET", PREFIX + query.path.replace("{id}", "alpha"))
    for path in (
        "/",
        "/login",
        "/app",
        "/nosuch",
        "/livez",
        "/healthz",
        "/metrics",
        f"{PREFIX}/openapi.json",
        "/session",
    ):
        visitor.ask("GET", path)


def by_telegram(home: PaperHome, fake: Fake, visitor: Visitor) -> None:
    """An invitation, a Mini App that only looks, the bot's button that lets it act, a press in the chat."""
    invited = home.ctl("operator", "invite", "bob", "--role", "trader").data
    visitor.secrets["invitation"] = code = re.search(r"[A-Z0-9]{12}", json.dumps(invited))[0]  # type: ignore[index]
    assert code in json.dumps(invited)
    fake.say(BOB, f"/start {code}")
    home.until(lambda: any("Welcome, bob" in text for text in fake.texts(BOB)), "bob has joined")
    mission = fire_by_hand(home, "--account", "alpha").data["mission"]
    raw = signed(BOSS)
    visitor.secrets["hash of initData"] = raw.partition("hash=")[2]
    visitor.sent = {}
    assert visitor.ask("POST", "/session", {"init_data": raw})["scope"] == "full"
    assert visitor.ask("POST", "/session", {"init_data": raw})["scope"] == "read-only"
    assert visitor.ask("POST", "/session", {"init_data": raw[:-1] + "x"}) is None
    fake.say(BOSS, f"/fire {mission} bravo")
    home.until(lambda: any("Confirm" in json.dumps(m.buttons) for m in fake.shown(BOSS)), "it is asked")
    asked = next(m for m in fake.shown(BOSS) if "Confirm" in json.dumps(m.buttons))
    url = next(b["web_app"]["url"] for row in asked.buttons for b in row if "web_app" in b)
    visitor.secrets["elevation code"] = parse_qs(urlsplit(url).query)["act"][0]
    assert visitor.ask("POST", "/session/elevate", {"code": visitor.secrets["elevation code"]})["scope"] == "full"
    visitor.secrets["button"] = asked.token("Confirm")
    for other in (BOB, BOSS):
        fake.press(other, asked, visitor.secrets["button"])
    home.until(lambda: any("FILLED" in m.text for m in fake.shown(BOSS)), "it is fired")


def shells(home: PaperHome, visitor: Visitor) -> None:
    for words in (
        "status",
        "health",
        "config show --source",
        "channels",
        "operators",
        "tail -n 500",
        "alarms",
        "findings",
        "doctor",
    ):
        done = subprocess.run(
            [*HYDRACTL, *words.split(), "-o", "json", "--debug"], env=home.environ, capture_output=True
        )
        visitor.said[words] = done.stdout + done.stderr
    bundle = home.ctl("support", "bundle")
    with tarfile.open(bundle.data["path"]) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            visitor.said[f"bundle {member.name}"] = content.read()


def leaks(home: PaperHome, visitor: Visitor) -> list[str]:
    """Where one stands that it does not belong, the listing of processes among it."""
    texts = dict(visitor.said)
    for path in home.path.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            texts[str(path.relative_to(home.path))] = path.read_bytes()
    mark = f"HYDRA_HOME={home.path}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            if mark in environ.split(b"\0") and int(folder.name) != os.getpid():
                texts[str(folder)] = environ + (folder / "cmdline").read_bytes()
        except OSError:
            continue
    wanted = {**FILES, **visitor.secrets, "PIN": PIN, "wrong PIN": WRONG_PIN}
    wanted["bot.token"] = TOKEN.partition(":")[2]
    return [
        f"{name} in {place}"
        for name, secret in wanted.items()
        for place, data in texts.items()
        if secret.encode() in data
    ]


def test_what_opens_a_door_is_nowhere_else(home: PaperHome, fake: Fake) -> None:
    home.step(2)
    assert home.ctl("operator", "link", "commander", "--telegram", str(BOSS)).code == 0
    assert home.ctl("operator", "contact", "commander", "email", "boss@example.org").code == 0
    visitor = Visitor(home)
    by_link(home, visitor)
    by_telegram(home, fake, visitor)
    for channel in ("email", "webhook"):
        assert home.ctl("channel", "test", channel).code == 0
    home.until(lambda: all(f"{channel} letter" in home.logs() for channel in ("email", "webhook")), "nobody takes them")
    home.kill("daemon", signal.SIGABRT)
    home.until(lambda: home.ctl("status").code == 3, "the daemon is gone")
    assert "Fatal Python error: Aborted" in home.places.log_file.read_text(), "the dump is among what is searched"
    home.launch()
    shells(home, visitor)
    assert len(visitor.secrets) >= 10 and len(visitor.said) > 60
    assert not (found := leaks(home, visitor)), "\n".join(found)
    visitor.said["slip"] = b"x " + FILES["hook.secret"].encode()
    assert leaks(home, visitor) == ["hook.secret in slip"], "the search finds what is there"
