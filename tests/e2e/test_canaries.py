"""Secrets are found in their own files and nowhere else: not in a log, the journal, an answer or a process listing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from paper import CONFIG, PaperHome
from zmq.utils import z85

from hydrad.host import keys
from hydrad.terminal import bundle as bundles

pytestmark = pytest.mark.xdist_group("canaries")
CANARIES = ("canary-of-alpha-51c9e0", "canary-of-bravo-51c9e0")


@pytest.fixture(scope="module")
def home() -> Iterator[PaperHome]:
    """A home whose passwords are canaries; keys are canaries by themselves."""
    made = PaperHome(CONFIG + "[daemon]\nlog_level = 'debug'\n")
    made.environ["PYTHONFAULTHANDLER"] = "1"
    done = subprocess.run([sys.executable, "-m", "hydrad", "init"], env=made.environ, capture_output=True, check=True)
    assert b"canary" not in done.stdout
    broker = made.places.broker_dir / "broker.toml"
    parts = broker.read_text().split('password = "paper"')
    assert len(parts) == 3
    broker.write_text(f'{parts[0]}password = "{CANARIES[0]}"{parts[1]}password = "{CANARIES[1]}"{parts[2]}')
    for name, canary in zip(("alpha", "bravo"), CANARIES, strict=True):
        path = made.places.bundle(name)
        path.write_text(path.read_text().replace('password = "paper"', f'password = "{canary}"'))
    made.start()
    yield made
    made.end()


def secrets_of(home: PaperHome) -> dict[str, set[Path]]:
    """Each secret, and the files that it belongs into."""
    broker = home.places.broker_dir / "broker.toml"
    found = {keys.read_keypair(home.places.daemon_key).secret.reveal(): {home.places.daemon_key}}
    for name in ("alpha", "bravo"):
        path = home.places.bundle(name)
        bundle = bundles.load(path)
        found[bundle.password.reveal()] = {path, broker}
        found[bundle.curve_secret.reveal()] = {path}
    assert set(CANARIES) < set(found) and len(found) == 5
    return found


def live(home: PaperHome) -> list[Path]:
    """The processes of this home."""
    mark = f"HYDRA_HOME={home.path}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                found.append(folder)
        except OSError:
            continue
    return found


def leaks(home: PaperHome, said: dict[str, bytes]) -> list[str]:
    """Where a secret stands that it does not belong. `said`: what was printed, by a name."""
    found = []
    texts = dict(said)
    for path in home.path.rglob("*"):
        if path.is_file():
            texts[str(path)] = path.read_bytes()
    for process in live(home):
        for name in ("cmdline", "environ"):
            texts[f"{process}/{name}"] = (process / name).read_bytes()
    for secret, owners in secrets_of(home).items():
        allowed = {str(path) for path in owners}
        for name, data in texts.items():
            forms = [secret.encode(), secret.encode("utf-16-le")]
            forms += [z85.decode(secret)] if len(secret) == 40 else []  # a key's own bytes
            if name not in allowed and any(form in data for form in forms):
                found.append(f"{secret[:12]}... in {name}")
    return found


def answers(home: PaperHome) -> dict[str, bytes]:
    said = {}
    for words in (
        "status", "config show --source", "accounts", "terminals", "terminal show alpha", "tail -n 500", "fires",
        "positions", "missions", "alarms", "ticks",
    ):  # fmt: skip
        for form in ("json", "table"):
            answer = subprocess.run(
                [sys.executable, "-m", "hydractl.main", *words.split(), "-o", form, "--debug"],
                env=home.environ, capture_output=True, check=False,
            )  # fmt: skip
            said[f"{words} {form}"] = answer.stdout + answer.stderr
    return said


def test_the_search_finds_what_is_there(home: PaperHome) -> None:
    """A test that could not fail would be no test."""
    slip = home.places.log_dir / "slip.log"
    slip.write_text(f"password={CANARIES[0]}\n")
    assert leaks(home, {"said": CANARIES[1].encode()}) == [
        f"{CANARIES[0][:12]}... in {slip}",
        f"{CANARIES[1][:12]}... in said",
    ]
    slip.unlink()


def test_no_secret_leaves_its_file(home: PaperHome) -> None:
    home.step()
    fired = home.ctl("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", "1.3800", "--target", "1.4000", "--yes")
    assert fired.code == 0, fired
    assert len(live(home)) >= 6  # daemon, broker, two agents, two workers
    said = answers(home)
    # A wrong password, a hard end with a dump of all threads, and a restart.
    path = home.places.bundle("bravo")
    good = path.read_text()
    path.write_text(good.replace(CANARIES[1], CANARIES[1] + "-wrong"))
    home.kill("bravo", signal.SIGABRT)
    log = home.places.log_dir / "bravo.log"
    home.until(lambda: "Authorization failed" in log.read_text(), "the wrong password is refused")
    assert "Fatal Python error: Aborted" in log.read_text()  # the dump is among what is searched
    path.write_text(good)
    home.kill("bravo")
    home.kill("daemon", signal.SIGABRT)
    home.until(lambda: home.ctl("status").code == 3, "the daemon is gone")
    home.start()
    bundle = home.ctl("support", "bundle")
    assert bundle.code == 0, bundle
    with tarfile.open(bundle.data["path"]) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            said[f"bundle {member.name}"] = content.read()
    assert home.ctl("journal", "verify").code == 0
    assert leaks(home, said) == []


def test_the_support_bundle_masks_account_numbers_unless_asked(home: PaperHome) -> None:
    def text_of(*words: str) -> bytes:
        made = home.ctl("support", "bundle", "--to", str(home.path / f"b{len(words)}.tar.gz"), *words)
        assert made.code == 0, made
        with tarfile.open(made.data["path"]) as archive:
            files = [archive.extractfile(member) for member in archive.getmembers()]
            return b"".join(file.read() for file in files if file is not None)

    masked, open_ = text_of(), text_of("--with-accounts")
    assert b"100001" not in masked and b"(masked)" in masked
    assert b"100001" in open_
    for needed in (b"hydrax 0.", b'"mode": "paper"', b"records verify", b"daemon.log_level", b"ready:"):
        assert needed in masked
