"""What a value of the configuration may look like: text to what the program uses. Raises ValueError."""

from __future__ import annotations

import difflib
import ipaddress
import re
import typing
from decimal import Decimal

from hydrad.domain.money import BadNumber, decimal
from hydrad.toc.hearing import minute_of
from hydrad.wire.calls import AnyVerb

_ADDRESS = re.compile(r"tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]|\*):(\d{1,5})")
_PUBLIC = re.compile(r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/?")
_API = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?")
_GROUP = re.compile(r"-[0-9]{1,18}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_WEBHOOK = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[!-~]{0,1000})?")
TIMES_MAX = 8
SPEED_MAX = 100_000


def parse_speed(text: str) -> Decimal | None:
    """How many times faster than life; None is as fast as the slowest agent allows. Raises ValueError."""
    if text == "max":
        return None
    speed = decimal(text, "speed")
    if not 0 <= speed <= SPEED_MAX:
        raise BadNumber(f"speed {text} is outside 0..{SPEED_MAX}")
    return speed


def parse_address(text: str) -> tuple[str, int]:
    """Host and TCP port of a ZeroMQ address. Raises ValueError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 65_535:
        raise ValueError(f"'{text}' is not tcp://HOST:PORT")
    return match[1], int(match[2])


def words(text: str) -> tuple[str, ...]:
    """Words with commas between them; empty text is none."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def parse_public_url(text: str) -> str:
    """Host, with its port where one is named, of `https://HOST[:PORT]`; empty for empty. Raises ValueError."""
    if text and not _PUBLIC.fullmatch(text):
        raise ValueError(f"'{text}' is not https://HOST or https://HOST:PORT")
    return text.removeprefix("https://").removesuffix("/").lower()


def parse_api_url(text: str) -> str:
    """Of a Bot API server, whose every address holds the token: TLS, or this machine. Raises ValueError."""
    if not _API.fullmatch(text):
        raise ValueError(f"'{text}' is not https://HOST, or http://127.0.0.1:PORT")
    return text.rstrip("/")


def parse_groups(text: str) -> frozenset[int]:
    """Numbers of Telegram groups, which are below zero, with commas. Raises ValueError."""
    if not all(_GROUP.fullmatch(word) for word in words(text)):
        raise ValueError(f"'{text}' has a word that is no group's number: they begin with a minus sign")
    return frozenset(int(word) for word in words(text))


def parse_addresses(text: str) -> None:
    """IP addresses with commas. Raises ValueError."""
    for word in words(text):
        ipaddress.ip_address(word)


def parse_names(text: str) -> None:
    """Names of operators with commas. Raises ValueError."""
    for word in words(text):
        if not _NAME.fullmatch(word):
            raise ValueError(f"'{word}' is no operator's name")


def parse_times(text: str) -> tuple[tuple[int, int], ...]:
    """Hours and minutes of `HH:MM` with commas. Raises ValueError."""
    found = tuple(divmod(minute_of(word), 60) for word in words(text))
    if len(found) > TIMES_MAX:
        raise ValueError(f"more than {TIMES_MAX} times")
    return found


def parse_webhook(text: str) -> None:
    """Raises ValueError for what is no address, or would be sent in the clear over a network."""
    match = _WEBHOOK.fullmatch(text)
    if text and match is None:
        raise ValueError(f"'{text}' is not https://HOST/PATH")
    if match and match["scheme"] == "http" and not is_loopback(match["host"].strip("[]")):
        raise ValueError("http is for a loopback address only: use https")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_phone_may(text: str) -> None:
    """Names of verbs with commas. Raises ValueError."""
    known = {str(verb.__struct_config__.tag) for verb in typing.get_args(AnyVerb)}
    for word in words(text):
        if word not in known:
            near = difflib.get_close_matches(word, known, 1)
            raise ValueError(f"no verb '{word}'" + (f", nearest is '{near[0]}'" if near else ""))
