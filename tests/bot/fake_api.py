"""A strict fake of the Bot API over real HTTP on loopback, for what the emulators of others lack.

It holds polls, confirms by offset, tells two pollers of each other (409), asks for patience (429), keeps messages that
can be edited, deleted, or are the same (400 "message is not modified"), checks lengths, buttons, entities and unknown
parameters, and can be away: connection refused, silent, 502, or with its answers lost after the work was done.

Its texts are those of the Bot API server (https://github.com/tdlib/telegram-bot-api, Client.cpp) as bots see them.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs

TOKEN = "1234567:canary-bot-token-AAAA"
BOT = {"id": 1234567, "is_bot": True, "first_name": "Hydra", "username": "hydra_test_bot"}
TEXT_MAX, CAPTION_MAX, DATA_BYTES_MAX, TOAST_MAX = 4_096, 1_024, 64, 200
PHOTO_BYTES_MAX = 10 << 20
QUERY_S = 15.0
_TAGS = {"b", "i", "u", "s", "code", "pre", "a", "strong", "em", "tg-spoiler", "blockquote"}
_METHODS = {
    "getMe": set(),
    "deleteWebhook": {"drop_pending_updates"},
    "getUpdates": {"offset", "timeout", "limit", "allowed_updates"},
    "sendMessage": {
        "chat_id",
        "text",
        "reply_markup",
        "disable_notification",
        "link_preview_options",
        "reply_parameters",
        "parse_mode",
        "entities",
    },
    "sendPhoto": {"chat_id", "photo", "caption", "reply_markup", "disable_notification", "parse_mode"},
    "editMessageText": {"chat_id", "message_id", "text", "reply_markup", "link_preview_options", "parse_mode"},
    "editMessageCaption": {"chat_id", "message_id", "caption", "reply_markup", "parse_mode"},
    "answerCallbackQuery": {"callback_query_id", "text", "show_alert"},
    "setMyCommands": {"commands"},
    "setChatMenuButton": {"chat_id", "menu_button"},
}


class Refusal(Exception):
    def __init__(self, code: int, text: str, **parameters: Any) -> None:
        self.code, self.text, self.parameters = code, text, parameters


class Call(NamedTuple):
    """What was asked, when (monotonic seconds), and how it was answered."""

    method: str
    fields: dict[str, Any]
    at_s: float
    code: int


@dataclass
class Message:
    chat: int
    number: int
    text: str
    buttons: list[list[dict[str, Any]]]
    photo: bytes = b""
    silent: bool = False
    deleted: bool = False
    frozen: bool = False
    edits: int = 0

    def token(self, label: str) -> str:
        return next(b["callback_data"] for row in self.buttons for b in row if b["text"].startswith(label))

    def as_json(self) -> dict[str, Any]:
        kind = "supergroup" if self.chat < 0 else "private"
        shown: dict[str, Any] = {
            "message_id": self.number,
            "date": int(time.time()),
            "from": BOT,
            "chat": {"id": self.chat, "type": kind, "title" if self.chat < 0 else "first_name": "x"},
        }
        if self.photo:
            size = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "file_size": len(self.photo)}
            return shown | {"photo": [size], "caption": self.text}
        return shown | {"text": self.text}


@dataclass
class Fake:
    """`away`: "", "silent" or "502"; `refuse()` and `listen()` close and open the port. `swallow`: so many answers are
    lost after their work was done. `patience`: seconds that a chat is asked for, until which time. `before`: called
    with each call's method before anything of it is done."""

    chats: set[int] = field(default_factory=lambda: {42, 7, 8, -100_500})
    blocked: set[int] = field(default_factory=set)
    patience: dict[int, float] = field(default_factory=dict)
    away: str = ""
    swallow: int = 0
    token: str = TOKEN
    messages: dict[tuple[int, int], Message] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    toasts: list[dict[str, Any]] = field(default_factory=list)
    queries: dict[str, float] = field(default_factory=dict)
    commands: list[Any] = field(default_factory=list)
    menu: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    before: Callable[[str], None] = lambda method: None

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self._updates: list[dict[str, Any]] = []
        self._next_update, self._next_message, self._poll = 1_000, 1, 0
        self._server: ThreadingHTTPServer | None = None
        self.connections: set[socket.socket] = set()

    # --- its life -------------------------------------------------------------------------------------

    def listen(self) -> None:
        handler = type("Handler", (_Handler,), {"fake": self})
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        server.daemon_threads = True
        self.port, self._server = server.server_address[1], server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self) -> None:
        """Nobody listens; what was open is cut."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)
        with self.changed:
            self._poll += 1
            self.changed.notify_all()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- what people do -------------------------------------------------------------------------------

    def _update(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.changed:
            update = {"update_id": self._next_update, kind: body}
            self._next_update += 1
            self._updates.append(update)
            self.changed.notify_all()
        return update

    def say(self, user: int, text: str, chat: int | None = None, answers: Message | None = None) -> dict[str, Any]:
        where = user if chat is None else chat
        with self.changed:
            number, self._next_message = self._next_message, self._next_message + 1
        body = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": where, "type": "private" if where > 0 else "supergroup", "first_name": "x"},
            "from": {"id": user, "is_bot": False, "first_name": "x"},
            "text": text,
        }
        return self._update("message", body | ({"reply_to_message": answers.as_json()} if answers else {}))

    def press(self, user: int, message: Message, data: str) -> str:
        query = f"q{len(self.queries) + 1}"
        self.queries[query] = time.monotonic()
        who = {"id": user, "is_bot": False, "first_name": "x"}
        body = {"id": query, "from": who, "message": message.as_json(), "chat_instance": "1", "data": data}
        self._update("callback_query", body)
        return query

    def again(self, update: dict[str, Any]) -> None:
        """Tell an update a second time."""
        with self.changed:
            self._updates.append(update)
            self.changed.notify_all()

    # --- what is to be seen ---------------------------------------------------------------------------

    def shown(self, chat: int) -> list[Message]:
        return [found for (to, _), found in sorted(self.messages.items()) if to == chat and not found.deleted]

    def texts(self, chat: int) -> list[str]:
        return [found.text for found in self.shown(chat)]

    @property
    def waiting(self) -> int:
        """Updates that nobody has confirmed."""
        return len(self._updates)

    # --- methods --------------------------------------------------------------------------------------

    def getMe(self, asked: dict[str, Any]) -> Any:
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def deleteWebhook(self, asked: dict[str, Any]) -> Any:
        return True

    def getUpdates(self, asked: dict[str, Any]) -> Any:
        offset, hold_s = int(asked.get("offset", 0)), float(asked.get("timeout", 0))
        until = time.monotonic() + hold_s
        with self.changed:
            self._poll += 1
            mine = self._poll
            self.changed.notify_all()
            if offset:
                self._updates = [update for update in self._updates if update["update_id"] >= offset]
            while not self._updates and time.monotonic() < until:
                self.changed.wait(max(until - time.monotonic(), 0.01))
                if self._poll != mine:
                    why = "terminated by other getUpdates request; make sure that only one bot instance is running"
                    raise Refusal(409, f"Conflict: {why}")
            kinds = asked.get("allowed_updates")
            wanted = [update for update in self._updates if not kinds or set(update) & set(kinds)]
            return wanted[: int(asked.get("limit", 100))]

    def sendMessage(self, asked: dict[str, Any]) -> Any:
        chat = self._chat(asked)
        text = self._text(asked, "text", TEXT_MAX)
        return self._new(chat, text, asked, b"").as_json()

    def sendPhoto(self, asked: dict[str, Any]) -> Any:
        chat, photo = self._chat(asked), asked.get("photo")
        if not isinstance(photo, bytes):
            raise Refusal(400, "Bad Request: there is no photo in the request")
        if not photo.startswith(b"\x89PNG\r\n\x1a\n") or len(photo) > PHOTO_BYTES_MAX:
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        text = self._text(asked, "caption", CAPTION_MAX)
        return self._new(chat, text, asked, photo).as_json()

    def editMessageText(self, asked: dict[str, Any]) -> Any:
        return self._edit(asked, "text", TEXT_MAX)

    def editMessageCaption(self, asked: dict[str, Any]) -> Any:
        return self._edit(asked, "caption", CAPTION_MAX)

    def _edit(self, asked: dict[str, Any], name: str, units_max: int) -> Any:
        chat = self._chat(asked)
        found = self.messages.get((chat, int(asked["message_id"])))
        if found is None or found.deleted:
            raise Refusal(400, "Bad Request: message to edit not found")
        if found.frozen:
            raise Refusal(400, "Bad Request: message can't be edited")
        if bool(found.photo) != (name == "caption"):
            raise Refusal(400, f"Bad Request: there is no {name} in the message to edit")
        text, buttons = self._text(asked, name, units_max), self._buttons(asked, chat)
        if (text, buttons) == (found.text, found.buttons):
            why = "message is not modified: specified new message content and reply markup are exactly the same as a "
            raise Refusal(400, f"Bad Request: {why}current content and reply markup of the message")
        found.text, found.buttons, found.edits = text, buttons, found.edits + 1
        return found.as_json()

    def answerCallbackQuery(self, asked: dict[str, Any]) -> Any:
        asked_at = self.queries.pop(asked["callback_query_id"], None)
        if asked_at is None or time.monotonic() - asked_at > QUERY_S:
            why = "query is too old and response timeout expired or query ID is invalid"
            raise Refusal(400, f"Bad Request: {why}")
        if len(asked.get("text", "")) > TOAST_MAX:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        self.toasts.append(asked)
        return True

    def setMyCommands(self, asked: dict[str, Any]) -> Any:
        commands = asked["commands"]
        if len(commands) > 100 or not all(re.fullmatch("[a-z0-9_]{1,32}", c["command"]) for c in commands):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        if not all(1 <= len(c["description"]) <= 256 for c in commands):
            raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = commands
        return True

    def setChatMenuButton(self, asked: dict[str, Any]) -> Any:
        self.menu = asked["menu_button"]
        if self.menu["type"] == "web_app" and not self.menu["web_app"]["url"].startswith("https://"):
            raise Refusal(400, "Bad Request: BUTTON_URL_INVALID")
        return True

    # --- rules ----------------------------------------------------------------------------------------

    def _chat(self, asked: dict[str, Any]) -> int:
        chat = int(asked["chat_id"])
        if chat not in self.chats:
            raise Refusal(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        left_s = self.patience.get(chat, 0.0) - time.monotonic()
        if left_s > 0:
            wait_s = max(round(left_s), 1)
            raise Refusal(429, f"Too Many Requests: retry after {wait_s}", retry_after=wait_s)
        return chat

    def _text(self, asked: dict[str, Any], name: str, units_max: int) -> str:
        text = str(asked.get(name, ""))
        if not text.strip() and name == "text":
            raise Refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > units_max:
            what = "message caption is too long" if name == "caption" else "message is too long"
            raise Refusal(400, f"Bad Request: {what}")
        if "parse_mode" in asked:
            check_html(text)
        for found in asked.get("entities", []):
            if found["offset"] < 0 or found["offset"] + found["length"] > len(text.encode("utf-16-le")) // 2:
                raise Refusal(400, "Bad Request: ENTITY_BOUNDS_INVALID")
        return text

    def _buttons(self, asked: dict[str, Any], chat: int) -> list[list[dict[str, Any]]]:
        rows: list[list[dict[str, Any]]] = asked.get("reply_markup", {}).get("inline_keyboard", [])
        for button in [button for row in rows for button in row]:
            kinds = set(button) & {"callback_data", "url", "web_app"}
            if len(kinds) != 1 or not button.get("text"):
                raise Refusal(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
            if len(button.get("callback_data", "x").encode()) not in range(1, DATA_BYTES_MAX + 1):
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
            if "web_app" in button and (chat < 0 or not button["web_app"]["url"].startswith("https://")):
                raise Refusal(400, "Bad Request: BUTTON_TYPE_INVALID")
        return rows

    def _new(self, chat: int, text: str, asked: dict[str, Any], photo: bytes) -> Message:
        buttons = self._buttons(asked, chat)
        with self.changed:
            number, self._next_message = self._next_message, self._next_message + 1
            made = Message(chat, number, text, buttons, photo, bool(asked.get("disable_notification")))
            self.messages[chat, number] = made
        return made

    def answer(self, method: str, token: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What HTTP says, booked."""
        at_s = time.monotonic()
        try:
            if token != self.token:
                raise Refusal(401, "Unauthorized")
            if method not in _METHODS:
                raise Refusal(404, "Not Found")
            if unknown := set(asked) - _METHODS[method]:
                raise Refusal(400, f"Bad Request: the fake does not know the parameters {sorted(unknown)}")
            body, code = {"ok": True, "result": getattr(self, method)(asked)}, 200
        except Refusal as refusal:
            code = refusal.code
            body = {"ok": False, "error_code": code, "description": refusal.text}
            if refusal.parameters:
                body["parameters"] = refusal.parameters
        with self.changed:
            self.calls.append(Call(method, asked, at_s, code))
        return code, body


def check_html(text: str) -> None:
    """Telegram's HTML: known tags, closed in their order; `<`, `>` and `&` of the text escaped."""
    standing: list[str] = []
    for tag in re.finditer(r"<(/?)([a-z-]*)[^>]*>|<|&(?!(lt|gt|amp|quot);)", text):
        if not tag[2] or tag[2] not in _TAGS:
            raise Refusal(400, f"Bad Request: can't parse entities: Unsupported start tag at byte offset {tag.start()}")
        if not tag[1]:
            standing.append(tag[2])
        elif not standing or standing.pop() != tag[2]:
            raise Refusal(400, f"Bad Request: can't parse entities: Unmatched end tag at byte offset {tag.start()}")
    if standing:
        raise Refusal(400, f"Bad Request: can't parse entities: Can't find end tag corresponding to {standing[-1]}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def setup(self) -> None:
        super().setup()
        self.fake.connections.add(self.connection)

    def finish(self) -> None:
        self.fake.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        fake = self.fake
        data = self.rfile.read(int(self.headers.get("content-length", "0")))
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        if fake.away == "silent":
            while fake.away == "silent" and fake._server is not None:
                time.sleep(0.01)
            self.close_connection = True
            return
        if fake.away == "502":
            self._send(502, b"<html>bad gateway</html>")
            return
        if found is None:
            self._send(404, b'{"ok":false,"error_code":404,"description":"Not Found"}')
            return
        fake.before(found[2])
        code, body = fake.answer(found[2], found[1], self._fields(data))
        if fake.swallow and found[2].startswith("send"):
            fake.swallow -= 1
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(code, json.dumps(body).encode())

    do_GET = do_POST

    def _send(self, code: int, body: bytes) -> None:
        try:
            self.send_response(code)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # whoever asked has left
            self.close_connection = True

    def _fields(self, data: bytes) -> dict[str, Any]:
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            parsed = message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + data)
            parts = parsed.get_payload()
            assert isinstance(parts, list)
            return _attached(dict(_part(part) for part in parts if isinstance(part, Mime)))
        if kind.startswith("application/json"):
            return dict(json.loads(data or b"{}"))
        given = parse_qs(data.decode(), keep_blank_values=True)
        return {name: _value(name, values[0]) for name, values in given.items()}


def _part(part: Mime) -> tuple[str, Any]:
    name = str(part.get_param("name", header="content-disposition"))
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return name, body if part.get_filename() else _value(name, body.decode())


def _attached(fields: dict[str, Any]) -> dict[str, Any]:
    """Files that a field names by `attach://`."""
    for name, value in list(fields.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            fields[name] = fields.pop(value.removeprefix("attach://"))
    return fields


def _value(name: str, text: str) -> Any:
    """Arrays, objects, booleans and numbers come as JSON; people's text as itself."""
    if name in ("text", "caption", "callback_query_id"):
        return text
    if text[:1] in ("{", "[") or text in ("true", "false") or re.fullmatch(r"-?\d{1,18}", text):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
