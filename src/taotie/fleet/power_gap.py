"""Is there power for the fleet? What the forecast wants against what a portfolio of projects energises. [GW]

Wanted is new load at full draw, over what ran when chips were last counted; projects begin on that day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.fleet.forecast import FleetForecast
from taotie.fleet.time_to_power import energised_mw, gap_gw
from taotie.quantity.sampling import generator
from taotie.words.language import _

__all__ = ["PowerGap", "portfolio_from", "power_gap"]

Floats = npt.NDArray[np.float64]
N_PROJECT_MAX = 5_000


@dataclass(frozen=True)
class PowerGap:
    """Power by year: 5, 50 and 95 % points.

    Attributes
    ----------
    years : tuple of int
        Those that are forecast.
    wanted_gw, energised_gw, gap_gw : ndarray, shape (3, year)
        [GW]
    """

    years: tuple[int, ...]
    wanted_gw: Floats
    energised_gw: Floats
    gap_gw: Floats

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a result file."""
        return {
            "years": list(self.years),
            **{
                name: dict(zip(("p05", "p50", "p95"), getattr(self, name).tolist(), strict=True))
                for name in ("wanted_gw", "energised_gw", "gap_gw")
            },
        }


def portfolio_from(text: str) -> dict[str, list[float]]:
    """Projects from a line such as ``gas_engine=40x100,smr=300``: number x MW each.

    Raises
    ------
    RangeError
        If the line is not understood.

    Examples
    --------
    >>> portfolio_from("gas_engine=2x100,smr=300")
    {'gas_engine': [100.0, 100.0], 'smr': [300.0]}
    """
    portfolio: dict[str, list[float]] = {}
    for part in text.split(","):
        name, _sign, size = part.strip().partition("=")
        count, cross, mw = size.partition("x")
        try:
            n, each = (int(count), float(mw)) if cross else (1, float(size))
        except ValueError:
            n, each = 0, 0.0
        if not 0 < n <= N_PROJECT_MAX or not each > 0:
            raise RangeError(
                _("{text} is not a number of projects and their MW.").format(text=repr(part)),
                "gas_engine=40x100,grid_queue=20x500",
            )
        portfolio.setdefault(name, []).extend([each] * n)
    return portfolio


def power_gap(
    forecast: FleetForecast,
    portfolio: Mapping[str, Sequence[float]],
    seed: int = 20240409,
    n_sample: int = 4000,
) -> PowerGap:
    """What is wanted and not energised, by year.

    Parameters
    ----------
    forecast : FleetForecast
    portfolio : mapping of str to sequence of float
        Option to the sizes of its projects. [MW]
    seed : int
    n_sample : int
        Draws of both sides, paired at random: the projects do not know the fleet.

    Returns
    -------
    gap : PowerGap

    Raises
    ------
    RangeError
        If the portfolio is empty or a size is negative.
    UnknownNameError
        If an option is unknown.

    Notes
    -----
    ``gap = max(0, P_chips h PUE - P_energised)``, chips less those that ran already.
    """
    start = forecast.last_known.year
    years = tuple(y for y in forecast.years if y > start)
    rng = generator("time to power", seed)
    energised = energised_mw(portfolio, [y - start for y in years], rng, n_sample) / 1e3
    full = forecast.factors["overhead"] * forecast.factors["pue"]
    first = forecast.at("ai_chips_rated", start)
    draws = [((forecast.at("ai_chips_rated", y) - first) * full).samples for y in years]
    wanted = np.maximum(np.stack(draws, axis=1), 0.0)[:n_sample]
    missing = gap_gw(np.resize(wanted, energised.shape), energised)
    return PowerGap(
        years, *(np.percentile(v, [5, 50, 95], axis=0) for v in (wanted, energised, missing))
    )
