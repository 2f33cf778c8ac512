"""`taotie tax`: the proposed tax on mining electricity; `taotie rules`: rules for large loads by size and place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add both commands."""

    @app.command(help=_("The proposed excise tax on mining electricity (never enacted), by year."))
    def tax(
        energy: Annotated[
            str, typer.Option("--energy", help=_('Electricity of a tax year, such as "100 GWh".'))
        ],
        price: Annotated[
            str, typer.Option("--price", help=_('Its price, such as "60 USD/MWh".'))
        ] = "60 USD/MWh",
        year: Annotated[
            int, typer.Option("--year", help=_("Calendar year in which the tax year begins."))
        ] = 2024,
        until: Annotated[
            int | None, typer.Option("--until", help=_("And up to this year."))
        ] = None,
        apply_to: Annotated[
            str, typer.Option("--apply-to", help=_("mining, or ai as a counterfactual."))
        ] = "mining",
        price_kind: Annotated[
            str, typer.Option("--price-kind", help=_("purchase, lease or estimated."))
        ] = "purchase",
        off_grid: Annotated[
            bool,
            typer.Option("--off-grid", help=_("Self-produced electricity: its cost is estimated.")),
        ] = False,
        report: Annotated[
            Path | None,
            typer.Option("--report", help=_("Write a page with pictures into this HTML file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.tax import tax as ask
        from taotie.app.cli.answers import command_line, print_answer

        answer = ask(
            energy,
            price,
            year,
            until=until,
            apply_to=apply_to,
            price_kind=price_kind,
            off_grid=off_grid,
        )
        if report is not None:
            from taotie.app.charts.tax_chart import tax_pictures
            from taotie.app.pages.answer_page import write_answer_page

            write_answer_page(
                answer, report, title=_heading, sentence=lambda a: a.said[0].text(), about=lambda a: _("A tax that was proposed"),
                pictures=tax_pictures, command=command_line(),
            )  # fmt: skip
            answer = answer.with_files(str(report))
        print_answer(answer, as_json, _heading(answer))

    @app.command(
        help=_("Rules for a large load by size and place, with status, date and how each is known.")
    )
    def rules(
        mw: Annotated[float, typer.Option("--mw", help=_("Size of the load, MW."))],
        place: Annotated[
            str,
            typer.Option(
                "--place",
                help=_("us, ercot, pjm, spp, ireland, netherlands, germany, eu or china."),
            ),
        ],
        as_json: Json = False,
    ) -> None:
        from taotie.answer.tax import rules as ask
        from taotie.app.cli.answers import print_answer

        print_answer(
            ask(mw, place),
            as_json,
            _("Rules for a load of {mw:g} MW, {place}:").format(mw=mw, place=place),
        )


def _heading(answer: Any) -> str:
    if answer.own["counterfactual"]:
        return _("Counterfactual: no such tax on AI electricity was ever proposed")
    return _("DAME tax on mining electricity: proposed in the US, never enacted")
