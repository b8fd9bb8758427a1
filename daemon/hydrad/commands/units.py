"""`service install` and `uninstall`: HydraX under systemd. Owns which files go where, and their mark.

The files are those of `daemon/systemd`, with this installation's paths in them. Each begins with a mark; what does
not carry it belongs to somebody else and is neither overwritten nor removed. A unit says in `X-HydraState` which home
it runs, so that `hydractl up` knows whether it is meant.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydrad import config
from hydrad.host.places import SYSTEM_CONFIG, Places, find_places

MARK = "# Written by `hydractl service install`; `hydractl service uninstall` removes it.\n"
UNITS = ("hydrad.service", "hydra-terminal@.service", "hydra-sim@.service")
BOOTED = Path("/run/systemd/system")
SYSTEM_STATE = "/var/lib/hydra"
# A system unit sees nothing of these: ProtectHome= and PrivateTmp=.
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
# What a user's manager cannot do without privileges, or does not have.
_SYSTEM_ONLY = re.compile(
    r"^(User|Group|AssertPathExists|LoadCredential|ProtectSystem|ReadWritePaths|ProtectHome|Private\w+|DevicePolicy|"
    r"Protect\w+|ProcSubset|CapabilityBoundingSet|AmbientCapabilities|KeyringMode|RemoveIPC|OOMScoreAdjust|"
    r"Wants)=.*\n",
    re.MULTILINE,
)


class Refused(Exception):
    """It was not done, and nothing was changed: the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotOurs(Refused):
    """A file of that name is somebody else's, or the unit runs."""


class NeedsRoot(Refused):
    """The system's places are root's."""


def templates() -> Path:
    """The folder of the unit files: in the wheel within the package, in the source tree beside it."""
    package = Path(__file__).parents[1]
    inside = package / "systemd"
    return inside if inside.is_dir() else package.parent / "systemd"


# --- what is written ------------------------------------------------------------------------------------


def system_files(root: Path, bindir: Path) -> dict[Path, str]:
    """Path and text of each file of a system installation."""
    etc = root / "etc"
    files = {etc / "systemd/system" / name: _with_bin(_text(name), bindir) for name in UNITS}
    files[etc / "sysusers.d/hydra.conf"] = _text("sysusers.conf")
    files[etc / "tmpfiles.d/hydra.conf"] = _text("tmpfiles.conf")
    return files


def user_files(environ: Mapping[str, str], places: Places, bindir: Path) -> dict[Path, str]:
    """Path and text of each unit of a user's installation: the same units, less what only the system's manager can
    do, for the home that this environment means."""
    folder = user_folder(environ)
    return {folder / name: _for_user(_with_bin(_text(name), bindir), environ, places) for name in UNITS}


def user_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's units lie (systemd.unit(5))."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = str(Path(environ.get("HOME") or "~").expanduser() / ".config")
    return Path(base) / "systemd/user"


def _text(name: str) -> str:
    return MARK + (templates() / name).read_text()


def _with_bin(text: str, bindir: Path) -> str:
    return text.replace("ExecStart=/usr/bin/", f"ExecStart={_word(str(bindir))}/")


def _for_user(text: str, environ: Mapping[str, str], places: Places) -> str:
    head, begin, rest = _SYSTEM_ONLY.sub("", text).partition("[Unit]")
    text = head + begin + re.sub(r"^#.*\n", "", rest, flags=re.MULTILINE)
    text = text.replace("network-online.target ", "").replace("time-sync.target", "")
    text = re.sub(r"^After=\s*\n", "", text, flags=re.MULTILINE)
    text = text.replace(f"{SYSTEM_STATE}/terminals", _word(str(places.terminals_dir)))
    text = text.replace(f"{SYSTEM_STATE}/brokers", _word(str(places.state_dir / "brokers")))
    text = text.replace(f"X-HydraState={SYSTEM_STATE}", f"X-HydraState={places.state_dir}")
    text = text.replace("WantedBy=multi-user.target", "WantedBy=default.target")
    named = [(name, environ[name]) for name in ("HYDRA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME") if environ.get(name)]
    lines = "".join(f'Environment="{name}={_word(value)}"\n' for name, value in named)
    return text.replace("[Service]\n", "[Service]\n" + lines)


def _word(text: str) -> str:
    """A path as a unit takes it: no specifiers, and none of what would have to be quoted."""
    if re.search(r"[\s\"'\\;$]", text):
        raise Refused(f"'{text}' has a space or a quote in it, which a unit file cannot carry")
    return text.replace("%", "%%")


# --- install --------------------------------------------------------------------------------------------


def install(system: bool, root: Path, environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write the files and tell the manager. Gives their paths, and what to type next. Raises Refused."""
    bindir = _bindir()
    if system:
        _check_system(root, bindir)
        files = system_files(root, bindir)
        made = _commanders_config(root, environ)
    else:
        _check_user(environ)
        files, made = user_files(environ, find_places(environ), bindir), []
    _check_ours(files)
    for path, text in files.items():
        _write(path, text)
    if root == Path("/"):
        _tell_manager(system)
    return [*map(str, files), *made], _next(system, bindir)


def uninstall(system: bool, root: Path, environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Remove what `install` wrote and nothing else: the paths removed, and those left as somebody else's."""
    bindir = _bindir()
    files = system_files(root, bindir) if system else user_files(environ, find_places(environ), bindir)
    if system and root == Path("/") and os.geteuid() != 0:
        raise NeedsRoot("the system's units are root's", "sudo hydractl service uninstall --system")
    live = root == Path("/") and (BOOTED.exists() if system else _user_manager(environ))
    if live and _systemctl(system, "is-active", "--quiet", UNITS[0]).returncode == 0:
        raise NotOurs(f"{UNITS[0]} runs", "stop it first: hydractl down")
    present = [path for path in files if path.exists()]
    ours = [path for path in present if _is_ours(path)]
    if live and ours:
        _systemctl(system, "disable", "--quiet", *UNITS[:1])
    for path in ours:
        path.unlink()
    if live and ours:
        _systemctl(system, "daemon-reload")
    return [str(path) for path in ours], [str(path) for path in present if path not in ours]


def _bindir() -> Path:
    """The folder of this installation's commands."""
    folder = Path(sys.executable).parent
    if not (folder / "hydrad").exists():
        raise Refused(
            f"there is no {folder / 'hydrad'}: this is a source tree, not an installation",
            "install the wheel: python3 -m venv /opt/hydrax && /opt/hydrax/bin/pip install hydrax",
        )
    return folder


def _check_system(root: Path, bindir: Path) -> None:
    if root != Path("/"):
        return
    if os.geteuid() != 0:
        raise NeedsRoot("the system's units are root's", "sudo hydractl service install --system, or --user")
    if not BOOTED.exists():
        raise Refused(*NO_SYSTEMD)
    for folder in (bindir, Path(sys.base_prefix)):
        _check_visible(folder)


def _check_visible(folder: Path) -> None:
    """Raises Refused for an installation, or a Python below it, that the hardened unit cannot see."""
    where = str(folder.resolve())
    if any(where == folder or where.startswith(folder + "/") for folder in HIDDEN):
        raise Refused(
            f"{where} is hidden from a system service (ProtectHome, PrivateTmp)",
            "install it where services can see it, with the system's Python: "
            "/usr/bin/python3 -m venv /opt/hydrax && /opt/hydrax/bin/pip install hydrax",
        )


NO_SYSTEMD = (
    "systemd does not run here",
    "hydractl up starts the daemon in the background without it, with its own log; hydrad run in the foreground",
)


def _check_user(environ: Mapping[str, str]) -> None:
    if not _user_manager(environ):
        raise Refused(f"{NO_SYSTEMD[0]} for this user", NO_SYSTEMD[1])


def _user_manager(environ: Mapping[str, str]) -> bool:
    return shutil.which("systemctl", path=environ.get("PATH")) is not None and (
        _systemctl(False, "show-environment").returncode == 0
    )


def _check_ours(files: Mapping[Path, str]) -> None:
    foreign = [str(path) for path in files if path.exists() and not _is_ours(path)]
    if foreign:
        raise NotOurs(f"not written by HydraX: {', '.join(foreign)}", "move it away, or change it by hand")


def _is_ours(path: Path) -> bool:
    return path.read_text(errors="replace").startswith(MARK)


def _commanders_config(root: Path, environ: Mapping[str, str]) -> list[str]:
    """A configuration for the system's home where there is none: the daemon's user makes the home, so whoever
    installs it is named as its commander."""
    path = root / str(SYSTEM_CONFIG).lstrip("/")
    if path.exists():
        return []
    uid = environ.get("SUDO_UID") or str(os.getuid())
    _write(path, re.sub(r"^#commander_uid = .*$", f"commander_uid = {uid}", config.example(), flags=re.MULTILINE))
    return [str(path)]


def _write(path: Path, text: str) -> None:
    """Whole or not at all, readable by all as the manager's files are."""
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


def _tell_manager(system: bool) -> None:
    if system:
        _run(["systemd-sysusers", "hydra.conf"])
        _run(["systemd-tmpfiles", "--create", "hydra.conf"])
    _run(_systemctl_words(system, "daemon-reload"))


def _run(words: Sequence[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Refused(f"the files are written, but there is no {words[0]}", "run it yourself") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit {done.returncode}"
        raise Refused(f"the files are written, but {' '.join(words)} failed: {said}", "run it yourself")


def _systemctl_words(system: bool, *words: str) -> list[str]:
    return ["systemctl", *([] if system else ["--user"]), *words]


def _systemctl(system: bool, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_systemctl_words(system, *words), capture_output=True, text=True, check=False)


def _next(system: bool, bindir: Path) -> list[str]:
    if system:
        return [
            f"sudo -u hydra {bindir}/hydractl init --real   # for demo and live accounts; without it a paper home",
            "sudo systemctl enable --now hydrad.service",
            "sudo usermod -aG hydra YOU   # who may open the control socket; log in again",
            "hydractl status",
        ]
    return [
        "systemctl --user enable hydrad.service",
        "hydractl up",
        "loginctl enable-linger   # it lives on when you log out",
    ]
