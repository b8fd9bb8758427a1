"""What reduces (close, modify, cancel, flatten): its dry run in words, the question that follows, and the exit codes.

Owns the way from the options of such a verb to its verdict: looked at, shown, asked, sent once. What would be denied is
not asked for, and the exit code is that of the denial. What the broker would refuse by its terms is asked for: a person
may know better, and what reduces is not held up by us.
"""

from __future__ import annotations

from decimal import Decimal

from hydractl import diagnostics
from hydractl.commands.fire import label_of, wait_s
from hydractl.commands.realised import signed
from hydractl.commands.verdicts import acts_of, exit_of_answer, show_checks, show_fire
from hydractl.diagnostics import ExitCode
from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.acts import FireAnswer, ReduceRow

    Ask = Callable[[FireAnswer], str]

DRY_RUN = flag("--dry-run", "Show lots, money, risk and what would deny it; send nothing.")
CLOSES = ("CLOSE", "PART_CLOSE")
_FORBIDDEN = "FORBIDDEN"


def _money(row: ReduceRow) -> str:
    return "-" if row.money is None else f"{signed(row.money)} {row.currency}"


def _risk(row: ReduceRow) -> str:
    return "-" if row.risk_money is None else f"{row.risk_money} {row.currency}"


REDUCES = (
    Column("ID", "id"),
    Column("ACT", "act"),
    Column("ACCOUNT", "account"),
    Column("SYMBOL", "symbol"),
    Column("SIDE", "side"),
    Column("VOLUME", "volume", right=True),
    Column("LEFT", "remaining", right=True),
    Column("PRICE NOW", "price", right=True),
    Column("AGE", "price_age_s", right=True, show=lambda row: age(row.price_age_s)),
    Column("MONEY NOW", "money", right=True, show=_money),
    Column("RISK AFTER", "risk_money", right=True, show=_risk),
    Column("VERDICT", "would"),
)


def carried_out(
    session: Session,
    name: str,
    fields: Mapping[str, Any],
    ask: Ask,
    *,
    dry_run: bool,
    yes: bool,
    wait: bool,
    key: str | None,
) -> ExitCode:
    """A verb that reduces: only looked at, or sent after a yes. A key of one's own must come with the same words again,
    so that nothing of them is pinned then."""
    if key is not None:
        session.client.key = key
    if dry_run:
        return show(session, look(session, name, fields), every=True)
    session.require(yes, name)
    if not yes:
        preview = look(session, name, fields)
        if not may_go(preview):
            return show(session, preview)
        session.confirm(*proposed(session, preview, ask))
        fields = fields if key is not None else pinned(preview, fields)
    return send(session, name, fields, wait)


def look(session: Session, name: str, fields: Mapping[str, Any]) -> Answer:
    """What it would be; nothing is sent."""
    answer: Answer = session.client.query(name, dry_run=True, **fields)
    return answer


def may_go(preview: Answer) -> bool:
    """Whether anything of it would be sent."""
    if preview.data is None or (preview.error is not None and preview.error.code == _FORBIDDEN):
        return False
    return any(not row.codes for row in preview.data.reduces)


def pinned(preview: Answer, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields with the lots that were shown in place of a share, and those that were shown to stay open: a position
    that has changed since is not closed by another part, nor whole. Of several a share stays what it is."""
    rows = preview.data.reduces
    if fields.get("part") is None or len(rows) != 1 or rows[0].act != "PART_CLOSE":
        return fields
    return {**fields, "part": rows[0].volume, "stays": rows[0].remaining}


def proposed(session: Session, preview: Answer, ask: Ask) -> tuple[str, str]:
    """Shows what would be sent, before anybody is asked; answers the question, and the label of what it may touch."""
    if not session.machine:
        session.heading(preview)
        show_reduces(session, preview.data)
        session.out.flush()
    return ask(preview.data), label_of(preview.data.reduces)


def send(session: Session, name: str, fields: Mapping[str, Any], wait: bool) -> ExitCode:
    """Sent, and answered by its verdict."""
    answer = session.client.request(name, wait_s=wait_s(session, wait), **fields)

    def people(data: Any) -> None:
        session.heading(answer)
        if not acts_of(data):
            session.out.line(data.would)
        show_fire(session, data)

    decided = answer.data is not None and bool(acts_of(answer.data))
    return session.present(answer, people, exit_code=_verdict(answer.data) if decided else ExitCode.DONE)


def _verdict(data: FireAnswer) -> ExitCode:
    """A fire that is answered itself, and not by an act that cancels, waited for a second person, and waits no more."""
    taken_back = all(row.kind == "FIRE" and row.state == "DENIED" for row in acts_of(data))
    return ExitCode.DONE if taken_back else exit_of_answer(data)


# --- a dry run ------------------------------------------------------------------------------------------------


def show(session: Session, answer: Answer, *, every: bool = False) -> ExitCode:
    """A dry run, or what would not be asked for; the exit code is the one that the act would have. `every`: also the
    checks that passed."""

    def people(data: Any) -> None:
        session.heading(answer)
        style = "warn" if any(row.codes or row.expects for row in data.reduces) else None
        session.out.line(f"nothing was sent: {session.out.paint(data.would, style)}")
        show_reduces(session, data)
        if data.checks:
            show_checks(session, data.checks, every=every)

    return session.present(answer, people, exit_code=exit_of(answer))


def exit_of(answer: Answer) -> ExitCode:
    """Of each act: DENIED by us, else REJECTED where the broker's terms say so, else DONE; several that differ are
    PARTLY, and so is a flatten that leaves what may open yet. Without leave to act, that before all."""
    if answer.data is None:
        return ExitCode.DONE  # the problem has the code
    if answer.error is not None and answer.error.code == _FORBIDDEN:
        return diagnostics.exit_code_of(answer.error.code)
    codes = {_exit_of_row(row) for row in answer.data.reduces} or {ExitCode.DONE}
    if len(codes) == 1 and ExitCode.DONE not in codes:
        return codes.pop()
    return ExitCode.PARTLY if len(codes) > 1 or answer.data.stays else ExitCode.DONE


def _exit_of_row(row: ReduceRow) -> ExitCode:
    if row.codes:
        return ExitCode.DENIED
    return ExitCode.REJECTED if row.expects else ExitCode.DONE


def show_reduces(session: Session, data: FireAnswer) -> None:
    """One act in full, several a line each with their sums."""
    rows, out = data.reduces, session.out
    if len(rows) == 1:
        _show_one(session, rows[0])
    elif rows:
        out.table(REDUCES, rows, empty="")
        for line in sums(rows):
            out.line(line)
        for row in rows:
            if words := rise_words(row):
                out.line(f"{_named(row)}: {out.paint(words, 'bad')}")
    for row in rows:
        of = "" if len(rows) == 1 else f" {_named(row)}"
        for check in row.failed if not data.checks else ():  # else they stand in the table of all
            out.line(f"denied {of} {out.paint(check.code, 'bad')}: {check.measured}, limit {check.limit}")
        for check in row.expects:
            words = f"the broker would refuse it as its terms stand: {check.code}"
            out.line(f"broker {of} {out.paint(words, 'bad')}, {check.measured}, limit {check.limit}")
    if data.stays:
        words = f"may open yet, and is not cancelled by this: {', '.join(data.stays)}"
        out.line(f"stays   {out.paint(words, 'warn')}; hydractl cancel --all")


def _show_one(session: Session, row: ReduceRow) -> None:
    out = session.out
    name = f"{out.paint(_named(row), 'id')}{' FOREIGN' if row.foreign else ''}"
    if words := rise_words(row):
        out.line(out.paint(words, "bad"))
    out.line(f"{_WORDS[row.act]:7} {name}: {_what(row)} on {row.account}")
    price = f"{row.price}, {age(row.price_age_s)} old" if row.price else "no quote"
    if row.act in CLOSES:
        money = f"{out.word(_money(row))} at {price}" if row.money is not None else f"not known: {price}"
        swap = f", swap {row.swap} {row.currency}" if row.swap is not None else ""
        out.line(f"money   {money}{swap}, before commission")
    else:
        out.line(f"price   now {price}")
    if risk := _risk_words(row):
        out.line(f"risk    {risk}")


def _named(row: ReduceRow) -> str:
    return row.id or f"ticket {row.ticket}"


_WORDS = {"CLOSE": "close", "PART_CLOSE": "close", "MODIFY": "modify", "CANCEL": "cancel", "TAKE_BACK": "take back"}


def _what(row: ReduceRow) -> str:
    if row.act == "MODIFY":
        stop, target = (_moved(*pair) for pair in ((row.stop_was, row.stop), (row.target_was, row.target)))
        return f"{row.side} {row.volume} {row.symbol}, stop {stop}, target {target}"
    if row.act in CLOSES:
        whole = Decimal(row.volume) + Decimal(row.remaining or 0)
        part = f"{row.volume} of {whole} lots" if row.act == "PART_CLOSE" else f"all {row.volume} lots"
        left = f", {row.remaining} stays open" if row.act == "PART_CLOSE" else ""
        return f"{part} of {row.side} {row.symbol}, opened at {row.open_price}{left}"
    return f"{row.side} {row.volume} {row.symbol} at {row.open_price}"


def rise_words(row: ReduceRow) -> str:
    """That the new stop would cost more than the one that stands; "" where it would not, or where that is not known."""
    if row.act != "MODIFY" or row.risk_was_money is None:
        return ""
    was = f"from {row.risk_was_money} {row.currency}"
    if row.risk_money is None:
        return "" if row.stop else f"RISK WITHOUT BOUND, {was}: no stop would stand"
    now, before = Decimal(row.risk_money), Decimal(row.risk_was_money)
    if now <= max(before, Decimal(0)):
        return ""
    times = now / before if before > 0 else None
    grows = "RISES" if times is None or times < 2 else "DOUBLES" if times < Decimal("2.1") else f"x{times:.1f}"
    return f"RISK {grows}: {row.risk_money} {row.currency} at the new stop, {was}"


def _moved(was: str | None, now: str | None) -> str:
    """A level before and after."""
    return (now or "none") if was == now else f"{was or 'none'} -> {now or 'none'}"


def _risk_words(row: ReduceRow) -> str:
    """What is lost at the stop, of what stays open, counted from the open price."""
    before = f"; as it stands {row.risk_was_money} {row.currency}" if row.risk_was_money is not None else ""
    if row.act == "CLOSE":
        return ""
    if row.act in ("CANCEL", "TAKE_BACK"):
        return f"{row.risk_money} {row.currency} of it is free then" if row.risk_money is not None else ""
    if row.risk_money is None:
        return ("not known" if row.stop else "NO STOP: not bounded") + before
    share = f" = {row.risk_percent} % of {row.base}" if row.risk_percent is not None else ""
    return f"{row.risk_money} {row.currency} at the stop{share}{before}"


def sums(rows: Sequence[ReduceRow]) -> list[str]:
    """What the closes of several would bring, by currency; of what is not known it is said of how many."""
    closes = [row for row in rows if row.act in CLOSES and not row.codes]
    lines = []
    for currency in sorted({row.currency for row in closes}):
        known = [Decimal(row.money) for row in closes if row.currency == currency and row.money is not None]
        unknown = sum(row.currency == currency and row.money is None for row in closes)
        words = f"; of {unknown} more it is not known" if unknown else ""
        lines.append(f"money   {signed(str(sum(known, Decimal(0))))} {currency} now, of {len(known)}{words}")
    return lines


# --- the questions --------------------------------------------------------------------------------------------


def closing(id: str) -> Ask:
    """Of a close, by the lots that would be sent."""

    def ask(data: FireAnswer) -> str:
        row = data.reduces[0]
        if len(data.reduces) > 1:
            return f"close these {len(data.reduces)} of {id}?"
        return (
            f"close {row.volume} of {id}, {row.remaining} stays open?"
            if row.act == "PART_CLOSE"
            else f"close all of {id}?"
        )

    return ask


def moving(id: str, stop: str | None, target: str | None) -> Ask:
    """Of a modify."""
    return lambda data: f"set stop {stop or 'as it is'}, target {target or 'as it is'} of {id}?"


def cancelling(id: str | None) -> Ask:
    """Of a cancel."""

    def ask(data: FireAnswer) -> str:
        row = data.reduces[0]
        if row.act == "TAKE_BACK":
            return f"take {id} back, which waits for a second person?"
        return f"cancel {id or _named(row) if len(data.reduces) == 1 else f'all {len(data.reduces)} of these'}?"

    return ask


def flattening(data: FireAnswer) -> str:
    """Of a flatten."""
    count = len(data.reduces)
    return f"close all {count} of these?" if count > 1 else f"close all of {_named(data.reduces[0])}?"
