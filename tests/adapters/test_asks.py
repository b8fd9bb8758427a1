"""Queries wait for their turn, and nothing waits for all of them."""

from __future__ import annotations

from hydrad.loop.asks import TURN_NS, Asks


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def test_a_flood_of_slow_ones_takes_one_of_them_a_turn() -> None:
    clock, told = Clock(), list[int]()
    asks = Asks(clock)

    def slow(number: int) -> None:
        clock.now_ns += TURN_NS
        told.append(number)

    for number in range(300):
        asks.put(lambda number=number: slow(number))
    for turn in range(1, 301):
        asks.answer(len(asks))
        assert told == list(range(turn)), "in their order, and what trades has had its turn in between"
    asks.answer(len(asks))
    assert not asks


def test_quick_ones_are_answered_together_and_later_ones_after_the_next_batch() -> None:
    told: list[str] = []
    asks = Asks(Clock())
    asks.put(lambda: told.append("a"))

    def asks_again() -> None:
        told.append("b")
        asks.put(lambda: told.append("d"))

    asks.put(asks_again)
    count = len(asks)
    asks.put(lambda: told.append("c"))  # while the batch is committed
    asks.answer(count)
    assert told == ["a", "b"] and len(asks) == 2
    asks.answer(len(asks))
    assert told == ["a", "b", "c", "d"]
