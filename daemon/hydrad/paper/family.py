"""A paper home's own processes: the simulated broker, and one agent per terminal, kept running with backoff.

They have process groups and locks of their own and survive a killed daemon: a starting daemon that finds a lock held
adopts. Only `down` ends them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hydrad.home import paper_broker
from hydrad.host import processes
from hydrad.host.lock import holder
from hydrad.host.places import Places

BACKOFF_MAX_S = 5.0
GRACE_S = 5.0


@dataclass(slots=True)
class Child:
    """`since_ns`: when it was last started from here; 0: it was adopted as it ran."""

    name: str
    argv: list[str]
    lock: Path
    log: Path
    restarts: int = -1
    since_ns: int = 0
    retry_at: float = 0.0
    backoff_s: float = 0.2
    process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return holder(self.lock) is not None

    def end(self) -> processes.Ended:
        """End the process that holds its lock, whoever started it."""
        return processes.stop(self.lock, GRACE_S)


class Family:
    """The simulated broker and the agents, kept running with backoff."""

    def __init__(self, places: Places, terminals: list[str]) -> None:
        self._places = places
        broker = str(places.broker_dir / "books.db.lock")
        argv = [sys.executable, "-m", "hydrad.terminal", "sim", "--config", paper_broker.broker_config(places)]
        self.children = {"broker": Child("broker", argv, Path(broker), places.log_dir / "broker.log")}
        for name in terminals:
            self.add(name)

    def add(self, terminal: str) -> None:
        """Supervise one more agent."""
        places = self._places
        argv = [sys.executable, "-m", "hydrad.terminal", "run", str(places.bundle(terminal))]
        self.children[terminal] = Child(
            terminal, argv, places.process_lock(terminal), places.log_dir / f"{terminal}.log"
        )

    def take(self, terminal: str) -> Child | None:
        """Supervise this agent no more; whoever takes it ends it."""
        return self.children.pop(terminal, None)

    def look(self, now_s: float, now_ns: int) -> None:
        """Adopt what runs, start what does not. `now_s`: the loop's clock; `now_ns`: UTC."""
        for child in self.children.values():
            starting = child.process is not None and child.process.poll() is None
            if child.running or starting or now_s < child.retry_at:
                continue
            child.restarts += 1
            child.since_ns = now_ns
            child.process = processes.spawn(child.argv, child.log, os.environ, self._places.state_dir)
            child.retry_at = now_s + child.backoff_s
            child.backoff_s = min(child.backoff_s * 2, BACKOFF_MAX_S) if child.restarts else child.backoff_s

    def stop(self) -> tuple[list[str], list[str]]:
        """End all, agents first: the names of those that ended now, and of those that would not."""
        ended, left = [], []
        for child in reversed(self.children.values()):
            how = child.end()
            if how is processes.Ended.STILL_THERE:
                left.append(child.name)
            elif how is not processes.Ended.NOT_RUNNING:
                ended.append(child.name)
        return ended, left
