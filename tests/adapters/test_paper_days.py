"""A new paper home on days of a recording: what it copies, what it refuses, and that a refusal leaves no home behind."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hydrad.config import Apex, Config, Paper
from hydrad.domain.accounts import HomeMode
from hydrad.home import making, opening, paper_days
from hydrad.host.places import Places, find_places
from hydrad.market import stored
from hydrad.terminal.broker import config as broker_config
from tests.adapters.test_followed import Recording
from tests.adapters.test_recorded_days import NINE_MS

START = "2014-05-08T08:30:00Z"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    for symbol in ("EURUSD", "XAUUSD"):
        Recording(tmp_path / "recorded", symbol).write((NINE_MS, 139_001, 139_010))
    return tmp_path / "recorded"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return find_places({"HYDRA_HOME": str(tmp_path / "home")})


def config(folder: Path, apex: bool = True, **changes: str) -> Config:
    paper = Paper(feed="recorded", recording=str(folder), days="2014-05-08", start=START)
    return Config(paper=msgspec.structs.replace(paper, **changes), apex=Apex(enabled=apex))


def test_the_days_are_copied_and_the_broker_plays_the_copy(places: Places, recording: Path) -> None:
    making.create(places, config(recording), HomeMode.PAPER)
    played = broker_config.read(places.broker_dir / "broker.toml")
    assert (played.feed, played.days) == ("recorded", "2014-05-08")
    folder = paper_days.folder(places)
    assert played.recording == str(folder)
    for symbol in ("EURUSD", "XAUUSD"):
        path = folder / symbol / "2014-05-08.ticks"
        assert path.stat().st_mode & 0o777 == 0o600
        assert stored.load_day(path).ticks.time_ms.tolist() == [NINE_MS]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"start": "2014-05-02T12:25:00Z"}, "paper.start .* is not within paper.days"),
        ({"days": "2014-05-09", "start": "2014-05-09T12:00:00Z"}, "no ticks of 2014-05-09"),
        ({"days": ""}, "paper.days: '' is not a day"),
        ({"recording": ""}, "no ticks of 2014-05-08 in ''"),
    ],
)
def test_what_cannot_be_played_is_refused_before_there_is_a_home(
    places: Places, recording: Path, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(opening.NoHome, match=says):
        making.create(places, config(recording, **changes), HomeMode.PAPER)
    assert not places.journal.exists()


def test_a_symbol_that_apex_watches_must_be_there(places: Places, recording: Path) -> None:
    (recording / "XAUUSD" / "2014-05-08.ticks").unlink()
    with pytest.raises(opening.NoHome, match="XAUUSD is not recorded"):
        making.create(places, config(recording), HomeMode.PAPER)
    making.create(places, config(recording, apex=False), HomeMode.PAPER)
    assert places.journal.exists()


def test_another_feed_copies_nothing(places: Places) -> None:
    assert paper_days.copied(places, Paper(), ("EURUSD",)) == ()
