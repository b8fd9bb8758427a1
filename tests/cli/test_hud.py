"""`hydractl hud`: the link, its QR code, and the PIN that nothing shows."""

from __future__ import annotations

import os
import pty
import sys
from typing import Any

import pytest

from hydractl.commands.hud import qr_rows

URL = "https://hud.example.org/login#CODE"


def test_people_get_the_link_and_how_long_it_is_good(fake: Any, hydractl: Any) -> None:
    done = hydractl("hud", "open")
    assert done.returncode == 0 and URL in done.stdout.splitlines()
    assert "once, until" in done.stdout and "http://127.0.0.1:8888/login#CODE" in done.stdout


def test_a_script_gets_the_link_alone(fake: Any, hydractl: Any) -> None:
    assert hydractl("hud", "open", "--print").stdout == URL + "\n"


def test_the_qr_code_is_the_link() -> None:
    import segno

    rows = qr_rows(URL)
    light = [[cell in "█▀" for cell in row] for row in rows], [[cell in "█▄" for cell in row] for row in rows]
    seen = [row for pair in zip(*light, strict=True) for row in pair]
    right = [[not cell for cell in row] for row in segno.make_qr(URL, error="l").matrix_iter(border=2)]
    assert seen[: len(right)] == right and len({len(row) for row in rows}) == 1


def test_the_qr_code_is_shown_when_asked_for(fake: Any, hydractl: Any) -> None:
    done = hydractl("hud", "open", "--qr")
    assert "\n".join(qr_rows(URL)) in done.stdout


def test_a_pin_comes_from_stdin_where_nobody_can_be_asked(fake: Any, hydractl: Any) -> None:
    done = hydractl("hud", "pin", stdin="canary1\n")
    assert done.returncode == 0 and "boss" in done.stdout
    assert [body.pin for body in fake.bodies("hud.pin")] == ["canary1"]
    assert "canary1" not in done.stdout + done.stderr


def test_a_commander_sets_it_for_who_has_no_shell(fake: Any, hydractl: Any) -> None:
    assert hydractl("hud", "pin", "--for", "ann", stdin="2468\n").returncode == 0
    assert [(body.pin, body.operator) for body in fake.bodies("hud.pin")] == [("2468", "ann")]


def test_no_pin_at_all_is_a_usage_error(fake: Any, hydractl: Any) -> None:
    assert hydractl("hud", "pin").returncode == 2 and not fake.calls


@pytest.mark.parametrize(("again", "code"), [("2468", 0), ("2469", 2)])
def test_a_person_types_it_twice_and_unseen(fake: Any, environ: dict[str, str], again: str, code: int) -> None:
    argv = [sys.executable, "-P", "-m", "hydractl.main", "hud", "pin"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, {**environ, "TERM": "xterm"})
    shown = _until(terminal, b"PIN: ")
    os.write(terminal, b"2468\n")
    shown += _until(terminal, b"again: ")
    os.write(terminal, again.encode() + b"\n")
    shown += _until(terminal, b"")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code
    assert b"2468" not in shown
    assert len(fake.bodies("hud.pin")) == (code == 0)
    os.close(terminal)


def _until(terminal: int, mark: bytes) -> bytes:
    """What the terminal shows up to the mark; to its end for no mark."""
    seen = b""
    while not mark or mark not in seen:
        try:
            piece = os.read(terminal, 1024)
        except OSError:
            return seen
        if not piece:
            return seen
        seen += piece
    return seen
