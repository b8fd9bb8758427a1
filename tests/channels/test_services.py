"""Other services by apprise: a letter arrives when each has taken it, and no address is ever said."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from hydrad.channels.carrying import Carried
from hydrad.channels.services import BadServices, Services
from hydrad.host.secrets import Secret
from hydrad.outbox.outcomes import Lost, Sent
from tests.channels.test_webhook import Receiver, receiver, row


def address(server: Receiver, path: str = "/canary-path") -> str:
    return f"json://127.0.0.1:{server.server_address[1]}{path}"


def sent(*urls: str) -> Carried:
    async def one() -> Carried:
        services = Services(Secret("\n".join(("# ours", *urls, ""))), "desk")
        try:
            return await services.carry(row("TERMINAL_LOST t1\nlook"))
        finally:
            services.close()

    return asyncio.run(one())


def test_each_service_gets_it() -> None:
    with receiver(200) as first, receiver(200) as second:
        assert sent(address(first), address(second)) == Carried(Sent())
    ((_, _, body),) = first.got
    assert json.loads(body)["title"] == "[desk] ALARM" and json.loads(body)["message"] == "TERMINAL_LOST t1\nlook"
    assert len(second.got) == 1


def test_one_that_does_not_take_it_is_named_by_its_number_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), receiver(200) as good, receiver(500) as bad:
        got = sent(address(good), address(bad))
    assert isinstance(got.outcome, Lost) and got.outcome.reached and got.why == "not taken by address 2 of 2"
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert "canary" not in got.why + "".join(ours)


@pytest.mark.parametrize("text", ["", "# none", "\n".join(["json://127.0.0.1/"] * 21), "canary-no-service"])
def test_a_file_that_is_none_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(BadServices) as refused:
        Services(Secret(text), "desk")
    assert "canary" not in str(refused.value)
