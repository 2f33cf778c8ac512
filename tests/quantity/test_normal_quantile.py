"""Normal quantiles against SciPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from taotie.quantity.normal_quantile import N_SCIPY, normal_quantile


@given(u=st.floats(2.0**-60, 1.0 - 2.0**-53))
def test_matches_scipy_anywhere(u: float) -> None:
    np.testing.assert_allclose(normal_quantile(np.array([u])), ndtri([u]), rtol=2e-14, atol=1e-15)


def test_matches_scipy_over_the_whole_range_and_across_the_switch() -> None:
    u = (np.arange(N_SCIPY - 1) + 0.5) / (N_SCIPY - 1)
    np.testing.assert_allclose(normal_quantile(u), ndtri(u), rtol=2e-14, atol=1e-15)
    wide = np.repeat(u, 2)
    assert (normal_quantile(wide) == ndtri(wide)).all()


def test_property_shape_is_kept_and_order_too() -> None:
    u = np.linspace(1e-12, 1 - 1e-12, 999).reshape(3, 333)
    z = normal_quantile(u)
    assert z.shape == u.shape
    assert (np.diff(z.ravel()) > 0).all()
    assert normal_quantile(np.asarray(0.5)).shape == ()
