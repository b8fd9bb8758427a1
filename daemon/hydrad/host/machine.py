"""Which machine this is: a name that stays the same over restarts and is the same for every process on it.

The machine's own id is not told to anybody (machine-id(5) asks for that): what leaves is a hash of it.
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

_MACHINE_ID = Path("/etc/machine-id")
_LETTERS = 16


def name(path: Path = _MACHINE_ID) -> str:
    """16 hexadecimal digits; from the machine's id, where there is none (Windows) from its network card's."""
    try:
        known = path.read_text().strip()
    except OSError:
        known = ""
    return hashlib.sha256(f"hydra {known or uuid.getnode()}".encode()).hexdigest()[:_LETTERS]
