"""The quantile of misses that families weigh alike: by hand, and by how often the next family lies inside."""

import numpy as np
import pytest

from taotie.compute.fit.error_model import balanced_quantile


def test_worked_four_families_of_one_row():
    # with k = 4 and 0.8 the weights are those of the largest of four draws: u^4 between quarters
    weight = np.diff(np.array([0.0, 0.25, 0.5, 0.75, 1.0]) ** 4)
    found = balanced_quantile(np.array([3.0, 1.0, 4.0, 2.0]), list("abcd"), 0.8)
    assert found == pytest.approx(weight @ [1.0, 2.0, 3.0, 4.0], rel=1e-12)


def test_worked_many_rows_of_one_family_weigh_as_few():
    few = balanced_quantile(np.array([0.1, 0.2, 0.6]), list("abc"), 0.8)
    many = balanced_quantile(
        np.array([0.1] * 50 + [0.2] * 9 + [0.6]), ["a"] * 50 + ["b"] * 9 + ["c"], 0.8
    )
    assert many == pytest.approx(few, rel=1e-12)


def test_worked_what_was_not_measured_says_nothing():
    miss = np.array([0.1, np.nan, 0.3])
    assert balanced_quantile(miss, list("abc"), 0.8) == balanced_quantile(
        miss[[0, 2]], list("ac"), 0.8
    )
    assert np.isnan(balanced_quantile(np.array([np.nan]), ["a"], 0.8))


@pytest.mark.parametrize("families", [4, 5, 8, 12, 28])
def test_property_the_next_family_lies_inside_as_often_as_claimed(families):
    """Families drawn with a miss of their own and rows around it; the last is not among those that set the width."""
    rng = np.random.default_rng(families)
    labels = np.repeat(np.arange(families), 8)
    held = []
    for _draw in range(1500):
        own = rng.normal(0.0, 0.25, families + 1)
        rows = np.abs(np.repeat(own, 8) + rng.normal(0.0, 0.08, 8 * (families + 1)))
        width = balanced_quantile(rows[:-8], [str(k) for k in labels], 0.8)
        held.append(np.mean(rows[-8:] <= width))
    assert np.mean(held) == pytest.approx(0.8, abs=0.05)
