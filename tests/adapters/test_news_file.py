"""The news file on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hydrad import config
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.news import BadNews, NewsEvent
from hydrad.home import opening
from hydrad.host.news_file import BYTES_MAX, NewsFile
from hydrad.host.places import Places, find_places

CPI = NewsEvent(1_715_776_200_000, "USD", "high", "CPI", "x")


@pytest.fixture
def file(tmp_path: Path) -> NewsFile:
    return NewsFile(tmp_path / "news.csv", "file")


def test_what_is_missing_or_broken_is_told(file: NewsFile) -> None:
    assert file.changed()  # never read
    told = file.told()
    assert (told.mode, told.as_of_ns, told.events) == ("file", 0, ())
    assert "does not exist" in told.problem and not file.changed()
    file.path.write_text("nonsense\n")
    assert file.changed()
    assert "line 1" in file.told().problem
    file.path.write_bytes(b"\xff\xfe")
    assert file.told().problem
    file.path.write_bytes(b"x" * (BYTES_MAX + 1))
    assert "larger than" in file.told().problem
    file.path.unlink()
    file.path.mkdir()
    assert file.told().problem


def test_replace_add_and_when_it_was_written(file: NewsFile) -> None:
    file.replace((CPI,))
    os.utime(file.path, ns=(5_000_000_000, 7_000_000_000))
    told = file.told(Actor("uid:7", Surface.SHELL))
    assert (told.events, told.as_of_ns, told.problem) == ((CPI,), 7_000_000_000, "")
    assert told.actor == Actor("uid:7", Surface.SHELL)
    assert not file.changed()
    other = NewsEvent(CPI.time_ms + 1_000, "EUR", "low", 'a "b", c')
    file.add(other)
    assert file.changed() and file.told().events == (CPI, other)
    assert [path.name for path in file.path.parent.iterdir()] == ["news.csv"]


def test_adding_to_a_broken_file_changes_nothing(file: NewsFile) -> None:
    file.path.write_text("nonsense\n")
    with pytest.raises(BadNews):
        file.add(CPI)
    assert file.path.read_text() == "nonsense\n"


def test_an_event_is_added_once(file: NewsFile) -> None:
    for _ in range(2):
        file.add(CPI)
    assert file.events() == (CPI,)


def test_adding_begins_a_file(file: NewsFile) -> None:
    file.add(CPI)
    assert file.events() == (CPI,)


def _loaded(places: Places, *lines: str) -> config.Config:
    places.config_file.parent.mkdir(parents=True, exist_ok=True)
    places.config_file.write_text("[news]\n" + "\n".join(lines) + "\n")
    return config.load(places.config_file, places.conf_dir, {}).config


def test_where_the_configuration_is_silent_a_real_home_reads_the_file(tmp_path: Path) -> None:
    places = find_places({"HYDRA_HOME": str(tmp_path)})
    silent = _loaded(places)
    assert opening.news_mode(silent, HomeMode.PAPER) == "off"
    assert opening.news_mode(silent, HomeMode.REAL) == "file"
    assert opening.news_mode(_loaded(places, 'mode = "off"'), HomeMode.REAL) == "off"
    assert opening.news_mode(_loaded(places, 'mode = "file"'), HomeMode.PAPER) == "file"
    assert opening.news_file(places, silent, HomeMode.REAL).path == tmp_path / "news.csv"
    assert opening.news_file(places, _loaded(places, 'file = "/srv/n.csv"'), HomeMode.REAL).path == Path("/srv/n.csv")
