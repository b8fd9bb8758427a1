"""Recordings: what is taken, what a crash leaves, and that nothing that was damaged is read as something else."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.market import reading, tickfile
from hydrad.market import series as series_module
from hydrad.market.follow import Follower, symbols
from hydrad.market.recorder import HURRY_TICKS, QUEUE_TICKS_MAX, Note, Recorder
from hydrad.market.series import Series
from tests.market.conftest import DAY_MS, START_MS, batch, tick

New = Callable[[], Series]
ALL = (0, 1 << 60, 1_000_000)


def times(found: reading.Range | None) -> list[int]:
    assert found is not None
    return [one.time_ms - START_MS for one in found.ticks]


def read(tmp_path: Path) -> reading.Range:
    found = reading.read(tmp_path / "recorded", "EURUSD", *ALL)
    assert found is not None
    return found


def test_ticks_come_back_as_they_were_taken(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(tick(0), tick(250, 138_600, 0)), batch(tick(250, 138_601))])
    one.close()
    found = read(tmp_path)
    assert [(t.time_ms - START_MS, t.bid_points, t.ask_points) for t in found.ticks] == [
        (0, 138_500, 138_510), (250, 138_600, 138_600), (250, 138_601, 138_611),
    ]  # fmt: skip
    assert {t.received_ms for t in found.ticks} == {START_MS + 900} and found.digits == 5
    assert [source.terminal for _, source in found.sources] == ["alpha"] and not found.damage


def test_bad_ticks_are_counted_and_left_out(series: New, tmp_path: Path) -> None:
    one = series()
    crossed, ahead = tick(10, 138_500, -1), tick(70_000)
    late = batch(tick(20), tick(5), ahead)._replace(through_ms=START_MS + 20)
    one.add([batch(tick(1, 0)), batch(crossed), late])
    one.close()
    assert times(read(tmp_path)) == [20]
    assert one.refused == {"NOT_POSITIVE": 1, "CROSSED": 1, "BACKWARDS": 1, "AHEAD": 1}


def test_a_day_is_a_file_and_the_source_goes_on(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(tick(DAY_MS - 1), tick(DAY_MS), tick(DAY_MS + 1))])
    one.close()
    names = [path.name for path in tickfile.days(tmp_path / "recorded" / "EURUSD")]
    assert names == ["2014-05-02.ticks", "2014-05-03.ticks"]
    found = read(tmp_path)
    assert times(found) == [DAY_MS - 1, DAY_MS, DAY_MS + 1]
    assert [source.whole for _, source in found.sources] == [False, True]


def test_history_is_recorded_once_and_says_whether_anything_is_missing(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(tick(0), tick(100))])
    one.close()
    again = series()
    again.add([batch(tick(100), tick(200), session=8, history=True), batch(tick(300), session=8)])
    again.close()
    gap = series()
    gap.add([batch(tick(900), session=9, history=True)])
    gap.close()
    found = read(tmp_path)
    assert times(found) == [0, 100, 200, 300, 900]
    assert [source.whole for _, source in found.sources] == [False, True, False]


def test_history_of_a_terminal_that_was_the_source_for_a_moment_changes_nothing(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(tick(0), tick(100))])
    one.close()
    again = series()
    again.add([batch(tick(0), tick(100), terminal="bravo", session=3, history=True)])
    again.add([batch(tick(0), tick(150), session=8, history=True), batch(tick(300), session=8)])
    again.close()
    found = read(tmp_path)
    assert times(found) == [0, 100, 150, 300]
    assert [(source.terminal, source.whole) for _, source in found.sources] == [("alpha", False), ("alpha", True)]


def test_another_source_with_other_digits_is_shown_exactly(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(tick(0)), batch(tick(1, 1385, 1), terminal="bravo", digits=3)])
    one.close()
    found = read(tmp_path)
    assert [t.bid_points for t in found.ticks] == [138_500, 138_500] and found.digits == 5
    assert [(s.terminal, s.digits) for _, s in found.sources] == [("alpha", 5), ("bravo", 3)]


def test_the_newest_and_the_oldest_of_a_range(series: New, tmp_path: Path) -> None:
    one = series()
    one.add([batch(*(tick(at) for at in range(0, 100, 10)))])
    one.close()
    folder = tmp_path / "recorded"
    newest = reading.read(folder, "EURUSD", START_MS + 20, START_MS + 80, 2)
    assert times(newest) == [60, 70] and newest is not None and newest.more
    assert times(reading.read(folder, "EURUSD", START_MS + 20, START_MS + 80, 2, newest=False)) == [20, 30]
    assert reading.read(folder, "XAUUSD", *ALL) is None


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 64 + 40 + 3 * 56), junk=st.binary(max_size=40))
def test_a_torn_end_is_cut_and_what_was_whole_stays(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    """Wherever the file ends, what is read is a prefix of what was written, and writing goes on."""
    folder = tmp_path_factory.mktemp("torn") / "recorded" / "EURUSD"
    one = Series(folder, "EURUSD")
    for at in (0, 1, 2):
        one.add([batch(tick(at))])
    one.close()
    path = tickfile.days(folder)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + junk)
    again = Series(folder, "EURUSD")
    again.add([batch(tick(50), session=8)])
    again.close()
    found = reading.read(folder.parent, "EURUSD", *ALL)
    kept = times(found)[:-1]
    assert kept == [0, 1, 2][: len(kept)] and times(found)[-1] == 50
    assert found is not None and not found.damage
    assert (again.damage is not None) == (cut < 64 or cut + len(junk) != cut_at(cut))


def cut_at(cut: int) -> int:
    """The last whole block's end at or before a byte; 0 without a whole header."""
    ends = [64, 64 + 40, 64 + 40 + 56, 64 + 40 + 2 * 56, 64 + 40 + 3 * 56]
    return max((end for end in ends if end <= cut), default=0)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(64, 64 + 40 + 3 * 56 - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_takes_its_block_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("flip") / "recorded" / "EURUSD"
    one = Series(folder, "EURUSD")
    for when in (0, 1, 2):
        one.add([batch(tick(when))])
    one.close()
    path = tickfile.days(folder)[0]
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)
    found = reading.read(folder.parent, "EURUSD", *ALL)
    block = (at - 64 - 40) // 56 if at >= 64 + 40 else None
    assert times(found) == [when for when in (0, 1, 2) if when != block]
    assert found is not None and found.damage
    again = Series(folder, "EURUSD")
    assert again.damage is not None
    again.add([batch(tick(9), session=8)])
    again.close()
    kept = [when for when in (0, 1, 2) if when != block]
    assert times(reading.read(folder.parent, "EURUSD", *ALL)) == [*kept, 9]  # nothing whole was cut off


def test_a_day_whose_first_ticks_never_came_to_the_disk_is_begun_anew(series: New, tmp_path: Path) -> None:
    """Only its header is there: history that reaches back over midnight must not stop the recording."""
    one = series()
    one.add([batch(tick(1_000))])
    one.close()
    one.add([batch(tick(DAY_MS + 500))])
    one.close()
    path = tmp_path / "recorded" / "EURUSD" / tickfile.file_name(START_MS // DAY_MS + 1)
    os.truncate(path, tickfile.HEADER.size)
    again = series()
    again.add([batch(tick(1_000), tick(2_000), tick(DAY_MS + 500), tick(DAY_MS + 900), session=8, history=True)])
    again.close()
    assert times(read(tmp_path)) == [1_000, 2_000, DAY_MS + 500, DAY_MS + 900]


def test_a_follower_sees_each_tick_once_over_days_and_starts(series: New, tmp_path: Path) -> None:
    follower = Follower(tmp_path / "recorded", "EURUSD", START_MS + 1)
    assert follower.poll() == [] and symbols(tmp_path / "recorded") == []
    one = series()
    one.add([batch(tick(0), tick(1))])
    assert [t.time_ms - START_MS for grown in follower.poll() for t in grown.ticks] == [1]
    assert follower.poll() == []
    one.add([batch(tick(2), tick(DAY_MS), tick(DAY_MS + 5))])
    got = []
    while grown := follower.poll():
        got += [t.time_ms - START_MS for part in grown for t in part.ticks]
    assert got == [2, DAY_MS, DAY_MS + 5]
    one.close()
    path = tickfile.days(tmp_path / "recorded" / "EURUSD")[-1]
    with path.open("ab") as file:
        file.write(b"HXB1 half a block")
    assert follower.poll() == []  # not whole: not there yet
    again = series()
    again.add([batch(tick(DAY_MS + 9), session=8)])
    assert [(g.source.terminal, len(g.ticks)) for g in follower.poll()] == [("alpha", 1)]
    again.close()
    assert symbols(tmp_path / "recorded") == ["EURUSD"]


# --- the recorder ---------------------------------------------------------------------------------------


def recorder(tmp_path: Path) -> tuple[Recorder, list[Note]]:
    notes: list[Note] = []
    return Recorder(tmp_path, notes.append, write_every_s=0.005), notes


def test_what_was_taken_is_durable_when_it_closes(tmp_path: Path) -> None:
    one, notes = recorder(tmp_path)
    one.start()
    for at in range(50):
        one.take(batch(tick(at)))
    one.close()
    assert times(read(tmp_path)) == list(range(50)) and not notes
    assert one.figures()[:5] == (1, 50, 0, 0, 0)


def test_the_ticks_of_half_a_day_at_once_are_not_left_to_wait(tmp_path: Path) -> None:
    """With a writer that looks once an hour only a hurry can have written them."""
    notes: list[Note] = []
    one = Recorder(tmp_path, notes.append, write_every_s=3_600.0)
    one.start()
    for part in range(10):
        one.take(batch(*(tick(part * HURRY_TICKS + at) for at in range(HURRY_TICKS))))
        while one.figures().waiting:
            one._stopping.wait(0.005)
    one.close()
    assert one.figures().written == 10 * HURRY_TICKS and not notes


def test_a_full_queue_sheds_and_says_so(tmp_path: Path) -> None:
    one, notes = recorder(tmp_path)
    many = batch(*([tick(1)] * QUEUE_TICKS_MAX))
    one.take(many)
    one.take(batch(tick(2)))
    one.start()
    one.close()
    assert one.figures().shed == 1 and [note.code for note in notes] == ["RECORDING_LOST"]


def test_a_full_disk_is_a_finding_and_the_recording_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, notes = recorder(tmp_path)
    full = False

    class Disk:
        """`os` as the writer sees it, with a disk that takes half of a write and is full then."""

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def write(self, fd: int, data: memoryview) -> int:
            if not full:
                return os.write(fd, data)
            if len(data) > 30:
                return os.write(fd, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(series_module, "os", Disk())
    one.take(batch(tick(0)))
    one._write()
    full = True
    one.take(batch(tick(1)))
    one._write()
    assert [(note.code, note.subject) for note in notes] == [("RECORDING_LOST", "disk")] and one.figures().lost == 1
    full = False
    one.take(batch(tick(0), tick(1), tick(2), history=True, session=8))
    one.take(batch(tick(3), session=8))
    one._write()
    assert notes[-1] == Note("RECORDING_LOST", "disk", "") and not one.figures().problem
    one.start()
    one.close()
    found = read(tmp_path)
    assert times(found) == [0, 1, 2, 3]  # history told again what the disk had lost
    assert [source.whole for _, source in found.sources] == [False, True] and not found.damage


def test_a_symbol_with_a_slash_has_a_folder_of_its_own(tmp_path: Path) -> None:
    one, _ = recorder(tmp_path)
    one.start()
    one.take(batch(tick(0))._replace(symbol="../EUR/USD.r"))
    one.close()
    assert symbols(tmp_path / "recorded") == ["../EUR/USD.r"]
    assert [path.name for path in tmp_path.iterdir()] == ["recorded"]


def test_what_nobody_thought_of_ends_no_recording(tmp_path: Path) -> None:
    one, told = recorder(tmp_path)
    one.start()
    one.take(batch(tick(0, 1 << 63)))  # a price that no record holds
    one.take(batch(tick(10)))
    one.close()
    assert [note.code for note in told] == ["RECORDING_LOST"] and one.figures().problem
