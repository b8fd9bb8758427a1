"""A real SMTP server on loopback (aiosmtpd), with certificates of its own authority and faults that a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "hydra", "canary-mail-password"
TOKENS = trustme.CA()


def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TOKENS.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
    return context


@dataclass
class Mailroom:
    """`rcpt`, `text`: what the next RCPT and texts get, in order; then all is taken. `hold`: texts get no answer.
    `dead`: addresses that nobody has."""

    security: str = "starttls"
    rcpt: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    hold: bool = False
    dead: set[str] = field(default_factory=set)
    login: bool = True
    names: tuple[str, ...] = ()
    taken: list[Envelope] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def open(self) -> Mailroom:
        context = server_context(*self.names) if self.security != "none" else None
        loop = asyncio.get_running_loop()
        implicit = context if self.security == "tls" else None
        self._server = await loop.create_server(self._made(context), "127.0.0.1", self.port, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _made(self, context: ssl.SSLContext | None) -> Callable[[], SMTP]:
        starttls = context if self.security == "starttls" else None
        return lambda: SMTP(
            self,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=self.login,
            auth_require_tls=self.security == "starttls",
            authenticator=self._authenticated,
            ident="mailroom",
        )

    def _authenticated(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=good)

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        if self.rcpt:
            return self.rcpt.pop(0)
        if to in self.dead:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        if self.hold:
            await asyncio.Event().wait()
        return self.text.pop(0) if self.text else "250 OK"

    def mails(self) -> list[EmailMessage]:
        found = []
        for envelope in self.taken:
            assert isinstance(envelope.content, bytes)
            found.append(message_from_bytes(envelope.content, policy=policy.default))
        return found  # type: ignore[return-value]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
