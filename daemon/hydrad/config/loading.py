"""From files, environment and flags to values: where each came from, and all that is wrong, each with its place."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from hydrad.config.schema import KEYS, RULES, Config, Key, key_of
from hydrad.domain.plans import BUILT_IN as BUILT_IN_PLANS
from hydrad.domain.plans import BadPlan

ENVIRONMENT_PREFIX = "HYDRA_"


class Source(NamedTuple):
    """Where a value came from: `name` is a file, a variable or `built in`; `line` 0 where there is none."""

    name: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


BUILT_IN = Source("built in")


class Problem(NamedTuple):
    source: Source
    key: str
    detail: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.detail}" if self.key else f"{self.source}: {self.detail}"


class ConfigError(Exception):
    """All problems of a configuration, each with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Loaded(NamedTuple):
    """`sources` has every key, such as `risk.currency`."""

    config: Config
    sources: Mapping[str, Source]

    def value(self, key: str) -> Any:
        """The value of a known key."""
        section, _, name = key.partition(".")
        block = getattr(self.config, section)
        return block[name] if isinstance(block, dict) else getattr(block, name)


def load(
    config_file: Path,
    conf_dir: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, str] = types.MappingProxyType({}),
) -> Loaded:
    """Read all sources; a missing file or folder has no values. `flags`: texts by key, such as `paper.speed`.

    Raises ConfigError with every problem found.
    """
    reading = _Reading()
    for path in (config_file, *sorted(conf_dir.glob("*.toml"))):
        reading.file(path)
    reading.environment(environ)
    for key, text in flags.items():
        reading.text(key, text, Source(f"flag {key}"))
    return reading.finish()


def checked(key: str, text: str) -> Any:
    """The value of a known key from text, as a program uses it; raises ConfigError."""
    reading = _Reading()
    reading.text(key, text, Source("argument"))
    if reading.problems:
        raise ConfigError(reading.problems)
    return reading.values[key]


def value_text(value: object) -> str:
    """A value as it is written in TOML."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {value_text(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return json.dumps(str(value) if isinstance(value, Decimal) else value)


def example() -> str:
    """The text of `config.toml.example`: every key with its default, commented out, and what it means."""
    lines = [
        "# HydraX's configuration. Every key is here with its built-in value; remove the # before one to set it.",
        "# Later wins: this file, conf.d/*.toml by name, HYDRA_<SECTION>__<KEY> in the environment, flags.",
        "# `hydractl config check` reads it, `hydractl config show --source` tells where each value came from.",
    ]
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        lines += [
            "",
            f"# {key.description[0].upper()}{key.description[1:]}.",
            f"# Takes {key.expected}.",
            f"#{key.name} = {value_text(key.example)}",
        ]
    return "\n".join(lines) + "\n"


class _Reading:
    """Values so far, where they came from, and what was wrong."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {path: key.default for path, key in KEYS.items()}
        self.sources: dict[str, Source] = dict.fromkeys(KEYS, BUILT_IN)
        self.problems: list[Problem] = []

    def file(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
            tables = tomllib.loads(text)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append(Problem(Source(str(path)), "", f"cannot be read: {error.strerror}"))
        except ValueError as error:
            self.problems.append(Problem(Source(str(path), _error_line(error)), "", f"is not TOML: {error}"))
        else:
            lines = _lines(text)
            for key, value in _pairs(tables):
                self._take(key, Source(str(path), _line_of(key, lines)), value, Key.check)

    def environment(self, environ: Mapping[str, str]) -> None:
        """Variables without a double underscore belong to others (HYDRA_HOME)."""
        for name in sorted(environ):
            section, mark, key = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")
            if name.startswith(ENVIRONMENT_PREFIX) and mark:
                self.text(f"{section}.{key}".lower(), environ[name], Source(name))

    def text(self, key: str, text: str, source: Source) -> None:
        self._take(key, source, text, Key.from_text)

    def finish(self) -> Loaded:
        if not self.problems:
            self.problems += self._out_of_order()
        if self.problems:
            raise ConfigError(self.problems)
        blocks: dict[str, dict[str, Any]] = {}
        for path, value in self.values.items():
            section, _, name = path.partition(".")
            blocks.setdefault(section, {})[name] = value
        made = {name: type(getattr(Config(), name))(**block) for name, block in blocks.items()}
        return Loaded(Config(**made), types.MappingProxyType(self.sources))

    def _take(self, path: str, source: Source, value: Any, read: Callable[[Key, Any], Any]) -> None:
        key = key_of(path)
        if key is None:
            self.problems.append(Problem(source, path, unknown(path)))
            return
        try:
            self.values[path] = read(key, value)
        except BadPlan as bad:
            self.problems.append(Problem(source, path, str(bad)))
        except ValueError:  # msgspec's errors are ValueErrors too
            self.problems.append(Problem(source, path, f"expected {key.expected}"))
        else:
            self.sources[path] = source

    def _out_of_order(self) -> Iterator[Problem]:
        for lesser, greater in RULES:
            low, high = self.values[lesser], self.values[greater]
            if low > high and (high or not lesser.startswith("guards.")):  # of a guard 0 is off
                at_fault = lesser if self.sources[greater] is BUILT_IN else greater
                detail = f"{lesser} ({low}) is above {greater} ({high})"
                yield Problem(self.sources[at_fault], at_fault, detail)


def _pairs(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys with their values; a key outside all sections, or a section that is none, by its own name."""
    for section, content in tables.items():
        if isinstance(content, dict) and hasattr(Config, section):
            for name, value in content.items():
                yield f"{section}.{name}", value
        else:
            yield section, content


def unknown(path: str) -> str:
    section, _, name = path.partition(".")
    if section == "plans":
        why = "is built in" if name in BUILT_IN_PLANS else "is not up to 32 small letters, digits, - and _"
        return f"the plan's name '{name}' {why}"
    near = difflib.get_close_matches(path, KEYS, n=1, cutoff=0.6)
    if not near:
        names = {key.name: key.path for key in KEYS.values()} | {
            key.section: f"[{key.section}]" for key in KEYS.values()
        }
        near = [names[name] for name in difflib.get_close_matches(path.rpartition(".")[2], names, n=1, cutoff=0.6)]
    return f"unknown key; the nearest is {near[0]}" if near else "unknown key"


# Enough of TOML to find a line again: tomllib gives values without their places.
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""\s*([A-Za-z0-9_\-."' \t]+?)\s*=""")
_ERROR_LINE = re.compile(r"at line (\d+)")


def _lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = _plain(header[1])
            found.setdefault(section, number)
        elif assignment := _ASSIGNMENT.match(line):
            name = _plain(assignment[1])
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


def _plain(dotted: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))


def _line_of(key: str, lines: Mapping[str, int]) -> int:
    """The line of a key, of what is inside it (a table), or of what it is inside of (an inline table)."""
    inside = [number for name, number in lines.items() if name.startswith(key + ".")]
    return lines.get(key) or min(inside, default=0) or lines.get(key.partition(".")[0], 0)


def _error_line(error: ValueError) -> int:
    match = _ERROR_LINE.search(str(error))
    return int(match[1]) if match else 0
