"""The write-ahead rule: nothing leaves before the commit; the latch is looked at once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from hydrad.domain.actors import Actor, Surface
from hydrad.driver import Batch, Driver
from hydrad.link import frames as f
from hydrad.toc import inputs as i
from hydrad.toc.act import ActState
from hydrad.toc.effects import RatesSought, RatesTold, Reply, TicksTaken
from hydrad.toc.record import Record
from hydrad.wire import calls
from tests.toc.conftest import BOSS, Core


class World:
    """Every port of a driver, and the order in which they were used."""

    def __init__(self, core: Core, mutants: frozenset[str] = frozenset()) -> None:
        self.core = core
        self.said: list[str] = []
        self.frames: list[f.DownFrame] = []
        self.replies: list[Reply] = []
        self.numbers: list[int] = []
        self.taken = True
        self.fail = False
        self.driver = Driver(core.engine, self, self, self, self, self, core._input + 1, mutants)  # type: ignore[arg-type]

    def machine_ns(self) -> int:
        return self.core.now_ns

    def append(self, given: Sequence[Record] | int, data: bytes = b"") -> None:
        if isinstance(given, int):
            self.numbers.append(given)
            self.said.append("input")
            return
        if self.fail:
            raise OSError("disk full")
        self.core.records += given
        self.said.append("commit")

    def flush(self) -> None:
        self.said.append("flush")

    def send(self, terminal: str, connection: int, frame: f.DownFrame) -> bool:
        self.frames.append(frame)
        self.said.append("send")
        return self.taken

    def reply(self, reply: Reply) -> None:
        self.replies.append(reply)
        self.said.append("reply")

    def admit(self) -> None:
        self.said.append("admit")

    def step_down(self, reason: str) -> None:
        self.said.append("step down")

    def ticks(self, taken: TicksTaken) -> None:
        self.said.append("ticks")

    def rates(self, said: RatesSought | RatesTold) -> None:
        return

    def published(self, records: Sequence[Record]) -> None:
        self.said.append("published")

    def fires(self) -> list[f.Fire]:
        return [frame.body for frame in self.frames if isinstance(frame.body, f.Fire)]


def asked(verb: calls.AnyVerb) -> i.Requested:
    return i.Requested(1, Actor(BOSS, Surface.SHELL), "", verb)


@pytest.fixture
def world(core: Core) -> World:
    return World(core)


def test_inputs_then_commit_then_frames_then_watchers(world: World) -> None:
    world.driver.turn([asked(calls.Fire(world.core.mission(), wait_s=0.0))])
    assert world.said == ["input", "flush", "commit", "send", "reply", "published"]


def test_nothing_leaves_when_the_commit_fails(world: World) -> None:
    batch = world.driver.prepare([asked(calls.Fire(world.core.mission()))])
    world.fail = True
    with pytest.raises(OSError, match="disk full"):
        world.driver.commit(batch)
    assert (world.frames, world.replies) == ([], [])
    world.core.records += batch.records


def test_a_turn_without_records_commits_nothing(world: World) -> None:
    world.driver.turn([i.Clock()])
    assert "commit" not in world.said


def fired(world: World) -> tuple[Batch, int]:
    batch = world.driver.prepare([asked(calls.Fire(world.core.mission()))])
    world.driver.commit(batch)
    return batch, max(world.core.state.acts)


def test_the_latch_closes_between_commit_and_release(world: World) -> None:
    batch, act_id = fired(world)
    world.driver.close_latch()
    caused = world.driver.release(batch)
    assert world.fires() == []
    assert caused == [i.Withheld((act_id,))]
    world.driver.turn(caused)
    assert world.core.state.acts[act_id].state is ActState.NOT_EXECUTED


def test_the_latch_of_another_account_withholds_nothing(world: World) -> None:
    batch, _ = fired(world)
    world.driver.close_latch("beta")
    assert world.driver.release(batch) == []
    assert len(world.fires()) == 1


def test_halt_in_the_same_batch_withholds_what_came_before_it(world: World) -> None:
    mission = world.core.mission()
    world.driver.close_latch()
    caused = world.driver.turn([asked(calls.Fire(mission)), asked(calls.Halt())])
    assert world.fires() == []
    assert len(caused) == 1


def test_a_latch_opens_again_when_its_request_was_stepped_and_refused(world: World) -> None:
    world.driver.close_latch()
    refused = i.Requested(1, Actor("uid:9", Surface.SHELL), "", calls.Halt())
    world.driver.turn([refused])
    world.driver.turn([asked(calls.Fire(world.core.mission()))])
    assert len(world.fires()) == 1


def test_two_latches_are_counted(world: World) -> None:
    world.driver.close_latch()
    world.driver.close_latch()
    refused = i.Requested(1, Actor("uid:9", Surface.SHELL), "", calls.Halt())
    world.driver.turn([refused])
    batch, _ = fired(world)
    world.driver.release(batch)
    assert world.fires() == []
    world.driver.turn([refused])
    batch, _ = fired(world)
    world.driver.release(batch)


def test_a_close_is_never_withheld(world: World, core: Core) -> None:
    from hydrad.domain.ids import IdKind, show

    fire = core.filled()
    world.driver.close_latch()
    world.driver.turn([asked(calls.Close(show(IdKind.POSITION, fire.position)))])
    assert [type(frame.body) for frame in world.frames] == [f.Close]


def test_what_the_bridge_cannot_take_is_told(world: World) -> None:
    world.taken = False
    caused = world.driver.turn([asked(calls.Fire(world.core.mission()))])
    assert caused == [i.Unsent((max(world.core.state.acts),))]


def test_time_never_goes_back(world: World, core: Core) -> None:
    world.driver.turn([i.Clock()])
    at_ns = core.engine.live.now_ns
    core.now_ns -= 3_600_000_000_000
    world.driver.turn([i.Clock()])
    assert core.engine.live.now_ns == at_ns


def test_inputs_are_numbered_without_holes(world: World, core: Core) -> None:
    first = core._input + 1
    for _ in range(3):
        world.driver.turn([i.Clock(), i.Clock()])
    assert world.numbers == list(range(first, first + 6))


@pytest.mark.parametrize(("mutant", "frames"), [("send_before_commit", 1), ("kill_not_rechecked", 1)])
def test_the_mutants_do_what_they_are_named_for(make: Callable[..., Core], mutant: str, frames: int) -> None:
    core = make()
    core.connect()
    world = World(core, frozenset({mutant}))
    mission = core.mission()
    batch = world.driver.prepare([asked(calls.Fire(mission))])
    before = len(world.fires())
    world.driver.close_latch()
    world.driver.commit(batch)
    world.driver.release(batch)
    assert (before, len(world.fires())) == (1 if mutant == "send_before_commit" else 0, frames)
