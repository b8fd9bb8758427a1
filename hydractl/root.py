"""The typer root, built from the table of verbs: help, completion, and the words for a wrong command line.

Only imported for a command line that the fast path leaves; typer alone costs more than a whole `status`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hydractl.diagnostics import Failure
from hydractl.verbs import GLOBALS, HANDED_OVER, MODULES, Param, Verb, load, words_at

Dispatch = Callable[[str, Verb | None, dict[str, Any], dict[str, Any], list[str]], int]
# typer names this class only as the base of one that it exports.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
HELP = "HydraX: talk to the daemon that runs the terminals. Exit codes are in hydractl(1); --version tells the version."


class _Root(TyperGroup):
    """Verbs of two words are commands whose name has a space."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = words_at(args, 0)
        if name is not None:
            args = [name, *args[len(name.split()) :]]
        elif args:
            _say_second_words(args[0])
        return super().resolve_command(ctx, args)


def _say_second_words(noun: str) -> None:
    """A noun without its verb is told its verbs."""
    verbs = sorted(name for name in (*MODULES, *HANDED_OVER) if name.startswith(noun + " "))
    if verbs:
        raise Failure("USAGE", f"'{noun}' needs a verb: {', '.join(verbs)}")


def run(argv: list[str], dispatch: Dispatch) -> int:
    """Parses with typer; `dispatch` carries out the verb that was found."""
    command = typer.main.get_command(build(dispatch))
    try:
        code = command.main(args=argv or ["--help"], prog_name="hydractl", standalone_mode=False)
    except (_UsageError, typer.Abort) as error:
        raise _usage(error) from None
    return int(code or 0)


def build(dispatch: Dispatch) -> typer.Typer:
    """Every verb as a command, in the table's order."""
    app = typer.Typer(
        cls=_Root,
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
    )
    app.callback()(_signed(_keep_globals, (), with_globals=True))
    for name in MODULES:
        verb = load(name)
        app.command(name, help=verb.help)(_signed(_command(verb, dispatch), verb.params, with_globals=True))
    for name, help_text in HANDED_OVER.items():
        settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
        app.command(name, help=help_text, context_settings=settings)(
            _signed(_handed_over(name, dispatch), (), with_globals=False)
        )
    return app


def _keep_globals(ctx: typer.Context, **values: Any) -> None:
    ctx.obj = values


def _command(verb: Verb, dispatch: Dispatch) -> Callable[..., int]:
    def call(ctx: typer.Context, **values: Any) -> int:
        options = {p.name: values.pop(p.name) for p in GLOBALS}
        before: dict[str, Any] = ctx.obj or {}
        merged = {name: value if value not in (None, False) else before.get(name) for name, value in options.items()}
        many = {p.name for p in verb.params if p.many}
        own = {name: tuple(value or ()) if name in many else value for name, value in values.items()}
        return dispatch(verb.name, verb, merged, own, [])

    return call


def _handed_over(name: str, dispatch: Dispatch) -> Callable[..., int]:
    def call(ctx: typer.Context) -> int:
        return dispatch(name, None, ctx.obj or {}, {}, list(ctx.args))

    return call


def _signed(call: Callable[..., Any], params: Sequence[Param], *, with_globals: bool) -> Callable[..., Any]:
    """The function with a signature that typer reads the parameters from."""

    def signed(**values: Any) -> Any:
        return call(**values)

    listed = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for param in (*params, *(GLOBALS if with_globals else ())):
        form, default = _form(param)
        listed.append(inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=form))
    signed.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    return signed


def _form(param: Param) -> tuple[Any, Any]:
    """typer's annotation and default of a parameter."""
    default = inspect.Parameter.empty if param.required else param.default
    if param.kind == "argument":
        info = typer.Argument(help=param.help, metavar=param.metavar, parser=_parser(param) if param.choices else None)
        if param.many:
            return Annotated[list[str] | None, info], None
        return Annotated[str | None if not param.required else str, info], default
    if param.kind == "flag":
        return Annotated[bool, typer.Option(*param.decls, help=param.help)], default
    info = typer.Option(*param.decls, help=param.help, metavar=param.metavar, parser=_parser(param))
    return Annotated[Any, info], default


def _parser(param: Param) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if not isinstance(text, str):
            return text
        try:
            return param.parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parse


def _usage(error: Exception) -> Failure:
    message = error.format_message() if hasattr(error, "format_message") else str(error) or "aborted"
    ctx = getattr(error, "ctx", None)
    hint = f"try: {ctx.command_path} --help" if ctx is not None else "try: hydractl --help"
    return Failure("USAGE", message, hint)
