"""What is remembered of the journal: in order, bounded, and honest about what it no longer holds."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hydrad.hud.ring import Item, Ring, item
from hydrad.wire.answers.journal import Event


def an_event(seq: int, text: str = "something") -> Event:
    return Event(seq, "2026-11-26T09:00:00.000Z", None, "NOTE_MADE", text, "uid:0", "shell", (), {"text": text})


@given(
    head=st.integers(0, 50),
    sizes=st.lists(st.integers(0, 40), max_size=60),
    events_max=st.integers(1, 20),
    bytes_max=st.integers(40, 400),
)
def test_it_holds_the_newest_and_says_from_where(head: int, sizes: list[int], events_max: int, bytes_max: int) -> None:
    ring = Ring(head, events_max, bytes_max)
    made = [Item(head + 1 + place, "", b"x" * size) for place, size in enumerate(sizes)]
    for one in made:
        ring.add(one)
    assert ring.last == head + len(made)
    held = ring.after(ring.first - 1, 1_000)
    assert held == made[len(made) - len(held) :]
    assert len(held) <= events_max and sum(len(one.data) for one in held) <= bytes_max
    for after in range(ring.first - 1, ring.last + 1):
        assert ring.holds(after)
        assert ring.after(after, 3) == made[after - head : after - head + 3]
    assert not ring.holds(ring.first - 2)


@given(text=st.text())
def test_an_event_is_one_line_of_data_whatever_is_in_it(text: str) -> None:
    data = item(an_event(7, text), "alpha").data
    number, kind, account, body, *rest = data.split(b"\n")
    assert (number, kind, account, rest) == (b"id: 7", b"event: record", b"account: alpha", [b"", b""])
    assert json.loads(body.removeprefix(b"data: "))["text"] == text
