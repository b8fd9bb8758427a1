"""A letter as an e-mail: its headers and its text. Pure.

No header is made of a letter's own lines: the subject is one line of printable characters, and addresses were checked
when they were set and are checked again here. The Message-ID follows from the letter's key, so that a repeat is the
same message to whoever sorts it; letters of one topic are one thread.
"""

from __future__ import annotations

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from hydrad.domain.instants import SECOND
from hydrad.outbox.letter import Letter, Priority
from hydrad.outbox.store import Row

SUBJECT_MAX = 120
AGAIN = "\n\nThis may be a repeat: it is not known whether it arrived the first time."
_DOMAIN = "letters.hydra.invalid"  # RFC 2606: a name that is nobody's


class BadAddress(ValueError):
    """It is no single, plain address."""


def message(row: Row, sender: str, home: str, now_ns: int) -> EmailMessage:
    """Raises BadAddress."""
    letter = row.letter
    made = EmailMessage(policy=SMTP)
    made["From"] = address(sender, f"HydraX {home}")
    made["To"] = address(letter.to)
    made["Subject"] = subject(letter, home)
    made["Date"] = formatdate(now_ns // SECOND)
    made["Message-ID"] = message_id(letter.key)
    if letter.topic:
        made["References"] = made["In-Reply-To"] = message_id(f"topic {letter.topic}")
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answer
    if letter.priority <= Priority.ALARM:
        made["Importance"] = "high"
    made.set_content(plain(letter.text) + (AGAIN if row.doubt_ns else "") + "\n", charset="utf-8", cte="base64")
    if letter.image:
        made.add_attachment(letter.image, maintype="image", subtype="png", filename="chart.png")
    return made


def subject(letter: Letter, home: str) -> str:
    first = letter.text.strip().splitlines()[0]
    return one_line(f"[{home}] {letter.priority.name}: {first}")[:SUBJECT_MAX]


def one_line(text: str) -> str:
    """Printable characters alone, each other one a blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def plain(text: str) -> str:
    """Lines of printable characters."""
    return "\n".join("".join(c if c.isprintable() or c == "\t" else " " for c in line) for line in text.splitlines())


def message_id(key: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{_DOMAIN}>"


def address(text: str, name: str = "") -> Address:
    """Raises BadAddress."""
    if not text.isascii() or not text.isprintable() or text.count("@") != 1 or any(c in text for c in ' ,;:<>()[]"\\'):
        raise BadAddress(f"'{one_line(text)[:64]}' is no plain address")
    try:
        return Address(one_line(name), addr_spec=text)
    except (ValueError, IndexError) as error:  # IndexError: the library's own, for a part that is missing
        raise BadAddress(f"'{text[:64]}' is no address") from error
