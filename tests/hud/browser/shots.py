"""`make shots`: pictures of every state of the HUD's pages, made before a real paper daemon, on a phone and on a desktop.

python shots.py FOLDER
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "e2e")]

from screens import Crew, Screen  # noqa: E402

COLOURS = 64
TOTAL_BYTES_MAX = 3 << 20


class Album:
    """The pictures of one kind of screen."""

    def __init__(self, folder: Path, browser: Any, crew: Crew, kind: str) -> None:
        self.folder, self.crew, self.kind = folder, crew, kind
        self.shown = Screen(browser, crew, kind)

    def take(self, name: str, top: bool = True) -> None:
        from PIL import Image

        if top:
            self.shown.page.evaluate("window.scrollTo(0, 0)")
        self.shown.page.wait_for_timeout(600)
        path = self.folder / f"{self.kind}-{name}.png"
        self.shown.page.screenshot(path=path)
        with Image.open(path) as picture:
            flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        flat.save(path, optimize=True)

    def all(self) -> None:
        shown, crew, take = self.shown, self.crew, self.take
        shown.page.goto(crew.address + "/")
        shown.see("Log in", "h1")
        take("login")
        shown.log_in()
        take("board")
        mission = crew.mission()
        shown.brief(mission)
        shown.page.wait_for_function("() => document.querySelectorAll('.candles canvas').length > 3")
        take("briefing")
        if self.kind == "phone":
            shown.page.locator(".chart").evaluate("part => part.scrollIntoView({ block: 'start' })")
            take("briefing-chart", top=False)
            shown.page.locator(".why").evaluate("part => part.scrollIntoView({ block: 'start' })")
            take("briefing-why", top=False)
        shown.page.get_by_label("Account", exact=True).select_option("*")
        shown.page.locator(".fire .targets").wait_for()
        take("briefing-several")
        shown.page.get_by_label("Account", exact=True).select_option("alpha")
        shown.page.locator(".fire .targets").wait_for(state="detached")
        shown.hold("FIRE BUY")
        shown.page.get_by_label("Your PIN").wait_for()
        take("pin", top=False)
        shown.give_pin()
        shown.see("FILLED", "dialog")
        take("filled", top=False)
        shown.close_sheet()
        shown.see("FILLED", ".acts")
        take("fired")
        shown.brief(crew.mission("EURUSD"))
        shown.see("Would be DENIED")
        take("denied-before")
        shown.hold("FIRE BUY")
        shown.see("DENIED by us", "dialog")
        take("denied", top=False)
        shown.close_sheet()
        held = crew.ctl("positions").data[0]
        shown.go(f"/positions?position={held['id']}")
        shown.see("As the broker told")
        take("position")
        shown.page.locator(".plan").evaluate("part => part.scrollIntoView({ block: 'start' })")
        take("position-plan", top=False)
        shown.hold("Close at the market")
        shown.see("DONE", "dialog")
        shown.close_sheet()
        shown.see("CLOSED by CLOSED")
        take("closed")
        crew.broker(op="fault", kind="latency", login=100002, count=1, ms=2_000)
        shown.brief(mission)
        shown.page.get_by_label("Account", exact=True).select_option("bravo")
        shown.see("on bravo PAPER", ".fire")
        shown.hold("FIRE BUY")
        crew.until(lambda: crew.status()["acts"]["in_flight"] == 1, "the fire is on its way")
        agent = crew.kill("bravo", signal.SIGSTOP)
        shown.see("UNKNOWN", "dialog", timeout_s=20)
        take("unknown", top=False)
        os.kill(agent, signal.SIGCONT)
        shown.close_sheet()
        crew.until(lambda: crew.status()["acts"]["unknown"] == 0, "it was resolved")
        for path, name in (("/missions", "missions"), ("/positions", "positions"), ("/terminals", "terminals"),
                           ("/report", "report"), ("/me", "me"), ("/log?kind=ACT&account=alpha", "log")):  # fmt: skip
            shown.go(path)
            take(name)
        assert (
            crew.ctl("operator", "add", "ivy", "--role", "approver", "--uid", "4711", "--accounts", "alpha").code == 0
        )
        assert crew.ctl("account", "limits", "alpha", "approval_lots=0.02").code == 0
        by_hand = ("--symbol", "EURUSD", "--side", "buy", "--stop", "1.3790", "--volume", "0.03", "--yes", "--again")
        assert crew.ctl("fire", *by_hand).code == 8
        shown.go("/")
        shown.see("WAITS for a second person", ".urgent")
        take("waiting")
        crew.step(12)
        shown.brief(crew.mission("EURUSD"))
        shown.see("EXPIRED", ".head")
        take("expired")
        shown.hold("HALT")
        shown.see("HALTED. 2 terminals", "dialog")
        take("halted", top=False)
        shown.close_sheet()
        crew.kill("bravo", signal.SIGSTOP)
        shown.go("/")
        shown.see("nothing opens")
        crew.until(lambda: any(row["link"] == "LOST" for row in crew.status()["terminals"]), "bravo is lost")
        shown.page.reload()
        shown.see("Needs you")
        take("board-alarms")
        shown.lost = True
        crew.kill("daemon")
        shown.see("NOT LIVE", "header")
        take("blind")
        shown.context.close()


def main(folder: Path, kinds: tuple[str, ...] = ("phone", "desktop")) -> int:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for kind in kinds:
            _album(lambda crew, kind=kind: Album(folder, browser, crew, kind).all())  # type: ignore[misc]
        browser.close()
    made = sorted(folder.glob("*.png"))
    total = sum(path.stat().st_size for path in made)
    print(f"{len(made)} pictures, {total / 1024:.0f} KiB, in {folder}")
    return 0 if total <= TOTAL_BYTES_MAX else 1


def _album(work: Callable[[Crew], None]) -> None:
    crew = Crew()
    try:
        crew.start()
        work(crew)
    finally:
        crew.end()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *([tuple(sys.argv[2].split(","))] if len(sys.argv) > 2 else [])))
