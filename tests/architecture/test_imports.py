"""The dependency rule, read from the source and seen at run time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("domain", "wire", "link", "venue", "toc", "agent", "apex")
FOREIGN = ("asyncio", "zmq", "apsw", "sqlite3")
CLOCKS = (ROOT / "daemon" / "hydrad" / "host" / "clock.py", ROOT / "hydractl" / "clock.py")
WRITERS = {ROOT / "hydractl" / "output.py", ROOT / "hydractl" / "diagnostics.py"}
SOURCES = sorted([*(ROOT / "daemon" / "hydrad").rglob("*.py"), *(ROOT / "hydractl").rglob("*.py")])


@pytest.mark.source
def test_import_contracts() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def loaded_after(package: str) -> set[str]:
    """Top-level modules of a fresh interpreter that has imported a package and all its modules."""
    code = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module('hydrad.{package}')\n"
        "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(' '.join({name.partition('.')[0] for name in sys.modules}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


@pytest.mark.parametrize("package", CORE)
def test_the_core_loads_nothing_that_does_io(package: str) -> None:
    loaded = loaded_after(package)
    assert not loaded & set(FOREIGN)
    assert package == "apex" or "numpy" not in loaded


def test_the_daemon_loads_what_a_service_needs_only_with_the_service() -> None:
    code = "import sys, hydrad.app; print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert not set(ran.stdout.split()) & {"starlette", "uvicorn", "apscheduler", "anyio", "telegram", "httpx"}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain of names, else the text of the source."""
    return ast.unparse(node)


def clock_reads(tree: ast.AST) -> list[int]:
    """Lines that read a host clock's date: `datetime.now`, `date.today`, `time.time` and their kin."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = dotted(node.value).rpartition(".")[2]
            of_date = owner in ("datetime", "date", "dt") and node.attr in ("now", "utcnow", "today")
            of_time = owner == "time" and node.attr in ("time", "time_ns")
            if of_date or of_time:
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            lines += [node.lineno for name in node.names if name.name in ("time", "time_ns")]
    return lines


def prints(tree: ast.AST) -> list[int]:
    """Lines that print."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) in ("print", "pprint", "pprint.pprint")
    ]


def test_the_rules_below_can_fail() -> None:
    guilty = "import datetime as dt\nfrom time import time\ndt.datetime.now(dt.UTC)\ntime.time()\nprint(1)\n"
    assert (clock_reads(ast.parse(guilty)), prints(ast.parse(guilty))) == ([2, 3, 4], [5])
    innocent = "import time\ntime.monotonic()\nmarket.now()\nself.print(1)\n"
    assert (clock_reads(ast.parse(innocent)), prints(ast.parse(innocent))) == ([], [])


@pytest.mark.source
def test_one_file_reads_the_clock() -> None:
    found = {
        str(path.relative_to(ROOT)): clock_reads(ast.parse(path.read_text())) for path in SOURCES if path not in CLOCKS
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.source
def test_two_files_print() -> None:
    found = {
        str(path.relative_to(ROOT)): prints(ast.parse(path.read_text())) for path in SOURCES if path not in WRITERS
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_signed_number_is_written_with_a_negative_zero() -> None:
    """`:+z.2f` and not `:+.2f`: what rounds to nothing is not a loss."""
    found = [
        f"{path.relative_to(ROOT)}: {spec.value}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for spec in node.format_spec.values
        if isinstance(spec, ast.Constant) and str(spec.value).startswith("+") and "." in str(spec.value)
        and "z" not in str(spec.value)
    ]  # fmt: skip
    assert found == []
