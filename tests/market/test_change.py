"""A change of a folder under crashes: at every step that touches the disk, what is left is the old or the new, whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hydrad.market import change
from hydrad.market.change import New

OLD = {"a": b"old a", "b": b"old b", "c": b"old c"}
NEW = {"a": b"new a", "c": b"old c", "d": b"new d"}
STEPS = ("open", "fdatasync", "fsync", "rename", "unlink")


class Killed(BaseException):
    """The power went."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in OLD.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def new(name: str, data: bytes) -> New:
    return New(name, lambda: data, lambda path: path.read_bytes() == data)


def make(folder: Path) -> None:
    change.make(folder, [new("a", b"new a"), new("d", b"new d")], remove=["b"])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(change.PART)}


@contextmanager
def dying_at(step: int) -> Iterator[None]:
    """Each call that touches the disk is counted; the numbered one is never done."""
    left = [step]

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*words: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*words, **named)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counted(getattr(os, name)))
        yield


def test_what_is_new_is_there_what_goes_is_gone_and_the_rest_stays(folder: Path) -> None:
    make(folder)
    assert files(folder) == NEW


def test_a_crash_at_any_step_leaves_the_old_or_the_new(folder: Path) -> None:
    ended: list[bool] = []
    for step in range(100):
        for path in folder.iterdir():
            path.unlink()
        for name, data in OLD.items():
            (folder / name).write_bytes(data)
        try:
            with dying_at(step):
                make(folder)
            break
        except Killed:
            change.finish(folder)
        assert files(folder) in (OLD, NEW), step
        ended.append(files(folder) == NEW)
        make(folder)
        assert files(folder) == NEW, step
    assert ended == sorted(ended) and ended.count(False) > 5 and ended.count(True) > 5


def test_a_file_that_does_not_read_back_changes_nothing(folder: Path) -> None:
    with pytest.raises(change.NotWhole, match="d does not read back"):
        change.make(folder, [new("a", b"new a"), New("d", lambda: b"x", lambda path: False)], remove=["b"])
    assert not change.finish(folder) and files(folder) == OLD


def test_a_name_that_is_put_and_removed_stays(folder: Path) -> None:
    change.make(folder, [new("a", b"new a")], remove=["a"])
    assert files(folder)["a"] == b"new a"
