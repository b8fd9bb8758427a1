"""How many descriptors this process may have, and how many of them connections from outside may take.

Whoever connects takes a descriptor that a journal, a terminal's socket or a log may need. So connections get what is
left of the limit (RLIMIT_NOFILE, getrlimit(2)) after a reserve, and the limit is raised as far as it may be.
"""

from __future__ import annotations

import sys

RESERVE = 384


def for_connections(wanted: int) -> int:
    """How many connections there may be at once: `wanted`, or what the limit leaves; at least 1."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(min(wanted, soft - RESERVE), 1)
