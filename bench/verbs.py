"""How long a person waits for a verb: whole processes, each beside `python -c pass` in one interleaved run.

`fire --dry-run` goes through every check of the gate; it is by hand, with a stop that is far away.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import finish, median

from hydrad.host import processes
from hydrad.host.places import find_places

RUNS = 25


def timed(argv: list[str], environ: dict[str, str]) -> float:
    """Milliseconds; a denial (6) and a failing check (9) are answers too."""
    began = time.perf_counter()
    done = subprocess.run(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert done.returncode in (0, 6, 9), (argv, done.returncode)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="hx-"))
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    hydractl = str(Path(sys.executable).parent / "hydractl")
    subprocess.run([hydractl, "up"], env=environ, check=True, stdout=subprocess.DEVNULL)
    try:
        fire = [
            hydractl,
            "fire",
            "--symbol",
            "EURUSD",
            "--side",
            "buy",
            "--dry-run",
            "--stop",
            _stop(hydractl, environ),
        ]
        rows = {
            "python_pass": [sys.executable, "-c", "pass"],
            "status": [hydractl, "status"],
            "missions": [hydractl, "missions"],
            "fire_dry_run": fire,
            "health": [hydractl, "health", "--all"],
        }
        times: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(RUNS + 2):
            for name, argv in rows.items():
                times[name].append(timed(argv, environ))
    finally:
        subprocess.run([hydractl, "down", "--yes"], env=environ, stdout=subprocess.DEVNULL)
        processes.stop(find_places(environ).lock_file, 5)
    figures = {f"{name}_ms": median(values[2:]) for name, values in times.items()}
    base = figures["python_pass_ms"]
    ratios = {f"{name}_over_python_pass": figures[f"{name}_ms"] / base for name in rows if name != "python_pass"}
    for name in rows:
        print(f"{name:16s} {figures[f'{name}_ms']:8.1f} ms  {figures[f'{name}_ms'] / base:6.2f} x python -c pass")
    finish("verbs", figures, ratios)


def _stop(hydractl: str, environ: dict[str, str]) -> str:
    """Half a percent below the bid; the first quotes may take a moment."""
    for _ in range(100):
        done = subprocess.run([hydractl, "ticks", "EURUSD", "-o", "json"], env=environ, capture_output=True)
        rows = json.loads(done.stdout)["data"] or []
        if rows:
            return f"{float(rows[0]['bid']) * 0.995:.5f}"
        time.sleep(0.1)
    raise SystemExit("no quote of EURUSD")


if __name__ == "__main__":
    main()
