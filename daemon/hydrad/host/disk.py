"""A disk that takes no more: which errors say so, and in what words. What must be durable and is not ends the daemon,
since nothing may be shown as done that a restart would not know of; the end is a plain sentence, no traceback."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import apsw

_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
_SQLITE = (apsw.FullError, apsw.IOError, apsw.ReadOnlyError)
KINDS = (OSError, apsw.Error)  # among these are they to be looked for
HINT = "free some space there, look at the disk, then start it again: what was shown as done is in the journal"


def failure(error: BaseException) -> str:
    """What a failed write says, in words; empty for every other error."""
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        where = f" {error.filename}" if error.filename else ""
        return f"cannot write{where}: {error.strerror}"
    if isinstance(error, _SQLITE):
        return f"cannot write the journal: {error}"
    return ""


def free_bytes(folder: Path) -> int:
    """What may still be written there without being root. Raises OSError."""
    return shutil.disk_usage(folder).free
