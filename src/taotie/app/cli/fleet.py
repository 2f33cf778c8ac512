"""`taotie fleet`: power and electricity of the AI fleet by year, how good such a forecast was, what others print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, register_ask, report
from taotie.app.cli.common import CHECK_FAILED, progress
from taotie.app.cli.shown import print_answer, print_files, print_rows, print_said, print_table
from taotie.errors import RangeError
from taotie.words.language import _, in_language, language


def _makers() -> list[str]:
    from taotie.answer.parts.fleet import makers

    return makers()


def register(app: typer.Typer) -> None:
    """Add the command."""
    backtest = typer.Option(
        "--backtest",
        help=_("Fit to this date (2024-12-31), predict a year, score; or 'rolling'."),
    )
    maker = typer.Option(
        "--maker", help=_("Whose chips the backtest is about."), autocompletion=_makers
    )
    stock = typer.Option(
        "--stock", help=_("Backtest on a series of yours: date,p05,p50,p95 in MW.")
    )
    checks = typer.Option("--checks", help=_("Recompute published numbers and print both."))
    freeze = typer.Option(
        "--freeze", help=_("Put forecasts of the next four quarters on record in this new file.")
    )
    score = typer.Option(
        "--score", help=_("Score forecasts on record against what was counted since.")
    )
    extras = (
        Extra("freeze", Annotated[Path | None, freeze]),
        Extra("score", Annotated[Path | None, score]),
        Extra("backtest", Annotated[str | None, backtest]),
        Extra("maker", Annotated[str | None, maker]),
        Extra("stock", Annotated[Path | None, stock]),
        Extra("checks", Annotated[bool, checks]),
        report(),
    )
    register_ask(app, "fleet", _show, extras, before=_other)


def _other(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    """Checks and backtests, which are questions of their own."""
    from taotie.answer import fleet

    _check_used(settings, door)
    if door["checks"]:
        answer = fleet.checked_fleet()
        print_answer(answer, door["json"], ("checks",))
        if not all(answer.tables["checks"].column("ok")):
            raise typer.Exit(CHECK_FAILED)
        return True
    if door["score"] is not None:
        from taotie.answer.on_record import fleet_scored

        print_answer(fleet_scored(door["score"], door["maker"], door["stock"]), door["json"], ("scores",))  # fmt: skip
        return True
    if door["freeze"] is None and door["backtest"] is None:
        return False
    from taotie.answer.asking import value_of
    from taotie.answer.asks import ASKS

    one = ASKS["fleet"].settings["seed"]
    seed = value_of(one, settings["seed"]) if "seed" in settings else one.default
    if door["freeze"] is not None:
        from taotie.answer.on_record import fleet_frozen

        print_answer(fleet_frozen(door["freeze"], seed), door["json"], ("forecasts",))
        return True
    if door["backtest"] == "rolling":
        with progress(_("forecasting again from every quarter"), quiet=door["json"]):
            answer = fleet.rolled(door["maker"], seed)
        print_answer(answer, door["json"], ("coverage",))
        return True
    answer = fleet.backtested(door["backtest"], door["maker"], door["stock"], seed)
    print_answer(answer, door["json"])
    if not answer.own["inside"]:
        raise typer.Exit(CHECK_FAILED)
    return True


def _check_used(settings: dict[str, Any], door: dict[str, Any]) -> None:
    """Refuse options that the question asked would pass over."""
    given = [k for k in ("backtest", "maker", "stock") if door[k] is not None]
    report = ["report"] if door["report"] is not None else []
    if door["checks"]:
        given += [k for k in ("freeze", "score") if door[k] is not None]
        asked, unused = "--checks", [*given, *report, *settings]
    elif door["freeze"] is not None:
        given += ["score"] if door["score"] is not None else []
        asked, unused = "--freeze", [*given, *report, *(k for k in settings if k != "seed")]
    elif door["score"] is not None:
        unused = ["backtest"] if door["backtest"] is not None else []
        asked, unused = "--score", [*unused, *report, *settings]
    elif door["backtest"] is not None:
        asked, unused = "--backtest", [*report, *(k for k in settings if k != "seed")]
        if door["backtest"] == "rolling":
            asked, unused = "--backtest rolling", [*unused, *(k for k in given if k == "stock")]
        elif len(given) == 3:
            asked, unused = "--backtest --stock", [*unused, "maker"]
    elif given:
        raise RangeError(
            _("{options} means nothing without --backtest.").format(options=_options(given)),
            "--backtest 2024-12-31",
        )
    else:
        return
    if unused:
        raise RangeError(
            _("{options} means nothing with {asked}.").format(
                options=_options(unused), asked=asked
            ),
            _("leave it out"),
        )


def _options(keys: Iterable[str]) -> str:
    return ", ".join(f"--{k.replace('_', '-')}" for k in keys)


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.pages.fleet_page import write_fleet_page

        made = answer.detail
        write_fleet_page(
            made.forecast, door["report"], language(), seed=answer.settings["seed"],
            gap=made.gap, shares=made.shares, scope=answer.settings["scope"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    if door["json"]:
        print_answer(answer, True)
        return
    from taotie.app.cli.common import console

    out = console()
    print_rows(answer)
    out.print("")
    from taotie.quantity.unit_word import unit_word
    from taotie.quantity.wording import boundary_word

    for name, table in answer.tables.items():
        head = in_language(table.label, language())
        if name in answer.own["scopes"]:
            one = answer.own["scopes"][name]
            head += f", {unit_word(one['unit'])} ({boundary_word(one['boundary'])})"
        out.print(head, markup=False)
        print_table(table)
        out.print("")
    print_said(answer.said)
    print_files(answer.files)
