"""A disk that fills rings before it is full, once, and is over when there is room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrad.host import disk
from hydrad.market.recorder import Note, Recorder
from hydrad.market.room import EVERY_S, Room

MIB = 1 << 20


class Disk:
    def __init__(self, free_mib: int) -> None:
        self.free_mib, self.looks = free_mib, 0

    def __call__(self, folder: Path) -> int:
        self.looks += 1
        return self.free_mib * MIB


def test_it_rings_below_the_least_and_ends_a_tenth_above(tmp_path: Path) -> None:
    one = Disk(2000)
    room = Room(tmp_path, 1000 * MIB, one)
    said = []
    for number, free_mib in enumerate((2000, 999, 900, 1050, 1100, 1050, 999)):
        one.free_mib = free_mib
        word = room.look(number * EVERY_S)
        said.append(None if word is None else word.detail[:3])
    assert said == ["", "999", None, None, "", None, "999"]


def test_it_looks_no_more_often_than_it_says(tmp_path: Path) -> None:
    one = Disk(1)
    room = Room(tmp_path, MIB, one)
    for tenth in range(int(EVERY_S) * 10):
        room.look(tenth / 10)
    assert one.looks == 1
    off = Disk(0)
    assert Room(tmp_path, 0, off).look(0.0) is None and off.looks == 0


def test_what_is_free_is_what_the_file_system_says(tmp_path: Path) -> None:
    assert 0 < disk.free_bytes(tmp_path) < 1 << 60
    with pytest.raises(OSError, match="nowhere"):
        disk.free_bytes(tmp_path / "nowhere")


def test_the_recorder_tells_it(tmp_path: Path) -> None:
    notes: list[Note] = []
    one = Recorder(tmp_path, notes.append, write_every_s=0.005, room=Room(tmp_path, 5 * MIB, Disk(4)))
    one.start()
    one.close()
    assert [(note.code, note.subject) for note in notes] == [("DISK_LOW", "home")]
    assert "4 MiB are free" in notes[0].detail and "less than 5" in notes[0].detail
