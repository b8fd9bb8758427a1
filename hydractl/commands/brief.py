"""A mission before it is fired: the market now, the money at risk, what it needs, and every check."""

from __future__ import annotations

from hydractl.commands.fired import second, would_text
from hydractl.commands.missions import show_mission
from hydractl.commands.verdicts import show_checks
from hydractl.output import age
from hydractl.session import Session, an_id
from hydractl.verbs import argument, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydractl.output import Output
    from hydrad.wire.answers.briefing import Briefing, PriceNow, Stake

NO_QUOTE = "the account's terminal has told no quote"


@verb(
    "brief",
    "brief",
    argument("mission", "The mission's id."),
    option("--account", "As it would be on this account, else on your primary one.", metavar="A"),
    option("--volume", "Lots.", metavar="V"),
    option("--risk", "Risk as a share of the account, such as 0.5%.", metavar="R"),
    option("--plan", "The plan it would run under.", default="default", metavar="NAME"),
)
def brief(session: Session, mission: str, account: str | None, volume: str | None, risk: str | None, plan: str) -> int:
    """What you decide a mission by: price, money, costs and every check, on one account, now."""
    mission = an_id(mission, IdKind.MISSION)
    answer = session.client.query("brief", mission=mission, account=account, volume=volume, risk=risk, plan=plan)

    def people(data: Briefing) -> None:
        session.heading(answer)
        show_mission(session, data.mission)
        _market(session, data)
        if data.stake is not None:
            _money(session, data.stake)
        session.out.line(f"verdict {session.out.paint(would_text(data.fire), 'dim' if second(data.fire) else None)}")
        show_checks(session, data.fire.checks, every=False)

    return session.present(answer, people)


def _market(session: Session, data: Briefing) -> None:
    out = session.out
    out.line(f"account {data.account} ({data.kind}), tcs {data.tcs_text}")
    if data.price is None:
        out.line(f"price   {out.word('UNKNOWN')}: {NO_QUOTE}")
    else:
        out.line(f"price   {price_text(data.price)}")


def price_text(row: PriceNow) -> str:
    """Where the market is, how old that is, and how far from the entry."""
    old = ", STALE" if row.stale else ""
    share = f" ({row.spread_of_stop_percent}% of the stop)" if row.spread_of_stop_percent else ""
    off = f"{row.off_points:+d} points from entry, {row.collar_points} allowed"
    if row.rests:
        off = f"its order would rest {abs(row.off_points)} points away"
    return f"{row.bid} / {row.ask}, {age(row.age_s)} old{old}, spread {row.spread_points} points{share}, {off}"


def _money(session: Session, row: Stake) -> None:
    for label, text in stake_texts(session.out, row):
        session.out.line(f"{label:<7} {text}")


def stake_texts(out: Output, row: Stake) -> tuple[tuple[str, str], ...]:
    """What is at stake, each with the word before it: money, costs, night."""
    unit = row.currency
    of_base = f" ({row.of_base_percent}% of the account)" if row.of_base_percent else ""
    gain = f", at target {row.at_target} {unit}" if row.at_target else ", no target"
    paid = f"{row.commission} {unit}" if row.commission else "not known: no position in it was closed yet"
    return (
        ("money", f"{row.volume} lots: at stop {row.at_stop} {unit}{of_base}{gain}, R {row.r or '-'}"),
        ("costs", f"commission {paid}, break-even at {row.break_even or '-'}"),
        ("night", _night(out, row)),
    )


def _night(out: Output, row: Stake) -> str:
    if row.night is None:
        return "not known: the terminal has not told its swap, or its server's clock"
    money = f"{row.night.money} {row.currency}" if row.night.money else "not counted in the account's currency"
    return f"{money} at {out.instant(row.night.at)}, for {row.night.nights} night(s)"
