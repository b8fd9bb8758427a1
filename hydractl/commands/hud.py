"""The HUD: a link that logs in, also as a QR code, and the PIN that confirms acts there."""

from __future__ import annotations

import sys

from hydractl import diagnostics
from hydractl.diagnostics import Failure
from hydractl.session import Session
from hydractl.verbs import flag, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hydrad.wire.answers.daemon import HudLink, HudPinSet

_QUIET_ZONE = 2


@verb(
    "hud open",
    "hud_link",
    flag("--qr", "Show the link as a QR code, too, for a phone's camera."),
    flag("--print", "The link alone.", name="only"),
)
def hud_open(session: Session, qr: bool, only: bool) -> int:
    """A link that logs you in to the HUD in a browser: once, within 5 minutes. Send it to nobody."""
    answer = session.client.request("hud.open")

    def people(data: HudLink) -> None:
        out = session.out
        if only:
            out.line(data.url)
            return
        session.heading(answer)
        out.line(data.url)
        if data.url != data.local_url:
            out.line(f"on this machine: {data.local_url}")
        out.line(f"logs in {data.operator}, once, until {out.instant(data.expires_at)}; it is shown only now")
        if qr:
            for row in qr_rows(data.url):
                out.line(row)

    return session.present(answer, people)


@verb(
    "hud pin",
    "hud_pin",
    option("--for", "Somebody who has no shell; needs a commander.", name="operator", metavar="NAME"),
)
def hud_pin(session: Session, operator: str | None) -> int:
    """Set your own PIN, which the HUD asks for before a fire, an approval or a close. It is asked for twice."""
    answer = session.client.request("hud.pin", pin=_asked_twice(session), operator=operator)

    def people(data: HudPinSet) -> None:
        session.heading(answer)
        session.out.line(f"the PIN of {data.operator} is set")

    return session.present(answer, people)


def _asked_twice(session: Session) -> str:
    """From a terminal, unseen; off one, the first line of stdin, so that a password manager can write it."""
    if not session.may_ask():
        line = sys.stdin.readline().rstrip("\n")
        if not line:
            raise Failure("USAGE", "there is no terminal to ask on, and stdin has no PIN")
        return line
    import getpass

    first = getpass.getpass("PIN: ", stream=sys.stderr)
    if getpass.getpass("again: ", stream=sys.stderr) != first:
        diagnostics.write("")
        raise Failure("USAGE", "the two are not the same; nothing was set")
    return first


def qr_rows(text: str) -> list[str]:
    """A QR code as lines of block characters, two of its rows a line, light on dark as most terminals are."""
    import segno

    bits = [[bool(cell) for cell in row] for row in segno.make_qr(text, error="l").matrix_iter(border=_QUIET_ZONE)]
    if len(bits) % 2:
        bits.append([False] * len(bits[0]))
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return [
        "".join(blocks[pair] for pair in zip(top, low, strict=True))
        for top, low in zip(bits[::2], bits[1::2], strict=True)
    ]
