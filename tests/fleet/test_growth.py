"""Futures of a series of additions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.fleet.growth import FORMS, addition_paths


def test_worked_steady_growth_goes_on() -> None:
    past = 50 * 1.1 ** np.arange(12)
    paths = addition_paths(past, 4, np.random.default_rng(0))
    middle = np.median(paths.additions, axis=0)
    np.testing.assert_allclose(middle, past[-1] * 1.1 ** np.arange(1, 5), rtol=0.12)
    assert set(paths.weights) == set(FORMS)
    assert sum(paths.weights.values()) == pytest.approx(1)
    assert paths.n_effective > 100


def test_worked_limit_holds() -> None:
    limit = np.full(4096, 120.0)
    paths = addition_paths(50 * 1.3 ** np.arange(8), 20, np.random.default_rng(0), limit=limit)
    assert paths.additions.max() <= 120


@given(k=st.floats(1e-3, 1e6))
def test_property_paths_do_not_depend_on_the_unit(k: float) -> None:
    past = np.array([3.0, 4.0, 6.0, 7.0, 9.0])
    one = addition_paths(past, 3, np.random.default_rng(5), 64, 500).additions
    other = addition_paths(k * past, 3, np.random.default_rng(5), 64, 500).additions
    np.testing.assert_allclose(other, k * one, rtol=1e-6)


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match="logistic"):
        addition_paths([1.0, 2.0], 3, np.random.default_rng(0), forms=["linear"])
    with pytest.raises(RangeError, match="at least 2"):
        addition_paths([1.0], 3, np.random.default_rng(0))
