"""A configuration with a threshold needs two people who may approve: else nothing starts, and no home is left half made."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hydrad.config import Config
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Role
from hydrad.home import making, opening
from hydrad.host.places import Places, find_places
from hydrad.toc import records as r
from hydrad.toc.limits import Limits
from hydrad.toc.turn import Turn

THRESHOLD = Config(risk=Limits(approval_lots=Decimal(1)))
ALONE = Config(risk=Limits(approval_lots=Decimal(1), approval_alone=True))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return find_places({"HYDRA_HOME": str(tmp_path / "home")})


def test_a_new_home_has_one_person_and_takes_no_threshold(places: Places) -> None:
    with pytest.raises(opening.Misfit, match="two are needed"):
        making.create(places, THRESHOLD, HomeMode.REAL)
    assert not places.journal.exists()
    making.create(places, ALONE, HomeMode.REAL)
    opening.open_home(places, ALONE).close()


def test_a_threshold_starts_once_there_are_two(places: Places) -> None:
    making.create(places, Config(), HomeMode.REAL)
    with pytest.raises(opening.Misfit, match="approval_lots"):
        opening.open_home(places, THRESHOLD)
    opened = opening.open_home(places, Config())
    turn = Turn(opened.engine.state, opened.engine.live, opened.clock.machine_ns(), 0)
    turn.emit(r.OperatorSet("uid:7", "second", Role.APPROVER))
    opened.journal.append(turn.records)
    opened.close()
    opening.open_home(places, THRESHOLD).close()
