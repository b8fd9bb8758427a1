"""People: the list, joining, roles, policies, and the end of what somebody may do."""

from __future__ import annotations

from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import YES, argument, flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.people import InviteData, OperatorRow

ROLES = ("viewer", "trader", "approver", "commander")


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


OPERATORS = (
    Column("NAME", "name"),
    Column("ROLE", "role"),
    Column("STATE", "state"),
    Column("POLICY", "policy"),
    Column("KNOWN AS", "identities", show=lambda row: _listed(row.identities)),
    Column("ACCOUNTS", "accounts", show=lambda row: "all" if "*" in row.accounts else _listed(row.accounts)),
    Column("PRIMARY", "primary"),
    Column("OPEN", "open", right=True),
    Column("FIRES TODAY", "fires_today", right=True),
    Column("LEFT", "fires_left", right=True),
    Column("SINCE", "since", wide=True),
    Column("WHY", "why"),
)
POLICIES = (
    Column("NAME", "name"),
    Column("KINDS", "kinds", show=lambda row: _listed(row.kinds)),
    Column("OPEN", "open_max", right=True),
    Column("FIRES A DAY", "fires_per_day_max", right=True),
    Column("RISK A TRADE %", "risk_per_trade_max_percent", right=True),
    Column("OPERATORS", "operators", show=lambda row: _listed(row.operators)),
)
_NAME = argument("name", "The operator's name.")
_REASON = option("--reason", "Why; kept in the journal.", default="", metavar="TEXT")
_ROLE = option("--role", "What they may do.", default="trader", choices=ROLES)
_POLICY = option("--policy", "Their limits, by name.", default="starter", metavar="NAME")
_ACCOUNTS = option("--accounts", "Accounts they may fire on, with commas, or 'all'.", default="", metavar="A,B")


def accounts_of(text: str) -> list[str]:
    """Names with commas; `all` is every account."""
    return ["*"] if text == "all" else [name for name in text.split(",") if name]


def identity_of(uid: int | None, telegram: int | None) -> str:
    """How the daemon knows a person; exactly one way is named."""
    if (uid is None) == (telegram is None):
        raise Failure("USAGE", "name one of --uid and --telegram")
    return f"uid:{uid}" if uid is not None else f"telegram:{telegram}"


def show_operator(session: Session, answer: Answer) -> ExitCode:
    """One operator, as every verb about one answers."""

    def people(row: OperatorRow) -> None:
        session.heading(answer)
        session.out.table(OPERATORS, [row], empty="")

    return session.present(answer, people)


@verb("operators", "operators")
def operators(session: Session) -> int:
    """Who may do what, and where."""
    return session.rows(session.client.query("operators"), OPERATORS, "no operators")


@verb(
    "operator add",
    "operator",
    _NAME,
    _ROLE,
    option("--uid", "Known by this unix user's number.", form=int, metavar="N"),
    option("--telegram", "Known by this Telegram user's number.", form=int, metavar="N"),
    _POLICY,
    _ACCOUNTS,
)
def add(
    session: Session, name: str, role: str, uid: int | None, telegram: int | None, policy: str, accounts: str
) -> int:
    """Make somebody an operator; needs a commander. Without --accounts they fire nowhere yet."""
    identity, listed = identity_of(uid, telegram), accounts_of(accounts)
    answer = session.client.request(
        "operator.add", name=name, role=role, identity=identity, policy=policy, accounts=listed
    )
    return show_operator(session, answer)


@verb("operator invite", "invite", _NAME, option("--role", "viewer or trader.", default="trader"), _POLICY, _ACCOUNTS)
def invite(session: Session, name: str, role: str, policy: str, accounts: str) -> int:
    """A code that makes its first user this operator, for 15 minutes; needs a commander."""
    answer = session.client.request(
        "operator.invite", name=name, role=role, policy=policy, accounts=accounts_of(accounts)
    )

    def people(data: InviteData) -> None:
        session.heading(answer)
        out = session.out
        out.line(f"{out.paint(data.code, 'bold')}  makes its first user {data.name}, {data.role}, policy {data.policy}")
        out.line(f"until {out.instant(data.expires_at)}; it is shown only now")
        out.line("they type: hydractl operator claim CODE")

    return session.present(answer, people)


@verb("operator claim", "operator", argument("code", "The invitation's code."))
def claim(session: Session, code: str) -> int:
    """Become the operator that you were invited to be."""
    return show_operator(session, session.client.request("operator.claim", code=code))


@verb("operator role", "operator", _NAME, argument("role", "viewer, trader, approver or commander."), _REASON)
def set_role(session: Session, name: str, role: str, reason: str) -> int:
    """Give somebody another role; needs a commander."""
    return show_operator(session, session.client.request("operator.role", name=name, role=role, reason=reason))


@verb("operator policy", "operator", _NAME, argument("policy", "The policy's name."))
def set_policy(session: Session, name: str, policy: str) -> int:
    """Put somebody under another policy; needs a commander."""
    return show_operator(session, session.client.request("operator.policy", name=name, policy=policy))


@verb(
    "operator link",
    "operator",
    _NAME,
    option("--uid", "A unix user's number.", form=int, metavar="N"),
    option("--telegram", "A Telegram user's number.", form=int, metavar="N"),
)
def link(session: Session, name: str, uid: int | None, telegram: int | None) -> int:
    """Another way in which somebody is known; needs a commander."""
    answer = session.client.request("operator.link", name=name, identity=identity_of(uid, telegram))
    return show_operator(session, answer)


@verb("operator suspend", "operator", _NAME, _REASON)
def suspend(session: Session, name: str, reason: str) -> int:
    """End at once what somebody may do, by any trader, for anyone. Never asks."""
    return show_operator(session, session.client.request("operator.suspend", name=name, reason=reason))


@verb("operator restore", "operator", _NAME, _REASON)
def restore(session: Session, name: str, reason: str) -> int:
    """End a suspension; needs a commander, at a shell."""
    return show_operator(session, session.client.request("operator.restore", name=name, reason=reason))


@verb("operator remove", "operator", _NAME, _REASON, YES)
def remove(session: Session, name: str, reason: str, yes: bool) -> int:
    """Take somebody out of the crew; needs a commander. What they did stays in the journal."""
    session.require(yes, "operator remove")
    if not yes:
        answer = session.client.query("operators")
        session.confirm(f"remove operator {name}?", session.label(answer, None))
    return show_operator(session, session.client.request("operator.remove", name=name, reason=reason))


@verb("policies", "policies")
def policies(session: Session) -> int:
    """What policies allow, and who is under them; '-' is no limit of the policy's."""
    return session.rows(session.client.query("policies"), POLICIES, "no policies")


@verb(
    "policy set",
    "policy",
    argument("name", "The policy's name."),
    option("--kinds", "Kinds of account, with commas.", default="paper,demo", metavar="A,B"),
    option("--open", "Most positions open at once.", name="open_max", form=int, metavar="N"),
    option("--fires", "Most fires on a trading day.", name="fires_per_day_max", form=int, metavar="N"),
    option("--risk", "Most risk of one trade, such as 0.5%.", metavar="PERCENT"),
    flag("--unlimited", "No limits but the account's; without it at least one is named."),
)
def policy_set(
    session: Session,
    name: str,
    kinds: str,
    open_max: int | None,
    fires_per_day_max: int | None,
    risk: str | None,
    unlimited: bool,
) -> int:
    """Make a policy, or make it anew; needs a commander."""
    if unlimited != (open_max is None and fires_per_day_max is None and risk is None):
        raise Failure("USAGE", "name --open, --fires or --risk, or --unlimited alone")
    answer = session.client.request(
        "policy.set",
        name=name,
        kinds=[kind for kind in kinds.split(",") if kind],
        open_max=open_max,
        fires_per_day_max=fires_per_day_max,
        risk_per_trade_max_percent=risk.rstrip("%") if risk else None,
    )

    def people(row: Any) -> None:
        session.heading(answer)
        session.out.table(POLICIES, [row], empty="")

    return session.present(answer, people)
