"""News: today's events, and the file that holds them."""

from __future__ import annotations

from hydractl.diagnostics import ExitCode, Failure
from hydractl.output import Column, age
from hydractl.session import Session
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.market import NewsData, NewsRow, NewsView

BYTES_MAX = 900_000


def _in(row: NewsRow) -> str:
    return f"in {age(row.in_s)}" if row.in_s > 0 else f"{age(-row.in_s)} ago"


EVENTS = (
    Column("AT", "at"),
    Column("", "in_s", show=_in),
    Column("CURRENCY", "currency"),
    Column("IMPACT", "impact"),
    Column("TITLE", "title"),
    Column("SYMBOLS", "symbols"),
    Column("OPENS", "holds", show=lambda row: "HELD BACK" if row.holds else "-"),
    Column("SOURCE", "source", wide=True),
)


@verb("news", "news")
@verb("news today", "news")
def news_today(session: Session) -> int:
    """Events of the trading day, and how old the file is."""
    return _present(session, session.client.query("news.today"))


@verb("news import", "news", argument("file", "A news.csv: time_utc,currency,impact,title,source."))
def news_import(session: Session, file: str) -> int:
    """Replace the news file by this one, once every line of it has been read."""
    from pathlib import Path

    try:
        data = Path(file).read_bytes()
    except FileNotFoundError:
        raise Failure("NOT_FOUND", f"no file {file}") from None
    except OSError as error:
        raise Failure("FAILED", f"{file} cannot be read: {error.strerror}") from None
    if len(data) > BYTES_MAX:
        raise Failure("USAGE", f"{file} has {len(data)} bytes, {BYTES_MAX} at most")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Failure("USAGE", f"{file} is not UTF-8 text") from None
    return _present(session, session.client.request("news.import", text=text))


@verb(
    "news add",
    "news",
    argument("title", "What it is."),
    option("--at", "When, such as 2026-11-27T13:30:00Z.", required=True, metavar="INSTANT"),
    option("--currency", "Three letters, or ALL.", required=True, metavar="CUR"),
    option("--impact", "Only high holds opens back.", default="high", choices=("high", "medium", "low")),
)
def news_add(session: Session, title: str, at: str, currency: str, impact: str) -> int:
    """Add one event to the news file."""
    answer = session.client.request("news.add", time_utc=at, currency=currency, title=title, impact=impact)
    return _present(session, answer)


def _present(session: Session, answer: Answer) -> ExitCode:
    def people(data: NewsData) -> None:
        session.heading(answer)
        session.out.line(in_words(data.news))
        session.out.table(EVENTS, data.today, empty="no event in this trading day")

    return session.present(answer, people)


def in_words(news: NewsView) -> str:
    """How news is followed, in one line."""
    if news.mode == "off":
        why = "news.mode" if news.explicit else "a paper home's built-in"
        return f"news      OFF: opens are not held back around news ({why})"
    if news.problem:
        return f"news      NOTHING OPENS: {news.problem}"
    held = f"; OPENS HELD BACK: {', '.join(news.holding)}" if news.holding else ""
    return f"news      {news.events} events, file {age(news.age_s)} old, next high impact {news.next or 'none'}{held}"
