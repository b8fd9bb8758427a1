"""Terminals: the list, one, and enrolling."""

from __future__ import annotations

from hydractl.commands.operators import show_operator
from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column, age, yes_no
from hydractl.session import Session
from hydractl.verbs import argument, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.terminals import EnrollData, LeavingData, TerminalRow


def _offset(row: TerminalRow) -> str:
    if row.clock_offset_ms is None:
        return "never"
    return f"{row.clock_offset_ms:+z.1f}±{row.clock_uncertainty_ms or 0:.1f} ms"


def opens_nothing(row: TerminalRow) -> str:
    """Why a terminal opens nothing now: its link, its duty or its agent's latch; "" where it opens."""
    duty = "DRAINED" if row.drained else row.duty
    if row.link != "READY":
        return row.link
    return duty if duty != "ACTIVE" else "HALTED" if row.halted else ""


def _lane(row: TerminalRow) -> str:
    if row.feed_only:
        return "feeds"
    why = opens_nothing(row)
    return "-" if not row.lane else f"no: {why}" if why else "opens"


TERMINALS = (
    Column("NAME", "name"),
    Column("ACCOUNT", "account"),
    Column("LINK", "link"),
    Column("DUTY", "duty", show=lambda row: "DRAINED" if row.drained else row.duty),
    Column("LANE", "lane", show=_lane),
    Column("HEARTBEAT", "heartbeat_age_s", right=True, show=lambda row: age(row.heartbeat_age_s)),
    Column("CLOCK", "clock_offset_ms", right=True, show=_offset),
    Column("HALTED", "halted", show=lambda row: "HALTED" if row.halted else yes_no(row.halted)),
    Column("HOLDS", "holds", right=True, wide=True),
    Column("IN HAND", "in_hand", right=True),
    Column("EPOCH", "epoch", right=True, wide=True),
    Column("THROUGH", "through", wide=True),
    Column("SHED", "ticks_shed", right=True, wide=True),
    Column("LEDGER", "ledger_entries", right=True, wide=True),
    Column("IDENTITY", "identity", wide=True),
    Column("WHY", "why"),
)


@verb("terminals", "terminals")
def terminals(session: Session) -> int:
    """Terminals, their links, and when each was last heard."""
    return session.rows(session.client.query("terminals"), TERMINALS, "no terminal is enrolled")


@verb("terminal show", "terminal", argument("name", "The terminal's name."))
def terminal_show(session: Session, name: str) -> int:
    """One terminal, everything that is known of it."""
    answer = session.client.query("terminals")
    found = [row for row in answer.data or () if row.name == name]
    if answer.error is None and not found:
        raise Failure("NOT_FOUND", f"no terminal is named {name}", "hydractl terminals lists them")
    one = session.local(found[0] if found else None, answer.warnings, answer.daemon)

    def people(data: Any) -> None:
        session.heading(answer)
        for key, value in data.items():
            session.out.line(f"{key:22} {'-' if value is None else value}")

    return session.present(answer if answer.error else one, people)


@verb(
    "terminal enroll",
    "enroll",
    argument("name", "The terminal's name."),
    option("--account", "The account it reaches; added when new.", required=True, metavar="NAME"),
    option("--login", "The account's number at the broker.", form=int, required=True, metavar="N"),
    option("--server", "The broker's server.", required=True, metavar="NAME"),
    option("--kind", "Fixed for ever.", default="paper", choices=("paper", "demo", "live")),
    option("--currency", "The account's currency.", default="USD", metavar="CUR"),
    flag("--hedging/--netting", "How the account books positions.", default=True),
    option("--symbols", "Symbols it reports, with commas.", default="", metavar="A,B"),
    option("--phone", "Of the broker's dealing desk, for the account's card.", metavar="NUMBER"),
    flag("--feed-only", "It gives quotes and is sent nothing that trades; of any kind, in any home."),
)
def terminal_enroll(session: Session, name: str, symbols: str, **fields: Any) -> ExitCode:
    """Enrol a terminal: draws its keys, writes the bundle that its agent starts from, and a card to print."""
    listed = [symbol for symbol in symbols.split(",") if symbol]
    answer = session.client.request("terminal.enroll", name=name, symbols=listed, **fields)

    def people(data: EnrollData) -> None:
        session.heading(answer)
        session.out.line(f"enrolled {data.terminal} for account {data.account}")
        session.out.line(f"bundle   {data.bundle}")
        session.out.line(f"card     {data.card}")
        session.out.line(f"key      {data.public_key}")
        session.out.line("copy the bundle to the terminal's host and run: hydra-terminal run BUNDLE")

    return session.present(answer, people)


_TERMINAL = argument("terminal", "The terminal's name.")
_OPERATOR = argument("operator", "The operator's name.")
_REASON = option("--reason", "Why; kept in the journal.", default="", metavar="TEXT")


@verb(
    "terminal assign",
    "operator",
    _TERMINAL,
    _OPERATOR,
    flag("--primary", "Their fires without a choice go to its account."),
)
def terminal_assign(session: Session, terminal: str, operator: str, primary: bool) -> ExitCode:
    """Give a terminal's account to an operator; needs a commander."""
    answer = session.client.request("terminal.assign", terminal=terminal, operator=operator, primary=primary)
    return show_operator(session, answer)


@verb("terminal release", "operator", _TERMINAL, _OPERATOR)
def terminal_release(session: Session, terminal: str, operator: str) -> ExitCode:
    """Take a terminal's account from an operator; needs a commander."""
    return show_operator(session, session.client.request("terminal.release", terminal=terminal, operator=operator))


@verb("terminal drain", "terminal", _TERMINAL, _REASON)
def terminal_drain(session: Session, terminal: str, reason: str) -> ExitCode:
    """No new fires there; what is open goes on to its end."""
    return _duty(session, terminal, "draining", reason)


@verb("terminal quarantine", "terminal", _TERMINAL, _REASON)
def terminal_quarantine(session: Session, terminal: str, reason: str) -> ExitCode:
    """No new fires there until a commander says so."""
    return _duty(session, terminal, "quarantined", reason)


@verb("terminal activate", "terminal", _TERMINAL, _REASON)
def terminal_activate(session: Session, terminal: str, reason: str) -> ExitCode:
    """End a drain; or, as a commander and with a reason, a quarantine."""
    return _duty(session, terminal, "active", reason)


GIVE_LANE = "give the lane to {}?"
_DRY_RUN = flag("--dry-run", "Only show what it touches.")
_YES = flag("--yes", "Do not ask.")


@verb(
    "terminal failover",
    "leaving",
    _TERMINAL,
    _REASON,
    flag("--keep-plans", "Plans of open positions stay at the agent that has them."),
    _DRY_RUN,
    _YES,
)
def terminal_failover(session: Session, terminal: str, dry_run: bool, yes: bool, **fields: Any) -> ExitCode:
    """New fires of its account go to this terminal, and plans of open positions follow; shown first."""
    fields["terminal"] = terminal
    return _leave(session, "terminal.failover", GIVE_LANE.format(terminal), dry_run, yes, fields)


@verb(
    "terminal remove",
    "leaving",
    _TERMINAL,
    _REASON,
    flag("--force", "Though plans are at its agent: its host is gone for ever."),
    _DRY_RUN,
    _YES,
)
def terminal_remove(session: Session, terminal: str, dry_run: bool, yes: bool, **fields: Any) -> ExitCode:
    """Take a terminal away for ever; its key opens nothing any more. What hangs on it is shown first."""
    fields["terminal"] = terminal
    return _leave(session, "terminal.remove", f"remove {terminal} for ever?", dry_run, yes, fields)


ACTS = (
    Column("ACT", "id"),
    Column("KIND", "kind"),
    Column("STATE", "state"),
    Column("TERMINAL", "terminal", show=lambda row: row.terminal or "-"),
    Column("WHAT BECOMES OF IT", "becomes"),
)
POSITIONS = (
    Column("POSITION", "id"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("VOLUME", "volume", right=True),
    Column("STOP", "stop", show=lambda row: yes_no(row.stop)),
    Column("PLAN", "plan"),
    Column("WHAT BECOMES OF IT", "becomes"),
)


def show_leaving(session: Session, answer: Answer) -> ExitCode:
    """What a failover or a removal touches, or has touched."""

    def people(data: LeavingData) -> None:
        session.heading(answer)
        session.out.line(f"lane of {data.account}: {data.lane or 'nobody'}, after it {data.lane_after or 'nobody'}")
        session.out.table(ACTS, data.acts, empty="no act is on its way")
        session.out.table(POSITIONS, data.positions, empty="no position is open")
        if data.blocked:
            session.out.line(f"not done: {data.blocked}")
        elif not data.done:
            session.out.line("nothing was done yet")

    return session.present(answer, people)


def _leave(session: Session, call: str, question: str, dry_run: bool, yes: bool, fields: dict[str, Any]) -> ExitCode:
    """Show what it touches, ask, do it."""
    if dry_run:
        return show_leaving(session, session.client.query(call, dry_run=True, **fields))
    session.require(yes, call.replace(".", " "))
    if not yes:
        preview = session.client.query(call, dry_run=True, **fields)
        status = show_leaving(session, preview)
        if preview.error is not None:
            return status
        if not session.machine:
            session.out.flush()
        session.confirm(question, session.label(preview, preview.data.account))
    return show_leaving(session, session.client.request(call, dry_run=False, **fields))


def _duty(session: Session, terminal: str, duty: str, reason: str) -> ExitCode:
    answer = session.client.request("terminal.duty", terminal=terminal, duty=duty, reason=reason)
    return _show_terminal(session, answer)


def _show_terminal(session: Session, answer: Answer) -> ExitCode:
    def people(row: TerminalRow) -> None:
        session.heading(answer)
        session.out.table(TERMINALS, [row], empty="")

    return session.present(answer, people)
