"""Two outcomes of the script side by side. Owns what counts as a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hydrad.link import retcodes
from hydrad.terminal.selftest.script import Note, Notes, Step

# What each step's order must be answered with, or the self-test is not passed, however well the two agree.
EXPECTED: dict[str, frozenset[int | None]] = {
    "refused stop": frozenset({10016}),
    "open": frozenset({10009}),
    "modify": frozenset({10009}),
    "modify again": frozenset({10025}),
    "part close": frozenset({10009}),
    "pending placed": frozenset({10008, 10009}),
    "pending cancelled": frozenset({10009}),
    "pending placed to expire": frozenset({10008, 10009}),
    "close": frozenset({10009}),
}
# Broker's prose, and in how many deals an order was filled, which is the hour's liquidity: shown, and not judged.
_WORDS = frozenset({"words", "deal words", "deals"})


class Difference(msgspec.Struct, frozen=True):
    """`judged` is False for what is shown and decides nothing."""

    step: str
    field: str
    terminal: Note
    simulated: Note
    judged: bool

    def __str__(self) -> str:
        told = f"{self.step}, {self.field}: {_shown(self.terminal)}, simulated {_shown(self.simulated)}"
        return told if self.judged else f"({told})"


def differences(terminal: Sequence[Step], simulated: Sequence[Step]) -> list[Difference]:
    """All of them, in the order of the steps."""
    beside = {step.name: step for step in simulated}
    return [one for step in terminal for one in _of_step(step, beside.get(step.name, Step(step.name, {}, "not run")))]


def unexpected(steps: Sequence[Step]) -> list[str]:
    """What did not go as it must, whatever the simulated terminal did."""
    bad = [f"{step.name}: {step.problem}" for step in steps if step.problem]
    for step in steps:
        code = step.notes.get("retcode")
        if not step.problem and step.name in EXPECTED and code not in EXPECTED[step.name]:
            bad.append(f"{step.name}: {code} {retcodes.name(code) if isinstance(code, int) else ''}".rstrip())
    return bad


def _of_step(ours: Step, theirs: Step) -> Iterator[Difference]:
    mine, other = _with_problem(ours), _with_problem(theirs)
    for field in dict.fromkeys((*mine, *other)):
        if mine.get(field) != other.get(field):
            yield Difference(ours.name, field, mine.get(field), other.get(field), field not in _WORDS)


def _with_problem(step: Step) -> Notes:
    return {"problem": step.problem, **step.notes} if step.problem else step.notes


def _shown(value: Note) -> str:
    return "nothing" if value is None else str(value)
