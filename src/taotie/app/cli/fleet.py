"""`taotie fleet`: power and electricity of the AI fleet by year, how good such a forecast was, what others print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import (
    CHECK_FAILED,
    Json,
    Samples,
    Seed,
    console,
    print_json,
    progress,
)
from taotie.errors import RangeError
from taotie.words.language import _, language


def _makers() -> list[str]:
    from taotie.fleet.stock import makers

    return makers()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_("Power and electricity of the world's AI fleet by year, beside what others print.")
    )
    def fleet(
        to: Annotated[int | None, typer.Option("--to", help=_("Last year; default 2035."))] = None,
        scenario: Annotated[
            Path | None, typer.Option("--scenario", help=_("A file that changes assumptions."))
        ] = None,
        backtest: Annotated[
            str | None,
            typer.Option(
                "--backtest",
                help=_("Fit to this date (2024-12-31), predict a year, score; or 'rolling'."),
            ),
        ] = None,
        maker: Annotated[
            str | None,
            typer.Option(
                "--maker", help=_("Whose chips the backtest is about."), autocompletion=_makers
            ),
        ] = None,
        stock: Annotated[
            Path | None,
            typer.Option(
                "--stock", help=_("Backtest on a series of yours: date,p05,p50,p95 in MW.")
            ),
        ] = None,
        country: Annotated[
            str,
            typer.Option(
                "--country", help=_("Compare with this country's or state's electricity.")
            ),
        ] = "united_states",
        of: Annotated[
            str | None,
            typer.Option("--of", help=_("Denominator of the share, such as net_generation_2023.")),
        ] = None,
        power: Annotated[
            str | None,
            typer.Option(
                "--power",
                help=_(
                    "Ways to get power, such as gas_engine=40x100,grid_queue=200x500 (number x MW)."
                ),
            ),
        ] = None,
        checks: Annotated[
            bool, typer.Option("--checks", help=_("Recompute published numbers and print both."))
        ] = False,
        report: Annotated[
            Path | None, typer.Option("--report", help=_("Write the report to this HTML file."))
        ] = None,
        seed: Seed = None,
        samples: Samples = None,
        as_json: Json = False,
    ) -> None:
        if checks:
            _checks(as_json)
            return
        if backtest is not None:
            _backtest(backtest, maker, stock, seed, as_json)
            return
        from dataclasses import replace

        from taotie.fleet.forecast import FleetScenario, fleet_forecast
        from taotie.fleet.power_gap import portfolio_from, power_gap
        from taotie.fleet.scenario import read_scenario
        from taotie.quantity.sampling import DEFAULT, sampling

        number = DEFAULT.seed if seed is None else seed
        with sampling(samples or DEFAULT.n, number):
            chosen = read_scenario(scenario) if scenario else FleetScenario()
            if to is not None:
                chosen = replace(chosen, horizon=to)
            with progress(_("drawing futures"), quiet=as_json) as step:
                made = fleet_forecast(chosen, number)
                fan = made.fan()
                step(_("finding what the spread comes from"))
                found = made.drivers()
            shares = _shares(made, country, of)
            gap = power_gap(made, portfolio_from(power), number) if power else None
            if report is not None:
                from taotie.app.pages.fleet_page import write_fleet_page

                write_fleet_page(made, report, language(), seed=number, gap=gap, shares=shares)
            if as_json:
                print_json(_json(made, fan, found, shares, gap, number))
            else:
                _show(made, fan, found, shares, gap)
                if report is not None:
                    console().print(_("report: {path}").format(path=report), markup=False)


def _shares(made: Any, country: str, of: str | None) -> Any:
    """Share of a nation, of the last year counted and the last year drawn."""
    from taotie.fleet.nation import preferred_denominator, share_of

    chosen = of or preferred_denominator(country)
    return [
        (year, share_of(made.at("ai_facilities", year), country, chosen))
        for year in (made.last_known.year, made.years[-1])
    ]


def _json(made: Any, fan: Any, found: Any, shares: Any, gap: Any, seed: int) -> dict[str, Any]:
    from taotie.fleet.forecast import counted_quarters
    from taotie.fleet.published_models import published_forecasts
    from taotie.fleet.stock import owners
    from taotie.quantity.catalog import source

    def points(scope: str) -> dict[str, Any]:
        one = made.scopes[scope][0]
        low, middle, high = (row.tolist() for row in fan[scope])
        return {
            "unit": one.unit, "boundary": one.boundary,
            "p05": low, "p50": middle, "p95": high,
            "kind": [f.kind for f in made.scopes[scope]],
        }  # fmt: skip

    content = {
        "scenario": made.scenario.name,
        "region": "world",
        "vintage": source("epoch2026_chip_counts").date,
        "years": list(made.years),
        "last_known": str(made.last_known),
        "scopes": {scope: points(scope) for scope in made.scopes},
        "published": [
            {
                "name": p.key, "source": p.source_key, "year": p.year, "region": p.region,
                "scope": p.scope.key, "quantity": p.quantity, "unit": p.value.unit,
                "value": p.middle if p.low is None else None, "low": p.low, "high": p.high,
                "kind": p.value.kind, "scenario": p.scenario,
            }
            for p in published_forecasts()
        ],
        "drivers": {d.leaf.key: d.share for d in found.rows},
        "drivers_of": {"year": made.years[-1], "scope": "ai_facilities", "method": found.method},
        "growth_forms": made.weights,
        "shares": [
            {"year": y, "p05": s.share.p05, "p50": s.share.p50, "p95": s.share.p95, "of": s.of}
            for y, s in shares
        ],
        "quarters": [
            {
                "end": str(q.end), "rated_gw": q.rated.p50,
                "energy_twh": {"p05": q.energy.p05, "p50": q.energy.p50, "p95": q.energy.p95},
            }
            for q in counted_quarters(made.scenario.makers or None)
        ],
        "owners_mw": owners(),
        "seed": seed,
    }  # fmt: skip
    if gap is not None:
        content["power"] = gap.to_dict()
    return content


def _show(made: Any, fan: Any, found: Any, shares: Any, gap: Any) -> None:
    from rich.table import Table

    from taotie.fleet.published_models import SCOPES
    from taotie.quantity.wording import boundary_word, number, unit_word

    out = console()
    for scope, rows in fan.items():
        unit = made.scopes[scope][0].unit
        name = getattr(SCOPES[scope], language())
        place = boundary_word(SCOPES[scope].boundary)
        out.print(f"{name}, {unit_word(unit)} ({place})", markup=False)
        table = Table(box=None, pad_edge=False, show_edge=False)
        for head in ("", "5 %", _("median"), "95 %", ""):
            table.add_column(head, justify="right")
        for i, year in enumerate(made.years):
            table.add_row(
                str(year),
                *(number(float(rows[k][i]), 3) for k in range(3)),
                _("counted") if year <= made.last_known.year else _("forecast"),
            )
        out.print(table)
        out.print("")
    for year, share in shares:
        out.print(
            _("{year}: {low} to {high} % of: {of}").format(
                year=year,
                low=number(100 * share.share.p05),
                high=number(100 * share.share.p95),
                of=share.of,
            ),
            markup=False,
        )
    out.print("")
    out.print(_("What the spread of {year} comes from:").format(year=made.years[-1]))
    for driver in list(found)[:5]:
        if driver.share >= 0.005:
            out.print(f"  {driver.share:4.0%}  {driver.leaf.name}", markup=False)
    out.print(
        _("forms of growth: {names}").format(
            names=", ".join(f"{k} {v:.0%}" for k, v in made.weights.items())
        ),
        markup=False,
    )
    if gap is not None:
        out.print("")
        out.print(_("Power wanted, energised and missing, GW (medians):"))
        for i, year in enumerate(gap.years):
            values = (
                number(float(v[1, i]), 3) for v in (gap.wanted_gw, gap.energised_gw, gap.gap_gw)
            )
            out.print(f"  {year}  " + "  ".join(f"{v:>8s}" for v in values), markup=False)


def _checks(as_json: bool) -> None:
    from taotie.fleet.published_checks import published_checks
    from taotie.quantity.wording import number

    made = published_checks()
    if as_json:
        print_json(
            [
                {
                    "number": c.number, "what": c.what, "published": c.published, "ours": c.ours,
                    "unit": c.unit, "deviation": c.deviation, "tolerance": c.tolerance,
                    "absolute": c.absolute, "ok": c.ok, "sources": list(c.sources),
                }
                for c in made
            ]
        )  # fmt: skip
    else:
        from rich.table import Table

        out = console()
        table = Table(box=None, pad_edge=False, show_edge=False)
        for head in ("", _("what"), _("published"), _("ours"), _("unit"), _("deviation"), ""):
            table.add_column(head)
        for c in made:
            gap = f"{c.deviation:+.2f}" if c.absolute else f"{c.deviation:+.2%}"
            table.add_row(
                str(c.number), c.what, number(c.published, 6), number(c.ours, 6), c.unit, gap,
                _("agrees") if c.ok else _("differs"),
            )  # fmt: skip
        if not out.is_terminal:
            out.width = 140
        out.print(table)
    if not all(c.ok for c in made):
        raise typer.Exit(CHECK_FAILED)


def _backtest(
    when: str, maker: str | None, stock: Path | None, seed: int | None, as_json: bool
) -> None:
    from datetime import date

    from taotie.fleet.backtest import backtest, rolling_backtest
    from taotie.fleet.stock import read_stock
    from taotie.quantity.sampling import DEFAULT

    number = DEFAULT.seed if seed is None else seed
    if when == "rolling":
        with progress(_("forecasting again from every quarter"), quiet=as_json):
            rolled = rolling_backtest([maker] if maker else None, seed=number)
        _rolling(rolled, as_json)
        return
    try:
        cutoff = date.fromisoformat(when)
    except ValueError:
        raise RangeError(
            _("--backtest {text} is not a date.").format(text=repr(when)), "--backtest 2024-12-31"
        ) from None
    one = backtest(cutoff, read_stock(stock) if stock else maker or "nvidia", seed=number)
    if as_json:
        print_json(
            {
                "cutoff": str(one.cutoff), "target": str(one.target), "maker": one.maker,
                "unit": "MW", "boundary": "accelerator",
                "p05": one.p05, "p50": one.p50, "p95": one.p95,
                "observed": one.observed, "inside": one.inside, "width": one.width,
                "crps": one.score, "naive_crps": one.naive_score,
            }
        )  # fmt: skip
    else:
        out = console()
        out.print(
            _(
                "{maker}, data to {cutoff}: {target} between {low:,.0f} and {high:,.0f} MW, median {middle:,.0f}."
            ).format(
                maker=one.maker,
                cutoff=one.cutoff,
                target=one.target,
                low=one.p05,
                high=one.p95,
                middle=one.p50,
            ),
            markup=False,
        )
        out.print(
            _("counted: {observed:,.0f} MW: {verdict}").format(
                observed=one.observed, verdict=_("inside") if one.inside else _("outside")
            ),
            markup=False,
        )
        out.print(
            _("score (CRPS) {score:,.0f} MW; last year's growth repeated {naive:,.0f} MW").format(
                score=one.score, naive=one.naive_score
            ),
            markup=False,
        )
        out.print(
            _("The counts of past quarters were estimated in 2026, with hindsight: a mild test.")
        )
    if not one.inside:
        raise typer.Exit(CHECK_FAILED)


def _rolling(made: Any, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "n": len(made.rows), "nominal": 0.9, "coverage": made.coverage,
                "by_maker": made.by("maker"),
                "by_quarters_ahead": {str(k): v for k, v in made.by("quarters").items()},
                "relative_crps": made.relative_score, "naive_relative_crps": made.naive_relative_score,
            }
        )  # fmt: skip
        return
    out = console()
    out.print(
        _("{n} forecasts up to a year ahead; the 90 % range held {share:.0%} of what came.").format(
            n=len(made.rows), share=made.coverage
        )
    )
    for name, share in (*made.by("maker").items(), *made.by("quarters").items()):
        word = name if isinstance(name, str) else _("{n} quarters ahead").format(n=name)
        out.print(f"  {share:4.0%}  {word}", markup=False)
    out.print(
        _("mean score {score:.1%} of the value; last year's growth repeated {naive:.1%}").format(
            score=made.relative_score, naive=made.naive_relative_score
        )
    )
