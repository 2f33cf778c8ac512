"""How many accelerators are installed, by maker, quarter and owner, and how many are still alive? [accelerator, MW]

The counts are Epoch AI's estimates of what was delivered [1], as 5, 50 and 95 % points. They begin in 2022 (TPU in
2023, AMD and Trainium in 2024), count rated power of the chips alone, and retire nothing; `alive` does that.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError, UnknownNameError, nearest
from taotie.files.read import csv_dicts, of_others, open_text, read_text
from taotie.quantity.catalog import source, table
from taotie.quantity.distribution import Z90
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.lift import lifted
from taotie.words.language import N_, _, language

__all__ = [
    "ChipStock",
    "alive",
    "chip_stock",
    "installed_power",
    "log_spread",
    "makers",
    "owners",
    "quarterly_additions",
    "read_stock",
    "survival",
    "vintages",
]

Floats = npt.NDArray[np.float64]
LIFE_SPREAD = 0.3  # log standard deviation of a chip's life around its mean: assumed
_POINTS = ("p05", "p50", "p95")


@dataclass(frozen=True)
class ChipStock:
    """What one maker has delivered, at the end of each quarter.

    Attributes
    ----------
    maker : str
        Item of the table `chip_stock`, or the name of a file.
    dates : tuple of date
        Ends of quarters, without a gap.
    units : ndarray, shape (quarter, 3) or None
        5, 50 and 95 % points of the accelerators delivered so far. [accelerator]
    rated_power_mw : ndarray, shape (quarter, 3)
        The same of their rated power. [MW]
    """

    maker: str
    dates: tuple[date, ...]
    units: Floats | None
    rated_power_mw: Floats

    @property
    def label(self) -> str:
        """Name in the language in force."""
        if self.maker not in makers():
            return self.maker
        return str(table("chip_stock").value(self.maker, f"name_{language()}"))

    def index(self, when: date) -> int:
        """Place of a quarter's end.

        Raises
        ------
        RangeError
            If the series holds no such date.
        """
        if when not in self.dates:
            raise RangeError(
                _("{maker}: no stock at {date}.").format(maker=self.maker, date=when),
                _("ends of quarters from {first} to {last}").format(
                    first=self.dates[0], last=self.dates[-1]
                ),
            )
        return self.dates.index(when)


def makers() -> list[str]:
    """Makers whose chips are counted.

    Examples
    --------
    >>> makers()
    ['nvidia', 'google_tpu', 'aws_trainium', 'amd']
    """
    return table("chip_stock").items()


@lru_cache(maxsize=32)
def chip_stock(maker: str) -> ChipStock:
    """The series of one maker.

    Raises
    ------
    UnknownNameError
        If the maker is not in the table; the message names the nearest.

    References
    ----------
    .. [1] Source ``epoch2026_chip_counts``.

    Examples
    --------
    NVIDIA at the end of 2025, in MW at 5, 50 and 95 %:

    >>> chip_stock("nvidia").rated_power_mw[-1]
    array([7413., 8562., 9782.])
    """
    if maker not in makers():
        raise UnknownNameError(
            _("no maker {name} in the table chip_stock.").format(name=repr(maker)),
            nearest(maker, makers()),
        )
    cells = table("chip_stock")
    dates = sorted(
        q.removeprefix("rated_power_")
        for q in cells.quantities(maker)
        if q.startswith("rated_power_")
    )

    def points(quantity: str) -> list[float]:
        row = cells.cell(maker, quantity)
        assert row is not None
        return [float(row[k]) for k in ("low", "value", "high")]

    return ChipStock(
        maker,
        tuple(date.fromisoformat(d) for d in dates),
        np.array([points(f"units_{d}") for d in dates]),
        np.array([points(f"rated_power_{d}") for d in dates]),
    )


def quarterly_additions(cumulative: npt.ArrayLike) -> Floats:
    """What was added in each quarter; the first holds all that was there before.

    Examples
    --------
    >>> quarterly_additions([84.0, 175.0, 265.0])
    array([84., 91., 90.])
    """
    return np.diff(np.asarray(cumulative, dtype=np.float64), prepend=0.0)


def log_spread(p05: npt.ArrayLike, p95: npt.ArrayLike) -> Floats:
    """Standard deviation of the logarithm that fits a 90 % range.

    Notes
    -----
    ``sigma = ln(P95/P5) / 3.29``

    Examples
    --------
    NVIDIA at the end of 2025:

    >>> log_spread(7413.0, 9782.0).round(3)
    np.float64(0.084)
    """
    return np.asarray(np.log(np.asarray(p95, dtype=float) / np.asarray(p05)) / (2.0 * Z90))


@lifted(rank="1", returns="MW", boundary="accelerator")
def power_at_rank(rank: Any, median_mw: float, spread: float) -> Any:
    """Lognormal power at a rank, so that several makers can share one rank.

    Notes
    -----
    ``P = P50 exp(sigma z(rank))``

    Examples
    --------
    >>> float(power_at_rank(0.5, 8562.0, 0.084))
    8562.0
    """
    from scipy.special import ndtri

    return median_mw * np.exp(spread * ndtri(np.asarray(rank, dtype=float)))


def installed_power(
    when: date | None = None,
    chosen: Sequence[str] | None = None,
    correlated: bool = False,
) -> Figure:
    """Rated power of all chips delivered so far. [MW, accelerator]

    Parameters
    ----------
    when : date, optional
        End of a quarter; default: the last one all makers have.
    chosen : sequence of str, optional
        Makers; default: all.
    correlated : bool, default False
        Are all makers over- or underestimated together? Percentiles do not add: the sum is drawn.

    Returns
    -------
    power : Figure

    Examples
    --------
    Independent makers; the sum of the medians is 12,387 MW:

    >>> print(round(installed_power().p50, -2))
    12400.0
    """
    chosen = list(chosen) if chosen is not None else makers()
    stocks = [chip_stock(m) for m in chosen]
    if not stocks:
        raise RangeError(_("no makers: nothing to add up."), ", ".join(makers()))
    last = when or min(s.dates[-1] for s in stocks)
    rank = leaf(
        "fleet.common_rank", low=0.0, high=1.0, spread="uniform", unit="1", kind="assumed",
        note=N_("all makers are over- or underestimated together"),
    ) if correlated else None  # fmt: skip
    total: Figure | None = None
    for stock in stocks:
        low, median, high = stock.rated_power_mw[stock.index(last)]
        if rank is not None:
            one: Figure = power_at_rank(rank, float(median), float(log_spread(low, high)))
        else:
            half = math.sqrt(high / low)
            one = leaf(
                f"chip_stock/{stock.maker}/rated_power_{last}",
                low=median / half,
                high=median * half,
                spread="lognormal",
                unit="MW",
                boundary="accelerator",
                kind="estimated",
                source=source("epoch2026_chip_counts"),
                locator=f"{stock.maker}, {last}",
                label=_stock_label(stock.maker),
            )
        total = one if total is None else total + one
    assert total is not None
    return total.named(
        f"fleet.rated_power_{last}",
        en=f"Rated power of AI chips, {last}",
        zh=f"AI芯片额定功率({last})",
    )


def _stock_label(maker: str) -> dict[str, str]:
    cells = table("chip_stock")
    return {
        "en": f"Chips of {cells.value(maker, 'name_en')}, rated power",
        "zh": f"{cells.value(maker, 'name_zh')}芯片额定功率",
    }


def owners(when: str = "2025-12-31") -> dict[str, float]:
    """Median rated power by owner, all makers added. [MW]

    "other" is what no owner could be named for; of NVIDIA's chips that is the difference to the maker's total, so
    the sum is that of the makers' medians.

    Examples
    --------
    >>> found = owners()
    >>> round(found["google"]), round(sum(found.values()))
    (2953, 12387)
    """
    cells = table("chip_stock")
    found: dict[str, float] = {}
    for maker in makers():
        named = 0.0
        for quantity in cells.quantities(maker):
            match = re.fullmatch(rf"owner_(\w+)_{when}", quantity)
            if match and match[1] != "other":
                power = float(cells.value(maker, quantity))  # type: ignore[arg-type]
                found[match[1]] = found.get(match[1], 0.0) + power
                named += power
        total = chip_stock(maker).rated_power_mw[
            chip_stock(maker).index(date.fromisoformat(when)), 1
        ]
        # medians of owners do not add up to the maker's median; what is over goes to nobody
        found["other"] = found.get("other", 0.0) + float(total) - named
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def survival(
    age_a: npt.ArrayLike, mean_life_a: npt.ArrayLike, spread: float = LIFE_SPREAD
) -> Floats:
    """Share of a vintage still in service at an age.

    Parameters
    ----------
    age_a : array_like
        Years since delivery. [a]
    mean_life_a : array_like, broadcastable
        Mean life, above 0. [a]
    spread : float
        Log standard deviation of the lives. [1]

    Returns
    -------
    share : ndarray
        Within 0..1, falling with age. [1]

    Raises
    ------
    RangeError
        If `mean_life_a` is not above 0.

    Notes
    -----
    ``S = Phi((mu - ln age) / sigma), mu = ln(mean) - sigma^2/2``

    Examples
    --------
    >>> survival([0.0, 2.0, 5.0, 8.0], 5.0).round(3)
    array([1.   , 0.998, 0.44 , 0.043])
    """
    from scipy.special import ndtr

    life = np.asarray(mean_life_a, dtype=np.float64)
    if not (life > 0).all():
        raise RangeError(
            _("mean_life_a={value} a is not above 0.").format(value=float(np.min(life)))
        )
    age = np.maximum(np.asarray(age_a, dtype=np.float64), 1e-9)
    return np.asarray(ndtr((np.log(life) - 0.5 * spread**2 - np.log(age)) / spread))


def alive(
    additions: npt.ArrayLike, mean_life_a: npt.ArrayLike, spread: float = LIFE_SPREAD
) -> Floats:
    """Stock in service at the end of each quarter, after retirement.

    Parameters
    ----------
    additions : array_like, shape (..., quarter)
        Delivered in each quarter; any unit.
    mean_life_a : array_like, shape (...)
        Mean life, one a sample. [a]
    spread : float
        Log standard deviation of the lives. [1]

    Returns
    -------
    stock : ndarray, shape (..., quarter)
        In the unit of `additions`.

    Notes
    -----
    ``N(t) = sum_v n(v) S(t - v)``; a quarter's deliveries are half a quarter old at its end.

    Examples
    --------
    One delivery of 100, and nothing after:

    >>> alive([100.0] + [0.0] * 19, 5.0)[[0, 7, 19]].round(1)
    array([100. ,  99.9,  47.4])
    """
    added = np.asarray(additions, dtype=np.float64)
    n = added.shape[-1]
    ages = (np.arange(n) + 0.5) / 4.0
    share = survival(ages, np.asarray(mean_life_a, dtype=np.float64)[..., None], spread)
    share = np.broadcast_to(share, (*added.shape[:-1], n))
    stock = np.zeros(share.shape)
    for vintage in range(n):  # by vintage, over all samples at once
        stock[..., vintage:] += added[..., vintage, None] * share[..., : n - vintage]
    return stock


# ---- a series of somebody else ---------------------------------------------------------------------


@of_others(DataError)
def read_stock(path: Path) -> ChipStock:
    """A series of your own: CSV with the columns date, p05, p50, p95 (cumulative rated power in MW).

    Raises
    ------
    DataError
        If the file cannot be read, a column is missing, a date is given twice or a quarter is missing, or the points
        are not in order; the message names the line.
    """
    rows = list(csv_dicts(read_text(path), path))
    if not rows:
        raise DataError(_("{path} has no rows.").format(path=path), "date,p05,p50,p95")
    missing = [c for c in ("date", *_POINTS) if c not in rows[0]]
    if missing:
        raise DataError(
            _("{path}: column {name} is missing.").format(path=path, name=missing[0]),
            "date,p05,p50,p95",
        )
    found: dict[date, list[float]] = {}
    for line, row in enumerate(rows, start=2):
        where = f"{path} {_('line')} {line}"
        try:
            when = date.fromisoformat((row["date"] or "").strip())
            points = [float(row[c] or "nan") for c in _POINTS]
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: {error}.") from None
        if when in found:
            raise DataError(_("{where}: {date} is given twice.").format(where=where, date=when))
        if not (0 < points[0] <= points[1] <= points[2] < math.inf):
            raise DataError(
                _("{where}: 0 < p05 <= p50 <= p95 does not hold.").format(where=where),
                _("cumulative rated power in MW"),
            )
        found[when] = points
    dates = sorted(found)
    for before, after in itertools.pairwise(dates):
        months = (after.year - before.year) * 12 + after.month - before.month
        if months != 3:
            raise DataError(
                _("{path}: {months} months between {a} and {b}; a quarter is 3.").format(
                    path=path, months=months, a=before, b=after
                ),
                _("fill the gap, or give ends of quarters only"),
            )
    values = np.array([found[d] for d in dates])
    if (np.diff(values[:, 1]) <= 0).any():
        raise DataError(
            _("{path}: the median does not rise from {date} on.").format(
                path=path, date=dates[int(np.argmax(np.diff(values[:, 1]) <= 0))]
            ),
            _("the series is cumulative: what was delivered so far"),
        )
    return ChipStock(path.stem, tuple(dates), None, values)


# ---- vintages by type of chip, from the publisher's files ----------------------------------------------

_TIMELINES = {
    "nvidia": "csv_export/nvidia_calendar_quarter_chip_timelines.csv",
    "google_tpu": "csv_export/tpu_calendar_quarter_chip_timelines.csv",
    "aws_trainium": "csv_export/trainium_chip_timelines.csv",
    "amd": "csv_export/amd_chip_timelines.csv",
}


def vintages(maker: str) -> dict[str, dict[date, float]]:
    """Accelerators delivered in each quarter by type of chip, medians. [accelerator]

    Read from the publisher's files, which a user fetches once: `taotie data fetch epoch-ai-chip-counts`.

    Returns
    -------
    units : dict of str to dict
        Type of chip to quarter's end to accelerators; quarters marked incomplete are left out.

    Raises
    ------
    UnknownNameError
        If the maker is not in the table.
    DataError
        If the files were never fetched, or are not what the publisher released.
    """
    from taotie.files.fetch import local_path

    chip_stock(maker)  # refuses an unknown maker
    path = local_path("epoch-ai-chip-counts", _TIMELINES[maker])
    if path is None:
        raise DataError(
            _("the counts by type of chip have not been fetched."),
            "taotie data fetch epoch-ai-chip-counts",
        )
    found: dict[str, dict[date, float]] = {}
    with open_text(path) as file:
        for row in csv_dicts(file, path):
            if "Incomplete" in (row["Notes"] or ""):
                continue
            month, day, year = (int(x) for x in row["End date"].split("/"))
            ends = found.setdefault(row["Chip type"], {})
            ends[date(year, month, day)] = float(row["Number of Units"])
    return found
