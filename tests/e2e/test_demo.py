"""The demo, as `make demo` runs it; and that its journal can be made again from its inputs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from paper import HYDRACTL, HYDRAD

from hydrad.host.lock import holder
from hydrad.host.places import find_places
from hydrad.journal import snapshot
from hydrad.journal.sqlite import SqliteJournal
from hydrad.toc import codec, fold
from hydrad.toc.state import State

HOLD = (
    "import sys; from pathlib import Path; from hydrad.host.lock import FileLock; lock = FileLock(Path(sys.argv[1])); \
print('held', flush=True); sys.stdin.read()"
)
FLOCKED = (sys.executable, "-c", HOLD)
pytestmark = pytest.mark.timeout(180)
KEYS = {
    "ticks", "bars", "signals", "missions", "fires", "fills", "closed", "denied", "duplicates", "unknown",
    "journal_records", "journal_verified", "broker_agrees", "mode",
}  # fmt: skip


def test_demo_and_its_replay() -> None:
    home = Path(tempfile.mkdtemp(prefix="hx-"))
    environ = {**os.environ, "HYDRA_HOME": str(home)}
    done = subprocess.run([*HYDRACTL, "demo", "-o", "json"], env=environ, capture_output=True, timeout=150)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["ok"], (answer["error"], done.stderr)
    data = answer["data"]
    assert set(data) >= KEYS
    assert data["ticks"] == 240_421 and data["mode"] == "paper"
    assert data["missions"] >= 3 and data["symbols"] == ["EURUSD", "XAUUSD"]
    assert data["fills"] == data["closed"] == data["fires"] - data["denied"] >= 3  # denied: the other side is held
    assert data["closed_by"]["TIME_STOP"] >= 1
    assert data["duplicates"] == data["unknown"] == 0
    assert data["journal_verified"] is True and data["broker_agrees"] is True

    verified = subprocess.run(
        [*HYDRAD, "journal", "verify", "--replay", "-o", "json"], env=environ, capture_output=True, timeout=60
    )
    replayed = json.loads(verified.stdout)
    assert verified.returncode == 0, replayed
    assert replayed["data"]["replayed"] == data["journal_records"]

    places = find_places(environ)
    journal = SqliteJournal(places.journal)
    folded = State()
    for record in journal.replay():
        fold.apply(folded, record)
    journal.close()
    found = snapshot.load(places.snapshot, fold.FOLD_VERSION)
    assert isinstance(found, snapshot.Snapshot) and found.seq == folded.seq
    assert codec.decode_state(found.data) == folded


def test_a_home_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    environ = {**os.environ, "HYDRA_HOME": str(tmp_path)}
    done = subprocess.run([*HYDRACTL, "demo", "-o", "json"], env=environ, capture_output=True, timeout=60)
    assert done.returncode == 1 and "not empty" in json.loads(done.stdout)["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_runs_in_a_home_that_is_not_empty_goes_on(tmp_path: Path) -> None:
    """Somebody's daemon, its broker and its agents are not the demo's to end."""
    places = find_places({"HYDRA_HOME": str(tmp_path)})
    places.make()
    locks = (places.lock_file, places.broker_dir / "books.db.lock", places.process_lock("alpha"))
    with contextlib.ExitStack() as held:
        for lock in locks:
            lock.parent.mkdir(parents=True, exist_ok=True)
            sleeper = subprocess.Popen([*FLOCKED, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            held.callback(sleeper.wait)
            held.callback(sleeper.kill)
            assert sleeper.stdout is not None and sleeper.stdout.readline() == b"held\n"
        environ = {**os.environ, "HYDRA_HOME": str(tmp_path)}
        done = subprocess.run([*HYDRACTL, "demo", "-o", "json"], env=environ, capture_output=True, timeout=60)
        assert done.returncode == 1 and "not empty" in json.loads(done.stdout)["error"]["message"]
        assert all(holder(lock) is not None for lock in locks)
