"""What a first look at a page fetches: each module that the first one needs is named by the page itself."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath

from hydrad.hud import files

IMPORT = re.compile(r'^import .* from "(\.[^"]+)";$', re.MULTILINE)
NAMED = re.compile(r'<(?:link rel="modulepreload" href|script type="module" src)="/static/([^"]+)"')


def needed(held: dict[str, files.Held], name: str, found: set[str]) -> set[str]:
    """A module and all that it imports."""
    if name not in found:
        found.add(name)
        for path in IMPORT.findall(held[name].plain.decode()):
            needed(held, normpath(join(dirname(name), path)), found)
    return found


def test_no_module_of_the_first_look_waits_for_another_to_be_read() -> None:
    held = files.read()
    named = NAMED.findall(held[files.INDEX].plain.decode())
    assert sorted(named) == sorted(needed(held, "main.js", set()))
