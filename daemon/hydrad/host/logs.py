"""The daemon's log: lines that can be sorted and merged, and levels that fall back by themselves.

A line is `2026-11-26T09:10:11.123Z LEVEL LOGGER TEXT`; what does not begin with an instant belongs to the line before.
What servers, brokers and people have written into a text begins no line, steers no terminal, and what looks like a
token in it is masked. Secrets of ours never get here (`host.secrets`); that is for those that others repeat to us.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time

# The parts whose level can be set, and their loggers. The daemon's own holds for all that have none of theirs.
SUBSYSTEMS = {
    "daemon": "hydrad",
    "surface": "hydrad.surface",
    "services": "hydrad.services",
    "jobs": "hydrad.jobs",
    "scheduler": "apscheduler",
    "hud": "uvicorn",
}
# Libraries that would tell of every step; only what is wrong there is of interest until somebody asks.
QUIET = ("apscheduler", "uvicorn")
LEVELS = ("debug", "info", "warning", "error")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")
_MASKED = (
    re.compile(r"(\d{6,12}:)[\w-]{30,}"),  # a bot's token, also within an address
    re.compile(r"(hash=)[0-9a-fA-F]{64}"),  # of initData
    re.compile(r"(bearer )[\w.-]{16,}", re.IGNORECASE),
)


class UtcFormatter(logging.Formatter):
    """Instants in UTC, with milliseconds and a `Z`."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        first, *more = harmless(super().format(record)).split("\n")
        return "\n".join([first, *(f"  {line}" if _INSTANT.match(line) else line for line in more)])


def harmless(text: str) -> str:
    """Without control characters but tabs and line ends, and with a mask where a token seems to stand."""
    plain = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    for pattern in _MASKED:
        plain = pattern.sub(r"\1(secret)", plain)
    return plain


def set_up(level: str) -> None:
    """Log to stderr, which whoever starts the process sends to a file."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(UtcFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def logger_of(subsystem: str) -> logging.Logger:
    return logging.getLogger(SUBSYSTEMS[subsystem])


class Levels:
    """Levels of subsystems, each back to what it was when its time is over."""

    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._before: dict[str, int] = {}

    def set(self, subsystem: str, level: str, for_s: float) -> str:
        """Set a level, for ever with `for_s` 0; gives the level it falls back to, or that it had."""
        logger = logger_of(subsystem)
        self._cancel(subsystem)
        before = self._before.setdefault(subsystem, logger.level)
        logger.setLevel(level.upper())
        shown = logging.getLevelName(before or logging.getLogger().getEffectiveLevel()).lower()
        if for_s:
            loop = asyncio.get_running_loop()
            self._timers[subsystem] = loop.call_later(for_s, self._fall_back, subsystem)
        else:
            del self._before[subsystem]
        return str(shown)

    def set_root(self, level: str) -> None:
        """The level of everything that has none of its own."""
        logging.getLogger().setLevel(level.upper())

    def close(self) -> None:
        for subsystem in list(self._timers):
            self._cancel(subsystem)

    def _fall_back(self, subsystem: str) -> None:
        self._timers.pop(subsystem)
        logger_of(subsystem).setLevel(self._before.pop(subsystem))

    def _cancel(self, subsystem: str) -> None:
        if timer := self._timers.pop(subsystem, None):
            timer.cancel()
