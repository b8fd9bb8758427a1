"""`hydractl status` beside `supervisorctl status` and `python -c pass`, as whole processes in one interleaved run.

The peer lives in its own environment, made by `make bench-setup`; without it that row is left out and said so.
"""

from __future__ import annotations

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
PEERS = Path(__file__).parent / ".peers"


def timed(argv: list[str], environ: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="hx-"))
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    beside = Path(sys.executable).parent
    hydractl = str(beside / "hydractl")
    subprocess.run([hydractl, "up"], env=environ, check=True, stdout=subprocess.DEVNULL)
    rows = {
        "python_pass": [sys.executable, "-c", "pass"],
        "hydractl_status": [hydractl, "status"],
        "hydractl_status_json": [hydractl, "status", "-o", "json"],
    }
    supervisor = None
    if (PEERS / "bin" / "supervisorctl").exists():
        config = home / "supervisord.conf"
        config.write_text(
            f"[unix_http_server]\nfile={home}/s.sock\n[supervisord]\nnodaemon=true\nlogfile={home}/s.log\n"
            f"pidfile={home}/s.pid\n[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[supervisorctl]\nserverurl=unix://{home}/s.sock\n"
            "[program:one]\ncommand=sleep 1000\n[program:two]\ncommand=sleep 1000\n"
        )
        supervisor = subprocess.Popen(
            [str(PEERS / "bin" / "supervisord"), "-c", str(config)], stdout=subprocess.DEVNULL
        )
        while not (home / "s.sock").exists():
            time.sleep(0.05)
        time.sleep(1.5)
        rows["supervisorctl_status"] = [str(PEERS / "bin" / "supervisorctl"), "-c", str(config), "status"]
    else:
        print("supervisorctl is not installed: make bench-setup")
    times: dict[str, list[float]] = {name: [] for name in rows}
    try:
        for _ in range(RUNS + 2):
            for name, argv in rows.items():
                times[name].append(timed(argv, environ))
    finally:
        if supervisor is not None:
            supervisor.terminate()
        subprocess.run([hydractl, "down", "--yes"], env=environ, stdout=subprocess.DEVNULL)
        processes.stop(find_places(environ).lock_file, 5)
    figures = {f"{name}_ms": median(values[2:]) for name, values in times.items()}
    for name, value in figures.items():
        print(f"{name:28s} {value:8.1f}")
    ratios = {"status_over_python_pass": figures["hydractl_status_ms"] / figures["python_pass_ms"]}
    if "supervisorctl_status_ms" in figures:
        ratios["status_over_supervisorctl"] = figures["hydractl_status_ms"] / figures["supervisorctl_status_ms"]
    finish("status", figures, ratios)


if __name__ == "__main__":
    main()
