"""Doctor finds each fault that it is made for, and says what to do about it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import apsw
import pytest

from hydrad import config
from hydrad.commands import checks
from hydrad.domain.accounts import HomeMode
from hydrad.home import making
from hydrad.host.lock import FileLock
from hydrad.host.places import Places, find_places
from hydrad.journal.verify import verify_tail
from hydrad.wire.answers.daemon import DoctorRow


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = find_places({"HYDRA_HOME": str(tmp_path)})
    loaded = config.load(found.config_file, found.conf_dir, {})
    making.create(found, loaded.config, HomeMode.PAPER)
    return found


def look(places: Places, **environ: str) -> dict[str, DoctorRow]:
    return {row.check: row for row in checks.examine(places, environ)}


def failed(places: Places, **environ: str) -> set[str]:
    """Without what depends on this machine: its clock, its ports, its disk."""
    found = {name for name, row in look(places, **environ).items() if not row.ok}
    return {name for name in found if name not in ("clock", "disk") and not name.startswith("port of ")}


def test_a_new_home_is_well(places: Places) -> None:
    assert failed(places) == set()
    rows = look(places)
    assert rows["journal"].detail.startswith("the last") and "SQLite" in rows["libraries"].detail
    assert {"clock", "disk", "tzdata", "python", "lock", "socket"} <= set(rows)
    assert all(row.ok is (row.fix is None) for row in rows.values())


def test_no_home_at_all_is_no_fault(tmp_path: Path) -> None:
    nothing = find_places({"HYDRA_HOME": str(tmp_path / "none")})
    assert failed(nothing) == set() and "hydractl up" in look(nothing)["home"].detail
    assert not (tmp_path / "none").exists()


def test_a_bad_configuration(places: Places) -> None:
    assert failed(places, HYDRA_RISK__OPEN_POSITIONS_MAX="many") == {"config"}


@pytest.mark.parametrize("name", ["journal.db", "keys", "terminals/alpha/bundle.toml"])
def test_what_others_can_read(name: str, places: Places) -> None:
    path = places.state_dir / name
    path.chmod(0o755 if path.is_dir() else 0o644)
    assert failed(places) == {"permissions"}
    fix = look(places)["permissions"].fix
    assert fix is not None and str(path) in fix and "chmod" in fix


def test_a_key_that_is_none_or_gone(places: Places) -> None:
    text = places.daemon_key.read_text()
    places.daemon_key.write_text(text.replace("public", "pubic"))
    assert failed(places) == {"daemon key"}
    places.daemon_key.unlink()
    assert failed(places) == {"daemon key"}


def test_a_token_that_others_can_read(places: Places, tmp_path: Path) -> None:
    token = tmp_path / "token"
    assert failed(places, HYDRA_BOT__TOKEN_FILE=str(token)) == {"bot.token_file"}
    token.write_text("secret")
    token.chmod(0o644)
    rows = look(places, HYDRA_BOT__TOKEN_FILE=str(token))
    assert not rows["bot.token_file"].ok and "secret" not in rows["bot.token_file"].detail
    token.chmod(0o600)
    assert failed(places, HYDRA_BOT__TOKEN_FILE=str(token)) == set()


def test_a_daemon_that_does_not_answer_and_a_stranger_that_does(places: Places) -> None:
    with FileLock(places.lock_file):
        assert failed(places) == {"socket"}
        assert str(os.getpid()) in look(places)["lock"].detail
        assert not any(name.startswith("port of") for name in look(places))
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(places.socket))
        stranger.listen()
        assert failed(places) == {"socket"}


def test_a_halt_file(places: Places) -> None:
    places.halt_file.write_text("")
    assert failed(places) == {"halt file"}


def test_a_port_that_is_taken_is_a_fault_of_a_real_home(places: Places, tmp_path: Path) -> None:
    real = find_places({"HYDRA_HOME": str(tmp_path / "real")})
    making.create(real, config.load(real.config_file, real.conf_dir, {}).config, HomeMode.REAL)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        row, other = (look(one, HYDRA_HUD__PORT=port)["port of hud"] for one in (real, places))
    assert not row.ok and row.fix is not None
    assert other.ok and "taken" in other.detail


def test_a_broken_journal(places: Places) -> None:
    connection = apsw.Connection(str(places.journal))
    connection.execute("DROP TRIGGER record_never_changes; UPDATE record SET actor = 'x' WHERE seq = 5")
    connection.close()
    assert failed(places) == {"journal"}
    verdict = verify_tail(places.journal, 1000)
    assert (verdict.ok, verdict.broken_at_seq, verdict.records) == (False, 5, 4)
    assert verify_tail(places.journal, 2).ok
    assert verify_tail(places.journal, 2).records == 2
