"""The bot of a real daemon against the strict fake Bot API: an alert, its button, the confirmation, the fill, the edited
message, the result; what is late, told twice, a stranger's, a group's."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from paper import CONFIG, HYDRACTL, PaperHome, fire_by_hand, quote, resolved

from tests.bot.fake_api import TOKEN, Fake, Message

pytestmark = pytest.mark.timeout(240)
BOSS, ANN, STRANGER, GROUP = 42, 7, 8, -100_500
BOT = """
[bot]
token_file = "{token}"
api_url = "{url}"
groups = "-100500"
[hud]
public_url = "https://hud.example.org"
"""


class Chats(PaperHome):
    """A paper home whose bot talks to a fake; `ann` trades on alpha alone."""

    def __init__(self, fake: Fake) -> None:
        super().__init__()
        self.fake = fake
        token = self.path / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        self.places.config_file.write_text(CONFIG + BOT.format(token=token, url=fake.url))

    def begin_bot(self) -> None:
        self.start()
        self.step(2)
        link = self.ctl("operator", "link", "commander", "--telegram", str(BOSS))
        assert link.code == 0, link
        add = ("operator", "add", "ann", "--role", "trader", "--telegram", str(ANN))
        added = self.ctl(*add, "--policy", "full", "--accounts", "alpha")
        assert added.code == 0, added
        self.until(lambda: any(c.method == "setMyCommands" for c in self.fake.calls), "the bot has introduced itself")
        self.until(lambda: any(c.method == "getUpdates" for c in self.fake.calls), "it polls")

    def message(self, chat: int, pattern: str) -> Message:
        """The newest message of a chat that has this, once it is there."""
        self.until(lambda: self.find(chat, pattern) is not None, f"{pattern!r} in {chat}: {self.fake.texts(chat)}")
        found = self.find(chat, pattern)
        assert found is not None
        return found

    def find(self, chat: int, pattern: str) -> Message | None:
        return next((m for m in reversed(self.fake.shown(chat)) if re.search(pattern, m.text)), None)

    def quiet(self) -> None:
        """Everything that was said to the bot was handled."""
        self.until(lambda: self.fake.waiting == 0, "all updates are confirmed")


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    fake = Fake()
    fake.listen()
    home = Chats(fake)
    try:
        home.begin_bot()
        yield home
    finally:
        fake.away = ""
        home.end()
        fake.refuse()


def mission_of(home: Chats) -> str:
    """A mission that stands, which was fired on the other account."""
    made = fire_by_hand(home, "--account", "bravo")
    assert made.code == 0, made
    return str(made.data["mission"])


def tail(home: Chats) -> list[dict[str, object]]:
    done = subprocess.run(
        [*HYDRACTL, "tail", "-n", "300", "-o", "json"], env=home.environ, capture_output=True, timeout=60, check=True
    )
    return [
        json.loads(line)["data"] if "data" in json.loads(line) else json.loads(line)
        for line in done.stdout.splitlines()
    ]


def fires(home: Chats, account: str = "alpha") -> list[dict[str, object]]:
    return [act for act in home.ctl("fires").data if act["account"] == account]


def test_from_the_alert_to_the_result(chats: Chats) -> None:
    fake = chats.fake
    mission = mission_of(chats)
    alert = chats.message(ANN, mission)
    assert re.match(r"EURUSD BUY not calibrated \(needs 2\d%\)\n", alert.text), alert.text
    assert [b["text"] for row in alert.buttons for b in row] == ["Open", "Fire…", "Pass"]
    fake.press(ANN, alert, alert.token("Fire"))
    asked = chats.message(ANN, f"Fire {mission}\\?")
    for part in ("on alpha (paper)", "at the stop -", " USD", "old, ", "checks pass now"):
        assert part in asked.text, asked.text
    assert fires(chats) == []
    confirm = asked.token("Confirm")
    fake.press(ANN, asked, confirm)
    done = chats.message(ANN, "FILLED .* ticket")
    assert (done.number, done.buttons) == (asked.number, []), "in place of the confirmation"
    (act,) = fires(chats)
    assert (act["state"], act["surface"], act["by"]) == ("FILLED", "bot", f"telegram:{ANN}")
    assert str(act["ticket"]) in done.text
    edited = chats.message(ANN, f"(?s){mission}.*by ann on alpha: FILLED")
    assert edited.number == alert.number
    fake.press(ANN, asked, confirm)
    chats.until(lambda: any("pressed before" in toast["text"] for toast in fake.toasts), "told what happened")
    assert len(fires(chats)) == 1

    fake.say(ANN, f"/close {act['id']}")
    close = chats.message(ANN, "Close P-")
    fake.press(ANN, close, close.token("Close all"))
    chats.message(ANN, r"EURUSD P-\S+ closed CLOSED at .* USD")
    chats.message(ANN, f"(?s){mission}.*closed CLOSED at")
    group = chats.message(GROUP, f"(?s){mission}.*fired by ann: CLOSED")
    assert not any(word in group.text for word in ("alpha", "bravo", " USD", "ticket"))
    assert chats.find(STRANGER, ".") is None
    assert not any(quoted in text for text in fake.texts(ANN) for quoted in ("bravo",)), "not an account of hers"


def test_strangers_groups_and_what_is_told_twice(chats: Chats) -> None:
    fake = chats.fake
    mission = mission_of(chats)
    alert = chats.message(ANN, mission)
    fake.say(STRANGER, "/halt")
    fake.say(STRANGER, f"/fire {mission}")
    fake.press(STRANGER, alert, alert.token("Fire"))
    chats.message(STRANGER, "you are none of them")
    fake.say(ANN, f"/fire {mission}", chat=GROUP)
    chats.message(GROUP, "groups only read")
    update = fake.say(ANN, f"/pass {mission}")
    chats.message(ANN, "you let it go; others")
    fake.again(update)
    fake.press(BOSS, dataclasses.replace(alert, chat=BOSS), alert.token("Pass"))
    chats.until(lambda: any("no button of yours" in toast["text"] for toast in fake.toasts), "somebody else's button")
    chats.quiet()
    assert len(fake.texts(STRANGER)) == 1, "one polite line"
    assert fires(chats) == []
    assert chats.ctl("status").data["authority"] == "ACTIVE"
    kinds = [event["kind"] for event in tail(chats)]
    assert kinds.count("MISSION_PASSED") == 1
    assert "CALL_REFUSED" in kinds


def test_what_waited_while_the_daemon_was_away_is_late_but_for_a_halt(chats: Chats) -> None:
    fake = chats.fake
    mission = mission_of(chats)
    alert = chats.message(ANN, mission)
    fake.press(ANN, alert, alert.token("Fire"))
    asked = chats.message(ANN, f"Fire {mission}\\?")
    chats.kill("daemon")
    fake.press(ANN, asked, asked.token("Confirm"))
    fake.say(ANN, f"/pass {mission}")
    fake.say(ANN, "/halt smells wrong")
    chats.start()
    halted = chats.message(ANN, "HALTED since")
    assert "of 2 terminals have confirmed" in halted.text
    chats.message(ANN, "too late, press again")
    chats.until(lambda: any(t["text"] == "too late, press again" for t in fake.toasts), "the press was too late")
    chats.message(BOSS, "HALTED: authority of everything, by ann: smells wrong")
    assert fires(chats) == []
    assert chats.ctl("status").data["authority"] == "HALTED"


@pytest.mark.parametrize("method", ["answerCallbackQuery", "editMessageText"])
def test_a_daemon_killed_at_the_press_fires_once_or_not_at_all(chats: Chats, method: str) -> None:
    """Once when the press is used up and nothing was asked for yet, and once when it has fired and is about to say it."""
    fake = chats.fake
    mission = mission_of(chats)
    alert = chats.message(ANN, mission)
    fake.press(ANN, alert, alert.token("Fire"))
    asked = chats.message(ANN, f"Fire {mission}\\?(.*\n)*all \\d+ checks pass")
    confirm = asked.token("Confirm")
    chats.until(lambda: len(fake.toasts) == 1, "the press that asked is answered")
    killed = threading.Event()

    def kill(called: str) -> None:
        if called == method and not killed.is_set():
            chats.kill("daemon")
            killed.set()

    fake.before = kill
    fake.press(ANN, asked, confirm)
    chats.until(killed.is_set, "the daemon is killed")
    chats.start()
    chats.until(lambda: resolved(chats), "nothing is on the wire")
    if method == "answerCallbackQuery":
        assert fires(chats) == []
        chats.message(ANN, "pressed before; what came of it was not written down: look at /positions")
    else:
        assert len(fires(chats)) == 1
    told = len(fake.toasts)
    fake.press(ANN, asked, confirm)
    chats.until(lambda: len(fake.toasts) > told, "it is told what happened")
    said = fake.toasts[-1]["text"]
    assert any(word in said for word in ("too late", "pressed before", "firing")), said
    if "firing" in said:
        chats.until(lambda: len(fires(chats)) == 1, "asked for again, under the same key")
    chats.until(lambda: resolved(chats), "nothing is on the wire")
    assert len(fires(chats)) <= 1
    assert len(chats.opened()) == sum(act["state"] == "FILLED" for act in fires(chats))


def test_a_reply_is_a_note_and_reading_shows_what_stands(chats: Chats) -> None:
    fake = chats.fake
    mission = mission_of(chats)
    alert = chats.message(ANN, mission)
    fake.say(ANN, "spread looks wide", answers=alert)
    chats.message(ANN, f"noted on {mission}")
    (note,) = chats.ctl("mission", "show", mission).data["notes"]
    assert (note["text"], note["by"]) == ("spread looks wide", "ann")
    wanted = {
        "/status": r"paper home, ACTIVE.*\n(.*\n)*alpha \(paper\): equity \d",
        "/missions": mission,
        f"/mission {mission}": "made by hand",
        "/terminals": r"\S+ for alpha: READY, ACTIVE.*, beat",
        "/positions": "nothing is open",
        "/report": "by all; ",
        "/me": "ann: TRADER|ann: trader",
        "/help": "/lockme - ",
        "/resume": "FORBIDDEN: .*\n.*",
        "/mute EURUSD 1h": "nothing of EURUSD for 1 h 00 m",
        f"/fire {mission[:-1]}": "usage: /fire",
    }
    for text, pattern in wanted.items():
        before = len(fake.texts(ANN))
        fake.say(ANN, text)
        chats.until(lambda: len(fake.texts(ANN)) > before, f"an answer to {text}")  # noqa: B023
        assert re.search(pattern, fake.texts(ANN)[-1]), (text, fake.texts(ANN)[-1])
        assert "bravo" not in fake.texts(ANN)[-1], text
    fake.say(ANN, "/lockme")
    chats.message(ANN, "You are suspended")
    fake.say(ANN, f"/fire {mission}")
    chats.message(ANN, "you are none of them")


def test_a_lost_terminal_with_a_position_is_one_alarm_that_is_acknowledged(chats: Chats) -> None:
    fake = chats.fake
    bid, _ = quote(chats)
    made = fire_by_hand(chats, "--account", "alpha", quoted=(bid, bid))
    assert made.code == 0, made
    name = next(t["name"] for t in chats.status()["terminals"] if t["account"] == "alpha")
    chats.kill(name, 19)
    try:
        alarm = chats.message(BOSS, "ALARM TERMINAL_LOST")
        for part in (
            "1 open on alpha:",
            f"ticket {made.act['ticket']}",
            "confirmed 20",
            "at the stop -",
            "login 100001",
        ):
            assert part in alarm.text, alarm.text
        fake.press(BOSS, alarm, alarm.token("Acknowledge"))
        edited = chats.message(BOSS, "(?s)TERMINAL_LOST.*acknowledged by commander")
        assert edited.number == alarm.number and not edited.buttons
    finally:
        chats.kill(name, 18)
