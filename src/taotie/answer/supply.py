"""What supplies a load around the clock, and what does that cost? [EUR or USD per MWh, MW, MWh, g/kWh]"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Series, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.answer.parts.supply import flow_word, size_word, supply_word, technology_name
from taotie.errors import DataError, RangeError, UnknownNameError, nearest
from taotie.files.read import of_others, read_json
from taotie.grid.supply.matching import SupplyPlan, SupplyProblem, solve_supply
from taotie.grid.supply.series import (
    HourlySeries,
    joined,
    means,
    read_series,
    synthetic_year,
    without_leap_day,
)
from taotie.grid.supply.technology import Generator, currency_of, technologies, technology_keys
from taotie.grid.supply.weather_profiles import read_weather_profiles
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["SupplyDetail", "load_of", "supply"]

CURVE = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class SupplyDetail:
    """What pictures of a supply are drawn from."""

    plan: SupplyPlan
    currency: str
    year_hours: float


@answers_with("supply")
def supply(
    load: float | str | Path | None = None,
    *,
    series: Sequence[str | Path] = (),
    with_: Sequence[str] = ("wind", "pv", "battery"),
    score: float | None = None,
    cost: float | None = None,
    match: str = "hourly",
    costs: str = "us2030",
    rate: float = 0.07,
    price: float = 60.0,
    grid_co2_g_per_kwh: float | None = None,
    grid_clean: float = 0.0,
    connection_mw: float | None = None,
    most_sold: float = 0.0,
    step_h: float = 3.0,
    most_mw: Sequence[str] = (),
    negative_prices: str = "refuse",
    drop_leap_day: bool = False,
    seed: int = 0,
    latitude: float = 40.0,
    weather: str | Path | None = None,
    weather_site: str = "",
    compare: bool = False,
    curve: bool = False,
    sites: Sequence[str | Path] = (),
    cluster: str = "",
) -> Answer:
    """The least-cost supply of a load.

    Parameters
    ----------
    load : float, str or path
        A constant load [MW], a CSV file with `load_mw`, or a `result.json` whose hourly load is taken. Default: the
        `load_mw` of the series, else 100 MW.
    series : sequence of path
        CSV files of weather, price and intensity; without one a made-up year is used and said.
    with_ : sequence of str
        Technologies.
    score, cost : float, optional
        The goal: carbon-free share [1] (default 0.9), or the most a MWh may cost.
    match : {"hourly", "annual"}
    costs : {"us2030", "eu2030"}
    rate : float
        Interest. [1/a]
    price, grid_co2_g_per_kwh, grid_clean : float
        Of the grid, where the series have no column. [currency/MWh, g/kWh, 1]
    connection_mw : float, optional
        Most the grid gives. [MW]
    most_sold : float
        What may be sold over the load's energy. [1]
    step_h : float
        [h]
    most_mw : sequence of str
        Limits such as ``nuclear=50``.
    negative_prices : {"refuse", "keep", "zero"}
    weather, weather_site : path or str, optional
        A weather file from which wind and sun follow by a stated model, and which of its sites.
    compare : bool
        Also over the year instead of by hour, and the grid alone.
    curve : bool
        Also the cost at other scores.
    sites : sequence of path
        Each a file of series solved alone: years or places.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    if score is None and cost is None:
        score = 0.9
    told: list[Said] = []
    chosen = technologies(with_, costs, rate)
    chosen = _limited(chosen, most_mw)
    if sites:
        problems = []
        for site in sites:
            p, more, _f = _problem(load, [*series, site], chosen, locals())
            problems.append(p)
            told += [s for s in more if s not in told]
        return _many(problems, [Path(s).name for s in sites], told, locals())
    problem, more, files = _problem(load, series, chosen, locals())
    told += more
    plan = solve_supply(problem, score, cost)
    currency = currency_of(costs)
    tables = {"sizes": _sizes(plan), "energy": _energy(plan)}
    if compare:
        tables["compared"] = _compared(problem, plan, currency, score)
    if curve:
        tables["curve"] = _curve(problem, currency, told)
    if score == 1:
        told.append(Said("no_next_mwh", N_("at a score of 100 % no carbon-free MWh is left to add, so one more has no price")))  # fmt: skip
    if problem.matching == "annual":
        told.append(
            Said(
                "annual_uncovered",
                N_("matched over the year, {share} % of the energy still comes from power that is not carbon-free in its hour; what is left over counts as given to the grid"),
                {"share": f"{100 * (1 - plan.score):.1f}"},
            )
        )  # fmt: skip
    return Answer(
        ask="supply",
        settings=_settings(locals()),
        figures=_figures(plan, currency),
        series=_series(plan, currency),
        tables=tables,
        said=tuple(told),
        limits=_LIMITS,
        own=_own(plan, currency, files),
        show=("cost_per_mwh", "score", "matched", "co2", "hours_uncovered", "curtailed", "score_price"),
        more_sources=_technology_sources(costs, [one.key for one in chosen]),
        detail=SupplyDetail(plan, currency, problem.load_mw.size * problem.step_h),
    )  # fmt: skip


_LIMITS = (
    Said("perfect_foresight", N_("The plan knows every hour of the series in advance: real operation costs more.")),
    Said("one_bus", N_("Load and plant are at one place: no line between them, no losses.")),
    Said("no_outage", N_("Outages of firm plant are spread evenly over the year; no reserve is held.")),
    Said("combustion_only", N_("CO2 of own plant is that of burning fuel; building plant and leaking gas are left out.")),
)  # fmt: skip


def _problem(
    load: float | str | Path | None, files: Sequence[str | Path], chosen: Any, given: dict[str, Any]
) -> tuple[SupplyProblem, list[Said], list[str]]:
    """The program of one set of series, and what must be said of it."""
    parts = [read_series(f) for f in files]
    constant = None
    told: list[Said] = []
    has_load = any("load_mw" in p.values for p in parts)
    if load is None and not has_load:
        load = 100.0
        told.append(Said("default.load", N_("default: a constant load of 100 MW")))
    elif load is not None and has_load:
        parts = [
            replace(p, values={k: v for k, v in p.values.items() if k != "load_mw"}) for p in parts
        ]
        parts = [p for p in parts if p.values]
        told.append(Said("load_given", N_("the load of the series is not used: another was given")))
    if load is not None:
        constant = _constant(load)
        if constant is None:
            parts.insert(0, load_of(Path(load), [p.n * p.step_h for p in parts]))  # type: ignore[arg-type]
        elif not (constant > 0 and np.isfinite(constant)):
            raise RangeError(
                _("a load must be above 0 MW, not {mw:g} MW.").format(mw=constant), "--load 100"
            )
    if given["drop_leap_day"]:
        parts = [without_leap_day(p) for p in parts]
    names = {c for p in parts for c in p.values}
    wanted = {
        f"{one.profile}_cf" for one in chosen if isinstance(one, Generator) and one.profile
    } - names
    if wanted:
        if any(c.endswith("_cf") for c in names):
            raise RangeError(
                _("the series have no column {name}.").format(name=sorted(wanted)[0]),
                _("add it to the file, or leave the technology out of --with"),
            )
        like = parts[0] if parts else None
        if given["weather"]:
            made = read_weather_profiles(given["weather"], given["latitude"], given["weather_site"])
            if like is not None and like.step_h > 1:
                made = means(made, like.step_h)
        else:
            made = _made_up(like, given["seed"], given["latitude"])
        if like is not None and like.start is not None and like.start.tzinfo is not None:
            clock = like.start.strftime("UTC%z").replace("UTC+0000", "UTC")
            told.append(
                Said("clock_of_series", N_("the times of {name} name a zone, {clock}: its first hour is {start} there, and weather begins at midnight of its own place; write the times by the clock of that place"), {"name": next(iter(like.origin.values())), "clock": clock, "start": like.start.strftime("%H:%M")})
            )  # fmt: skip
        parts.append(without_leap_day(made) if given["drop_leap_day"] else made)
    if not parts:
        parts = [HourlySeries({"load_mw": np.full(8760, constant or 1.0)}, 1.0, None, {"load_mw": "-"})]  # fmt: skip
    given_series, counted = _prices_at_least_zero(joined(parts), str(given["negative_prices"]))
    told += counted
    every = means(given_series, given["step_h"])
    told += every.said
    told += _averaged_away(given_series, every)
    values = dict(every.values)
    n = every.n
    hours = n * every.step_h
    if not 8759 <= hours <= 8785:
        told.append(
            Said("span_not_a_year", N_("the series span {hours:g} h, not a year: yearly costs are scaled to them"), {"hours": hours})
        )  # fmt: skip
    load_mw = (
        np.full(n, constant) if constant is not None else np.asarray(values["load_mw"], dtype=float)
    )
    price = values.get("price", np.full(n, float(given["price"])))
    negative = int((price < 0).sum())
    if negative:
        if given["negative_prices"] == "refuse":
            raise RangeError(
                _("the price is negative in {n} steps, lowest {low:g} per MWh in step {i}.").format(
                    n=negative, low=price.min(), i=int(price.argmin()) + 1
                ),
                _("--negative-prices keep pays the load for it, --negative-prices zero counts it as free"),
            )  # fmt: skip
        told.append(Said("negative_prices_kept", N_("in {n} steps of negative prices the grid pays the load"), {"n": negative}))  # fmt: skip
    co2 = given["grid_co2_g_per_kwh"]
    if "co2_g_per_kwh" not in values and co2 is None:
        from taotie.quantity.catalog import figure

        item = "USA" if given["costs"] == "us2030" else "EU27"
        co2 = figure(f"carbon_intensity/{item}/average_generation").p50
        told.append(
            Said("default.grid_co2", N_("default: the grid emits {value:g} g/kWh, the yearly mean of {item}"), {"value": round(co2, 1), "item": item})
        )  # fmt: skip
    clean = float(given["grid_clean"])
    if not 0 <= clean <= 1:
        raise RangeError(_("a carbon-free share of {value} leaves 0..1.").format(value=clean), _("30 % is 0.3"))  # fmt: skip
    if co2 is not None and not co2 >= 0:
        raise RangeError(_("an intensity of {value} g/kWh is negative.").format(value=co2))
    return (
        SupplyProblem(
            load_mw=load_mw,
            step_h=every.step_h,
            profiles={c[:-3]: v for c, v in values.items() if c.endswith("_cf")},
            technologies=chosen,
            grid_price=price,
            grid_co2_g_per_kwh=values.get("co2_g_per_kwh", np.full(n, float(co2 or 0.0))),
            grid_clean=values.get("clean_share", np.full(n, clean)),
            connection_mw=given["connection_mw"],
            matching=given["match"],
            most_sold=float(given["most_sold"]),
        ),
        told,
        [Path(f).name for f in files],
    )


def _constant(load: float | str | Path) -> float | None:
    """A constant load [MW], or None if it names a file."""
    if not isinstance(load, str | Path):
        return float(load)
    text = str(load)
    if not text[:1].isdigit() and text[:1] not in "+-.":
        return None
    if Path(text).suffix.lower() in (".csv", ".gz", ".json"):
        return None
    return parse_quantity(text, "MW", bare="MW", name="--load")


def _prices_at_least_zero(fine: HourlySeries, choice: str) -> tuple[HourlySeries, list[Said]]:
    """Negative prices counted as 0 where that was chosen, before anything is averaged."""
    if choice not in ("refuse", "keep", "zero"):
        raise UnknownNameError(
            _("--negative-prices {value} is not known.").format(value=repr(choice)),
            nearest(choice, ("refuse", "keep", "zero")),
        )
    price = fine.values.get("price")
    if choice != "zero" or price is None or not (price < 0).any():
        return fine, []
    n = int((price < 0).sum())
    return (
        replace(fine, values={**fine.values, "price": np.where(price < 0, 0.0, price)}),
        [Said("negative_prices_zero", N_("{n} steps of negative prices count as 0"), {"n": n})],
    )


def _averaged_away(fine: HourlySeries, coarse: HourlySeries) -> list[Said]:
    """A note where averages over longer steps hide negative prices."""
    before, after = fine.values.get("price"), coarse.values.get("price")
    if before is None or after is None or coarse.step_h <= fine.step_h:
        return []
    n, left = int((before < 0).sum()), int((after < 0).sum())
    if n * fine.step_h <= left * coarse.step_h:
        return []
    return [
        Said(
            "negative_prices_averaged",
            N_("the price is negative in {n} steps of {fine:g} h; averaged over {coarse:g} h it is in {left}: --step {fine:g} keeps each"),
            {"n": n, "fine": fine.step_h, "coarse": coarse.step_h, "left": left},
        )
    ]  # fmt: skip


def _made_up(like: HourlySeries | None, seed: int, latitude: float) -> HourlySeries:
    hours = 8760
    step = 1.0
    if like is not None:
        hours, step = round(like.n * like.step_h), like.step_h
    year = synthetic_year(seed, latitude=latitude, hours=hours)
    if step > 1:
        return means(year, step)
    if step < 1:
        n = round(1 / step)
        values = {k: np.repeat(v, n) for k, v in year.values.items()}
        return HourlySeries(values, step, None, year.origin, year.said)
    return year


@of_others(DataError)
def load_of(path: Path, spans_h: Sequence[float] = ()) -> HourlySeries:
    """The hourly load of a CSV file or of a study's `result.json`.

    Raises
    ------
    DataError
        If the file holds no load.
    """
    if path.suffix.lower() != ".json":
        found = read_series(path)
        if "load_mw" not in found.values:
            raise DataError(
                _("{path} has no column load_mw.").format(path=path),
                _("--load 100 for a constant load, --series FILE for weather"),
            )
        return HourlySeries(
            {"load_mw": found.values["load_mw"]}, found.step_h, found.start, {"load_mw": path.name}, found.said
        )  # fmt: skip
    content = read_json(path, MAX_BYTES)
    profiles = content.get("profiles") if isinstance(content, dict) else None
    rows = profiles if isinstance(profiles, dict) else {}
    for name in ("facility_load", *rows):
        one = rows.get(name)
        if isinstance(one, dict) and str(one.get("unit", "")).endswith("W") and "p50" in one:
            from taotie.quantity import unit as units

            values = np.asarray(one["p50"], dtype=float) * units.factor(one["unit"], "MW")
            step = float(one.get("step_h", 1.0))
            if not (step > 0 and np.isfinite(step) and values.size and np.isfinite(values).all()):
                raise DataError(
                    _("{path} holds no hourly load.").format(path=path),
                    _("run the study with a site, or give --load 100"),
                )
            said: tuple[Said, ...] = ()
            hours = values.size * step
            span = next(iter(spans_h), 8760.0)
            if hours < span and span % hours == 0:
                values = np.tile(values, round(span / hours))
                said = (
                    Said("load_repeated", N_("the load of {name} spans {hours:g} h and is repeated over the series"), {"name": path.name, "hours": hours}),
                )  # fmt: skip
            return HourlySeries({"load_mw": values}, step, None, {"load_mw": path.name}, said)
    raise DataError(
        _("{path} holds no hourly load.").format(path=path),
        _("run the study with a site, or give --load 100"),
    )


def _limited(chosen: Any, limits: Sequence[str]) -> Any:
    found = {one.key: one for one in chosen}
    for text in limits:
        key, sign, value = text.partition("=")
        key = key.strip().replace("-", "_")
        try:
            mw = float(value)
        except ValueError:
            mw = -1.0
        if not sign or not mw >= 0:
            raise RangeError(
                _("{text} is not a limit.").format(text=repr(text)), "--most nuclear=50"
            )
        if key not in found:
            raise UnknownNameError(
                _("{name} is not among the technologies of --with.").format(name=repr(key)),
                nearest(key, found or technology_keys()),
            )
        found[key] = replace(found[key], most_mw=mw)
    return tuple(found.values())


def _shown(value: float | None) -> float | None:
    """Twelve digits: a solver's answer is right to seven or so, and the last of seventeen depend on the machine."""
    return None if value is None else float(f"{value:.12g}")


def _sizes(plan: SupplyPlan) -> Table:
    rows = [
        (k, *map(_shown, (mw, plan.charge_mw.get(k), plan.size_mwh.get(k), plan.made_mwh.get(k))))
        for k, mw in plan.size_mw.items()
    ]
    columns = (
        Column("technology", "", N_("technology"), technology_name), Column("mw", "MW", N_("size")), Column("charge_mw", "MW", N_("charging")),
        Column("mwh", "MWh", N_("room")), Column("made_mwh", "MWh", N_("made")),
    )  # fmt: skip
    return Table(columns, tuple(rows), N_("Sizes"))


def _energy_of(plan: SupplyPlan) -> dict[str, float]:
    dt = plan.problem.step_h
    losses = sum(
        float((plan.charging_mw[k].sum() - plan.discharging_mw[k].sum()) * dt) for k in plan.charging_mw
    )  # fmt: skip
    return {
        "load_mwh": plan.load_mwh,
        "grid_mwh": plan.import_mwh,
        "sold_mwh": plan.sold_mwh,
        "curtailed_mwh": plan.curtailed_mwh,
        "lost_in_stores_mwh": losses,
        **{f"{k}_mwh": v for k, v in plan.made_mwh.items()},
    }


def _energy(plan: SupplyPlan) -> Table:
    columns = (Column("flow", "", N_("flow"), flow_word), Column("mwh", "MWh", N_("energy")))
    rows = tuple((flow, _shown(mwh)) for flow, mwh in _energy_of(plan).items())
    return Table(columns, rows, N_("Energy of the span"))


_ROW = (
    Column("supply", "", N_("supply"), supply_word), Column("score", "1", N_("carbon-free by hour")), Column("matched", "1", N_("carbon-free over the year")),
    Column("cost_per_mwh", "", N_("cost of a MWh")), Column("co2_g_per_kwh", "g/kWh", "CO2"), Column("hours_uncovered", "h", N_("hours uncovered")),
    Column("curtailed_mwh", "MWh", N_("curtailed")),
)  # fmt: skip


def _row(name: str, plan: SupplyPlan) -> tuple[Any, ...]:
    found = (
        plan.score, plan.matched, plan.cost_per_mwh, plan.co2_g_per_kwh, plan.hours_uncovered, plan.curtailed_mwh,
    )  # fmt: skip
    return (name, *map(_shown, found))


def _compared(p: SupplyProblem, plan: SupplyPlan, currency: str, score: float | None) -> Table:
    """The grid alone, matched over the year, matched by the hour."""
    goal = plan.score if score is None else score
    rows = []
    if p.connection_mw is None or p.connection_mw >= p.load_mw.max():
        alone = replace(p, technologies=(), matching="hourly")
        rows.append(_row("grid", solve_supply(alone, 0.0)))
    rows.append(
        _row("annual", plan if p.matching == "annual" else solve_supply(replace(p, matching="annual"), goal))
    )  # fmt: skip
    rows.append(
        _row("hourly", plan if p.matching == "hourly" else solve_supply(replace(p, matching="hourly"), goal))
    )  # fmt: skip
    return Table(_ROW, tuple(rows), N_("Matched over the year or by the hour"))


def _curve(p: SupplyProblem, currency: str, told: list[Said]) -> Table:
    rows = []
    for goal in CURVE:
        try:
            rows.append(_row(f"{goal:g}", solve_supply(p, goal)))
        except RangeError as error:
            told.append(Said("curve_ends", N_("no point at a score of {score:g}: {why}"), {"score": goal, "why": error.message}))  # fmt: skip
            break
    return Table(_ROW, tuple(rows), N_("Cost by score"))


def _figures(plan: SupplyPlan, currency: str) -> dict[str, Any]:
    note = N_("least-cost mix of the series, HiGHS")
    energy = plan.load_mwh

    def one(key: str, value: float, unit: str, label: str, boundary: str | None = None) -> Any:
        return computed(f"supply.{key}", value, unit, label, note, boundary)

    figures = {
        "cost_per_mwh": one("cost_per_mwh", plan.cost_per_mwh, f"{currency}/MWh", N_("cost of a MWh of the load"), "facility"),
        "score": one("score", 100 * plan.score, "%", N_("carbon-free by the hour")),
        "matched": one("matched", 100 * plan.matched, "%", N_("carbon-free over the year")),
        "co2": one("co2", plan.co2_g_per_kwh, "gCO2e/kWh", N_("CO2 of what the load uses"), "facility"),
        "hours_uncovered": one("hours_uncovered", plan.hours_uncovered, "h", N_("hours with power that is not carbon-free")),
        "load": one("load", energy, "MWh", N_("energy of the load"), "facility"),
        "grid": one("grid", plan.import_mwh, "MWh", N_("taken from the grid"), "facility"),
        "curtailed": one("curtailed", plan.curtailed_mwh, "MWh", N_("curtailed")),
    }  # fmt: skip
    if np.isfinite(plan.score_price):
        figures["score_price"] = one("score_price", plan.score_price, f"{currency}/MWh", N_("what one more carbon-free MWh costs"))  # fmt: skip
    for key, mw in plan.size_mw.items():
        figures[f"{key}_mw"] = one(f"{key}_mw", mw, "MW", _size_label(key))
    for key, mwh in plan.size_mwh.items():
        figures[f"{key}_mwh"] = one(f"{key}_mwh", mwh, "MWh", _room_label(key))
    return figures


_SIZE = {
    "wind": N_("size of wind"), "pv": N_("size of solar"), "nuclear": N_("size of nuclear"), "geothermal": N_("size of geothermal"),
    "gas": N_("size of gas"), "gas_ccs": N_("size of gas with capture"), "battery": N_("power of the battery"),
    "iron_air": N_("power of the iron-air store"), "hydrogen": N_("power of the hydrogen store"),
}  # fmt: skip
_ROOM = {
    "battery": N_("room of the battery"), "iron_air": N_("room of the iron-air store"), "hydrogen": N_("room of the hydrogen store"),
}  # fmt: skip


def _size_label(key: str) -> str:
    return _SIZE.get(key, key)


def _room_label(key: str) -> str:
    return _ROOM.get(key, key)


def _series(plan: SupplyPlan, currency: str) -> dict[str, Series]:
    step = plan.problem.step_h
    power = {"load": plan.problem.load_mw, "grid": plan.import_mw, "sold": plan.sold_mw, "curtailed": plan.curtailed_mw}  # fmt: skip
    power |= dict(plan.output_mw)
    power |= {f"{k}_charging": v for k, v in plan.charging_mw.items()}
    power |= {f"{k}_discharging": v for k, v in plan.discharging_mw.items()}
    found = {
        "power": Series("MW", step, power, "facility", label=N_("power by step")),
        "price": Series(f"{currency}/MWh", step, {"dual": plan.price}, label=N_("what one more MWh costs")),
    }  # fmt: skip
    if plan.stored_mwh:
        found["stored"] = Series("MWh", step, dict(plan.stored_mwh), label=N_("stored energy"))
    return found


def _own(plan: SupplyPlan, currency: str, files: list[str]) -> dict[str, Any]:
    price = plan.price
    return {
        "score": plan.score,
        "matched": plan.matched,
        "cost_per_mwh": plan.cost_per_mwh,
        "currency": currency,
        "sizes": {k: {"mw": mw, "mwh": plan.size_mwh.get(k)} for k, mw in plan.size_mw.items()},
        "energy": _energy_of(plan),
        "co2_g_per_kwh": plan.co2_g_per_kwh,
        "hours_uncovered": plan.hours_uncovered,
        "duals": {
            "score": plan.score_price,
            "balance": {
                "mean": float((price * plan.problem.load_mw).sum() / plan.problem.load_mw.sum()),
                "low": float(price.min()),
                "high": float(price.max()),
            },
        },
        "read": files,
    }


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    names = (
        "load", "series", "with_", "score", "cost", "match", "costs", "rate", "price", "grid_co2_g_per_kwh", "grid_clean",
        "connection_mw", "most_sold", "step_h", "most_mw", "negative_prices", "drop_leap_day", "seed", "latitude",
    )  # fmt: skip
    found = {name.rstrip("_"): given[name] for name in names}
    for name in ("series",):
        found[name] = [Path(f).name for f in found[name]]
    if isinstance(found["load"], Path):
        found["load"] = found["load"].name
    found["weather"] = Path(given["weather"]).name if given["weather"] else None
    return found


def _technology_sources(costs: str, keys: Sequence[str]) -> dict[str, Any]:
    from taotie.quantity.catalog import source, table

    cells = table("supply_technologies").cells
    used = {row["source"] for (item, _q), row in cells.items() if item in {f"{costs}.{k}" for k in keys}}  # fmt: skip
    return {key: source(key).to_dict() for key in sorted(used)}


def _many(
    problems: list[SupplyProblem], names: list[str], told: list[Said], given: dict[str, Any]
) -> Answer:
    """Several years or sites: a row each."""
    from taotie.grid.supply.many import solve_many

    plans = solve_many(problems, given["score"], given["cost"], given["cluster"])
    currency = currency_of(given["costs"])
    columns = (*_ROW, *(Column(f"{k}_mw", "MW", words=size_word) for k in plans[0].size_mw))
    rows = [
        (*_row(name, plan), *plan.size_mw.values()) for name, plan in zip(names, plans, strict=True)
    ]
    settings = _settings(given)
    settings["sites"] = names
    energy = sum(plan.load_mwh for plan in plans)
    mean = sum(plan.cost_per_mwh * plan.load_mwh for plan in plans) / energy
    worst = max(plan.cost_per_mwh for plan in plans)
    figures = {
        "cost_per_mwh": computed("supply.cost_per_mwh", mean, f"{currency}/MWh", N_("cost of a MWh of the load"), "mean of the sites, by energy", "facility"),
        "highest_cost": computed("supply.highest_cost", worst, f"{currency}/MWh", N_("highest cost among them"), "highest of the sites", "facility"),
    }  # fmt: skip
    return Answer(
        ask="supply",
        settings=settings,
        figures=figures,
        tables={"sites": Table(columns, tuple(rows), N_("Years or sites, each supplied alone"))},
        said=tuple(told),
        limits=_LIMITS,
        own={
            "cost_per_mwh": mean,
            "currency": currency,
            "sites": [
                {"name": name, **_own(plan, currency, [name])}
                for name, plan in zip(names, plans, strict=True)
            ],
        },
        more_sources=_technology_sources(given["costs"], list(plans[0].size_mw)),
    )
