"""Where imports came from: a JSON file beside the data, without which data is no import. Owns its shape and name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydrad.domain.instants import ms_text, ns_text
from hydrad.market import tickfile
from hydrad.market.change import New
from hydrad.market.layouts import Parsed
from hydrad.market.server_clock import HOUR_MS, Clock

IMPORTED = "imported"
SUFFIX = ".provenance.json"
Told = dict[str, Any]


def folder_of(market: Path, source: str, symbol: str) -> Path:
    return market / IMPORTED / tickfile.folder_name(source) / tickfile.folder_name(symbol)


def every(market: Path) -> Iterator[tuple[Path, Told]]:
    """Every import that is whole, in the order of their names."""
    for path in sorted((market / IMPORTED).glob(f"*/*/*{SUFFIX}")):
        yield path, json.loads(path.read_text())


def of_folder(folder: Path) -> list[tuple[str, Told]]:
    """Those of one source's symbol, by their file's name."""
    return [(path.name, json.loads(path.read_text())) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def name_of(parsed: Parsed) -> str:
    return f"{parsed.layout}-{parsed.sha256[:12]}{SUFFIX}"


def file_of(name: str, told: Told) -> New:
    text = (json.dumps(told, indent=1) + "\n").encode()
    return New(name, lambda: text, lambda path: path.read_bytes() == text)


def of_import(
    parsed: Parsed,
    files: Sequence[tuple[str, int]],
    rows_out: int,
    clock: Clock,
    now_ns: int,
    licence: str | None,
    sides: str,
) -> Told:
    """What is kept beside the data."""
    return {
        "file": parsed.path.name,
        "sha256": parsed.sha256,
        "imported_at": ns_text(now_ns),
        "source": parsed.source,
        "symbol": parsed.data.symbol,
        "layout": parsed.layout,
        "digits": parsed.data.digits,
        "sides": sides,
        "rows": sum(rows for _, rows in files),
        "rows_out": rows_out,
        "files": [{"name": name, "rows": rows} for name, rows in files],
        "clock": clock_view(clock),
        "licence": licence,
    }


def rest_of(told: Told, files: Sequence[tuple[str, int]], replaced: Sequence[Told]) -> Told:
    """What stays of an import whose other rows were replaced."""
    rows = sum(count for _, count in files)
    named = [{"name": name, "rows": count} for name, count in files]
    return {**told, "rows": rows, "files": named, "replaced": [*told.get("replaced", ()), *replaced]}


def clock_view(clock: Clock) -> Told:
    """`measured`: spans of one offset, on the server's clock. `unmeasured`: weeks that stayed out, by their reason."""
    reasons: dict[str, int] = {}
    for week in clock.unmeasured:
        reasons[week.why] = reasons.get(week.why, 0) + 1
    return {
        "is": f"measured against {clock.by}" if clock.by else "UTC, by its source",
        "measured": [
            {
                "offset_h": span.offset_ms / HOUR_MS,
                "from": ms_text(span.from_ms, 0).rstrip("Z"),
                "to": ms_text(span.to_ms, 0).rstrip("Z"),
                "weeks": span.weeks,
                "confidence": round(span.confidence, 3),
            }
            for span in clock.spans
        ],
        "unmeasured": reasons,
    }
