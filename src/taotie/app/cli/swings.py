"""`taotie swings`: how a training load swings, what tames it, and whether a utility takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_(
            "Swings of a training load: spectrum, ramps, filters, a utility's limits, a voltage dip."
        )
    )
    def swings(
        peak: Annotated[
            float, typer.Option("--peak", help=_("Power while computing, MW."))
        ] = 105.0,
        low: Annotated[
            float, typer.Option("--low", help=_("Power while communicating, MW."))
        ] = 45.0,
        period: Annotated[
            float, typer.Option("--period", help=_("Length of an iteration, s."))
        ] = 2.0,
        duty: Annotated[
            float, typer.Option("--duty", help=_("Share of an iteration at high power, 0 to 1."))
        ] = 0.7,
        duration: Annotated[
            float, typer.Option("--duration", help=_("Length of the series, s."))
        ] = 60.0,
        step: Annotated[float, typer.Option("--step", help=_("Length of a step, s."))] = 0.01,
        file: Annotated[
            Path | None,
            typer.Option(
                "--file", help=_("A recorded series instead: CSV with time_s and power_mw.")
            ),
        ] = None,
        checkpoint_every: Annotated[
            float, typer.Option("--checkpoint-every", help=_("Between checkpoints, s."))
        ] = 0.0,
        checkpoint: Annotated[
            float, typer.Option("--checkpoint", help=_("Length of a checkpoint, s."))
        ] = 0.0,
        fault_at: Annotated[
            list[float] | None,
            typer.Option(
                "--fault-at", help=_("When a fault stops the job, s; may be given again.")
            ),
        ] = None,
        fault: Annotated[
            float, typer.Option("--fault", help=_("How long it stands still, s."))
        ] = 30.0,
        idle: Annotated[
            float, typer.Option("--idle", help=_("Power while it stands still, MW."))
        ] = 0.0,
        jitter: Annotated[
            float, typer.Option("--jitter", help=_("Spread of the length of iterations, 0 to 0.5."))
        ] = 0.0,
        seed: Annotated[int, typer.Option("--seed", min=0, help=_("Seed of the draws."))] = 0,
        floor: Annotated[
            float | None, typer.Option("--floor", help=_("Filter: no less than this, MW."))
        ] = None,
        ramp: Annotated[
            float | None, typer.Option("--ramp", help=_("Filter: no steeper than this, MW/s."))
        ] = None,
        capacitor_s: Annotated[
            float | None,
            typer.Option("--capacitor-s", help=_("Filter: capacitors that carry this window, s.")),
        ] = None,
        capacitor_mw: Annotated[
            float | None, typer.Option("--capacitor-mw", help=_("Their power, MW."))
        ] = None,
        battery_s: Annotated[
            float | None,
            typer.Option("--battery-s", help=_("Filter: a battery with this time constant, s.")),
        ] = None,
        battery_mw: Annotated[
            float | None, typer.Option("--battery-mw", help=_("Its power, MW."))
        ] = None,
        bands: Annotated[
            Path | None,
            typer.Option(
                "--bands",
                help=_("A utility's limits: CSV with low_hz, high_hz, limit_mw or limit_share."),
            ),
        ] = None,
        most_ramp: Annotated[
            float | None, typer.Option("--most-ramp", help=_("A utility's ramp, MW/s."))
        ] = None,
        most_range: Annotated[
            float | None, typer.Option("--most-range", help=_("A utility's dynamic range, MW."))
        ] = None,
        dip: Annotated[
            float | None,
            typer.Option("--dip", help=_("A voltage dip: what remains of the voltage, 0 to 1.")),
        ] = None,
        dip_s: Annotated[float, typer.Option("--dip-s", help=_("How long it lasts, s."))] = 0.1,
        trip_voltage: Annotated[
            float, typer.Option("--trip-voltage", help=_("Below which the load leaves, 0 to 1."))
        ] = 0.7,
        trip_s: Annotated[float, typer.Option("--trip-s", help=_("And after how long, s."))] = 0.02,
        back_after: Annotated[
            float, typer.Option("--back-after", help=_("When it comes back, s."))
        ] = 10.0,
        back_ramp: Annotated[
            float | None,
            typer.Option("--back-ramp", help=_("How fast it comes back, MW/s; default: at once.")),
        ] = None,
        report: Annotated[
            Path | None,
            typer.Option("--report", help=_("Write a page with pictures into this HTML file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.swings import swings as ask
        from taotie.app.cli.answers import command_line, print_answer

        answer = ask(
            peak, low, period, duty, duration_s=duration, step_s=step, file=file, checkpoint_every_s=checkpoint_every, checkpoint_s=checkpoint,
            fault_at_s=fault_at or (), fault_s=fault if fault_at else 0.0, idle_mw=idle, jitter=jitter, seed=seed, floor_mw=floor,
            ramp_mw_per_s=ramp, battery_s=battery_s, battery_mw=battery_mw, capacitor_s=capacitor_s, capacitor_mw=capacitor_mw, bands=bands,
            most_ramp_mw_per_s=most_ramp, most_range_mw=most_range, dip_voltage=dip, dip_s=dip_s, trip_voltage=trip_voltage, trip_s=trip_s,
            back_after_s=back_after, back_mw_per_s=back_ramp,
        )  # fmt: skip
        if report is not None:
            from taotie.app.charts.swings_charts import swings_pictures
            from taotie.app.pages.answer_page import write_answer_page

            write_answer_page(
                answer, report, title=lambda a: _("How does this load swing?"), sentence=_sentence,
                about=lambda a: _("Load swings: what the grid sees of a training job"), pictures=swings_pictures, command=command_line(),
            )  # fmt: skip
            answer = answer.with_files(str(report))
        print_answer(answer, as_json, _sentence(answer))


def _sentence(answer: Any) -> str:
    passed = answer.own["pass"]
    if passed is None:
        return _("No limit is known for this load.")
    return (
        _("The load is within every limit that is known.")
        if passed
        else _("The load exceeds a limit.")
    )
