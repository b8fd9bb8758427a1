"""The configuration while the daemon runs, and on disk: what a reload takes, what waits, and what `config set` writes.

`config set` writes `conf.d/90-hydractl.toml` and nothing else; the hand-written file is never touched. What is written
was read back as part of the whole first: a value that does not fit leaves the disk as it was.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hydrad import config
from hydrad.config import Key, Loaded, key_of, value_text
from hydrad.domain.instants import ns_text
from hydrad.host.places import Places, make_private
from hydrad.journal.snapshot import sync_folder
from hydrad.toc import changes, guard_loosening, housekeeping, loosening
from hydrad.toc.state import Change, State
from hydrad.wire.answers.daemon import ConfigRow, ConfigValue
from hydrad.wire.answers.status import PendingRow

SET_FILE = "90-hydractl.toml"
RELOADED_SECTIONS = ("risk", "timing")


# --- while it runs --------------------------------------------------------------------------------------


def rows(loaded: Loaded, state: State) -> list[ConfigRow]:
    """The values that hold; of the limits and guards those in the state, which may still wait for looser ones."""
    waiting = {row.key: row for row in pending_rows(state)}
    found = []
    for path in loaded.sources:
        key = _key(path)
        held = {"risk": state.limits, "guards": state.guards}.get(key.section)
        value = loaded.value(path) if held is None else getattr(held, key.name)
        waits = waiting.get(path)
        pending = f"{waits.wanted} from {waits.due}, {waits.change}" if waits else None
        found.append(ConfigRow(path, value_text(value), str(loaded.sources[path]), key.needs_restart, pending))
    return found


def pending_rows(state: State) -> tuple[PendingRow, ...]:
    """Loosened limits and guards that wait for a second commander or for their time."""
    found: list[PendingRow] = []
    change = housekeeping.pending(state)
    if change is not None:
        wanted = housekeeping.pending_limits(change)
        found += _waiting("risk", change, state.limits, wanted, loosening.loosened(state.limits, wanted))
    change = guard_loosening.pending(state)
    if change is not None and state.guards is not None:
        guards = guard_loosening.pending_guards(change)
        found += _waiting("guards", change, state.guards, guards, guard_loosening.loosened(state.guards, guards))
    return tuple(found)


def _waiting(section: str, change: Change, now: object, wanted: object, names: tuple[str, ...]) -> list[PendingRow]:
    due, shown = ns_text(change.effective_ns), changes.shown(change)
    return [
        PendingRow(f"{section}.{name}", value_text(getattr(now, name)), value_text(getattr(wanted, name)), due, shown)
        for name in names
    ]


def changed(old: Loaded, new: Loaded) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys whose values differ: those that a reload takes, and those that need a restart."""
    both = [path for path in old.sources if path in new.sources]
    differing = [path for path in both if old.value(path) != new.value(path)]
    differing += sorted(set(old.sources) ^ set(new.sources))
    taken = tuple(path for path in differing if not _key(path).needs_restart)
    return taken, tuple(path for path in differing if _key(path).needs_restart)


def merged(old: Loaded, new: Loaded) -> Loaded:
    """`old` with what a reload takes from `new`."""
    daemon = msgspec.structs.replace(old.config.daemon, log_level=new.config.daemon.log_level)
    parts: dict[str, Any] = {section: getattr(new.config, section) for section in RELOADED_SECTIONS}
    parts["oncall"] = msgspec.structs.replace(old.config.oncall, order=new.config.oncall.order)
    sources = {path: (old if _key(path).needs_restart else new).sources[path] for path in old.sources}
    return Loaded(msgspec.structs.replace(old.config, daemon=daemon, **parts), sources)


def _key(path: str) -> Key:
    """A key that a configuration has; a named plan's too."""
    key = key_of(path)
    assert key is not None, path
    return key


# --- on disk --------------------------------------------------------------------------------------------


def set_file(places: Places) -> Path:
    return places.conf_dir / SET_FILE


def read(places: Places, environ: Mapping[str, str]) -> Loaded:
    """The configuration as a start would read it; raises ConfigError."""
    return config.load(places.config_file, places.conf_dir, environ)


def value_of(loaded: Loaded, path: str, shadowed: str | None = None) -> ConfigValue:
    """A known key as it would hold."""
    needs = "restart" if _key(path).needs_restart else "reload"
    return ConfigValue(path, value_text(loaded.value(path)), str(loaded.sources[path]), needs, shadowed)


def write(places: Places, environ: Mapping[str, str], path: str, text: str) -> ConfigValue:
    """Set one key; raises ConfigError and writes nothing where the whole would not be good with it."""
    import tomli_w

    value = config.checked(path, text)
    target = set_file(places)
    tables = _tables(target)
    tables.setdefault(_key(path).section, {})[_key(path).name] = _plain(value)
    document = f"# Written by `hydractl config set`.\n{tomli_w.dumps(tables)}"
    loaded = _tried(places, environ, document)
    _replace(target, document)
    source = str(loaded.sources[path])
    return value_of(loaded, path, None if source.startswith(f"{target}:") else source)


def _tables(target: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(target.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        problem = config.Problem(config.Source(str(target)), "", f"is not TOML: {error}")
        raise config.ConfigError([problem]) from None
    bad = [name for name, table in found.items() if not isinstance(table, dict)]
    if bad:
        raise config.ConfigError(config.Problem(config.Source(str(target)), name, "is no table") for name in bad)
    return found


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _tried(places: Places, environ: Mapping[str, str], document: str) -> Loaded:
    """The whole configuration as it would be with this document, by copying `conf.d` aside."""
    with tempfile.TemporaryDirectory(prefix="hydra-config-") as folder:
        aside = Path(folder)
        for found in places.conf_dir.glob("*.toml"):
            (aside / found.name).write_bytes(found.read_bytes())
        (aside / SET_FILE).write_text(document, encoding="utf-8")
        try:
            loaded = config.load(places.config_file, aside, environ)
        except config.ConfigError as error:
            raise config.ConfigError(_at_home(problem, aside, places.conf_dir) for problem in error.problems) from None
        sources = {path: _source(source, aside, places.conf_dir) for path, source in loaded.sources.items()}
        return Loaded(loaded.config, sources)


def _at_home(problem: config.Problem, aside: Path, real: Path) -> config.Problem:
    return config.Problem(_source(problem.source, aside, real), problem.key, problem.detail)


def _source(source: config.Source, aside: Path, real: Path) -> config.Source:
    return config.Source(source.name.replace(str(aside), str(real)), source.line)


def _replace(target: Path, document: str) -> None:
    """Whole or not at all, and durable."""
    make_private(target.parent)
    fd, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
