"""How do additions of a growing stock go on? Form, parameters and noise drawn together. [unit of the series]

A stock that triples every year cannot go on so; additions are what is fitted, by three forms of growth: one whose
rate halves every so often, a logistic one, and an exponential one up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["FORMS", "AdditionPaths", "GrowthPrior", "addition_paths"]

Floats = npt.NDArray[np.float64]
FORMS = ("decaying", "logistic", "limited")


@dataclass(frozen=True)
class GrowthPrior:
    """What is believed of growth before the series is looked at; all of it assumed.

    Attributes
    ----------
    window : int
        Quarters of history that are looked at. [quarter]
    memory : float
        Age at which a quarter weighs half. [quarter]
    growth, growth_spread : float
        Normal prior of the growth of additions now, per quarter: 8 % +- 15 %. [1]
    half_life : (float, float)
        Over which growth itself halves, log-uniform. [quarter]
    saturation : (float, float)
        Additions at saturation over those now, log-uniform. [1]
    noise : (float, float)
        Log standard deviation of a quarter around the curve, log-uniform. [1]
    drift : float
        Log standard deviation per quarter by which the curve itself wanders. [1]
    level : float
        Log standard deviation of the curve's level now around the last quarter. [1]
    """

    window: int = 8
    memory: float = 4.0
    growth: float = 0.08
    growth_spread: float = 0.15
    half_life: tuple[float, float] = (2.0, 12.0)
    saturation: tuple[float, float] = (1.1, 10.0)
    noise: tuple[float, float] = (0.08, 0.5)
    drift: float = 0.1
    level: float = 0.3


@dataclass(frozen=True)
class AdditionPaths:
    """Drawn futures of the quarterly additions.

    Attributes
    ----------
    additions : ndarray, shape (path, quarter)
        In the unit of the history.
    weights : dict of str to float
        Share of the paths that follow each form: how well each fits, not how likely it is a priori. [1]
    n_effective : float
        Effective number of the weighted draws; below a few hundred the fit is a few lucky draws.
    """

    additions: Floats
    weights: dict[str, float]
    n_effective: float


def _log_uniform(rng: np.random.Generator, ends: tuple[float, float], n: int) -> Floats:
    return np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]), n))


def _curves(
    t: Floats, form: npt.NDArray[np.intp], g: Floats, decay: Floats, top: Floats, rise: Floats
) -> Floats:
    """Log additions over those now at quarters `t`, shape (path, quarter)."""
    out = np.empty((form.size, t.size))
    for k, name in enumerate(FORMS):
        at = form == k
        growth, step, most = g[at, None], decay[at, None], top[at, None]
        if name == "decaying":  # growth halves every so often: additions end at exp(g/decay)
            out[at] = growth * -np.expm1(-step * np.maximum(t, -8.0)) / step
        elif name == "logistic":
            rate = np.clip(growth / (1.0 - 1.0 / most) * t, -50.0, 50.0)
            out[at] = np.log(most) - np.log1p((most - 1.0) * np.exp(-rate))
        else:  # exponential up to a limit that itself rises
            limit = np.log(most) + rise[at, None] * np.maximum(t, 0.0)
            out[at] = np.minimum(growth * t, limit)
    return out


def addition_paths(
    additions: npt.ArrayLike,
    n_ahead: int,
    rng: np.random.Generator,
    n_path: int = 4096,
    n_prior: int = 20_000,
    limit: npt.ArrayLike | None = None,
    forms: Sequence[str] = FORMS,
    prior: GrowthPrior | None = None,
) -> AdditionPaths:
    """Futures of a series of additions, by form, parameters and noise drawn together.

    Parameters
    ----------
    additions : array_like, shape (quarter,)
        What was added in each past quarter, above 0; any unit.
    n_ahead : int
        Quarters to draw. [quarter]
    rng : numpy.random.Generator
        Where the draws come from.
    n_path, n_prior : int
        Paths returned; draws of the prior they are picked from.
    limit : array_like, shape (n_path,) or (n_path, n_ahead), optional
        Most that can be added in a quarter, one a path or one a path and quarter; same unit as `additions`.
    forms : sequence of str
        Of `FORMS`.
    prior : GrowthPrior, optional

    Returns
    -------
    paths : AdditionPaths

    Raises
    ------
    RangeError
        If a past quarter adds nothing, fewer than two are given, or a form is unknown.

    Notes
    -----
    Importance resampling: each draw of the prior weighs by the normal likelihood of past log additions, a
    quarter counting half for each `memory` quarters of age.

    Examples
    --------
    A series that doubles every year goes on growing, but nobody knows for how long:

    >>> past = 100 * 2 ** (np.arange(8) / 4)
    >>> paths = addition_paths(past, 8, np.random.default_rng(1))
    >>> low, middle, high = np.percentile(paths.additions[:, 7] / past[-1], [5, 50, 95])
    >>> bool(1.0 < low < middle < 4.0 < high)
    True
    """
    prior = prior or GrowthPrior()
    past = np.asarray(additions, dtype=np.float64)
    if past.ndim != 1 or past.size < 2 or not (past > 0).all():
        raise RangeError(
            _("{n} quarters of additions, the least {low}: at least 2, all above 0.").format(
                n=past.size, low=float(past.min()) if past.size else 0.0
            )
        )
    unknown = [f for f in forms if f not in FORMS]
    if unknown or not forms:
        raise RangeError(
            _("{form} is not a form of growth.").format(form=repr(unknown[0] if unknown else "")),
            ", ".join(FORMS),
        )
    y = np.log(past[-prior.window :])
    t = np.arange(1.0 - y.size, 1.0)
    form = np.array([FORMS.index(f) for f in forms])[rng.integers(0, len(forms), n_prior)]
    level = y[-1] + rng.normal(0.0, prior.level, n_prior)
    g = rng.normal(prior.growth, prior.growth_spread, n_prior)
    decay = np.log(2.0) / _log_uniform(rng, prior.half_life, n_prior)
    top = _log_uniform(rng, prior.saturation, n_prior)
    rise = rng.uniform(0.0, 0.04, n_prior)
    noise = _log_uniform(rng, prior.noise, n_prior)

    weight = 0.5 ** (-t / prior.memory)
    miss = y - level[:, None] - _curves(t, form, g, decay, top, rise)
    fit = -0.5 * ((miss / noise[:, None]) ** 2 @ weight) - weight.sum() * np.log(noise)
    share = np.exp(fit - fit.max())
    share /= share.sum()
    # systematic resampling: no draw is picked more than one time too often or too rarely
    at = np.searchsorted(np.cumsum(share), (np.arange(n_path) + rng.random()) / n_path)
    at = rng.permutation(np.minimum(at, n_prior - 1))

    ahead = np.arange(1.0, n_ahead + 1.0)
    curve = level[at, None] + _curves(ahead, form[at], g[at], decay[at], top[at], rise[at])
    wander = np.cumsum(rng.normal(0.0, prior.drift, (n_path, n_ahead)), axis=1)
    single = rng.normal(size=(n_path, n_ahead)) * noise[at, None]
    future = np.exp(curve + wander + single)
    if limit is not None:
        most = np.asarray(limit, dtype=np.float64)
        future = np.minimum(future, most[:, None] if most.ndim == 1 else most)
    counts = np.bincount(form[at], minlength=len(FORMS)) / n_path
    return AdditionPaths(
        future,
        {f: float(counts[k]) for k, f in enumerate(FORMS) if f in forms},
        float(1.0 / np.sum(share**2)),
    )
