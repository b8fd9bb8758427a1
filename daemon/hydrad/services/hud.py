"""The HUD as a service of the daemon: brought up from the configuration, and what a shell asks of it.

starlette and uvicorn are imported when it is started, and off the loop.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydrad import config as configuration
from hydrad.config import Config
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor, Role
from hydrad.domain.instants import ns_text
from hydrad.host import secrets, tcp_ports
from hydrad.host.secrets import Secret
from hydrad.host.tickets import Purpose
from hydrad.services.daemon import Daemon
from hydrad.toc import inputs as i
from hydrad.toc import people, service
from hydrad.toc.people import Person
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.daemon import HudLink, HudPinSet
from hydrad.wire.codes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydrad.hud.server import HudServer

log = logging.getLogger("hydrad.hud")
Told = tuple[str, object, Problem | None]
_SCHEMAS = {calls.HudOpen: "hydra.hud_link/v1", calls.HudPin: "hydra.hud_pin/v1"}
BOT_TOKEN = "bot.token"


class HudService:
    """The HUD. `address` is empty while it does not listen."""

    name = service.HUD

    def __init__(self, daemon: Daemon, config: Config) -> None:
        self._daemon, self._config = daemon, config
        self._server: HudServer | None = None
        self.address = ""

    def off(self) -> str:
        return "" if self._config.hud.enabled else "hud.enabled is false"

    async def run(self, ready: Callable[[], None]) -> None:
        module = await asyncio.to_thread(importlib.import_module, "hydrad.hud.server")
        port = self._config.hud.port
        if self._daemon.state.mode is HomeMode.PAPER:
            port = tcp_ports.free_port(port, module.HOST)
        listener = module.listen(port)
        try:
            self._server = server = await self._made(port)
        except BaseException:
            listener.close()
            raise
        self.address = f"http://{module.HOST}:{port}"
        try:
            self._daemon.note_endpoint("hud", self.address)
            await server.serve(listener, ready)
        finally:
            self._server, self.address = None, ""
            self._daemon.note_endpoint("hud", None)
            await asyncio.to_thread(server.doors.close)

    async def _made(self, port: int) -> HudServer:
        """From the configuration and the HUD's own file. Raises BadSecret, BadStore, OSError."""
        from hydrad.hud import files, sessions, store, world
        from hydrad.hud.doors import Doors
        from hydrad.hud.server import HudServer

        config = self._config.hud
        token = secrets.read_file(Path(config.metrics_token_file)) if config.metrics_token_file else None
        proxies = frozenset(configuration.words(config.trusted_proxies))
        setup = world.Setup(port, configuration.parse_public_url(config.public_url), proxies, token)
        limits = sessions.Limits(config.session_idle_s, config.session_max_s, config.confirm_s)
        held = await asyncio.to_thread(files.read)
        kept = await asyncio.to_thread(store.Store, self._daemon.places.hud_store)
        asks = self._world()
        return HudServer(asks, setup, Doors(asks, setup, limits, kept), held, self._daemon.pages)

    def _world(self) -> Any:
        from hydrad.hud.world import World

        daemon = self._daemon
        return World(
            ask=daemon.surface.ask,
            person=self._person,
            now_ns=daemon.now_ns,
            look=daemon.public,
            envelope=daemon.surface.envelope,
            stranger=lambda why: daemon.submit(i.Strangers("hud", why, 1)),
            refused=lambda actor, verb, why: daemon.submit(i.EdgeRefused(actor, verb, why)),
            figures=daemon.figures,
            tickets=daemon.tickets,
            phone_may=configuration.words(self._config.hud.phone_may),
            bot_token=self._bot_token(),
        )

    def _bot_token(self) -> Secret | None:
        """A token that cannot be used is the bot's trouble: pages and links work without it, Mini Apps do not."""
        try:
            return secrets.find(BOT_TOKEN, self._config.bot.token_file or "", os.environ, self._config.secrets.keyring)
        except secrets.BadSecret as bad:
            log.error("Mini Apps cannot log in: %s", bad)
            return None

    def _person(self, identity: str) -> Person | None:
        return people.person(self._daemon.state, identity)

    # --- what a shell asks ------------------------------------------------------------------------------

    async def asked(self, actor: Actor, verb: calls.HudOpen | calls.HudPin) -> Told:
        """For the caller themself, who has a role."""
        schema = _SCHEMAS[type(verb)]
        server, person = self._server, self._person(actor.identity)
        if server is None or person is None:
            why = self.off() or "the HUD does not run"
            return schema, None, Problem(ErrorCode.CONFLICT.value, why, "hydractl start hud, hydractl status")
        if isinstance(verb, calls.HudOpen):
            return schema, self._link(actor, person), None
        return schema, *await self._pin(server, actor, person, verb)

    def _link(self, actor: Actor, person: Person) -> HudLink:
        code, ends_ns = self._daemon.tickets.draw(Purpose.LOGIN, actor.identity)
        local = f"{self.address}/login#{code}"
        public = configuration.parse_public_url(self._config.hud.public_url)
        return HudLink(person.name, f"https://{public}/login#{code}" if public else local, local, ns_text(ends_ns))

    async def _pin(
        self, server: HudServer, actor: Actor, person: Person, verb: calls.HudPin
    ) -> tuple[object, Problem | None]:
        from hydrad.hud import pins

        whose: Person | None = person
        if verb.operator not in (None, person.name):
            if person.role < Role.COMMANDER:
                self._daemon.submit(
                    i.EdgeRefused(actor, "hud.pin", f"the PIN of {verb.operator} is a commander's to set")
                )
                return None, Problem(ErrorCode.FORBIDDEN.value, "somebody else's PIN is a commander's to set")
            whose = self._named(verb.operator or "")
        if whose is None:
            return None, Problem(ErrorCode.NOT_FOUND.value, f"no operator {verb.operator} with a role")
        if why := pins.problem(verb.pin):
            return None, Problem(ErrorCode.USAGE.value, why)
        await server.doors.set_pin(whose, verb.pin)
        log.info("the PIN of %s was set by %s", whose.name, person.name)
        return HudPinSet(whose.name), None

    def _named(self, name: str) -> Person | None:
        operator = self._daemon.state.operators.get(name)
        return self._person(operator.identities[0]) if operator is not None and operator.identities else None

    def detail(self) -> str:
        if self._server is None:
            return "no port is open"
        sessions = len(self._server.doors.sessions)
        watchers = self._daemon.pages.watchers
        return f"{self.address}, {self._server.requests} requests, {sessions} sessions, {watchers} pages watch"
