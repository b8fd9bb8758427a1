"""What would stop a fire now."""

from __future__ import annotations

from hydractl.diagnostics import ExitCode
from hydractl.output import Column
from hydractl.session import Session
from hydractl.verbs import option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.comparing import PreflightData

ROWS = (
    Column("ACCOUNT", "account", show=lambda row: row.account or "home"),
    Column("SYMBOL", "symbol", show=lambda row: row.symbol or "all"),
    Column("CHECK", "code"),
    Column("OK", "ok", show=lambda row: "ok" if row.ok else "FAILED"),
    Column("MEASURED", "measured"),
    Column("LIMIT", "limit"),
)


@verb(
    "preflight",
    "preflight",
    option("--account", "Only this account.", metavar="NAME"),
    option("--symbol", "Only this symbol.", metavar="S"),
)
def preflight(session: Session, account: str | None, symbol: str | None) -> int:
    """Everything that would stop a fire now, without a mission; 0 or 9."""
    answer = session.client.query("preflight", account=account, symbol=symbol)

    def people(data: PreflightData) -> None:
        out = session.out
        session.heading(answer)
        bad = [row for row in data.rows if not row.ok]
        out.table(ROWS, data.rows if out.form == "wide" else bad, empty="nothing would stop a fire")
        passed = len(data.rows) - len(bad)
        word = out.paint("ready" if data.ready else "NOT READY", "good" if data.ready else "bad")
        out.line(f"{word}: {passed} of {len(data.rows)} checks passed, of {data.assumed}")

    code = ExitCode.DONE if answer.data is None or answer.data.ready else ExitCode.UNHEALTHY
    return session.present(answer, people, exit_code=code)
