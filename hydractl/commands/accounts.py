"""Accounts: the list, one, its limits, and groups."""

from __future__ import annotations

from hydractl.diagnostics import Failure
from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import YES, argument, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.accounts import AccountDayData, AccountShow, ArmData

ACCOUNTS = (
    Column("NAME", "name"),
    Column("KIND", "kind", show=lambda row: row.kind.upper()),
    Column("AUTHORITY", "authority"),
    Column("CUR", "currency"),
    Column("BALANCE", "balance", right=True),
    Column("EQUITY", "equity", right=True),
    Column("DAY P&L", "day_pnl", right=True),
    Column("DAY LIMIT", "day_limit", right=True),
    Column("OPEN RISK", "open_risk", right=True),
    Column("RISK LIMIT", "open_risk_limit", right=True, wide=True),
    Column("MARGIN %", "margin_level", right=True, wide=True),
    Column("POSITIONS", "positions", right=True),
    Column("LOGIN", "login", right=True, wide=True),
    Column("SERVER", "server", wide=True),
    Column("HEDGING", "hedging", wide=True, show=lambda row: "hedging" if row.hedging else "netting"),
    Column("AS OF", "as_of_age_s", right=True, show=lambda row: age(row.as_of_age_s)),
)


@verb("accounts", "accounts")
def accounts(session: Session) -> int:
    """Accounts, with the age of what is known about them."""
    return session.rows(session.client.query("accounts"), ACCOUNTS, "no account is enrolled")


LIMITS = (
    Column("LIMIT", "name"),
    Column("EVERYWHERE", "everywhere", right=True, show=lambda row: row.everywhere or "not set"),
    Column("OWN", "own", right=True),
    Column("HOLDS", "holds", right=True, show=lambda row: row.holds or "not set"),
)
POOLS = (
    Column("POOL", "name"),
    Column("ACCOUNTS", "members", show=lambda row: ", ".join(f"{a} x {w}" for a, w in row.members.items())),
    Column("FIRES", "fires", show=lambda row: ", ".join(f"{a} {n}" for a, n in row.fires.items())),
    Column("NEXT", "turn"),
)
GROUPS = (
    Column("GROUP", "name"),
    Column("ACCOUNTS", "members", show=lambda row: ", ".join(f"{a} x {m}" for a, m in row.members.items())),
)


@verb("account show", "account", argument("name", "The account's name."))
def account_show(session: Session, name: str) -> int:
    """One account: its figures, the limits that hold for it, who may fire on it, which terminal opens."""
    return _show(session, session.client.query("account.show", account=name))


@verb(
    "account limits",
    "account",
    argument("name", "The account's name."),
    argument("values", "Limits, such as open_positions_max=2.", required=False, many=True),
    option("--clear", "Limits to take away, with commas.", default="", metavar="A,B"),
)
def account_limits(session: Session, name: str, values: tuple[str, ...], clear: str) -> int:
    """Limits of one account. They only tighten those that hold everywhere. A tighter one holds at once; a looser one
    waits for a second commander, or 24 hours (exit 8). Needs a commander; without limits it shows them."""
    taken = [word for word in clear.split(",") if word]
    if not values and not taken:
        return _show(session, session.client.query("account.show", account=name))
    answer = session.client.request("account.limits", account=name, values=_pairs(values), clear=taken)
    return _show(session, answer)


@verb(
    "account correct",
    "account",
    argument("name", "The account's name."),
    option("--peak", "Its highest equity.", metavar="AMOUNT"),
    option("--start", "Its first equity.", metavar="AMOUNT"),
    option("--day", "The first equity of its trading day.", metavar="AMOUNT"),
    option("--reason", "Why; kept in the journal.", required=True, metavar="TEXT"),
)
def account_correct(
    session: Session, name: str, peak: str | None, start: str | None, day: str | None, reason: str
) -> int:
    """What losses are counted from, where a terminal's report was wrong. A higher one holds at once; a lower one waits
    for a second commander, or 24 hours (exit 8). Needs a commander."""
    answer = session.client.request("account.correct", account=name, peak=peak, start=start, day=day, reason=reason)
    return _show(session, answer)


@verb(
    "account phone",
    "account",
    argument("name", "The account's name."),
    argument("number", "Of the broker's dealing desk, such as +44 20 7946 0000; an empty one takes it away."),
)
def account_phone(session: Session, name: str, number: str) -> int:
    """The broker's phone number, for the account's card and for the alarm of a terminal that is lost with positions.
    Needs a commander."""
    return _show(session, session.client.request("account.phone", account=name, phone=number))


@verb("groups", "groups")
def groups(session: Session) -> int:
    """Groups of accounts, for fire --group."""
    return session.rows(session.client.query("groups"), GROUPS, "no groups")


@verb("pools", "pools")
def pools(session: Session) -> int:
    """Pools of accounts, for fire --pool, and whose turn it is in each."""
    return session.rows(session.client.query("pools"), POOLS, "no pools")


@verb(
    "account group",
    "group",
    argument("group", "The group's name."),
    argument(
        "members",
        "Accounts with their multipliers, such as alpha bravo=0.5; none takes the group away.",
        required=False,
        many=True,
    ),
)
def account_group(session: Session, group: str, members: tuple[str, ...]) -> int:
    """Make a group of accounts; needs a commander."""
    listed = {name: multiplier or "1" for name, _, multiplier in (word.partition("=") for word in members)}
    if len(listed) != len(members):
        raise Failure("USAGE", "an account is named twice")
    answer = session.client.request("account.group", group=group, members=listed)

    def people(row: Any) -> None:
        session.heading(answer)
        session.out.table(GROUPS, [row] if row.members else [], empty=f"group {row.name} is gone")

    return session.present(answer, people)


@verb(
    "account pool",
    "group",
    argument("pool", "The pool's name."),
    argument(
        "members",
        "Accounts with their weights, such as alpha=2 bravo; none takes the pool away.",
        required=False,
        many=True,
    ),
)
def account_pool(session: Session, pool: str, members: tuple[str, ...]) -> int:
    """Make a pool, for fire --pool: one of its accounts takes a fire, in turn by weight. Needs a commander."""
    listed = {name: weight or "1" for name, _, weight in (word.partition("=") for word in members)}
    if len(listed) != len(members):
        raise Failure("USAGE", "an account is named twice")
    answer = session.client.request("account.pool", pool=pool, members=listed)

    def people(row: Any) -> None:
        session.heading(answer)
        session.out.table(GROUPS, [row] if row.members else [], empty=f"pool {row.name} is gone")

    return session.present(answer, people)


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, mark, text = word.partition("=")
        if not mark or not text:
            raise Failure("USAGE", f"'{word}' is not LIMIT=VALUE")
        pairs[name] = text
    return pairs


def _show(session: Session, answer: Answer) -> int:
    def people(data: AccountShow) -> None:
        session.heading(answer)
        out = session.out
        out.table(ACCOUNTS, [data.account], empty="")
        out.line()
        out.table(LIMITS, data.limits, empty="")
        out.line()
        groups = ", ".join(f"{group} x {m}" for group, m in data.groups.items())
        out.line(f"terminals  {', '.join(data.terminals) or 'none'}; {data.lane or 'none'} opens")
        out.line(f"groups     {groups or 'none'}")
        if data.account.kind == "live":
            left = f", {data.first_fires_left} fills to go at the least volume" if data.armed else ""
            out.line(f"armed      {'yes' if data.armed else 'NO: it opens nothing'}{left}")
        out.line(f"operators  {', '.join(data.operators) or 'none'}")
        bases = {"peak": data.peak, "start": data.start, "day": data.day}
        losses = ", ".join(f"{name} {base or 'unknown'}" for name, base in bases.items())
        out.line(f"losses     count from {losses}")
        out.line(f"broker     phone {data.phone or 'not known: hydractl account phone'}")

    return session.present(answer, people)


CONDITIONS = (
    Column("CONDITION", "name"),
    Column("", "ok", show=lambda row: "met" if row.ok else "NOT MET"),
    Column("MEASURED", "measured"),
    Column("AGE", "age_s", right=True, show=lambda row: age(row.age_s) if row.at else "now"),
    Column("NEEDED", "needed"),
)


@verb(
    "account arm",
    "arm",
    argument("account", "The live account."),
    flag("--dry-run", "Only show what is met and what is not."),
    YES,
)
def account_arm(session: Session, account: str, dry_run: bool, yes: bool) -> int:
    """Take a live account into use: shows every condition, then waits for a second commander (exit 8). Its first 10
    fills use the least volume. Needs a commander."""
    if dry_run:
        return _armed(session, session.client.query("account.arm", account=account, dry_run=True))
    session.require(yes, "account arm")
    if not yes:
        preview = session.client.query("account.arm", account=account, dry_run=True)
        status = _armed(session, preview)
        if preview.error is not None:
            return status
        if not session.machine:
            session.out.flush()
        session.confirm(f"ask for {account} to be armed?", session.label(preview, account))
    return _armed(session, session.client.request("account.arm", account=account, dry_run=False))


@verb(
    "account disarm",
    "arm",
    argument("account", "The live account."),
    option("--reason", "Why; kept in the journal.", default="", metavar="TEXT"),
)
def account_disarm(session: Session, account: str, reason: str) -> int:
    """Nothing opens on this account any more, at once. Anyone who may halt may do it."""
    return _armed(session, session.client.request("account.disarm", account=account, reason=reason))


def _armed(session: Session, answer: Answer) -> int:
    def people(data: ArmData) -> None:
        session.heading(answer)
        out = session.out
        state = f"armed, {data.first_fires_left} fills to go at the least volume" if data.armed else "NOT armed"
        out.line(f"{data.account}  {data.kind.upper()}  {state}")
        if data.change:
            out.line(f"{data.change} waits for a second person")
        out.table(CONDITIONS, data.conditions, empty="")

    return session.present(answer, people)


@verb(
    "account day",
    "accountday",
    argument("account", "The account."),
    option("--zone", "The zone of its clock, such as America/New_York.", required=True, metavar="ZONE"),
    option("--at", "When its day turns there, such as 17:00.", required=True, metavar="HH:MM"),
)
def account_day(session: Session, account: str, zone: str, at: str) -> int:
    """When an account's trading day turns; from the next turn on. Needs a commander."""
    answer = session.client.request("account.day", account=account, zone=zone, at=at)

    def people(data: AccountDayData) -> None:
        session.heading(answer)
        session.out.line(f"{data.account}  day turns at {data.at} {data.zone}, now {data.day or 'not begun'}")

    return session.present(answer, people)
