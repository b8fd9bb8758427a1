"""The table of verbs: one declaration each, which both the fast parser and the typer root read.

Owns `Verb`, `Param`, the global options, and which module of `commands/` has which verb.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Run = Callable[..., int]

FORMATS = ("table", "wide", "json", "tsv", "csv")

# Verb -> module of commands/. The fast path imports that one module and nothing else.
MODULES = {
    "account arm": "accounts",
    "account correct": "accounts",
    "account day": "accounts",
    "account disarm": "accounts",
    "account group": "accounts",
    "account phone": "accounts",
    "account pool": "accounts",
    "account limits": "accounts",
    "account show": "accounts",
    "accounts": "accounts",
    "ack": "alarms",
    "adopt": "closing",
    "alarm show": "alarms",
    "alarms": "alarms",
    "apex show": "apex",
    "approve": "approve",
    "asked": "asked",
    "bars": "ticks",
    "brief": "brief",
    "cancel": "orders",
    "channel confirm": "oncall",
    "channel test": "oncall",
    "channels": "oncall",
    "change drop": "changes",
    "changes": "changes",
    "close": "positions",
    "completion": "completion",
    "config show": "config",
    "digest": "report",
    "down": "daemon",
    "findings": "alarms",
    "fire show": "fires",
    "fire": "fire",
    "fires show": "fires",
    "fires": "fires",
    "flatten": "closing",
    "groups": "accounts",
    "halt": "authority",
    "health": "health",
    "hud open": "hud",
    "hud pin": "hud",
    "log level": "logs",
    "logs": "logs",
    "market step": "market",
    "mission show": "missions",
    "mission": "missions",
    "missions": "missions",
    "modify": "positions",
    "mute": "oncall",
    "news add": "news",
    "news import": "news",
    "news today": "news",
    "news": "news",
    "note": "notes",
    "operator add": "operators",
    "operator claim": "operators",
    "operator contact": "oncall",
    "operator hears": "oncall",
    "operator invite": "operators",
    "operator link": "operators",
    "operator policy": "operators",
    "operator remove": "operators",
    "operator restore": "operators",
    "operator role": "operators",
    "operator suspend": "operators",
    "operators": "operators",
    "paper cash": "paper",
    "paper fault": "paper",
    "paper trade": "paper",
    "orders": "orders",
    "pass": "missions",
    "plan set": "plans",
    "plan show": "plans",
    "plans": "plans",
    "policies": "operators",
    "policy set": "operators",
    "pools": "accounts",
    "positions": "positions",
    "preflight": "preflight",
    "reconcile": "reconcile",
    "reload": "config",
    "report": "report",
    "resolve": "fires",
    "restart": "daemon",
    "resume": "authority",
    "start": "services",
    "statement": "statement",
    "status": "status",
    "stop": "services",
    "support bundle": "support",
    "symbol diff": "market",
    "symbol map": "market",
    "symbols": "market",
    "tail": "tail",
    "terminal activate": "terminals",
    "terminal assign": "terminals",
    "terminal drain": "terminals",
    "terminal enroll": "terminals",
    "terminal failover": "terminals",
    "terminal quarantine": "terminals",
    "terminal release": "terminals",
    "terminal remove": "terminals",
    "terminal show": "terminals",
    "terminals": "terminals",
    "ticks": "ticks",
    "trace": "trace",
    "tui": "tui",
    "up": "daemon",
    "wait": "health",
    "withdraw": "missions",
}

# Verbs that need no daemon: `hydrad` has them, and takes the rest of the command line as it stands.
HANDED_OVER = {
    "config check": "Check the configuration; a bad file exits 1.",
    "config get": "One value, as a start would read it.",
    "config path": "The files that are read, in their order.",
    "config set": "Set one value in conf.d/90-hydractl.toml; 7 when it needs a restart.",
    "data bars": "Bars of the daemon's recording, or of imported ticks.",
    "data export": "Write a symbol's ticks or bars as CSV or Parquet.",
    "data import": "Take CSV and Parquet files of ticks and bars into this home; 7 when some were refused.",
    "data ls": "What market data this home has: recorded and imported.",
    "data verify": "Gaps, duplicates, crossed quotes, disorder, opens that never traded; exits 10 where there are any.",
    "demo": "The whole pipeline on a bundled day, with simulated terminals.",
    "doctor": "Check this home, its daemon or not: each line ok or FAILED with what to do; 9 when one failed.",
    "drill": "Run the seeded simulator: rings R1 and R3.",
    "init": "Make a home: paper by default, --real for demo and live accounts.",
    "replay": "A recorded day through this build's APEX, against what the journal says; 10 where they differ.",
    "service install": "Put HydraX under systemd, for the machine or for this user.",
    "service uninstall": "Remove what service install wrote, and nothing else.",
    "journal verify": "Verify the journal's hash chain; broken exits 10.",
}


class Param:
    """One argument, option or flag. `name` is the keyword that the verb's function takes; `choices` bound a
    text."""

    __slots__ = ("choices", "decls", "default", "form", "help", "kind", "many", "metavar", "name", "required")

    def __init__(
        self,
        name: str,
        kind: str,
        help_text: str,
        decls: tuple[str, ...] = (),
        form: type = str,
        default: Any = None,
        required: bool = False,
        many: bool = False,
        choices: tuple[str, ...] = (),
        metavar: str | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.help = help_text
        self.decls = decls
        self.form = form
        self.default = default
        self.required = required
        self.many = many
        self.choices = choices
        self.metavar = "|".join(filter(None, choices)) if choices else metavar

    def parse(self, text: str) -> Any:
        """The value of a text; raises ValueError with a message for people."""
        if self.choices and text not in self.choices:
            raise ValueError(f"'{text}' is not one of {', '.join(self.choices)}")
        if self.form is str:
            return text
        try:
            return self.form(text)
        except ValueError:
            raise ValueError(f"'{text}' is not a number") from None


def argument(
    name: str, help_text: str, *, required: bool = True, many: bool = False, choices: tuple[str, ...] = ()
) -> Param:
    """A positional; `many` takes all that are left, as a tuple."""
    default = () if many else None
    return Param(
        name,
        "argument",
        help_text,
        default=default,
        required=required,
        many=many,
        choices=choices,
        metavar=name.upper(),
    )


def option(
    decls: str,
    help_text: str,
    *,
    name: str | None = None,
    form: type = str,
    default: Any = None,
    required: bool = False,
    choices: tuple[str, ...] = (),
    metavar: str | None = None,
) -> Param:
    """An option with a value: `decls` is "--long" or "--long -l"."""
    words = tuple(decls.split())
    return Param(
        name or _keyword(words[0]),
        "option",
        help_text,
        words,
        form,
        default,
        required,
        choices=choices,
        metavar=metavar,
    )


def flag(decls: str, help_text: str, *, name: str | None = None, default: bool = False) -> Param:
    """A switch: "--long", "--long -l", or "--long/--no-long" with a default."""
    words = tuple(decls.split())
    return Param(name or _keyword(words[0].split("/")[0]), "flag", help_text, words, bool, default)


def _keyword(word: str) -> str:
    return word.lstrip("-").replace("-", "_")


GLOBALS = (
    option("--output -o", "How the data is written.", choices=FORMATS),
    flag("--quiet -q", "No notes and warnings on stderr; no header line in tsv and csv."),
    option("--host", "Run this command line there, over ssh.", metavar="USER@SERVER"),
    option("--socket", "The daemon's control socket.", metavar="PATH"),
    option("--timeout", "Longest wait for the daemon, such as 5s or 1m.", metavar="DURATION"),
    option("--tz", "Show times in this zone (or 'local') instead of UTC.", metavar="ZONE"),
    flag("--no-color", "No colours; NO_COLOR does the same."),
    flag("--debug", "Show the trace of an internal error."),
)
YES = flag("--yes -y", "Do not ask.")


class Verb:
    """A verb: its words, its parameters, the name of its answer's schema, and the function that carries it
    out."""

    __slots__ = ("help", "name", "params", "run", "schema")

    def __init__(self, name: str, schema: str, params: tuple[Param, ...], run: Run) -> None:
        self.name = name
        self.schema = f"hydra.{schema}/v1"
        self.params = params
        self.run = run
        self.help = (run.__doc__ or "").strip()


REGISTRY: dict[str, Verb] = {}


def verb(name: str, schema: str, *params: Param) -> Callable[[Run], Run]:
    """Declares a function as the verb `name`; it takes the Session and one keyword for each parameter."""

    def declare(run: Run) -> Run:
        REGISTRY[name] = Verb(name, schema, params, run)
        return run

    return declare


def load(name: str) -> Verb:
    """The verb `name`, importing its module."""
    if name not in REGISTRY:
        __import__(f"hydractl.commands.{MODULES[name]}")
    return REGISTRY[name]


def words_at(argv: list[str], at: int) -> str | None:
    """The verb that begins at `argv[at]`, of two words or one; None for no verb of ours."""
    for length in (2, 1):
        name = " ".join(argv[at : at + length])
        if name in MODULES or name in HANDED_OVER:
            return name
    return None
