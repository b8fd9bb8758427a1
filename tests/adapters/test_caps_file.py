"""The host's caps: whose file it must be, and that only the stricter of two limits ever holds."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.agent.caps import Caps
from hydrad.host import windows
from hydrad.host.secrets import Secret
from hydrad.terminal import bundle as bundles
from hydrad.terminal import caps_file
from hydrad.terminal.bundle import BadBundle, Bundle, DaemonAddress

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")


def bundle(folder: Path, kind: str = "live", **caps: Any) -> Bundle:
    return Bundle(
        name="t1", account="alpha", login=7, server="S", password=Secret("x"), kind=kind, currency="USD", hedging=True,
        module="simulated" if kind == "paper" else "metatrader5", sim_socket="", symbols=["EURUSD", "XAUUSD"],
        curve_public="0" * 40, curve_secret=Secret("1" * 40), daemons=[DaemonAddress("tcp://h:1", "0" * 40)],
        ledger=str(folder / "l"), lock=str(folder / "k"), caps=bundles.Caps(**caps),
    )  # fmt: skip


def written(folder: Path, text: str, mode: int = 0o644) -> Path:
    path = folder / "caps.toml"
    path.write_text(text)
    path.chmod(mode)
    return folder / "bundle.toml"


def test_a_live_agent_does_not_start_without_them_and_is_told_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"needs .*caps\.toml") as said:
        caps_file.effective(tmp_path / "bundle.toml", bundle(tmp_path))
    example = str(said.value).partition("such as:\n")[2]
    caps = caps_file.effective(written(tmp_path, example), bundle(tmp_path))
    assert (caps.max_lots, caps.opens_per_minute, caps.symbols) == (Decimal(1), 10, ("EURUSD", "XAUUSD"))


def test_a_paper_agent_needs_none(tmp_path: Path) -> None:
    caps = caps_file.effective(tmp_path / "bundle.toml", bundle(tmp_path, "paper", max_lots=Decimal(2)))
    assert caps.max_lots == 2


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_one_that_others_can_write_stops_the_start(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, 'login = 7\nmax_lots = "1"\n', mode)
    with pytest.raises(BadBundle, match="chmod 644"):
        caps_file.effective(path, bundle(tmp_path))


@needs_root
def test_one_that_is_not_the_administrators_stops_the_start(tmp_path: Path) -> None:
    path = written(tmp_path, 'login = 7\nmax_lots = "1"\n')
    os.chown(tmp_path / "caps.toml", 1234, 1234)
    for kind in ("live", "demo", "paper"):  # the agent runs as root here, so 1234 is a stranger to a paper one, too
        with pytest.raises(BadBundle, match="chown root"):
            caps_file.effective(path, bundle(tmp_path, kind))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('login = 8\nmax_lots = "1"\n', "allows account 8"),
        ("login = 7\n", "max_lots"),
        ('login = 7\nmax_lots = "NaN"\n', "finite"),
        ('login = 7\nmax_lots = "-1"\n', "0 or more"),
        ('login = 7\nmax_lots = "1"\nmax_lot = "2"\n', "max_lot"),
        ("login = \n", "toml"),
    ],
)
def test_a_bad_one_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadBundle, match=told):
        caps_file.effective(written(tmp_path, text), bundle(tmp_path))


AMOUNTS = st.decimals(min_value=0, max_value=100, places=2)
SYMBOLS = st.lists(st.sampled_from(["EURUSD", "XAUUSD", "GBPUSD"]), unique=True)
ACTIONS = st.sampled_from(["halt", "flatten"])


@given(AMOUNTS, AMOUNTS, st.integers(0, 99), st.integers(0, 99), AMOUNTS, AMOUNTS, SYMBOLS, ACTIONS, ACTIONS)
def test_neither_file_can_loosen_the_other(
    tmp_path_factory: pytest.TempPathFactory, lots: Decimal, host_lots: Decimal, rate: int, host_rate: int,
    floor: Decimal, host_floor: Decimal, host_symbols: list[str], action: str, host_action: str,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("c")
    host = {
        "login": 7, "max_lots": host_lots, "opens_per_minute": host_rate, "symbols": host_symbols,
        "equity_floor": host_floor, "floor_action": host_action,
    }  # fmt: skip
    path = written(folder, msgspec.toml.encode(host).decode())
    made = bundle(folder, max_lots=lots, opens_per_minute=rate, equity_floor=floor, floor_action=action)
    caps = caps_file.effective(path, made)
    assert caps.max_lots <= min(lots, host_lots) and caps.opens_per_minute <= min(rate, host_rate)
    assert caps.equity_floor >= max(floor, host_floor)
    assert set(caps.symbols) <= {"EURUSD", "XAUUSD"} & set(host_symbols or ["EURUSD", "XAUUSD"])
    assert (caps.floor_action == "flatten") == ("flatten" in (action, host_action))
    assert isinstance(caps, Caps)


def test_a_list_of_symbols_that_has_none_of_ours_opens_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, 'login = 7\nmax_lots = "1"\nsymbols = ["GBPUSD"]\n')
    assert caps_file.effective(path, bundle(tmp_path)).symbols == ()


@pytest.mark.parametrize(("kind", "module"), [("live", "simulated"), ("demo", "simulated"), ("paper", "metatrader5")])
def test_a_bundle_whose_kind_and_module_do_not_go_together_is_refused(tmp_path: Path, kind: str, module: str) -> None:
    path = tmp_path / "bundle.toml"
    bundles.save(path, msgspec.structs.replace(bundle(tmp_path), kind=kind, module=module))
    with pytest.raises(BadBundle, match="paper"):
        bundles.load(path)


OWN = "O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-512)"


@pytest.mark.parametrize(
    ("sddl", "reading", "writing"),
    [
        (OWN, [], []),
        (OWN + "(A;ID;0x1200a9;;;BU)", ["BU"], []),
        (OWN + "(A;;FR;;;WD)", ["WD"], []),
        (OWN + "(A;;FRFX;;;AU)", ["AU"], []),
        (OWN + "(A;;FA;;;WD)", ["WD"], ["WD"]),
        (OWN + "(A;ID;0x1301bf;;;AU)", ["AU"], ["AU"]),
        (OWN + "(A;;FRFW;;;S-1-1-0)", ["S-1-1-0"], ["S-1-1-0"]),
        (OWN + "(A;;FRWO;;;BU)", ["BU"], ["BU"]),
        (OWN + "(D;;FA;;;WD)", [], []),
        ("O:BAG:SY", ["WD"], ["WD"]),
        ("O:BAG:SYD:NO_ACCESS_CONTROL", ["WD"], ["WD"]),
    ],
)
def test_windows_access_lists_are_read(sddl: str, reading: list[str], writing: list[str]) -> None:
    assert windows.others(sddl, writing=False) == reading
    assert windows.others(sddl, writing=True) == writing
