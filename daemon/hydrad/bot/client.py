"""The Bot API, over python-telegram-bot: what is polled, sent, edited and answered. Owns its connections and deadlines.

Imported only where a bot is configured, and off the loop: the library is a fifth of a second and some 30 MiB. Updates
have a pool of connections of their own, so that no letter waits behind a poll. A request's address holds the token, so
the loggers of the library and of its HTTP client are kept from saying it; what goes wrong reaches us as an error.
"""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MenuButtonCommands,
    MenuButtonWebApp,
    ReplyParameters,
    WebAppInfo,
)
from telegram.error import EndPointNotFound, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from hydrad.bot import errors
from hydrad.domain.instants import ns_text
from hydrad.host.secrets import Secret
from hydrad.outbox.letter import CAPTION_MAX, TEXT_MAX, Button, clipped, utf16_units
from hydrad.outbox.outcomes import Outcome, Sent, Uneditable
from hydrad.outbox.store import Row

# What the library advises against is meant here: updates as they came, since one that it cannot read would else block
# all that follow; and `retry_after` as version 22 has it.
for _advice in ("Please use 'Bot.getUpdates'", "Deprecated since version v22.2"):
    warnings.filterwarnings("ignore", f".*{_advice}")
for _name, _level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("telegram", logging.CRITICAL)):
    logging.getLogger(_name).setLevel(_level)
log = logging.getLogger("hydrad.bot")

API_URL = "https://api.telegram.org"
CONNECT_S = 5.0
ANSWER_S = 15.0
UPLOAD_S = 30.0
CONNECTIONS = 16
# What an update must be to be sent to us at all.
HEARD = ("message", "callback_query")
Rows = tuple[tuple[Button, ...], ...]


class Client:
    """`api_url`: Telegram's, or a Bot API server's of one's own. Every call ends by itself. `name`: the bot's, once
    `connect` has said it."""

    def __init__(self, token: Secret, api_url: str = API_URL, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        base = api_url.rstrip("/")
        self._bot = Bot(
            token.reveal(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=_pool(CONNECTIONS, answer_s),
            get_updates_request=_pool(2, answer_s),
        )
        self.name = ""
        self.number = 0

    async def connect(self) -> str:
        """Learn who the token is, and have updates polled, not pushed. Why that failed, or empty. Raises BadToken."""
        try:
            await self._bot.initialize()
            me = await self._bot.get_me()
            await self._bot.delete_webhook(drop_pending_updates=False)
        except InvalidToken:
            raise errors.bad_token() from None
        except TelegramError as error:
            return errors.words(error)
        self.name, self.number = me.username or me.first_name, me.id
        return ""

    async def close(self) -> None:
        """Whatever state it is in."""
        try:
            await self._bot.shutdown()
        except (TelegramError, RuntimeError) as error:
            log.warning("the bot's connections did not close well: %s", type(error).__name__)

    # --- hearing --------------------------------------------------------------------------------------

    async def poll(self, offset: int, hold_s: int) -> list[dict[str, Any]]:
        """Updates from this number on, as they came; waits at most `hold_s` for one. Those below are then gone at
        Telegram. Raises TelegramError, BadToken."""
        asked = {"offset": offset, "timeout": hold_s, "allowed_updates": list(HEARD)}
        try:
            found = await self._bot.do_api_request("getUpdates", asked, read_timeout=hold_s + self._answer_s)
        except (EndPointNotFound, InvalidToken):  # the library's reading of 401 and 404
            raise errors.bad_token() from None
        return [update for update in found if isinstance(update, dict)] if isinstance(found, list) else []

    # --- telling --------------------------------------------------------------------------------------

    async def deliver(self, row: Row) -> Outcome:
        """A letter of the outbox. Raises BadToken."""
        letter, to = row.letter, _chat(row.letter.to)
        buttons = _keyboard(letter.buttons, to)
        name = row.edits.name if row.edits else ""
        try:
            if row.edits:
                return await self._edit(to, int(name), row.edits.image, letter.text, buttons)
            text = in_doubt(letter.text, row.doubt_ns, CAPTION_MAX if letter.image else TEXT_MAX)
            if letter.image:
                sent = await self._bot.send_photo(
                    to,
                    io.BytesIO(letter.image),
                    caption=text,
                    reply_markup=buttons,
                    disable_notification=letter.silent,
                    write_timeout=UPLOAD_S,
                )
            else:
                sent = await self._bot.send_message(
                    to, text, reply_markup=buttons, disable_notification=letter.silent, link_preview_options=_NO_PREVIEW
                )
        except TelegramError as error:
            return errors.outcome(error, name)
        return Sent(str(sent.message_id))

    async def _edit(
        self, chat: int, message: int, image: bool, text: str, buttons: InlineKeyboardMarkup | None
    ) -> Outcome:
        if image and utf16_units(text) > CAPTION_MAX:
            return Uneditable("the text is longer than a caption may be")
        if image:
            await self._bot.edit_message_caption(chat, message, caption=text, reply_markup=buttons)
        else:
            await self._bot.edit_message_text(
                text, chat, message, reply_markup=buttons, link_preview_options=_NO_PREVIEW
            )
        return Sent(str(message))

    # --- what is said at once, in answer to a person ----------------------------------------------------

    async def say(self, chat: int, text: str, buttons: Rows = (), answers: int = 0) -> None:
        """A message that is not repeated where it gets lost; what it answers may be gone."""
        replied = ReplyParameters(answers, allow_sending_without_reply=True) if answers else None
        markup, text = _keyboard(buttons, chat), clipped(text)
        try:
            await self._bot.send_message(
                chat, text, reply_markup=markup, reply_parameters=replied, link_preview_options=_NO_PREVIEW
            )
        except TelegramError as error:
            _unsaid("answer", error)

    async def change(self, chat: int, message: int, text: str, buttons: Rows = ()) -> None:
        """Edit a message of ours."""
        try:
            await self._edit(chat, message, False, clipped(text), _keyboard(buttons, chat))
        except TelegramError as error:
            _unsaid("edit", error)

    async def toast(self, query: str, text: str, alert: bool = False) -> None:
        """Answer a press: a line that fades, or with `alert` one that has to be put away."""
        try:
            await self._bot.answer_callback_query(query, clipped(text, TOAST_MAX), show_alert=alert)
        except TelegramError as error:
            _unsaid("answer to a press", error)

    async def introduce(self, commands: tuple[tuple[str, str], ...], menu_url: str = "") -> Outcome:
        """The list of commands, name and words, and where the chat's menu button leads: empty, to the commands."""
        menu = MenuButtonWebApp("HUD", WebAppInfo(menu_url)) if menu_url else MenuButtonCommands()
        try:
            await self._bot.set_my_commands([BotCommand(name, words) for name, words in commands])
            await self._bot.set_chat_menu_button(menu_button=menu)
        except TelegramError as error:
            return errors.outcome(error)
        return Sent()


_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
TOAST_MAX = 200  # https://core.telegram.org/bots/api#answercallbackquery


def _pool(size: int, answer_s: float) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=size,
        read_timeout=answer_s,
        write_timeout=answer_s,
        connect_timeout=CONNECT_S,
        pool_timeout=answer_s,
        media_write_timeout=UPLOAD_S,
    )


def _unsaid(what: str, error: TelegramError) -> None:
    """The one who asked sees nothing and asks again; a revoked token is told by the poll."""
    log.warning("an %s was not sent: %s", what, errors.words(error))


def in_doubt(text: str, doubt_ns: int, units_max: int) -> str:
    """With the line by which a person knows one message that came twice; as it is where it was never sent before."""
    if not doubt_ns:
        return text
    line = f"\n\n(sent again: no answer came to the sending of {ns_text(doubt_ns, 0)[11:]}; there may be two)"
    return clipped(text, units_max - utf16_units(line)) + line


def _chat(to: str) -> int:
    return int(to)


def _keyboard(rows: Rows, chat: int) -> InlineKeyboardMarkup | None:
    """Groups have no Mini Apps (https://core.telegram.org/bots/api#inlinekeyboardbutton): there it is a plain link."""
    if not rows:
        return None
    return InlineKeyboardMarkup([[_button(button, chat < 0) for button in row] for row in rows])


def _button(button: Button, group: bool) -> InlineKeyboardButton:
    if button.web_app and not group:
        return InlineKeyboardButton(button.text, web_app=WebAppInfo(button.web_app))
    if url := button.url or button.web_app:
        return InlineKeyboardButton(button.text, url=url)
    return InlineKeyboardButton(button.text, callback_data=button.data)
