"""The simulated terminal's module without the mark that says so: what a real one looks like to an agent.

For tests of what only a real module goes through; never part of the wheel.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from hydrad.terminal.broker import module_path

_FILE = Path(module_path()) / "MetaTrader5" / "__init__.py"
_SPEC = importlib.util.spec_from_file_location("hidden_mt5", _FILE, submodule_search_locations=[str(_FILE.parent)])
assert _SPEC is not None and _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules["hidden_mt5"] = _MODULE
_SPEC.loader.exec_module(_MODULE)
globals().update({name: value for name, value in vars(_MODULE).items() if not name.startswith("__")})
