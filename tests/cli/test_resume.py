"""What resuming everything does not end is said before the question, and after it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.test_output import on_a_terminal

STAYS = "stays HALTED by a latch of its own"


def scripted(fake: Any, wire: Any, everything: str) -> str:
    account = msgspec.structs.replace(wire.STATUS.accounts[0], authority="HALTED")
    status = msgspec.structs.replace(wire.STATUS, authority=everything, accounts=(account,))
    fake.script = lambda call: wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)
    return str(account.name)


def test_an_account_that_is_halted_by_itself_stays_so(fake: Any, environ: dict[str, str], wire: Any) -> None:
    name = scripted(fake, wire, "ACTIVE")
    code, shown = on_a_terminal(["resume"], environ, "y\n")
    assert code == 0 and shown.count(f"{name} {STAYS}: resume --account {name}") == 2


@pytest.mark.parametrize(("everything", "words"), [("HALTED", []), ("ACTIVE", ["--account", "paper-1"])])
def test_what_is_resumed_does_not_stay(
    fake: Any, environ: dict[str, str], wire: Any, everything: str, words: list[str]
) -> None:
    scripted(fake, wire, everything)
    code, shown = on_a_terminal(["resume", *words], environ, "y\n")
    assert code == 0 and STAYS not in shown
