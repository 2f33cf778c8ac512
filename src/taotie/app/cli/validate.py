"""`taotie validate`, `predict` and `calibrate`: predictions beside measurement, and where the coefficients come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, kept, register_ask
from taotie.app.cli.common import console, print_json
from taotie.app.cli.shown import print_said
from taotie.words.language import _
from taotie.words.listing import listing


def register(app: typer.Typer) -> None:
    """Add the commands."""
    validate = typer.Typer(
        help=_("Predict measured runs from their description and say how far off."),
        no_args_is_help=True,
    )
    app.add_typer(validate, name="validate")

    @validate.callback()
    def group() -> None:
        """Two kinds of tables, one command each."""

    write = kept(_("Write the JSON to this file too."), "--output")
    register_ask(validate, "validate serving", _give, (write,))
    register_ask(validate, "validate mlenergy", _give, (write,))
    freeze = typer.Option("--freeze", help=_("File to write the predictions to."))
    register_ask(app, "predict", _predicted, (Extra("freeze", Annotated[Path | None, freeze]),))
    register_ask(app, "calibrate", _calibrated)


def _predicted(answer: Any, door: dict[str, Any]) -> None:
    made, freeze = answer.own, door["freeze"]
    if freeze is not None:
        import json

        from taotie.files.atomic import write_text

        rest = {key: value for key, value in answer.detail.items() if key != "rows"}
        rows = ",\n".join(json.dumps(r) for r in answer.detail["rows"])
        head = json.dumps(rest, indent=1)[:-2]
        write_text(freeze, f'{head},\n "rows": [\n{rows}\n]\n}}\n')
        answer = answer.with_files(str(freeze))
    if door["json"]:
        print_json(answer.to_dict())
        return
    out = console()
    out.print(
        _("{n} set-ups predicted on {day}; {k} not usable; sha256 {hash}").format(
            n=len(made["rows"]),
            day=made["made_on"],
            k=len(made["unusable"]),
            hash=made["sha256"],
        ),
        markup=False,
    )
    for problem in made["unusable"][:5]:
        out.print(
            _("  row {row}: {why}").format(row=problem["row"], why=problem["why"]), markup=False
        )
    if freeze is not None:
        out.print(_("written to {path}").format(path=freeze), markup=False)


def _calibrated(answer: Any, door: dict[str, Any]) -> None:
    if door["json"]:
        print_json(answer.to_dict())
        return
    out = console()
    for name, row in answer.own.items():
        error = row.get("left_out_median_error")
        words = (
            ""
            if error is None
            else _(", median error on left-out families {error:.1%}").format(error=error)
        )
        out.print(
            _("{name}: {rows} rows{words}").format(name=name, rows=row["rows"], words=words),
            markup=False,
        )


def _give(answer: Any, door: dict[str, Any]) -> None:
    from taotie.files.atomic import write_text

    if door["write"] is not None:
        answer = answer.with_files(str(door["write"]))
        write_text(door["write"], answer.to_json())
    if door["json"]:
        print_json(answer.to_dict())
    else:
        _show(answer.own)
        print_said(answer.said)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _show(result: dict[str, Any]) -> None:
    from rich.table import Table

    out = console()
    if not out.is_terminal:
        out.width = 160
    out.print(
        _("{n} rows, runtime {runtime}, batch {batch}; {k} rows not usable").format(
            n=result.get("answered", result["rows"]),
            runtime=result["runtime"],
            batch=result["batch"],
            k=len(result["unusable"]),
        ),
        markup=False,
    )
    for problem in result["unusable"][:5]:
        out.print(
            _("  row {row}: {why}").format(row=problem["row"], why=problem["why"]), markup=False
        )
    table = Table(box=None, pad_edge=False)
    peer = "ecologits" in result
    heads = [
        "",
        "n",
        _("energy"),
        _("90th pct."),
        _("bias"),
        _("within 2x"),
        _("power"),
        _("rate"),
        "80 %",
        "90 %",
    ]
    for head in heads + (["EcoLogits"] if peer else []):
        table.add_column(head, justify="left" if not head else "right", overflow="fold")

    def line(name: str, n: int, row: dict[str, Any]) -> None:
        e = row["energy"]
        cells = [
            name,
            str(n),
            _percent(e["mdape"]),
            _percent(e["p90"]),
            _percent(e["bias"]),
            _share(e["within_2x"]),
            _percent(row["power"]["mdape"]),
            _percent(row["rate"]["mdape"]),
            _share(row["coverage_80"]),
            _share(row["coverage_90"]),
        ]
        table.add_row(*cells, *([_percent(row["ecologits"]["mdape"])] if peer else []))

    line(_("all"), result.get("answered", result["rows"]), result)
    names = {
        "task": _("task"),
        "batch_band": _("batch"),
        "architecture": _("kind of model"),
        "gpu": _("accelerator"),
        "accelerators": _("accelerators"),
        "family": _("family"),
        "chip": _("accelerator"),
        "model": _("model"),
        "engine": _("engine"),
        "setup": _("set-up"),
        "precision": _("precision"),
    }
    for cut, rows in result["by"].items():
        for name, row in rows.items():
            line(f"{names.get(cut, cut)}: {name}", row["n"], row)
    out.print(table)
    for kind, names_of in result.get("not_measured", {}).items():
        out.print(
            _("never measured, so intervals are wider: {kind} {names}").format(
                kind=names.get(kind, kind), names=listing(names_of)
            ),
            markup=False,
        )
    out.print(
        _(
            "energy, power, rate: median absolute error; 80 %, 90 %: share of rows inside the predicted interval."
        ),
        markup=False,
    )
