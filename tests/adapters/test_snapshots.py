"""Snapshots are written between commits only, and not twice for the same record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hydrad.config import Config
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Role
from hydrad.home import making, opening
from hydrad.home.opening import Opened
from hydrad.host.places import find_places
from hydrad.loop.loop import Loop
from hydrad.services import snapshots
from hydrad.services.jobs import JobFailed
from hydrad.services.snapshots import Snapshots
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.turn import Turn


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    places = find_places({"HYDRA_HOME": str(tmp_path / "home")})
    making.create(places, Config(), HomeMode.REAL)
    home = opening.open_home(places, Config())
    yield home
    home.close()


def stepped(opened: Opened) -> Turn:
    """A record that is in the state and not in the journal yet."""
    turn = Turn(opened.engine.state, opened.engine.live, opened.clock.machine_ns(), 0)
    turn.emit(r.OperatorSet("uid:7", "second", Role.APPROVER))
    return turn


def test_only_what_is_new_and_durable(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "TRIES", 2)

    async def story() -> None:
        loop = Loop(opened.clock.boot_ns)
        with ThreadPoolExecutor(1) as keeper:
            found = Snapshots(opened, loop, keeper)
            assert (await found.now()).startswith("nothing new")
            turn = stepped(opened)
            with pytest.raises(JobFailed, match="never idle"):
                await found.now()
            opened.journal.append(turn.records)
            loop.submit(i.Clock())
            with pytest.raises(JobFailed, match="never idle"):
                await found.now()
            loop.inbox.take()
            seq = opened.journal.head()[0]
            assert await found.now() == f"written at record {seq}"
            assert await found.now() == f"nothing new since record {seq}"
        loop.close()

    asyncio.run(story())
    assert opened.places.snapshot.exists()


def test_due_after_so_many_records(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.places.snapshot.unlink(missing_ok=True)

    async def story() -> None:
        loop = Loop(opened.clock.boot_ns)
        with ThreadPoolExecutor(1) as keeper:
            found = Snapshots(opened, loop, keeper)
            opened.journal.append(stepped(opened).records)
            await found.if_due()
            assert not opened.places.snapshot.exists()
            monkeypatch.setattr(snapshots, "EVERY_RECORDS", 1)
            await found.if_due()
            assert opened.places.snapshot.exists()
        loop.close()

    asyncio.run(story())
