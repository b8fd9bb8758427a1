"""The agent's end of the link: frames out, HELLO and beats, what ends a session, and who is fenced off."""

from __future__ import annotations

from hydrad.agent import effects, inputs
from hydrad.agent.session import OTHER_VERSION_WAIT_NS, Phase, Talk
from hydrad.agent.state import State
from hydrad.link import frames
from hydrad.link.frames import OtherVersion

KNOWS = ("QUERY_RATES",)


class Connection(State):
    """A layer of the core; see `state`."""

    def _send(self, body: frames.Up) -> None:
        self._effects.append(effects.Send(self._talk.data(self._epoch_max, body, self._now_ns)))

    def _send_ready(self, body: frames.Up) -> None:
        """For what the next hand-shake tells anyway: sent when READY, else left out."""
        if self._talk.phase is Phase.READY:
            self._send(body)

    def _send_open(self, body: frames.Up) -> None:
        if self._talk.phase is not Phase.CLOSED:
            self._send(body)

    def _opened(self, given: inputs.Opened) -> None:
        self._talk = Talk(given.session, self._now_ns, self._greet_ns)
        self._hello()

    def _hello(self) -> None:
        """Say who we are; nothing can be said before the terminal has told."""
        if self._identity is None or not self._talk.hello_due(self._now_ns):
            return
        self._halted_owed = self._latches.halted and self._may_open()
        self._send(
            frames.Hello(
                agent_version=self._config.agent_version,
                identity=self._identity,
                boot_id=self._config.boot_id,
                ledger_id=self._ledger_id,
                ledger_length=len(self._ledger),
                epoch_max=self._epoch_max,
                halted=self._latches.halted and not self._halted_owed,
                machine_ns=self._now_ns,
                market_ms=self._market_ms,
                offset_ms=self._offset_ms,
                symbols=self._symbols,
                host=self._config.host,
                selftest=self._config.selftest,
                knows=KNOWS,
                latches=self._latches.held,
            )
        )

    def _beat(self) -> frames.BeatUp:
        echo_ns, held_ns = self._talk.echo(self._now_ns)
        return frames.BeatUp(
            machine_ns=self._now_ns,
            echo_ns=echo_ns,
            echo_held_ns=held_ns,
            market_ms=self._market_ms,
            connected=self._connected_since_ns is not None,
            trade_allowed=self._trade_allowed,
            worker_alive=self._worker_up,
            in_hand=self.in_hand,
            ticks_shed=self._ticks_shed,
            offset_ms=self._offset_ms,
        )

    def _beaten(self, body: frames.BeatDown) -> None:
        self._talk.beat(body, self._now_ns)
        self._resting.heard(self._now_ns)

    def _drop(self, reason: str) -> None:
        """Give up the session: the next hand-shake's ledger tells what was lost."""
        if self._talk.phase is Phase.CLOSED:
            return
        self._effects.append(effects.Reopen(reason, next_daemon=not self._talk.welcomed))
        self._talk = Talk()
        self._books_due = None
        self._cursors, self._deals_after = (), -1
        self._quotes.clear()
        self._askers.clear()
        self._readings.clear()

    def _refused_version(self, body: frames.Versions) -> None:
        """A daemon of our own version that does not speak it."""
        self._drop(f"bad frame: VERSION {body.lowest} to {body.highest}")

    def _other_version(self, error: OtherVersion) -> None:
        """A person has to act: say so, and greet again later, the next address first. Plans go on meanwhile."""
        said = error.text or f"the daemon speaks link {error.version}, this agent {frames.LINK_VERSION}"
        self._greet_ns = self._now_ns + OTHER_VERSION_WAIT_NS
        self._drop(f"another version: {said}")

    def _fenced(self, frame: frames.DownFrame) -> bool:
        """Refuse a daemon of a lower epoch; one of a higher epoch must say WELCOME first."""
        if isinstance(frame.body, frames.Halt):
            return False
        if frame.epoch < self._epoch_max:
            self._send_open(frames.Fenced(self._epoch_max))
            return True
        known = frame.body.epoch if isinstance(frame.body, frames.Welcome) else self._epoch_max
        if frame.epoch != known:
            self._drop(f"a frame of epoch {frame.epoch} where {known} holds")
        return frame.epoch != known

    def _identify(self, identity: frames.Identity) -> None:
        """Who the terminal is now; the daemon judges it, in a hand-shake of its own if that is news."""
        changed = self._identity is not None and self._identity != identity
        self._identity = identity
        if changed:
            self._drop("the terminal's identity changed")
        self._hello()
