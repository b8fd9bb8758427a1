"""`tui.toml`: keys by the action's id, a theme, and words for what it does not know; and what a terminal can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hydractl import places
from hydractl.diagnostics import Failure
from hydractl.tui import settings
from hydractl.tui.app import action_ids
from hydractl.tui.terminal import abilities, has_utf8

IDS, THEMES = ("halt", "quit"), ("ansi-dark", "nord")


def read(home: Path, text: str | None) -> settings.Settings:
    if text is not None:
        (home / settings.NAME).write_text(text)
    return settings.read(places.find(None, {"HYDRA_HOME": str(home)}), IDS, THEMES)


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert read(tmp_path, None) == settings.Settings()


def test_keys_and_theme(tmp_path: Path) -> None:
    found = read(tmp_path, 'theme = "nord"\n[keys]\nhalt = "f12"\n')
    assert (dict(found.keys), found.theme) == ({"halt": "f12"}, "nord")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[keys]\nhalf = "f12"\n', "no action is named 'half'"),
        ("[keys]\nhalt = 3\n", "a key on each line"),
        ('theme = "pink"\n', "no theme is named 'pink'"),
        ('colour = "red"\n', "no setting is named 'colour'"),
        ("[keys\n", "tui.toml"),
        ('keys = "x"\n', "a key on each line"),
    ],
)
def test_what_it_does_not_know_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    with pytest.raises(Failure) as raised:
        read(tmp_path, text)
    assert raised.value.code == "USAGE" and wanted in raised.value.message


def test_ids_are_unique_and_halting_has_one() -> None:
    ids = action_ids()
    assert len(ids) == len(set(ids)) and {"halt", "resume", "write", "help", "quit"} <= set(ids)


@pytest.mark.parametrize(
    ("environ", "utf8"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
        ({"LANG": "POSIX"}, False),
        ({}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),  # Python's own doing, where the locale is C
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "ISO-8859-1"}, False),
    ],
)
def test_utf8_is_what_the_locale_says(environ: dict[str, str], utf8: bool) -> None:
    assert has_utf8(environ) is utf8


@pytest.mark.parametrize(
    ("environ", "low", "wanted"),
    [
        ({}, False, (False, 0.5, False)),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False, (True, 1.0, False)),
        ({"SSH_TTY": "/dev/pts/1"}, True, (True, 2.0, True)),
        ({}, True, (False, 2.0, True)),
    ],
)
def test_over_ssh_it_is_drawn_less_often(environ: dict[str, str], low: bool, wanted: tuple[Any, ...]) -> None:
    can = abilities(environ, low, False)
    assert (can.remote, can.period_s, can.calm) == wanted


def test_ascii_can_be_asked_for() -> None:
    assert abilities({"LANG": "C.UTF-8"}, False, True).utf8 is False
