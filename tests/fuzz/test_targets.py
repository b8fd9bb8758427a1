"""Hypothesis on every target, and every input that has ever broken one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import SEEDS, TARGETS

pytestmark = pytest.mark.source
GOLDEN = [
    bytes.fromhex(path.read_text()) for path in sorted((Path(__file__).parents[1] / "link" / "golden").glob("*.hex"))
]
FOUND = sorted(path for path in SEEDS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_has_broken_a_target_breaks_it_no_more(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """A golden frame with some bytes of it changed."""
    changes = st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=5)

    def made(edits: list[tuple[int, int]]) -> bytes:
        copy = bytearray(data)
        for at, byte in edits:
            copy[at] = byte
        return bytes(copy)

    return changes.map(made)


@pytest.mark.parametrize("name", ["frames", "worker_pipe", "people", "broker"])
def test_any_bytes_are_taken_or_refused(name: str) -> None:
    @settings(max_examples=300)
    @given(st.one_of(st.binary(max_size=400), st.sampled_from(GOLDEN).flatmap(damaged)))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


@pytest.mark.parametrize("name", ["daemon", "crew", "agent"])
def test_whatever_the_other_side_says_breaks_nothing(name: str) -> None:
    @settings(max_examples=150)
    @given(
        st.one_of(st.binary(max_size=1_500), st.integers(0, 1 << 32).map(lambda n: random.Random(n).randbytes(2_000)))
    )
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()
