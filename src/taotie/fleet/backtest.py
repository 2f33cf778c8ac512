"""How good was such a forecast before? Fit to a date, predict, score against what came after. [MW, 1]

The estimates of past quarters were themselves made in 2026, with hindsight: the test is mild, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.fleet.growth import addition_paths
from taotie.fleet.stock import ChipStock, chip_stock, makers, quarterly_additions
from taotie.quantity.sampling import generator
from taotie.words.language import _

__all__ = ["Backtest", "RollingBacktest", "backtest", "crps", "rolling_backtest"]

Floats = npt.NDArray[np.float64]


def crps(samples: npt.ArrayLike, observed: float) -> float:
    """Continuous ranked probability score: 0 is perfect, in the unit of the samples.

    Notes
    -----
    ``CRPS = E|X - y| - E|X - X'| / 2``

    Examples
    --------
    A single value scores its error:

    >>> crps([3.0], 5.0)
    2.0
    """
    x = np.sort(np.asarray(samples, dtype=np.float64))
    n = x.size
    pairs = 2.0 * float(np.sum((2.0 * np.arange(1, n + 1) - n - 1.0) * x)) / n**2
    return float(np.mean(np.abs(x - observed))) - 0.5 * pairs


@dataclass(frozen=True)
class Backtest:
    """One forecast made with data to `cutoff`, beside what is now thought to have happened at `target`.

    Attributes
    ----------
    p05, p50, p95, observed : float
        Rated power of chips delivered. [MW]
    score, naive_score : float
        CRPS of the forecast, and of the last year's growth simply repeated. [MW]
    """

    maker: str
    cutoff: date
    target: date
    quarters: int
    p05: float
    p50: float
    p95: float
    observed: float
    score: float
    naive_score: float

    @property
    def inside(self) -> bool:
        """Is what happened between the 5 and the 95 % point?"""
        return self.p05 <= self.observed <= self.p95

    @property
    def width(self) -> float:
        """95 % over 5 % point. [1]"""
        return self.p95 / self.p05


@dataclass(frozen=True)
class RollingBacktest:
    """All forecasts up to a year ahead that could have been made, scored."""

    rows: tuple[Backtest, ...]

    @property
    def coverage(self) -> float:
        """Share of the observed values inside the nominal 90 % range. [1]"""
        return float(np.mean([r.inside for r in self.rows]))

    @property
    def relative_score(self) -> float:
        """CRPS over the observed value, mean. [1]"""
        return float(np.mean([r.score / r.observed for r in self.rows]))

    @property
    def naive_relative_score(self) -> float:
        """The same for last year's growth repeated. [1]"""
        return float(np.mean([r.naive_score / r.observed for r in self.rows]))

    def by(self, attribute: str) -> dict[Any, float]:
        """Coverage by "maker" or "quarters"."""
        groups: dict[Any, list[bool]] = {}
        for row in self.rows:
            groups.setdefault(getattr(row, attribute), []).append(row.inside)
        return {k: float(np.mean(v)) for k, v in sorted(groups.items())}


def _stock_ahead(stock: ChipStock, n_known: int, n_ahead: int, seed: int, n_path: int) -> Floats:
    median = stock.rated_power_mw[:n_known, 1]
    rng = generator(f"backtest {stock.maker} {stock.dates[n_known - 1]}", seed)
    paths = addition_paths(quarterly_additions(median), n_ahead, rng, n_path)
    return np.asarray(median[-1] + np.cumsum(paths.additions, axis=1))


def _row(stock: ChipStock, n_known: int, h: int, ahead: Floats) -> Backtest:
    median = stock.rated_power_mw[:, 1]
    observed = float(median[n_known - 1 + h])
    before = median[n_known - 1 - h] if n_known > h else median[0]
    naive = float(median[n_known - 1] ** 2 / before)
    p05, p50, p95 = np.percentile(ahead[:, h - 1], [5, 50, 95])
    return Backtest(
        stock.maker, stock.dates[n_known - 1], stock.dates[n_known - 1 + h], h,
        float(p05), float(p50), float(p95), observed,
        crps(ahead[:, h - 1], observed), abs(naive - observed),
    )  # fmt: skip


def backtest(
    cutoff: date,
    maker: str | ChipStock = "nvidia",
    quarters: int = 4,
    seed: int = 20240409,
    n_path: int = 4096,
) -> Backtest:
    """Fit to a date, predict, score.

    Parameters
    ----------
    cutoff : date
        End of the last quarter that may be looked at.
    maker : str or ChipStock
        Whose chips.
    quarters : int
        How far ahead. [quarter]

    Returns
    -------
    result : Backtest

    Raises
    ------
    RangeError
        If the series does not hold the cutoff, fewer than 2 quarters lie before it, or nothing lies after it.

    Notes
    -----
    The estimates of past years were themselves made in 2026, with hindsight: a mild test.

    Examples
    --------
    >>> made = backtest(date(2024, 12, 31))
    >>> made.observed, made.inside, made.width < 3
    (8562.0, True, True)
    """
    stock = chip_stock(maker) if isinstance(maker, str) else maker
    n_known = stock.index(cutoff) + 1
    if n_known < 2:
        raise RangeError(
            _("{maker}: {n} quarters to {date}; a fit needs 2.").format(
                maker=stock.maker, n=n_known, date=cutoff
            )
        )
    if not 1 <= quarters <= len(stock.dates) - n_known:
        raise RangeError(
            _("{maker}: {quarters} quarters after {date} are not known.").format(
                maker=stock.maker, quarters=quarters, date=cutoff
            ),
            _("the series ends at {date}").format(date=stock.dates[-1]),
        )
    return _row(stock, n_known, quarters, _stock_ahead(stock, n_known, quarters, seed, n_path))


def rolling_backtest(
    chosen: Sequence[str] | None = None,
    history: int = 2,
    horizon: int = 4,
    seed: int = 20240409,
    n_path: int = 4096,
) -> RollingBacktest:
    """Every cutoff, every maker, every quarter up to `horizon` ahead.

    Parameters
    ----------
    chosen : sequence of str, optional
        Makers; default: all.
    history : int
        Quarters known at the earliest cutoff, at least 2. [quarter]
    horizon : int
        Quarters ahead. [quarter]

    Returns
    -------
    result : RollingBacktest
        Rows of one cutoff depend on each other: 120 rows are far fewer independent trials.
    """
    if history < 2:
        raise RangeError(_("history={n}: a fit needs 2 quarters.").format(n=history))
    rows: list[Backtest] = []
    for maker in chosen if chosen is not None else makers():
        stock = chip_stock(maker)
        for n_known in range(history, len(stock.dates)):
            n_ahead = min(horizon, len(stock.dates) - n_known)
            ahead = _stock_ahead(stock, n_known, n_ahead, seed, n_path)
            rows += [_row(stock, n_known, h, ahead) for h in range(1, n_ahead + 1)]
    return RollingBacktest(tuple(rows))
