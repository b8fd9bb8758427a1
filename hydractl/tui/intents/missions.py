"""What is done to a mission beside firing it: passing, withdrawing, writing a note."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hydractl.commands import missions, notes
from hydractl.diagnostics import Failure
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents.base import REASON, asked


def let_pass(mission: str) -> Intent:
    """Let a mission go by, for oneself."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        def send(desk: Desk) -> int:
            return missions.let_pass(desk, mission=mission, reason=values["reason"] or None)

        return _about(
            desk,
            mission,
            f"pass {mission}? Others may still fire it; a fire of yours that waits for approval is taken back",
            send,
        )

    return Intent(f"PASS {mission}", "Pass", propose, (REASON,), danger=False)


def withdraw(mission: str) -> Intent:
    """End a mission for everybody."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        def send(desk: Desk) -> int:
            return missions.withdraw(desk, mission=mission, reason=values["reason"] or None)

        question = f"withdraw {mission}? It takes no more fires, from anybody; what was fired goes on"
        return _about(desk, mission, question, send)

    return Intent(f"WITHDRAW {mission}", "Withdraw", propose, (REASON,))


def note(about: str) -> Intent:
    """Write a note about a mission, act, position or alarm."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        text, tag = values["text"], values["tag"] or None
        if not text:
            raise Failure("USAGE", "a note needs a line of text")

        def send(desk: Desk) -> int:
            return notes.note(desk, id=about, text=text, tag=tag)

        desk.out.line(f"note    {about}{f' [{tag}]' if tag else ''}: {text}")
        return asked(desk, (f"write this about {about}? It stands in the journal", ""), send)

    fields = (
        Field("text", "note", hint="one line"),
        Field("tag", "tag", hint="a word that report can count by; empty: none"),
    )
    return Intent(f"NOTE on {about}", "Write it", propose, fields, danger=False, begin="text")


def _about(desk: Desk, mission: str, question: str, send: Callable[[Desk], int]) -> Proposal:
    """A question below the mission as it is now."""
    answer = desk.client.query("mission.show", mission=mission)
    if answer.error is not None:
        raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
    missions.show_head(desk, answer.data)
    return asked(desk, (question, ""), send)
