"""Memory of the daemon: when ready with everything on, with its HUD and scheduler off, and after a whole paper day.

The physical limit is the interpreter with the daemon's imports and nothing else, measured in the same run. Figures are
resident MiB (VmRSS) and the peak (VmHWM) of hydrad alone, from /proc.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import finish

from hydrad.host import processes
from hydrad.host.lock import holder
from hydrad.host.places import Places, find_places

DAY_S_MAX = 300.0
SETTLE_S = 3.0
IMPORTS = "import hydrad.app, time\nprint(open('/proc/self/status').read())"


def mib(text: str, key: str) -> float:
    found = re.search(rf"{key}:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024


def of_daemon(places: Places) -> str:
    found = holder(places.lock_file)
    assert found is not None and found.pid is not None
    return Path(f"/proc/{found.pid}/status").read_text()


class Home:
    """A paper home of the installed wheel."""

    def __init__(self, **environ: str) -> None:
        self.environ = {**os.environ, **environ, "HYDRA_HOME": tempfile.mkdtemp(prefix="hx-")}
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.places = find_places(self.environ)
        self._hydractl = str(Path(sys.executable).parent / "hydractl")

    def ctl(self, *words: str) -> dict[str, object]:
        done = subprocess.run([self._hydractl, *words, "-o", "json"], env=self.environ, capture_output=True)
        answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def __enter__(self) -> Home:
        self.ctl("up")
        return self

    def __exit__(self, *_: object) -> None:
        self.ctl("down", "--yes")
        processes.stop(self.places.lock_file, 5)


def ready(**environ: str) -> float:
    """Resident MiB once every terminal is READY and the services have settled."""
    with Home(**environ) as home:
        home.ctl("wait", "--for", "ready")
        time.sleep(SETTLE_S)
        return mib(of_daemon(home.places), "VmRSS")


def after_a_day() -> tuple[float, float, int]:
    """Resident and peak MiB at the end of the recorded day at speed max, and the journal's records."""
    with Home(HYDRA_PAPER__SPEED="max") as home:
        until = time.monotonic() + DAY_S_MAX
        while time.monotonic() < until:
            data = home.ctl("status")["data"]
            assert isinstance(data, dict)
            if data["clocks"]["speed"] == "day ended":
                break
            time.sleep(1.0)
        else:
            print(f"the day did not end within {DAY_S_MAX:.0f} s; what is shown is up to there")
        text = of_daemon(home.places)
        return mib(text, "VmRSS"), mib(text, "VmHWM"), int(data["journal"]["seq"])


def main() -> None:
    code = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
    figures = {"imports_mib": mib(code.stdout, "VmRSS")}
    figures["ready_bare_mib"] = ready(HYDRA_HUD__ENABLED="false")
    figures["ready_mib"] = ready()
    figures["day_mib"], figures["day_peak_mib"], records = after_a_day()
    figures["day_records"] = records
    for name, value in figures.items():
        print(f"{name:16s} {value:8.1f}")
    ratios = {
        "ready_over_imports": figures["ready_mib"] / figures["imports_mib"],
        "day_peak_over_ready": figures["day_peak_mib"] / figures["ready_mib"],
    }
    finish("memory", figures, ratios)


if __name__ == "__main__":
    main()
