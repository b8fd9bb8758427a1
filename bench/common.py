"""What the benches share: medians, the machine, the last line of JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.release(),
    }


def finish(name: str, figures: dict[str, float], ratios: dict[str, float]) -> None:
    """The last line of every bench."""
    rounded = {key: round(value, 3) for key, value in figures.items()}
    print(
        json.dumps(
            {
                "bench": name,
                "figures": rounded,
                "ratios": {k: round(v, 3) for k, v in ratios.items()},
                "machine": machine(),
            }
        )
    )
