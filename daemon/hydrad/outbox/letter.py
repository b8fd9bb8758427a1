"""A letter: one thing to be told to one recipient by one channel. Owns its fields and what a good one is.

`key` tells it once: a second letter with a key that was put before is nothing, so that what is read twice in the
journal is told once. Letters of one `topic` to one recipient are one message that is edited as it changes (a mission's
life): of unsent versions only the newest is kept, a sent one is edited, and what cannot be edited any more is sent
anew. Text is plain: no channel marks it up, so no broker's or operator's text can.
"""

from __future__ import annotations

import enum

import msgspec

KEY_MAX = 200
TO_MAX = 320  # an e-mail address: RFC 3696 erratum 1690 has 254, a webhook's name and a chat's id are shorter
TOPIC_MAX = 64
TEXT_MAX = 4_096
CAPTION_MAX = 1_024
IMAGE_BYTES_MAX = 1 << 20
ROWS_MAX = 10
IN_ROW_MAX = 4
LABEL_MAX = 64
DATA_BYTES_MAX = 64
URL_MAX = 2_048


class BadLetter(ValueError):
    """It could never be sent as it is; the message says why."""


class Priority(enum.IntEnum):
    """The order of sending. HALT: halts, and acts whose outcome is unknown; they never expire."""

    HALT = 0
    ALARM = 1
    RESULT = 2
    MISSION = 3
    DIGEST = 4


class Channel(enum.StrEnum):
    TELEGRAM = "telegram"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Button(msgspec.Struct, frozen=True, array_like=True):
    """Exactly one of: `data` (comes back when it is pressed), `url` (opens), `web_app` (opens inside Telegram)."""

    text: str
    data: str = ""
    url: str = ""
    web_app: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: the channel's own address: a chat's number as text, an e-mail address, a webhook's name. `buttons`: rows of
    them. `expires_ns`: machine time, UTC, from which on it is not worth sending; 0 is never. `silent`: no sound.
    `image`: a PNG whose caption the text is. `edits_only`: it changes its topic's message, and is nothing where that
    was never sent (that a mission expired matters only to who saw it). Raises BadLetter."""

    key: str
    channel: Channel
    to: str
    priority: Priority
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    expires_ns: int = 0
    topic: str = ""
    image: bytes = b""
    silent: bool = False
    edits_only: bool = False

    def __post_init__(self) -> None:
        if why := problem(self):
            raise BadLetter(f"{self.key[:KEY_MAX]}: {why}")

    @property
    def size_bytes(self) -> int:
        """What it takes in the file, about."""
        return len(self.text.encode()) + len(self.image) + 200


def problem(letter: Letter) -> str:
    """Why it cannot be; empty where it can."""
    if not all(map(_encodable, (letter.key, letter.to, letter.text, letter.topic))):
        return "half a character is no text"
    text_max = CAPTION_MAX if letter.image else TEXT_MAX
    checks = (
        (0 < len(letter.key) <= KEY_MAX, f"a key has 1 to {KEY_MAX} characters"),
        (0 < len(letter.to) <= TO_MAX, f"a recipient has 1 to {TO_MAX} characters"),
        (len(letter.topic) <= TOPIC_MAX, f"a topic has at most {TOPIC_MAX} characters"),
        (bool(letter.text.strip()), "there is no text"),
        (utf16_units(letter.text) <= text_max, f"a text has at most {text_max} UTF-16 units here"),
        (len(letter.image) <= IMAGE_BYTES_MAX, f"an image has at most {IMAGE_BYTES_MAX} bytes"),
        (not letter.expires_ns or letter.priority is not Priority.HALT, "a halt or an unknown never expires"),
        (letter.expires_ns >= 0, "an expiry is a time"),
        (not letter.edits_only or bool(letter.topic), "what only edits has a topic"),
        (len(letter.buttons) <= ROWS_MAX, f"at most {ROWS_MAX} rows of buttons"),
        (all(0 < len(row) <= IN_ROW_MAX for row in letter.buttons), f"a row has 1 to {IN_ROW_MAX} buttons"),
        (all(good_button(button) for row in letter.buttons for button in row), "a button is malformed"),
    )
    return next((why for ok, why in checks if not ok), "")


def good_button(button: Button) -> bool:
    """Source of the limits: https://core.telegram.org/bots/api#inlinekeyboardbutton."""
    ways = [way for way in (button.data, button.url, button.web_app) if way]
    return (
        all(map(_encodable, (button.text, *ways)))
        and 0 < len(button.text) <= LABEL_MAX
        and len(ways) == 1
        and len(button.data.encode()) <= DATA_BYTES_MAX
        and len(button.url) <= URL_MAX
        and (not button.web_app or button.web_app.startswith("https://"))
        and len(button.web_app) <= URL_MAX
    )


def _encodable(text: str) -> bool:
    """Without halves of surrogate pairs, which neither a file nor a wire can carry."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def utf16_units(text: str) -> int:
    """How Telegram counts: https://core.telegram.org/api/entities#entity-length."""
    return len(text.encode("utf-16-le")) // 2


def clipped(text: str, units_max: int = TEXT_MAX) -> str:
    """The text, or as much of its beginning as fits with a mark that something is missing."""
    if utf16_units(text) <= units_max:
        return text
    kept = text.encode("utf-16-le")[: (units_max - 1) * 2].decode("utf-16-le", "ignore")
    return kept + "…"
