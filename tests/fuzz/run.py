"""`make fuzz`: atheris on each target, guided by the coverage of our own code.

    python tests/fuzz/run.py [--seconds N] [TARGET...]

Each target runs in a process of its own for its share of the seconds, from its seeds and the golden frames. An input
that breaks one, or takes longer than ten seconds, is kept in `tests/fuzz/corpus/TARGET/`; the tests run it from then on.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import atheris

HERE = Path(__file__).parent
SLOW_S = 10
INPUT_BYTES_MAX = 2_000
NAMES = ("frames", "worker_pipe", "people", "daemon", "crew", "agent", "broker")


def one(name: str, arguments: list[str]) -> None:
    """Fuzz one target here; ends the process."""
    with atheris.instrument_imports(include=["hydrad"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def all_of(names: list[str], seconds: int) -> int:
    """Each target for its share, one on each core at a time; the number of those that broke."""
    share_s = max(seconds // len(names), 1)
    broken = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, done in zip(names, pool.map(lambda name: _fuzzed(name, share_s), names), strict=True):
            stats = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
            count = stats[0].split()[-1] if stats else "?"
            print(f"{name:12} {count:>8} inputs  {'ok' if done.returncode == 0 else 'BROKEN'}", flush=True)
            if done.returncode:
                broken += 1
                print(done.stderr[-6_000:])
    return broken


def _fuzzed(name: str, share_s: int) -> subprocess.CompletedProcess[str]:
    """One target in a process of its own."""
    seeds = HERE / "corpus" / name
    seeds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        _golden(Path(work))
        limits = [
            f"-max_total_time={share_s}",
            f"-timeout={SLOW_S}",
            f"-max_len={INPUT_BYTES_MAX}",
            "-len_control=0",
        ]
        kept = [f"-artifact_prefix={seeds}/", "-print_final_stats=1", "-verbosity=0"]
        argv = [sys.executable, __file__, "--one", name, *limits, *kept, work, str(seeds)]
        return subprocess.run(argv, stderr=subprocess.PIPE, text=True, errors="replace")


def _golden(work: Path) -> None:
    """What to begin with: frames as they should be, and long inputs, which are many decisions."""
    for number in range(20):
        (work / f"long-{number}").write_bytes(random.Random(number).randbytes(INPUT_BYTES_MAX))
    for path in (HERE.parent / "link" / "golden").glob("*.hex"):
        (work / path.stem).write_bytes(bytes.fromhex(path.read_text()))


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description="coverage-guided fuzzing of every protocol's both ends")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing, for all of them together")
    asked = parser.parse_args()
    unknown = set(asked.targets) - set(NAMES)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}")
    return min(all_of(asked.targets or list(NAMES), asked.seconds), 1)


if __name__ == "__main__":
    sys.exit(main())
