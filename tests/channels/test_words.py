"""The word that all is well: only where it is so, to everybody on call, by every way, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hydrad.config import Config, OnCall
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.outbox.outbox import Outbox
from hydrad.services import words
from hydrad.services.jobs import JobFailed
from hydrad.toc import all_well
from hydrad.toc import inputs as i
from hydrad.toc.limits import Timing
from hydrad.toc.service import ServiceState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.status import HealthData, HealthRow
from tests.toc.conftest import Core
from tests.toc.test_reporting import closed

GOOD = (HealthRow("acts", True, "0 UNKNOWN"), HealthRow("loop", True, "lag 0.1 ms"))
BAD = (*GOOD, HealthRow("feed EURUSD", False, "last tick 300 s old\r\nALL WELL"))


@pytest.fixture
def core(make: Callable[..., Core]) -> Core:
    core = make(on_call=("ann", "bob"), channels=("email", "webhook"), timing=Timing(feed_silent_ms=86_400_000))
    for name, who in (("ann", "uid:2001"), ("bob", "uid:2002")):
        assert core.ask(calls.OperatorAdd(name, "trader", who, "full", ("*",))).problem is None
        assert core.ask(calls.OperatorContact(name, "email", f"{name}@example.org")).problem is None
    core.ask(calls.OperatorLink("ann", "telegram:42"))
    core.restart()
    core.step(i.ServiceReported("channels", ServiceState.RUNNING, "it serves"))
    core.connect()
    return core


def told(core: Core, checks: tuple[HealthRow, ...]) -> all_well.Told:
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    return all_well.told(turn, all_well.Measured("desk", checks, 3, 77, b"\xab" * 32, 0))


def test_it_is_well_since_something_was_not(core: Core) -> None:
    core.wait(12_000, every_ms=1_000, beat=())
    core.connect()
    since = max(alarm.cleared_ns for alarm in core.state.alarms_past)
    core.filled()
    core.step(i.JobReported("journal-verify", 0, 0, core.now_ns - 3_600 * 10**9, True, "fine"))
    said = told(core, GOOD)
    first, *facts = said.text.splitlines()
    assert said.ok and first.startswith("ALL WELL: desk (paper), since 2030-03-17T") and since > core.state.started_ns
    assert facts[0] == "1 positions open" and facts[1].startswith("1 of 1 terminals READY, last tick ")
    assert facts[2] == "journal: record 77, head abababababababab, verified 1 h 00 m ago"
    assert facts[3] == "3 letters wait"


def test_what_is_not_well_is_said_and_nothing_is_called_well(core: Core) -> None:
    said = told(core, BAD)
    assert not said.ok and said.text.startswith("NOT ALL WELL: desk (paper)\n- feed EURUSD: last tick 300 s old")
    assert not any(line.startswith("ALL WELL") for line in said.text.splitlines()), "no line is somebody else's"
    assert "not verified yet" in said.text


def test_however_much_is_wrong_it_stays_readable(core: Core) -> None:
    said = told(core, tuple(HealthRow(f"feed S{n}", False, "x" * 999) for n in range(100)))
    assert "- and 88 more" not in said.text and "and 88 more" in said.text and len(said.text) < 5_000


class Home:
    """What the job asks of the daemon, with a real outbox."""

    def __init__(self, core: Core, folder: Path, checks: tuple[HealthRow, ...], channels: set[Channel]) -> None:
        self.core = core
        self.letters = SimpleNamespace(channels=channels, outbox=Outbox(folder / "outbox.db", self.now_ns, print))
        self.loaded = SimpleNamespace(config=Config())
        self.journal_head = (77, b"\xab" * 32)
        self.checks = checks

    @property
    def state(self) -> Any:
        return self.core.state

    def now_ns(self) -> int:
        return self.core.now_ns

    def glance(self) -> Turn:
        return Turn(self.core.state, self.core.engine.live, self.core.now_ns, 0)

    def health(self) -> HealthData:
        return HealthData(True, (), self.checks)

    def market_stands_ms(self) -> int:
        return 0


def said_by(home: Home, times: int = 1, job: int = 0) -> tuple[list[str], list[Letter]]:
    spec = words.specs(home, home.letters, Config(oncall=OnCall(all_well_at="06:00")))[job]  # type: ignore[arg-type]
    taken: list[Letter] = []

    async def run() -> list[str]:
        box = home.letters.outbox
        await box.open()
        put = box.put

        async def noted(letters: list[Letter]) -> None:
            taken.extend(letters)
            await put(letters)

        box.put = noted
        try:
            details = [await spec.work() for _ in range(times)]
            assert box.waiting == len({letter.key for letter in taken})
            return details
        finally:
            await box.close()

    return asyncio.run(run()), taken


def test_everybody_on_call_is_told_by_every_way_once(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    details, letters = said_by(Home(core, tmp_path, GOOD, set(Channel)), times=2)
    to = [(letter.channel.value, letter.to) for letter in letters[:4]]
    assert to == [
        ("telegram", "42"), ("email", "ann@example.org"), ("webhook", "webhook"), ("email", "bob@example.org"),
    ]  # fmt: skip
    assert all(letter.silent and letter.priority is Priority.RESULT for letter in letters)
    assert details[0].endswith("told by 4 ways")


def test_what_is_not_well_has_a_sound(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, letters = said_by(Home(core, tmp_path, BAD, {Channel.EMAIL}))
    assert [(letter.to, letter.silent, letter.priority) for letter in letters] == [
        ("ann@example.org", False, Priority.ALARM), ("bob@example.org", False, Priority.ALARM),
    ]  # fmt: skip


def test_nobody_to_tell_is_a_failure_of_the_job(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ann", "bob"):
        core.ask(calls.OperatorContact(name, "email", ""))
    with pytest.raises(JobFailed, match="nobody on call"):
        said_by(Home(core, tmp_path, GOOD, {Channel.EMAIL}))


def test_without_a_channel_there_is_nothing_to_say(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    details, letters = said_by(Home(core, tmp_path, GOOD, set()))
    assert (details, letters) == (["no channel is set up"], [])


def test_the_times_are_the_configurations() -> None:
    names = [spec.name for spec in words.specs(None, None, Config())]  # type: ignore[arg-type]
    assert names == ["all-well 06:00", "all-well 18:00", "digest"]


# --- digests ----------------------------------------------------------------------------------------------


def at_hour(core: Core, hour: int) -> None:
    """The machine's clock goes on to this hour, UTC; terminals are not heard of meanwhile."""
    day_ns = 86_400 * 10**9
    ahead = (hour * 3_600 * 10**9 - core.now_ns % day_ns) % day_ns
    core.clock(ahead // 1_000_000)


def test_a_digest_comes_to_each_once_in_the_hours_after_their_midnight(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(core, "40.00", who="uid:2001")
    assert core.ask(calls.OperatorHears("bob", zone="Asia/Tokyo")).problem is None
    assert core.ask(calls.OperatorHears("ann", quiet="23:00-07:00")).problem is None
    at_hour(core, 1)
    home = Home(core, tmp_path, GOOD, {Channel.EMAIL})
    _, letters = said_by(home, times=2, job=1)
    assert [letter.to for letter in letters] == ["ann@example.org"] * 2, "in Tokyo it is morning"
    assert len({letter.key for letter in letters}) == 1
    (letter,) = letters[:1]
    assert letter.priority is Priority.DIGEST and letter.silent and letter.image.startswith(b"\x89PNG")
    assert letter.text.startswith("DIGEST 2024-05-15 UTC, ann, paper") and "fired 1: 1 won" in letter.text
    at_hour(core, 16)
    later = tmp_path / "later"
    later.mkdir()
    _, letters = said_by(Home(core, later, GOOD, {Channel.EMAIL}), job=1)
    assert [(letter.to, letter.silent) for letter in letters] == [("bob@example.org", False)]


def test_a_day_of_nothing_has_none(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core.now_ns += 7 * 86_400 * 10**9
    core.connect()
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    assert turn.market_ms
    core.now_ns += 2 * 86_400 * 10**9
    home = Home(core, tmp_path, GOOD, {Channel.EMAIL})
    monkeypatch.setattr(words, "DIGEST_WITHIN_MS", 86_400_000)
    details, letters = said_by(home, job=1)
    assert (details, letters) == (["0 digests are told, or were"], [])
