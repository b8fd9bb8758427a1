"""What a verb gets: the options of this invocation, its output, its talk, and its client.

Owns the parts that every verb shares: presenting an answer, checking an id, asking for a confirmation.
"""

from __future__ import annotations

import os
import sys
import time

from hydractl import diagnostics, places
from hydractl.client import TIMEOUT_S, Client
from hydractl.clock import now_ns
from hydractl.diagnostics import ExitCode, Failure, Talk
from hydractl.msgpack import View
from hydractl.output import Column, Output
from hydrad.domain.ids import BadId, IdKind, parse, show
from hydrad.domain.instants import SECOND, BadInstant, parse_duration_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from hydrad.wire.answers import Answer


class Session:
    """One invocation of the shell. `options` are the values of `verbs.GLOBALS`."""

    def __init__(self, options: Mapping[str, Any], schema: str) -> None:
        self.options = options
        self.schema = schema
        self.quiet = bool(options["quiet"])
        self.talk = Talk(self.quiet)
        self.timeout_s = seconds(options["timeout"]) if options["timeout"] else None
        self.places = places.find(options["socket"], os.environ)
        no_color = bool(options["no_color"] or os.environ.get("NO_COLOR"))
        try:
            self.out = self.output(options["output"] or "table", no_color, options["tz"])
        except ValueError as error:
            raise Failure("USAGE", str(error)) from None
        self.client = Client(self.places, self.timeout_s or TIMEOUT_S)

    def output(self, form: str, no_color: bool, zone: str | None) -> Output:
        """Where the data goes."""
        return Output(form, no_color=no_color, zone=zone)

    @property
    def machine(self) -> bool:
        """Whether a program reads the output."""
        return self.out.form in ("json", "tsv")

    def present(
        self,
        answer: Answer,
        people: Callable[[Any], None],
        columns: Sequence[Column] | None = None,
        exit_code: ExitCode = ExitCode.DONE,
    ) -> ExitCode:
        """Writes an answer in the form that was asked for, and gives its exit code: the error's, else
        `exit_code`. `columns` make its rows a table in tsv."""
        for warning in answer.warnings or ():
            self.talk.warn(warning)
        if self.out.form == "json":
            self.out.envelope(answer)
        elif answer.data is not None:
            self._data(answer, people, columns)
        self.out.flush()
        if answer.error is None:
            return exit_code
        self.talk.problem(answer.error)
        return diagnostics.exit_code_of(answer.error.code) if exit_code is ExitCode.DONE else exit_code

    def _data(self, answer: Answer, people: Callable[[Any], None], columns: Sequence[Column] | None) -> None:
        if self.out.form == "tsv" and columns is not None:
            self.out.tsv(columns, answer.data, heading=not self.quiet)
        elif self.out.form == "tsv":
            self.out.pairs(answer.data)
        else:
            people(answer.data)

    def rows(self, answer: Answer, columns: Sequence[Column], empty: str, *, heading: bool = True) -> ExitCode:
        """Presents an answer whose data is a list of rows, under a line that says which home this is."""

        def people(data: Any) -> None:
            if heading:
                self.heading(answer)
            self.out.table(columns, data, empty=empty)

        return self.present(answer, people, columns)

    def heading(self, answer: Answer) -> None:
        """The label that simulated data always carries, and how fresh this is."""
        mode = self.out.word(answer.daemon.mode.upper())
        at = self.out.clock(answer.ts)
        self.out.line(f"{mode}  {self.out.paint(f'{answer.daemon.instance} at {at}', 'dim')}")

    def local(self, data: Any, warnings: Sequence[str] = (), daemon: Any = None) -> Answer:
        """An envelope of our own, for what the shell itself found out."""
        answer: Any = View(
            schema=self.schema,
            ok=True,
            ts=now_text(),
            daemon=daemon,
            data=as_view(data),
            warnings=list(warnings),
            error=None,
        )
        return answer  # type: ignore[no-any-return]

    def failed(self, failure: Failure) -> dict[str, Any]:
        """The envelope of a failure that the shell met itself."""
        return failure_envelope(failure, self.schema)

    # --- confirmations ---

    def may_ask(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def require(self, yes: bool, what: str) -> None:
        """Refuses, before anything is sent, to risk money unasked where nobody can be asked."""
        if not yes and not self.may_ask():
            raise Failure("USAGE", f"{what} needs a confirmation, and there is no terminal to ask on", "add --yes")

    def confirm(self, question: str, label: str) -> None:
        """Asks; on a LIVE account the label has to be typed. Anything else than yes is a refusal."""
        live = label == "LIVE"
        expected = "type LIVE to go on" if live else "y/N"
        diagnostics.write(f"[{label}] {question} [{expected}] ", end="")
        said = sys.stdin.readline().strip()
        if said != "LIVE" if live else said.lower() not in ("y", "yes"):
            raise Failure("FAILED", "not confirmed; nothing was sent")

    def label(self, answer: Answer, account: str | None) -> str:
        """PAPER, DEMO or LIVE: what an act on this account touches. In a real home an account whose kind is
        not known counts as LIVE."""
        if answer.daemon.mode.lower() == "paper":
            return "PAPER"
        kinds: dict[str, str] = {row.name: row.kind.upper() for row in self.client.query("accounts").data or ()}
        if account is None:
            return "LIVE" if set(kinds.values()) != {"DEMO"} else "DEMO"
        return kinds.get(account, "LIVE")


def an_id(text: str, *kinds: IdKind) -> str:
    """A shown id in its own form; a bad one is a usage error before anything is asked."""
    try:
        return show(*parse(text, *kinds))
    except BadId as error:
        raise Failure("USAGE", str(error)) from None


def answered(answer: Answer) -> Answer:
    """The answer, where it is none that refuses; else its Failure: what was not told must not look like nothing."""
    if answer.error is not None:
        raise Failure(answer.error.code, answer.error.message, answer.error.hint, answer.error.facts)
    return answer


def seconds(text: str) -> float:
    """Seconds of a duration such as 5s; a bad one is a usage error."""
    try:
        return parse_duration_ns(text) / SECOND
    except BadInstant as error:
        raise Failure("USAGE", str(error)) from None


def failure_envelope(failure: Failure, schema: str) -> dict[str, Any]:
    """What -o json prints when no daemon's answer can be shown."""
    error = {"code": failure.code, "message": failure.message, "hint": failure.hint, "facts": failure.facts}
    return {
        "schema": schema,
        "ok": False,
        "ts": now_text(),
        "daemon": None,
        "data": None,
        "warnings": [],
        "error": error,
    }


def now_text() -> str:
    """Now, as envelopes have it."""
    ns = now_ns()
    base = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // SECOND))
    return f"{base}.{ns % SECOND // 1_000_000:03d}Z"


def as_view(value: Any) -> Any:
    """Plain dicts and lists as an answer's data has them."""
    if isinstance(value, dict):
        return View({key: as_view(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [as_view(item) for item in value]
    return value
