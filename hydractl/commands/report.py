"""What came of it: fired and ghosted side by side."""

from __future__ import annotations

from hydractl.commands.tail import is_instant
from hydractl.diagnostics import Failure
from hydractl.output import MISSING, Column
from hydractl.session import Session
from hydractl.verbs import option, verb
from hydrad.domain.instants import MS, BadInstant, parse_duration_ns, parse_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.reports import DigestData, Estimate, ReportData, ReportGroup, ReportSide

BY = ("kind", "session", "symbol", "operator", "account", "terminal", "detector", "surface", "tag", "tcs")


def _rate(found: Estimate) -> str:
    if found.value is None:
        return MISSING
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"


def _mean(found: Estimate) -> str:
    if found.value is None:
        return MISSING
    interval = f" [{found.low:+z.2f}, {found.high:+z.2f}]" if found.low is not None else " [too few]"
    return f"{found.value:+z.2f}{interval}"


def _effective(side: ReportSide) -> str:
    needed = side.n_needed if side.n_needed is not None else MISSING
    return f"{side.n_effective:.1f} of {needed}"


def _money(row: ReportGroup) -> str:
    return ", ".join(f"{total.amount} {total.currency}" for total in row.money) or MISSING


GROUPS = (
    Column("GROUP", "group"),
    Column("FIRED", "fired", right=True, show=lambda row: str(row.fired.n)),
    Column("WON [95 %]", "fired", right=True, show=lambda row: _rate(row.fired.win_rate)),
    Column("MEAN R [95 %]", "fired", right=True, show=lambda row: _mean(row.fired.mean_r)),
    Column("N EFF OF NEEDED", "fired", right=True, show=lambda row: _effective(row.fired)),
    Column("TOTAL R", "fired", right=True, show=lambda row: f"{row.fired.total_r:+z.2f}"),
    Column("P&L", "money", right=True, show=_money),
    Column("SLIP", "slippage_mean", right=True),
    Column("WORST", "slippage_worst", right=True, wide=True),
    Column("ASKED", "asked", right=True, wide=True),
    Column("DENIED", "denied", right=True, wide=True),
    Column("REQUOTES", "requotes", right=True),
    Column("REJECTED", "rejections", right=True),
    Column("GHOSTED", "ghosted", right=True, show=lambda row: str(row.ghosted.n)),
    Column("WON [95 %]", "ghosted", right=True, show=lambda row: _rate(row.ghosted.win_rate)),
    Column("MEAN R [95 %]", "ghosted", right=True, show=lambda row: _mean(row.ghosted.mean_r)),
    Column("N EFF OF NEEDED", "ghosted", right=True, wide=True, show=lambda row: _effective(row.ghosted)),
)


@verb(
    "report",
    "report",
    option("--by", "Group by this.", choices=BY),
    option("--since", "From so long ago (30d), or from an instant, market time.", metavar="WHEN"),
    option("--until", "Up to an instant, market time.", metavar="INSTANT"),
)
def report(session: Session, by: str | None, since: str | None, until: str | None) -> int:
    """Closed positions and ghosted missions: counts, win rate, R, with their intervals and what they are worth."""
    ago_ms, since_ms = _since(since)
    until_ms = _since(until)[1]
    if until is not None and until_ms is None:
        raise Failure("USAGE", "--until takes an instant such as 2026-11-20T00:00:00Z")
    answer = session.client.query("report", by=by, since_ms=since_ms, until_ms=until_ms, ago_ms=ago_ms)

    def people(data: ReportData) -> None:
        out = session.out
        session.heading(answer)
        out.line(f"closed from {out.instant(data.since)} to {out.instant(data.until)}, by {data.by or 'nothing'}")
        out.table(GROUPS, data.groups, empty="nothing was closed, and no mission has ended unfired")
        out.line(f"not in it: {data.open} open position(s), {data.unended} ghosted mission(s) without an outcome yet")
        if any(_too_few(row.fired) for row in data.groups):
            out.line("a group whose n eff is below what is needed says nothing about its mean R yet")

    return session.present(answer, people)


def _too_few(side: ReportSide) -> bool:
    return bool(side.n) and (side.n_needed is None or side.n_effective < side.n_needed)


def _since(text: str | None) -> tuple[int | None, int | None]:
    """So many milliseconds before now, or an instant in milliseconds."""
    if text is None:
        return None, None
    try:
        return (None, parse_ms(text)) if is_instant(text) else (parse_duration_ns(text) // MS, None)
    except BadInstant as error:
        raise Failure("USAGE", str(error)) from None


@verb("digest", "digest", option("--back", "So many days before today.", form=int, default=0, metavar="N"))
def digest(session: Session, back: int) -> int:
    """What today came to so far, or another day, on the accounts that you see: what is sent to you at the day's end."""
    answer = session.client.query("digest", back=back)

    def people(data: DigestData) -> None:
        session.heading(answer)
        for text in data.text.splitlines():
            session.out.line(text)

    return session.present(answer, people)
