"""A person's own keys and theme: `tui.toml`, beside the home's `config.toml`.

Owns the file's form. It is read at the start, and never written: `[keys]` names an action by its id, as `?` shows them,
with the key or keys (with commas) that do it; `theme` is a name of those that the palette lists.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydractl.diagnostics import Failure
from hydractl.places import Places

NAME = "tui.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """`keys`: action id -> keys. `theme` None: the terminal's own colours."""

    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None


def path_of(places: Places) -> Path:
    return Path(os.path.dirname(places.config)) / NAME  # noqa: PTH120


def read(places: Places, ids: Collection[str], themes: Collection[str]) -> Settings:
    """What the file says; without one, nothing is set. Raises Failure USAGE for what it does not know."""
    path = path_of(places)
    try:
        told = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure("USAGE", f"{path}: {error}") from None
    _known(path, told, ("keys", "theme"), "setting")
    keys, theme = told.get("keys", {}), told.get("theme")
    if not isinstance(keys, dict) or not all(isinstance(key, str) and key for key in keys.values()):
        raise Failure("USAGE", f"{path}: [keys] has an action and a key on each line, such as halt = 'ctrl+x'")
    _known(path, keys, ids, "action")
    if theme is not None and theme not in themes:
        raise Failure("USAGE", f"{path}: no theme is named {theme!r}", f"there are {', '.join(sorted(themes))}")
    return Settings(keys, theme)


def _known(path: Path, told: Mapping[str, Any], known: Collection[str], what: str) -> None:
    strange = [name for name in told if name not in known]
    if strange:
        raise Failure("USAGE", f"{path}: no {what} is named {strange[0]!r}", f"there are {', '.join(sorted(known))}")
