"""A disk that is full: the daemon ends with a sentence, and what `halt` then says is true."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from hydractl.commands import authority
from hydrad.host import disk, processes
from hydrad.host.lock import holder
from tests.e2e.paper import HYDRAD, PaperHome


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """64 MiB of its own; where no file system can be mounted the test is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="hx-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> None:
    """Not a byte is left."""
    with (folder / "rest").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC


def test_a_full_disk_ends_the_daemon_with_a_sentence(small_disk: Path, tmp_path: Path) -> None:
    home = PaperHome()
    log = tmp_path / "log"  # on another disk: this one will not take it
    try:
        processes.spawn([*HYDRAD, "run"], log, home.environ, home.path)
        home.until(lambda: home.ctl("status").code == 0, "the daemon answers")
        fill(small_disk)
        home.until(lambda: holder(home.places.lock_file) is None, "the daemon has ended")
        said = log.read_text()
        assert "No space left on device" in said or "disk is full" in said
        assert "Traceback" not in said
        halted = home.ctl("halt", "--reason", "the disk is full")
        assert halted.code == 12
        assert home.places.halt_file.exists()
        assert f"wrote {home.places.halt_file}" in halted.envelope["error"]["message"]
        (small_disk / "rest").unlink()
        home.launch()
        assert home.ctl("status").data["authority"] == "HALTED"
    finally:
        home.end()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/inputs"), "/x/inputs: No space left on device"),
        (OSError(errno.EIO, "Input/output error"), "cannot write: Input/output error"),
        (apsw.FullError("database or disk is full"), "the journal: database or disk is full"),
        (OSError(errno.EACCES, "Permission denied"), ""),
        (apsw.CorruptError("malformed"), ""),
        (AssertionError("a rule"), ""),
    ],
)
def test_which_errors_are_the_disks(error: BaseException, said: str) -> None:
    found = disk.failure(error)
    assert (found.endswith(said) and bool(found)) if said else not found


def test_a_halt_file_without_its_text_halts_all_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    path = tmp_path / "halt" / "HALT"
    assert authority._write(str(path), "text") == " without its reason (No space left on device)"
    assert path.exists()
