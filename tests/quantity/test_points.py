"""The points that are printed: those of NumPy in every bit, and the mean of rows as of one."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.quantity.points import printed_points, quantile, row_means


@pytest.mark.parametrize("n", [1, 2, 3, 100, 101, 9_999, 10_000])
def test_matches_numpy_percentile_in_every_bit(n: int):
    draws = np.exp(np.random.default_rng(n).normal(0, 3, n))
    ordered = np.sort(draws)
    for q in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert quantile(ordered, q) == np.percentile(draws, 100 * q), q


def test_matches_one_row_at_a_time():
    draws = np.random.default_rng(1).normal(5, 1, (7, 333))
    assert row_means(draws).tolist() == [float(row_means(row)) for row in draws]
    assert np.allclose(row_means(draws), draws.mean(axis=1), rtol=1e-14)


def test_matches_many_together_as_each_alone():
    rng = np.random.default_rng(2)
    draws = [rng.normal(5, 1, n) for n in (333, 2, 333, 1, 100_000, 333, 200_000)]
    alone = [[*np.percentile(d, (5, 50, 95)), row_means(d)] for d in draws]
    assert printed_points(draws) == [[float(x) for x in row] for row in alone]
    assert draws[0][0] != min(draws[0])  # nothing of what was given is sorted
