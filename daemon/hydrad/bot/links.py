"""Buttons that open the HUD. Without `hud.public_url` there are none: a link to loopback helps no phone."""

from __future__ import annotations

from urllib.parse import urlencode

from hydrad.outbox.letter import Button

OPEN = "Open"
MINI_APP = "app"  # the one page that Telegram's own page may frame


def opened(public_host: str, group: bool, page: str = "hud", label: str = OPEN, **asked: str) -> tuple[Button, ...]:
    """A Mini App in a private chat; a plain link in a group, where Telegram has none. Empty where nothing can open."""
    if not public_host:
        return ()
    words = {name: value for name, value in asked.items() if value}
    where = page if group else MINI_APP
    url = f"https://{public_host}/{where}" + (f"?{urlencode(words)}" if words else "")
    return (Button(label, url=url) if group else Button(label, web_app=url),)


def menu(public_host: str) -> str:
    """Where the chat's menu button leads."""
    return f"https://{public_host}/{MINI_APP}" if public_host else ""
