"""The carrier of e-mail: one connection a letter, encrypted, with a login where one is set. Owns what a server's answer
means for the letter.

An answer that says "not now" and one that says "never" are both tried again, the second rarely and for a day: who is on
call must not be lost by an answer that a person can put right within the hour. What is wrong is told at once: of one
address by its own alarm, of everything by the channel's.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hydrad.channels.carrying import Carried, lost, shown
from hydrad.channels.mail import BadAddress, message
from hydrad.channels.threads import ANSWER_S, Line, Threads
from hydrad.host.secrets import Secret
from hydrad.outbox.outcomes import Lost, Refused, Rejected, Sent, Throttled
from hydrad.outbox.store import Row

LATER_S = 60.0
NEVER_S = 300.0


@dataclass(frozen=True, slots=True)
class Setup:
    """`security`: starttls, tls, or none, which is for this machine's own server."""

    host: str
    port: int
    security: str
    sender: str
    home: str
    user: str = ""
    password: Secret | None = None
    ca_file: str = ""


class Smtp:
    """`context`: raises ssl.SSLError, OSError for a file that cannot be read."""

    def __init__(self, setup: Setup, now_ns: Callable[[], int], threads: Threads | None = None) -> None:
        self._setup, self._now_ns = setup, now_ns
        self._threads = threads or Threads("email")
        self._context = tls_context(setup.ca_file) if setup.security != "none" else None

    async def carry(self, row: Row) -> Carried:
        setup = self._setup
        try:
            made = message(row, setup.sender, setup.home, self._now_ns())
        except BadAddress as error:
            return Carried(Refused(str(error)), str(error))
        work = _Work(setup, self._context, made.as_bytes(), row.letter.to)
        try:
            return await self._threads.run(work.run)
        except TimeoutError:
            return lost("the server took too long", work.is_sent)

    def close(self) -> None:
        self._threads.close()


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Certificates and names are checked; TLS 1.2 at least. Raises ssl.SSLError, OSError."""
    context = ssl.create_default_context(cafile=str(Path(ca_file)) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Work:
    """One letter, on a thread. `is_sent`: its text has left, from here on it may have arrived."""

    def __init__(self, setup: Setup, context: ssl.SSLContext | None, data: bytes, to: str) -> None:
        self._setup, self._context, self._data, self._to = setup, context, data, to
        self.is_sent = False

    def run(self, line: Line) -> Carried:
        try:
            client = self._connect(line)
        except (OSError, smtplib.SMTPException) as error:
            return lost(said(error), reached=False)
        try:
            return self._hand_over(client)
        except smtplib.SMTPDataError as error:  # it did not let us begin
            return _answered(error.smtp_code, shown(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return lost(said(error), self.is_sent)
        finally:
            client.close()

    def _connect(self, line: Line) -> smtplib.SMTP:
        setup = self._setup
        client: smtplib.SMTP
        if setup.security == "tls":
            client = smtplib.SMTP_SSL(setup.host, setup.port, timeout=ANSWER_S, context=self._context)
        else:
            client = smtplib.SMTP(setup.host, setup.port, timeout=ANSWER_S)
        try:
            assert client.sock is not None
            line.hold(client.sock)
            if setup.security == "starttls":
                client.starttls(context=self._context)  # raises where the server has none: nothing goes in the clear
                line.hold(client.sock)
            if setup.user and setup.password is not None:
                client.login(setup.user, setup.password.reveal())
        except BaseException:
            client.close()
            raise
        return client

    def _hand_over(self, client: smtplib.SMTP) -> Carried:
        client.ehlo_or_helo_if_needed()
        code, text = client.mail(self._setup.sender)
        if not 200 <= code < 300:
            return _answered(code, shown(text))
        code, text = client.rcpt(self._to)
        if not 200 <= code < 300:
            return _of_one(_answered(code, shown(text)))
        self.is_sent = True  # or is about to be
        code, text = client.data(self._data)
        if 200 <= code < 300:
            return Carried(Sent())
        self.is_sent = False  # it said that it did not take it
        return _answered(code, shown(text))


def _answered(code: int, why: str) -> Carried:
    told = f"the server says {code} {why}"
    if not 400 <= code < 600:  # smtplib's own -1 too, for a line that was no answer
        return Carried(Lost(told, reached=False), told)
    return Carried(Throttled(LATER_S) if code < 500 else Rejected(told, NEVER_S), told)


def _of_one(answered: Carried) -> Carried:
    """That one address is rejected says nothing against the channel."""
    return answered._replace(why="") if isinstance(answered.outcome, Rejected) else answered


def said(error: Exception) -> str:
    """What went wrong, in a line, without what was sent: a login's error has the server's words alone."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {shown(error.smtp_error)}"
    return f"{type(error).__name__}: {shown(str(error))}"
