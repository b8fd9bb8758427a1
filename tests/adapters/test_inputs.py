"""The log of inputs gives back what was put in, and stops cleanly where a crash tore it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.journal.inputs import PAYLOAD_BYTES_MAX, InputLog, read, segments

payloads = st.lists(st.binary(max_size=40), min_size=1, max_size=20)


def write(folder: Path, items: list[tuple[int, bytes]], segment_bytes: int = 1 << 20) -> None:
    log = InputLog(folder, segment_bytes)
    for number, data in items:
        log.append(number, data)
    log.close()


def numbered(data: list[bytes], first: int = 1) -> list[tuple[int, bytes]]:
    return list(enumerate(data, first))


@settings(max_examples=60, deadline=None)
@given(payloads, payloads, st.integers(40, 200), st.integers(0, 50))
def test_round_trip_over_segments_and_starts(
    first: list[bytes], second: list[bytes], segment_bytes: int, wanted: int
) -> None:
    with TemporaryDirectory() as name:
        items = numbered(first)
        items += numbered(second, len(first) + 5)  # numbers may jump, after a power cut
        write(Path(name), items[: len(first)], segment_bytes)
        write(Path(name), items[len(first) :], segment_bytes)
        reading = read(Path(name), wanted)
        assert list(reading) == [item for item in items if item[0] >= wanted]
        assert reading.torn == ""
        assert all(path.stat().st_size <= max(segment_bytes, 16 + 40) for path in segments(Path(name)))


@settings(max_examples=80, deadline=None)
@given(payloads, st.data())
def test_a_torn_tail_ends_the_reading_and_the_next_start_goes_on(data: list[bytes], draw: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder, items = Path(name), numbered(data)
        write(folder, items)
        (path,) = segments(folder)
        cut = draw.draw(st.integers(0, path.stat().st_size - 1))
        os.truncate(path, cut)
        whole, at = [], 0
        for item in items:
            at += 16 + len(item[1])
            if at <= cut:
                whole.append(item)
        reading = read(folder)
        assert list(reading) == whole
        boundary = sum(16 + len(payload) for _, payload in whole) == cut
        assert (reading.torn == "") == boundary
        log = InputLog(folder)
        assert log.last_number == (whole[-1][0] if whole else 0)
        log.append(len(items) + 1, b"next")
        log.close()
        again = read(folder)
        assert list(again) == [*whole, (len(items) + 1, b"next")]
        assert again.torn == ""


@settings(max_examples=80, deadline=None)
@given(payloads, st.data())
def test_a_flipped_bit_is_never_read_as_an_input(data: list[bytes], draw: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        items = numbered(data)
        write(Path(name), items)
        (path,) = segments(Path(name))
        raw = bytearray(path.read_bytes())
        raw[draw.draw(st.integers(0, len(raw) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
        path.write_bytes(raw)
        reading = read(Path(name))
        found = list(reading)
        assert found == items[: len(found)]
        assert len(found) < len(items)
        assert "torn or damaged" in reading.torn


def test_zeros_after_the_end_are_no_inputs(tmp_path: Path) -> None:
    write(tmp_path, [(1, b"a")])
    with segments(tmp_path)[0].open("ab") as file:
        file.write(bytes(4096))
    reading = read(tmp_path)
    assert list(reading) == [(1, b"a")]
    assert reading.torn == "0000000001.log: the entry at byte 17 is torn or damaged"
    log = InputLog(tmp_path)
    assert (log.cut_bytes, log.last_number) == (4096, 1)
    log.close()
    assert segments(tmp_path)[0].stat().st_size == 17


def test_flush_hands_over_and_append_does_not(tmp_path: Path) -> None:
    log = InputLog(tmp_path)
    log.append(7, b"seven")
    assert list(read(tmp_path)) == []
    log.flush()
    assert list(read(tmp_path)) == [(7, b"seven")]
    assert [path.name for path in segments(tmp_path)] == ["0000000007.log"]
    assert segments(tmp_path)[0].stat().st_mode & 0o777 == 0o600
    log.sync()
    log.close()
    log.close()


def test_a_segment_without_a_whole_entry_is_set_aside(tmp_path: Path) -> None:
    write(tmp_path, [(1, b"a" * 60), (2, b"b" * 60)], segment_bytes=80)
    segments(tmp_path)[1].write_bytes(b"\xff" * 30)
    log = InputLog(tmp_path, 80)
    assert (log.last_number, log.cut_bytes) == (1, 30)
    log.append(2, b"again")
    log.close()
    assert list(read(tmp_path)) == [(1, b"a" * 60), (2, b"again")]
    assert (tmp_path / "0000000002.torn").read_bytes() == b"\xff" * 30


def test_oldest_segments_go_when_the_total_is_bounded(tmp_path: Path) -> None:
    log = InputLog(tmp_path, segment_bytes=100, total_bytes_max=400)
    for number in range(1, 101):
        log.append(number, b"x" * 34)
        log.flush()
        assert sum(path.stat().st_size for path in segments(tmp_path)) <= 400
    log.close()
    found = [number for number, _ in read(tmp_path)]
    assert found == list(range(found[0], 101))
    assert 4 <= len(found) <= 8


def test_numbers_rise_and_payloads_are_bounded(tmp_path: Path) -> None:
    log = InputLog(tmp_path)
    log.append(5, b"")
    with pytest.raises(AssertionError, match="input 5 after 5"):
        log.append(5, b"")
    with pytest.raises(AssertionError, match="input of"):
        log.append(6, bytes(PAYLOAD_BYTES_MAX + 1))
    log.close()


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.log").write_text("mine")
    write(tmp_path, [(1, b"a")])
    assert list(read(tmp_path)) == [(1, b"a")]
    assert (tmp_path / "notes.log").read_text() == "mine"
