"""Exact quantiles of numbers in parts against NumPy, which sorts them all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.serving.spread import QUANTILES, Spread

numbers = st.lists(
    st.floats(-1e300, 1e300) | st.sampled_from([0.0, 1.0, 1.5, 1e-310]), min_size=1, max_size=200
)


@given(numbers, st.integers(1, 50))
def test_matches_numpy(values, size):
    whole = np.array(values)
    spread = Spread()
    for low in range(0, len(whole), size):
        spread.add(whole[low : low + size])
    for low in range(0, len(whole), 2 * size):
        spread.again(whole[low : low + 2 * size])
    found = spread.summary()
    want = np.quantile(whole, [q for _name, q in QUANTILES])
    assert [found[name] for name, _q in QUANTILES] == want.tolist()
    assert found["max"] == whole.max()
    assert found["mean"] == pytest.approx(math.fsum(values) / len(values), rel=1e-12, abs=1e-290)


def test_worked_nothing():
    spread = Spread()
    spread.again(np.zeros(0))
    assert set(spread.summary().values()) == {None}
    spread.add(np.ones(1))
    with pytest.raises(AssertionError, match="given twice"):
        Spread.summary(type("once", (), {"n": 1, "place": None})())
