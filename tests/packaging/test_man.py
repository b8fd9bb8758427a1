"""The manual pages: current, complete, and understood by mandoc."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hydractl import verbs
from hydractl.diagnostics import ExitCode
from hydrad.config import KEYS
from hydrad.wire.codes import Finding, Reason

ROOT = Path(__file__).parents[2]
PAGES = ("hydractl.1", "hydrad.8", "hydra-terminal.8", "hydra-config.5", "hydra-link.7")
BEGIN = ["NAME", "SYNOPSIS", "DESCRIPTION"]
END = ["ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"]
pytestmark = pytest.mark.source


def source(page: str) -> str:
    return (ROOT / "man" / page).read_text()


def plain(page: str) -> str:
    """A page's words without macros and escapes."""
    text = re.sub(r"\\[&e-]|\\\(..|\"", lambda found: "-" if found[0] == "\\-" else "", source(page))
    text = re.sub(r"\bFl (\S+)", r"-\1", text)
    return " ".join(text.split())


def test_made_again_they_are_the_same() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "man/make.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_has_nothing_to_say(page: str, tmp_path: Path) -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(ROOT / "man" / page)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    (tmp_path / page).write_text(source(page).replace(".Sh FILES", ".Sh FILES\n.Bogus x"))
    assert subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(tmp_path / page)], capture_output=True).returncode != 0


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_what_a_person_looks_for(page: str) -> None:
    sections = re.findall(r"^\.Sh (.*)$", source(page), re.MULTILINE)
    assert sections[:3] == BEGIN and sections[-4:] == END
    assert source(page).index(".Ss Examples") < source(page).index(".Sh", source(page).index(".Sh DESCRIPTION") + 1)
    assert "See the text" not in source(page)


def test_every_verb_and_option_is_in_hydractl() -> None:
    text = plain("hydractl.1")
    for name in (*verbs.MODULES, *verbs.HANDED_OVER):
        assert re.search(rf"\.It Cm {re.escape(name)}(?= )", text), name
    for name in verbs.MODULES:
        begin = re.search(rf"\.It Cm {re.escape(name)} ", text)
        assert begin is not None
        entry = text[begin.start() : text.find(".It Cm ", begin.end())]
        for param in verbs.load(name).params:
            for decl in (word for d in param.decls for word in d.split("/")):
                assert f"{decl} " in entry, (name, decl)
    for param in verbs.GLOBALS:
        assert all(f"{word} " in text for decl in param.decls for word in decl.split("/"))


def test_every_code_and_key_is_in_its_page() -> None:
    for page in ("hydractl.1", "hydrad.8"):
        for code in ExitCode:
            assert f".It {code.value} {code.name} " in plain(page)
    for code in (*Reason, *Finding):
        assert f".It Er {code.name}" in plain("hydractl.1"), code
    for key in KEYS.values():
        assert f".It Ic {key.name} " in plain("hydra-config.5"), key.path
