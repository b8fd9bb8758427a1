"""A page of the documentation that is run as it is written: its console blocks, typed one after the other.

In a block a line that begins with `$ ` is typed by whoever made the home, one with `NAME$ ` by another unix user; the
lines after it are what is printed, standard error where it comes. In what is printed `…` stands for anything on its
line, and a line of `…` alone for any lines; spaces count as one. An id such as `P-0000002V`, or a broker's ticket, stands for
whatever is printed in its place the first time, and for that one from there on. `[exit 6]` after the output is the exit code; none
means 0.

    python transcript.py PAGE --write     runs the page and writes what is printed into it
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Our ids, and the simulated broker's tickets, which it hands out to whoever asks first.
ID = re.compile(r"\b(?:[MFAPOLC]-[0-9A-HJKMNP-TV-Z]{8}|[12]0{4}\d{4})\b")
PROMPT = re.compile(r"^(?:(?P<who>[a-z]+))?\$ (?P<typed>.+)$")
EXIT = re.compile(r"^\[exit (\d+)\]$")
TIMEOUT_S = 120.0
# What differs from run to run: the machine's clock, ages, processes, hashes.
_VARYING = (
    re.compile(r"\b20(?:1[5-9]|[2-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?"),
    re.compile(r"(?<![\d-])\d\d:\d\d:\d\d(?:\.\d+)?(?!Z|\.\d|\d)"),
    re.compile(r"\b[0-9a-f]{16}\b"),
    re.compile(r"[+-]?\d+(?:\.\d+)?(?: ± \d+(?:\.\d+)?|±\d+(?:\.\d+)?)? (?:ms|s)\b"),
    re.compile(r"pid \d+"),
    re.compile(r"\d+(?= % after)"),  # of margin, whose price is read every quarter of an hour
)


@dataclass
class Command:
    """One typed line and what the page says about it. `line`: where it stands in the page, from 1."""

    who: str
    typed: str
    line: int
    printed: list[str] = field(default_factory=list)
    code: int = 0


def commands(page: str) -> Iterator[Command]:
    """The commands of a page in their order."""
    inside, current = False, None
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            if current is not None:
                yield current
            inside, current = line.strip() == "```console", None
        elif inside and (prompt := PROMPT.match(line)):
            if current is not None:
                yield current
            current = Command(prompt["who"] or "", prompt["typed"], number)
        elif current is not None and (ended := EXIT.match(line)):
            current.code = int(ended[1])
        elif current is not None:
            current.printed.append(line)


class Shell:
    """Types commands. `users`: unix uid of each name in a prompt. `known`: ids of the page and what they stand for."""

    def __init__(self, environ: Mapping[str, str], users: Mapping[str, list[str]]) -> None:
        self._environ = dict(environ)
        self._users = users
        self.known: dict[str, str] = {}

    def type(self, command: Command) -> tuple[list[str], int]:
        """The lines printed, trailing spaces cut, and the exit code."""
        typed = ID.sub(lambda found: self.known.get(found[0], found[0]), command.typed)
        argv = [*(self._users[command.who] if command.who else ()), "bash", "-c", typed]
        done = subprocess.run(
            argv,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
        )
        return [line.rstrip() for line in done.stdout.decode().splitlines()], done.returncode

    def difference(self, command: Command, printed: list[str], code: int) -> str:
        """Empty when the page tells what happened; learns the ids that it shows for the first time."""
        if code != command.code:
            return f"exit {code}, the page says {command.code}"
        expected = list(command.printed)
        at = 0
        for number, line in enumerate(expected):
            if line.strip() == "…":
                rest = expected[number + 1 :]
                if not rest:
                    return ""
                while at < len(printed) and not self._matches(rest[0], printed[at], learn=False):
                    at += 1
                continue
            if at >= len(printed):
                return f"nothing is printed where the page has: {line}"
            if not self._matches(line, printed[at], learn=True):
                return f"printed: {printed[at]}\n  the page: {line}"
            at += 1
        return "" if at == len(printed) else f"printed beyond the page: {printed[at]}"

    def _matches(self, line: str, actual: str, *, learn: bool) -> bool:
        pattern, names = "", []
        for part in re.split(rf"({ID.pattern}|…|\s+)", line.strip()):
            if part == "…":
                pattern += ".*?"
            elif part and part.isspace():
                pattern += r"\s+"
            elif ID.fullmatch(part) and part in self.known:
                pattern += re.escape(self.known[part])
            elif ID.fullmatch(part) and part in names:
                pattern += f"(?P=id{names.index(part)})"
            elif ID.fullmatch(part):
                pattern += f"(?P<id{len(names)}>{'[0-9]{9}' if part.isdigit() else part[0] + '-[0-9A-Z]{8}'})"
                names.append(part)
            else:
                pattern += re.escape(part)
        found = re.fullmatch(pattern, actual.strip())
        if found is not None and learn:
            self.known |= {name: found[f"id{number}"] for number, name in enumerate(names)}
        return found is not None


def steady(line: str) -> str:
    """A printed line as a page may have it: what varies is `…`."""
    line = line.replace(os.environ["HYDRA_HOME"], "…")
    for varying in _VARYING:
        line = varying.sub("…", line)
    return line.rstrip()


def written(page: str, shell: Shell) -> str:
    """The page with what its commands print now; ids are kept as they were printed."""
    lines = page.splitlines()
    for command in reversed(list(run_all(page, shell))):
        end = command.line
        while not (lines[end].startswith("```") or PROMPT.match(lines[end])):
            end += 1
        ended = [f"[exit {command.code}]"] if command.code else []
        lines[command.line : end] = [*map(steady, command.printed), *ended]
    return "\n".join(lines) + "\n"


def run_all(page: str, shell: Shell) -> Iterator[Command]:
    """Each command with what it prints now."""
    for command in commands(page):
        sys.stderr.write(f"{command.who}$ {command.typed}\n")
        printed, code = shell.type(command)
        yield Command(command.who, command.typed, command.line, printed, code)


def main(path: str) -> None:
    place = Path(path)
    users = {"ann": as_user(1001), "ben": as_user(1002)}
    place.write_text(written(place.read_text(), Shell(os.environ, users)))


def as_user(uid: int) -> list[str]:
    """Another unix user of the same group, who may read wherever the commands stand."""
    reads = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return ["setpriv", "--reuid", str(uid), "--regid", str(os.getgid()), "--clear-groups", *reads]


if __name__ == "__main__":
    main(sys.argv[1])
