"""Who can reach a home's files: looked at before each start. Owns the list of what must be private.

All findings are told at once, each with its path and the command that mends it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from hydrad.host.places import Places
from hydrad.host.secrets import BadSecret, check_closed, check_private


def check(places: Places, secrets: Mapping[str, Path]) -> None:
    """`secrets`: files that the configuration names, by their keys. Raises BadSecret with every finding. What does not
    exist yet is no finding: what needs it says so itself."""
    findings = [text for path in _private(places) if (text := _finding(path))]
    findings += [f"{key}: {text}" for key, path in secrets.items() if (text := _finding(path))]
    findings += _halt_findings(places.halt_file.parent)
    if findings:
        raise BadSecret("\n".join(findings))


def open_secrets(secrets: Mapping[str, Path]) -> list[str]:
    """One text for each that others can read, whoever asks; of one that they may not look at, nothing."""
    found = []
    for key, path in secrets.items():
        try:
            check_closed(path, path.stat())
        except OSError:
            continue
        except BadSecret as error:
            found.append(f"{key}: {error}")
    return found


def _private(places: Places) -> Iterator[Path]:
    """Folders and files that nobody but the owner may reach."""
    yield from (places.keys_dir, places.terminals_dir, places.broker_dir)
    yield from sorted(places.keys_dir.glob("*"))
    yield from sorted(places.terminals_dir.glob("*/bundle.toml"))
    yield from sorted(places.broker_dir.glob("*.toml"))
    yield places.journal


def _finding(path: Path) -> str:
    try:
        check_private(path, path.stat())
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    except BadSecret as error:
        return str(error)
    return ""


def _halt_findings(folder: Path) -> list[str]:
    """Group may write HALT there, strangers may neither write nor remove it."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return []
    if found.st_mode & stat.S_IWOTH:
        return [
            f"{folder} can be written by everybody (mode {stat.S_IMODE(found.st_mode):04o}): run chmod o-w {folder}"
        ]
    return []
