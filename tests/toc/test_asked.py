"""What became of a request, by its key: told to whoever asked it, and never done by asking."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Actor, Surface
from hydrad.surface import queries
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.acts import AskedData
from tests.toc.conftest import BOSS, Core


def asked(core: Core, key: str, who: str = BOSS) -> AskedData:
    """The answer, as a client has it."""
    schema, answer = queries.QUERIES[calls.Asked]
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    found: Any = answer(None, turn, Actor(who, Surface.SHELL), calls.Asked(key))  # type: ignore[arg-type]
    assert schema == "hydra.asked/v1" and not turn.records and not turn.effects
    return msgspec.json.decode(msgspec.json.encode(found), type=AskedData)


def test_a_fire_is_found_by_its_key_as_it_is_now(core: Core) -> None:
    core.send(calls.Fire(core.mission()), key="k1")
    first = asked(core, "k1")
    (row,) = first.acts
    assert row.kind == "FIRE" and not first.answered and first.problem is None
    before = len(core.records)
    core.restart()
    (again,) = asked(core, "k1").acts
    assert again.id == row.id and len(core.state.acts) == 1
    assert before <= len(core.records)


def test_what_is_denied_is_found_too(core: Core) -> None:
    mission = core.mission()
    core.send(calls.Halt(), key="h1")
    core.send(calls.Fire(mission), key="k1")
    (row,) = asked(core, "k1").acts
    assert row.state == "DENIED"


def test_what_makes_no_act_is_found_by_its_answer(core: Core) -> None:
    assert core.ask(calls.AccountPhone("alpha", "+44 20 7946 0000"), key="k1").problem is None
    found = asked(core, "k1")
    assert found.answered and found.acts == () and found.problem is None


@pytest.mark.parametrize("who", [BOSS, "uid:6666"])
def test_what_never_came_and_what_another_asked_was_not_done(core: Core, who: str) -> None:
    core.send(calls.Fire(core.mission()), key="k1")
    with pytest.raises(queries.NotFound, match="nothing of yours was done"):
        asked(core, "k2" if who == BOSS else "k1", who)
    assert len(core.state.acts) == 1


def test_what_was_refused_was_not_done(core: Core) -> None:
    assert core.ask(calls.AccountPhone("nowhere", "1"), key="k1").problem is not None
    with pytest.raises(queries.NotFound):
        asked(core, "k1")


def test_a_halt_keeps_no_key_and_the_answer_says_so(core: Core) -> None:
    core.send(calls.Halt(), key="h1")
    with pytest.raises(queries.NotFound, match="What keeps no key is not told of: halt"):
        asked(core, "h1")
