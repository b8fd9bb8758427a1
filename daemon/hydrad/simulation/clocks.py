"""Hosts' clocks: an offset, a drift, and steps. Reading one never changes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydrad.simulation.world import START_NS, World


@dataclass(slots=True)
class HostClock:
    """`offset_ns` from true time at the start, `drift_ppm` since; `steps_ns`: (true time, by how much)."""

    world: World
    offset_ns: int = 0
    drift_ppm: int = 0
    steps_ns: list[tuple[int, int]] = field(default_factory=list)

    def machine_ns(self) -> int:
        """UTC nanoseconds as this host has them."""
        passed_ns = self.world.now_ns - START_NS
        stepped_ns = sum(by_ns for _, by_ns in self.steps_ns)
        return self.world.now_ns + self.offset_ns + passed_ns * self.drift_ppm // 1_000_000 + stepped_ns

    def boot_ns(self) -> int:
        """A clock that never steps."""
        return self.world.now_ns - START_NS + 1

    def step(self, by_ns: int) -> None:
        """Somebody sets the clock."""
        self.steps_ns.append((self.world.now_ns, by_ns))

    def stepped_within(self, window_ns: int) -> bool:
        """Whether it was set within the last so many nanoseconds."""
        return bool(self.steps_ns) and self.world.now_ns - self.steps_ns[-1][0] <= window_ns
