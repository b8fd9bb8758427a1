"""The support bundle: what a helper needs to see, and nothing that they must not.

No file with a secret goes in, and every text that does is searched for the secrets that this user can read; account
numbers are masked unless they are asked for. Each part says so where it could not be had.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from hydractl.clock import now_ns
from hydractl.diagnostics import Failure
from hydractl.handover import hydrad_command
from hydractl.session import Session
from hydractl.verbs import flag, option, verb
from hydrad.domain.instants import SECOND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LOG_BYTES = 256 << 10
PART_BYTES_MAX = 4 << 20
VERIFY_S = 120
RECORDS = 200
QUERIES = (
    "status",
    "config.show",
    "accounts",
    "terminals",
    "alarms",
    "positions",
    "orders",
    "fires",
    "missions",
    "ticks",
    "symbols",
    "changes",
)
MASKED = "(masked)"
_SECRET = re.compile(r"^\s*(?:secret|curve_secret|password)\s*=\s*[\"'](.+)[\"']\s*$", re.MULTILINE)
_LOGIN = re.compile(r"^\s*login\s*=\s*(\d+)\s*$", re.MULTILINE)


@verb(
    "support bundle",
    "support_bundle",
    option("--to", "The file to write; by default one in the home's folder support.", metavar="FILE"),
    flag("--with-accounts", "Leave account numbers as they are."),
)
def support_bundle(session: Session, to: str | None, with_accounts: bool) -> int:
    """Write versions, configuration, status, log ends and findings into one file, without secrets."""
    hidden = _Hidden(Path(session.places.state), with_accounts)
    parts = {name: hidden.scrub(text) for name, text in _parts(session, hidden)}
    target = _target(session, to)
    _write(target, parts)
    facts = {"path": str(target), "parts": sorted(parts), "accounts_masked": not with_accounts}

    def people(data: Any) -> None:
        session.out.line(data.path)
        note = "account numbers are masked" if data.accounts_masked else "account numbers are in it"
        session.talk.note(f"{len(data.parts)} parts, no secrets, {note}; read it before you send it")

    return session.present(session.local(facts), people)


class _Hidden:
    """What must not be in the bundle: the secrets of this home's files, and the numbers of its accounts."""

    def __init__(self, state: Path, with_accounts: bool) -> None:
        self._with_accounts = with_accounts
        self.words: dict[str, str] = {}
        files = (*state.glob("keys/*"), *state.glob("terminals/*/bundle.toml"), *state.glob("broker/*.toml"))
        for text in filter(None, map(_readable, files)):
            self.words |= {secret: "(secret)" for secret in _SECRET.findall(text) if len(secret) > 5}
            for login in _LOGIN.findall(text):
                self.account(login)

    def account(self, number: object) -> None:
        if not self._with_accounts and number:
            self.words[str(number)] = MASKED

    def scrub(self, text: str) -> str:
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(word, self.words[word])
        return text


def _parts(session: Session, hidden: _Hidden) -> Iterator[tuple[str, str]]:
    yield "versions.txt", _versions()
    answers = [(name, _answer(session, name)) for name in QUERIES]
    for name, answer in answers:
        for row in answer.get("data") or () if name == "accounts" else ():
            hidden.account(row.get("login"))
    for name, answer in answers:
        yield f"{name}.json", json.dumps(answer, indent=1) + "\n"
    yield "records.ndjson", _records(session)
    for path in (Path(session.places.config), *sorted(Path(session.places.config).parent.glob("conf.d/*.toml"))):
        yield f"config/{path.name}", _tail(path)
    yield "config-check.txt", _hydrad("config", "check")
    yield "journal-verify.txt", _hydrad("journal", "verify")
    yield "files.txt", _files(session)
    for folder in (Path(session.places.state) / "log", Path(session.places.run), Path(session.places.state)):
        for path in sorted(folder.glob("*.log")):
            yield f"log/{folder.name}-{path.name}", _tail(path)


def _answer(session: Session, query: str) -> dict[str, Any]:
    try:
        answer: Any = session.client.query(query)
    except Failure as failure:
        return session.failed(failure)
    return dict(answer)


def _records(session: Session) -> str:
    """The last records of the journal, as `tail` tells them."""
    try:
        events: Any = list(session.client.events(False, lambda seq: None, last=RECORDS))
    except Failure as failure:
        events = [session.failed(failure)]
    return "".join(json.dumps(dict(event)) + "\n" for event in events)


def _versions() -> str:
    import importlib.metadata

    lines = [f"hydrax {importlib.metadata.version('hydrax')}", f"python {sys.version}", platform.platform()]
    for name in ("apsw", "msgspec", "numpy", "pyzmq", "typer", "tzdata"):
        lines.append(f"{name} {importlib.metadata.version(name)}")
    return "\n".join(lines) + "\n"


def _hydrad(*words: str) -> str:
    """What a verb without a daemon says, and how it ended."""
    try:
        done = subprocess.run(
            [*hydrad_command(), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=VERIFY_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {VERIFY_S} s\n"
    return f"{done.stdout}{done.stderr}exit {done.returncode}\n"


def _files(session: Session) -> str:
    """Mode, size and age of every file of the home; names only, no contents."""
    lines = []
    for base in dict.fromkeys((session.places.state, session.places.run)):
        for path in sorted(Path(base).rglob("*")):
            try:
                found = path.lstat()
            except OSError:
                continue
            written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.st_mtime))
            lines.append(f"{found.st_mode:06o} {found.st_uid} {found.st_size:>12} {written} {path}")
    return "\n".join(lines) + "\n"


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - LOG_BYTES, 0))
            return file.read(PART_BYTES_MAX).decode(errors="replace")
    except OSError as error:
        return f"{path}: {error.strerror}\n"


def _readable(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _target(session: Session, to: str | None) -> Path:
    if to:
        return Path(to)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ns() // SECOND))
    folder = Path(session.places.state)
    folder = folder / "support" if os.access(folder, os.W_OK) else Path.cwd()
    return folder / f"hydrax-support-{stamp}.tar.gz"


def _write(target: Path, parts: dict[str, str]) -> None:
    """All parts under one folder, in a file of mode 0600; one that is there already is left alone."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Failure("FAILED", f"{target} cannot be written: {error.strerror}") from None
    with os.fdopen(fd, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in sorted(parts.items()):
            data = text.encode(errors="replace")[-PART_BYTES_MAX:]
            entry = tarfile.TarInfo(f"{target.name.partition('.')[0]}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), now_ns() // SECOND, 0o600
            archive.addfile(entry, io.BytesIO(data))
