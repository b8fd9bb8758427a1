"""The official wheel's own tables, read from its bytes, beside our module's. Nothing of the wheel is run.

`python official_wheel.py FOLDER_OF_OUR_MODULE` downloads the wheel for Windows from PyPI with pip and exits 1
where a constant, a field and its place, a function or its form of call differs. `__init__.py` holds the
constants; the extension module holds one PyStructSequence_Desc for each result type and one PyMethodDef for
each function.
"""

from __future__ import annotations

import ast
import importlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

VERSION = "5.0.6231"
FORMS = {1: "positional", 3: "keywords", 4: "none"}  # METH_VARARGS, with METH_KEYWORDS, METH_NOARGS
_FIELDS_MAX = 200


def download(folder: Path) -> Path:
    """The wheel; raises CalledProcessError where PyPI does not answer."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--retries",
        "10",
        "download",
        "-q",
        f"metatrader5=={VERSION}",
        "-d",
        str(folder),
    ]
    target = ["--platform", "win_amd64", "--python-version", "3.11", "--only-binary=:all:", "--no-deps"]
    subprocess.run([*pip, *target], check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def constants(source: str) -> dict[str, int]:
    """Every upper-case name that the package's `__init__` assigns, with its number."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            found[node.targets[0].id] = eval(compile(ast.Expression(node.value), "constants", "eval"), {})
    return found


class Image:
    """A 64-bit PE file: bytes at virtual addresses."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        header = struct.unpack_from("<I", data, 0x3C)[0]
        count, size = (struct.unpack_from("<H", data, header + at)[0] for at in (6, 20))
        self.base = struct.unpack_from("<Q", data, header + 48)[0]
        rows = [struct.unpack_from("<8sIIII", data, header + 24 + size + 40 * n) for n in range(count)]
        self.sections = {name.rstrip(b"\0"): (at, length, place) for name, _, at, length, place in rows}

    def offset(self, address: int) -> int | None:
        for at, length, place in self.sections.values():
            if at <= address - self.base < at + length:
                return place + address - self.base - at
        return None

    def word(self, address: int) -> int:
        at = self.offset(address)
        return 0 if at is None or at + 8 > len(self.data) else int(struct.unpack_from("<Q", self.data, at)[0])

    def text(self, address: int) -> str:
        at = self.offset(address) if address else None
        if at is None:
            return ""
        found = self.data[at : self.data.find(b"\0", at)]
        return found.decode() if found.isascii() and all(c > 31 or c in (10, 13) for c in found) else ""


def tables(image: Image) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Fields in order of each result type, and each function's form of call."""
    structs: dict[str, list[str]] = {}
    functions: dict[str, str] = {}
    for name in (b".data", b".rdata"):
        at, length, _ = image.sections[name]
        for address in range(image.base + at, image.base + at + length - 32, 8):
            label, second, third, fourth = (image.word(address + 8 * n) for n in range(4))
            word, documented = image.text(label), image.text(fourth)
            if not word.replace("_", "").isalnum():
                continue
            if word[0].isupper() and image.text(image.word(third)) and 0 < fourth & 0xFFFFFFFF < _FIELDS_MAX:
                structs[word] = _fields(image, third)
            elif word.islower() and third & 0xFFFFFFFF in FORMS and documented and image.offset(second):
                functions[word] = FORMS[third & 0xFFFFFFFF]
    functions.pop("_asdict")  # of the result types
    return structs, functions


def _fields(image: Image, address: int) -> list[str]:
    names = []
    while image.word(address):
        names.append(image.text(image.word(address)))
        address += 16
    return names


def differences(wheel: Path, ours: Any) -> list[str]:
    """What differs, one line each."""
    with zipfile.ZipFile(wheel) as file:
        source = file.read("MetaTrader5/__init__.py").decode()
        extension = next(name for name in file.namelist() if name.endswith(".pyd"))
        structs, functions = tables(Image(file.read(extension)))
    theirs = constants(source)
    mine = {name: value for name, value in vars(ours).items() if name.isupper() and isinstance(value, int)}
    assert len(theirs) > 200 and len(structs) > 10 and len(functions) > 30, "the wheel was not understood"
    found = [f"constant {n}: {mine.get(n)}, not {theirs.get(n)}" for n in theirs | mine if mine.get(n) != theirs.get(n)]
    for name, fields in structs.items():
        got = list(getattr(getattr(ours, name, None), "__match_args__", ()))
        found += [] if got == fields else [f"struct {name}: {got}, not {fields}"]
    found += [f"function {name}: {text}" for name, form in functions.items() if (text := _wrong(ours, name, form))]
    helpers = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    found += [f"function {n} is missing" for n in helpers if not callable(getattr(ours, n, None))]
    return found


def _wrong(ours: Any, name: str, form: str) -> str:
    function = getattr(ours, name, None)
    if not callable(function):
        return "is missing"
    if hasattr(type(function), "__get__") and type(function).__name__ == "function":
        return "binds self as a class attribute"
    return "" if form == "keywords" or _takes_no_keyword(function) else "accepts keywords"


def _takes_no_keyword(function: Any) -> bool:
    try:
        function(zzz=1)
    except TypeError:
        return True
    return False


def main() -> int:
    sys.path.insert(0, sys.argv[1])
    ours = importlib.import_module("MetaTrader5")
    with tempfile.TemporaryDirectory() as folder:
        found = differences(download(Path(folder)), ours)
    print(*found, f"{len(found)} differences from metatrader5 {VERSION}", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
