"""How were the built-in lengths and the built-in day fitted? `python -m taotie.workload.refit` repeats it.

Lengths: expectation maximisation of a mixture of log-normal clusters, best of several starts. Day: least squares
of two waves on the mean course of a day. Both print rows of `data/tables/workload_defaults.csv`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from taotie.files.read import csv_dicts, open_text
from taotie.workload.chat import TokenLengths
from taotie.workload.requests import Floats, Ints, token_moments
from taotie.workload.trace import read_trace

__all__ = ["FitQuality", "day_waves", "fit_lengths", "fit_quality"]

CLUSTERS = 8
STARTS = 6
_LEAST_SD = 0.02  # a cluster may not shrink onto one length


class FitQuality(NamedTuple):
    """How far a fit is from its trace: largest distance of distributions, and errors of means. [1]"""

    ks_prompt: float
    ks_output: float
    mean_prompt: float
    mean_output: float
    mean_context: float
    mean_prompt_squared: float


def _ks(a: Floats, b: Floats) -> float:
    """Kolmogorov-Smirnov distance of two samples."""
    grid = np.unique(np.concatenate([a, b]))
    left = np.searchsorted(np.sort(a), grid, "right") / a.size
    right = np.searchsorted(np.sort(b), grid, "right") / b.size
    return float(np.abs(left - right).max())


def fit_quality(
    lengths: TokenLengths, prompt: Ints, output: Ints, rng: np.random.Generator, n: int = 400_000
) -> FitQuality:
    """Compare a fit with the trace it was made from.

    Parameters
    ----------
    lengths : TokenLengths
        The fit.
    prompt, output : ndarray, shape (n_request,)
        Lengths of the trace. [token]
    rng : numpy.random.Generator
        For the sample of the fit whose distribution is compared.
    n : int
        Size of that sample.

    Returns
    -------
    quality : FitQuality
        Distances, and relative errors of the means (fit over trace, less 1).
    """
    p, o = lengths.sample(n, rng)
    ours, theirs = lengths.moments, token_moments(prompt, output)
    return FitQuality(
        ks_prompt=_ks(p.astype(np.float64), np.asarray(prompt, dtype=np.float64)),
        ks_output=_ks(o.astype(np.float64), np.asarray(output, dtype=np.float64)),
        mean_prompt=ours.mean_prompt / theirs.mean_prompt - 1.0,
        mean_output=ours.mean_output / theirs.mean_output - 1.0,
        mean_context=ours.mean_context / theirs.mean_context - 1.0,
        mean_prompt_squared=ours.mean_prompt_squared / theirs.mean_prompt_squared - 1.0,
    )


class _Mixture(NamedTuple):
    log_likelihood: float
    weight: Floats
    mean: Floats
    covariance: Floats


def _expectation_maximisation(
    points: Floats, clusters: int, rng: np.random.Generator, rounds: int = 400
) -> _Mixture:
    n = len(points)
    mean = points[rng.choice(n, clusters, replace=False)]
    covariance = np.repeat(np.cov(points.T)[None], clusters, axis=0) / clusters
    weight = np.full(clusters, 1.0 / clusters)
    best = -np.inf
    for _round in range(rounds):
        log_density = np.empty((n, clusters))
        for k in range(clusters):
            root = np.linalg.cholesky(covariance[k])
            z = np.linalg.solve(root, (points - mean[k]).T)
            log_density[:, k] = (
                np.log(weight[k])
                - 0.5 * (z * z).sum(axis=0)
                - np.log(np.diag(root)).sum()
                - np.log(2.0 * np.pi)
            )
        top = log_density.max(axis=1)
        log_total = top + np.log(np.exp(log_density - top[:, None]).sum(axis=1))
        share = np.exp(log_density - log_total[:, None])
        reached = float(log_total.mean())
        if reached - best < 1e-7:
            break
        best = reached
        size = share.sum(axis=0) + 1e-9
        weight = size / size.sum()
        mean = share.T @ points / size[:, None]
        for k in range(clusters):
            away = points - mean[k]
            covariance[k] = (share[:, k, None] * away).T @ away / size[k]
            covariance[k] += _LEAST_SD**2 * np.eye(2)
    return _Mixture(best, weight, mean, covariance)


def fit_lengths(
    prompt: Ints, output: Ints, clusters: int = CLUSTERS, starts: int = STARTS
) -> TokenLengths:
    """Fit a mixture of log-normal clusters to the lengths of a trace.

    Parameters
    ----------
    prompt, output : ndarray, shape (n_request,)
        Lengths. [token]
    clusters : int
        Number of clusters.
    starts : int
        The best of this many starting points is kept (seeds 0, 1, ...).

    Returns
    -------
    lengths : TokenLengths
        Clusters by falling share.
    """
    points = np.log(np.column_stack([prompt, output]).astype(np.float64))
    found = max(
        (
            _expectation_maximisation(points, clusters, np.random.default_rng(seed))
            for seed in range(starts)
        ),
        key=lambda mixture: mixture.log_likelihood,
    )
    order = np.argsort(-found.weight)
    sd = np.sqrt(np.diagonal(found.covariance, axis1=1, axis2=2))
    correlation = found.covariance[:, 0, 1] / (sd[:, 0] * sd[:, 1])
    return TokenLengths(
        weight=found.weight[order],
        ln_prompt=found.mean[order, 0],
        ln_output=found.mean[order, 1],
        sd_prompt=sd[order, 0],
        sd_output=sd[order, 1],
        correlation=correlation[order],
        max_prompt=float(np.max(prompt)),
        max_output=float(np.max(output)),
    )


def day_waves(rate_by_hour: Floats, waves: int = 2) -> tuple[Floats, Floats]:
    """Cosine and sine amplitudes of the mean course of a day.

    Parameters
    ----------
    rate_by_hour : ndarray, shape (n_service, n_day, 24)
        Requests per second by hour. Each day is divided by its mean, then days and services are averaged.
    waves : int
        Waves of 24 h, 12 h, ...

    Returns
    -------
    cosines, sines : ndarray, shape (waves,)
        As `daily_shape.harmonic_shares` takes them. [1]
    """
    days = rate_by_hour / rate_by_hour.mean(axis=-1, keepdims=True)
    course = days.mean(axis=(0, 1))
    angle = 2.0 * np.pi * np.outer(np.arange(24) + 0.5, np.arange(1, waves + 1)) / 24.0
    design = np.column_stack([np.ones(24), np.cos(angle), np.sin(angle)])
    fitted = np.linalg.lstsq(design, course, rcond=None)[0]
    fitted = fitted / fitted[0]
    return fitted[1 : waves + 1], fitted[waves + 1 :]


def language_service_rates(path: Path) -> Floats:
    """Hourly rates of the language services in a table service, t_s, req_per_s (every 600 s).

    Returns
    -------
    rate : ndarray, shape (n_service, n_day, 24)
        Whole days only. [request/s]
    """
    rates: dict[str, list[float]] = {}
    with open_text(path) as stream:
        for row in csv_dicts(stream, path):
            if row["service"].startswith("language/"):
                rates.setdefault(row["service"], []).append(float(row["req_per_s"]))
    whole = min(len(values) for values in rates.values()) // 144
    hourly = [np.array(v[: whole * 144]).reshape(whole, 24, 6).mean(axis=2) for v in rates.values()]
    return np.array(hourly)


def main(trace: str, rates: str) -> None:
    """Print the rows of `data/tables/workload_defaults.csv`."""
    requests = read_trace(trace)
    lengths = fit_lengths(requests.prompt_tokens, requests.output_tokens)
    quality = fit_quality(
        lengths, requests.prompt_tokens, requests.output_tokens, np.random.default_rng(0)
    )
    cosines, sines = day_waves(language_service_rates(Path(rates)))
    keys = ("weight", "ln_prompt", "ln_output", "sd_prompt", "sd_output", "correlation")
    rows: list[tuple[str, str, float, str]] = [
        (f"chat_cluster_{k + 1}", key, round(float(getattr(lengths, key)[k]), 4), "1")
        for k in range(lengths.weight.size)
        for key in keys
    ]
    rows.append(("chat_lengths", "max_prompt", lengths.max_prompt, "token"))
    rows.append(("chat_lengths", "max_output", lengths.max_output, "token"))
    rows += [
        ("chat_lengths", f"fit_{key}", round(value, 4), "1")
        for key, value in quality._asdict().items()
    ]
    for kind, values in (("cos", cosines), ("sin", sines)):
        rows += [
            ("chat_day", f"{kind}_{k + 1}", round(float(v), 4), "1") for k, v in enumerate(values)
        ]
    for row in rows:
        sys.stdout.write(",".join(str(cell) for cell in row) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
