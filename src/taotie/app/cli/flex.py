"""`taotie flex`: how deep and how long a load may be cut, and what connection that buys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_("How deep and how long a load may be cut, what connection that buys, what it costs.")
    )
    def flex(
        load: Annotated[float, typer.Option("--load", "-l", help=_("The load, MW."))] = 100.0,
        training: Annotated[
            float, typer.Option("--training", help=_("Share of training, 0 to 1."))
        ] = 0.5,
        batch: Annotated[
            float, typer.Option("--batch", help=_("Share of inference that may wait, 0 to 1."))
        ] = 0.2,
        waits: Annotated[
            float, typer.Option("--waits", help=_("Deadline of what may wait, h."))
        ] = 24.0,
        cap: Annotated[
            float,
            typer.Option("--cap", help=_("Power cap of training in a cut, 0 to 1; 0 pauses it.")),
        ] = 0.0,
        idle: Annotated[
            float, typer.Option("--idle", help=_("What paused machines still draw, 0 to 1."))
        ] = 0.15,
        battery_mw: Annotated[
            float, typer.Option("--battery-mw", help=_("Power of a battery, MW."))
        ] = 0.0,
        battery_mwh: Annotated[
            float, typer.Option("--battery-mwh", help=_("Energy of it, MWh."))
        ] = 0.0,
        room: Annotated[
            Path | None,
            typer.Option("--room", help=_("Hourly CSV: room_mw of a bus, or load_mw of a region.")),
        ] = None,
        duration: Annotated[float, typer.Option("--duration", help=_("Longest cut, h."))] = 4.0,
        calls: Annotated[float, typer.Option("--calls", help=_("Most cuts a year."))] = 50.0,
        energy: Annotated[
            float, typer.Option("--energy", help=_("Most energy that may be cut, over the load's."))
        ] = 0.005,
        depth: Annotated[
            float | None,
            typer.Option("--depth", help=_("Deepest cut, 0 to 1; default: what the load can.")),
        ] = None,
        value: Annotated[
            float, typer.Option("--value", help=_("Worth of an accelerator's hour, USD."))
        ] = 2.0,
        kw: Annotated[
            float, typer.Option("--kw", help=_("Draw of an accelerator with all around it, kW."))
        ] = 1.275,
        report: Annotated[
            Path | None,
            typer.Option("--report", help=_("Write a page with pictures into this HTML file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.flex import flex as ask
        from taotie.app.cli.answers import command_line, print_answer

        answer = ask(
            load, training, batch, batch_waits_h=waits, training_cap=cap, idle=idle, battery_mw=battery_mw, battery_mwh=battery_mwh, room=room,
            duration_h=duration, calls=calls, energy_share=energy, depth=depth, usd_per_hour=value, kw_per_accelerator=kw,
        )  # fmt: skip
        if report is not None:
            from taotie.app.charts.flex_charts import flex_pictures
            from taotie.app.pages.answer_page import write_answer_page

            write_answer_page(
                answer, report, title=lambda a: _("May this load be cut?"), sentence=_sentence,
                about=lambda a: _("Flexibility: what a load gives back and what that buys"), pictures=flex_pictures, command=command_line(),
            )  # fmt: skip
            answer = answer.with_files(str(report))
        print_answer(answer, as_json, _sentence(answer))


def _sentence(answer: Any) -> str:
    own = answer.own
    return _("{mw} MW can be given back, {share} % of the load.").format(mw=f"{own['reduction_mw']:.4g}", share=f"{100 * own['depth']:.0f}")  # fmt: skip
