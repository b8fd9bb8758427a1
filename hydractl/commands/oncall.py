"""Who is told, by which way, and when not: channels, addresses, quiet hours, mutes."""

from __future__ import annotations

from hydractl.output import MISSING, Column, age
from hydractl.session import Session, seconds
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.oncall import ChannelsData, ChannelTestData, OnCallRow

CHANNELS = (
    Column("CHANNEL", "name"),
    Column("STATE", "state"),
    Column("TESTED", "tested_age_s", right=True, show=lambda row: age(row.tested_age_s)),
    Column("BY", "tested_by"),
    Column("TO", "tested_to"),
    Column("DETAIL", "detail"),
)
PEOPLE = (
    Column("NAME", "name"),
    Column("ON CALL", "position", right=True),
    Column("WAYS", "ways", show=lambda row: ", ".join(row.ways) or "NONE"),
    Column("QUIET", "quiet"),
    Column("HEARS", "hears"),
    Column("MUTED", "muted", show=lambda row: ", ".join(row.muted) or MISSING),
)
_NAME = argument("name", "The operator's name.")


def _person(session: Session, answer: Answer) -> int:
    def people(row: OnCallRow) -> None:
        session.heading(answer)
        session.out.table(PEOPLE, [row], empty="")

    return session.present(answer, people)


def _channels(session: Session, answer: Answer) -> int:
    def people(data: ChannelsData) -> None:
        session.heading(answer)
        session.out.table(CHANNELS, list(data.channels), empty="")
        session.out.line("")
        session.out.table(PEOPLE, list(data.people), empty="nobody")

    return session.present(answer, people)


@verb("channels", "channels")
def channels(session: Session) -> int:
    """The ways to people: which are up, when each was tested, who is on call and how they are reached."""
    return _channels(session, session.client.query("channels"))


@verb(
    "channel test",
    "channel_test",
    argument("channel", "email, webhook or apprise.", choices=("email", "webhook", "apprise")),
)
def channel_test(session: Session, channel: str) -> int:
    """Send yourself a letter with a code; `channel confirm CODE` then proves that the channel reaches a person."""
    answer = session.client.request("channel.test", channel=channel)

    def people(data: ChannelTestData) -> None:
        session.heading(answer)
        session.out.line(f"a letter with a code is on its way to {data.to}")
        session.out.line(f"when it has arrived, until {session.out.instant(data.expires_at)}:")
        session.out.line("  hydractl channel confirm CODE")

    return session.present(answer, people)


@verb("channel confirm", "channels", argument("code", "The code in the letter."))
def channel_confirm(session: Session, code: str) -> int:
    """Say that a channel's test letter has arrived, by its code."""
    return _channels(session, session.client.request("channel.confirm", code=code))


@verb(
    "operator contact",
    "oncall_person",
    _NAME,
    argument("channel", "email.", choices=("email",)),
    argument("address", "Where they are reached; left out, nowhere any more.", required=False),
)
def contact(session: Session, name: str, channel: str, address: str | None) -> int:
    """Where somebody is reached beside the bot: yourself, or anybody for a commander."""
    answer = session.client.request("operator.contact", name=name, channel=channel, address=address or "")
    return _person(session, answer)


@verb(
    "operator hears",
    "oncall_person",
    _NAME,
    option(
        "--quiet-hours",
        "No missions, and nothing with a sound, in these hours.",
        name="quiet_hours",
        default="",
        metavar="HH:MM-HH:MM",
    ),
    option("--zone", "The zone of the quiet hours and of the day's end.", default="UTC", metavar="ZONE"),
    option("--kinds", "Only missions of these kinds, with commas.", default="", metavar="A,B"),
    option("--symbols", "Only missions of these symbols, with commas.", default="", metavar="A,B"),
    option("--accounts", "Only what is about these accounts, with commas.", default="", metavar="A,B"),
    option("--tcs", "Only missions with at least this TCS.", name="tcs_min", form=int, metavar="PERCENT"),
)
def hears(
    session: Session,
    name: str,
    quiet_hours: str,
    zone: str,
    kinds: str,
    symbols: str,
    accounts: str,
    tcs_min: int | None,
) -> int:
    """What somebody is told of, all of it anew: what is not named is not limited. Alarms and halts always come."""
    answer = session.client.request(
        "operator.hears",
        name=name,
        quiet=quiet_hours,
        zone=zone,
        kinds=_listed(kinds),
        symbols=_listed(symbols),
        accounts=_listed(accounts),
        tcs_min=tcs_min,
    )
    return _person(session, answer)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@verb(
    "mute",
    "oncall_person",
    argument("duration", "For how long, such as 1h, at most 7 days; off ends it."),
    argument("what", "A symbol or a signal's kind; left out, everything.", required=False),
)
def mute(session: Session, duration: str, what: str | None) -> int:
    """Hear nothing of missions for a while. Alarms and halts always come."""
    for_s = 0.0 if duration == "off" else seconds(duration)
    return _person(session, session.client.request("mute", for_s=for_s, what=what or ""))
