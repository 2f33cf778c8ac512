"""How much power and electricity will the AI fleet take? By year, with ranges and what they come from. [GW, TWh/a]

Additions of chip power go on as `growth.py` draws them, chips retire, and host, utilization and PUE come on top.
`backtest.py` says how good such a forecast was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.facility.pue import checked_pue
from taotie.fleet.growth import FORMS, GrowthPrior, addition_paths
from taotie.fleet.published_models import SCOPES
from taotie.fleet.stock import (
    LIFE_SPREAD,
    alive,
    chip_stock,
    installed_power,
    makers,
    quarterly_additions,
)
from taotie.quantity.catalog import figure, source
from taotie.quantity.distribution import Z90
from taotie.quantity.figure import Figure, exact
from taotie.quantity.lift import lifted
from taotie.quantity.sampling import generator
from taotie.quantity.sensitivity import Drivers, drivers
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "FleetForecast",
    "FleetScenario",
    "Quarter",
    "Swing",
    "counted_quarters",
    "fleet_forecast",
    "ratio_at_rank",
    "server_energy_twh",
]

Floats = npt.NDArray[np.float64]
FIRST_YEAR, LAST_YEAR = 2024, 2050
_N_RANK = 501  # points at which a path's quantile function is kept


@dataclass(frozen=True)
class FleetScenario:
    """What a forecast assumes; see `scenario.py` for reading one from a file.

    Attributes
    ----------
    overhead, utilization, pue : Figure
        Server over chip rating; mean over rated draw of a server; facility over IT. [1]
    mean_life : (float, float)
        Uniform range of the mean life of a chip. [a]
    power_limit : (float, float) or None
        90 % range of the rated power that can be added in a year; None for the catalogue's. [GW/a]
    limited : bool
        Do packaging and power limit additions at all?
    forms : tuple of str
        Of `FORMS`.
    """

    name: str = "default"
    horizon: int = 2035
    makers: tuple[str, ...] = ()
    correlated: bool = False
    overhead: Figure | None = None
    utilization: Figure | None = None
    pue: Figure | None = None
    mean_life: tuple[float, float] | None = None
    power_limit: tuple[float, float] | None = None
    limited: bool = True
    forms: tuple[str, ...] = FORMS
    prior: GrowthPrior = field(default_factory=GrowthPrior)


@dataclass(frozen=True)
class Swing:
    """What one factor alone does.

    Attributes
    ----------
    low, middle, high : float
        With the factor at its 5 %, 50 % and 95 % point. [TWh/a]
    """

    key: str
    low: float
    middle: float
    high: float
    factor: Figure


@dataclass(frozen=True)
class FleetForecast:
    """Power and electricity of the AI fleet by year, one series a scope; scopes are never mixed.

    Attributes
    ----------
    years : tuple of int
    scopes : dict of str to tuple of Figure
        `ai_chips_rated`: chips in service at the end of the year, at rated power [GW, accelerator]. `ai_servers`
        and `ai_facilities`: electricity of the year [TWh/a, server and facility].
    weights : dict of str to float
        Share of the paths that follow each form of growth. [1]
    last_known : date
        End of the last quarter that was counted; later years are forecast.
    factors : dict of str to Figure
        What the series are products of.
    ratios : dict of str to ndarray, shape (year, rank)
        Quantiles of the stock over the last one counted, at the `end` and in the `mean` of each year. [1]
    """

    scenario: FleetScenario
    years: tuple[int, ...]
    scopes: dict[str, tuple[Figure, ...]]
    weights: dict[str, float]
    last_known: date
    factors: dict[str, Figure]
    ratios: dict[str, Floats]

    def at(self, scope: str, year: int) -> Figure:
        """One figure.

        Raises
        ------
        RangeError
            If there is no such year or scope.
        """
        if scope not in self.scopes or year not in self.years:
            raise RangeError(
                _("no {scope} of {year} in this forecast.").format(scope=repr(scope), year=year),
                _("{scopes}; {first} to {last}").format(
                    scopes=listing(self.scopes), first=self.years[0], last=self.years[-1]
                ),
            )
        return self.scopes[scope][self.years.index(year)]

    def fan(self) -> dict[str, Floats]:
        """5, 50 and 95 % points of every series, shape (3, year), of the draws the figures have.

        The same numbers as `figure.value` of each, made in one walk over the draws: a million take a second or
        two, where asking each figure takes five times as long.
        """
        factor = {k: np.asarray(f.samples) for k, f in self.factors.items()}
        n = max(f.size for f in factor.values())
        place = np.broadcast_to(factor["growth_path"], n) * (_N_RANK - 1)
        cell = np.minimum(place.astype(np.int32), _N_RANK - 2)
        place = place - cell
        level = np.broadcast_to(factor["level"], n)
        server = level * (factor["overhead"] * factor["utilization"] * 8.76)
        facility = server * factor["pue"]
        times = {"ai_chips_rated": level, "ai_servers": server, "ai_facilities": facility}
        # the order statistics beside each point, as numpy.percentile interpolates between them
        at = np.array([0.05, 0.5, 0.95]) * (n - 1)
        below = np.floor(at).astype(int)
        above = np.minimum(below + 1, n - 1)
        wanted = np.unique(np.concatenate([below, above]))
        out = {scope: np.empty((3, len(self.years))) for scope in self.scopes}
        ratio, values = np.empty(n), np.empty(n)
        for i in range(len(self.years)):
            for when, scopes in (
                ("end", ("ai_chips_rated",)),
                ("mean", ("ai_servers", "ai_facilities")),
            ):
                points = self.ratios[when][i]
                np.take(np.diff(points), cell, out=ratio)
                np.multiply(ratio, place, out=ratio)
                np.take(points, cell, out=values)
                np.add(ratio, values, out=ratio)
                for scope in scopes:
                    np.multiply(ratio, times[scope], out=values)
                    values.partition(wanted)
                    low, high = values[below], values[above]
                    out[scope][:, i] = low + (high - low) * (at - below)
        return out

    def tornado(self, year: int | None = None) -> list[Swing]:
        """What one factor alone does to a year's electricity, widest first: it at its ends, the others in the middle.

        Unlike variance shares these are in TWh/a, and leave out what factors do together.
        """
        i = self.years.index(year or self.years[-1])
        points = self.ratios["mean"][i]
        middle = {k: f.p50 for k, f in self.factors.items()}

        def energy(**changed: float) -> float:
            f = middle | changed
            ratio = float(ratio_at_rank(f["growth_path"], points))
            return f["level"] * ratio * f["overhead"] * f["utilization"] * f["pue"] * 8.76

        swings = [
            Swing(key, energy(**{key: one.p05}), energy(), energy(**{key: one.p95}), one)
            for key, one in self.factors.items()
        ]
        return sorted(swings, key=lambda s: s.low - s.high)

    def drivers(
        self, year: int | None = None, n: int = 2048, scope: str = "ai_facilities"
    ) -> Drivers:
        """Which factor the spread of a year's electricity, or of its rated power, comes from."""
        return drivers(self.at(scope, year or self.years[-1]), n)

    @property
    def today(self) -> int:
        """The year in which the last count was published: counted up to its beginning, foreseen to its end."""
        return min(int(source("epoch2026_chip_counts").date[:4]), self.years[-1])


@lifted(rank="1", returns="1", boundary=None)
def ratio_at_rank(rank: Any, quantiles: Any) -> Any:
    """Stock over the last one counted, at a rank among all drawn paths.

    Notes
    -----
    ``r = Q(rank)``, linear between quantiles

    Examples
    --------
    >>> float(ratio_at_rank(0.25, [1.0, 2.0, 5.0]))
    1.5
    """
    values = np.asarray(quantiles, dtype=np.float64)
    place = np.asarray(rank, dtype=np.float64) * (values.size - 1)
    cell = np.minimum(place.astype(np.intp), values.size - 2)
    low = values[cell]
    return low + (place - cell) * (values[cell + 1] - low)


@lifted(
    rated="GW", overhead="1", utilization="1", returns="TWh/a", boundary="server",
    expects={"rated": "accelerator"},
)  # fmt: skip
def server_energy_twh(rated: Any, overhead: Any, utilization: Any) -> Any:
    """Yearly electricity of servers from the rated power of their chips.

    Parameters
    ----------
    rated : array_like
        Rated power of the chips in service, mean of the year. [GW]
    overhead : array_like
        Rated power of a server over that of its chips, at least 1. [1]
    utilization : array_like
        Mean draw of a server over its rated power, within 0..1. [1]

    Returns
    -------
    energy_twh : ndarray
        [TWh/a]

    Raises
    ------
    RangeError
        If `utilization` leaves 0..1 or `overhead` is below 1.

    Notes
    -----
    ``E = P h u 8.76``; `utilization` is relative to the server's rating: no partial-use factor comes on top.

    Examples
    --------
    All chips of the end of 2025 at their rating, without host:

    >>> round(float(server_energy_twh(12.387, 1.0, 1.0)), 1)
    108.5
    """
    use = np.asarray(utilization, dtype=np.float64)
    host = np.asarray(overhead, dtype=np.float64)
    if not ((use >= 0) & (use <= 1)).all():
        raise RangeError(
            _("utilization={value} is outside 0..1.").format(
                value=float(use.max() if use.max() > 1 else use.min())
            ),
            _("70 % is 0.7"),
        )
    if not (host >= 1).all():
        raise RangeError(
            _("overhead={value} is below 1: a server draws at least what its chips do.").format(
                value=float(host.min())
            )
        )
    return np.asarray(rated, dtype=np.float64) * host * use * 8.76


@dataclass(frozen=True)
class Quarter:
    """One counted quarter.

    Attributes
    ----------
    end : date
    rated : Figure
        Chips in service at its end, at rated power. [GW, accelerator]
    energy : Figure
        Electricity of the quarter with buildings. [TWh, facility]
    """

    end: date
    rated: Figure
    energy: Figure


def counted_quarters(
    chosen: Sequence[str] | None = None, mean_life_a: float = 5.0
) -> list[Quarter]:
    """Power and electricity of the fleet by quarter, as far as chips are counted.

    Parameters
    ----------
    chosen : sequence of str, optional
        Makers; default: all. Quarters in which one of them is not counted yet are left out.
    mean_life_a : float
        Mean life of a chip. [a]

    Returns
    -------
    quarters : list of Quarter

    Examples
    --------
    >>> rows = counted_quarters()
    >>> str(rows[0].end), str(rows[-1].end), round(sum(r.energy.p50 for r in rows[-4:]))
    ('2024-06-30', '2025-12-31', 85)
    """
    names = tuple(chosen) if chosen is not None else tuple(makers())
    dates, added = _history(names)
    stock = alive(added, mean_life_a) / added.sum()
    first = max(chip_stock(m).dates[0] for m in names)
    level = installed_power(dates[-1], names).to("GW")
    overhead, utilization, pue = (
        figure(f"taotie_fleet2026.{k}") for k in ("overhead", "utilization", "pue")
    )
    rows = []
    for i, end in enumerate(dates):
        if end <= first or i == 0:
            continue
        mean = level * float(0.5 * (stock[i - 1] + stock[i]))
        yearly: Figure = server_energy_twh(mean, overhead, utilization)
        energy = (yearly * exact(0.25, "a")).to("TWh").at_boundary("facility", pue)
        rows.append(Quarter(end, level * float(stock[i]), energy))
    return rows


def _history(chosen: Sequence[str]) -> tuple[tuple[date, ...], Floats]:
    """Ends of quarters and additions of all chosen makers together, while a maker is not counted it is 0."""
    stocks = [chip_stock(m) for m in chosen]
    last = min(s.dates[-1] for s in stocks)
    dates = sorted({d for s in stocks for d in s.dates if d <= last})
    added = np.zeros(len(dates))
    for stock in stocks:
        for when, amount in zip(
            stock.dates, quarterly_additions(stock.rated_power_mw[:, 1]), strict=True
        ):
            if when <= last:
                added[dates.index(when)] += amount
    return tuple(dates), added


def _supply_limit_mw(
    rng: np.random.Generator,
    n_path: int,
    n_ahead: int,
    power_limit: tuple[float, float],
    last_year_mw: float,
) -> Floats:
    """Most that can be added in each quarter: the lower of packaging and power, shape (path, quarter)."""

    def lognormal(low: float, high: float) -> Floats:
        z = rng.normal(size=n_path) * np.log(high / low) / (2 * Z90)
        return np.sqrt(low * high) * np.exp(z)

    power = lognormal(*power_limit) * 1e3 / 4.0
    first = lognormal(*_ends("taotie_fleet2026.packaging_first")) * last_year_mw / 4.0
    growth = rng.uniform(*_ends("taotie_fleet2026.packaging_growth"), n_path)
    later = np.maximum(np.arange(1, n_ahead + 1) - 4, 0) / 4.0  # years after the first
    packaging = first[:, None] * (1.0 + growth)[:, None] ** later
    return np.minimum(power[:, None], packaging)


@lru_cache(maxsize=16)
def _ratios(
    chosen: tuple[str, ...],
    n_year: int,
    mean_life: tuple[float, float],
    power_limit: tuple[float, float] | None,
    forms: tuple[str, ...],
    prior: GrowthPrior,
    seed: int,
) -> tuple[date, int, Floats, Floats, dict[str, float]]:
    """Quantiles of stock at year's end and mean stock of the year, over the stock last counted.

    Shapes (n_year, _N_RANK), from `FIRST_YEAR` on.
    """
    dates, added = _history(chosen)
    last = dates[-1]
    n_path = 4096
    rng = generator("fleet forecast", seed)
    n_ahead = 4 * (FIRST_YEAR + n_year - 1 - last.year) + (12 - last.month) // 3
    limit = None
    if power_limit is not None:
        limit = _supply_limit_mw(rng, n_path, n_ahead, power_limit, float(added[-4:].sum()))
    first_common = max(chip_stock(m).dates[0] for m in chosen)
    whole = added[dates.index(first_common) + (1 if len(chosen) > 1 else 0) :]
    paths = addition_paths(whole, n_ahead, rng, n_path, limit=limit, forms=forms, prior=prior)
    life = rng.uniform(*mean_life, n_path)
    everything = np.concatenate(
        [np.broadcast_to(added, (n_path, added.size)), paths.additions], axis=1
    )
    stock = alive(everything, life, LIFE_SPREAD) / added.sum()
    first = dates.index(date(FIRST_YEAR - 1, 12, 31))  # year's end before the first year
    ends = stock[:, first::4][:, : n_year + 1]
    inner = sum(stock[:, first + k :: 4][:, :n_year] for k in (1, 2, 3))
    mean = (0.5 * ends[:, :-1] + inner + 0.5 * ends[:, 1:]) / 4.0
    points = np.linspace(0.0, 1.0, _N_RANK)
    at_end = np.quantile(ends[:, 1:], points, axis=0).T
    in_year = np.quantile(mean, points, axis=0).T
    return last, added.size, at_end, in_year, paths.weights


def fleet_forecast(scenario: FleetScenario | None = None, seed: int = 20240409) -> FleetForecast:
    """Power and electricity of the AI fleet to a year.

    Parameters
    ----------
    scenario : FleetScenario, optional
        Default: all makers, the catalogue's assumptions, to 2035.
    seed : int
        Seed of the growth paths; the draws of the figures follow the sampling in force.

    Returns
    -------
    forecast : FleetForecast

    Raises
    ------
    RangeError
        If the horizon lies before the history, the PUE range begins below 1, or utilization leaves 0..1.

    Notes
    -----
    Makers are independent unless the scenario says otherwise; utilization, overhead, PUE and growth are independent
    of each other; one rank orders the growth paths for all years. Chips never counted (other makers, before 2022)
    are missing, so early years are low.

    Examples
    --------
    >>> made = fleet_forecast(FleetScenario(horizon=2026))
    >>> low, high = made.at("ai_facilities", 2025).p05, made.at("ai_facilities", 2025).p95
    >>> bool(50 < low < 100 < high < 160)
    True
    """
    chosen = scenario or FleetScenario()
    names = chosen.makers or tuple(makers())
    last = min(chip_stock(m).dates[-1] for m in names)
    if not last.year < chosen.horizon <= LAST_YEAR:
        raise RangeError(
            _("horizon={year} is not after {last} and up to {most}.").format(
                year=chosen.horizon, last=last.year, most=LAST_YEAR
            ),
            _("history ends at {date}; forecasts begin after it").format(date=last),
        )
    overhead = chosen.overhead or figure("taotie_fleet2026.overhead")
    utilization = chosen.utilization or figure("taotie_fleet2026.utilization")
    pue = chosen.pue or figure("taotie_fleet2026.pue")
    checked_pue(np.min(pue.samples))
    life = chosen.mean_life or _ends("taotie_fleet2026.mean_life")
    limit = None
    if chosen.limited:
        limit = chosen.power_limit or _ends("taotie_fleet2026.power_limit")
    years = tuple(range(FIRST_YEAR, chosen.horizon + 1))
    last, _n, at_end, in_year, weights = _ratios(
        names, len(years), life, limit, tuple(chosen.forms), chosen.prior, seed
    )
    rank = figure("taotie_fleet2026.growth_path")
    level = installed_power(last, names, chosen.correlated).to("GW")
    rated: list[Figure] = []
    servers: list[Figure] = []
    facilities: list[Figure] = []
    for i, year in enumerate(years):
        kind = "modelled" if year <= last.year else "forecast"
        end: Figure = level * ratio_at_rank(rank, at_end[i])
        mean: Figure = level * ratio_at_rank(rank, in_year[i])
        energy: Figure = server_energy_twh(mean, overhead, utilization)
        for series, one in (
            (rated, end),
            (servers, energy),
            (facilities, energy.at_boundary("facility", pue)),
        ):
            series.append(one.of_kind(kind))
    scopes = {"ai_chips_rated": rated, "ai_servers": servers, "ai_facilities": facilities}
    named = {
        scope: tuple(
            f.named(
                f"fleet.{scope}_{y}", en=f"{SCOPES[scope].en}, {y}", zh=f"{SCOPES[scope].zh}({y})"
            )
            for y, f in zip(years, series, strict=True)
        )
        for scope, series in scopes.items()
    }
    factors = {
        "level": level,
        "growth_path": rank,
        "overhead": overhead,
        "utilization": utilization,
        "pue": pue,
    }
    return FleetForecast(
        chosen, years, named, weights, last, factors, {"end": at_end, "mean": in_year}
    )


def _ends(key: str) -> tuple[float, float]:
    distribution = figure(key).distribution
    return float(distribution.low), float(distribution.high)  # type: ignore[union-attr]
