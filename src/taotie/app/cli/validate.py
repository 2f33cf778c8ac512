"""`taotie validate` and `taotie calibrate`: predictions beside measurement, and where the coefficients come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, console, print_json, progress
from taotie.words.language import _


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

    @validate.command(
        help=_(
            "A table with the columns of InferenceX: served loads by engine, accelerators and requests in flight. "
            "Nothing measured is used."
        )
    )
    def serving(
        file: Annotated[Path, typer.Argument(help=_("CSV of measured runs."))],
        against: Annotated[
            Path | None,
            typer.Option("--against", help=_("Score predictions on record instead of new ones.")),
        ] = None,
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help=_("Write the JSON to this file too."))
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.compute.fit.frozen_predictions import scored_against
        from taotie.compute.fit.serving_validation import validate_serving

        with progress(_("predicting"), as_json):
            result = validate_serving(file) if against is None else scored_against(file, against)
        _give(result, output, as_json)

    @validate.command(
        help=_(
            "A table with the columns of the ML.ENERGY Benchmark: LLM serving, pictures or films. "
            "Nothing measured is used but the mean batch."
        )
    )
    def mlenergy(
        file: Annotated[Path, typer.Argument(help=_("CSV of measured runs."))],
        no_batch: Annotated[
            bool, typer.Option("--no-batch", help=_("Do not use the measured batch."))
        ] = False,
        fit_on: Annotated[
            Path | None,
            typer.Option("--fit-on", help=_("Refit the coefficients on this table first.")),
        ] = None,
        leave_one_family_out: Annotated[
            bool,
            typer.Option(
                "--leave-one-family-out",
                help=_("Predict each model family with coefficients fitted without it."),
            ),
        ] = False,
        runtime: Annotated[
            str,
            typer.Option(help=_("Generation of the serving software; default: from the columns.")),
        ] = "",
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help=_("Write the JSON to this file too."))
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.compute.fit.validation import validate_mlenergy

        with progress(_("predicting"), as_json):
            result = validate_mlenergy(
                file,
                use_batch=not no_batch,
                fit_on=fit_on,
                leave_one_family_out=leave_one_family_out,
                runtime=runtime or None,
            )
        _give(result, output, as_json)

    @app.command(
        help=_(
            "Predict rate, power, energy and latency of set-ups and put them on record, dated and hashed."
        )
    )
    def predict(
        setups: Annotated[
            Path | None,
            typer.Argument(
                help=_("CSV of set-ups, columns of InferenceX; default: 300 set-ups on 12 chips.")
            ),
        ] = None,
        freeze: Annotated[
            Path | None, typer.Option("--freeze", help=_("File to write the predictions to."))
        ] = None,
        as_json: Json = False,
    ) -> None:
        import json

        from taotie.compute.fit.frozen_predictions import frozen

        with progress(_("predicting"), as_json):
            made = frozen(setups)
        if freeze is not None:
            rows = ",\n".join(json.dumps(r) for r in made.pop("rows"))
            head = json.dumps(made, indent=1)[:-2]
            freeze.write_text(f'{head},\n "rows": [\n{rows}\n]\n}}\n', encoding="utf-8")
            made["rows"] = json.loads(f"[{rows}]")
        if as_json:
            print_json(made)
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

    @app.command(
        help=_("Refit the coefficients of the energy model from measured tables in a folder.")
    )
    def calibrate(
        folder: Annotated[
            Path, typer.Argument(help=_("Folder that holds mlenergy_v1, mlenergy_v2, mlenergy_v3."))
        ],
        output: Annotated[
            Path | None,
            typer.Option(
                "--output",
                "-o",
                help=_("Coefficient file to write; default: the installed one."),
            ),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.compute.fit.refit import refit

        with progress(_("fitting"), as_json):
            result = refit(folder, output)
        if as_json:
            print_json(result)
            return
        out = console()
        for name, row in result.items():
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


def _give(result: dict[str, Any], output: Path | None, as_json: bool) -> None:
    if output is not None:
        import json

        output.write_text(
            json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            encoding="utf-8",
        )
    if as_json:
        print_json(result)
    else:
        _show(result)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _show(result: dict[str, Any]) -> None:
    from rich.table import Table

    out = console()
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
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)

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
                kind=names.get(kind, kind), names=", ".join(names_of)
            ),
            markup=False,
        )
    out.print(
        _(
            "energy, power, rate: median absolute error; 80 %, 90 %: share of rows inside the predicted interval."
        ),
        markup=False,
    )
