"""`taotie power`: when is power there at one site, and what does a coal plant emit that runs on."""

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
            "Time to power of one site: queue, gas, restart, SMR, fusion, storage, flexible connection; coal that runs on."
        )
    )
    def power(
        option: Annotated[
            list[str] | None,
            typer.Option(
                "--option",
                "-o",
                help=_("A way with its MW, such as grid_queue=100; again for another project."),
            ),
        ] = None,
        need: Annotated[float | None, typer.Option("--need", help=_("The need, MW."))] = None,
        need_file: Annotated[
            Path | None,
            typer.Option("--need-file", help=_("The need by year: CSV with year and mw.")),
        ] = None,
        case: Annotated[
            str | None, typer.Option("--case", help=_("palisades, crane or helion."))
        ] = None,
        years: Annotated[int, typer.Option("--years", help=_("Years to look ahead."))] = 12,
        by: Annotated[
            float, typer.Option("--by", help=_("The year for which the chance is told."))
        ] = 5.0,
        coal: Annotated[
            float, typer.Option("--coal", help=_("A coal plant that runs on meanwhile, MW."))
        ] = 0.0,
        coal_years: Annotated[
            float, typer.Option("--coal-years", help=_("For how many years."))
        ] = 1.0,
        coal_factor: Annotated[
            float, typer.Option("--coal-factor", help=_("Its capacity factor, 0 to 1."))
        ] = 0.5,
        seed: Annotated[int, typer.Option("--seed", min=0, help=_("Seed of the draws."))] = 0,
        samples: Annotated[
            int, typer.Option("--samples", min=100, help=_("Number of draws of each figure."))
        ] = 10_000,
        report: Annotated[
            Path | None,
            typer.Option("--report", help=_("Write a page with pictures into this HTML file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.power import power as ask
        from taotie.app.cli.answers import command_line, print_answer

        answer = ask(
            option or (), need_mw=need, need_file=need_file, case=case, years=years, by_year=by, coal_mw=coal, coal_years=coal_years,
            coal_factor=coal_factor, seed=seed, samples=samples,
        )  # fmt: skip
        if report is not None:
            from taotie.app.charts.power_charts import power_pictures
            from taotie.app.pages.answer_page import write_answer_page

            write_answer_page(
                answer, report, title=lambda a: _("When is power there?"), sentence=_sentence,
                about=lambda a: _("Time to power of one site"), pictures=power_pictures, command=command_line(),
            )  # fmt: skip
            answer = answer.with_files(str(report))
        print_answer(answer, as_json, _sentence(answer))


def _sentence(answer: Any) -> str:
    by = answer.settings["by_year"]
    share = answer.figures["met"].p50
    return _("By year {year} the need is met with a chance of {share} %.").format(year=f"{by:g}", share=f"{share:.0f}")  # fmt: skip
