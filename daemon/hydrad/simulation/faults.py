"""What may go wrong in a run, and how often: drawn once per seed, so that each seed is another swarm.

Rates are chances per opportunity (a frame, an order, a commit) unless they are named `_s`: mean seconds between.
Zero means that this run never has that fault. `healed` is the world after the safety phase.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

_ON = 0.55


@dataclass(slots=True)
class Faults:
    """The network's words: `reset` a connection that loses what is under way; `cut` a partition. Drops,
    repeats and overtaking of single frames, which CURVE over TCP does not know, must be survived all the same."""

    delay_ms: float = 2.0
    stall: float = 0.0
    reset: float = 0.0
    cut_s: float = 0.0
    one_way_cut_s: float = 0.0
    drop: float = 0.0
    repeat: float = 0.0
    overtake: float = 0.0
    truncated: float = 0.0
    oversized: float = 0.0
    replayed: float = 0.0
    # The daemon's process and its disk.
    daemon_crash_s: float = 0.0
    crash_before_commit: float = 0.0
    crash_after_commit: float = 0.0
    crash_while_releasing: float = 0.0
    slow_commit: float = 0.0
    disk_full: float = 0.0
    stutter: float = 0.0
    unsent: float = 0.0
    # Terminals.
    agent_crash_s: float = 0.0
    crash_before_ledger: float = 0.0
    crash_after_ledger: float = 0.0
    crash_after_order: float = 0.0
    ledger_lost: float = 0.0
    frozen_s: float = 0.0
    worker_killed: float = 0.0
    slow_worker: float = 0.0
    disconnected_s: float = 0.0
    trading_off_s: float = 0.0
    # The broker.
    requote: float = 0.0
    reject: float = 0.0
    no_money: float = 0.0
    timeout_executed: float = 0.0
    timeout_not: float = 0.0
    late: float = 0.0
    too_late: float = 0.0
    history_late: float = 0.0
    stop_in_flight: float = 0.0
    owner_deal_s: float = 0.0
    slippage: float = 0.0
    # Clocks.
    clock_offset_ms: int = 0
    clock_drift_ppm: int = 0
    clock_step_s: float = 0.0
    # People.
    halt_s: float = 0.0
    repeat_key: float = 0.0
    double_click: float = 0.0
    other_parameters: float = 0.0

    def names(self) -> list[str]:
        """The faults that this run has."""
        return [field.name for field in fields(self) if getattr(self, field.name) and field.name != "delay_ms"]


# Chances are drawn between the first and the second figure; means and sizes likewise.
_RANGES: dict[str, tuple[float, float]] = {
    "stall": (0.0005, 0.01),
    "reset": (0.0005, 0.004),
    "cut_s": (10.0, 60.0),
    "one_way_cut_s": (10.0, 60.0),
    "drop": (0.0005, 0.01),
    "repeat": (0.001, 0.05),
    "overtake": (0.001, 0.02),
    "truncated": (0.0003, 0.003),
    "oversized": (0.0003, 0.003),
    "replayed": (0.001, 0.02),
    "daemon_crash_s": (10.0, 60.0),
    "crash_before_commit": (0.0002, 0.003),
    "crash_after_commit": (0.0002, 0.003),
    "crash_while_releasing": (0.0002, 0.003),
    "slow_commit": (0.001, 0.02),
    "disk_full": (0.0001, 0.001),
    "stutter": (0.01, 0.1),
    "unsent": (0.001, 0.02),
    "agent_crash_s": (10.0, 60.0),
    "crash_before_ledger": (0.001, 0.01),
    "crash_after_ledger": (0.001, 0.01),
    "crash_after_order": (0.001, 0.01),
    "ledger_lost": (0.1, 0.5),
    "frozen_s": (15.0, 60.0),
    "worker_killed": (0.001, 0.01),
    "slow_worker": (0.001, 0.02),
    "disconnected_s": (15.0, 60.0),
    "trading_off_s": (20.0, 60.0),
    "requote": (0.01, 0.1),
    "reject": (0.005, 0.05),
    "no_money": (0.002, 0.02),
    "timeout_executed": (0.005, 0.05),
    "timeout_not": (0.005, 0.05),
    "late": (0.005, 0.05),
    "history_late": (0.02, 0.4),
    "stop_in_flight": (0.05, 0.5),
    "owner_deal_s": (5.0, 30.0),
    "slippage": (0.05, 0.5),
    "clock_drift_ppm": (10, 200),
    "clock_offset_ms": (5, 120),
    "clock_step_s": (15.0, 60.0),
    "halt_s": (6.0, 40.0),
    "repeat_key": (0.01, 0.1),
    "double_click": (0.01, 0.1),
    "other_parameters": (0.005, 0.05),
}
_PACKETS = ("drop", "repeat", "overtake", "truncated", "oversized", "replayed")


def draw(rng: random.Random) -> Faults:
    """A swarm: each fault is there or not, and how hard differs. One run in eight has none at all."""
    faults = Faults(delay_ms=rng.choice((0.5, 2.0, 5.0, 20.0, 80.0)))
    calm, packets = rng.random() < 0.125, rng.random() < 0.4
    for name, (low, high) in _RANGES.items():
        on, size = rng.random() < _ON, rng.uniform(low, high)
        if on and not calm and (packets or name not in _PACKETS):
            setattr(faults, name, int(size) if isinstance(getattr(faults, name), int) else size)
    if rng.random() < 0.1 and not calm:
        faults.too_late = rng.uniform(0.005, 0.03)
    return faults


def healed(faults: Faults) -> Faults:
    """Nothing goes wrong any more; clocks keep their offset and drift, which are no faults to be repaired."""
    return Faults(clock_offset_ms=faults.clock_offset_ms, clock_drift_ppm=faults.clock_drift_ppm)
