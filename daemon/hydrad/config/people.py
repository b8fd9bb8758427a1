"""Sections of what people meet: secrets, the HUD, the bot, who is called, and by which ways."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hydrad.config.values import (
    parse_addresses,
    parse_api_url,
    parse_groups,
    parse_names,
    parse_phone_may,
    parse_public_url,
    parse_times,
    parse_webhook,
)


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[secrets]`: where secrets are kept; never the secrets themselves."""

    daemon_key_file: Annotated[
        str,
        Meta(
            description="path of the daemon's key pair; empty: the credential daemon.key, else state/keys/daemon.key",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    keyring: Annotated[
        str,
        Meta(
            description="service in the system's keyring to ask for secrets; empty: the keyring is not used",
            pattern=r"^[A-Za-z0-9._-]{0,64}$",
            extra={"expected": "up to 64 letters, digits, dots, dashes and underscores"},
        ),
    ] = ""


class Hud(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[hud]`: the pages, the API and the probes, on this machine's loopback address alone."""

    enabled: Annotated[bool, Meta(description="true or false; without it no HTTP port is opened")] = True
    port: Annotated[
        int, Meta(ge=1, le=65_535, description="TCP port on 127.0.0.1; a paper home takes another where it is taken")
    ] = 8_888
    public_url: Annotated[
        str,
        Meta(
            description="address of a TLS proxy in front of the port, for phones; empty: there is none, and alerts "
            "carry no link",
            extra={"parse": parse_public_url, "expected": "https://HOST, https://HOST:PORT, or nothing"},
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            description="IP addresses with commas, such as 127.0.0.1; only their X-Forwarded-For says who asks",
            extra={"parse": parse_addresses, "expected": "IP addresses with commas, or nothing"},
        ),
    ] = ""
    phone_may: Annotated[
        str,
        Meta(
            description="verbs with commas, such as resume or account.arm; taken from HUD and bot besides those of the "
            "built-in table",
            extra={"parse": parse_phone_may, "expected": "names of verbs with commas, or nothing"},
        ),
    ] = ""
    session_idle_s: Annotated[
        int, Meta(ge=60, le=86_400, description="seconds; a session that asks nothing for so long has ended")
    ] = 900
    session_max_s: Annotated[
        int, Meta(ge=300, le=604_800, description="seconds; a session ends so long after its login")
    ] = 28_800
    confirm_s: Annotated[int, Meta(ge=30, le=86_400, description="seconds; how long a PIN confirms acts")] = 900
    metrics_token_file: Annotated[
        str,
        Meta(
            description="path of a file with a token that /metrics and /healthz take from elsewhere than this machine; "
            "empty: none does",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Bot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[bot]`: the Telegram bot."""

    token_file: Annotated[
        Annotated[str, Meta(pattern="^/")] | None,
        Meta(
            description="path of a file with the bot's token, readable by its owner alone; without it there is no bot",
            extra={"example": "/etc/hydra/bot.token", "expected": "an absolute path in quotes"},
        ),
    ] = None
    api_url: Annotated[
        str,
        Meta(
            description="address of the Bot API: Telegram's, or a Bot API server's of your own; plain http for this "
            "machine alone",
            extra={"parse": parse_api_url, "expected": "https://HOST, or http://127.0.0.1:PORT"},
        ),
    ] = "https://api.telegram.org"
    groups: Annotated[
        str,
        Meta(
            description="numbers of groups with commas, such as -1001234567890; these read along, without size, money "
            "and accounts",
            extra={"parse": parse_groups, "expected": "numbers of groups with commas, or nothing"},
        ),
    ] = ""


class OnCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[oncall]`: who is told of alarms that nobody acknowledges, and when it is said that all is well."""

    order: Annotated[
        str,
        Meta(
            description="names of operators with commas; the first is told first, the next after each "
            "timing.alarm_repeat_ms; empty: traders, then commanders",
            extra={"parse": parse_names, "expected": "names with commas, or nothing"},
        ),
    ] = ""
    all_well_at: Annotated[
        str,
        Meta(
            description="times of day in UTC with commas; at each, those on call are told that all is well, or what is "
            "not; empty: never",
            extra={"parse": parse_times, "expected": 'times in quotes such as "06:00,18:00", at most 8, or nothing'},
        ),
    ] = "06:00,18:00"


class Email(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[email]`: the mail server that alarms leave by; each person's address is set by `operator contact`."""

    host: Annotated[
        str,
        Meta(
            description="name or address of the SMTP server; empty: no e-mail is sent",
            pattern=r"^[A-Za-z0-9.:-]{0,253}$",
            extra={"expected": "a host's name, or nothing"},
        ),
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port: 587 for starttls, 465 for tls")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="word; how the connection is encrypted; none is taken for a server of this machine only"),
    ] = "starttls"
    sender: Annotated[
        str,
        Meta(
            description="address that letters come from; needed where host is set",
            pattern=r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189})?$",
            extra={"expected": "an address such as hydra@example.org, or nothing"},
        ),
    ] = ""
    user: Annotated[
        str,
        Meta(
            description="name to log in with; empty: without a login",
            pattern=r"^[\x21-\x7e]{0,254}$",
            extra={"expected": "a name without spaces, or nothing"},
        ),
    ] = ""
    password_file: Annotated[
        str,
        Meta(
            description="path of a file with the password; empty: the credential email.password",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="path of certificates to trust instead of the system's",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[webhook]`: a program of yours that alarms are sent to, signed. See docs/alerts.md."""

    url: Annotated[
        str,
        Meta(
            description="address that takes a POST; empty: there is none",
            extra={"parse": parse_webhook, "expected": "https://HOST/PATH, http:// for a loopback address, or nothing"},
        ),
    ] = ""
    secret_file: Annotated[
        str,
        Meta(
            description="path of a file with the key that letters are signed with; empty: the credential "
            "webhook.secret; needed where url is set",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="path of certificates to trust instead of the system's",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Apprise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[apprise]`: other services that alarms are sent to, by the optional package apprise."""

    urls_file: Annotated[
        str,
        Meta(
            description="path of a file with the services' addresses, one a line, readable by its owner alone; empty: "
            "there are none",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
