"""The search agrees with SciPy's and ignores outliers."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from taotie.compute.fit.robust_fit import robust_fit


def problem(rng):
    x = np.linspace(0, 3, 80)
    y = 2.0 * np.exp(-1.3 * x) + 0.5 + 0.02 * rng.standard_normal(80)
    y[::9] += 3.0
    return lambda p: p[0] * np.exp(-p[1] * x) + p[2] - y


@pytest.mark.parametrize("high", [[9.0, 9.0, 9.0], [9.0, 1.1, 9.0]])
def test_matches_scipy(high):
    residuals = problem(np.random.default_rng(3))
    start, low, top = np.ones(3), np.zeros(3), np.array(high)
    ours = robust_fit(residuals, start, low, top, scale=0.1, tolerance=1e-10)
    theirs = least_squares(residuals, start, bounds=(low, top), loss="soft_l1", f_scale=0.1)
    assert ours == pytest.approx(theirs.x, abs=2e-3)
    assert np.all((ours >= low) & (ours <= top))


def test_worked_outliers_do_not_pull():
    residuals = problem(np.random.default_rng(4))
    p = robust_fit(residuals, np.ones(3), np.zeros(3), np.full(3, 9.0), scale=0.05)
    assert p == pytest.approx([2.0, 1.3, 0.5], abs=0.1)


def test_property_stops_at_all_bounds():
    p = robust_fit(lambda t: t - 5.0, np.array([0.5, 0.5]), np.zeros(2), np.ones(2))
    assert p.tolist() == [1.0, 1.0]


def test_property_derivatives_given_find_the_same():
    residuals = problem(np.random.default_rng(6))
    x = np.linspace(0, 3, 80)

    def linearized(p):
        e = np.exp(-p[1] * x)
        return residuals(p), np.stack([e, -p[0] * x * e, np.ones_like(x)], axis=1)

    args = {"scale": 0.1, "tolerance": 1e-10}
    by_hand = robust_fit(residuals, np.ones(3), linearized=linearized, **args)
    assert by_hand == pytest.approx(robust_fit(residuals, np.ones(3), **args), abs=1e-4)
