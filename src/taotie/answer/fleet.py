"""How much power do the world's AI machines draw, year by year? The ask behind `taotie fleet`. [GW, TWh/a]"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Column, Name, Table
from taotie.answer.asking import Chosen, answers
from taotie.errors import RangeError, TaotieError, UnknownNameError
from taotie.words.language import N_, _, language
from taotie.words.said import Said, joined

__all__ = ["FleetDetail", "backtested", "checked_fleet", "fleet", "held_together", "rolled"]


@dataclass(frozen=True)
class FleetDetail:
    """What the page is drawn from."""

    forecast: Any
    fan: Any
    drivers: Any
    shares: Any
    gap: Any


def _held(name: str) -> str:
    """Key of the country or state whose electricity is held, by any name that `[place]` knows too.

    Raises
    ------
    UnknownNameError
        If it is neither a country nor a state; a province has no electricity of its own here.
    """
    from taotie.fleet.nation import denominators, states
    from taotie.grid.place import place

    try:
        denominators(name)
    except UnknownNameError:
        try:
            where = place(name)
        except TaotieError:
            where = None
        if where is not None and where.kind == "state" and where.state in states():
            return where.state
        if where is not None and where.kind == "country" and where.nation:
            return where.nation
        raise
    return name


@answers("fleet")
def fleet(chosen: Chosen) -> Answer:
    """Power and electricity of the world's AI fleet by year.

    Raises
    ------
    TaotieError
        If a scenario cannot be read, or a country, a denominator or a way to power is not known.
    """
    from taotie.fleet.forecast import FleetScenario, counted_quarters, fleet_forecast
    from taotie.fleet.nation import preferred_denominator, share_of
    from taotie.fleet.part_of_whole import conflict_said
    from taotie.fleet.power_gap import portfolio_from, power_gap
    from taotie.fleet.published_models import published_forecasts
    from taotie.fleet.scenario import read_scenario
    from taotie.fleet.stock import owners
    from taotie.quantity.catalog import source

    scenario = read_scenario(chosen.scenario) if chosen.scenario else FleetScenario()
    if chosen.to is not None:
        scenario = replace(scenario, horizon=chosen.to)
    chosen.tell(_("drawing futures"))
    made = fleet_forecast(scenario, chosen.seed)
    fan = made.fan()
    chosen.tell(_("finding what the spread comes from"))
    scope, today, last = chosen.scope, made.today, made.years[-1]
    found = made.drivers(scope=scope)
    nation = _held(chosen.country)
    of = chosen.of or preferred_denominator(nation)
    shares = [
        (year, share_of(made.at("ai_facilities", year), nation, of))
        for year in dict.fromkeys((today, last))
    ]
    gap = power_gap(made, portfolio_from(chosen.power), chosen.seed) if chosen.power else None

    def points(key: str) -> dict[str, Any]:
        one = made.scopes[key][0]
        low, middle, high = (row.tolist() for row in fan[key])
        return {
            "unit": one.unit, "boundary": one.boundary,
            "p05": low, "p50": middle, "p95": high,
            "kind": [f.kind for f in made.scopes[key]],
        }  # fmt: skip

    own: dict[str, Any] = {
        "scenario": made.scenario.name,
        "region": "world",
        "vintage": source("epoch2026_chip_counts").date,
        "years": list(made.years),
        "last_known": str(made.last_known),
        "today": today,
        "scopes": {key: points(key) for key in (scope, *(k for k in made.scopes if k != scope))},
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
        "drivers_of": {"year": last, "scope": scope, "method": found.method},
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
        "seed": chosen.seed,
    }  # fmt: skip
    tables = {scope: _years(made, fan, scope), "beside": _published(scope, made.years)}
    tables["drivers"] = Table(
        (
            Column("leaf", "", N_("its key")),
            Column("share", "1", N_("share of the spread"), digits=2),
        ),
        tuple(
            (Name(d.leaf.name, d.leaf.label), d.share) for d in list(found)[:5] if d.share >= 0.005
        ),
        N_("what the spread of the last year comes from"),
    )
    if gap is not None:
        own["power"] = gap.to_dict()
        tables["power"] = Table(
            (
                Column("year", "", N_("year")),
                Column("wanted_gw", "GW", N_("power wanted")),
                Column("energised_gw", "GW", N_("energised")),
                Column("gap_gw", "GW", N_("missing")),
            ),
            tuple(
                (year, *(float(v[1, i]) for v in (gap.wanted_gw, gap.energised_gw, gap.gap_gw)))
                for i, year in enumerate(gap.years)
            ),
            N_("Power wanted, energised and missing, GW (medians):"),
        )
    said = [
        Said(
            "share_of_nation",
            N_("{scope}, {year}: {low} to {high} % of: {of}"),
            {"scope": Said("scope", OF_SCOPES["ai_facilities"]), "year": y, "low": _number(100 * s.share.p05), "high": _number(100 * s.share.p95),
             "of": Said("of", "", {}, _each(s))},
        )
        for y, s in shares
    ]  # fmt: skip
    said.append(
        Said(
            "forms_of_growth",
            N_("forms of growth: {names}"),
            {
                "names": joined(
                    [
                        Said(
                            "form",
                            "{name} {share:.0%}",
                            {"name": Said("form", FORMS_NAMED[k]), "share": v},
                        )
                        for k, v in made.weights.items()
                    ]
                )
            },
        )
    )
    clashes = held_together(made, fan)
    own["part_above_whole"] = [
        {"part": c.part.name, "part_year": c.part.year, "low": c.part.low, "whole": c.whole.name, "whole_year": c.whole.year, "high": c.whole.high}
        for c in clashes
    ]  # fmt: skip
    said += [conflict_said(c) for c in clashes]
    what = "power" if scope == "ai_chips_rated" else "energy"
    years = dict.fromkeys((today, last, made.last_known.year))
    figures = {f"{what}_{year}": made.at(scope, year) for year in years}
    return Answer(
        "fleet",
        chosen.values,
        figures,
        tables=tables,
        said=(*said, *chosen.defaults()),
        own=own,
        detail=FleetDetail(made, fan, found, shares, gap),
    )


FORMS_NAMED = {
    "decaying": N_("growth that slows down"), "logistic": N_("logistic growth"),
    "limited": N_("exponential growth up to a limit"),
}  # fmt: skip
OF_SCOPES = {
    "ai_chips_rated": N_("AI chips at rated power"), "ai_servers": N_("AI servers"),
    "ai_facilities": N_("AI servers with their buildings"),
}  # fmt: skip


def _years(made: Any, fan: Any, scope: str) -> Table:
    unit = made.scopes[scope][0].unit
    rows = tuple(
        (
            year,
            *(float(fan[scope][k][i]) for k in range(3)),
            "counted" if year <= made.last_known.year else "forecast",
        )
        for i, year in enumerate(made.years)
    )
    columns = (
        Column("year", "", N_("year")),
        Column("p05", unit, N_("5 %")),
        Column("p50", unit, N_("median")),
        Column("p95", unit, N_("95 %")),
        Column("kind", "", N_("kind"), _kind_word),
    )
    return Table(columns, rows, OF_SCOPES[scope])


def _published(scope: str, years: Any) -> Table:
    """What others print of the world in these years: the scope asked for first, the others after it."""
    from taotie.fleet.published_models import published_forecasts

    rows = [
        (
            p.scope.key, p.year, p.low, None if p.low is not None else p.middle, p.high, p.value.unit, p.publisher,
        )
        for p in sorted(published_forecasts(region="world"), key=lambda p: (p.scope.key != scope, p.scope.key, p.year))
        if years[0] <= p.year <= years[-1]
    ]  # fmt: skip
    columns = (
        Column("scope", "", N_("scope"), _scope_word), Column("year", "", N_("year")),
        Column("low", "", N_("low")), Column("value", "", N_("value")), Column("high", "", N_("high")),
        Column("unit", "", N_("unit"), _unit_word), Column("publisher", "", N_("publisher")),
    )  # fmt: skip
    return Table(columns, tuple(rows), N_("Published, world, each of its own scope:"))


def _kind_word(key: str) -> str:
    return {"counted": _("counted"), "forecast": _("forecast")}[key]


def _unit_word(unit: str) -> str:
    from taotie.quantity.unit_word import unit_word

    return unit_word(unit)


def _scope_word(key: str) -> str:
    from taotie.fleet.published_models import SCOPES

    return str(getattr(SCOPES[key], language()))


def _each(share: Any) -> dict[str, str]:
    return dict(share.words)


def held_together(made: Any, fan: Any) -> list[Any]:
    """Parts above their wholes among all that is shown: the forecast and what others print. [TWh/a]"""
    from taotie.fleet.part_of_whole import OURS, Shown, conflicts, shown_of
    from taotie.fleet.published_models import published_forecasts

    ours = [
        Shown(OURS, scope, "world", year, float(fan[scope][0][i]), float(fan[scope][2][i]))
        for scope in ("ai_servers", "ai_facilities")
        for i, year in enumerate(made.years)
    ]
    return conflicts([*shown_of(published_forecasts()), *ours])


def _number(value: float) -> str:
    from taotie.quantity.wording import number

    return number(value)


def checked_fleet() -> Answer:
    """Published numbers of the fleet computed again, with ours beside."""
    from taotie.fleet.published_checks import published_checks

    made = published_checks()
    columns = (
        Column("number"),
        Column("what", "", N_("what")),
        Column("published", "", N_("published")),
        Column("ours", "", N_("ours")),
        Column("unit", "", N_("unit")),
        Column("deviation", "", N_("deviation")),
        Column("tolerance"),
        Column("absolute"),
        Column("ok", "", N_("agrees")),
        Column("sources"),
    )
    rows = tuple(
        (c.number, c.what, c.published, c.ours, c.unit, c.deviation, c.tolerance, c.absolute,
         c.ok, list(c.sources))
        for c in made
    )  # fmt: skip
    table = Table(columns, rows)
    return Answer("fleet_checks", tables={"checks": table}, own={"checks": table.records()})


def backtested(when: str, maker: str | None, stock: Path | None, seed: int) -> Answer:
    """A forecast made with data up to a day, scored a year later.

    Raises
    ------
    RangeError
        If the day is none.
    """
    from taotie.fleet.backtest import backtest
    from taotie.fleet.stock import read_stock

    try:
        cutoff = date.fromisoformat(when)
    except ValueError:
        raise RangeError(
            _("--backtest {text} is not a date.").format(text=repr(when)), "--backtest 2024-12-31"
        ) from None
    one = backtest(cutoff, read_stock(stock) if stock else maker or "nvidia", seed=seed)
    said = (
        Said(
            "backtest",
            N_(
                "{maker}, data to {cutoff}: {target} between {low:,.0f} and {high:,.0f} MW, median {middle:,.0f}."
            ),
            {"maker": one.maker, "cutoff": one.cutoff, "target": one.target, "low": one.p05,
             "high": one.p95, "middle": one.p50},
        ),
        Said(
            "counted",
            N_("counted: {observed:,.0f} MW: {verdict}"),
            {"observed": one.observed,
             "verdict": Said("verdict", N_("inside") if one.inside else N_("outside"))},
        ),
        Said(
            "score",
            N_("score (CRPS) {score:,.0f} MW; last year's growth repeated {naive:,.0f} MW"),
            {"score": one.score, "naive": one.naive_score},
        ),
        Said(
            "hindsight",
            N_("The counts of past quarters were estimated in 2026, with hindsight: a mild test."),
        ),
    )  # fmt: skip
    return Answer(
        "fleet_backtest",
        {"backtest": when, "maker": maker, "stock": stock, "seed": seed},
        said=said,
        own={
            "cutoff": str(one.cutoff), "target": str(one.target), "maker": one.maker,
            "unit": "MW", "boundary": "accelerator",
            "p05": one.p05, "p50": one.p50, "p95": one.p95,
            "observed": one.observed, "inside": one.inside, "width": one.width,
            "crps": one.score, "naive_crps": one.naive_score,
        },
    )  # fmt: skip


def rolled(maker: str | None, seed: int) -> Answer:
    """Forecasts again from every quarter: how often the 90 % range held what came."""
    from taotie.fleet.backtest import rolling_backtest

    made = rolling_backtest([maker] if maker else None, seed=seed)
    said = [
        Said(
            "coverage",
            N_("{n} forecasts up to a year ahead; the 90 % range held {share:.0%} of what came."),
            {"n": len(made.rows), "share": made.coverage},
        ),
        Said(
            "score",
            N_("mean score {score:.1%} of the value; last year's growth repeated {naive:.1%}"),
            {"score": made.relative_score, "naive": made.naive_relative_score},
        ),
    ]
    rows = [(str(k), v) for k, v in made.by("maker").items()]
    rows += [(str(k), v) for k, v in made.by("quarters").items()]
    columns = (Column("of", "", N_("maker, or quarters ahead")), Column("held", "1", N_("held")))
    return Answer(
        "fleet_backtest_rolling",
        {"maker": maker, "seed": seed},
        tables={"coverage": Table(columns, tuple(rows))},
        said=tuple(said),
        own={
            "n": len(made.rows), "nominal": 0.9, "coverage": made.coverage,
            "by_maker": made.by("maker"),
            "by_quarters_ahead": {str(k): v for k, v in made.by("quarters").items()},
            "relative_crps": made.relative_score,
            "naive_relative_crps": made.naive_relative_score,
        },
    )  # fmt: skip
