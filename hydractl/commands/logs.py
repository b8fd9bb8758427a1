"""The logs of daemon, broker and agents, read from their files: no daemon is needed. And the level of a part's log.

A line is `INSTANT LEVEL LOGGER TEXT`; lines that do not begin with an instant belong to the one before (a trace).
Files are merged by their instants.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from pathlib import Path

from hydractl.clock import now_ns
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column
from hydractl.session import Session, as_view, seconds
from hydractl.verbs import argument, flag, option, verb
from hydrad.domain.instants import MS, BadInstant, ns_text, parse_duration_ns, parse_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from hydrad.wire.answers.daemon import LogLevelData

LEVELS = ("debug", "info", "warning", "error", "critical")
LINES = 200
POLL_S = 0.25
LINE_BYTES_MAX = 1 << 16
ROWS_MAX = 100_000
FILE_BYTES_MAX = 32 << 20
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([A-Z]+) ([\w.]+) (.*)", re.DOTALL)
_ROOT = "hydrad"
_HINT = "hydractl up makes one; under systemd: journalctl -u hydrad"
LOGS = (
    Column("AT", "at"),
    Column("SOURCE", "source"),
    Column("LEVEL", "level"),
    Column("LOGGER", "logger"),
    Column("TEXT", "text"),
)


@verb(
    "logs",
    "logs",
    argument("service", "A file (hydrad, broker, an agent) or a part of the daemon (services, hud).", required=False),
    flag("--follow -f", "Go on as lines come."),
    option("--lines -n", "The last so many.", name="last", form=int, default=LINES, metavar="N"),
    option("--since", "From so long ago (10m), or from an instant.", metavar="WHEN"),
    option("--level", "This level and worse.", choices=LEVELS),
    option("--grep", "Only with this regular expression, in any case of letters.", metavar="RE"),
)
def logs(
    session: Session,
    service: str | None,
    follow: bool,
    last: int,
    since: str | None,
    level: str | None,
    grep: str | None,
) -> int:
    """What the daemon, the simulated broker and the agents have logged on this host."""
    wanted = _filter(service, since, level, grep)
    files = [_File(path) for path in _paths(session)]
    if not files:
        raise Failure("NOT_FOUND", f"no log in {session.places.run} or {session.places.state}", _HINT)
    _check_service(service, files, session)
    rows = deque((row for row in _merged(files) if wanted(row)), maxlen=max(0, min(last, ROWS_MAX)))
    if not follow and session.machine:
        return session.rows(session.local(list(rows)), LOGS, "no line", heading=False)
    for row in rows:
        _show(session, row)
    if not rows:
        session.talk.note("no line")
    session.out.flush()
    return _follow(session, files, wanted) if follow else ExitCode.DONE


def _show(session: Session, row: Any) -> None:
    """A line as it stands in its file, with the file's name before it."""
    out = session.out
    if out.form == "json":
        out.json(row)
    elif out.form == "tsv":
        out.tsv(LOGS, (as_view(row),), heading=False)
    elif row["at"] is None:
        out.line(f"{row['source']}: {row['text']}")
    else:
        style = "bad" if row["level"] in ("ERROR", "CRITICAL") else "warn" if row["level"] == "WARNING" else None
        text = f"{row['level']} {row['logger']} {row['text']}"
        out.line(f"{out.instant(row['at'])} {row['source']}: {out.paint(text, style)}")


# --- files ----------------------------------------------------------------------------------------------


def _paths(session: Session) -> list[Path]:
    """The daemon's log where `up` puts it, then those of the state folder, each after its predecessor."""
    run, state = Path(session.places.run), Path(session.places.state)
    found = [run / "hydrad.log", state / "hydrad.log", *sorted((state / "log").glob("*.log"))]
    return [path for path in found if path.exists()]


class _File:
    """One log and its predecessor (`.1`). Owns how far it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.stem
        self._inode = 0
        self._at = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """Everything in it, oldest first."""
        older = self.path.with_name(self.path.name + ".1")
        for path in (older, self.path):
            try:
                with path.open("rb") as file:
                    _skip_to_last(file)
                    yield from _parsed(self.source, file)
                    if path == self.path:
                        self._inode, self._at = os.fstat(file.fileno()).st_ino, file.tell()
            except FileNotFoundError:
                continue
            except PermissionError:
                raise Failure("FORBIDDEN", f"{path} cannot be read by this user", "ask who runs the daemon") from None

    def more(self) -> Iterator[dict[str, Any]]:
        """What came since; a file that was replaced or cut is read from its start."""
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
                if stat.st_ino != self._inode or stat.st_size < self._at:
                    self._inode, self._at = stat.st_ino, 0
                file.seek(self._at)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return
        if whole:
            self._at += len(whole) + 1
            yield from _parsed(self.source, whole.split(b"\n"))


def _skip_to_last(file: Any) -> None:
    """Of a file that grew beyond reason its end is read, from the start of a line."""
    size = os.fstat(file.fileno()).st_size
    if size > FILE_BYTES_MAX:
        file.seek(size - FILE_BYTES_MAX)
        file.readline()


def _parsed(source: str, lines: Any) -> Iterator[dict[str, Any]]:
    row: dict[str, Any] | None = None
    for raw in lines:
        text = raw[:LINE_BYTES_MAX].decode(errors="replace").rstrip("\r\n")
        found = _LINE.fullmatch(text)
        if found is None and row is not None and row["at"] is not None:
            row["text"] += "\n" + text
            continue
        if row is not None:
            yield row
        at, level, logger, said = found.groups() if found else (None, None, None, text)
        row = {"source": source, "at": at, "level": level, "logger": logger, "text": said}
    if row is not None:
        yield row


def _merged(files: list[_File]) -> list[dict[str, Any]]:
    """By instant; what has none stands where its file has it."""
    keyed: list[tuple[tuple[str, int, int], dict[str, Any]]] = []
    for number, file in enumerate(files):
        at = ""
        for row in file.rows():
            at = row["at"] or at
            keyed.append(((at, number, len(keyed)), row))
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]


def _follow(session: Session, files: list[_File], wanted: Callable[[dict[str, Any]], bool]) -> ExitCode:
    """Until interrupted or nobody reads; files that are made later are read too."""
    known = {file.path for file in files}
    while not session.out.closed:
        for path in _paths(session):
            if path not in known:
                known.add(path)
                files.append(_File(path))
        fresh = [row for file in files for row in file.more() if wanted(row)]
        for row in sorted(fresh, key=lambda row: row["at"] or ""):
            _show(session, row)
        session.out.flush()
        time.sleep(POLL_S)
    return ExitCode.DONE


# --- filters --------------------------------------------------------------------------------------------


def _filter(service: str | None, since: str | None, level: str | None, grep: str | None) -> Callable[[Any], bool]:
    begin = _since(since)
    least = LEVELS.index(level) if level else None
    try:
        pattern = re.compile(grep, re.IGNORECASE) if grep else None
    except re.error as error:
        raise Failure("USAGE", f"--grep '{grep}' is no regular expression: {error}") from None

    def wanted(row: dict[str, Any]) -> bool:
        if begin and (row["at"] is None or row["at"] < begin):
            return False
        if least is not None and (row["level"] is None or _rank(row["level"]) < least):
            return False
        if service and not _of(service, row):
            return False
        return pattern is None or bool(pattern.search(row["text"]))

    return wanted


def _rank(level: str) -> int:
    return LEVELS.index(level.lower()) if level.lower() in LEVELS else 0


def _of(service: str, row: dict[str, Any]) -> bool:
    """The file's name, or a part of the daemon by its logger's name, or a service that a supervisor's line names."""
    if row["source"] == service or (service == "daemon" and row["source"] == _ROOT):
        return True
    if service in (row["logger"] or "").split("."):
        return True
    return bool(row["logger"] == f"{_ROOT}.services" and row["text"].startswith(f"{service} "))


def _check_service(service: str | None, files: list[_File], session: Session) -> None:
    parts = ("daemon", "surface", "services", "jobs", "terminal")
    inside = ("bridge", "apex", "toc", "bot", "channels", "hud", "scheduler")
    known = [file.source for file in files]
    if service and service not in (*known, *parts, *inside):
        named = ", ".join(dict.fromkeys((*known, *parts, *inside)))
        raise Failure("NOT_FOUND", f"no log of {service}", f"known: {named}")


def _since(text: str | None) -> str | None:
    """The instant from which lines are wanted, as lines begin."""
    if text is None:
        return None
    try:
        if "T" in text.upper() or text.count("-") == 2:
            return ns_text(parse_ms(text) * MS, 3)
        return ns_text(now_ns() - parse_duration_ns(text), 3)
    except BadInstant as error:
        raise Failure("USAGE", str(error)) from None


# --- levels ---------------------------------------------------------------------------------------------


@verb(
    "log level",
    "log_level",
    argument("setting", "SUBSYSTEM=LEVEL, such as services=debug."),
    option("--for", "Fall back after so long, such as 10m; without it when the daemon ends.", name="span", metavar="T"),
)
def log_level(session: Session, setting: str, span: str | None) -> int:
    """Set what a part of the daemon's log leaves out; agents and broker are processes of their own and keep theirs."""
    subsystem, mark, level = setting.partition("=")
    if not mark:
        raise Failure("USAGE", f"'{setting}' is not SUBSYSTEM=LEVEL")
    answer = session.client.request(
        "log.level", subsystem=subsystem, level=level.lower(), for_s=seconds(span) if span else 0.0
    )

    def people(data: LogLevelData) -> None:
        session.heading(answer)
        until = f"until {session.out.instant(data.until)}" if data.until else "until the daemon ends"
        session.out.line(f"{data.subsystem} logs {data.level} {until} (it was {data.before})")

    return session.present(answer, people)
