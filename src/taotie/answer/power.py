"""When is power there at one site, and what does waiting emit? [MW, a, t]"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.errors import DataError, RangeError, UnknownNameError, nearest
from taotie.files.read import read_text, table_dicts
from taotie.fleet.time_to_power import energised_mw, power_option, power_options
from taotie.grid.coal_delay import coal_delay_t
from taotie.quantity.catalog import figure, source
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["CASES", "power"]

CASES: Mapping[str, tuple[dict[str, list[float]], float, tuple[str, ...]]] = {
    "palisades": ({"nuclear_restart": [800.0]}, 800.0, ("doe2024_palisades",)),
    "crane": ({"nuclear_restart": [835.0]}, 835.0, ()),
    "helion": ({"fusion": [50.0]}, 50.0, ("helion2023",)),
}
"""Restart of Palisades (800 MW) and Crane (835 MW), and the 50 MW that Helion sold."""


def option_word(key: str) -> str:
    """A way to get power in the language in force."""
    return power_option(key).name


@answers_with("power")
def power(
    options: Sequence[str] = (),
    *,
    need_mw: float | None = None,
    need_file: str | Path | None = None,
    case: str | None = None,
    years: int = 12,
    by_year: float = 5.0,
    coal_mw: float = 0.0,
    coal_years: float = 1.0,
    coal_factor: float = 0.5,
    seed: int = 0,
    samples: int = 10_000,
) -> Answer:
    """The fan of energised MW of one site beside its need.

    Parameters
    ----------
    options : sequence of str
        Such as ``grid_queue=100``; the same key again is another project.
    need_mw : float, optional
        Constant need. [MW]
    need_file : path, optional
        CSV with year and mw, years counted from the decision.
    case : str, optional
        One of `CASES` instead.
    years : int
        [a]
    by_year : float
        For which the chance is told. [a]
    coal_mw, coal_years, coal_factor : float
        A coal plant that runs on meanwhile: size [MW], years [a], capacity factor [1].
    samples, seed : int

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    told: list[Said] = []
    more: tuple[str, ...] = ()
    portfolio: dict[str, list[float]] = {}
    if case is not None:
        if case not in CASES:
            raise UnknownNameError(
                _("{name} is not a case.").format(name=repr(case)), nearest(case, CASES)
            )
        given, need, more = CASES[case]
        portfolio = {k: list(v) for k, v in given.items()}
        need_mw = need if need_mw is None else need_mw
    for text in options:
        key, mw = _option(text)
        portfolio.setdefault(key, []).append(mw)
    if not portfolio:
        raise RangeError(_("no way to get power is named."), f"--option grid_queue=100 ({', '.join(power_options())})")  # fmt: skip
    if not 1 <= years <= 60:
        raise RangeError(_("{years} years are outside 1 to 60.").format(years=years))
    if not 100 <= samples <= 1_000_000:
        raise RangeError(_("samples={n} is outside 100 to 1000000.").format(n=samples))
    if not 0 <= by_year <= years:
        raise RangeError(
            _("the chance by year {by:g} is asked, and {years} years are looked at.").format(
                by=by_year, years=years
            ),
            f"--by {min(max(by_year, 1), 60):g} --years {min(max(math.ceil(by_year), 1), 60)}",
        )
    total = sum(sum(v) for v in portfolio.values())
    when = np.arange(0, years + 1, dtype=float)
    need_by_year = _need(need_mw, need_file, when, told)
    if need_by_year is None:
        need_by_year = np.full(when.size, total)
        told.append(Said("default.need", N_("default: the need is the {mw:g} MW asked for"), {"mw": total}))  # fmt: skip
    draws = energised_mw(portfolio, when, np.random.default_rng(seed), samples)
    p05, p50, p95 = np.percentile(draws, [5, 50, 95], axis=0)
    met = (draws >= need_by_year - 1e-9).mean(axis=0)
    short = np.maximum(need_by_year - draws, 0.0).mean(axis=0)
    at = int(np.argmin(abs(when - by_year)))
    first = np.where((draws >= need_by_year - 1e-9).any(axis=1), (draws >= need_by_year - 1e-9).argmax(axis=1), np.inf)  # fmt: skip
    half = float(np.median(first))
    rows = tuple(
        (float(when[i]), float(need_by_year[i]), float(p05[i]), float(p50[i]), float(p95[i]), float(draws[:, i].mean()), float(met[i]), float(short[i]))
        for i in range(when.size)
    )  # fmt: skip
    columns = (
        Column("year", "a", N_("years since the decision")), Column("need_mw", "MW", N_("need")), Column("p05_mw", "MW", "5 %"),
        Column("p50_mw", "MW", "50 %"), Column("p95_mw", "MW", "95 %"), Column("mean_mw", "MW", N_("mean")),
        Column("met", "1", N_("chance that the need is met")), Column("short_mw", "MW", N_("missing, mean")),
    )  # fmt: skip
    each = tuple(
        (key, len(sizes), sum(sizes), *option.success_range, *option.delay_range, option.earliest)
        for key, sizes in portfolio.items()
        for option in [power_option(key)]
    )
    option_columns = (
        Column("option", "", N_("way"), option_word), Column("projects", "1", N_("projects")), Column("mw", "MW", N_("asked for")),
        Column("success_low", "1", N_("success, low")), Column("success_high", "1", N_("success, high")), Column("delay_low", "a", N_("delay, low")),
        Column("delay_high", "a", N_("delay, high")), Column("earliest", "a", N_("not before")),
    )  # fmt: skip
    note = N_("success times lognormal delay of each project, drawn")
    figures = {
        "met": computed("power.met", 100 * float(met[at]), "%", N_("chance that the need is met by then"), note, kind="assumed"),
        "median": computed("power.median", float(p50[at]), "MW", N_("median power by then"), note, "grid", kind="assumed"),
        "mean": computed("power.mean", float(draws[:, at].mean()), "MW", N_("mean power by then"), note, "grid", kind="assumed"),
        "short": computed("power.short", float(short[at]), "MW", N_("missing by then, mean"), note, "grid", kind="assumed"),
    }  # fmt: skip
    if math.isfinite(half):
        figures["half"] = computed(
            "power.half", half, "a", N_("years until an even chance"), note, kind="assumed"
        )
    else:
        told.append(Said("never_even", N_("within {years} years the chance never gets even"), {"years": years}))  # fmt: skip
    own: dict[str, Any] = {
        "years": when.tolist(), "need_mw": need_by_year.tolist(), "p05_mw": p05.tolist(), "p50_mw": p50.tolist(), "p95_mw": p95.tolist(),
        "mean_mw": draws.mean(axis=0).tolist(), "met": met.tolist(), "median_year": half if math.isfinite(half) else None,
    }  # fmt: skip
    if coal_mw > 0:
        coal = figure("pypsa_technology_data2024.coal_plant_emission_factor")
        gas = figure("pypsa_technology_data2024.gas_combined_cycle_emission_factor")
        net = float(coal_delay_t(coal_mw, coal_years, coal_factor, coal.p50, gas.p50))
        gross = float(coal_delay_t(coal_mw, coal_years, coal_factor, coal.p50, 0.0))
        figures["coal_net"] = computed("power.coal_net", net, "tCO2e", N_("emitted by the coal plant that runs on, net of gas"), "combustion only")  # fmt: skip
        figures["coal_gross"] = computed("power.coal_gross", gross, "tCO2e", N_("the same, gross"), "combustion only")  # fmt: skip
        own["coal_t"] = {"net_of_gas": net, "gross": gross, "mw": coal_mw, "years": coal_years, "capacity_factor": coal_factor}  # fmt: skip
    return Answer(
        ask="power",
        settings={
            "options": {k: list(v) for k, v in portfolio.items()}, "need_mw": need_mw, "need_file": Path(need_file).name if need_file else None,
            "case": case, "years": years, "by_year": by_year, "coal_mw": coal_mw, "coal_years": coal_years, "coal_factor": coal_factor,
            "seed": seed, "samples": samples,
        },
        figures=figures,
        tables={"fan": Table(columns, rows, N_("Power by year")), "options": Table(option_columns, each, N_("Ways to get power"))},
        said=tuple(told),
        limits=(
            Said("assumed_delays", N_("Chances and delays are assumptions: the table names each; projects of one kind share an unknown chance.")),
            Said("nameplate", N_("Megawatts are nameplate: a plant is not there in every hour.")),
        ),
        own=own,
        show=tuple(figures),
        more_sources={k: source(k).to_dict() for k in ("taotie_fleet2026", *more, *(("pypsa_technology_data2024",) if coal_mw > 0 else ()))},
    )  # fmt: skip


def _option(text: str) -> tuple[str, float]:
    key, sign, value = text.partition("=")
    key = key.strip().replace("-", "_")
    try:
        mw = float(value)
    except ValueError:
        mw = float("nan")
    if not sign or not (mw > 0 and math.isfinite(mw)):
        raise RangeError(_("{text} is not a way with its MW.").format(text=repr(text)), "--option grid_queue=100")  # fmt: skip
    power_option(key)
    return key, mw


def _need(mw: float | None, path: str | Path | None, when: Any, told: list[Said]) -> Any:
    if path is None:
        if mw is None:
            return None
        if not (mw >= 0 and math.isfinite(mw)):
            raise RangeError(
                _("a need must be above 0 MW, not {mw:g} MW.").format(mw=mw), "--need 100"
            )
        return np.full(when.size, float(mw))
    place = Path(path)
    text = read_text(place)
    try:
        rows = list(table_dicts(text, place))
        years = np.array([float(r["year"]) for r in rows])
        need = np.array([float(r["mw"]) for r in rows])
    except (KeyError, ValueError) as error:
        raise DataError(
            _("{path} is no need by year: {why}.").format(path=place, why=reason(error)[:80]),
            _("columns year (from the decision) and mw"),
        ) from None
    if years.size < 1 or not (np.diff(years) > 0).all() or not (np.isfinite(need) & (need >= 0) & np.isfinite(years)).all():  # fmt: skip
        raise DataError(_("{path}: years must rise and no need is negative.").format(path=place))
    if years[0] > when[0] or years[-1] < when[-1]:
        told.append(
            Said(
                "need_beyond_file",
                N_("{file} tells the need of the years {first:g} to {last:g}: before and after, that of its nearer end counts"),
                {"file": place.name, "first": float(years[0]), "last": float(years[-1])},
            )
        )  # fmt: skip
    return np.interp(when, years, need)
