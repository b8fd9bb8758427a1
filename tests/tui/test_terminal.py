"""The harness itself, before a shell program that says what it has heard: screens, keys, sizes, signals, the environment."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from terminal import SHELL, SMALL, SSH, WIDE, Emulator, Pty, environment

# Echoes each line that is typed, says its size and whether a SIGWINCH came, and ends with what it is told to.
HEARS = """\
told=
trap 'told=told' WINCH
stty -echo
echo ready at $(stty size)
while :; do
    read -r line || continue
    case $line in
        size) echo "size $(stty size) $told" ;;
        end*) exit ${line#end } ;;
        die*) kill -${line#die } $$ ;;
        *) echo "heard <$line>" ;;
    esac
done
"""


@pytest.fixture
def hears(tmp_path: Path) -> list[str]:
    path = tmp_path / "hears.sh"
    path.write_text(HEARS)
    return ["/bin/bash", str(path)]


def test_types_and_reads_and_resizes(start: Any, hears: list[str]) -> None:
    one = start(hears, environment(), SMALL)
    assert "ready at 24 80" in one.wait_for("ready at")
    one.type("Enter is a word; é ✓")
    one.keys("Enter")
    one.wait_for("heard <Enter is a word; é ✓>")
    one.keys("a", "Space", "b", "Enter")
    one.wait_for("heard <a b>")
    assert len(one.screen()) == 24
    one.resize(WIDE)

    def says_so(text: str) -> bool:
        one.type("size")
        one.keys("Enter")
        return "size 50 160 told" in text

    one.wait_for(says_so)
    assert len(one.screen()) == 50


@pytest.mark.parametrize(("words", "code"), [("end 0", 0), ("end 7", 7), ("die 15", 143)])
def test_the_end_of_the_program_is_known(start: Any, hears: list[str], words: str, code: int) -> None:
    one = start(hears, environment())
    one.wait_for("ready")
    assert one.exit_code() is None
    one.type(words)
    one.keys("Enter")
    assert one.wait_end() == code
    assert "ready at" in one.text()


def test_a_wait_that_fails_shows_the_screen(start: Any, hears: list[str]) -> None:
    one = start(hears, environment())
    one.wait_for("ready")
    with pytest.raises(
        AssertionError, match=r"(?s)not shown within 0 s: 'nothing of it'.*exit code: None.*1\|ready at"
    ):
        one.wait_for("nothing of it", timeout_s=0.1)
    with pytest.raises(AssertionError, match=r"(?s)still shown after 0 s: 'ready'.*1\|ready at"):
        one.wait_gone("ready", timeout_s=0.1)


@pytest.mark.parametrize("set_by", [SHELL, SSH], ids=["shell", "ssh"])
def test_the_environment_is_what_was_given(
    start: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, set_by: dict[str, str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TMUX_PANE", "%9")
    given = environment(set_by, HYDRA_HOME="/nowhere at all")
    told = tmp_path / "environ.json"
    program = f"import json, os, pathlib; pathlib.Path({str(told)!r}).write_text(json.dumps(dict(os.environ)))"
    assert start([sys.executable, "-c", program], given).wait_end() == 0
    seen = json.loads(told.read_text())
    tty = seen.pop("SSH_TTY", "")
    assert seen == given
    assert not tty or (set_by is SSH and tty.startswith("/dev/pts/"))


def test_what_is_in_reverse_video(start: Any) -> None:
    one = start(["printf", r"a \033[7m one \033[0m b\n\033[1;7mtwo\033[27m c\n"], environment())
    one.wait_for("two")
    assert one.reversed() == ["one", "two"]


def test_the_terminal_is_gone(hears: list[str]) -> None:
    one = Pty(hears, environment(SSH))
    one.wait_for("ready")
    one.hang_up()
    assert one._process.wait(10) in (-signal.SIGHUP, 0, 1), "a shell ends by the signal, or by what it then reads"
    one.end()


def test_ended_whatever_it_ignores(tmp_path: Path) -> None:
    path = tmp_path / "deaf.sh"
    path.write_text("trap '' HUP TERM INT\necho deaf\nexec sleep 1000\n")
    with Pty(["/bin/sh", str(path)], environment()) as one:
        one.wait_for("deaf")
    assert one.exit_code() == 128 + signal.SIGKILL


def test_tmux_shows_colours_cursor_and_clipboard(tmux: Any, hears: list[str]) -> None:
    program = r"printf '\033[31mred\033[0m\033]52;c;aGFsbG8=\a\033[?25l'; sleep 1000"
    with tmux(["/bin/sh", "-c", program], environment(), SMALL) as one:
        one.wait_for("red")
        assert one.styled()[0].startswith("\x1b[31mred")
        one.wait_for(lambda _: not one.cursor().shown)
        assert one.cursor()[:2] == (3, 0)
        assert one.clipboard() == "hallo"
        pid = one.pid()
    end_s = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < end_s, "the program outlives its tmux"


def test_clicks(start: Any) -> None:
    one = start(["/bin/bash", "-c", "stty raw -echo; echo and on; head -c 18 | tr '\\033' '^'"], environment())
    one.click_on("on")
    one.wait_for("^[<0;5;1M^[<0;5;1m")


def test_bytes_are_counted() -> None:
    with Pty(["/bin/sh", "-c", "stty -opost; printf 1234567890"], environment()) as one:
        one.wait_end()
        one.wait_for("1234567890")
        assert one.bytes_read == 10 and one.raw() == b"1234567890"
        assert one.chunks[0].at_ns > one.began_ns


@pytest.mark.parametrize("cut", range(1, 40))
def test_the_emulator_takes_sequences_in_pieces(cut: int) -> None:
    """Also those that it does not know, and characters of several bytes."""
    data = "\x1b[>1u\x1b[?2026h\x1b[2;3Hdä\x1b[1;31mr\x1b[>4;2m\x1b[m\x1b[<u!".encode()
    found = Emulator((10, 3))
    for piece in (data[:cut], data[cut:]):
        found.feed(piece)
    assert found.screen() == ["", "  där!", ""]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
