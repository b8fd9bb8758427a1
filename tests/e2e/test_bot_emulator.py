"""The same walk against a Bot API emulator that is not ours (telegram-test-api, with a shim: `tests/bot/emulator`)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from paper import CONFIG, PaperHome, fire_by_hand

pytestmark = pytest.mark.timeout(240)
SOURCE = Path(__file__).parents[1] / "bot" / "emulator"
TOKEN, ANN = "1234567:canary-bot-token-EEEE", 7
BOT = """
[bot]
token_file = "{token}"
api_url = "{url}"
[hud]
public_url = "https://hud.example.org"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The emulator with its packages, as its lock file names them."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    place = tmp_path_factory.mktemp("emulator")
    for path in SOURCE.iterdir():
        if path.is_file():
            shutil.copy(path, place)
    argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return place


class Shown(NamedTuple):
    number: int
    text: str
    buttons: list[dict[str, Any]]

    def token(self, label: str) -> str:
        return next(str(b["callback_data"]) for b in self.buttons if b["text"].startswith(label))


class Emulator:
    """Its process, and what a person does and sees."""

    def __init__(self, place: Path) -> None:
        self.child = subprocess.Popen(["node", "start.mjs"], cwd=place, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.child.stdout.readline())}"

    def ask(self, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["result"]

    def _from(self, user: int) -> dict[str, Any]:
        return {
            "botToken": TOKEN,
            "date": 1_900_000_000,
            "from": {"id": user, "is_bot": False, "first_name": "x"},
            "chat": {"id": user, "type": "private", "first_name": "x"},
        }

    def say(self, user: int, text: str) -> None:
        mark = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
        self.ask("sendCommand", **self._from(user), text=text, entities=[mark])

    def press(self, user: int, shown: Shown, data: str) -> None:
        of = self._from(user)
        under = {"message_id": shown.number, "date": of["date"], "chat": of["chat"], "text": shown.text}
        self.ask("sendCallback", **of, message=under, data=data)

    def done(self) -> list[dict[str, Any]]:
        """All that the bot has sent, as it is now."""
        return [item for item in self.ask("getUpdatesHistory", token=TOKEN) if "updateId" in item]

    def shown(self, chat: int) -> list[Shown]:
        found = []
        for item in self.done():
            message = item.get("message", {})
            if str(message.get("chat_id")) == str(chat) and "text" in message and "method" not in message:
                rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
                found.append(Shown(item["messageId"], message["text"], [b for row in rows for b in row]))
        return found

    def called(self, method: str) -> list[dict[str, Any]]:
        return [item["message"] for item in self.done() if item.get("message", {}).get("method") == method]

    def end(self) -> None:
        self.child.kill()
        self.child.wait()
        assert self.child.stdout is not None
        self.child.stdout.close()


@pytest.fixture
def emulator(installed: Path) -> Iterator[Emulator]:
    made = Emulator(installed)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def home(emulator: Emulator) -> Iterator[PaperHome]:
    made = PaperHome()
    token = made.path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    made.places.config_file.write_text(CONFIG + BOT.format(token=token, url=emulator.url))
    try:
        made.start()
        made.step(2)
        add = ("operator", "add", "ann", "--role", "trader", "--telegram", str(ANN))
        assert made.ctl(*add, "--policy", "full", "--accounts", "alpha").code == 0
        made.until(lambda: bool(emulator.called("setChatMenuButton")), "the bot has introduced itself")
        yield made
    finally:
        made.end()


def test_from_the_alert_to_the_result(home: PaperHome, emulator: Emulator) -> None:
    def message(pattern: str) -> Shown:
        def found() -> Shown | None:
            return next((m for m in reversed(emulator.shown(ANN)) if re.search(pattern, m.text)), None)

        home.until(lambda: found() is not None, f"{pattern!r}: {emulator.shown(ANN)}")
        shown = found()
        assert shown is not None
        return shown

    made = fire_by_hand(home, "--account", "bravo")
    assert made.code == 0, made
    mission = made.data["mission"]
    alert = message(mission)
    assert [button["text"] for button in alert.buttons] == ["Open", "Fire…", "Pass"]
    assert alert.buttons[0]["web_app"]["url"] == f"https://hud.example.org/app?mission={mission}"

    emulator.press(ANN, alert, alert.token("Fire"))
    asked = message(f"Fire {mission}\\?")
    assert "at the stop -" in asked.text
    emulator.press(ANN, asked, asked.token("Confirm"))
    done = message("FILLED .* ticket")
    assert done.number == asked.number, "in place of the confirmation"
    (act,) = [act for act in home.ctl("fires").data if act["account"] == "alpha"]
    assert (act["state"], act["surface"], act["by"]) == ("FILLED", "bot", f"telegram:{ANN}")
    assert message(f"(?s){mission}.*by ann on alpha: FILLED").number == alert.number, "the alert is edited"

    emulator.press(ANN, asked, asked.token("Confirm"))
    told = lambda: any("pressed before" in call.get("text", "") for call in emulator.called("answerCallbackQuery"))  # noqa: E731
    home.until(told, "a second tap is told what happened")
    assert len([act for act in home.ctl("fires").data if act["account"] == "alpha"]) == 1

    emulator.say(ANN, f"/close {act['id']}")
    close = message("Close P-")
    emulator.press(ANN, close, close.token("Close all"))
    message(r"EURUSD P-\S+ closed CLOSED at .* USD")
    assert message(f"(?s){mission}.*closed CLOSED at").number == alert.number

    emulator.say(ANN, "/halt enough")
    assert "terminals have confirmed" in message("HALTED since").text
    assert home.ctl("status").data["authority"] == "HALTED"
    commands = emulator.called("setMyCommands")[0]["commands"]
    assert "lockme" in (commands if isinstance(commands, str) else json.dumps(commands))
    menu = emulator.called("setChatMenuButton")[0]["menu_button"]
    assert "https://hud.example.org/app" in (menu if isinstance(menu, str) else json.dumps(menu))
