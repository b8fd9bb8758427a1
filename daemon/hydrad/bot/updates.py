"""What an update of the Bot API means to us, if anything, and whether it came too late. Pure; knows no person.

Only two kinds of update mean something: a message that a person typed here and now, and a press of a button. What was
edited, forwarded, posted by a channel, sent in the name of a chat or by way of another bot is not a person's word, and
is *ignored* with a reason that is counted. Nothing here raises, whatever an update holds.

Source of the fields: https://core.telegram.org/bots/api#update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hydrad.domain.instants import SECOND

GAP_NS = 10 * SECOND
GROUPS = ("group", "supergroup")
TEXT_MAX = 4_096
DATA_BYTES_MAX = 64
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)


class Place(NamedTuple):
    """Who spoke, and where. In a private chat both numbers are the same."""

    user: int
    chat: int
    group: bool
    message: int

    @property
    def identity(self) -> str:
        return f"telegram:{self.user}"


class Command(NamedTuple):
    """`words`: what stands behind it, split at white space."""

    update: int
    place: Place
    name: str
    words: tuple[str, ...]


class Press(NamedTuple):
    """A button of ours. `query`: by which the press is answered."""

    update: int
    place: Place
    query: str
    token: str


class Reply(NamedTuple):
    """Words in answer to message `to`, which a bot sent."""

    update: int
    place: Place
    to: int
    text: str


class Talk(NamedTuple):
    """Other words, in a private chat."""

    update: int
    place: Place
    text: str


class Ignored(NamedTuple):
    why: str


Heard = Command | Press | Reply | Talk
_ORIGINS = ("forward_origin", "forward_date", "forward_from", "forward_from_chat", "forward_sender_name")
_OTHERS = ("sender_chat", "via_bot", "is_automatic_forward", "sender_business_bot", "business_connection_id")


class _User(msgspec.Struct, frozen=True):
    id: int
    is_bot: bool = False


class _Chat(msgspec.Struct, frozen=True):
    id: int
    type: str


class _Replied(msgspec.Struct, frozen=True):
    message_id: int
    sender: _User | None = msgspec.field(default=None, name="from")


class _Message(msgspec.Struct, frozen=True):
    message_id: int
    chat: _Chat
    sender: _User | None = msgspec.field(default=None, name="from")
    text: str | None = None
    reply_to_message: _Replied | None = None


class _Query(msgspec.Struct, frozen=True):
    id: str
    sender: _User = msgspec.field(name="from")
    message: _Message | None = None
    data: str | None = None


def sort(update: Mapping[str, Any], bot_name: str = "") -> Heard | Ignored:
    """`bot_name`: our own, so that commands to other bots of a group are not ours; "" takes all."""
    number = update.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool):
        return Ignored("no update")
    try:
        if "callback_query" in update:
            return _press(number, msgspec.convert(update["callback_query"], _Query))
        if "message" in update:
            return _message(number, update["message"], bot_name)
    except (msgspec.ValidationError, RecursionError):
        return Ignored("unreadable")
    return Ignored("another kind of update")


def _press(number: int, query: _Query) -> Heard | Ignored:
    if query.message is None or query.data is None:
        return Ignored("a button of no message of ours")
    if query.sender.is_bot or len(query.data.encode("utf-8", "surrogatepass")) > DATA_BYTES_MAX:
        return Ignored("no person's press")
    place = _place(query.sender, query.message)
    return Press(number, place, query.id, query.data) if place else Ignored("a chat of another kind")


def _message(number: int, body: Any, bot_name: str) -> Heard | Ignored:
    message = msgspec.convert(body, _Message)
    if any(body.get(name) is not None for name in _ORIGINS):
        return Ignored("forwarded")
    if message.sender is None or message.sender.is_bot or any(body.get(name) is not None for name in _OTHERS):
        return Ignored("not a person's own message")
    place = _place(message.sender, message)
    if place is None:
        return Ignored("a chat of another kind")
    text = message.text
    if text is None or not text.strip() or len(text) > TEXT_MAX:
        return Ignored("no text")
    return _words(number, place, text.strip(), message, bot_name)


def _words(number: int, place: Place, text: str, message: _Message, bot_name: str) -> Heard | Ignored:
    command = _COMMAND.fullmatch(text)
    if command is not None:
        if command[2] and bot_name and command[2].lower() != bot_name.lower():
            return Ignored("a command to another bot")
        return Command(number, place, command[1].lower(), tuple((command[3] or "").split()))
    replied = message.reply_to_message
    if replied is not None and replied.sender is not None and replied.sender.is_bot:
        return Reply(number, place, replied.message_id, text)
    return Ignored("talk in a group") if place.group else Talk(number, place, text)


def _place(user: _User, message: _Message) -> Place | None:
    chat = message.chat
    if user.id <= 0:
        return None
    if chat.type == "private":
        return Place(user.id, chat.id, False, message.message_id) if chat.id == user.id else None
    return Place(user.id, chat.id, True, message.message_id) if chat.type in GROUPS else None


# --- the late rule ----------------------------------------------------------------------------------------


class Tide:
    """Whether what a poll brought is *late*: read before the first empty poll after the start, or after nobody had
    polled for over 10 s. What waited at Telegram meanwhile was meant for another moment's prices.

    Instants of the clock that counts suspend.
    """

    def __init__(self) -> None:
        self._level = False
        self._ended_ns: int | None = None

    def polled(self, began_ns: int, ended_ns: int, hold_ns: int, count: int) -> bool:
        """A poll succeeded: asked at `began_ns` to wait at most `hold_ns`, it brought `count` updates. Whether those
        are late."""
        since_ns = began_ns if self._ended_ns is None else self._ended_ns
        if began_ns - since_ns > GAP_NS or ended_ns - began_ns > hold_ns + GAP_NS:
            self._level = False
        self._ended_ns = ended_ns
        late, self._level = not self._level, self._level or count == 0
        return late
