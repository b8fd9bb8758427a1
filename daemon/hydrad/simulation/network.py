"""Owns what lies between agents and the daemon: connections, delays, losses.

As ZeroMQ with CURVE behaves: frames of one connection and direction arrive in their order, none is lost inside it,
and a connection that breaks loses what was under way; the agent's socket connects again by itself, under another
connection number at the daemon, and the agent does not notice. With the packet faults each frame fares alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hydrad.domain.instants import MS, SECOND
from hydrad.link.frames import FRAME_BYTES_MAX
from hydrad.simulation.faults import Faults
from hydrad.simulation.world import World

KEPT_MAX = 64
QUEUE_MAX = 512


class Listener(Protocol):
    """The daemon's end: what its bridge hears."""

    @property
    def listening(self) -> bool: ...

    def heard(self, terminal: str, connection: int, data: bytes) -> None: ...


class Line:
    """One agent's socket. `number`: its connection at the daemon; a broken one is replaced by a higher number."""

    def __init__(self, terminal: str, deliver: Callable[[bytes], None]) -> None:
        self.terminal = terminal
        self.deliver = deliver
        self.number = 0
        self.open = True
        self.clear_up_ns = 0
        self.clear_down_ns = 0
        self.cut_up_ns = 0
        self.cut_down_ns = 0
        self.under_way = 0


class Network:
    """All lines to one daemon."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.daemon: Listener | None = None
        self._lines: dict[str, Line] = {}
        self._by_number: dict[int, Line] = {}
        self._numbers = 0
        self._kept: dict[tuple[str, bool], list[bytes]] = {}
        self._rng = world.rng("network")
        self._cuts = world.rng("cuts")

    def open(self, terminal: str, deliver: Callable[[bytes], None]) -> Line:
        """A new socket for a terminal's agent; an older one of the same terminal is closed."""
        old = self._lines.get(terminal)
        line = Line(terminal, deliver)
        if old is not None:
            self.close(old)
            line.cut_up_ns, line.cut_down_ns = old.cut_up_ns, old.cut_down_ns
        self._lines[terminal] = line
        self._renumber(line)
        return line

    def close(self, line: Line) -> None:
        """The agent's process closed its socket, or died."""
        line.open = False
        self._by_number.pop(line.number, None)

    def break_all(self) -> None:
        """The daemon's process is gone: every connection breaks."""
        for line in self._lines.values():
            self._renumber(line)

    # --- sending ----------------------------------------------------------------------------------------

    def up(self, line: Line, data: bytes) -> None:
        """From an agent."""
        if line.open:
            self._carry(line, data, up=True)

    def down(self, connection: int, data: bytes) -> bool:
        """From the daemon; False where its bridge knows that the connection is gone, or its queue is full."""
        line = self._by_number.get(connection)
        if line is None or line.under_way >= QUEUE_MAX:
            return False
        if self._happens(self.faults.unsent, "unsent"):
            return False
        self._carry(line, data, up=False)
        return True

    def _carry(self, line: Line, data: bytes, up: bool) -> None:
        faults, rng = self.faults, self._rng
        if self._happens(faults.reset, "reset"):
            self._renumber(line)
            return
        if self._happens(faults.drop, "drop"):
            return
        self._keep(line, data, up)
        delay_ns = int(rng.expovariate(1.0) * faults.delay_ms * MS) + 50_000
        if self._happens(faults.stall, "stall"):
            delay_ns += int(rng.expovariate(0.4) * SECOND)
        if self._happens(faults.replayed, "replayed"):
            self._arrive(line, rng.choice(self._kept[(line.terminal, up)]), delay_ns * 2, up, ordered=False)
        if self._happens(faults.repeat, "repeat"):
            self._arrive(line, data, delay_ns * 3, up, ordered=False)
        overtaken = self._happens(faults.overtake, "overtake")
        self._arrive(line, self._mangled(data), delay_ns, up, ordered=not overtaken)

    def _arrive(self, line: Line, data: bytes, delay_ns: int, up: bool, ordered: bool) -> None:
        at_ns = max(self.world.now_ns + delay_ns, line.cut_up_ns if up else line.cut_down_ns)
        if ordered:
            at_ns = max(at_ns, line.clear_up_ns if up else line.clear_down_ns)
            if up:
                line.clear_up_ns = at_ns
            else:
                line.clear_down_ns = at_ns
        line.under_way += 1
        self.world.after(at_ns - self.world.now_ns, self._arrived, line, line.number, data, up)

    def _arrived(self, line: Line, number: int, data: bytes, up: bool) -> None:
        if line.number != number:
            return
        line.under_way -= 1
        self.world.trace(data)
        if up:
            if self.daemon is not None and self.daemon.listening:
                self.daemon.heard(line.terminal, number, data)
        elif line.open:
            line.deliver(data)

    def _mangled(self, data: bytes) -> bytes:
        if self._happens(self.faults.truncated, "truncated"):
            return data[: self._rng.randrange(len(data))]
        if self._happens(self.faults.oversized, "oversized"):
            return data + bytes(FRAME_BYTES_MAX)
        return data

    def _keep(self, line: Line, data: bytes, up: bool) -> None:
        if self.faults.replayed:
            kept = self._kept.setdefault((line.terminal, up), [])
            if len(kept) < KEPT_MAX:
                kept.append(data)
            else:
                kept[self._rng.randrange(KEPT_MAX)] = data

    def _happens(self, chance: float, name: str) -> bool:
        return self.world.happens(name, chance, self._rng)

    def _renumber(self, line: Line) -> None:
        """A connection broke: what was under way is lost, the next one has another number."""
        self._by_number.pop(line.number, None)
        self._numbers += 1
        line.number = self._numbers
        line.under_way = 0
        line.clear_up_ns = line.clear_down_ns = 0
        if line.open:
            self._by_number[line.number] = line

    # --- partitions ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let partitions come, as often as the faults say."""
        self._plan_cut(self.faults.cut_s, both=True)
        self._plan_cut(self.faults.one_way_cut_s, both=False)

    def _plan_cut(self, mean_s: float, both: bool) -> None:
        if mean_s:
            self.world.after(int(self._cuts.expovariate(1 / mean_s) * SECOND), self._cut, mean_s, both)

    def _cut(self, mean_s: float, both: bool) -> None:
        if not self.faults.cut_s and not self.faults.one_way_cut_s:
            return
        line = self._lines[self._cuts.choice(sorted(self._lines))]
        until_ns = self.world.now_ns + int(self._cuts.expovariate(1 / 3.0) * SECOND)
        up = both or self._cuts.random() < 0.5
        if up:
            line.cut_up_ns = max(line.cut_up_ns, until_ns)
        if both or not up:
            line.cut_down_ns = max(line.cut_down_ns, until_ns)
        self.world.hit("cut" if both else "one_way_cut")
        self._plan_cut(mean_s, both)

    def heal(self, faults: Faults) -> None:
        """No more faults; what a partition held back arrives now."""
        self.faults = faults
        for line in self._lines.values():
            line.cut_up_ns = line.cut_down_ns = 0
            line.clear_up_ns = line.clear_down_ns = 0
            self._renumber(line)
