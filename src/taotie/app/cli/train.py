"""`taotie train`: energy of a training run from chips and hours, operations, or parameters and tokens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, Samples, Seed, console, print_json
from taotie.errors import RangeError
from taotie.words.language import _


def _accelerators() -> list[str]:
    from taotie.hardware.accelerator import accelerators

    return list(accelerators())


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("Energy, time and emissions of a training run."))
    def train(
        on: Annotated[
            str, typer.Option("--on", help=_("Which accelerator."), autocompletion=_accelerators)
        ] = "h100-sxm",
        accelerators: Annotated[
            float | None, typer.Option("--accelerators", "-n", help=_("How many of them."))
        ] = None,
        hours: Annotated[
            float | None, typer.Option("--hours", help=_("How long they ran."))
        ] = None,
        days: Annotated[float | None, typer.Option("--days", help=_("The same in days."))] = None,
        flop: Annotated[
            float | None, typer.Option("--flop", help=_("Operations of the run, such as 3.14e23."))
        ] = None,
        params: Annotated[
            float | None, typer.Option("--params", help=_("Active parameters, such as 70e9."))
        ] = None,
        tokens: Annotated[
            float | None, typer.Option("--tokens", help=_("Tokens seen, such as 15e12."))
        ] = None,
        mfu: Annotated[
            float | None, typer.Option("--mfu", help=_("Share of the peak reached, within 0..1."))
        ] = None,
        pue: Annotated[float | None, typer.Option("--pue", help=_("PUE of the building."))] = None,
        watts: Annotated[
            float | None,
            typer.Option("--watts", help=_("Mean draw of a server per accelerator, W.")),
        ] = None,
        region: Annotated[
            str, typer.Option("--region", help=_("Whose grid, such as USA or PJM."))
        ] = "WORLD",
        failures: Annotated[
            bool,
            typer.Option(
                "--failures/--no-failures", help=_("Add failures, checkpoints and idle machines.")
            ),
        ] = True,
        published: Annotated[
            bool, typer.Option("--published", help=_("Recompute published runs and print both."))
        ] = False,
        seed: Seed = None,
        samples: Samples = None,
        as_json: Json = False,
    ) -> None:
        if published:
            _published(as_json)
            return
        from taotie.app.cli.prompt import machines
        from taotie.compute.training.training_run_energy import (
            processor_over_accelerator,
            training_estimate,
        )
        from taotie.grid.emissions import intensity
        from taotie.quantity.sampling import DEFAULT, sampling

        if hours is not None and days is not None:
            raise RangeError(_("hours and days are the same thing: give one."))
        on, count = machines(on)
        if count is not None and accelerators is not None:
            raise RangeError(
                _("--on with a number and --accelerators are the same thing: give one.")
            )
        accelerators = accelerators if count is None else float(count)
        time = hours if days is None else 24.0 * days
        with sampling(samples or DEFAULT.n, DEFAULT.seed if seed is None else seed):
            grid = intensity(region)
            made = training_estimate(
                on,
                accelerators=accelerators,
                hours=time,
                computation=flop,
                parameters=params,
                tokens=tokens,
                mfu=mfu,
                pue=pue,
                power_w=watts,
                carbon_intensity=grid.average,
                failures=failures,
            )
            beside = processor_over_accelerator(on)
            if as_json:
                print_json(_json(made, grid, beside))
            else:
                _show(made, grid, beside)


def _values(figure: Any) -> dict[str, Any]:
    value = figure.value
    return {
        "unit": figure.unit,
        "boundary": figure.boundary,
        "kind": figure.kind,
        "p05": value.p05,
        "p50": value.p50,
        "p95": value.p95,
    }


def _json(made: Any, grid: Any, beside: Any) -> dict[str, Any]:
    power, energy = beside
    return {
        "accelerator": made.accelerator,
        "given": list(made.given),
        "region": grid.region,
        **{key: _values(f) for key, f in made.figures.items()},
        "accelerator_over_processor_power": _values(power),
        "processor_over_accelerator_energy": _values(energy),
    }


def _show(made: Any, grid: Any, beside: Any) -> None:
    from taotie.fleet.comparison import equivalents
    from taotie.quantity.wording import boundary_word, kind_word, number, readable, value_text

    out = console()
    for key in (
        "energy",
        "energy_server",
        "energy_lost",
        "emissions",
        "wall_hours",
        "accelerator_hours",
        "power",
    ):
        figure = made.figures.get(key)
        if figure is None:
            continue
        words = ", ".join(w for w in (boundary_word(figure.boundary), kind_word(figure.kind)) if w)
        shown = value_text(readable(figure))
        out.print(f"{figure.name}: {shown}" + (f"  ({words})" if words else ""), markup=False)
    out.print(
        _("grid: {name}, {basis}").format(name=grid.name, basis=grid.average_basis), markup=False
    )
    for one in equivalents(made.figures["energy"])[:3]:
        out.print(f"  = {one}", markup=False)
    power, energy = beside
    out.print(
        _(
            "One accelerator is rated {power} times a server processor, but processors would take {low} to {high} times the energy for the same work."
        ).format(power=number(power.p50), low=number(energy.p05), high=number(energy.p95)),
        markup=False,
    )


def _published(as_json: bool) -> None:
    from taotie.compute.training.training_energy import published_runs

    rows: list[dict[str, Any]] = []
    for run in published_runs():
        ours = run.recomputed_energy.p50
        printed = run.energy.p50 if run.energy else None
        rows.append(
            {
                "name": run.label,
                "accelerator": run.accelerator,
                "published_mwh": printed,
                "ours_mwh": ours,
                "deviation": None if printed is None else ours / printed - 1,
                "boundary": run.recomputed_energy.boundary,
                "published_t": run.emissions.p50 if run.emissions else None,
                "ours_t": run.recomputed_emissions.p50 if run.recomputed_emissions else None,
            }
        )
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    out = console()
    table = Table(box=None, pad_edge=False, show_edge=False)
    for head in (_("run"), _("published, MWh"), _("ours, MWh"), _("deviation"), _("boundary")):
        table.add_column(head, justify="right" if head != _("run") else "left")
    for row in rows:
        table.add_row(
            row["name"],
            "–" if row["published_mwh"] is None else f"{row['published_mwh']:,.4g}",
            f"{row['ours_mwh']:,.6g}",
            "–" if row["deviation"] is None else f"{row['deviation']:+.2%}",
            row["boundary"] or "–",
        )
    out.print(table)
