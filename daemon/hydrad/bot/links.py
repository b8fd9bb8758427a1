"""Buttons that open the HUD. Without `hud.public_url` there are none: a link to loopback helps no phone.

The Mini App is `/app`, the only page that Telegram may frame; in a group a link opens `/hud` in a browser, which knows
nobody before a login.
"""

from __future__ import annotations

from urllib.parse import urlencode

from hydrad.outbox.letter import Button

OPEN = "Open"
MINI_APP = "app"  # the one page that Telegram's own page may frame


def opened(public_host: str, group: bool, label: str = OPEN, **asked: str) -> tuple[Button, ...]:
    """A Mini App in a private chat; a plain link in a group, where Telegram has none. Empty where nothing can open."""
    if not public_host:
        return ()
    page = "hud" if group else MINI_APP
    url = f"https://{public_host}/{page}" + (f"?{urlencode(asked)}" if asked else "")
    return (Button(label, url=url) if group else Button(label, web_app=url),)


def menu(public_host: str) -> str:
    """Where the chat's menu button leads."""
    return f"https://{public_host}/{MINI_APP}" if public_host else ""
