"""The HUD of a real daemon: a link from the shell, the shell's JSON, a fire with a PIN, and its end by SIGTERM."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import time
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from paper import CONFIG, HYDRACTL, PaperHome, as_user, fire_by_hand, quote

from hydrad.host import tcp_ports
from hydrad.host.lock import holder
from hydrad.hud.table import PREFIX, QUERIES

pytestmark = pytest.mark.timeout(180)
PIN = "canary-pin-7351"
BOT_TOKEN = "1234567:canary-bot-token"
HUD = """
[hud]
public_url = "https://hud.example.org"
trusted_proxies = "127.0.0.1"
metrics_token_file = "TOKEN"
"""


def signed(fields: dict[str, str], token: str) -> str:
    """initData as Telegram signs it."""
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return urlencode({**fields, "hash": hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()})


class Browser:
    """One person's: keeps the newest cookie."""

    def __init__(self, home: PaperHome) -> None:
        self.home = home
        self.secrets: list[str] = []
        home.until(lambda: home.status()["hud"] is not None, "the HUD serves")
        self.address = home.status()["hud"].removeprefix("http://")
        self.cookie = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        sent = {"cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None
        if body is not None:
            sent |= {"content-type": "application/json", "sec-fetch-site": "same-origin"}
            data = json.dumps(body)
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if cookie := answer.getheader("set-cookie"):
            self.cookie = cookie.partition(";")[0]
            self.secrets.append(self.cookie.partition("=")[2])
        return answer.status, json.loads(told)

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
        return self.ask("POST", path, {} if body is None else body, **({"idempotency_key": key} if key else {}))

    def login(self, uid: int | None = None) -> dict[str, Any]:
        link = self.home.ctl("hud", "open", uid=uid).data["url"]
        address, _, code = link.partition("/login#")
        assert address == f"http://{self.address}"
        self.secrets.append(code)
        status, told = self.post("/session", {"code": code})
        assert status == 200, told
        return told["data"]

    def confirm(self) -> None:
        done = subprocess.run(
            [*HYDRACTL, "hud", "pin"], env=self.home.environ, input=PIN, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        assert self.post("/session/confirm", {"pin": PIN})[0] == 200


def set_pin(home: PaperHome, *words: str, uid: int | None = None) -> int:
    argv = [*(as_user(uid) if uid is not None else ()), *HYDRACTL, "hud", "pin", *words]
    return subprocess.run(argv, env=home.environ, input=PIN, text=True, capture_output=True).returncode


def printed(home: PaperHome, *words: str) -> str:
    return subprocess.run([*HYDRACTL, *words, "-o", "json"], env=home.environ, capture_output=True, text=True).stdout


def without_ts(text: str) -> str:
    told = json.loads(text)
    return text.replace(told["ts"], "TS")


def test_a_session_asks_what_the_shell_asks(home: PaperHome) -> None:
    browser = Browser(home)
    who = browser.login()
    assert (who["operator"], who["role"], who["scope"], who["pin"]) == ("commander", "commander", "full", "none")
    for path, words in {
        "plans": ("plans",),
        "policies": ("policies",),
        "operators": ("operators",),
        "groups": ("groups",),
        "pools": ("pools",),
        "missions": ("missions",),
        "accounts/alpha": ("account", "show", "alpha"),
    }.items():
        connection = http.client.HTTPConnection(browser.address, timeout=30)
        connection.request("GET", f"/api/v1/{path}", headers={"cookie": browser.cookie})
        told = connection.getresponse().read().decode()
        connection.close()
        if path == "accounts/alpha":  # ages differ
            shape = json.loads(printed(home, *words))
            assert list(json.loads(told)) == list(shape) and list(json.loads(told)["data"]) == list(shape["data"])
        else:
            assert without_ts(told) == without_ts(printed(home, *words).strip())


def test_every_query_is_answered_by_the_daemon(home: PaperHome) -> None:
    home.step()
    mission = fire_by_hand(home).data["mission"]
    act = home.ctl("fires").data[0]["id"]
    names = {"/missions": mission, "/fires": act, "/positions": act, "/trace": mission, "/accounts": "alpha"}
    browser = Browser(home)
    browser.login()
    statuses = {}
    for query in QUERIES:
        named = names.get(query.path.partition("/{")[0], "EURUSD")
        status, told = browser.get(PREFIX + query.path.replace("{id}", named))
        statuses[query.path] = status
        if status == 200:
            msgspec.convert(told["data"], query.data)
        assert status == 200 or told["error"]["code"] in ("NOT_FOUND", "USAGE", "UNHEALTHY"), (query.path, told)
    for path in ("/terminals/alpha", f"/positions/{home.ctl('positions').data[0]['id']}"):
        assert browser.get(PREFIX + path)[0] == 200
    absent = ["/asked/{id}", "/alarms/{id}"]  # there is no such key, and no such alarm
    assert [path for path, status in statuses.items() if status != 200 and path != "/health"] == absent


def test_a_fire_from_a_page_is_done_once_and_its_position_closed(home: PaperHome) -> None:
    home.step()
    mission = fire_by_hand(home, "--account", "alpha").data["mission"]
    browser = Browser(home)
    browser.login()
    path, body = f"/api/v1/missions/{mission}/fire", {"account": "bravo"}
    assert browser.post(path, {**body, "dry_run": True})[1]["data"]["would"].startswith("would be ROUTED")
    status, told = browser.post(path, body, "one")
    assert (status, told["error"]["facts"]["needs"]) == (403, "pin_set")
    browser.confirm()
    status, told = browser.post(path, body, "one")
    assert status == 200 and told["data"]["act"]["state"] == "FILLED", told
    assert told["data"]["act"]["surface"] == "hud"
    assert browser.post(path, body, "one")[1]["data"]["act"]["id"] == told["data"]["act"]["id"]
    status, again = browser.post(path, body, "two")
    assert status == 422 and "DUPLICATE" in again["data"]["act"]["codes"]
    assert browser.post(path, {"account": "alpha"}, "one")[0] == 409
    assert len(home.opened(100002)) == 1
    status, closed = browser.post(f"/api/v1/positions/{told['data']['act']['id']}/close", {}, "three")
    assert status == 200 and closed["ok"] is True
    assert quote(home)


def test_what_a_phone_may_not_do_has_no_route_and_the_core_says_so_too(home: PaperHome) -> None:
    browser = Browser(home)
    browser.login()
    assert browser.post("/api/v1/halt", {"reason": "test"}, "h")[1]["data"]["authority"] == "HALTED"
    for path in ("resume", "accounts/alpha/arm", "operators/commander/role", "terminals", "down", "hud/open"):
        assert browser.post(f"/api/v1/{path}", {}, "r")[0] in (404, 405)
    assert home.status()["authority"] == "HALTED"
    home.ctl("resume", "--yes")


@pytest.mark.skipif(os.getuid() != 0, reason="another uid needs root")
def test_whoever_is_suspended_is_out_at_once_and_a_wrong_pin_is_in_the_journal(home: PaperHome) -> None:
    assert home.ctl("operator", "add", "ann", "--uid", "65534", "--role", "viewer", "--accounts", "alpha").code == 0
    browser = Browser(home)
    assert browser.login(uid=65534)["operator"] == "ann"
    assert [row["name"] for row in browser.get("/api/v1/accounts")[1]["data"]] == ["alpha"]
    assert [row["name"] for row in browser.get("/api/v1/operators")[1]["data"]] == ["ann"]
    assert browser.get("/api/v1/accounts/bravo")[0] == 403
    assert set_pin(home, "--for", "commander", uid=65534) == 4
    assert set_pin(home, "--for", "nosuch") == 5
    assert set_pin(home, "--for", "ann") == 0
    assert browser.get("/session")[1]["data"]["pin"] == "set"
    assert home.ctl("operator", "suspend", "ann").code == 0
    assert browser.get("/api/v1/accounts")[0] == 401
    assert home.ctl("hud", "open", uid=65534).code == 4
    boss = Browser(home)
    boss.login()
    boss.confirm()
    assert boss.post("/session/confirm", {"pin": "wrong"})[0] == 403
    home.until(lambda: "a wrong PIN" in printed(home, "tail", "-n", "20", "--kind", "CALL_REFUSED"), "it is recorded")


def test_a_session_outlives_the_daemon_and_no_secret_is_left_anywhere(home: PaperHome) -> None:
    browser = Browser(home)
    browser.login()
    browser.confirm()
    browser.get("/api/v1/status")
    home.kill("daemon")
    home.launch()
    again = Browser(home)
    again.cookie = f"hx-{again.address.rpartition(':')[2]}=" + browser.cookie.partition("=")[2]
    status, told = again.get("/session")
    assert status == 200 and told["data"]["confirmed_until"] is not None
    for path in home.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in (*browser.secrets, PIN):
                assert secret.encode() not in data, path
    assert (home.places.hud_store.stat().st_mode & 0o777) == 0o600


def test_behind_a_proxy_with_a_bot_a_mini_app_logs_in() -> None:
    """Everything that `[hud]` says, and a token from the service manager's credentials."""
    home = PaperHome(CONFIG + HUD)
    folder = home.path / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "bot.token").write_text(BOT_TOKEN)
    token = home.path / "metrics.token"
    token.write_text("canary-metrics\n")
    token.chmod(0o600)
    home.places.config_file.write_text((CONFIG + HUD).replace("TOKEN", str(token)))
    home.environ["CREDENTIALS_DIRECTORY"] = str(folder)
    try:
        home.start()
        assert (
            home.ctl("operator", "add", "ann", "--telegram", "42", "--role", "trader", "--accounts", "alpha").code == 0
        )
        page = Browser(home)
        assert home.ctl("hud", "open").data["url"].startswith("https://hud.example.org/login#")
        at = {"host": "hud.example.org", "x_forwarded_for": "203.0.113.5"}
        assert page.ask("GET", "/metrics", **at)[0] == 403
        user = {"user": '{"id":42}', "auth_date": str(int(time.time()) - 3_600)}
        status, told = page.ask("POST", "/session", {"init_data": signed(user, BOT_TOKEN)}, **at)
        assert status == 200 and told["data"]["scope"] == "read-only" and told["data"]["operator"] == "ann"
        bearer = {"authorization": f"Bearer {told['data']['token']}", **at}
        assert [row["name"] for row in page.ask("GET", "/api/v1/accounts", **bearer)[1]["data"]] == ["alpha"]
        assert (
            page.ask("POST", "/api/v1/flatten", {}, idempotency_key="f", **bearer)[1]["error"]["facts"]["needs"]
            == "elevation"
        )
        assert page.ask("POST", "/api/v1/halt", {}, idempotency_key="h", **bearer)[1]["data"]["authority"] == "HALTED"
        assert page.ask("POST", "/session", {"init_data": signed(user, "1:other")}, **at)[0] == 401
        for path in home.path.rglob("*"):
            if path.is_file() and path.parent != folder:
                data = path.read_bytes()
                assert BOT_TOKEN.encode() not in data and told["data"]["token"].encode() not in data, path
    finally:
        home.end()


def test_what_is_about_an_account_that_was_not_given_is_told_by_no_answer_and_no_stream() -> None:
    """Names of terminals are not secret: they stand beside each quote."""
    home = PaperHome()
    token = home.path / "bot.token"
    token.write_text(BOT_TOKEN)
    token.chmod(0o600)
    nobody = tcp_ports.free_port(0, "127.0.0.1")
    bot = f'[bot]\ntoken_file = "{token}"\napi_url = "http://127.0.0.1:{nobody}"\n'
    home.places.config_file.write_text(CONFIG + bot)
    try:
        home.start()
        home.step()
        for name, number, account in (("ann", "7", "alpha"), ("bob", "66778899", "bravo")):
            add = ("operator", "add", name, "--telegram", number, "--role", "trader", "--policy", "full")
            assert home.ctl(*add, "--accounts", account).code == 0
        fired = fire_by_hand(home, "--account", "bravo")
        mission, act = fired.data["mission"], fired.act["id"]
        for words in (("note", act, "secret-of-bravo"), ("operator", "hears", "bob", "--accounts", "bravo")):
            assert home.ctl(*words).code == 0
        browser = Browser(home)
        told = {"user": '{"id":7}', "auth_date": str(int(time.time()))}
        status, body = browser.ask("POST", "/session", {"init_data": signed(told, BOT_TOKEN)})
        assert status == 200, body
        bearer = {"authorization": f"Bearer {body['data']['token']}"}
        names = {"mission": mission, "account": "bravo", "symbol": "EURUSD", "alarm": "L-1"}
        said = {
            query.path: browser.ask("GET", PREFIX + query.path.replace("{id}", names.get(query.as_, act)), **bearer)
            for query in QUERIES
        }
        said["/trace of the mission"] = browser.ask("GET", f"{PREFIX}/trace/{mission}", **bearer)
        texts = {path: json.dumps(body) for path, (_, body) in said.items()} | {"stream": streamed(browser, bearer)}
        assert "ACCOUNT_ADDED" in texts["stream"] and '"name": "alpha"' in texts["/accounts"], "one's own is told"
        for secret in (
            "100002",
            "66778899",
            "secret-of-bravo",
            '"account": "bravo"',
            '"account":"bravo"',
            str(fired.act["ticket"]),
        ):
            assert [path for path, text in texts.items() if secret in text] == [], secret
    finally:
        home.end()


def streamed(browser: Browser, bearer: dict[str, str]) -> str:
    """All that the stream tells from the journal's first record on."""
    page = http.client.HTTPConnection(browser.address, timeout=30)
    page.request("GET", f"{PREFIX}/stream", headers={**bearer, "last-event-id": "0"})
    answer, lines = page.getresponse(), []
    while not lines or not lines[-1].startswith("event: now"):  # it follows the last record that is told
        lines.append(answer.readline().decode())
    page.close()
    return "".join(lines)


def test_open_pages_do_not_hold_up_the_end(home: PaperHome) -> None:
    browser = Browser(home)
    browser.login()
    pages = []
    for _ in range(50):
        page = http.client.HTTPConnection(browser.address, timeout=30)
        page.request("GET", "/api/v1/stream", headers={"cookie": browser.cookie})
        answer = page.getresponse()
        assert answer.status == 200 and answer.readline()
        pages.append(page)
    found = holder(home.places.lock_file)
    assert found is not None and found.pid is not None
    os.kill(found.pid, signal.SIGTERM)
    home.until(lambda: holder(home.places.lock_file) is None, "the daemon has ended")
    for page in pages:
        page.close()
    assert "Traceback" not in home.logs(), "each stream has ended by itself, none was cut off"
