"""The points that are printed: those of NumPy in every bit, and the mean of rows as of one."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.quantity.points import quantile, row_means


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
