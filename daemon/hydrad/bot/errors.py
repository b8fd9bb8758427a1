"""What a failed call of the Bot API means for what was to be sent. Owns the table of Telegram's words.

Telegram says most of it in the text of a 400 (https://core.telegram.org/bots/api#making-requests has no codes), so the
table holds the texts that the Bot API server is known to send. What is not in it is *refused*: it is dropped with a
finding, and never repeated blindly.
"""

from __future__ import annotations

import httpx
from telegram import error as e

from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Sent, Throttled, Uneditable

NOT_MODIFIED = "message is not modified"
# The chat or the person is not there for us any more.
_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "bot was kicked",
    "bot is not a member",
    "group chat was deactivated",
    "not enough rights to send",
    "have no rights to send",
    "chat_write_forbidden",
)
# The message that should change cannot.
_UNEDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
)
# Nothing of the request had left.
_NEVER_LEFT = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError)
WORDS_MAX = 200


class BadToken(Exception):
    """Telegram does not take the token, and will not: a person must put another one."""


def bad_token() -> BadToken:
    """In our own words: the library's hold the token itself."""
    return BadToken("Telegram refuses the bot's token: draw a new one from @BotFather, put it into the token's file")


def outcome(error: e.TelegramError, message: str = "") -> Outcome:
    """`message`: the one that was to be edited. Raises BadToken, after which nothing can be sent at all."""
    match error:
        case e.InvalidToken() | e.EndPointNotFound():
            raise bad_token() from None
        case e.RetryAfter():
            return Throttled(seconds(error))
        case e.ChatMigrated():
            return Gone(f"the group is a supergroup now, with another number: {error.new_chat_id}")
        case e.Forbidden():
            return Gone(words(error))
        case e.BadRequest():
            return _bad_request(words(error), message)
        case _:
            return Lost(words(error), not isinstance(error.__cause__, _NEVER_LEFT))


def _bad_request(text: str, message: str) -> Outcome:
    low = text.lower()
    if NOT_MODIFIED in low:
        return Sent(message)
    if any(known in low for known in _UNEDITABLE):
        return Uneditable(text)
    if any(known in low for known in _GONE):
        return Gone(text)
    return Refused(text)


def seconds(error: e.RetryAfter) -> float:
    """How long to wait."""
    after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()


def words(error: e.TelegramError) -> str:
    """One line for people. The library's texts hold what a server said, never the request's address."""
    return " ".join(str(error).split())[:WORDS_MAX] or type(error).__name__
