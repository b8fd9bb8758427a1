"""Halting and resuming."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class Halt(Verb, frozen=True, tag="halt"):
    """Latch HALTED (or REDUCING with `reduce`), for all or one account; answers with what has been verified. `drill`:
    on purpose, measured, and taken back."""

    account: str | None = None
    reduce: bool = False
    reason: str | None = None
    wait_s: float = 2.0
    drill: bool = False


class Resume(Verb, frozen=True, tag="resume"):
    """`local`: also what agents hold closed by themselves, as they have told it: a person on the host, the floor."""

    account: str | None = None
    reason: str | None = None
    wait_s: float = 2.0
    local: bool = False
