"""Which machine this is: a name that stays the same over restarts and is the same for every process on it.

It is drawn from the id that the system keeps of its own installation: machine-id(5) on Linux, on Windows the value
MachineGuid of HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography. The id itself is told to nobody, as machine-id(5)
asks: what leaves is a hash of it. A machine without such an id has no name. A network card's address is none: cards
come and go, and where there is none Python draws a random one at each start.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_REGISTRY_KEY, _REGISTRY_VALUE = r"SOFTWARE\Microsoft\Cryptography", "MachineGuid"
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LETTERS = 16


def name() -> str:
    """16 hexadecimal digits; empty where the system keeps no id of its installation: then the machine is not told."""
    return of(_registered()) if sys.platform == "win32" else written(_MACHINE_IDS)


def of(machine_id: str) -> str:
    """The name that an id gives; empty of what is no id, such as `uninitialized`."""
    if not _ID.fullmatch(machine_id):
        return ""
    return hashlib.sha256(f"hydra {machine_id}".encode()).hexdigest()[:_LETTERS]


def written(paths: Sequence[Path]) -> str:
    """The name that the first of these files with an id in it gives; else empty."""
    return next(filter(None, map(of, map(_text, paths))), "")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _registered() -> str:
    """The 64-bit view's value, whichever Python asks."""
    if sys.platform != "win32":
        return ""
    import winreg

    try:
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _REGISTRY_KEY, 0, access) as key:
            value, _ = winreg.QueryValueEx(key, _REGISTRY_VALUE)
    except OSError:
        return ""
    return str(value).strip()
