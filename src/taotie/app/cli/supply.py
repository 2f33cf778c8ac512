"""`taotie supply`: what supplies a load around the clock, at a score or a cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_(
            "Wind, sun, stores, firm plant and the grid for a load: hour by hour, at the least cost."
        )
    )
    def supply(
        load: Annotated[
            str | None,
            typer.Option(
                "--load",
                "-l",
                help=_("Constant MW, a CSV file with load_mw, or a study's result.json."),
            ),
        ] = None,
        series: Annotated[
            list[Path] | None,
            typer.Option(
                "--series",
                help=_(
                    "CSV: wind_cf, pv_cf, price, co2_g_per_kwh, clean_share; may be given again."
                ),
            ),
        ] = None,
        with_: Annotated[
            str,
            typer.Option(
                "--with",
                help=_(
                    "Technologies: wind,pv,battery,iron-air,hydrogen,nuclear,geothermal,gas,gas-ccs."
                ),
            ),
        ] = "wind,pv,battery",
        score: Annotated[
            float | None,
            typer.Option(
                "--score", help=_("Goal: carbon-free share by hour, 0 to 1 (default 0.9).")
            ),
        ] = None,
        cost: Annotated[
            float | None,
            typer.Option("--cost", help=_("Goal instead: the best score at this cost per MWh.")),
        ] = None,
        match: Annotated[str, typer.Option("--match", help=_("hourly or annual."))] = "hourly",
        costs: Annotated[
            str, typer.Option("--costs", help=_("Set of costs: us2030 (USD) or eu2030 (EUR)."))
        ] = "us2030",
        rate: Annotated[float, typer.Option("--rate", help=_("Interest, 1/a."))] = 0.07,
        price: Annotated[
            float,
            typer.Option(
                "--price", help=_("Price of grid power per MWh, where the series have none.")
            ),
        ] = 60.0,
        grid_co2: Annotated[
            float | None,
            typer.Option("--grid-co2", help=_("g/kWh of grid power, where the series have none.")),
        ] = None,
        grid_clean: Annotated[
            float, typer.Option("--grid-clean", help=_("Carbon-free share of grid power, 0 to 1."))
        ] = 0.0,
        connection: Annotated[
            float | None, typer.Option("--connection", help=_("Most the grid gives, MW."))
        ] = None,
        sell: Annotated[
            float,
            typer.Option("--sell", help=_("Energy that may be sold, over the load's energy.")),
        ] = 0.0,
        step: Annotated[float, typer.Option("--step", help=_("Length of a step, h."))] = 3.0,
        most: Annotated[
            list[str] | None,
            typer.Option("--most", help=_("A limit such as nuclear=50, MW; may be given again.")),
        ] = None,
        negative_prices: Annotated[
            str, typer.Option("--negative-prices", help=_("refuse, keep or zero."))
        ] = "refuse",
        drop_leap_day: Annotated[
            bool, typer.Option("--drop-leap-day", help=_("Leave 29 February out."))
        ] = False,
        compare: Annotated[
            bool,
            typer.Option(
                "--compare", help=_("Beside it: the grid alone, and matching over the year.")
            ),
        ] = False,
        curve: Annotated[
            bool, typer.Option("--curve", help=_("Beside it: the cost at other scores."))
        ] = False,
        site: Annotated[
            list[Path] | None,
            typer.Option(
                "--site",
                help=_("A CSV of another year or place, solved alone; may be given again."),
            ),
        ] = None,
        cluster: Annotated[
            str, typer.Option("--cluster", help=_("Address of a Dask scheduler for --site."))
        ] = "",
        seed: Annotated[
            int, typer.Option("--seed", min=0, help=_("Seed of the made-up year."))
        ] = 0,
        latitude: Annotated[
            float,
            typer.Option("--latitude", help=_("Latitude of the made-up year, degrees north.")),
        ] = 40.0,
        weather: Annotated[
            str | None,
            typer.Option(
                "--weather",
                help=_(
                    "Weather from which wind and sun follow: CSV with ghi, dni, dhi, db_c, wind_ms, or pvlib:NAME."
                ),
            ),
        ] = None,
        weather_site: Annotated[
            str, typer.Option("--weather-site", help=_("Which site of the weather file."))
        ] = "",
        report: Annotated[
            Path | None,
            typer.Option("--report", help=_("Write a page with pictures into this HTML file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.supply import supply as ask
        from taotie.app.cli.answers import command_line, print_answer

        answer = ask(
            load, series=series or (), with_=[w for w in with_.split(",") if w.strip()], score=score, cost=cost,
            match=match, costs=costs, rate=rate, price=price, grid_co2_g_per_kwh=grid_co2, grid_clean=grid_clean,
            connection_mw=connection, most_sold=sell, step_h=step, most_mw=most or (), negative_prices=negative_prices,
            drop_leap_day=drop_leap_day, seed=seed, latitude=latitude, weather=weather, weather_site=weather_site, compare=compare or report is not None, curve=curve,
            sites=site or (), cluster=cluster,
        )  # fmt: skip
        if report is not None:
            from taotie.app.charts.supply_charts import supply_pictures
            from taotie.app.pages.answer_page import write_answer_page

            write_answer_page(
                answer, report, title=lambda a: _("What supplies the load around the clock?"),
                sentence=_sentence, about=lambda a: _("Supply: carbon-free power by the hour"),
                pictures=supply_pictures, command=command_line(),
            )  # fmt: skip
            answer = answer.with_files(str(report))
        print_answer(answer, as_json, _("Least-cost supply:"))


def _sentence(answer: object) -> str:
    own = answer.own  # type: ignore[attr-defined]
    if "sites" in own:
        return _("{n} years or sites, each supplied alone.").format(n=len(own["sites"]))
    return _("{score} % of the energy is carbon-free in its hour at {cost} {currency}/MWh; {co2} g/kWh remain.").format(
        score=f"{100 * own['score']:.1f}", cost=f"{own['cost_per_mwh']:.1f}", currency=own["currency"], co2=f"{own['co2_g_per_kwh']:.0f}"
    )  # fmt: skip
