"""How much electricity does Bitcoin mining take on a day? Lower, best and upper estimate after CBECI. [TWh/a, GW]

The Cambridge index [1] asks which machines pay for their power that day. The lower bound takes the best of them, the
upper the worst, the best guess their mean by age. Re-implemented from its published method; hash rate, price and the
list of machines are the user's (`read_hash_rates`, `read_miners`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError, UnitError
from taotie.files.read import csv_dicts, of_others, read_text
from taotie.quantity.catalog import source
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.workload.mining import Days, Floats, HashRates

__all__ = [
    "Miners",
    "MiningEnergy",
    "example_miners",
    "mining_energy",
    "mining_figure",
    "mining_power_gw",
    "odd_machines",
    "profitability_threshold_j_per_gh",
    "read_miners",
]

HOURS_PER_YEAR = 8766.0  # CBECI's year has 365.25 days, not the 365 of annual electricity elsewhere
DEFAULT_PRICE = 0.05  # USD/kWh
LIFE_MONTHS = 60
EARLY_DAYS_END = np.datetime64("2011-01-01")
SMOOTHING_DAYS = 14
PUE_LOWER, PUE_BEST, PUE_UPPER = 1.01, 1.10, 1.20
WEIGHT_BY_AGE = np.array([1.0, 0.8, 0.6, 0.4, 0.2])  # by full years, since August 2023


@dataclass(frozen=True)
class Miners:
    """Machines that can be bought.

    Attributes
    ----------
    names : tuple of str
    released : ndarray of datetime64[D], shape (machine,)
    efficiency_j_per_gh : ndarray, shape (machine,)
        Energy per billion hashes; 0.03 is 30 J/TH. [J/GH]
    """

    names: tuple[str, ...]
    released: Days
    efficiency_j_per_gh: Floats

    def __add__(self, other: Miners) -> Miners:
        """Both lists one after the other."""
        return Miners(
            self.names + other.names,
            np.concatenate([self.released, other.released]),
            np.concatenate([self.efficiency_j_per_gh, other.efficiency_j_per_gh]),
        )

    def after(self, day: str) -> Miners:
        """Those released later than a day."""
        return _kept(self, self.released > np.datetime64(day))


@dataclass(frozen=True)
class MiningEnergy:
    """Electricity of the network by day, as if the day lasted a year.

    Attributes
    ----------
    days : ndarray of datetime64[D], shape (day,)
    lower_twh, best_twh, upper_twh : ndarray, shape (day,)
        At the boundary of the mine, PUE inside; nan before any machine of the list paid, or was on sale in 2009 and 2010. [TWh/a]
    n_eligible : ndarray of int, shape (day,)
        Machines that paid for their power; 0 where the last value was carried forward.
    price_usd_per_kwh : float
    first_paid : datetime64[D] or None
        Up to the day before, in 2009 and 2010, no machine paid, and all that were on sale count.
    """

    days: Days
    lower_twh: Floats
    best_twh: Floats
    upper_twh: Floats
    n_eligible: npt.NDArray[np.int64]
    price_usd_per_kwh: float
    first_paid: np.datetime64 | None = None

    def on(self, day: date | str) -> tuple[float, float, float]:
        """Lower, best and upper estimate of a day. [TWh/a]

        Raises
        ------
        RangeError
            If the series does not hold the day.
        """
        at = int((np.datetime64(day, "D") - self.days[0]).astype(int))
        if not 0 <= at < self.days.size:
            raise RangeError(
                _("{day} is before {first}, the first day with both hash rate and price.").format(
                    day=day, first=self.days[0]
                )
                if at < 0
                else _("{day} is after {last}, the last day of the series.").format(
                    day=day, last=self.days[-1]
                ),
                _("{first} to {last}").format(first=self.days[0], last=self.days[-1]),
            )
        return float(self.lower_twh[at]), float(self.best_twh[at]), float(self.upper_twh[at])

    def mean(self, year: int) -> tuple[float, float, float]:
        """Mean of a year's days. [TWh/a]

        Raises
        ------
        RangeError
            If no day of the year is in the series.
        """
        inside = self.days.astype("M8[Y]") == np.datetime64(str(year), "Y")
        if not inside.any():
            raise RangeError(_("no day of {year} is in the series.").format(year=year))
        return tuple(  # type: ignore[return-value]
            float(np.nanmean(s[inside])) for s in (self.lower_twh, self.best_twh, self.upper_twh)
        )


def _positive(**values: Any) -> None:
    for name, value in values.items():
        lowest = float(np.min(np.asarray(value, dtype=float)))
        if not lowest > 0 or not math.isfinite(lowest):
            raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=lowest))


def profitability_threshold_j_per_gh(
    revenue_usd_per_day: npt.ArrayLike,
    hashrate_th_s: npt.ArrayLike,
    price_usd_per_kwh: npt.ArrayLike = DEFAULT_PRICE,
) -> Floats:
    """Energy per hash at which a machine just pays for its power.

    Parameters
    ----------
    revenue_usd_per_day : array_like
        Of all miners. [USD/d]
    hashrate_th_s : array_like
        Of the network, above 0. [TH/s]
    price_usd_per_kwh : array_like
        What miners pay, above 0. [USD/kWh]

    Returns
    -------
    threshold : ndarray
        [J/GH]

    Raises
    ------
    RangeError
        If the hash rate or the price is not above 0.

    Notes
    -----
    ``t = R / (H 86400) / (p / 3.6e6) / 1000``

    References
    ----------
    .. [1] Source ``ccaf_cbeci``.

    Examples
    --------
    60 million USD a day at 600 EH/s and 5 cent/kWh: 83 J/TH.

    >>> profitability_threshold_j_per_gh(60e6, 600e6).round(4)
    np.float64(0.0833)
    """
    _positive(hashrate_th_s=hashrate_th_s, price_usd_per_kwh=price_usd_per_kwh)
    earned = np.asarray(revenue_usd_per_day, dtype=np.float64)
    per_terahash = earned / (np.asarray(hashrate_th_s, dtype=np.float64) * 86_400.0)
    return per_terahash / (np.asarray(price_usd_per_kwh, dtype=np.float64) / 3.6e6) / 1000.0


def mining_power_gw(efficiency_j_per_gh: npt.ArrayLike, hashrate_th_s: npt.ArrayLike) -> Floats:
    """Power of the network at an efficiency. [GW]

    Notes
    -----
    ``P = J/GH x GH/s / 1e9``

    Examples
    --------
    CCAF's 28.2 J/TH in 2024 at 622 EH/s, times 8766 h: 154 TWh, where its survey prints 138.

    >>> round(float(mining_power_gw(0.0282, 622e6)) * 8.766, 1)
    153.8
    """
    rate = np.asarray(hashrate_th_s, dtype=np.float64)
    return np.asarray(np.asarray(efficiency_j_per_gh, dtype=np.float64) * rate * 1e3 / 1e9)


def _rolling_mean(values: Floats, n: int) -> Floats:
    """Mean of the last `n` values, of fewer at the beginning."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, values.size + 1)
    first = np.maximum(last - n, 0)
    return np.asarray((total[last] - total[first]) / (last - first))


def _months(days: Days) -> Floats:
    """Months since 1970 with the day as a fraction."""
    month = days.astype("M8[M]")
    inside = (days - month.astype("M8[D]")).astype(np.float64)
    return np.asarray(month.astype(np.float64) + inside / 31.0)


def mining_energy(
    rates: HashRates,
    miners: Miners,
    price_usd_per_kwh: float = DEFAULT_PRICE,
    weights: str = "age",
) -> MiningEnergy:
    """Electricity of the network by day: lower, best and upper estimate.

    Parameters
    ----------
    rates : HashRates
        Hash rate and revenue by day.
    miners : Miners
        The machines that existed.
    price_usd_per_kwh : float
        What miners pay on average. [USD/kWh]
    weights : str
        "age": younger machines weigh more, CBECI's rule since August 2023; "equal": its rule before.

    Returns
    -------
    energy : MiningEnergy

    Raises
    ------
    RangeError
        If the price is not above 0, no machine is given, or `weights` is unknown.

    Notes
    -----
    Threshold, mean of 14 days; machines released, younger than 60 months, better than the threshold; lower
    ``min x 1.01``, best ``mean x 1.10``, upper ``max x 1.20``, times hash rate and 8766 h. A day on which no
    machine pays keeps the efficiency of the day before; in 2009 and 2010, before the first that pays, all that exist run.

    References
    ----------
    .. [1] Source ``ccaf_cbeci``.

    Examples
    --------
    The example list, a hash rate of 600 EH/s and 60 million USD a day:

    >>> day = np.array(["2024-06-01"], dtype="M8[D]")
    >>> found = mining_energy(HashRates(day, np.array([600e6]), np.array([60e6])), example_miners())
    >>> [round(v) for v in found.on("2024-06-01")]
    [57, 138, 402]
    """
    _positive(price_usd_per_kwh=price_usd_per_kwh)
    if weights not in ("age", "equal"):
        raise RangeError(
            _("weights={value} is not a rule.").format(value=repr(weights)), "age, equal"
        )
    if not miners.names:
        raise RangeError(_("no machines: nothing could mine."))
    _positive(efficiency_j_per_gh=miners.efficiency_j_per_gh)
    threshold = _rolling_mean(
        profitability_threshold_j_per_gh(
            rates.revenue_usd_per_day, rates.hashrate_th_s, price_usd_per_kwh
        ),
        SMOOTHING_DAYS,
    )
    age = _months(rates.days)[:, None] - _months(miners.released)[None, :]
    efficiency = miners.efficiency_j_per_gh
    eligible = (age >= 0) & (age < LIFE_MONTHS) & (efficiency < threshold[:, None])
    # in 2009 and 2010, until a machine first pays for its power, nobody mines for money: all that exist run
    never = (np.maximum.accumulate(eligible.any(axis=1)) == 0) & (rates.days < EARLY_DAYS_END)
    eligible |= never[:, None] & (age >= 0) & (age < LIFE_MONTHS)
    n = eligible.sum(axis=1)
    by_age = WEIGHT_BY_AGE[np.clip(age // 12, 0, 4).astype(np.intp)]
    weight = eligible * (by_age if weights == "age" else 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        best = (weight @ efficiency) / weight.sum(axis=1)
    lower = np.where(eligible, efficiency, np.inf).min(axis=1)
    upper = np.where(eligible, efficiency, -np.inf).max(axis=1)
    last_paid = np.maximum.accumulate(np.where(n > 0, np.arange(n.size), -1))
    carried = np.where(last_paid >= 0, last_paid, 0)

    def energy_twh(series: Floats, pue: float) -> Floats:
        held = np.where(last_paid >= 0, series[carried], np.nan) * pue
        return np.asarray(mining_power_gw(held, rates.hashrate_th_s) * HOURS_PER_YEAR / 1e3)

    return MiningEnergy(
        days=rates.days,
        lower_twh=energy_twh(lower, PUE_LOWER),
        best_twh=energy_twh(best, PUE_BEST),
        upper_twh=energy_twh(upper, PUE_UPPER),
        n_eligible=n.astype(np.int64),
        price_usd_per_kwh=price_usd_per_kwh,
        first_paid=rates.days[int(never.sum())] if 0 < never.sum() < never.size else None,
    )


NEW_MONTHS = 24
ODD = 1.75


def odd_machines(miners: Miners, day: date | str) -> tuple[Miners, Miners]:
    """Machines on sale for less than two years that take far more than the median of such machines, and all others.

    A dealer's list dates the sale and holds rare machines; Cambridge's holds what its partners report. As the
    youngest weigh most, a few of them move the best guess. Far is three quarters above the median.

    Examples
    --------
    >>> days = np.array(["2021-01-01", "2021-03-01", "2021-06-01"], dtype="M8[D]")
    >>> odd, rest = odd_machines(Miners(("a", "b", "c"), days, np.array([0.03, 0.035, 0.14])), "2021-12-31")
    >>> odd.names, rest.names
    (('c',), ('a', 'b'))
    """
    age = _months(np.array([day], dtype="M8[D]"))[0] - _months(miners.released)
    young = (age >= 0) & (age < NEW_MONTHS)
    if not young.any():
        return _kept(miners, young), miners
    far = young & (
        miners.efficiency_j_per_gh > ODD * float(np.median(miners.efficiency_j_per_gh[young]))
    )
    return _kept(miners, far), _kept(miners, ~far)


def _kept(miners: Miners, keep: npt.NDArray[np.bool_]) -> Miners:
    names = tuple(n for n, k in zip(miners.names, keep, strict=True) if k)
    return Miners(names, miners.released[keep], miners.efficiency_j_per_gh[keep])


def mining_figure(energy: MiningEnergy, day: date | str) -> Figure:
    """A day's estimate as a figure: the bounds are the ends of a triangle, the best guess its mode. [TWh/a]

    Raises
    ------
    RangeError
        If the series does not hold the day, or no machine was on sale by then.
    """
    lower, best, upper = energy.on(day)
    if not math.isfinite(best):
        raise RangeError(
            _("no machine of the list had paid for its power by {day}.").format(day=day)
        )
    return leaf(
        f"mining.energy_{day}",
        low=lower,
        mode=best,
        high=upper,
        spread="triangular",
        unit="TWh/a",
        boundary="facility",
        kind="modelled",
        source=source("ccaf_cbeci"),
        note=N_("method of CBECI at {price} USD/kWh, series and machines given by the user").format(
            price=f"{energy.price_usd_per_kwh:g}"
        ),
        label={"en": f"Bitcoin, {day}", "zh": f"比特币({day})"},
    )


# ---- machines ----------------------------------------------------------------------------------------


def example_miners() -> Miners:
    """A made-up list for trying things out: efficiency halves every two and a half years from 98 J/TH in 2016.

    Not a list of real machines; give your own for anything that matters.

    Examples
    --------
    >>> made = example_miners()
    >>> made.names[0], round(float(made.efficiency_j_per_gh[0]) * 1000)
    ('example 2016-06', 98)
    """
    months = np.arange(np.datetime64("2016-06"), np.datetime64("2027-01"), 3)
    years = (months - months[0]).astype(np.float64) / 12.0
    best = 0.098 * 0.5 ** (years / 2.5)
    # each season brings a frugal and a cheap machine
    names = [f"example {m}" for m in months] + [f"example {m} cheap" for m in months]
    days = months.astype("M8[D]")
    return Miners(tuple(names), np.concatenate([days, days]), np.concatenate([best, 1.6 * best]))


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


_WORST = {2016: 3.0, 2013: 100.0, 2009: 1e7, 0: 1e9}
"""Above what any machine released from a year on takes: tells J/TH from J/GH, enters no figure. [J/GH]"""
_BEST = 1e-3
"""Below what any machine takes, likewise: the best of 2026 take ten times as much. [J/GH]"""


def _released(text: str) -> np.datetime64:
    """A day from ISO ("2020-05-01"), a month ("2020-05", "May 2020") or seconds since 1970."""
    text = text.strip()
    if text.isdigit() and len(text) >= 8:
        return np.datetime64(datetime.fromtimestamp(int(text), UTC).date())
    words = text.split()
    if len(words) == 2 and words[0][:3].lower() in _MONTHS:
        return np.datetime64(f"{words[1]}-{_MONTHS.index(words[0][:3].lower()) + 1:02d}", "D")
    return np.datetime64(text, "D")


@of_others(DataError)
def read_miners(path: Path) -> Miners:
    """A list of machines: CSV with a name, a release date and an efficiency.

    Columns by any of these names: name, model or Miner_name; released, release or UNIX_date_of_release (a day, a
    month such as "May 2020", or seconds since 1970); efficiency_j_per_gh or Efficiency_J_Gh, or efficiency_j_th.

    Raises
    ------
    DataError
        If a column is missing, or a value cannot be read or is not above 0; the message names the line.
    """
    rows = list(csv_dicts(read_text(path), path))

    def column(*known: str) -> str:
        for name in known:
            if rows and name in rows[0]:
                return name
        raise DataError(
            _("{path}: column {name} is missing.").format(path=path, name=known[0]),
            "name,released,efficiency_j_per_gh",
        )

    name = column("name", "model", "Miner_name")
    when = column("released", "release", "UNIX_date_of_release")
    what = column("efficiency_j_per_gh", "Efficiency_J_Gh", "efficiency_j_th")
    factor = 1e-3 if what == "efficiency_j_th" else 1.0
    names, days, efficiency = [], [], []
    for line, row in enumerate(rows, start=2):
        where = f"{path} {_('line')} {line}"
        if not (row[what] or "").strip() or not (row[when] or "").strip():
            continue  # not known: such a machine cannot be placed
        try:
            day, value = _released(row[when]), float(row[what]) * factor
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: {error}.") from None
        if not (value > 0 and math.isfinite(value)):
            raise DataError(
                _("{where}: {what}={value} is not above 0.").format(
                    where=where, what=what, value=value
                )
            )
        year = int(str(day)[:4])
        most = next(v for since, v in _WORST.items() if year >= since)
        if not _BEST < value < most:
            raise UnitError(
                _("{where}: no machine of {year} takes {value:g} J/GH.").format(
                    where=where, year=year, value=value
                ),
                _("1 J/TH is 0.001 J/GH; a column efficiency_j_th holds J/TH"),
            )
        names.append(row[name])
        days.append(day)
        efficiency.append(value)
    return Miners(tuple(names), np.array(days, dtype="M8[D]"), np.array(efficiency))
