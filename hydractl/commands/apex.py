"""APEX: what its detectors see, what it was silent about, and why."""

from __future__ import annotations

from hydractl.output import Column, age, ago
from hydractl.session import Session
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydractl.output import Output
    from hydrad.wire.answers.apex import ApexData

BY_DEFAULT = 20


def _bars(row: Any) -> str:
    if row.bars is None:
        return "not watched"
    return f"{row.bars} of {row.bars_needed}" if not row.warm else f"{row.bars}"


def _hour(used: int | None, most: int | None) -> str:
    return "-" if most is None else f"{'-' if used is None else used} of {most}"


def _became(row: Any) -> str:
    return f"{row.mission or row.reason}"


def _sight(row: Any) -> str:
    """Whether it can see anything now, in a word."""
    if not row.watched:
        return "-"
    if not row.warm:
        return "WARMING UP"
    if row.tick_age_s is None:
        return "NO TICK"
    if row.tick_age_max_s is None:
        return "LIMIT?"
    return "STALE" if row.tick_age_s > row.tick_age_max_s else "sees"


DETECTORS = (
    Column("SYMBOL", "symbol"),
    Column("DETECTOR", "detector"),
    Column("BARS", "bars", right=True, show=_bars),
    Column("", "warm", show=_sight),
    Column("LAST BAR", "last_bar", wide=True),
    Column("LAST TICK", "tick_age_s", right=True, show=lambda row: age(row.tick_age_s) if row.watched else "-"),
    Column("SEEN", "seen_today", right=True),
    Column("PROPOSED", "proposed_today", right=True),
    Column("SUPPRESSED", "suppressed_today", right=True),
    Column("THIS HOUR", "hour_used", right=True, show=lambda row: _hour(row.hour_used, row.hour_max)),
    Column("LAST SIGNAL", "last_signal_age_s", right=True, show=lambda row: age(row.last_signal_age_s)),
)
SUPPRESSED = (
    Column("REASON", "reason"),
    Column("SYMBOL", "symbol"),
    Column("DETECTOR", "detector"),
    Column("TODAY", "today", right=True),
    Column("IN ALL", "total", right=True),
    Column("LAST", "last_age_s", right=True, show=lambda row: age(row.last_age_s)),
    Column("MEASURED THEN", "detail"),
)
CANDIDATES = (
    Column("AT", "at"),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("SYMBOL", "symbol"),
    Column("DETECTOR", "detector"),
    Column("SIDE", "side"),
    Column("BECAME", "became"),
    Column("", "mission", show=_became),
    Column("MEASURED", "detail"),
    Column(
        "FEATURES",
        "features",
        wide=True,
        show=lambda row: " ".join(f"{name}={value}" for name, value in row.features.items()) or "none",
    ),
)


@verb(
    "apex show",
    "apex",
    argument("symbol", "Only this symbol.", required=False),
    option("--limit -n", f"The newest so many setups ({BY_DEFAULT}).", form=int, default=BY_DEFAULT, metavar="N"),
)
def show(session: Session, symbol: str | None, limit: int) -> int:
    """What APEX sees: bars, setups, what was suppressed and why; with -o wide the numbers of each."""
    answer = session.client.query("apex.show", symbol=symbol, limit=limit)

    def people(data: ApexData) -> None:
        out = session.out
        session.heading(answer)
        out.line(first_line(out, data))
        for text in wrong(data):
            out.line(f"{out.paint('!', 'bad')} {text}")
        out.line()
        out.table(DETECTORS, data.detectors, empty="no detector watches anything")
        out.line()
        out.table(SUPPRESSED, data.suppressed, empty="nothing was suppressed")
        out.line()
        out.table(CANDIDATES, data.candidates, empty="no setup")
        out.line(f"setups that were suppressed before {out.instant(data.candidates_since)} are counted, and not listed")

    return session.present(answer, people)


def first_line(out: Output, data: ApexData) -> str:
    """What runs, in which market time, and what was said in its last hour."""
    profile = f"profile {data.profile} M{data.timeframe_min}" if data.profile else "no profile"
    hour = f"{data.rate_per_h:.0f}" if data.hour_max is None else _hour(data.hour_used, data.hour_max)
    return "  ".join(
        (
            f"apex {out.word(data.state)}",
            profile,
            f"market {out.instant(data.market)}",
            f"signals {hour} this hour, last {ago(data.last_signal_age_s)}",
        )
    )


def wrong(data: ApexData) -> list[str]:
    """Why nothing can be seen, or is said."""
    found = []
    if data.state.upper() != "RUNNING":
        found.append(f"apex is {data.state}: {data.why or 'no reason given'}")
    if data.waits_for:
        found.append(f"no terminal has told the digits of {', '.join(data.waits_for)}: no tick is taken")
        return found
    watched = [row for row in data.detectors if row.watched]
    cold = [row.symbol for row in watched if not row.warm]
    blind = [row.symbol for row in watched if row.tick_age_s is None]
    stale = [f"{row.symbol} {age(row.tick_age_s)}" for row in watched if _sight(row) == "STALE"]
    if cold:
        found.append(f"too few bars to see anything: {', '.join(cold)}")
    if blind:
        found.append(f"no live tick since the daemon began: {', '.join(blind)}")
    if stale:
        found.append(f"the last tick is too old for a signal: {', '.join(stale)}")
    return found
