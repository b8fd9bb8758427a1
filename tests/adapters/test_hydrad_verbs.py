"""hydrad's own verbs: a module for each, and only the one that was asked for is imported."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydrad import __main__ as program
from hydrad import commands


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of what can be carried out."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for one in action.choices.values():
            yield from leaves(one)


@pytest.mark.parametrize("verb", program.VERBS)
def test_a_verb_is_the_module_of_its_name_and_answers_alone_as_among_all(verb: str) -> None:
    assert (Path(commands.__path__[0]) / f"{verb}.py").exists()
    alone, whole = (p._subparsers._group_actions[0].choices[verb] for p in (program.parser([verb]), program.parser()))
    assert alone.format_help() == whole.format_help()
    for one in leaves(alone):
        assert callable(one.get_default("work"))
        assert one.get_default("schema").startswith("hydra.") and one.get_default("schema").endswith("/v1")


def test_the_configuration_and_the_journal_wait_for_no_daemons_code(tmp_path: Path) -> None:
    """`hydractl config get` is this, and a person waits for it."""
    heavy = {"asyncio", "numpy", "hydrad.app", "hydrad.driver", "hydrad.toc.engine", "hydrad.home.making"}
    for words in (["config", "path"], ["config", "get", "risk.open_positions_max"], ["journal", "verify", "/none"]):
        code = (
            f"import sys; from hydrad.__main__ import main; main({words!r}); "
            f"print('HEAVY', *sorted(set(sys.modules) & {heavy!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "HYDRA_HOME": str(tmp_path)}, capture_output=True
        )
        assert done.stdout.decode().splitlines()[-1] == "HEAVY", (words, done)
