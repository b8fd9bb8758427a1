"""What the tests of pages work with: a crew's home, and a screen before its HUD that keeps what the browser complains of."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import re
import subprocess
import time
from typing import Any
from urllib.parse import quote, urlencode

from paper import HYDRACTL, PaperHome

PIN = "7294"
BOT_TOKEN = "1234567:canary-of-a-bot"
VIEWER, TRADER, BOSS = 4_242, 4_343, 99
PEOPLE = (("eve", "viewer", VIEWER), ("tom", "trader", TRADER))
CONFIG = """\
[hud]
port = {port}
[paper]
conductor = "{conductor}"
speed = "1"
start = "{start}"
[timing]
act_deadline_ms = 1500
result_timeout_ms = 1600
settle_ms = 1000
query_interval_ms = 200
"""
# Each home its own, below those that the system gives away: one that is back after a kill must find its port free.
PORTS = itertools.count(20_000 + 500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
RUN_AXE = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter((row) => ["serious", "critical"].includes(row.impact))
  .map((row) => `${row.id}: ${row.nodes.map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? node.none[0]?.message ?? "")).join("; ")}`)"""
VIEWPORTS: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2,
        "color_scheme": "dark",
    },
    "desktop": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "small": {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"},
    "landscape": {"viewport": {"width": 844, "height": 390}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"},
}  # fmt: skip
# What a browser writes to its console of every answer that is no 2xx: a refusal that the page tells its person.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (401|403|409|422|504)")


class Crew(PaperHome):
    """A paper home whose market stands until it is moved, with a PIN and two people more."""

    def __init__(self, conductor: str = "client", telegram: bool = False) -> None:
        # A market that goes by itself begins so late that the first mission stands after seconds.
        start = "2014-05-02T14:28:30Z" if conductor == "client" else "2014-05-02T14:29:50Z"
        super().__init__(CONFIG.format(conductor=conductor, start=start, port=next(PORTS)))
        self.conductor, self.telegram = conductor, telegram
        if telegram:
            token = self.path / "bot.token"
            token.write_text(BOT_TOKEN)
            token.chmod(0o600)
            with self.places.config_file.open("a") as config:
                config.write(f'[bot]\ntoken_file = "{token}"\n')

    def start(self) -> None:
        super().start()
        if self.conductor == "client":
            self.step(2)
        self.until(lambda: bool(self.ctl("missions").data), "APEX proposed something")
        self.set_pin()
        for name, role, number in PEOPLE if self.telegram else ():
            done = self.ctl("operator", "add", name, "--role", role, "--telegram", str(number), "--accounts", "alpha")
            assert done.code == 0, done

        if self.telegram:  # who made the home is known there, too
            done = self.ctl("operator", "link", self.ctl("operators").data[0]["name"], "--telegram", str(BOSS))
            assert done.code == 0, done

    def set_pin(self, *whose: str) -> None:
        """One's own, or with `--for NAME` somebody's who has no shell."""
        argv = [*HYDRACTL, "hud", "pin", *whose, "-o", "json"]
        done = subprocess.run(argv, env=self.environ, input=f"{PIN}\n{PIN}\n".encode(), capture_output=True)
        assert done.returncode == 0, done.stderr

    def link(self) -> str:
        answer = self.ctl("hud", "open")
        assert answer.code == 0, answer
        return str(answer.data["url"])

    @property
    def address(self) -> str:
        return str(json.loads((self.places.run_dir / "endpoints.json").read_text())["hud"])

    def mission(self, symbol: str = "XAUUSD") -> str:
        """One that can be fired."""
        return str(next(row["id"] for row in self.ctl("missions").data if row["symbol"] == symbol))


def init_data(user: int, at_s: float | None = None) -> str:
    """As Telegram signs it, by its documentation."""
    fields = {
        "user": json.dumps({"id": user, "first_name": "Eve <b>\u202e"}),
        "auth_date": str(int(time.time() if at_s is None else at_s)),
        "query_id": "Q",
    }
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", BOT_TOKEN.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()}, quote_via=quote)


class Screen:
    """A browser of one person. `complaints`: of the console, of requests that failed, of scripts."""

    def __init__(self, browser: Any, crew: Crew, kind: str, **more: Any) -> None:
        self.crew, self.kind = crew, kind
        self.context = browser.new_context(**{**VIEWPORTS[kind], **more})
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.lost = False  # while the daemon is gone, requests fail and that is right
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)

    def _console(self, message: Any) -> None:
        told = message.type in ("error", "warning") and not REFUSED.match(message.text)
        if told and not (self.lost and "net::ERR_" in message.text):
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url')}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED" and not self.lost:
            self.complaints.append(f"request: {request.url} {request.failure}")

    def log_in(self) -> Screen:
        self.page.goto(self.crew.link())
        self.page.get_by_role("heading", name="Needs you").wait_for()
        return self

    def log_in_by_telegram(self, user: int, theme: dict[str, str] | None = None, search: str = "") -> Screen:
        told = {"tgWebAppData": init_data(user), "tgWebAppVersion": "9.1", "tgWebAppPlatform": "ios"}
        if theme:
            told["tgWebAppThemeParams"] = json.dumps(theme)
        self.page.goto(f"{self.crew.address}/app{search}#{urlencode(told, quote_via=quote)}")
        self.page.get_by_role("navigation", name="Pages").wait_for()
        return self

    def go(self, path: str) -> Screen:
        self.page.goto(self.crew.address + path)
        self.page.get_by_role("navigation", name="Pages").wait_for()
        return self

    def brief(self, mission: str) -> Screen:
        self.go(f"/hud?mission={mission}")
        self.page.get_by_role("heading", name="Checks").wait_for()
        return self

    def brief_after_login(self, mission: str) -> Screen:
        return self.log_in().brief(mission)

    def hold(self, name: str, ms: int | None = None) -> None:
        """Press and hold, as a finger or a mouse does: until the button acts, or `ms`. A page that is drawn anew between
        the look and the finger has the button elsewhere: then it is looked for again, as a person does."""
        button = self.page.locator("#stop" if name == "HALT" else "main, dialog").get_by_role("button", name=name).first
        held = self.page.locator(".holding")
        for _ in range(5):
            button.evaluate("button => button.scrollIntoView({ block: 'center' })")
            box = button.bounding_box()
            assert box is not None
            self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            self.page.mouse.down()
            if held.count():
                break
            self.page.mouse.up()
        else:
            raise AssertionError(f"nothing can be held: {name}: {self.text()}")
        if ms is None:
            held.wait_for(state="detached")
        else:
            self.page.wait_for_timeout(ms)
        self.page.mouse.up()

    def give_pin(self, pin: str = PIN) -> None:
        self.page.get_by_label("Your PIN").fill(pin)
        self.page.get_by_role("button", name="Confirm").click()

    def see(self, text: str | re.Pattern[str], within: str = "body", timeout_s: float = 10.0) -> None:
        """Waits until `text` can be seen."""
        from playwright.sync_api import TimeoutError as Late

        try:
            self.page.locator(within).get_by_text(text).first.wait_for(timeout=timeout_s * 1000)
        except Late:
            raise AssertionError(f"{text!r} is not in {within}: {self.text()}\n{self.complaints}") from None

    def text(self, within: str = "body") -> str:
        return str(self.page.locator(within).inner_text())

    def violations(self, axe: str) -> list[str]:
        """What axe-core, whose text this is, finds serious. Run past the page's own policy, which lets no script in."""
        self.page.evaluate(axe)
        return list(self.page.evaluate(RUN_AXE))

    def close_sheet(self) -> None:
        self.page.get_by_role("dialog").get_by_role("button", name="Close").click()

    def wide(self) -> float:
        """By how many pixels the page is wider than its window: 0 where it fits."""
        return float(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def end(self) -> None:
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)
