"""The bundles of a home's terminals: what their agents start from. Owns what stands in one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from hydrad.home.paper_broker import PAPER_PASSWORD, broker_socket
from hydrad.host import keys
from hydrad.host.places import Places
from hydrad.host.secrets import Secret
from hydrad.terminal import bundle as bundles
from hydrad.wire import calls

# How late a broker's records may be. The simulated one books before it answers.
SIMULATED_SETTLE_S = 2
REAL_SETTLE_S = 60


def move_bundles(places: Places, terminals: Iterable[str], address: str) -> None:
    """The bridge listens elsewhere now: tell the bundles of this host."""
    for name in terminals:
        path = places.bundle(name)
        if path.exists():
            bundle = bundles.load(path)
            daemons = [bundles.DaemonAddress(address, bundle.daemons[0].server_key)]
            bundles.save(path, msgspec.structs.replace(bundle, daemons=daemons))


def write_bundle(places: Places, verb: calls.TerminalEnroll, pair: keys.KeyPair, address: str, server_key: str) -> str:
    """Write what the terminal's agent starts from, mode 0600; its path. `server_key`: the daemon's public one."""
    path = places.bundle(verb.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    simulated = verb.kind == "paper"
    bundles.save(
        path,
        bundles.Bundle(
            name=verb.name,
            account=verb.account,
            login=verb.login,
            server=verb.server,
            password=PAPER_PASSWORD if simulated else Secret(""),
            kind=verb.kind,
            currency=verb.currency,
            hedging=verb.hedging,
            module="simulated" if simulated else "metatrader5",
            sim_socket=broker_socket(places) if simulated else "",
            symbols=list(verb.symbols),
            caps=bundles.Caps(max_lots=Decimal(0), opens_per_minute=0) if verb.feed_only else bundles.Caps(),
            curve_public=pair.public,
            curve_secret=pair.secret,
            daemons=[bundles.DaemonAddress(address, server_key)],
            # A real terminal is on another host: its files lie beside its bundle there.
            ledger=str(path.parent / "ledger.db") if simulated else "ledger.db",
            lock=str(places.process_lock(verb.name)) if simulated else f"{verb.name}.lock",
            settle_s=SIMULATED_SETTLE_S if simulated else REAL_SETTLE_S,
        ),
    )
    return str(path)
