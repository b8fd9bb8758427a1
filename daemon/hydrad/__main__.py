"""hydrad's own verbs: `run` the daemon, and what needs none: `init`, `config check`, `journal verify`, `demo`, `drill`.

`hydractl` execs these with its own arguments, so the output contract is the same: data on stdout (one JSON envelope
with `-o json`), talk on stderr, the exit codes of the shell.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hydrad import __version__, config
from hydrad.commands import data, doctor, reference, units
from hydrad.domain.accounts import HomeMode
from hydrad.domain.instants import ns_text
from hydrad.home import making, opening, settings
from hydrad.home.daemon_key import daemon_key
from hydrad.host import logs, modes
from hydrad.host.clock import SystemClock
from hydrad.host.keys import BadSecret
from hydrad.host.lock import FileLock, Held, holder
from hydrad.host.places import BadPlace, Places, find_places, make_private
from hydrad.journal import inputs
from hydrad.journal.sqlite import SqliteJournal
from hydrad.journal.verify import verify
from hydrad.market.done import Stopped
from hydrad.paper.family import Family
from hydrad.replay.replay import compare
from hydrad.wire.answers import Answer, DaemonInfo, Problem
from hydrad.wire.answers.daemon import ConfigPlaces, DoctorData
from hydrad.wire.calls import PROTOCOL
from hydrad.wire.codes import ErrorCode

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_DIFFERENCES, EXIT_CONFLICT = 0, 1, 2, 5, 10, 15
EXIT_UNHEALTHY = 9
EXIT_FORBIDDEN, EXIT_PARTLY, EXIT_FENCED, EXIT_CONFIG = 4, 7, 75, 78


class Failed(Exception):
    """A verb that could not do what was asked: exit code, error code, message, hint."""

    def __init__(self, exit_code: int, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.problem = Problem(code.value, message, hint)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["demo"]:
        from hydrad import demo

        return demo.main(arguments[1:])
    if arguments[:1] == ["drill"]:
        from hydrad.simulation import drill

        return drill.main(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        found, lines = options.work(options)
    except (Failed, Stopped) as failed:
        _say(options, None, [], failed.problem)
        return failed.exit_code
    except (BadPlace, BadSecret, opening.NoHome) as error:
        _say(options, None, [], Problem(ErrorCode.FAILED.value, str(error)))
        return EXIT_FAILED
    if isinstance(found, int):
        return found
    _say(options, found, lines, None)
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hydrad", description="The HydraX daemon.")
    parser.add_argument("--version", action="version", version=f"hydrad {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-o", "--output", choices=("table", "wide", "json", "tsv"), default="table")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", parents=[common], help="run the daemon in the foreground")
    run.set_defaults(work=_run, schema="hydra.run/v1")
    init = verbs.add_parser("init", parents=[common], help="make a home")
    init.add_argument("--real", action="store_true", help="for demo and live accounts; starts HALTED")
    init.set_defaults(work=_init, schema="hydra.init/v1")
    down = verbs.add_parser("down", parents=[common], help="end what a killed daemon left running")
    down.set_defaults(work=_down, schema="hydra.down/v1")
    noun = verbs.add_parser("config", help="the configuration").add_subparsers(required=True, metavar="VERB")
    check = noun.add_parser("check", parents=[common], help="read it, and say what is wrong")
    check.add_argument("file", nargs="?", type=Path, help="a file; else the home's own")
    check.set_defaults(work=_config_check, schema="hydra.config_check/v1")
    getter = noun.add_parser("get", parents=[common], help="one value, as a start would read it")
    getter.add_argument("key", help="such as risk.open_positions_max")
    getter.set_defaults(work=_config_get, schema="hydra.config_value/v1")
    setter = noun.add_parser("set", parents=[common], help="set one value in conf.d/90-hydractl.toml")
    setter.add_argument("key", help="such as risk.open_positions_max")
    setter.add_argument("value", help="as in config.toml, without quotes")
    setter.set_defaults(work=_config_set, schema="hydra.config_value/v1")
    where = noun.add_parser("path", parents=[common], help="the files that are read, in their order")
    where.set_defaults(work=_config_path, schema="hydra.config_path/v1")
    doctor = verbs.add_parser("doctor", parents=[common], help="check this home, its daemon or not")
    doctor.set_defaults(work=_doctor, schema="hydra.doctor/v1")
    noun = verbs.add_parser("journal", help="the journal").add_subparsers(required=True, metavar="VERB")
    verifier = noun.add_parser("verify", parents=[common], help="check the chain of hashes")
    verifier.add_argument("file", nargs="?", type=Path, help="a journal; else the home's own")
    verifier.add_argument("--replay", action="store_true", help="and make it again from the logged inputs")
    verifier.set_defaults(work=_journal_verify, schema="hydra.journal_verify/v1")
    again = verbs.add_parser("replay", parents=[common], help="a recorded day through this build's APEX, and then")
    again.add_argument("day", help="a UTC day of market time, such as 2014-05-02")
    again.add_argument("--source", default="recorded", help="an imported source of ticks; else the daemon's own")
    again.add_argument("--with", dest="config", type=Path, metavar="CONFIG", help="with the profile of another config")
    again.set_defaults(work=_replay, schema="hydra.replay/v1")
    data.add(verbs, common, _data)
    codes = verbs.add_parser("codes", parents=[common], help="the reference page of all codes")
    codes.set_defaults(work=_codes, schema="hydra.codes/v1")
    noun = verbs.add_parser("service", help="HydraX under systemd").add_subparsers(required=True, metavar="VERB")
    for name, work, text in (
        ("install", _service_install, "write the units, sysusers and tmpfiles of this installation"),
        ("uninstall", _service_uninstall, "remove what install wrote, and nothing else"),
    ):
        one = noun.add_parser(name, parents=[common], help=text)
        scope = one.add_mutually_exclusive_group()
        scope.add_argument("--system", action="store_true", help="for the machine; what root gets")
        scope.add_argument("--user", action="store_true", help="for this user's manager; what everybody else gets")
        one.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="write below it, tell nobody")
        one.set_defaults(work=work, schema=f"hydra.service_{name}/v1")
    verbs.add_parser("demo", help="the whole pipeline on a recorded day", add_help=False)
    verbs.add_parser("drill", help="the seeded simulator", add_help=False)
    return parser


def _say(options: argparse.Namespace, data: object, lines: list[str], problem: Problem | None) -> None:
    """One envelope, or plain lines."""
    if options.output == "json":
        answer = Answer(
            options.schema,
            problem is None,
            ns_text(SystemClock().machine_ns(), 6),
            DaemonInfo(__version__, PROTOCOL, "", ""),
            data,
            error=problem,
        )
        plain = msgspec.to_builtins(answer)
        del plain["id"], plain["more"]
        sys.stdout.write(msgspec.json.encode(plain).decode() + "\n")
        return
    for line in lines:
        sys.stdout.write(line + "\n")
    if problem is not None:
        sys.stderr.write(f"hydrad: {problem.message}\n")
        if problem.hint:
            sys.stderr.write(f"  {problem.hint}\n")


def _load(places: Places, exit_code: int, file: Path | None = None) -> config.Loaded:
    try:
        return config.load(file or places.config_file, places.conf_dir, os.environ)
    except config.ConfigError as error:
        raise Failed(exit_code, ErrorCode.FAILED, str(error), "hydractl config check") from None


# --- run ------------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> tuple[object, list[str]]:
    places = find_places(os.environ)
    loaded = _load(places, EXIT_CONFIG)
    logs.set_up(loaded.config.daemon.log_level)
    lock = _take(places)
    from hydrad.app import App
    from hydrad.bridge.bridge import CannotListen
    from hydrad.host import disk

    try:
        _prepare(places, loaded.config)
        return asyncio.run(_life(App, places, loaded, lock)), []
    except opening.Misfit as error:
        raise Failed(EXIT_CONFIG, ErrorCode.FAILED, str(error), "hydractl operator role NAME approver") from None
    except CannotListen as error:
        hint = "stop what listens there, or: hydractl config set bridge.address tcp://HOST:PORT"
        raise Failed(EXIT_FAILED, ErrorCode.FAILED, str(error.strerror), hint) from None
    except disk.KINDS as error:
        why = disk.failure(error)
        if not why:
            raise
        raise Failed(EXIT_FAILED, ErrorCode.FAILED, f"{why} (home {places.state_dir})", disk.HINT) from None


def _prepare(places: Places, loaded: config.Config) -> None:
    """See that secrets are secret, and that there is a home; else BAD_CONFIG."""
    try:
        modes.check(places, config.secret_files(loaded))
        if not places.journal.exists():
            making.create(places, loaded, HomeMode.PAPER)
        daemon_key(places, loaded)
    except (BadSecret, FileNotFoundError) as error:
        raise Failed(EXIT_CONFIG, ErrorCode.FAILED, str(error)) from None


async def _life(app: type, places: Places, loaded: config.Loaded, lock: FileLock) -> int:
    code: int = await app(places, loaded, lock).run()
    return code


def _take(places: Places) -> FileLock:
    make_private(places.lock_file.parent)
    try:
        return FileLock(places.lock_file)
    except Held as held:
        raise Failed(
            EXIT_FENCED, ErrorCode.CONFLICT, f"a daemon holds this home already (process {held.pid})"
        ) from None
    except PermissionError:
        raise Failed(
            EXIT_CONFIG,
            ErrorCode.FORBIDDEN,
            f"{places.lock_file} is another user's: uid {os.geteuid()} does not own this home",
            f"run it as its owner, or, where root made it: chown -R hydra:hydra {places.state_dir}",
        ) from None


# --- verbs without a daemon -----------------------------------------------------------------------------


def _init(options: argparse.Namespace) -> tuple[object, list[str]]:
    places = find_places(os.environ)
    loaded = _load(places, EXIT_FAILED)
    mode = HomeMode.REAL if options.real else HomeMode.PAPER
    with _take(places):
        making.create(places, loaded.config, mode)
    data = {"mode": mode.value, "state": str(places.state_dir), "config": str(places.config_file)}
    lines = [f"{mode.value} home made in {places.state_dir}", "next: hydractl up"]
    return data, lines


def _down(options: argparse.Namespace) -> tuple[object, list[str]]:
    """Broker and agents survive a killed daemon; without it they are ended by their locks."""
    places = find_places(os.environ)
    with _take(places):
        names = sorted(path.parent.name for path in places.terminals_dir.glob("*/bundle.toml"))
        ended, left = Family(places, names).stop()
    if left:
        raise Failed(EXIT_PARTLY, ErrorCode.PARTLY, "would not end: " + ", ".join(left))
    lines = [f"ended {', '.join(ended)}"] if ended else []
    return {"pid": None, "stopped": ended}, lines


def _config_check(options: argparse.Namespace) -> tuple[object, list[str]]:
    places = find_places(os.environ)
    if options.file is not None and not options.file.exists():
        raise Failed(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no file {options.file}")
    loaded = _load(places, EXIT_FAILED, options.file)
    if findings := modes.open_secrets(config.secret_files(loaded.config)):
        raise Failed(EXIT_FAILED, ErrorCode.FAILED, "\n".join(findings), "a start is refused until then")
    keys = len(loaded.sources)
    if options.file is not None:
        return {"file": str(options.file), "keys": keys}, [f"{options.file}: good, {keys} keys"]
    own = places.config_file
    read = [path for path in (own, *sorted(places.conf_dir.glob("*.toml"))) if path.exists()]
    listed = ", ".join(str(path) for path in read) or f"built-in values alone ({own} does not exist)"
    return {"file": str(own) if own in read else None, "keys": keys}, [f"good, {keys} keys: {listed}"]


def _codes(options: argparse.Namespace) -> tuple[object, list[str]]:
    text = reference.page()
    return {"page": text}, text.rstrip("\n").split("\n")


def _known(key: str) -> str:
    if config.key_of(key) is None:
        message = f"{key}: {config.unknown(key)}"
        raise Failed(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, message, "hydractl config show lists them")
    return key


def _config_get(options: argparse.Namespace) -> tuple[object, list[str]]:
    loaded = _load(find_places(os.environ), EXIT_FAILED)
    found = settings.value_of(loaded, _known(options.key))
    return found, [found.value]


def _config_set(options: argparse.Namespace) -> tuple[object, list[str]]:
    places = find_places(os.environ)
    try:
        done = settings.write(places, os.environ, _known(options.key), options.value)
    except config.ConfigError as error:
        raise Failed(EXIT_USAGE, ErrorCode.USAGE, str(error), "nothing was written") from None
    line = f"{done.key} = {done.value} in {settings.set_file(places)}"
    if done.shadowed:
        line = f"written to {settings.set_file(places)}, but {done.shadowed} comes later and wins"
        _say(options, done, [], Problem(ErrorCode.PARTLY.value, line, f"there it is {done.value}: change it there"))
        return EXIT_PARTLY, []
    if holder(places.lock_file) is None:
        return done, [line]
    if done.needs == "restart":
        restart = Problem(ErrorCode.PARTLY.value, "the running daemon needs a restart", "hydractl restart")
        _say(options, done, [line], restart)
        return EXIT_PARTLY, []
    return done, [line, "the running daemon takes it with: hydractl reload"]


def _config_path(options: argparse.Namespace) -> tuple[object, list[str]]:
    places = find_places(os.environ)
    files = [str(path) for path in (places.config_file, *sorted(places.conf_dir.glob("*.toml")))]
    lines = [path if Path(path).exists() else f"{path} (not there)" for path in files]
    return ConfigPlaces(tuple(files), str(settings.set_file(places))), lines


def _doctor(options: argparse.Namespace) -> tuple[object, list[str]]:
    checks = doctor.examine(find_places(os.environ), dict(os.environ))
    failed = [row.check for row in checks if not row.ok]
    data = DoctorData(not failed, checks)
    lines = []
    for row in checks:
        lines.append(f"{'ok    ' if row.ok else 'FAILED'}  {row.check:14} {row.detail}")
        lines += [f"        {'':14} -> {row.fix}"] if row.fix else []
    if failed:
        _say(options, data, lines, Problem(ErrorCode.UNHEALTHY.value, f"failed: {', '.join(failed)}"))
        return EXIT_UNHEALTHY, []
    return data, lines


def _data(options: argparse.Namespace) -> tuple[object, list[str]]:
    try:
        done = data.run(options, find_places(os.environ), SystemClock().machine_ns())
    except Stopped as stopped:
        _say(options, None, [], stopped.problem)
        return stopped.exit_code, []
    if done.problem is not None:
        _say(options, done.data, done.lines, done.problem)
        return done.exit_code, []
    return done.data, done.lines


def _replay(options: argparse.Namespace) -> tuple[object, list[str]]:
    from hydrad.replay import replaying

    places = find_places(os.environ)
    apex = _load(places, EXIT_FAILED, options.config).config.apex
    done = replaying.answer(places, options.day, options.source, apex)
    if done.problem is not None:
        _say(options, done.data, done.lines, done.problem)
        return done.exit_code, []
    return done.data, done.lines


def _journal_verify(options: argparse.Namespace) -> tuple[object, list[str]]:
    path = options.file or find_places(os.environ).journal
    if not path.exists():
        raise Failed(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no journal at {path}")
    verdict = verify(path)
    data = {
        "file": str(path),
        "records": verdict.records,
        "ok": verdict.ok,
        "broken_at_seq": verdict.broken_at_seq,
        "detail": verdict.detail,
        "head": verdict.head[1].hex(),
    }
    if not verdict.ok:
        message = f"{path}: broken at record {verdict.broken_at_seq}: {verdict.detail}"
        _say(options, data, [], Problem(ErrorCode.DIFFERENCES.value, message))
        return EXIT_DIFFERENCES, []
    if options.replay:
        return _replayed(path, data)
    return data, [f"{path}: {verdict.records} records verify, head {verdict.head[1].hex()[:16]}"]


def _replayed(path: Path, data: dict[str, object]) -> tuple[object, list[str]]:
    """The journal made again from the inputs beside it."""
    journal = SqliteJournal(path)
    try:
        outcome = compare(inputs.read(path.parent / "inputs"), journal.replay())
    finally:
        journal.close()
    data |= {"inputs": outcome.inputs, "replayed": outcome.records, "differs_at_seq": outcome.differs_at}
    if outcome.differs_at is not None:
        raise Failed(
            EXIT_DIFFERENCES, ErrorCode.DIFFERENCES, f"{path}: the replay differs from record {outcome.differs_at} on"
        )
    return data, [f"{path}: {outcome.records} records verify, and {outcome.inputs} inputs give them again"]


# --- the service manager --------------------------------------------------------------------------------


def _service_install(options: argparse.Namespace) -> tuple[object, list[str]]:
    system = _scope(options)
    try:
        written, following = units.install(system, options.root, os.environ)
    except units.Refused as refused:
        raise _not_done(refused) from None
    lines = [*(f"wrote {path}" for path in written), "next:", *(f"  {line}" for line in following)]
    return {"scope": "system" if system else "user", "written": written, "next": following}, lines


def _service_uninstall(options: argparse.Namespace) -> tuple[object, list[str]]:
    system = _scope(options)
    try:
        removed, left = units.uninstall(system, options.root, os.environ)
    except units.Refused as refused:
        raise _not_done(refused) from None
    lines = [f"removed {path}" for path in removed] or ["nothing of ours was installed"]
    lines += [f"left {path}: not written by HydraX" for path in left]
    return {"scope": "system" if system else "user", "removed": removed, "left": left}, lines


def _scope(options: argparse.Namespace) -> bool:
    """Whether the machine's manager is meant."""
    return bool(options.system or (not options.user and os.geteuid() == 0))


def _not_done(refused: units.Refused) -> Failed:
    message, hint = str(refused), refused.hint
    if isinstance(refused, units.NeedsRoot):
        return Failed(EXIT_FORBIDDEN, ErrorCode.FORBIDDEN, message, hint)
    if isinstance(refused, units.NotOurs):
        return Failed(EXIT_CONFLICT, ErrorCode.CONFLICT, message, hint)
    return Failed(EXIT_FAILED, ErrorCode.FAILED, message, hint)


if __name__ == "__main__":
    sys.exit(main())
