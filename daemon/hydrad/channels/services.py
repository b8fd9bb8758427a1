"""The carrier of other services (PagerDuty, Matrix, SMS, ...) by the optional library apprise: `pip install
'hydrax[apprise]'`.

The addresses, which hold secrets, stand in a file of their own, one a line. A letter has arrived when each of them has
taken it: where one has not, all get it again, and it says that it may be a repeat.
"""

from __future__ import annotations

import logging
from typing import Any

from hydrad.channels.carrying import Carried, lost
from hydrad.channels.mail import AGAIN, one_line, plain
from hydrad.channels.threads import Line, Threads
from hydrad.host.secrets import Secret
from hydrad.outbox.outcomes import Sent
from hydrad.outbox.store import Row

SERVICES_MAX = 20


class BadServices(ValueError):
    """The library is not there, or an address is none; the message has no address in it."""


class Services:
    """`urls`: apprise's addresses. Raises BadServices."""

    def __init__(self, urls: Secret, home: str, threads: Threads | None = None) -> None:
        self._home = home
        self._kept = _kept(urls)
        self._threads = threads or Threads("apprise")

    async def carry(self, row: Row) -> Carried:
        letter = row.letter
        title = f"[{self._home}] {letter.priority.name}"
        body = plain(letter.text) + (AGAIN if row.doubt_ns else "")

        def work(line: Line) -> Carried:
            failed = [
                index for index, one in enumerate(self._kept, 1) if not one.notify(body=body, title=one_line(title))
            ]
            if not failed:
                return Carried(Sent())
            return lost(f"not taken by address {', '.join(map(str, failed))} of {len(self._kept)}", reached=True)

        try:
            return await self._threads.run(work)
        except TimeoutError:
            return lost("a service took too long", reached=True)

    def close(self) -> None:
        self._threads.close()


def _kept(urls: Secret) -> list[Any]:
    try:
        import apprise
    except ImportError:
        raise BadServices("the apprise package is not installed: pip install 'hydrax[apprise]'") from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses, which hold secrets
    lines = [line.strip() for line in urls.reveal().splitlines() if line.strip() and not line.startswith("#")]
    if not 0 < len(lines) <= SERVICES_MAX:
        raise BadServices(f"the file has {len(lines)} addresses; it takes 1 to {SERVICES_MAX}, one a line")
    made = [apprise.Apprise.instantiate(line) for line in lines]
    bad = [str(index) for index, one in enumerate(made, 1) if one is None]
    if bad:
        raise BadServices(f"address {', '.join(bad)} is none that apprise knows")
    return made
