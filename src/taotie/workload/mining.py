"""What does Bitcoin ask for? Hash rate and price by day, from a series of yours, and what miners earn. [TH/s, USD/d]

Nothing is shipped: the publishers' terms do not allow it. A CSV file with the columns date, hashrate_th_s, price_usd
(or revenue_usd_per_day) is read, checked and interpolated to days.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError, UnitError
from taotie.files.read import csv_dicts, csv_rows, of_others, read_text
from taotie.words.language import _

__all__ = [
    "HashRates",
    "averaging_days",
    "block_subsidy_btc",
    "check_rate_unit",
    "miner_revenue_usd",
    "read_hash_rates",
    "usual_rate_th_s",
]

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
BLOCKS_PER_DAY = 144.0
FEE_SHARE = 0.03  # of the subsidy, in ordinary years
_HALVINGS = np.array(["2012-11-28", "2016-07-09", "2020-05-11", "2024-04-20"], dtype="M8[D]")
_SERIES = ("hashrate_th_s", "price_usd", "revenue_usd_per_day")


@dataclass(frozen=True)
class HashRates:
    """The network by day.

    Attributes
    ----------
    days : ndarray of datetime64[D], shape (day,)
        Every day from the first to the last.
    hashrate_th_s : ndarray, shape (day,)
        [TH/s]
    revenue_usd_per_day : ndarray, shape (day,)
        Subsidy and fees of all miners. [USD/d]
    name : str
        File it came from.
    """

    days: Days
    hashrate_th_s: Floats
    revenue_usd_per_day: Floats
    name: str = ""


def block_subsidy_btc(days: npt.ArrayLike) -> Floats:
    """New bitcoin a block brings on a day: 50, halved every 210,000 blocks. [BTC]

    Examples
    --------
    >>> block_subsidy_btc(["2019-01-01", "2021-01-01", "2024-06-01"])
    array([12.5  ,  6.25 ,  3.125])
    """
    when = np.asarray(days, dtype="M8[D]")
    return np.asarray(50.0 / 2.0 ** np.searchsorted(_HALVINGS, when, side="right"))


def miner_revenue_usd(
    days: npt.ArrayLike, price_usd: npt.ArrayLike, fee_share: float = FEE_SHARE
) -> Floats:
    """What all miners earn a day where no series of it is at hand. [USD/d]

    Parameters
    ----------
    days : array_like of datetime64
    price_usd : array_like
        Price of a bitcoin, not negative. [USD]
    fee_share : float
        Fees over subsidy; 3 % in ordinary years, more in a rush. [1]

    Raises
    ------
    RangeError
        If a price is negative.

    Notes
    -----
    ``R = 144 s p (1 + f)``

    Examples
    --------
    >>> round(float(miner_revenue_usd("2024-04-05", 67_000.0)) / 1e6, 1)
    62.1
    """
    price = np.asarray(price_usd, dtype=np.float64)
    if not (price >= 0).all():
        raise RangeError(
            _("price_usd={value} USD is negative or not a number.").format(
                value=float(np.min(price))
            )
        )
    return BLOCKS_PER_DAY * block_subsidy_btc(days) * price * (1.0 + fee_share)


@of_others(DataError)
def read_hash_rates(path: Path, max_gap_days: int = 31) -> HashRates:
    """A series of hash rate and price (or revenue), interpolated to days.

    Parameters
    ----------
    path : Path
        CSV with date and hashrate_th_s, and price_usd or revenue_usd_per_day. The price may have dates of its own
        in price_date. Steps of a few days are interpolated.
    max_gap_days : int
        Longest step that is. [d]

    Returns
    -------
    rates : HashRates
        Over the days all series have.

    Raises
    ------
    DataError
        If a column is missing, a date is given twice, goes back or leaves a gap, or a value is negative.
    UnitError
        If prices are in another currency than USD.
    """
    text = read_text(path)
    columns = next(csv_rows(text, path), [])
    rows = list(csv_dicts(text, path))
    money = "revenue_usd_per_day" if "revenue_usd_per_day" in columns else "price_usd"
    for needed in ("date", "hashrate_th_s", money):
        if needed in columns:
            continue
        other = [c for c in columns if c.startswith(("price_", "revenue_")) and c != "price_date"]
        if needed == money and other:
            raise UnitError(
                _("{path}: {column} is not in USD.").format(path=path, column=other[0]),
                _("convert it day by day, and call the column price_usd"),
            )
        raise DataError(
            _("{path}: column {name} is missing.").format(path=path, name=needed),
            "date,hashrate_th_s,price_usd",
        )
    rate_days, rate = _column(path, rows, "date", "hashrate_th_s", max_gap_days)
    own = "price_date" if money == "price_usd" and "price_date" in columns else "date"
    money_days, amount = _column(path, rows, own, money, max_gap_days)
    first, last = max(rate_days[0], money_days[0]), min(rate_days[-1], money_days[-1])
    if last < first:
        raise DataError(_("{path}: hash rate and price share no day.").format(path=path))
    days = np.arange(first, last + np.timedelta64(1, "D"))
    at = days.astype(np.float64)
    check_rate_unit(path, rate_days, rate)
    rates = np.interp(at, rate_days.astype(np.float64), rate)
    amounts = np.interp(at, money_days.astype(np.float64), amount)
    earned = miner_revenue_usd(days, amounts) if money == "price_usd" else amounts
    return HashRates(days, rates, earned, path.name)


_ORDERS = {2009: -5.0, 2010: -5.0, 2011: -1.0, 2012: 1.0, 2013: 1.4, 2014: 4.0, 2015: 5.5, 2016: 5.9, 2018: 7.2, 2020: 8.0, 2022: 8.3, 2024: 8.7, 2026: 9.0}  # fmt: skip
"""Hash rate of all miners at the begin of a year, to the order of magnitude: tells units apart, enters no figure. [log10 TH/s]"""


def usual_rate_th_s(days: Days) -> Floats:
    """Hash rate of all miners on days, to the order of magnitude. [TH/s]"""
    years = 1970.0 + days.astype("M8[D]").astype(np.float64) / 365.2425
    return np.asarray(10.0 ** np.interp(years, list(_ORDERS), list(_ORDERS.values())))


def check_rate_unit(path: Path, days: Days, rate: Floats) -> None:
    """Refuse a series of another unit: a unit is a thousand or more, the true rate never a hundred from these orders."""
    years = 1970.0 + days.astype("M8[D]").astype(np.float64) / 365.2425
    usual = np.log10(usual_rate_th_s(days))
    with np.errstate(divide="ignore"):
        apart = np.log10(rate) - usual
    odd = (rate > 0) & (years >= 2011) & ((apart < -2) | (apart > 2))
    # one odd day is an outage or an attack, not a unit
    if 2 * odd.sum() > (rate > 0).sum():
        at = int(odd.argmax())
        raise UnitError(
            _("{path}: {value:g} TH/s on {date} cannot be the hash rate of all miners, about {usual:.0e}.").format(
                path=path, value=rate[at], date=days[at], usual=10 ** usual[at]
            ),
            _("1 EH/s is 1e6 TH/s, 1 PH/s is 1000 TH/s"),
        )  # fmt: skip


def averaging_days(rates: HashRates, day: date | str, over: int = 730) -> float | None:
    """Over how many days the series seems to average the hash rate, from how little it jumps; None: cannot be told. [d]

    A hash rate is counted from blocks, about 144 a day, so that of one day is off by a twelfth at random. A mean of n
    days read every s days changes by new days less old ones: its second difference has the variance
    ``4 s / (144 n^2)``, whatever the trend.

    Parameters
    ----------
    rates : HashRates
    day : date or str
        The days before it are looked at.
    over : int
        How many. [d]

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> blocks = rng.poisson(144, 1000) / 144
    >>> week = np.convolve(blocks, np.ones(7) / 7, "valid") * 1e8
    >>> days = np.datetime64("2021-01-01") + np.arange(week.size)
    >>> round(averaging_days(HashRates(days, week, week), str(days[-1])))
    7
    """
    last = int((np.datetime64(day, "D") - rates.days[0]).astype(int)) + 1
    rate = rates.hashrate_th_s[max(0, last - over) : last]
    if rate.size < 60 or not (rate > 0).all():
        return None
    # between two readings the series is a straight line: a reading is where it bends
    bends = np.flatnonzero(np.abs(np.diff(rate, 2)) > 1e-9 * rate[1:-1]) + 1
    if bends.size < 30:
        return None
    step = float(np.median(np.diff(bends)))
    jumps = np.diff(np.log(rate[bends]), 2)
    jumps = jumps[np.diff(bends, 2) == 0]
    if jumps.size < 20:
        return None
    # the median keeps bans and halvings out
    spread = float(np.median(np.abs(jumps - np.median(jumps)))) / 0.6745
    return math.sqrt(4.0 * step / BLOCKS_PER_DAY) / spread if spread > 0 else None


def _column(
    path: Path, rows: list[dict[str, str]], when: str, what: str, max_gap_days: int
) -> tuple[Days, Floats]:
    days: list[date] = []
    values: list[float] = []
    for line, row in enumerate(rows, start=2):
        text, amount = (row.get(when) or "").strip(), (row.get(what) or "").strip()
        if not amount:  # a day without a value, such as one before there was a price
            continue
        where = f"{path} {_('line')} {line}"
        try:
            day, value = date.fromisoformat(text), float(amount)
        except ValueError as error:
            raise DataError(f"{where}, {when}, {what}: {error}.") from None
        if not (value >= 0 and math.isfinite(value)):
            raise DataError(
                _("{where}: {what}={value} is negative or not a number.").format(
                    where=where, what=what, value=value
                )
            )
        if days and day == days[-1]:
            raise DataError(_("{where}: {date} is given twice.").format(where=where, date=day))
        if days and day < days[-1]:
            raise DataError(
                _("{where}: {date} comes after {before}.").format(
                    where=where, date=day, before=days[-1]
                ),
                _("sort the rows by date; a date may be given once"),
            )
        if days and (day - days[-1]).days > max_gap_days:
            raise DataError(
                _("{where}: {days} days without a value since {before}.").format(
                    where=where, days=(day - days[-1]).days, before=days[-1]
                ),
                _("steps of up to {most} days are interpolated; fill the gap").format(
                    most=max_gap_days
                ),
            )
        days.append(day)
        values.append(value)
    if not days:
        raise DataError(_("{path}: no values in {what}.").format(path=path, what=what))
    return np.array(days, dtype="M8[D]"), np.array(values)
