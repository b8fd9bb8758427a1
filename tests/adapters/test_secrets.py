"""A secret shows itself to nobody, and comes only from where nobody else can read it."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from hydrad.__main__ import main
from hydrad.config import KEYS, SECRET_FILES, load, secret_files
from hydrad.home.daemon_key import daemon_key
from hydrad.host import keys, modes, secrets
from hydrad.host.places import Places, find_places
from hydrad.host.secrets import BadSecret, Secret
from hydrad.terminal import bundle as bundles
from hydrad.terminal import pipe
from hydrad.terminal.bundle import BadBundle, Bundle, DaemonAddress

CANARY = "canary-7f3a"


class Holder(msgspec.Struct):
    password: Secret


# --- the type -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        "{}".format,
        "{!r:>40}".format,
        lambda secret: f"{secret:>30}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - as logging does it
        lambda secret: repr(Holder(secret)),
        lambda secret: repr([secret, {"a": secret}]),
        lambda secret: repr(ValueError(secret)),
    ],
)
def test_every_way_of_showing_it_masks_it(shown: Callable[[Secret], str]) -> None:
    text = shown(Secret(CANARY))
    assert CANARY not in text and secrets.MASK in text


@pytest.mark.parametrize(
    "encode",
    [
        json.dumps,
        pickle.dumps,
        lambda secret: pickle.dumps(Holder(secret)),
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.toml.encode,
        msgspec.to_builtins,
        lambda secret: msgspec.msgpack.encode(Holder(secret)),
    ],
)
def test_every_encoder_refuses_it(encode: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as refused:
        encode(Secret(CANARY))
    assert CANARY not in str(refused.value)


def test_a_log_line_and_a_traceback_do_not_have_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    logging.getLogger("x").warning("login with %s and %r", secret, Holder(secret))
    try:
        raise RuntimeError(Holder(secret))
    except RuntimeError:
        seen = traceback.format_exc() + "".join(
            traceback.TracebackException(*sys.exc_info(), capture_locals=True).format()  # type: ignore[arg-type]
        )
    assert CANARY not in caplog.text + seen


def test_equality_is_by_text_and_copies_are_itself() -> None:
    secret = Secret("é")
    assert secret == Secret("é") and secret != Secret("e") and secret != "é" and bool(secret)
    assert copy.copy(secret) is secret and copy.deepcopy(secret) is secret
    assert not Secret("")
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)


def test_the_hooks_take_secrets_and_nothing_else() -> None:
    data = msgspec.msgpack.encode(Holder(Secret(CANARY)), enc_hook=secrets.revealed)
    assert msgspec.msgpack.decode(data, type=Holder, dec_hook=secrets.hidden).password == Secret(CANARY)
    with pytest.raises(TypeError):
        msgspec.msgpack.encode({"a": object()}, enc_hook=secrets.revealed)
    with pytest.raises(msgspec.ValidationError, match="text is expected"):
        msgspec.msgpack.decode(msgspec.msgpack.encode({"password": 7}), type=Holder, dec_hook=secrets.hidden)


# --- files ----------------------------------------------------------------------------------------------


def private(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_file_gives_its_line(tmp_path: Path) -> None:
    for data in (b"s p a c e", b"s p a c e\n", b"s p a c e\r\n"):
        assert secrets.read_file(private(tmp_path / "f", data)).reveal() == "s p a c e"


@pytest.mark.parametrize(
    ("data", "mode", "says"),
    [
        (b"", 0o600, "is empty"),
        (b" \n", 0o600, "is empty"),
        (b"x" * 4097, 0o600, "more than 4096 bytes"),
        (b"a\nb\n", 0o600, "more than one line"),
        (b"a\0b", 0o600, "more than one line"),
        (b"\xff", 0o600, "not text"),
        (b"good", 0o644, "mode 0644.*chmod 600"),
        (b"good", 0o620, "mode 0620"),
        (b"good", 0o601, "mode 0601"),
    ],
)
def test_a_file_that_is_no_secret_stops(tmp_path: Path, data: bytes, mode: int, says: str) -> None:
    path = private(tmp_path / "secret", data, mode)
    with pytest.raises(BadSecret, match=says) as caught:
        secrets.read_file(path)
    assert str(path) in str(caught.value)
    assert "good" not in str(caught.value)


def test_what_is_no_file_stops_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, says in (("pipe", "no regular file"), ("missing", "cannot be read: No such file")):
        with pytest.raises(BadSecret, match=says):
            secrets.read_file(tmp_path / name)
    with pytest.raises(BadSecret, match=r"no regular file|cannot be read"):
        secrets.read_file(tmp_path)


# --- where they come from -------------------------------------------------------------------------------


def test_a_named_file_wins_over_the_credential_and_nobody_is_none(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    private(credentials / "bot.token", b"from systemd\n", 0o440)  # its folder is the service's own
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
    named = private(tmp_path / "token", b"from the file\n")
    found = [secrets.find("bot.token", file, environ) for file in (str(named), "")]
    assert [secret.reveal() for secret in found if secret] == ["from the file", "from systemd"]
    assert secrets.find("other", "", environ) is None
    assert secrets.find("other", "", {}) is None


def test_the_keyring_is_imported_only_where_it_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # an import of it fails
    assert secrets.find("x", "", {}) is None
    with pytest.raises(BadSecret, match=r"pip install 'hydrax\[keyring\]'"):
        secrets.find("x", "", {}, "hydra")


def test_a_keyring_answers_or_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        pass

    known = {("hydra", "x"): "kept"}
    ring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    ring.errors, errors.KeyringError = errors, KeyringError  # type: ignore[attr-defined]
    ring.get_password = lambda *asked: known.get(asked)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    found = secrets.find("x", "", {}, "hydra")
    assert found is not None and found.reveal() == "kept"
    assert secrets.find("y", "", {}, "hydra") is None

    def locked(*_: str) -> str:
        raise KeyringError("locked")

    ring.get_password = locked  # type: ignore[attr-defined]
    with pytest.raises(BadSecret, match="hydra/x: locked"):
        secrets.find("x", "", {}, "hydra")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = find_places({"HYDRA_HOME": str(tmp_path / "h")})
    found.make()
    return found


def config_of(places: Places, **environ: str) -> Any:
    return load(places.config_file, places.conf_dir, environ).config


def test_the_daemons_key_has_three_places(places: Places, tmp_path: Path) -> None:
    named, handed, own = (keys.draw_keypair() for _ in range(3))
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    keys.write_keypair(places.daemon_key, own)
    keys.write_keypair(credentials / "daemon.key", handed)
    (credentials / "daemon.key").chmod(0o440)
    keys.write_keypair(tmp_path / "my.key", named)
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
    config = config_of(places, HYDRA_SECRETS__DAEMON_KEY_FILE=str(tmp_path / "my.key"))
    assert daemon_key(places, config, environ) == named
    assert daemon_key(places, config_of(places), environ) == handed
    assert daemon_key(places, config_of(places), {}) == own
    with pytest.raises(BadSecret, match=r"missing\.key does not exist"):
        daemon_key(places, config_of(places, HYDRA_SECRETS__DAEMON_KEY_FILE="/missing.key"), {})
    places.daemon_key.unlink()
    with pytest.raises(FileNotFoundError):
        daemon_key(places, config_of(places), {})


def bundle(**changes: object) -> Bundle:
    plain = Bundle(
        name="t1", account="a", login=1, server="S", password=Secret(CANARY), kind="live", currency="USD",
        hedging=True, module="metatrader5", sim_socket="", symbols=["EURUSD"], curve_public="0" * 40,
        curve_secret=Secret("1" * 40), daemons=[DaemonAddress("tcp://h:1", "0" * 40)], ledger="/l", lock="/k",
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def test_a_bundles_password_may_be_kept_elsewhere(tmp_path: Path) -> None:
    assert bundles.password_of(bundle(), {}).reveal() == CANARY
    bare = bundle(password=Secret(""))
    private(tmp_path / "t1.password", b"handed over\n")
    assert bundles.password_of(bare, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).reveal() == "handed over"
    filed = msgspec.structs.replace(bare, password_file=str(private(tmp_path / "p", b"filed\n")))
    assert bundles.password_of(filed, {}).reveal() == "filed"
    with pytest.raises(BadBundle, match=r"t1 has no password.*t1\.password"):
        bundles.password_of(bare, {})
    (tmp_path / "p").chmod(0o644)
    with pytest.raises(BadBundle, match="chmod 600"):
        bundles.password_of(filed, {})


def test_a_bundle_is_shown_without_its_secrets_and_saved_with_them(tmp_path: Path) -> None:
    assert CANARY not in repr(bundle()) and "1" * 40 not in repr(bundle())
    bundles.save(tmp_path / "b", bundle())
    assert CANARY in (tmp_path / "b").read_text()
    assert bundles.load(tmp_path / "b") == bundle()


def test_the_pipe_to_the_worker_carries_the_password() -> None:
    login = pipe.Login(True, 7, "S", Secret(CANARY), ("EURUSD",), 0, "paper")
    assert CANARY not in repr(login)
    (data,) = pipe.Assembler().feed(pipe.frame(login))
    assert pipe.decode_down(data) == login


# --- the modes of a home --------------------------------------------------------------------------------


def test_a_home_as_it_is_made_is_private(places: Places) -> None:
    keys.write_keypair(places.daemon_key, keys.draw_keypair())
    modes.check(places, {})


def test_every_finding_is_told_at_once_with_its_fix(places: Places) -> None:
    keys.write_keypair(places.daemon_key, keys.draw_keypair())
    folder = places.terminals_dir / "t1"
    folder.mkdir(mode=0o700)
    private(folder / "bundle.toml", b"x", 0o640)
    places.keys_dir.chmod(0o750)
    places.halt_file.parent.chmod(0o2777)
    with pytest.raises(BadSecret) as caught:
        modes.check(places, {})
    said = str(caught.value).splitlines()
    assert len(said) == 3
    assert said[0].endswith(f"run chmod 700 {places.keys_dir}")
    assert said[1].endswith(f"run chmod 600 {folder / 'bundle.toml'}")
    assert said[2].endswith(f"run chmod o-w {places.halt_file.parent}")
    places.halt_file.parent.chmod(0o2770)  # the operators' group may write there
    places.keys_dir.chmod(0o700)
    (folder / "bundle.toml").chmod(0o600)
    modes.check(places, {})


def test_a_secret_that_the_configuration_names_is_told_by_its_key(places: Places, tmp_path: Path) -> None:
    mail, token = private(tmp_path / "mail", b"x", 0o640), private(tmp_path / "token", b"x")
    named = {"email.password_file": mail, "bot.token_file": token, "webhook.secret_file": tmp_path / "missing"}
    with pytest.raises(BadSecret) as caught:
        modes.check(places, named)
    assert str(caught.value) == f"email.password_file: {mail} can be read by others (mode 0640): run chmod 600 {mail}"
    assert modes.open_secrets(named) == [str(caught.value)]
    mail.chmod(0o600)
    modes.check(places, named)
    assert modes.open_secrets(named) == []


def test_every_key_that_names_a_secret_is_looked_at(places: Places, tmp_path: Path) -> None:
    public = {"email.ca_file", "webhook.ca_file"}  # certificates
    assert set(SECRET_FILES) | public == {key for key in KEYS if key.endswith("_file")}
    assert secret_files(config_of(places)) == {}
    found = secret_files(config_of(places, HYDRA_EMAIL__PASSWORD_FILE="/x", HYDRA_APPRISE__URLS_FILE="/y"))
    assert found == {"email.password_file": Path("/x"), "apprise.urls_file": Path("/y")}


def test_a_secret_that_others_can_read_stops_the_start_and_config_check_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = private(tmp_path / "mail", CANARY.encode(), 0o604)
    monkeypatch.setenv("HYDRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HYDRA_EMAIL__PASSWORD_FILE", str(secret))
    for words, code in ((["config", "check"], 1), (["run"], 78)):
        assert main(words) == code
        said = capsys.readouterr().err
        assert f"email.password_file: {secret} can be read by others (mode 0604): run chmod 600 {secret}" in said
        assert CANARY not in said
    assert not (tmp_path / "home" / "state" / "journal.db").exists()
    secret.chmod(0o600)
    assert main(["config", "check"]) == 0
