"""docs/market-files.md: a file is read by its tables alone, with nothing of ours."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hydrad.market import stored, tickfile
from hydrad.market.layouts import Bars
from hydrad.market.series import Series
from tests.market.conftest import START_MS, batch, tick

pytestmark = pytest.mark.source
PAGE = Path(__file__).parents[2] / "docs" / "market-files.md"


def table(title: str, part: int = 0) -> dict[str, tuple[int, int]]:
    """Meaning -> offset and size, of a table by its heading."""
    found = PAGE.read_text().split(f"| at | size | {title} |\n|---|---|---|\n")[part + 1].split("\n\n")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ([a-zA-Z0-9 -]+)", found, re.MULTILINE)
    return {words.split(",")[0].strip(): (int(at), int(size)) for at, size, words in rows}


def number(data: bytes, where: tuple[int, int], signed: bool = True) -> int:
    at, size = where
    return int.from_bytes(data[at : at + size], "little", signed=signed)


def blocks(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    head, at = table("block"), 64
    while at < len(data):
        size = number(data[at:], head["bytes of payload"], signed=False)
        whole = data[at : at + 32 + size]
        assert whole[:4] == b"HXB1" and number(whole, (4, 4), signed=False) == zlib.crc32(whole[8:])
        yield number(whole, (8, 1), signed=False), whole[32:], number(whole, (24, 8))
        at += 32 + size


def test_a_recording_is_read_from_the_page(tmp_path: Path) -> None:
    one = Series(tmp_path, "EURUSD")
    one.add([batch(tick(1500), tick(1750, 138_600))])
    one.close()
    data = tickfile.days(tmp_path)[0].read_bytes()
    head, record = table("header"), table("record")
    assert data[:8] == b"HXTICKS\0" and number(data, head["version"]) == 1
    assert data[24:60].rstrip(b"\0") == b"EURUSD" and number(
        data, head["CRC-32 of bytes 0 to 59"], False
    ) == zlib.crc32(data[:60])
    (kind, source, _), (ticks, payload, received_ms) = blocks(data)
    assert (kind, ticks) == (2, 1) and source[:2] == bytes([5, 0]) and source[2:].rstrip(b"\0") == b"alpha"
    rows = [payload[at : at + 24] for at in range(0, len(payload), 24)]
    midnight_ms = number(data, (12, 4)) * 86_400_000
    times = [midnight_ms + number(row, (0, 4), signed=False) for row in rows]
    assert times == [START_MS + 1500, START_MS + 1750] and received_ms == START_MS + 900
    assert [number(row, record["bid"]) for row in rows] == [138_500, 138_600]
    assert [number(row, record["ask"]) for row in rows] == [138_510, 138_610]


def test_bars_are_read_from_the_page() -> None:
    bars = Bars("XAUUSD", 60, 3, "both", np.array([3_600_000]), np.arange(8).reshape(1, 8) + 1, np.array([77]))
    data = stored.encode_bars(bars)
    head = table("header", part=1)
    assert data[:8] == b"HXBARS\0\0" and number(data, head["bars in the file"]) == 1
    assert (number(data, head["minutes of a bar"]), number(data, head["digits"]), number(data, (11, 1))) == (60, 3, 3)
    assert number(data, (60, 4), False) == zlib.crc32(data[:60]) and data[20:56].rstrip(b"\0") == b"XAUUSD"
    [(kind, payload, _)] = blocks(data)
    values = [number(payload, (at, 8)) for at in range(0, 80, 8)]
    assert (kind, values) == (3, [3_600_000, 1, 2, 3, 4, 5, 6, 7, 8, 77])
