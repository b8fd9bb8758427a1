"""The API against its description: schemathesis, which we did not write, finds nothing. `make api-tools` installs it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hydrad.host.rates import Rate
from hydrad.hud import doors
from tests.hud.conftest import BOSS, Hud
from tests.hud.test_pin import PIN, confirm

ROOT = Path(__file__).parents[2]
FOUND = shutil.which(str(ROOT / ".schemathesis" / "bin" / "schemathesis")) or shutil.which("schemathesis")
# What a description cannot say: an id's check character, a plan's name. Such a request is valid by it, and refused.
NOT_SAID = "positive_data_acceptance"

pytestmark = [
    pytest.mark.source,
    pytest.mark.timeout(400),
    pytest.mark.skipif(FOUND is None, reason="schemathesis is not installed: make api-tools"),
]


def run(address: str, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    assert FOUND is not None
    argv = [
        *(FOUND, "run", f"{address}/api/v1/openapi.json", "--url", address),
        *("--header", f"Authorization: Bearer {token}", "--header", "Sec-Fetch-Site: none"),
        *("--checks", "all", "--exclude-checks", NOT_SAID, "--continue-on-failure", "--no-color"),
        *("--generation-deterministic", "--warnings", "off", *words),
    ]
    return subprocess.run(argv, capture_output=True, text=True, timeout=390)


def test_nothing_is_found(make: Callable[..., Hud], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doors, "SESSION_RATE", Rate(1e9, 1_000_000))
    monkeypatch.chdir(tmp_path)
    hud = make(idle_s=10_000)
    hud.set_pin(BOSS, PIN)
    hud.answer = lambda actor, verb: (None, None)
    token = confirm(hud, hud.login()).cookie.partition("=")[2]
    stays = ("--exclude-path-regex", "^/session/end|^/session/confirm|^/session/elevate")
    words = ("--phases", "coverage,fuzzing", "--max-examples", "5", *stays)
    done = run(f"http://127.0.0.1:{hud.port}", token, *words)
    assert done.returncode == 0, done.stdout[-6_000:]
    assert len(hud.asked) > 300, "it came through to the daemon"
