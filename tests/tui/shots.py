"""`make shots`: pictures of the TUI's screens, made before a real paper daemon whose market is moved by hand.

python shots.py FOLDER
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "e2e")]

from paper import PaperHome  # noqa: E402

from hydractl.fastpath import defaults  # noqa: E402
from hydractl.session import Session  # noqa: E402
from hydractl.tui.app import HydraTui  # noqa: E402
from hydractl.tui.terminal import abilities  # noqa: E402
from hydractl.verbs import GLOBALS  # noqa: E402

SIZES = {"wide": (160, 50), "small": (80, 24)}
CONFIG = """\
[paper]
conductor = "client"
start = "2014-05-02T14:28:30Z"
"""
UNTIL_S = 30.0
_HOME, _SHOWN_HOME = re.compile(r"/tmp/hx-\w{8}"), "/srv/hydra-paper"  # as many characters
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.S)


class Album:
    """The pictures of one size."""

    def __init__(self, folder: Path, kind: str, home: PaperHome) -> None:
        self.folder, self.kind, self.home = folder, kind, home
        os.environ.update(HYDRA_HOME=str(home.path), LANG="C.UTF-8", TERM="xterm-256color")
        self.app = HydraTui(Session(defaults(GLOBALS), ""), abilities(os.environ, False, False))

    def make(self) -> None:
        async def run() -> None:
            async with self.app.run_test(size=SIZES[self.kind], notifications=True) as pilot:
                await self.all(pilot)

        asyncio.run(run())

    async def all(self, pilot: Any) -> None:
        home, keys, see, take = self.home, self.keys, self.see, self.take
        missions = {row["symbol"]: row["id"] for row in home.ctl("missions").data}
        await see(pilot, "nothing wrong")
        await see(pilot, missions["XAUUSD"])
        await take(pilot, "board")
        await keys(pilot, "question_mark")
        await take(pilot, "help")
        await keys(pilot, "escape", "2")
        self.app.open_pane("mission", missions["XAUUSD"])
        await see(pilot, "Entry" if self.kind == "wide" else "verdict")
        await see(pilot, "verdict")
        await take(pilot, "mission")
        await keys(pilot, "W")
        await see(pilot, "WRITE MODE")
        await keys(pilot, "f")
        await see(pilot, "] fire BUY")
        await take(pilot, "fire-asked")
        await keys(pilot, "right", "enter")
        await see(pilot, "exit code 0")
        await take(pilot, "fire-filled")
        await keys(pilot, "escape")
        self.app.open_pane("mission", missions["EURUSD"])
        await see(pilot, "verdict")
        await keys(pilot, "f")
        await see(pilot, "nothing can be sent", "] fire BUY")
        await take(pilot, "fire-second")
        await keys(pilot, "escape", "3")
        await see(pilot, "XAUUSD")
        await take(pilot, "positions")
        await keys(pilot, "c")
        await see(pilot, "] close")
        await take(pilot, "close-asked")
        await keys(pilot, "escape")
        for number, name, text in (("4", "terminals", "alpha"), ("5", "tail", "MISSION"), ("7", "apex", "break_out"),
                                   ("8", "services", "scheduler")):  # fmt: skip
            await keys(pilot, number)
            await see(pilot, text)
            await take(pilot, name)
        self.app.open_pane("trace", missions["XAUUSD"])
        await see(pilot, "FILLED")
        await take(pilot, "trace")
        await keys(pilot, "H")
        await see(pilot, "halt everything?")
        await take(pilot, "halt-asked")
        await keys(pilot, "right", "enter")
        await see(pilot, "exit code 0")
        await take(pilot, "halted")
        await keys(pilot, "escape", "1")
        home.kill("bravo", signal.SIGSTOP)
        await see(pilot, "LOST")
        await take(pilot, "board-alarms")
        await keys(pilot, "9")
        await see(pilot, "TERMINAL")
        await take(pilot, "alarms")
        await keys(pilot, "1")
        home.kill("daemon")
        await see(pilot, "NO DAEMON")
        await take(pilot, "board-blind")

    async def keys(self, pilot: Any, *names: str) -> None:
        await pilot.press(*names)
        await pilot.pause(0.3)

    async def see(self, pilot: Any, *texts: str) -> None:
        """Waits until one of these is on the screen."""
        ends_s = time.monotonic() + UNTIL_S
        while not any(text in self.text() for text in texts):
            if time.monotonic() > ends_s:
                raise AssertionError(f"not seen: {texts}\n{self.text()}")
            await pilot.pause(0.1)

    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def take(self, pilot: Any, name: str) -> None:
        await pilot.pause(1.2)
        svg = self.app.export_screenshot(title=f"hydractl tui: {name.replace('-', ' ')}")
        svg = _HOME.sub(_SHOWN_HOME, _FONT.sub("", svg))
        (self.folder / f"tui-{self.kind}-{name}.svg").write_text(svg)


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in SIZES:
        _with_home(lambda home, kind=kind: Album(folder, kind, home).make())  # type: ignore[misc]
    made = sorted(folder.glob("tui-*.svg"))
    print(f"{len(made)} pictures, {sum(path.stat().st_size for path in made) / 1024:.0f} KiB, in {folder}")
    return 0


def _with_home(work: Callable[[PaperHome], None]) -> None:
    home = PaperHome(CONFIG)
    try:
        home.start()
        home.step(2)
        home.until(lambda: len(home.ctl("missions").data) >= 2, "APEX proposed two missions")
        work(home)
    finally:
        home.end()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
