"""Somebody who holds an agent's own key, and bytes that were true once: ignored or counted, told, and nothing is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import apsw
import msgspec
import pytest
import zmq
from paper import PaperHome, fire_by_hand

from hydrad.link import frames as f
from hydrad.terminal import bundle as bundles
from hydrad.toc import records as r

pytestmark = pytest.mark.timeout(180)
NAME, LOGIN = "bravo", 100_002


class Impostor:
    """A second connection with the terminal's own key, which says whatever it likes."""

    def __init__(self, home: PaperHome) -> None:
        bundle = bundles.load(home.places.bundle(NAME))
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = bundle.daemons[0].server_key.encode()
        self.socket.curve_publickey = bundle.curve_public.encode()
        self.socket.curve_secretkey = bundle.curve_secret.reveal().encode()
        self.socket.connect(bundle.daemons[0].address)

    def say(self, body: f.Up, session: int, seq: int) -> None:
        self.socket.send(f.encode(f.UpFrame(f.LINK_VERSION, 2, session, seq, body)))

    def answered(self, patience_ms: int = 300) -> list[bytes]:
        """What the daemon has said to this connection."""
        found = []
        while self.socket.poll(patience_ms):
            found.append(self.socket.recv())
        return found


@pytest.fixture
def impostor(home: PaperHome) -> Iterator[Impostor]:
    home.step()
    made = Impostor(home)
    yield made
    made.context.destroy(linger=0)


def written(home: PaperHome, kind: type[Any]) -> list[Any]:
    """The bodies of a journal's records of one type, read beside the daemon that writes them."""
    name = r.NAMES[kind]
    journal = apsw.Connection(str(home.places.journal), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [r.decode(name, body) for (body,) in journal.execute("SELECT body FROM record WHERE type = ?", (name,))]
    finally:
        journal.close()


def live_session(home: PaperHome) -> int:
    return next(one.session for one in reversed(written(home, r.TerminalSession)) if one.terminal == NAME)


def lie(number: int) -> f.Result:
    """That an act was executed which was never sent."""
    row = f.LedgerRow(1, number, 0, f.RowState.DONE, bytes(32), time.time_ns(), 0, deal_ticket=9, position_id=9)
    return f.Result(row)


def unharmed(home: PaperHome) -> None:
    """The real agent goes on as if nothing had been: READY, ACTIVE, and a fire is one order."""
    row = next(one for one in home.ctl("terminals").data if one["name"] == NAME)
    assert (row["link"], row["duty"]) == ("READY", "ACTIVE"), row
    before = len(home.opened(LOGIN))
    fired = fire_by_hand(home, "--account", NAME)
    assert fired.code == 0 and fired.act["state"] == "FILLED", fired
    assert len(home.opened(LOGIN)) == before + 1


def test_a_result_in_the_live_session_over_another_connection_is_not_heard(home: PaperHome, impostor: Impostor) -> None:
    denied = fire_by_hand(home, "--account", NAME, "--volume", "50")
    assert denied.code == 6, denied
    known = written(home, r.ActRequested)[-1].act_id
    session, records = live_session(home), len(written(home, r.ActMoved))
    for seq in (1, 2, 50, 51, 10_000):
        for number in (known, known + 100, 1):
            impostor.say(lie(number), session, seq)
        impostor.say(f.Halted(False, "nobody"), session, seq)
        impostor.say(f.Fenced(99), session, seq)
    assert impostor.answered() == []
    home.step()
    assert len(written(home, r.ActMoved)) == records
    unharmed(home)
    assert home.ctl("findings").data == []


def test_a_session_that_never_was_and_one_that_has_ended_are_not_heard(home: PaperHome, impostor: Impostor) -> None:
    ended = live_session(home)
    home.kill(NAME)
    home.until(lambda: live_session(home) != ended, "the agent came back in another session")
    home.await_ready()
    for session in (ended, 4711, 1):
        for body in (lie(1), f.Ready(), f.Warn("FORGED", "nobody said so")):
            impostor.say(body, session, 1)
    assert impostor.answered() == []
    assert "FORGED" not in str(home.ctl("findings").data)
    home.step()
    unharmed(home)


def test_cut_short_too_long_and_in_pieces_is_counted_and_hurts_nobody(home: PaperHome, impostor: Impostor) -> None:
    whole = f.encode(f.UpFrame(f.LINK_VERSION, 2, 7, 1, f.Ready()))
    for data in (whole[:-1], whole + b"\0", bytes(f.FRAME_BYTES_MAX + 1), b""):
        impostor.socket.send(data)
    impostor.socket.send_multipart([whole, whole])
    home.until(
        lambda: {f"frame {NAME}", f"multipart {NAME}"} <= {x.reason for x in written(home, r.StrangersCounted)},
        "counted",
    )
    impostor.socket.send(bytes(10 * f.FRAME_BYTES_MAX))  # hung up on
    assert impostor.answered() == []
    unharmed(home)


def test_an_agent_of_another_version_is_a_finding_and_is_told(home: PaperHome, impostor: Impostor) -> None:
    impostor.socket.send(msgspec.msgpack.encode([2, 0, 77, 1, ["HELLO", {"all": "new"}]]))
    (answer,) = impostor.answered(2_000)
    told = f.decode_down(answer)
    assert isinstance(told.body, f.Versions) and told.session == 77
    (finding,) = home.ctl("findings").data
    assert finding["code"] == "LINK_VERSION" and "agent speaks link 2, we speak 1" in str(finding), finding
    unharmed(home)
