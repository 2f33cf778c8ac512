"""The command `taotie`. Every command is a file beside this one; none imports anything heavy until it runs."""

import gettext
import io
import os
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from taotie.errors import TaotieError
from taotie.files import kernels
from taotie.words.again import said_again
from taotie.words.language import LANGUAGES, _, language, speaking, use_language

# Order of the help page: the chain first, then checking, then housekeeping.
COMMANDS = (
    "run",
    "prompt",
    "crowd",
    "generate",
    "embed",
    "facility",
    "compare",
    "requests",
    "simulate",
    "train",
    "mine",
    "meter",
    "fleet",
    "grid",
    "supply",
    "flex",
    "swings",
    "power",
    "disclose",
    "label",
    "tax",
    "audit",
    "check",
    "validate",
    "models",
    "chips",
    "regions",
    "explain",
    "sources",
    "data",
    "serve",
    "mcp",
    "doctor",
)


def _take_language(arguments: list[str]) -> list[str]:
    """Arguments without `--lang`, which must be known before any help text is made."""
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--lang" or word.startswith("--lang="):
            code = word.partition("=")[2] or next(words, "")
            if code not in LANGUAGES:
                raise TaotieError(
                    _("--lang {code} is not a language of taotie.").format(code=code or "?"),
                    ", ".join(LANGUAGES),
                )
            os.environ["TAOTIE_LANG"] = code
            use_language(code)
        else:
            rest.append(word)
    return rest


def build(only: str = "", bare: bool = False) -> Any:
    """The command tree, in the language in force; of one command alone where that is all that is asked.

    A bare tree has the commands' names and words without their options: all that the first page of help shows.
    """
    if language() != "en":
        # Typer takes its own words ("Options", "Arguments") from gettext when it is imported.
        gettext.gettext = _
        gettext.ngettext = lambda msgid1, msgid2, n: _(msgid1 if n == 1 else msgid2)
    import typer

    app = typer.Typer(
        help=_("How much electricity AI eats: from one prompt to the power grid."),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def root(
        context: typer.Context,
        version: bool = typer.Option(False, "--version", help=_("Show the version and exit.")),
        lang: str = typer.Option("", "--lang", help=_("Language: en or zh, anywhere in the line.")),
    ) -> None:
        if version:
            from taotie import __version__

            typer.echo(f"taotie {__version__}")
            raise typer.Exit

    # reading the signatures of all commands takes longer than many an answer
    for name in (only,) if only in COMMANDS else COMMANDS:
        import_module(f"taotie.app.cli.{name}").register(app)
    if bare:
        _without_options(app)
    command = typer.main.get_command(app)
    _take_as_typed(command)
    if language() != "en":
        _translate(command)
        _tell_mistakes()
    return command


def _without_options(app: Any) -> None:
    """Leave every command its name and its words; making its options takes longer than showing the page."""
    for one in app.registered_commands:
        words = one.callback.__doc__

        def command() -> None:
            """Not run: no command is named."""

        command.__doc__, command.__name__ = words, one.callback.__name__
        one.callback = command
    for group in app.registered_groups:
        group.typer_instance.registered_commands.clear()


def _light_help() -> None:
    """Load what shows help without what would read Markdown and draw tracebacks, a third of it, which is never asked here."""
    unused = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}
    stands = {name: word for name, word in unused.items() if name not in sys.modules}
    for name, word in stands.items():
        module = ModuleType(name)
        setattr(module, word, type(word, (), {}))
        sys.modules[name] = module
    try:
        import_module("typer.rich_utils")
    finally:
        for name in stands:
            del sys.modules[name]


class _AsTyped:
    """Takes an option that was not given, or whose text is what is asked for; Typer would first load a library to say the same."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        kind, info = param.type_descriptor.annotation, param.type_descriptor.parameter_info
        if type(value) is str and kind is str and not several:
            return value
        if type(value) is str and kind is Path and not several and _is_any_path(info):
            path = Path(value)
            if not path.exists() or os.access(path, os.R_OK):
                return path
        param._runtime_param = None  # Typer's own from here on
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _is_any_path(info: Any) -> bool:
    """May a path be whatever it is, but for one that stands there and cannot be read?"""
    usual = {
        "exists": False, "file_okay": True, "dir_okay": True, "writable": False, "readable": True,
        "resolve_path": False, "allow_dash": False, "path_type": None, "parser": None,
    }  # fmt: skip
    return all(getattr(info, name, None) == value for name, value in usual.items())


def _take_as_typed(command: Any) -> None:
    """Let options read themselves as `_AsTyped` does, where this Typer has what that needs."""
    own = command.get_help_option

    def help_option(context: Any) -> Any:
        return as_typed(own(context))

    def as_typed(parameter: Any) -> Any:
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = _AsTyped()
        return parameter

    command.get_help_option = help_option
    for parameter in command.params:
        as_typed(parameter)
    for inner in getattr(command, "commands", {}).values():
        _take_as_typed(inner)


@lru_cache(maxsize=1)
def _tell_mistakes() -> None:
    """What Typer says of a line it cannot read comes from no catalogue: put it into the language in force as it is shown."""
    from typer import rich_utils

    shown = rich_utils.rich_format_error

    def told(error: Any) -> None:
        text, asked, names = error.format_message().partition(". Did you mean ")
        text = said_again(text)
        if asked:
            text += _("Did you mean {names}?").format(names=names.rstrip("?"))
        error.format_message = lambda: text
        shown(error)

    rich_utils.rich_format_error = told  # type: ignore[assignment]


def _translate(command: Any) -> None:
    """Put the words Typer itself says (`--help`, `--install-completion`) into the language in force."""
    own = command.get_help_option

    def help_option(context: Any) -> Any:
        option = own(context)
        if option is not None:
            option.help = _(option.help)
        return option

    command.get_help_option = help_option
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = _(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        _translate(inner)


def main() -> None:
    """Run the command line; a user's mistake is a sentence, never a traceback."""
    _safe_streams()
    kernels.alone()
    arguments = sys.argv[1:]
    as_json = "--json" in arguments
    try:
        try:
            arguments = _take_language(arguments)
            first = next((word for word in arguments if not word.startswith("-")), "")
            with speaking(language()):  # looked up once, not for every word
                bare = not first and "_TAOTIE_COMPLETE" not in os.environ
                command = build(first, bare)
                if bare or "--help" in arguments or "-h" in arguments:
                    _light_help()
                command.main(args=arguments, prog_name="taotie")
        finally:
            sys.stdout.flush()  # here, where an error is still a sentence
    except TaotieError as error:
        _end(error, as_json)
    except BrokenPipeError:
        # the reader of our output went away, such as `| head`
        _forget_output()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.stderr.write(_("interrupted; nothing was left half-written") + "\n")
        sys.exit(130)
    except Exception as error:
        from taotie.app.cli.last_net import unforeseen

        code = unforeseen(error, as_json)
        _flushed()
        sys.exit(code)


def _end(error: TaotieError, as_json: bool) -> None:
    """Say what is wrong with the input, if anybody can still hear it, and leave."""
    from taotie.app.cli.common import WRONG_INPUT, print_error

    try:
        print_error(error, as_json)
        if as_json:
            sys.stdout.flush()
    except OSError:
        _forget_output()
        print_error(error, False)
    _flushed()
    sys.exit(WRONG_INPUT)


def _safe_streams() -> None:
    """Streams that take any text: one that was closed takes it and drops it, one of few characters writes `?`."""
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(os.devnull, "w"), errors="replace")
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.FileIO(os.devnull, "w"), errors="replace")
        sys.stderr.write(_("standard output is closed: nothing is shown") + "\n")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="replace")
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # a path may hold bytes that are no text


def _flushed() -> None:
    """Write what waits for standard output, or drop it where it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """Nothing more is written to standard output: Python would try again as it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a file behind it
        sys.stdout = io.TextIOWrapper(io.FileIO(os.devnull, "w"))


if __name__ == "__main__":
    main()
