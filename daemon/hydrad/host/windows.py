"""Who can reach a file on Windows, where its mode tells nothing. Owns the reading of its access list.

The list is asked for as SDDL (learn.microsoft.com, "ACE strings"), which names the groups that everybody belongs to by
the same two letters in every language: WD everyone, BU users, AU authenticated users, AN anonymous, BG guests,
IU whoever sits there, NU whoever comes over the network.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = sys.platform == "win32"
_OTHERS = frozenset({"WD", "BU", "AU", "AN", "BG", "IU", "NU", "S-1-1-0", "S-1-5-32-545", "S-1-5-11"})
_ENTRY = re.compile(r"\((?P<kind>\w+);[^;]*;(?P<rights>[^;]*);[^;]*;[^;]*;(?P<who>[^;)]+)")
# Rights that change neither a file nor its list: read and execute, as generic, file, and single bits.
_READING = frozenset({"FR", "FX", "GR", "GX", "RC", "CC", "SW", "LO", "WP"})
_READING_MASK = 0xA012_00A9  # FILE_GENERIC_READ | FILE_GENERIC_EXECUTE | GENERIC_READ | GENERIC_EXECUTE
_ASK_S = 20.0


def others(sddl: str, *, writing: bool) -> list[str]:
    """Who, other than named users, administrators and the system, is let in by an access list: to `writing`, or at
    all. A list that is missing lets everybody in."""
    _, found, entries = sddl.partition("D:")
    if not found or "NO_ACCESS_CONTROL" in entries:
        return ["WD"]
    granted = [match for match in _ENTRY.finditer(entries) if match["kind"] == "A" and match["who"] in _OTHERS]
    return [match["who"] for match in granted if not writing or _writes(match["rights"])]


def problem(path: Path, *, writing: bool) -> str:
    """Who can read or write a file that should not, and the fix; empty where nobody can. Raises OSError where
    Windows does not tell."""
    found = others(_sddl(path), writing=writing)
    if not found:
        return ""
    fix = f'icacls "{path}" /inheritance:r /grant:r "%USERNAME%:F" "*S-1-5-18:F" "*S-1-5-32-544:F"'
    return f"{path} can be {'written' if writing else 'read'} by others ({', '.join(found)}): run {fix}"


def _writes(rights: str) -> bool:
    if rights.startswith("0x"):
        return bool(int(rights, 16) & ~_READING_MASK)
    return bool({rights[at : at + 2] for at in range(0, len(rights), 2)} - _READING)


def _sddl(path: Path) -> str:
    literal = str(path).replace("'", "''")
    words = ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", f"(Get-Acl -LiteralPath '{literal}').Sddl"]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=_ASK_S, check=True).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"its access list cannot be read: {error}") from None
