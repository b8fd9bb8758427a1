"""What a phone may ask for: a table in the core, so that a route or a button too many changes nothing."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from hydrad.domain.actors import Actor, Surface
from hydrad.domain.ids import IdKind, show
from hydrad.toc import desk
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.desk import phones
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core

PHONES = [Surface.HUD, Surface.BOT]
NEVER = [
    calls.Resume(),
    calls.AccountArm("alpha"),
    calls.OperatorRole("ann", "commander"),
    calls.OperatorAdd("ann", "trader", "uid:5"),
    calls.OperatorPolicy("ann", "full"),
    calls.OperatorLink("ann", "telegram:5"),
    calls.OperatorRestore("ann"),
    calls.PolicySet("wide"),
    calls.AccountLimits("alpha", {"open_positions_max": "9"}),
    calls.TerminalEnroll("t9", "alpha", 1, "S"),
    calls.TerminalDuty("t1", "active"),
    calls.Resolve("F-00000017", "filled", "because"),
    calls.Approve(show(IdKind.CHANGE, 7)),
    calls.Down(),
    calls.Reload(),
]


def asked(core: Core, verb: Any, surface: Surface, who: str = BOSS) -> e.Reply:
    core._request += 1
    core.step(i.Requested(core._request, Actor(who, surface), "", verb, ""))
    return core.replies[core._request]


@pytest.mark.parametrize("surface", PHONES)
@pytest.mark.parametrize("verb", NEVER, ids=lambda verb: type(verb).__name__)
def test_a_phone_is_refused_and_the_journal_says_so(core: Core, verb: Any, surface: Surface) -> None:
    before = core.state.seq
    reply = asked(core, verb, surface)
    assert reply.problem is not None and reply.problem.code == "FORBIDDEN" and "phone" in reply.problem.message
    (refused,) = [b for b in map(core_body, core.records[before:]) if isinstance(b, r.CallRefused)]
    assert refused.verb == type(verb).__name__ and "phone" in refused.why


@pytest.mark.parametrize("shape", ["{}", " {} ", "\t{}"])
@pytest.mark.parametrize("dash", ["-", ""])
def test_a_change_is_not_approved_from_a_phone_however_its_id_is_written(core: Core, shape: str, dash: str) -> None:
    written = shape.format(show(IdKind.CHANGE, 7).replace("-", dash).lower())
    reply = asked(core, calls.Approve(written), Surface.BOT)
    assert reply.problem is not None and reply.problem.code == "FORBIDDEN" and "phone" in reply.problem.message


def core_body(record: Any) -> r.Body:
    return r.decode(record.type, record.body)


@pytest.mark.parametrize("surface", [Surface.SHELL, Surface.TUI])
def test_a_shell_is_asked_nothing_of_the_kind(core: Core, surface: Surface) -> None:
    asked(core, calls.Halt(wait_s=0.0), Surface.HUD)
    assert asked(core, calls.Resume(wait_s=0.0), surface).problem is None


@pytest.mark.parametrize("surface", PHONES)
def test_halting_is_taken_from_everywhere(core: Core, surface: Surface) -> None:
    asked(core, calls.Halt(wait_s=0.0), surface)
    assert core.state.authority.name == "HALTED"


def test_the_configuration_may_add_a_verb(core: Core) -> None:
    asked(core, calls.Halt(wait_s=0.0), Surface.HUD)
    core.engine.live.phone_may = ("resume",)
    assert asked(core, calls.Resume(wait_s=0.0), Surface.HUD).problem is None


def test_what_raises_or_enrols_is_not_in_the_table() -> None:
    added = {verb for verb in get_args(calls.AnyVerb) if verb in desk.NEEDS} - phones.MAY
    assert {calls.Resume, calls.AccountArm, calls.OperatorRole, calls.Down, calls.Resolve} <= added


def test_what_an_edge_refuses_somebody_known_is_journaled(core: Core) -> None:
    before = core.state.seq
    core.step(i.EdgeRefused(Actor(BOSS, Surface.HUD), "Fire", "five wrong PINs"))
    core.step(i.EdgeRefused(Actor("telegram:666", Surface.HUD), "Fire", "five wrong PINs"))
    (record,) = core.records[before:]
    body = core_body(record)
    assert isinstance(body, r.CallRefused) and body.why == "five wrong PINs" and record.actor == BOSS
