"""What is kept of a self-test: one JSON file in the state folder beside the bundle, and what is told of the newest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from hydrad.domain.instants import ns_text
from hydrad.host import keys
from hydrad.link.frames import Identity
from hydrad.terminal.selftest.compare import Difference
from hydrad.terminal.selftest.script import Step

VERSION = 1
FOLDER = "selftest"
BYTES_MAX = 1 << 20


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at`: UTC, when it ended. `identity`: of the terminal that was tested. `digest`: SHA-256 of everything else, so
    that a report that was edited shows. `passed`: all steps went as they must, nothing that is judged differs, and
    nothing was left behind."""

    version: int
    at: str
    agent_version: str
    account: str
    identity: Identity
    symbol: str
    passed: bool
    problems: list[str]
    differences: list[Difference]
    terminal: list[Step]
    simulated: list[Step]
    digest: str = ""

    def sealed(self) -> Report:
        """With its digest."""
        return msgspec.structs.replace(self, digest=self._sum())

    @property
    def intact(self) -> bool:
        return self.digest == self._sum()

    def _sum(self) -> str:
        bare = msgspec.structs.replace(self, digest="")
        return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()


def save(bundle: Path, report: Report, now_ns: int) -> Path:
    """Keep it beside the bundle, under the instant of its end; earlier ones stay."""
    folder = bundle.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{ns_text(now_ns, 0).replace(':', '')}.json"
    keys.write_secret(path, msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return path


def newest(bundle: Path) -> Report | None:
    """The last report beside a bundle that is whole; None when there is none."""
    for path in sorted((bundle.parent / FOLDER).glob("*.json"), reverse=True):
        if path.stat().st_size > BYTES_MAX:
            continue
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Report)
        except (OSError, msgspec.MsgspecError):
            continue
        if found.version == VERSION and found.intact:
            return found
    return None
