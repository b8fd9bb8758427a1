"""What doctor looks at: what of this home, host and installation would keep a daemon from working, with or without one.

Each check says what it measured and, where that is bad, what to do. Nothing is changed, and nothing is sent anywhere.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from hydrad import config
from hydrad.config import ConfigError, Loaded
from hydrad.domain import calendar
from hydrad.home import settings
from hydrad.host import keys, tcp_ports
from hydrad.host.keys import BadSecret
from hydrad.host.lock import Holder, holder
from hydrad.host.places import BadPlace, Places, check_socket
from hydrad.journal import verify as proof
from hydrad.wire.answers.daemon import DoctorRow

DISK_FREE_MIN_BYTES = 1 << 30
DISK_FREE_MIN_SHARE = 0.05
QUICK_RECORDS = 20_000
PYTHON_MIN = (3, 11)
TZDATA_AGE_MAX_YEARS = 1
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_LIBRARIES = (
    *("apscheduler", "apsw", "msgspec", "numpy", "pyzmq", "rich"),
    *("starlette", "tomli-w", "typer", "tzdata", "uvicorn"),
)

Rows = Iterator[DoctorRow]


class Patient:
    """What the checks look at."""

    def __init__(self, places: Places, environ: dict[str, str]) -> None:
        self.places = places
        self.environ = environ
        self.loaded: Loaded | None = None
        self.problems: tuple[str, ...] = ()
        try:
            self.loaded = settings.read(places, environ)
        except ConfigError as error:
            self.problems = tuple(str(problem) for problem in error.problems)
        self.daemon: Holder | None = holder(places.lock_file) if places.state_dir.is_dir() else None


def examine(places: Places, environ: dict[str, str]) -> tuple[DoctorRow, ...]:
    """Every check, in the order in which things are needed. A check that cannot be made is one that failed."""
    patient = Patient(places, environ)
    rows: list[DoctorRow] = []
    for name, check in CHECKS:
        try:
            rows += check(patient)
        except OSError as error:
            rows.append(bad(name, f"cannot be looked at: {error}", "run it as the user that runs the daemon"))
    return tuple(rows)


def good(check: str, detail: str) -> DoctorRow:
    return DoctorRow(check, True, detail)


def bad(check: str, detail: str, fix: str) -> DoctorRow:
    return DoctorRow(check, False, detail, fix)


# --- installation ---------------------------------------------------------------------------------------


def _python(patient: Patient) -> Rows:
    text = sys.version.split()[0]
    if sys.version_info < PYTHON_MIN:
        yield bad("python", text, "install Python 3.11 or newer, then make setup")
    else:
        yield good("python", text)


def _libraries(patient: Patient) -> Rows:
    found, missing = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield bad("libraries", f"missing: {', '.join(missing)}", "pip install hydrax, into this environment")
    else:
        yield good("libraries", f"{', '.join(found)}, SQLite {apsw.sqlite_lib_version()}")


def _tzdata(patient: Patient) -> Rows:
    version = calendar.tzdata_version()
    year = version.partition(".")[0]
    age = time.gmtime(time.clock_gettime(time.CLOCK_REALTIME)).tm_year - int(year) if year.isdigit() else 99
    if age > TZDATA_AGE_MAX_YEARS:
        yield bad("tzdata", version, "pip install --upgrade tzdata: daylight saving rules may be out of date")
    else:
        yield good("tzdata", version)


# --- configuration and places ---------------------------------------------------------------------------


def _config(patient: Patient) -> Rows:
    if patient.loaded is None:
        yield bad("config", "; ".join(patient.problems), "hydractl config check; correct the place that is named")
        return
    sources = {source.name for source in patient.loaded.sources.values() if source.name != "built in"}
    yield good("config", f"{len(patient.loaded.sources)} keys, from {', '.join(sorted(sources)) or 'built-in values'}")


def _home(patient: Patient) -> Rows:
    places = patient.places
    if not places.journal.exists():
        yield good("home", f"none in {places.state_dir} yet: hydractl up, or init --real, makes one")
    else:
        yield good("home", str(places.state_dir))


def _permissions(patient: Patient) -> Rows:
    """The state folder and every secret in it belong to one user, and to nobody else."""
    places = patient.places
    if not places.state_dir.exists():
        return
    owner = places.state_dir.stat().st_uid
    wrong = []
    private = [places.state_dir, places.keys_dir, places.inputs, places.journal, places.daemon_key]
    private += sorted(places.terminals_dir.glob("*/bundle.toml")) if places.terminals_dir.is_dir() else []
    for path in private:
        if not path.exists():
            continue
        found = path.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            wrong.append(f"chmod {'700' if path.is_dir() else '600'} {path}")
        if found.st_uid != owner:
            wrong.append(f"chown {owner} {path}")
    if owner not in (os.geteuid(), 0) and os.geteuid():
        yield bad("permissions", f"{places.state_dir} belongs to uid {owner}", "run it as that user")
    elif wrong:
        yield bad("permissions", f"{len(wrong)} paths are open to others", "; ".join(wrong))
    else:
        yield good("permissions", f"{sum(path.exists() for path in private)} paths are private to uid {owner}")


def _keys(patient: Patient) -> Rows:
    path = patient.places.daemon_key
    if not path.exists():
        if patient.places.journal.exists():
            yield bad("daemon key", f"{path} is missing", "restore it from a backup: every bundle names it")
        return
    try:
        keys.read_keypair(path)
    except BadSecret as error:
        yield bad("daemon key", str(error), "restore it from a backup")
    else:
        yield good("daemon key", f"{path} is a key pair, readable by its owner alone")


def _secret_files(patient: Patient) -> Rows:
    """Those that the configuration names; what stands in each is looked at by whoever needs it."""
    for key, path in (config.secret_files(patient.loaded.config) if patient.loaded else {}).items():
        try:
            keys.read_secret(path)
        except (BadSecret, OSError) as error:
            yield bad(key, str(error), f"chmod 600 {path}, owned by the daemon's user")
        else:
            yield good(key, f"{path} is readable by its owner alone")


# --- daemon ---------------------------------------------------------------------------------------------


def _lock(patient: Patient) -> Rows:
    if patient.daemon is None:
        yield good("lock", "no daemon runs")
    else:
        yield good("lock", f"a daemon runs, process {patient.daemon.pid}")


def _socket(patient: Patient) -> Rows:
    path = patient.places.socket
    try:
        check_socket(path)
    except BadPlace as error:
        yield bad("socket", str(error), "choose a shorter HYDRA_HOME")
        return
    answers = _answers(path)
    if patient.daemon is None and answers:
        yield bad("socket", f"{path} answers, but no daemon holds this home's lock", "end what listens there")
    elif patient.daemon is not None and not answers:
        yield bad("socket", f"a daemon runs and {path} does not answer", "hydractl logs; hydractl restart")
    else:
        yield good("socket", f"{path} {'answers' if answers else 'is free'}")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _halt(patient: Patient) -> Rows:
    path = patient.places.halt_file
    if path.exists():
        yield bad("halt file", f"{path} stands: nothing opens", "hydractl resume, once its reason is gone")
    else:
        yield good("halt file", "none")


def _ports(patient: Patient) -> Rows:
    """Free where no daemon runs; a paper home takes others by itself."""
    if patient.loaded is None or patient.daemon is not None:
        return
    config = patient.loaded.config
    paper = not patient.places.journal.exists() or (patient.places.broker_dir / "broker.toml").exists()
    host, _, port = config.bridge.address.removeprefix("tcp://").rpartition(":")
    wanted = {"bridge": (host.strip("[]"), int(port))}
    if config.hud.enabled:
        wanted["hud"] = ("127.0.0.1", config.hud.port)
    for name, (at, number) in wanted.items():
        if ":" in at or tcp_ports.is_free(number, at):
            yield good(f"port of {name}", f"{at}:{number} is free")
        elif paper:
            yield good(f"port of {name}", f"{at}:{number} is taken: a paper home takes another by itself")
        else:
            fix = f"end what listens there (ss -ltnp), or set {name}'s port"
            yield bad(f"port of {name}", f"{at}:{number} is taken", fix)


# --- journal, disk, clock -------------------------------------------------------------------------------


def _journal(patient: Patient) -> Rows:
    """The last records alone: the whole is `hydractl journal verify`."""
    path = patient.places.journal
    if not path.exists():
        return
    verdict = proof.verify_tail(path, QUICK_RECORDS)
    if verdict.ok:
        yield good("journal", f"the last {verdict.records} records hold, up to {verdict.head[0]}")
    else:
        text = f"broken at record {verdict.broken_at_seq}: {verdict.detail}"
        yield bad("journal", text, "stop; keep a copy; hydractl journal verify; restore from a backup")


def _disk(patient: Patient) -> Rows:
    folder = patient.places.state_dir
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    text = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} in {folder}"
    if usage.free < DISK_FREE_MIN_BYTES or usage.free < usage.total * DISK_FREE_MIN_SHARE:
        yield bad("disk", text, "make room: a daemon that cannot write its journal ends")
    else:
        yield good("disk", text)


class _Timex(ctypes.Structure):
    """The first fields of `struct timex` (adjtimex(2)); the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def _clock(patient: Patient) -> Rows:
    """What the kernel says of its own clock: adjtimex(2) with no mode only reads."""
    timex = _Timex()
    result = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if result == -1:
        yield bad("clock", "the kernel does not tell", "look with timedatectl whether time is synchronised")
    elif result == _TIME_ERROR or timex.status & _STA_UNSYNC:
        yield bad("clock", "not synchronised", "run chrony or systemd-timesyncd: act deadlines are UTC")
    else:
        yield good("clock", f"synchronised, within {timex.maxerror / 1000:.0f} ms")


CHECKS: tuple[tuple[str, Callable[[Patient], Rows]], ...] = (
    ("python", _python),
    ("libraries", _libraries),
    ("tzdata", _tzdata),
    ("config", _config),
    ("home", _home),
    ("permissions", _permissions),
    ("daemon key", _keys),
    ("bot token", _secret_files),
    ("lock", _lock),
    ("socket", _socket),
    ("halt file", _halt),
    ("ports", _ports),
    ("journal", _journal),
    ("disk", _disk),
    ("clock", _clock),
)
