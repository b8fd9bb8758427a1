"""What a ledger's file says, as far as people on its host are told of it. Owns nothing: it is a fold."""

from __future__ import annotations

from collections.abc import Iterable

from hydrad.agent.entries import Entry, EpochStored, LatchStored, RowStored, Whose
from hydrad.agent.latch import Latches
from hydrad.agent.ledger import Key, Ledger
from hydrad.domain.orders import ActKind
from hydrad.link.frames import RowState

_WORDS: dict[Whose, str] = {
    "daemon": "the daemon ({}), hydractl resume ends that",
    "local": "{}, hydra-terminal local resume ends that",
    "floor": "its {}, hydra-terminal local resume ends that once equity is above it",
}


class Book:
    """The fold over entries, oldest first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.ledger = Ledger()
        self.latches = Latches()
        self.epoch = 0
        self.add(entries)

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            match entry:
                case RowStored(row):
                    self.ledger.apply(row)
                case EpochStored(epoch):
                    self.epoch = epoch
                case LatchStored():
                    self.latches.apply(entry)

    @property
    def halted_by(self) -> str:
        """Whose the closed latches are, and what ends each; empty while none is closed."""
        return "; ".join(_WORDS[whose].format(self.latches.of(whose)) for whose in self.latches.held)

    @property
    def opening(self) -> list[Key]:
        """Opening acts without a verdict, those that rest left out: each of them may open, or have opened."""
        return [key for key in self.ledger.unsettled if self._opens(key)]

    @property
    def on_its_way(self) -> list[Key]:
        """Those of them of which no answer has come yet, nor its absence."""
        return [key for key in self.opening if _state(self.ledger, key) is RowState.JOURNALED]

    def _opens(self, key: Key) -> bool:
        order = self.ledger.order(key)
        fires = order is not None and order.kind is ActKind.FIRE
        return fires and _state(self.ledger, key) is not RowState.WORKING


def _state(ledger: Ledger, key: Key) -> RowState:
    row = ledger.newest(key)
    assert row is not None, key
    return row.state
