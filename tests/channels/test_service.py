"""The service of the channels: one that cannot be used fails alone, with its reason, and the others tell."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from hydrad.config import Config, Email, Webhook
from hydrad.host.places import Places
from hydrad.outbox.letter import Channel
from hydrad.services.channels import ChannelsService
from hydrad.services.letters import Letters
from hydrad.services.supervisor import Hopeless
from hydrad.toc import inputs as i
from tests.bot.test_service import Daemon
from tests.channels.mailroom import PASSWORD, USER
from tests.channels.test_smtp import mailroom
from tests.outbox.letters import letter
from tests.outbox.test_post import until


def service(folder: Path, port: int, secret: Path) -> tuple[Daemon, Letters, ChannelsService]:
    password = folder / "mail.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    mail: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "hydra@example.org",
        "user": USER,
        "security": "none",
    }
    email = Email(password_file=str(password), **mail)
    config = Config(email=email, webhook=Webhook(url="http://127.0.0.1:1/x", secret_file=str(secret)))
    daemon = Daemon(Places(folder / "c", folder / "d", folder, folder, folder / "HALT"))
    letters = Letters(cast(Any, daemon))
    return daemon, letters, ChannelsService(cast(Any, daemon), letters, config)


def test_one_whose_secret_is_not_there_fails_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with mailroom(security="none") as room:
            daemon, letters, channels = service(tmp_path, room.port, tmp_path / "missing")
            tasks = [asyncio.create_task(letters.run()), asyncio.create_task(channels.run(lambda: None))]
            outbox = await letters.opened()
            await outbox.put([letter("1", to="ann@example.org", channel=Channel.EMAIL)])
            await until(lambda: "email: 1 letters sent" in channels.detail())
            assert len(room.taken) == 1
            (said,) = [body for body in daemon.inputs if isinstance(body, i.ChannelReported) and body.why]
            assert said.channel == "webhook" and "missing cannot be read" in said.why
            assert "missing cannot be read" in channels.detail()
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())


def test_with_none_that_can_be_used_the_service_ends_and_says_what_to_do(tmp_path: Path) -> None:
    daemon, _, channels = service(tmp_path, 1, tmp_path / "missing")
    (tmp_path / "mail.password").chmod(0o644)
    with pytest.raises(Hopeless, match=r"\[email\].*run chmod 600.*; \[webhook\].*missing cannot be read"):
        asyncio.run(channels.run(lambda: None))
    assert channels.detail() == "email: nothing leaves; webhook: nothing leaves"
    assert daemon.inputs == []
