"""The hourly comparison of the recording with the terminals' own minute bars. Owns one question at a time: who was
asked, what has come, and until when it waits.

Reading a day of ticks and making bars of them is another process's work, so that neither the loop nor the interpreter's
lock waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from hydrad.domain.instants import MINUTE_MS
from hydrad.link.frames import RateRow
from hydrad.market.recorder import Note
from hydrad.services.jobs import JobFailed
from hydrad.toc import inputs as i
from hydrad.toc.effects import RatesSought, RatesTold, Sought

ANSWER_S = 60.0
COMPARE_S = 300.0
AGAIN_MS = 10 * MINUTE_MS  # the recording's last minutes could not be answered for yet


class Asked(msgspec.Struct, frozen=True):
    """A terminal's bars of one symbol, as `hydrad data compare` reads them."""

    terminal: str
    symbol: str
    digits: int
    from_ms: int
    to_ms: int
    rows: tuple[RateRow, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What `hydrad data compare` says of one symbol. `marked`: minutes that are not used any more, new ones alone."""

    terminal: str
    symbol: str
    agreed: int
    differing: int
    marked: int
    examples: tuple[str, ...]
    problem: str


class _Key(NamedTuple):
    terminal: str
    symbol: str


class Comparison:
    """`submit` puts an input into the core, `note` tells a finding."""

    def __init__(self, submit: Callable[[i.AnyInput], None], note: Callable[[Note], None]) -> None:
        self._submit = submit
        self._note = note
        self._query = 0
        self._from_ms = 0
        self._sought: RatesSought | None = None
        self._rows: dict[_Key, list[RateRow]] = {}
        self._why: dict[_Key, str] = {}
        self._waits: set[_Key] = set()
        self._settled = asyncio.Event()

    def said(self, effect: RatesSought | RatesTold) -> None:
        """What the core says of the question that is asked now; of an older one, nothing any more."""
        if isinstance(effect, RatesSought):
            if effect.query_id == self._query:
                self._sought = effect
                self._waits = {_Key(one.terminal, one.symbol) for one in effect.asked}
        elif effect.page.query_id == self._query:
            self._page(effect)
        if self._sought is not None and not self._waits:
            self._settled.set()

    def _page(self, effect: RatesTold) -> None:
        key, page = _Key(effect.terminal, effect.page.symbol), effect.page
        if key not in self._waits:
            return
        self._rows.setdefault(key, []).extend(page.rows)
        if page.why:
            self._why[key] = page.why
        if page.last:
            self._waits.discard(key)

    async def run(self) -> str:
        """Ask, wait, compare, tell. What it found, in a line. Raises JobFailed."""
        self._query += 1
        self._sought, self._rows, self._why, self._waits = None, {}, {}, set()
        self._settled.clear()
        self._submit(i.RatesWanted(self._query, self._from_ms))
        with contextlib.suppress(TimeoutError):  # those that did not answer are named below
            await asyncio.wait_for(self._settled.wait(), ANSWER_S)
        sought = self._sought
        if sought is None or not sought.asked:
            return "no terminal is there that could be asked for its bars"
        verdicts = await _compared(tuple(self._asked(sought)))
        self._from_ms = sought.to_ms - AGAIN_MS
        for verdict in verdicts:
            self._tell(verdict)
        return self._line(sought, verdicts)

    def _asked(self, sought: RatesSought) -> list[Asked]:
        return [
            Asked(one.terminal, one.symbol, one.digits, sought.from_ms, sought.to_ms, tuple(self._rows[_key(one)]))
            for one in sought.asked
            if _key(one) in self._rows and _key(one) not in self._waits and _key(one) not in self._why
        ]

    def _tell(self, verdict: Verdict) -> None:
        subject = f"{verdict.terminal} {verdict.symbol}"
        if verdict.problem:
            self._note(Note("RECORDING_DAMAGED", subject, verdict.problem))
        elif verdict.marked:
            of = verdict.agreed + verdict.differing
            detail = f"{verdict.marked} of {of} minutes: {'; '.join(verdict.examples)}"
            self._note(Note("RECORDING_DIFFERS", subject, detail))

    def _line(self, sought: RatesSought, verdicts: tuple[Verdict, ...]) -> str:
        agreed, differing = sum(one.agreed for one in verdicts), sum(one.differing for one in verdicts)
        silent = sorted(f"{key.terminal} {key.symbol}" for key in self._waits)
        parts = [f"{len(verdicts)} symbols: {agreed} minutes agree, {differing} differ"]
        parts += [f"not told: {', '.join(silent)}"] if silent else []
        parts += [f"{key.terminal} {key.symbol}: {why}" for key, why in sorted(self._why.items())]
        return "; ".join(parts)


def _key(one: Sought) -> _Key:
    return _Key(one.terminal, one.symbol)


async def _compared(asked: tuple[Asked, ...]) -> tuple[Verdict, ...]:
    """By a child that reads the question from its standard input. Raises JobFailed."""
    argv = (sys.executable, "-m", "hydrad", "data", "compare", "-o", "json")
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        said, problem = await asyncio.wait_for(child.communicate(msgspec.json.encode(asked)), COMPARE_S)
    except TimeoutError:
        raise JobFailed(f"the comparison took over {COMPARE_S:g} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise JobFailed(problem.decode(errors="replace").strip() or f"exit {child.returncode}")
    return msgspec.convert(msgspec.json.decode(said)["data"], tuple[Verdict, ...])
