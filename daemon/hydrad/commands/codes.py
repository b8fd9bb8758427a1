"""`hydrad codes`: the reference page of all codes, made from the code. `docs/codes.md` is its output."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from hydrad.config import KEYS
from hydrad.host.exits import Done
from hydrad.toc import limit_table, risk
from hydrad.wire.codes import ERROR_TEXTS, ErrorCode, Finding, Reason

_HEAD = """\
# Codes

Made by `make codes` from `hydrad.wire.codes` and the gate's tuple of checks; a test holds it current.

## Reasons: why an act was denied by us

A dry run lists every check with what was measured and its limit; all run, none is skipped. *Check* is the place in the
gate's order; `-` is given by lanes, by acts on positions or by a service. Keys are of the section `[risk]`. A limit
that says *unset* has no built-in value: it holds nobody back on paper and demo accounts until it is set, and a live
account opens nothing without it.

| check | reason | text | limits |
|---|---|---|---|
"""


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("codes", parents=[common], help="the reference page of all codes")
    parser.set_defaults(work=codes, schema="hydra.codes/v1")


def codes(options: argparse.Namespace) -> Done:
    text = page()
    return Done({"page": text}, text.rstrip("\n").split("\n"))


def page() -> str:
    """The whole page, in Markdown."""
    return "".join(
        (
            _HEAD,
            *_reasons(),
            "\n## Findings: what a check or a reconciliation found, for a person to look at\n\n",
            "| finding | text |\n|---|---|\n",
            *(f"| `{finding.name}` | {finding.text} |\n" for finding in Finding),
            "\n## Errors: `error.code` of an answer\n\n| error | text |\n|---|---|\n",
            *(f"| `{code.value}` | {ERROR_TEXTS[code]} |\n" for code in ErrorCode),
        )
    )


def _reasons() -> Iterator[str]:
    places = {reason: number for number, (reason, _) in enumerate(risk.CHECKS, 1)}
    for reason in Reason:
        keys = ", ".join(_key(name) for name in limit_table.KEYS.get(reason, ()))
        yield f"| {places.get(reason, '-')} | `{reason.name}` | {reason.text} | {keys or '-'} |\n"


def _key(name: str) -> str:
    default = KEYS[f"risk.{name}"].default
    return f"`{name}` ({'unset' if default is None else default if default != {} else 'none'})"
