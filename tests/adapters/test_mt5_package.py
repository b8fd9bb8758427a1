"""The MetaTrader5 client module against the package's tables: names, numbers, fields, types, forms of call.

`mt5_package.json` holds them for version 5.0.6231; `make conformance` compares with the wheel itself.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hydrad.terminal.broker import module_path

TABLES = json.loads((Path(__file__).parent / "mt5_package.json").read_text())
OLDEST_PYTHON = (3, 8)


@pytest.fixture
def mt5(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(module_path())
    import MetaTrader5

    yield MetaTrader5
    MetaTrader5.shutdown()
    for name in [name for name in sys.modules if name.partition(".")[0] == "MetaTrader5"]:
        del sys.modules[name]


def test_constants(mt5: Any) -> None:
    assert {name: getattr(mt5, name) for name in dir(mt5) if name.isupper()} == TABLES["constants"]
    assert mt5.__version__ == TABLES["version"]


def test_fields_of_the_results_and_their_types(mt5: Any) -> None:
    for name, text in TABLES["structs"].items():
        kind = getattr(mt5, name)
        fields = [field.split(":") for field in text.split()]
        assert list(kind.__match_args__) == [field for field, _ in fields], name
        row = mt5.structs.make(kind, {})
        assert [type(value).__name__ for value in row] == [python for _, python in fields], name


def test_forms_of_call(mt5: Any) -> None:
    for name, form in TABLES["functions"].items():
        function = getattr(mt5, name)
        assert not hasattr(type(function), "__get__"), name  # a class body may hold it, as it may a C function
        if form != "keywords":
            with pytest.raises(TypeError, match=f"{name}.. takes no"):
                function(zzz=1)
        if form == "none":
            with pytest.raises(TypeError, match=r"takes no arguments \(1 given\)"):
                function(1)
    assert {"Buy", "Sell", "Close", *TABLES["functions"], *TABLES["structs"]} <= set(mt5.__all__)


def test_every_file_is_python_3_8() -> None:
    for path in Path(module_path(), "MetaTrader5").glob("*.py"):
        ast.parse(path.read_text(), feature_version=OLDEST_PYTHON)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("initialize('a', 'b')", "Invalid number of arguments"),
        ("initialize(5)", "Invalid 1st unnamed argument"),
        ("login('1')", "Invalid 1st unnamed argument"),
        ("login(1, 2)", "Invalid 2nd unnamed argument"),
        ("login(1, 'p', 3)", "Invalid 3rd unnamed argument"),
        ("login(1, 'p', 's', 60)", "Invalid number of arguments"),
        ("symbols_get(5)", "Invalid 1st unnamed argument"),
        ("symbols_get('*', '*')", "Invalid number of arguments"),
        ("symbols_get(group='x' * 1998)", 'Invalid "group" argument'),
    ],
)
def test_unnamed_arguments_of_functions_with_keywords(call: str, text: str, mt5: Any) -> None:
    assert eval(call, vars(mt5)) is False
    assert mt5.last_error() == (-2, text)


def test_failures_by_value_differ_by_side(mt5: Any) -> None:
    """Bad arguments give False in `symbols_get`; without a connection it gives None as the others do."""
    assert mt5.symbols_get("*") is None and mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.history_deals_get(0, ticket=5) is None
    assert mt5.last_error() == (-2, "Unnamed arguments not allowed")


class Terminal:
    """Answers for the helpers: each call's result in turn, and what was asked."""

    def __init__(self, *retcodes: int | None) -> None:
        self.sent: list[dict[str, Any]] = []
        self._retcodes = list(retcodes)

    def functions(self) -> dict[str, Any]:
        position = SimpleNamespace(ticket=7, type=0, volume=0.3)
        other = SimpleNamespace(ticket=8, type=1, volume=0.1)
        return {
            "symbol_info_tick": lambda symbol: SimpleNamespace(bid=1.1, ask=1.2),
            "positions_get": lambda **wanted: (position,) if "ticket" in wanted else (position, other),
            "order_send": self._send,
        }

    def _send(self, request: dict[str, Any]) -> Any:
        self.sent.append(request)
        retcode = self._retcodes.pop(0)
        return None if retcode is None else SimpleNamespace(retcode=retcode)


def test_buy_and_sell_try_a_requote_again(mt5: Any) -> None:
    terminal = Terminal(10004, 10021, 10009)
    made = mt5.helpers.make(terminal.functions())
    assert made["Buy"]("EURUSD", 0.1, comment="c").retcode == 10009
    assert [r["price"] for r in terminal.sent] == [1.2] * 3
    assert terminal.sent[0] == {
        "action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.2, "deviation": 10, "comment": "c",
    }  # fmt: skip
    runaway = Terminal(*[10004] * 10)
    assert mt5.helpers.make(runaway.functions())["Sell"]("EURUSD", 0.1).retcode == 10004
    assert len(runaway.sent) == 10 and runaway.sent[0]["price"] == 1.1
    raw = Terminal(10009)
    mt5.helpers.make(raw.functions())["_RawOrder"](1, "EURUSD", 0.1, 1.1, "c", 5)
    assert (raw.sent[0]["type"], raw.sent[0]["comment"], raw.sent[0]["position"]) == (1, "c", 5)
    assert callable(mt5._RawOrder) and "_RawOrder" not in mt5.__all__  # public clients import it by its name
    once = Terminal(10004)
    assert mt5.helpers.make(once.functions())["Sell"]("EURUSD", 0.1, 1.15, ticket=9).retcode == 10004
    assert (once.sent[0]["price"], once.sent[0]["position"]) == (1.15, 9)


@pytest.mark.parametrize(
    ("retcodes", "ticket", "expected"),
    [
        ((10009, 10009), None, True),
        ((10009, 10018), None, "Partially"),
        ((10018, 10018), None, False),
        ((10009,), 7, True),
        ((None,), None, None),
    ],
)
def test_close(retcodes: tuple[Any, ...], ticket: int | None, expected: Any, mt5: Any) -> None:
    terminal = Terminal(*retcodes)
    assert mt5.helpers.make(terminal.functions())["Close"]("EURUSD", ticket=ticket) == expected
    assert (terminal.sent[0]["type"], terminal.sent[0]["position"], terminal.sent[0]["price"]) == (1, 7, 1.1)
