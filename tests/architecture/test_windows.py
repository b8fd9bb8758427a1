"""The terminal's side is for Windows too: nothing that Python lacks there is used without asking first.

No Windows is at hand where these tests run; the type checker knows what each platform has.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
# What an agent and a self-test import.
OURS = ["terminal", *(f"host/{name}.py" for name in ("clock", "entropy", "keys", "lock", "logs", "machine", "secrets"))]
OURS += ["host/systemd.py", "host/tcp_ports.py", "host/windows.py"]


def faults(tmp_path: Path, *words: str) -> list[str]:
    command = [sys.executable, "-m", "mypy", "--platform", "win32", "--cache-dir", str(tmp_path), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line]


@pytest.mark.timeout(300)
def test_what_windows_lacks_is_not_used(tmp_path: Path) -> None:
    found = [line for line in faults(tmp_path) if line.startswith(tuple(f"daemon/hydrad/{one}" for one in OURS))]
    assert not found, "\n".join(found)
    probe = tmp_path / "probe.py"
    probe.write_text("import os\nprint(os.geteuid())\n")
    assert faults(tmp_path, str(probe))  # the test can fail
