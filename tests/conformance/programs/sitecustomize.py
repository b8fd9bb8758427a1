"""Notes which functions of MetaTrader5 a program calls: one name a line in the file that HYDRA_CALLS names."""

import atexit
import os
import signal
import sys

if os.environ.get("HYDRA_CALLS"):
    try:
        import MetaTrader5.calls as calls
    except ImportError:  # an installer's own process, without numpy
        calls = None
    if calls is not None:
        called = set()
        answer = calls.Builtin.__call__

        def noted(self, *arguments, **keywords):
            called.add(self.__name__)
            return answer(self, *arguments, **keywords)

        calls.Builtin.__call__ = noted

        def write():
            with open(os.environ["HYDRA_CALLS"], "a") as file:
                file.writelines(f"{name}\n" for name in sorted(called))

        atexit.register(write)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a server that is ended writes, too
