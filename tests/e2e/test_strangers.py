"""Who may not, and what is malformed: silence or refusal, counted or journaled, and nothing else disturbed."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import subprocess
import time
from collections.abc import Callable

import msgspec
import pytest
import zmq
from paper import HYDRACTL, HYDRAD, PaperHome

from hydrad.host import keys
from hydrad.link import frames as f
from hydrad.terminal import bundle as bundles

pytestmark = pytest.mark.timeout(180)


def dealer(home: PaperHome, context: zmq.Context[zmq.Socket[bytes]], pair: keys.KeyPair | None) -> zmq.Socket[bytes]:
    link = context.socket(zmq.DEALER)
    link.linger = 0
    if pair is not None:
        server = keys.read_keypair(home.places.daemon_key).public
        link.curve_serverkey, link.curve_publickey, link.curve_secretkey = (
            text.encode() for text in (server, pair.public, pair.secret.reveal())
        )
    link.connect(home.status()["endpoint"])
    return link


def counted(home: PaperHome, *words: str) -> Callable[[], bool]:
    def look() -> bool:
        done = subprocess.run([*HYDRACTL, "tail", "-n", "500", "-o", "json"], env=home.environ, capture_output=True)
        events = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
        return any(e["kind"] == "STRANGERS_COUNTED" and any(word in e["text"] for word in words) for e in events)

    return look


def test_strangers_at_the_bridge(home: PaperHome) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        stranger = dealer(home, context, keys.draw_keypair())
        naked = dealer(home, context, None)
        for link in (stranger, naked):
            with contextlib.suppress(zmq.Again):  # a refused hand-shake may have left no pipe already
                link.send(b"hello", zmq.NOBLOCK)
        home.until(counted(home, "stranger_key"), "the stranger's key was counted")
        # Which side gives up first decides by what name a connection without CURVE is counted.
        names = ("stranger_mechanism", "stranger_protocol", "stranger_handshake")
        home.until(counted(home, *names), "the connection without CURVE was counted")
        assert not stranger.poll(200) and not naked.poll(200)
        assert all(t["link"] == "READY" for t in home.status()["terminals"])
    finally:
        context.destroy(linger=0)


def test_bad_frames_of_a_known_key_disturb_nothing(home: PaperHome) -> None:
    bundle = bundles.load(home.places.bundle("bravo"))
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        link = dealer(home, context, keys.KeyPair(bundle.curve_public, bundle.curve_secret))
        link.send(b"\x00truncated")
        link.send(b"x" * (f.FRAME_BYTES_MAX + 100))
        home.until(counted(home, "frame"), "the bad frame was counted")
    finally:
        context.destroy(linger=0)
    home.await_ready()
    home.step()


def test_a_wrong_account_in_hello_is_quarantined(home: PaperHome) -> None:
    bundle = bundles.load(home.places.bundle("bravo"))
    home.kill("bravo", signal.SIGSTOP)  # silent, and not started anew
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        link = dealer(home, context, keys.KeyPair(bundle.curve_public, bundle.curve_secret))
        identity = f.Identity(4711, bundle.server, "paper", "USD", True, 0, 1, "elsewhere", "x")
        hello = f.Hello("0", identity, "boot", "ledger", 0, 0, False, time.time_ns(), 0, 0, ("EURUSD",))
        sequence = itertools.count(1)

        def quarantined() -> bool:
            link.send(f.encode(f.UpFrame(f.LINK_VERSION, 0, 4242, next(sequence), hello)))
            return _bravo(home)["duty"] == "QUARANTINED"

        home.until(quarantined, "bravo is quarantined")
        row = _bravo(home)
        assert row["duty"] == "QUARANTINED" and "4711" in row["why"]
        assert not link.poll(100)
    finally:
        context.destroy(linger=0)
    assert home.status()["terminals"][0]["link"] == "READY"


def _bravo(home: PaperHome) -> dict[str, object]:
    return next(row for row in home.ctl("terminals").data if row["name"] == "bravo")


def test_garbage_on_the_control_socket(home: PaperHome) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff", b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1"):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(home.places.socket))
            link.sendall(garbage)
            while link.recv(4096):
                pass
    assert home.ctl("status").code == 0


def test_odd_arguments_are_refused_and_the_daemon_lives(home: PaperHome) -> None:
    home.step()
    cases = {
        ("fire", "M-0000000A", "--yes"): 2,
        ("fire", "--symbol", "NOSUCH", "--side", "buy", "--stop", "1", "--yes"): 5,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "NaN", "--yes"): 2,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.3812345", "--yes"): 2,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "-1.2", "--yes"): 2,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.38", "--volume", "0.015", "--yes"): 2,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.38", "--risk", "-1%", "--yes"): 2,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.38", "--account", "nosuch", "--yes"): 5,
        ("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.40", "--yes"): 6,
        ("halt", "--account", "nosuch"): 5,
        ("close", "P-00000014", "--yes"): 2,
        ("tail", "--since", "yesterday"): 2,
    }
    for words, code in cases.items():
        assert home.ctl(*words).code == code, words
    assert home.ctl("status").code == 0


def test_a_bad_configuration_names_the_place(home: PaperHome) -> None:
    bad = home.path / "bad.toml"
    bad.write_text("[risk]\nrisk_per_trade_precent = 1\n")
    done = subprocess.run([*HYDRAD, "config", "check", str(bad)], env=home.environ, capture_output=True, timeout=30)
    text = done.stderr.decode()
    assert done.returncode == 1
    assert "bad.toml:2" in text and "risk_per_trade_percent" in text
