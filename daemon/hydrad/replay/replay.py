"""Replay: the logged inputs through the same code, and whether they give the same records, byte for byte.

Every decision of a day is a function of its inputs. So the journal can be made again from `inputs/` alone, and a
difference is either another build of the code, a damaged log, or something that the core learned by a side door.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hydrad.apex.profile import BUILT_IN
from hydrad.apex.watch import Watch
from hydrad.toc import inputs as i
from hydrad.toc.engine import Engine
from hydrad.toc.record import Record
from hydrad.toc.state import State


class Outcome(msgspec.Struct, frozen=True):
    """`differs_at`: the first record that differs, else None. `expected` and `got` are None past an end."""

    inputs: int
    records: int
    differs_at: int | None = None
    expected: Record | None = None
    got: Record | None = None


def records_of(entries: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Record | None]]:
    """The records that logged inputs give, each with the count of inputs so far; (count, None) at the end.

    Each STARTED begins a daemon's life: its volatile state is new, its durable state goes on.
    """
    state, count = State(), 0
    engine: Engine | None = None
    for _, data in entries:
        entry = i.decode(data)
        count += 1
        if isinstance(entry.body, i.Started):
            engine = Engine(state, _watch(entry.body, state))
        if engine is None:
            raise ValueError("the log does not begin with a daemon's start")
        records, _ = engine.step(entry)
        for record in records:
            yield count, record
    yield count, None


def _watch(body: i.Started, state: State) -> Watch:
    """As at the start: the same profile, and what the journal knew of earlier signals."""
    earlier = [m.signal for m in state.missions.values() if m.origin == "apex"]
    unended = [(number, state.missions[number].signal) for number in sorted(state.missions_unended)]
    return Watch(BUILT_IN.get(body.profile), earlier, unended)


def compare(entries: Iterable[tuple[int, bytes]], journal: Iterable[Record]) -> Outcome:
    """Replay against a journal that begins with the same home."""
    told = iter(journal)
    same = count = 0
    for count, got in records_of(entries):
        expected = next(told, None)
        if got is None and expected is None:
            break
        if got != expected:
            return Outcome(count, same, same + 1, expected, got)
        same += 1
    return Outcome(count, same)
