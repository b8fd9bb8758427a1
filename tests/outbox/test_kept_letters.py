"""Letters in the daemon: nothing without a channel; a file that fails is opened again, and ends nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hydrad.host.places import Places
from hydrad.outbox.letter import Channel, Priority
from hydrad.outbox.store import Store
from hydrad.services.letters import Letters
from hydrad.toc.record import Record
from hydrad.toc.state import State
from tests.outbox.letters import START_NS, letter
from tests.outbox.test_post import record, told, until


@dataclass
class Daemon:
    """What `Letters` asks of the daemon."""

    places: Places
    records: list[Record] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    state: State = field(default_factory=State)

    def now_ns(self) -> int:
        return START_NS

    def boot_ns(self) -> int:
        return START_NS

    @property
    def journal_seq(self) -> int:
        return len(self.records)

    def read(self, after: int, limit: int) -> list[Record]:
        return self.records[after : after + limit]

    def submit(self, body: object) -> None:
        self.inputs.append(body)


def made(folder: Path) -> tuple[Daemon, Letters]:
    daemon = Daemon(Places(folder / "c", folder / "d", folder, folder, folder / "HALT"))
    return daemon, Letters(cast(Any, daemon))


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_without_a_channel_there_is_no_file(tmp_path: Path) -> None:
    async def story() -> None:
        daemon, letters = made(tmp_path)
        task = asyncio.create_task(letters.run())
        await asyncio.sleep(0.05)
        assert letters.health() == () and not daemon.places.outbox.exists()
        await ended(task)

    asyncio.run(story())


def test_the_journal_is_told_and_health_says_how_far(tmp_path: Path) -> None:
    async def story() -> None:
        daemon, letters = made(tmp_path)
        letters.channels.add(Channel.TELEGRAM)
        letters.composers.append(told)
        task = asyncio.create_task(letters.run())
        outbox = await letters.opened()
        assert [body.code for body in daemon.inputs] == ["OUTBOX_NEW"]
        daemon.records.append(record(1, "TOLD"))
        letters.published()
        await until(lambda: letters.health()[0].detail == "1 letters wait, told up to record 1")
        assert await outbox.do(Store.waiting, Channel.TELEGRAM) == {Priority.ALARM: 1}
        await ended(task)

    asyncio.run(story())


def test_a_file_that_is_none_is_said_and_tried_again(tmp_path: Path) -> None:
    async def story() -> None:
        daemon, letters = made(tmp_path)
        letters.again_s = 0.05
        letters.channels.add(Channel.TELEGRAM)
        daemon.places.outbox.write_bytes(b"something else " * 500)
        task = asyncio.create_task(letters.run())
        await until(lambda: "move it away" in letters.health()[0].detail)
        assert not letters.health()[0].ok
        daemon.places.outbox.unlink()
        outbox = await asyncio.wait_for(letters.opened(), 10)
        await outbox.put([letter("1")])
        assert letters.health()[0].ok
        await ended(task)

    asyncio.run(story())
