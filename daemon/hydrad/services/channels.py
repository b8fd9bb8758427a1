"""The channels beside the bot as a service of the daemon: brought up from the configuration, their failures told.

Each channel's post runs beside the others. One whose secret or certificate cannot be used fails alone, with its alarm,
until it is mended and the service is started again; where none can be used, the service ends. The clients of SMTP and
HTTP are imported when it is started.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hydrad.channels import letters
from hydrad.channels.carrying import Watched
from hydrad.config import Config, is_loopback
from hydrad.domain.instants import SECOND, duration_text
from hydrad.home import opening
from hydrad.host import secrets
from hydrad.host.secrets import BadSecret
from hydrad.outbox.letter import Channel, Letter, Priority, clipped
from hydrad.outbox.outbox import Closed
from hydrad.outbox.planner import Limits
from hydrad.outbox.post import Post
from hydrad.services.daemon import Daemon
from hydrad.services.letters import Letters
from hydrad.services.supervisor import Hopeless
from hydrad.toc import inputs as i
from hydrad.toc import service
from hydrad.wire.answers import Problem
from hydrad.wire.answers.oncall import ChannelTestData
from hydrad.wire.codes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydrad.channels.carrying import Carrying
    from hydrad.toc.record import Record

EMAIL_PASSWORD, WEBHOOK_SECRET = "email.password", "webhook.secret"
TEST_SCHEMA = "hydra.channel_test/v1"
Told = tuple[str, object, Problem | None]
CHECK_FOR_NS = 15 * 60 * SECOND
# Mail servers and receivers take bursts; one recipient gets no more than one letter a second.
LIMITS = Limits(gap_ns=SECOND, group_per_minute=60, per_second=10, flying_max=2, is_group=lambda to: False)


class ChannelsService:
    """E-mail and the webhook, those that are set up."""

    name = service.CHANNELS

    def __init__(self, daemon: Daemon, outgoing: Letters, config: Config) -> None:
        self._daemon, self._letters, self._config = daemon, outgoing, config
        self.names = opening.channels_of(config)
        self._posts: dict[str, Post] = {}
        self._watched: dict[str, Watched] = {}
        self._unusable: dict[str, str] = {}
        if self.names:
            outgoing.channels |= {Channel(name) for name in self.names}
            outgoing.composers.append(self._composed)

    def _composed(self, record: Record) -> Sequence[Letter]:
        return letters.composed(self._daemon.glance(), record)

    def off(self) -> str:
        return "" if self.names else "none of [email], [webhook] and [apprise] is set up"

    async def run(self, ready: Callable[[], None]) -> None:
        carriers = await asyncio.to_thread(self._carriers)
        try:
            outbox = await self._letters.opened()
            self._watched = {name: Watched(carrier, self._reporter(name)) for name, carrier in carriers.items()}
            self._posts = {
                name: Post(outbox, Channel(name), watched, LIMITS) for name, watched in self._watched.items()
            }
            for name, why in self._unusable.items():
                self._reporter(name)(why)
            ready()
            async with asyncio.TaskGroup() as posts:
                for post in self._posts.values():
                    posts.create_task(post.run())
        finally:
            self._posts, self._watched = {}, {}
            for carrier in carriers.values():
                carrier.close()

    def _reporter(self, name: str) -> Callable[[str], None]:
        return lambda why: self._daemon.submit(i.ChannelReported(name, why))

    def _carriers(self) -> dict[str, Carrying]:
        """Those that can be used; why the others cannot is kept. Raises Hopeless where there is none: nothing but a
        person changes what is wrong here."""
        made = {Channel.EMAIL: self._email, Channel.WEBHOOK: self._webhook, Channel.APPRISE: self._services}
        found, self._unusable = {}, {}
        for name in self.names:
            try:
                found[name] = made[Channel(name)]()
            except (BadSecret, OSError, ValueError) as error:  # ssl.SSLError is an OSError
                self._unusable[name] = f"[{name}]: {error}"
        if not found:
            why, self._unusable = "; ".join(self._unusable.values()), {}
            raise Hopeless(why)
        return found

    def _email(self) -> Carrying:
        from hydrad.channels.smtp import Setup, Smtp

        of = self._config.email
        if not of.sender:
            raise ValueError("email.sender is needed: the address that letters come from")
        if of.security == "none" and not is_loopback(of.host):
            raise ValueError('email.security = "none" is for a server of this machine: use starttls or tls')
        password = self._secret(EMAIL_PASSWORD, of.password_file)
        if of.user and password is None:
            raise ValueError("email.user is set, and there is no password: email.password_file")
        setup = Setup(of.host, of.port, of.security, of.sender, self._config.daemon.name, of.user, password, of.ca_file)
        return Smtp(setup, self._daemon.now_ns)

    def _webhook(self) -> Carrying:
        from hydrad.channels import signing, smtp
        from hydrad.channels.webhook import Setup, Webhook

        of = self._config.webhook
        secret = self._secret(WEBHOOK_SECRET, of.secret_file)
        if secret is None:
            raise ValueError("webhook.secret_file is needed: letters are signed")
        try:
            key = signing.key_of(secret.reveal())
        except signing.BadKey as error:
            raise ValueError(f"webhook.secret_file: {error}") from None
        context = smtp.tls_context(of.ca_file) if of.url.startswith("https:") else None
        mode = self._daemon.state.mode.value
        return Webhook(Setup(of.url, key, self._config.daemon.name, mode, context), self._daemon.now_ns)

    def _services(self) -> Carrying:
        from hydrad.channels.services import Services

        text = secrets.read_text(Path(self._config.apprise.urls_file))
        return Services(secrets.Secret(text), self._config.daemon.name)

    def _secret(self, name: str, file: str) -> secrets.Secret | None:
        return secrets.find(name, file, os.environ, self._config.secrets.keyring)

    async def tested(self, data: ChannelTestData, code: str) -> Told:
        """Send the letter that a person confirms."""
        try:
            await self._letters.outbox.put([self._test(data.channel, data.to, code)])
        except Closed as closed:
            problem = Problem(ErrorCode.FAILED.value, f"no letter was sent: {closed}", "hydractl health")
            return TEST_SCHEMA, None, problem
        return TEST_SCHEMA, data, None

    def _test(self, channel: str, to: str, code: str) -> Letter:
        text = (
            f"This is a test of {channel} by HydraX {self._config.daemon.name}.\n"
            "If you read it, say so within 15 minutes:\n"
            f"hydractl channel confirm {code}"
        )
        return Letter(
            key=f"test/{channel}/{code}",
            channel=Channel(channel),
            to=to,
            priority=Priority.ALARM,
            text=clipped(text),
            expires_ns=self._daemon.now_ns() + CHECK_FOR_NS,
        )

    def detail(self) -> str:
        now_ns = self._daemon.now_ns()
        return "; ".join(self._told(name, now_ns) for name in self.names) or "nothing is set up"

    def _told(self, name: str, now_ns: int) -> str:
        watched, post = self._watched.get(name), self._posts.get(name)
        if watched is None or post is None:
            return self._unusable.get(name) or f"{name}: nothing leaves"
        last = f"the last {duration_text(now_ns - post.sent_ns)} ago" if post.sent_ns else "none yet"
        return f"{name}: {watched.sent} letters sent, {last}{f', FAILS: {watched.why}' if watched.why else ''}"
