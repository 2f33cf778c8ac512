"""`taotie mine`: electricity of Bitcoin on a day, lower, best and upper estimate, from a series of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taotie.app.cli.common import Json, console, print_json
from taotie.errors import DataError, RangeError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("Electricity of Bitcoin mining on a day, after the Cambridge index."))
    def mine(
        day: Annotated[
            str | None, typer.Option("--date", help=_("The day; default: the last of the series."))
        ] = None,
        price: Annotated[
            float, typer.Option("--price", help=_("What miners pay for power, USD/kWh."))
        ] = 0.05,
        series: Annotated[
            Path | None,
            typer.Option("--series", help=_("CSV: date, hashrate_th_s, price_usd.")),
        ] = None,
        machines: Annotated[
            list[Path] | None,
            typer.Option(
                "--machines",
                help=_("CSV: name, released, efficiency_j_per_gh; may be given again."),
            ),
        ] = None,
        weights: Annotated[
            str, typer.Option("--weights", help=_("age (since August 2023) or equal (before)."))
        ] = "age",
        chart: Annotated[
            Path | None,
            typer.Option("--chart", help=_("Draw the three bounds into this SVG file.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.compute.mining_energy import example_miners, mining_energy, read_miners
        from taotie.workload.mining import read_hash_rates

        if series is None:
            raise DataError(
                _("`taotie mine` needs a series of hash rate and price; none may be shipped."),
                _("--series FILE with the columns date,hashrate_th_s,price_usd"),
            )
        rates = read_hash_rates(series)
        found = None
        for path in machines or ():
            one = read_miners(path)
            found = one if found is None else found + one
        energy = mining_energy(rates, found or example_miners(), price, weights)
        at = _day(day) if day else str(rates.days[-1])
        lower, best, upper = energy.on(at)
        if best != best:
            raise RangeError(_("no machine had paid for its power by {day}.").format(day=at))
        if chart is not None:
            from taotie.app.charts.mining_chart import write_mining_chart

            write_mining_chart(energy, chart)
        if as_json:
            print_json(
                {
                    "date": at,
                    "price": price,
                    "lower_twh": lower,
                    "best_twh": best,
                    "upper_twh": upper,
                    "unit": "TWh/a",
                    "boundary": "facility",
                    "machines": "example" if found is None else len(found.names),
                    "weights": weights,
                }
            )
            return
        out = console()
        out.print(
            _("Bitcoin on {day} at {price:g} USD/kWh, as if the day lasted a year:").format(
                day=at, price=price
            )
        )
        for word, value in ((_("lower"), lower), (_("best"), best), (_("upper"), upper)):
            out.print(f"  {value:8.1f} TWh/a  {word}", markup=False)
        if found is None:
            out.print(
                _("! machines are a made-up example list: give --machines FILE"), markup=False
            )
        if chart is not None:
            out.print(_("chart: {path}").format(path=chart), markup=False)


def _day(text: str) -> str:
    from datetime import date

    try:
        return str(date.fromisoformat(text))
    except ValueError:
        raise RangeError(
            _("--date {text} is not a date.").format(text=repr(text)), "--date 2024-04-05"
        ) from None
