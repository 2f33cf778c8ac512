"""How does a question become a command? Its options come from the table of settings, its answer is shown as it is."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.answer.asks import ASKS, Declared, Setting, function_of
from taotie.app.again import command_of
from taotie.app.cli.common import progress
from taotie.words.as_set import as_set
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["Extra", "asked", "register_ask"]


def _known(dotted: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from importlib import import_module

        module, _dot, name = dotted.rpartition(".")
        return list(getattr(import_module(module), name)())

    return names


def _parameter(one: Setting) -> inspect.Parameter:
    shown = False if one.default in (None, "", ()) else _default(one)
    common: dict[str, Any] = {"help": _(one.help)}
    annotation: Any
    if one.type == "flag":
        names = one.options or (f"--{one.name.replace('_', '-')}",)
        option = typer.Option(*names, show_default=shown, **common)
        annotation = Annotated[bool | None, option]
    elif one.several:
        option = typer.Option(*one.spelled, *one.old, **common)
        annotation = Annotated[list[str] | None, option]
    else:
        if one.known:
            common["autocompletion"] = _known(one.known)
        # a setting as typed: the ask reads it, with or without a unit
        common["metavar"] = one.unit if one.unit not in ("", "1") else one.type.upper()
        option = typer.Option(*one.spelled, *one.old, show_default=shown, **common)
        annotation = Annotated[str | None, option]
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _default(one: Setting) -> str | bool:
    if isinstance(one.default, bool):
        if "/" in (one.options[0] if one.options else ""):
            on, off = one.options[0].split("/")
            return (on if one.default else off).lstrip("-")
        return False
    if isinstance(one.default, tuple):
        return ",".join(str(v) for v in one.default)
    return as_set(one.default)


class Extra:
    """An option of the door itself: a page, a chart; no setting of the question.

    `old` are spellings that go with the next release, each with the one that stands now.
    """

    def __init__(
        self,
        name: str,
        annotation: Any,
        old: tuple[tuple[str, str], ...] = (),
        endings: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.annotation = annotation
        self.old = old
        self.endings = endings


TABLE = Extra(
    "table",
    Annotated[
        Path | None,
        typer.Option(
            "--table", help=_("Write figures and tables to this .csv, .parquet, .json or .geojson.")
        ),
    ],
)


def register_ask(
    app: typer.Typer,
    name: str,
    show: Callable[[Any, dict[str, Any]], None],
    extras: Iterable[Extra] = (),
    *,
    before: Callable[[dict[str, Any], dict[str, Any]], bool] | None = None,
) -> None:
    """Add the command of a question.

    Parameters
    ----------
    show : callable
        Given the answer and the values of the extras (`json` among them): shows it.
    extras : iterable of Extra
        Options of the door.
    before : callable, optional
        Given settings and extras; returns True where it has dealt with the line itself.
    """
    declared = ASKS[name]
    extras = tuple(extras)
    own_table = any(one.name == "table" for one in extras)
    if not own_table:
        extras = (*extras, TABLE)
    first = next((s for s in declared.settings.values() if s.first), None)
    typed = name.removeprefix(f"{declared.group} ")

    def command(**given: Any) -> None:
        door = {one.name: given.pop(one.name, None) for one in extras}
        door["json"] = given.pop("as_json")
        if first is not None:
            place = given.pop("first_argument")
            if place:
                given[first.name] = _once(first, place, given.get(first.name))
        settings = {k: v for k, v in given.items() if v is not None and v != []}
        tell_old_spellings(_old_spellings(declared, extras))
        if before is not None and before(settings, door):
            return
        for one in ("report", "chart"):
            checked_page(door.get(one), f"--{one}")
        checked_places(door, extras)
        door["command"] = command_of(declared, settings, door)
        with progress(_(declared.help), quiet=door["json"]) as step:
            answer = function_of(name)(tell=step, **settings)
        if not own_table and door["table"] is not None:
            from taotie.answer.table_file import write_tables

            answer = answer.with_files(*map(str, write_tables(answer, door["table"])))
        show(answer, door)

    parameters = [_parameter(one) for one in declared.settings.values()]
    if first is not None:
        argument = typer.Argument(
            help=_(first.help),
            metavar=_metavar(first),
            autocompletion=_known(first.known) if first.known else None,
        )
        parameters = [p for p in parameters if p.name != first.name or first.options]
        parameters.insert(
            0,
            inspect.Parameter(
                "first_argument", inspect.Parameter.KEYWORD_ONLY, default=None,
                annotation=Annotated[list[str] | None if first.several else str | None, argument],
            ),
        )  # fmt: skip
    for one in extras:
        parameters.append(
            inspect.Parameter(
                one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=one.annotation
            )
        )
    as_json = typer.Option("--json", help=_("Print machine-readable JSON."))
    parameters.append(
        inspect.Parameter(
            "as_json", inspect.Parameter.KEYWORD_ONLY, default=False,
            annotation=Annotated[bool, as_json],
        )
    )  # fmt: skip
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__name__ = declared.flat
    app.command(name=typed, help=_(declared.help))(command)


PAGES = {"--report": (".html", ".htm"), "--chart": (".svg", ".png")}
"""Endings of what is written."""


def checked_page(path: Path | None, option: str) -> None:
    """Refuse, before anything runs, a page or drawing whose ending says it is something else.

    Raises
    ------
    RangeError
    """
    from taotie.errors import RangeError

    if path is not None and path.suffix.lower() not in PAGES[option]:
        raise RangeError(
            _("{option} {path} ends in none of {endings}.").format(
                option=option, path=path.name, endings=listing(PAGES[option])
            ),
            f"{option} {path.stem or 'page'}{PAGES[option][0]}",
        )


WRITTEN = ("report", "chart", "table", "write", "document")
"""Options that name a file to write."""


def checked_places(door: Mapping[str, Any], extras: Iterable[Extra]) -> None:
    """Refuse, before anything runs, files that cannot be written where they shall stand, or end in what they are not.

    Raises
    ------
    TaotieError
    """
    from taotie.errors import RangeError
    from taotie.files.atomic import refuse_place

    endings = {one.name: one.endings for one in extras}
    for name in WRITTEN:
        given = door.get(name)
        for path in given if isinstance(given, list) else [given]:
            if not isinstance(path, Path):
                continue
            refuse_place(path)
            may = endings.get(name, ())
            if may and path.suffix.lower() not in may:
                raise RangeError(
                    _("{option} {path} ends in none of {endings}.").format(option=f"--{name}", path=path.name, endings=listing(may)),
                    f"--{name} {path.stem or name}{may[0]}",
                )  # fmt: skip


def _old_spellings(declared: Declared, extras: Iterable[Extra]) -> Iterable[tuple[str, str]]:
    for one in declared.settings.values():
        yield from ((old, one.spelled[0]) for old in one.old)
    for extra in extras:
        yield from extra.old


def tell_old_spellings(pairs: Iterable[tuple[str, str]]) -> None:
    """A note on standard error for each spelling of the line that goes with the next release."""
    for old, new in pairs:
        if any(word == old or word.startswith(f"{old}=") for word in sys.argv[1:]):
            note = _("note: {old} is spelled {new} now").format(old=old, new=new)
            sys.stderr.write(note + "\n")


def _metavar(first: Setting) -> str:
    name = first.name.upper() + ("..." if first.several else "")
    return name if first.required else f"[{name}]"


def _once(first: Setting, place: Any, named: Any) -> Any:
    from taotie.errors import RangeError

    if named is not None:
        raise RangeError(_("{name} is given twice.").format(name=first.name))
    return place


def asked(name: str, **settings: Any) -> Any:
    """The answer to a question, with a progress line."""
    with progress(_(ASKS[name].help)) as step:
        return function_of(name)(tell=step, **settings)


def report(*old: str) -> Extra:
    """`--report FILE`: a page about the answer."""
    option = typer.Option("--report", *old, help=_("Write a page with pictures to this HTML file."))
    return Extra("report", Annotated[Path | None, option], tuple((o, "--report") for o in old))


def chart(*old: str) -> Extra:
    """`--chart FILE`: the picture of a question alone."""
    option = typer.Option("--chart", *old, help=_("Draw into this .svg or .png file."))
    return Extra("chart", Annotated[Path | None, option], tuple((o, "--chart") for o in old))


def kept(
    help_text: str, *old: str, several: bool = False, endings: tuple[str, ...] = (".json",)
) -> Extra:
    """`--write FILE`: a file to keep, of the one kind that a command has (a verdict, a label, a form)."""
    option = typer.Option("--write", "-o", *old, help=help_text)
    kind = list[Path] if several else Path
    return Extra(
        "write", Annotated[kind | None, option], tuple((o, "--write") for o in old), endings
    )
