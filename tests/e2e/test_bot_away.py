"""Telegram away from a real daemon: nothing else waits, a kill in between loses no halt, and the token is nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.fake_api import TOKEN, Fake
from tests.e2e.test_bot import BOSS, Chats, mission_of

pytestmark = pytest.mark.timeout(240)
SECRET = TOKEN.partition(":")[2].encode()


@pytest.fixture
def chats() -> Iterator[Chats]:
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


def bot_row(home: Chats) -> dict[str, Any]:
    return next(row for row in home.ctl("status").data["services"] if row["name"] == "bot")


def files_with(folder: Path, secret: bytes) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in found if secret in path.read_bytes()}


def test_a_halt_while_telegram_is_silent_is_told_after_a_kill(chats: Chats) -> None:
    fake = chats.fake
    mission_of(chats)
    chats.message(BOSS, "EURUSD BUY")
    before = len(fake.texts(BOSS))
    fake.away = "silent"
    halted = chats.ctl("halt", "--reason", "the test")
    assert halted.code == 0, halted
    assert chats.ctl("status").data["authority"] == "HALTED"
    chats.until(lambda: chats.ctl("health").code in (0, 9), "health answers")
    chats.kill("daemon")
    chats.launch()
    chats.await_ready()
    chats.until(lambda: "not reached yet" in bot_row(chats)["detail"], "it says that Telegram does not answer")
    assert bot_row(chats)["state"] == "starting"
    fake.refuse()
    fake.away = ""
    fake.listen()
    chats.until(lambda: any("HALTED" in text for text in fake.texts(BOSS)[before:]), "the halt is told")
    told = [text for text in fake.texts(BOSS)[before:] if "HALTED" in text]
    assert len(told) == 1, told
    assert chats.status()["authority"] == "HALTED"
    assert files_with(chats.path, SECRET) == {"token"}


def test_without_telegram_at_the_start_everything_else_starts(chats: Chats) -> None:
    fake = chats.fake
    fake.refuse()
    chats.kill("daemon")
    chats.launch()
    chats.await_ready()
    chats.step(2)
    made = mission_of(chats)
    assert made.startswith("M")
    assert bot_row(chats)["state"] == "starting"
    fake.listen()
    assert made in chats.message(BOSS, made).text
    chats.until(lambda: bot_row(chats)["state"] == "running", "it serves")
    assert files_with(chats.path, SECRET) == {"token"}
