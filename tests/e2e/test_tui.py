"""The TUI as a person has it: `hydractl tui` in tmux, wide and small, and in a pty with what SSH sets, before a paper home
of real processes. What the screen says is checked against the shell's answers and the broker's own books.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from paper import CONFIG, HYDRACTL, PaperHome, quote
from terminal import SHELL, SMALL, SSH, WIDE, Pty, Terminal, Tmux, environment

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("tui")]  # one home for all
DONE = "DONE, exit code 0"
# Each run with the account that it fires on.
RUNS = {"wide": (Tmux, SHELL, WIDE, "alpha"), "small": (Tmux, SHELL, SMALL, "alpha"), "ssh": (Pty, SSH, WIDE, "bravo")}
LOGINS = {"alpha": 100001, "bravo": 100002}


@pytest.fixture(scope="module")
def home() -> Iterator[PaperHome]:
    """A home whose market stands where APEX has just proposed something."""
    made = PaperHome(CONFIG.replace("T12:25:00", "T14:28:30"))
    try:
        made.start()
        made.step(2)
        made.until(lambda: len(made.ctl("missions").data) == 2, "APEX proposed")
        yield made
    finally:
        made.end()


class Person:
    """Who sits there, fires on one account, and waits for what the screen says."""

    def __init__(self, home: PaperHome, one: Any, account: str) -> None:
        self.home, self.one, self.account = home, one, account

    def positions(self) -> list[dict[str, Any]]:
        """Of the account, in the broker's own books."""
        return list(self.home.broker(op="books", login=LOGINS[self.account])["positions"])

    def cursor_to(self, words: str) -> None:
        """Moves the cursor of the box that has the focus down to a row."""
        self.one.keys("g")
        for _ in range(20):
            if any(words in row for row in self.one.reversed()):
                return
            self.one.keys("j")
            self.one.wait_for(lambda _: bool(self.one.reversed()))
        raise AssertionError(f"no row with {words}\n{self.one.text()}")

    def opens(self, title: str) -> None:
        """A pane, by the number that stands before its name."""
        found = re.search(rf"(\d) ?{title}", self.one.text())
        assert found is not None, self.one.text()
        self.one.keys(found[1])
        self.one.wait_for({"Positions": "Details", "Board": "Wrong", "Tail": "─Record"}[title])

    def presses(self, button: str) -> None:
        """Moves to the act's button, and presses it."""
        self.one.keys("Right")
        self.one.wait_for(lambda _: self.is_at(button))
        self.one.keys("Enter")

    def is_at(self, button: str) -> bool:
        """Whether Enter would press it: turned round, with its mark."""
        return any(row in (f"▸ {button}", f"> {button}") for row in self.one.reversed())

    def leaves(self) -> None:
        self.one.wait_for(lambda _: self.is_at("Leave"))
        self.one.keys("Enter")
        self.one.wait_gone("exit code")


@pytest.mark.parametrize("run", RUNS)
def test_a_day_at_the_screen(home: PaperHome, run: str) -> None:
    kind, set_by, size, account = RUNS[run]
    if kind is Tmux and shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    assert home.ctl("flatten", "--yes").code == 0  # what a run before has left
    mission = a_mission(home, run, account)
    with kind([*HYDRACTL, "tui"], environment(set_by, HYDRA_HOME=str(home.path)), size) as one:
        person = Person(home, one, account)
        one.wait_for(mission)
        nothing_without_write_mode(person, mission)
        fires(person, mission)
        is_denied_the_second(person, mission)
        closes_a_half(person)
        halts_and_resumes(person, mission)
        the_daemon_is_killed_and_returns(person, mission)
        one.keys("q")
        assert one.wait_end() == 0


def a_mission(home: PaperHome, run: str, account: str) -> str:
    """One that was not fired on this account: APEX's own, and for the others one that was made by hand and fired on the
    other account, at the quotes of now."""
    if run == "wide":
        return str(next(row["id"] for row in home.ctl("missions").data if row["symbol"] == "XAUUSD"))
    home.step()  # a daemon that is back has quotes when the market moves
    side, far = {"small": ("buy", Decimal("-0.003")), "ssh": ("sell", Decimal("0.003"))}[run]  # no twin of one before
    bid = quote(home)[0]
    prices = ["--stop", str(bid + far), "--target", str(bid - 2 * far)]
    other = next(name for name in LOGINS if name != account)
    made = home.ctl("fire", "--symbol", "EURUSD", "--side", side, *prices, "--account", other, "--yes")
    assert made.code == 0, made
    return str(made.data["mission"])


def nothing_without_write_mode(person: Person, mission: str) -> None:
    one = person.one
    one.wait_for("read-only")
    person.cursor_to(mission)
    one.keys("f")
    one.wait_for("read-only: press W")
    assert f"FIRE {mission}" not in one.text()
    one.keys("W")
    one.wait_for("WRITE MODE  alpha PAPER")


def fires(person: Person, mission: str) -> None:
    one, before = person.one, len(person.positions())
    one.keys("f")
    one.wait_for(f"FIRE {mission}")
    one.wait_for("checks passed")
    assert person.is_at("Cancel")
    if person.account != "alpha":
        one.click_on("my primary account")
        one.wait_for("all accounts")
        one.type(person.account)
        one.keys("Enter")
    one.wait_for(f"on {person.account}?")
    assert "[PAPER]" in one.text() and "checks passed" in one.text()
    assert len(person.positions()) == before
    person.presses("Fire")
    text = one.wait_for(DONE)
    ticket = person.positions()[-1]["ticket"]
    assert f"ticket {ticket}" in text and "FILLED" in text
    person.leaves()
    one.wait_for(lambda text: re.search(r"P-\w{8} +alpha", text) is not None)


def is_denied_the_second(person: Person, mission: str) -> None:
    one = person.one
    person.cursor_to(mission)
    one.keys("f")
    one.wait_for("nothing can be sent")
    assert "DUPLICATE" in one.text(), one.text()
    one.keys("Escape")
    one.wait_gone("FIRE M-")


def closes_a_half(person: Person) -> None:
    one, before = person.one, person.positions()[-1]
    person.opens("Positions")
    row = next(r for r in person.home.ctl("positions").data if r["ticket"] == before["ticket"])
    person.cursor_to(row["id"])
    one.keys("%")
    one.wait_for(f" of {row['id']}, ")
    assert "stays open?" in one.text(), one.text()
    person.presses("Close a part")
    one.wait_for(DONE)
    person.leaves()
    after = person.positions()[-1]
    half = Decimal(before["volume"]) / 2
    assert after["ticket"] == before["ticket"] and half <= Decimal(after["volume"]) < half + Decimal("0.01")
    one.wait_for(lambda text: re.search(rf"{row['id']}.* {after['volume']} ", text) is not None)
    person.opens("Board")


def halts_and_resumes(person: Person, mission: str) -> None:
    one, home = person.one, person.home
    one.keys("H")
    one.wait_for("halt everything?")
    person.presses("Halt")
    one.wait_for(DONE)
    person.leaves()
    one.wait_for("*** HALTED ***")
    assert home.status()["authority"] == "HALTED"
    one.keys("U")
    one.wait_for("RESUME")
    person.presses("Resume")
    one.wait_for(DONE)
    person.leaves()
    one.wait_for("PAPER  ACTIVE")
    assert home.status()["authority"] == "ACTIVE"


def the_daemon_is_killed_and_returns(person: Person, mission: str) -> None:
    one, home = person.one, person.home
    home.kill("daemon")
    one.wait_for("NO DAEMON")
    first = seconds_unheard(one)
    one.wait_for(lambda _: seconds_unheard(one) > first)
    person.cursor_to(mission)
    one.keys("f")
    one.wait_for("UNREACHABLE")
    one.wait_for("nothing can be sent")
    one.keys("Escape")
    one.wait_gone("nothing can be sent")
    home.launch()
    home.await_ready()
    one.wait_gone("NO DAEMON")
    one.wait_for(mission)
    if len(one.screen()[0]) > SMALL[0]:
        the_journal_goes_on_without_a_gap(person)


def the_journal_goes_on_without_a_gap(person: Person) -> None:
    """Records from before and after, each once."""
    one = person.one
    person.opens("Tail")
    newest = f"#{person.home.status()['journal']['seq']}"
    rows = one.wait_for(lambda text: re.search(rf"{newest}\b", text) is not None).split("─Record")[0]
    numbers = [int(number) for number in re.findall(r"#(\d+)", rows)]
    assert len(numbers) > 10 and numbers == list(range(numbers[0], numbers[-1] + 1)), numbers


@pytest.mark.parametrize("size", [WIDE, SMALL])
def test_a_terminal_that_hangs_up_or_changes_its_size_harms_nothing(home: PaperHome, size: tuple[int, int]) -> None:
    with Pty([*HYDRACTL, "tui"], environment(SSH, HYDRA_HOME=str(home.path)), size) as one:
        one.wait_for("read-only")
        for other in ((40, 10), (200, 60), size):
            one.resize(other)
            one.wait_for(lambda _: "HALT" in one.screen()[-1])  # drawn anew: the keys stand in the last row
        before = home.status()["journal"]["seq"]
        one.hang_up()
        home.until(lambda: one.exit_code() is not None, "the screens have ended")
        assert home.status()["journal"]["seq"] == before


def test_a_change_of_size_is_seen_though_its_signal_was_lost(home: PaperHome) -> None:
    deaf = ["env", "--block-signal=WINCH", *HYDRACTL, "tui"]
    with Pty(deaf, environment(SSH, HYDRA_HOME=str(home.path)), SMALL) as one:
        one.wait_for("read-only")
        one.resize((60, 14))
        one.wait_for(lambda _: "HALT" in one.screen()[-1])


def seconds_unheard(one: Terminal) -> float:
    found = re.search(r"not heard for ([\d.]+) s", one.text())
    return float(found[1]) if found else -1.0
