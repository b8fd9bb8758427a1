"""What resuming everything does not end is said before the question, and after it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from hydrad.wire.answers import Problem
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


LATCHES = [("", "HALTED", "the news"), ("", "ACTIVE", ""), ("", "HALTED", ""), ("paper-1", "REDUCING", "a bad day")]


def latched(wire: Any, everything: str, rows: list[tuple[str, str, str]]) -> Any:
    account = msgspec.structs.replace(wire.STATUS.accounts[0], authority="HALTED")
    status = msgspec.structs.replace(wire.STATUS, authority=everything, accounts=(account,))

    def event(seq: int, account: str, level: str, reason: str) -> Any:
        text = f"authority of {account or 'everything'} is {level}{': ' * bool(reason)}{reason}"
        facts = {"account": account, "level": level, "reason": reason}
        made = {"kind": "AUTHORITY_SET", "text": text, "facts": facts, "actor": "anna", "surface": "tui"}
        return msgspec.structs.replace(wire.event(seq), **made)

    events = [event(seq, *row) for seq, row in enumerate(rows, 1)]

    def script(call: Any) -> Any:
        if wire.verb_of(call) == "tail":
            return [*(wire.answer(call, data=one, more=True) for one in events), wire.answer(call, data=None)]
        return wire.answer(call, data=status) if wire.verb_of(call) == "status" else wire.answer(call)

    return script


@pytest.mark.parametrize(
    ("everything", "words", "rows", "said"),
    [
        ("HALTED", [], LATCHES, ["authority of everything is HALTED; no reason was given; by anna on tui, 2026-11-20"]),
        ("ACTIVE", ["--account", "paper-1"], LATCHES[1:2] + LATCHES[3:], ["is REDUCING: a bad day; by anna on tui"]),
        ("HALTED", ["--account", "paper-1"], LATCHES, ["everything is HALTED; no", "paper-1 is REDUCING: a bad day"]),
        ("HALTED", [], LATCHES[:2], ["who halted is not among the last 20"]),
        ("ACTIVE", [], LATCHES, []),
    ],
)
def test_who_halted_when_and_why_is_said_before_it_is_asked(
    fake: Any, environ: dict[str, str], wire: Any, everything: str, words: list[str], rows: Any, said: list[str]
) -> None:
    fake.script = latched(wire, everything, rows)
    code, shown = on_a_terminal(["resume", *words], environ, "n\n")
    flat = " ".join(re.sub(r"\x1b\[[\d;]*m", "", shown).split())
    assert code != 0 and all(one in flat and flat.index(one) < flat.index("may open again?") for one in said), shown
    assert said or "by anna" not in flat


def test_a_journal_that_could_not_be_read_is_no_old_halt(fake: Any, environ: dict[str, str], wire: Any) -> None:
    halted = latched(wire, "HALTED", LATCHES)
    problem = Problem("FORBIDDEN", "the journal is not yours to read")
    fake.script = lambda call: wire.answer(call, error=problem) if wire.verb_of(call) == "tail" else halted(call)
    code, shown = on_a_terminal(["resume"], environ, "n\n")
    assert code != 0 and "who halted could not be read: the journal is not yours to read" in shown
    assert "among the last" not in shown and "may open again?" in shown
