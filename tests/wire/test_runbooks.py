"""Every code that can ring has a runbook, and its first line can be acted upon."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

import hydrad.toc
from hydrad.wire.codes import Finding
from hydrad.wire.runbooks import NO_RUNBOOK, RUNBOOKS, Runbook, Severity, page, runbook

CORE = Path(hydrad.toc.__path__[0])
RAISES = {"alarm", "_judge"}  # the functions of the core whose argument is an alarm's code


def constants_of(tree: ast.Module) -> dict[str, object]:
    """Names that a module binds to constants: `A = "x"`, `A, B = "x", "y"`."""
    found: dict[str, object] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        names, values = node.targets[0], node.value
        pairs = [(names, values)]
        if isinstance(names, ast.Tuple) and isinstance(values, ast.Tuple):
            pairs = list(zip(names.elts, values.elts, strict=True))
        found |= {n.id: v.value for n, v in pairs if isinstance(n, ast.Name) and isinstance(v, ast.Constant)}
    return found


def codes_of_the_core() -> set[str]:
    """What the core's sources hand to `alarm` and `_judge`: literals, and constants of any of its modules."""
    found = set()
    trees = [ast.parse(path.read_text()) for path in sorted(CORE.rglob("*.py"))]
    constants = {name: value for tree in trees for name, value in constants_of(tree).items()}
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for argument in node.args[:2] if name in RAISES else ():
                if isinstance(argument, ast.Constant):
                    found.add(argument.value)
                elif isinstance(argument, ast.Name) and argument.id in constants:
                    found.add(constants[argument.id])
    return {code for code in found if isinstance(code, str) and code.isupper()}


@pytest.mark.source
def test_the_page_is_current() -> None:
    path = Path(__file__).parents[2] / "docs" / "runbooks.md"
    if os.environ.get("HYDRA_REGENERATE"):
        path.write_text(page())
    assert path.read_text() == page(), "run again with HYDRA_REGENERATE=1"


def test_the_sources_are_read() -> None:
    assert {"ACT_UNKNOWN", "TERMINAL_LOST", "FEED_SILENT", "UNPROTECTED"} <= codes_of_the_core()


@pytest.mark.parametrize("code", sorted(codes_of_the_core() | set(Finding.__members__) | {"ALARMS_FULL"}))
def test_every_code_has_a_runbook(code: str) -> None:
    assert code in RUNBOOKS, f"write what to do when {code} rings, in hydrad/wire/runbooks.py"


@pytest.mark.parametrize("code", sorted(RUNBOOKS))
def test_a_runbook_says_first_what_to_do_now(code: str) -> None:
    first = RUNBOOKS[code].lines[0]
    assert 20 <= len(first) <= 118 and first[0].isupper() and first.endswith((".", "?"))
    assert not first.startswith(("The ", "A ", "An "))


@pytest.mark.parametrize("finding", Finding)
def test_what_rings_is_an_alarm_and_what_does_not_may_be_a_warning(finding: Finding) -> None:
    assert isinstance(RUNBOOKS[finding.name], Runbook)
    assert RUNBOOKS[finding.name].severity in Severity


def test_a_code_of_an_older_journal_has_none_of_its_own() -> None:
    assert runbook("LONG_GONE") is NO_RUNBOOK
    assert runbook("ACT_UNKNOWN") is RUNBOOKS["ACT_UNKNOWN"]
