"""How a range is read: golden numbers, quantiles, and contradictions that are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betaincinv

from rows import each_row
from taotie.errors import DistributionError
from taotie.quantity.distribution import (
    SPREADS,
    Beta,
    Distribution,
    Empirical,
    Exact,
    Lognormal,
    Normal,
    Pert,
    Triangular,
    Uniform,
    distribution_from,
)

U = (np.arange(2000) + 0.5) / 2000
finite = st.floats(-1e100, 1e100)
EACH: list[Distribution] = [
    Lognormal(0.3, 4.0),
    Normal(-2.0, 5.0),
    Uniform(-1.0, 3.0),
    Triangular(1.0, 1.1, 4.0),
    Triangular(1.0, 1.0, 4.0),
    Triangular(1.0, 4.0, 4.0),
    Pert(1.0, 2.0, 7.0),
    Pert(1.0, 1.0, 7.0),
    Beta(2.0, 5.0),
    Empirical((3.0, 1.0, 2.0, 2.0)),
]


def test_published_lognormal_of_a_90_percent_range() -> None:
    """Notes on uncertainty, 1.1: 0.3 to 4.0."""
    d = Lognormal(0.3, 4.0)
    assert d.median == pytest.approx(1.0954, abs=5e-5)
    assert d.sigma == pytest.approx(0.7874, abs=5e-5)
    assert d.mean == pytest.approx(1.4935, abs=5e-5)
    assert d.ppf(np.array([0.05, 0.5, 0.95])) == pytest.approx([0.3, d.median, 4.0], rel=1e-12)


@each_row(
    ("ours", "theirs"),
    [
        (Normal(-2.0, 5.0), stats.norm(1.5, 7 / 3.2897072539029435)),
        (Lognormal(0.3, 4.0), stats.lognorm(0.78738, scale=math.sqrt(1.2))),
        (Uniform(-1.0, 3.0), stats.uniform(-1, 4)),
        (Triangular(1.0, 1.5, 4.0), stats.triang(0.5 / 3, 1, 3)),
        (Pert(1.0, 2.0, 7.0), stats.beta(1 + 4 / 6, 1 + 20 / 6, 1, 6)),
        (Beta(2.0, 5.0), stats.beta(2, 5)),
    ],
)
def test_matches_scipy(ours: Distribution, theirs: Any) -> None:
    assert ours.ppf(U) == pytest.approx(theirs.ppf(U), rel=2e-5)
    # midpoints of 2,000 strata: the tail of the lognormal is cut a little
    assert ours.ppf(U).mean() == pytest.approx(theirs.mean(), rel=2e-3)


def test_published_means() -> None:
    """Triangular (a + c + b)/3; PERT (a + 4c + b)/6 by definition."""
    assert Triangular(1.0, 2.0, 6.0).ppf(U).mean() == pytest.approx(3.0, rel=1e-4)
    assert Pert(1.0, 2.0, 7.0).ppf(U).mean() == pytest.approx(16 / 6, rel=1e-4)


@each_row("d", EACH, ids=repr)
def test_property_quantiles_rise(d: Distribution) -> None:
    u = np.concatenate([[2.0**-60], U, [1 - 2.0**-53]])
    x = d.ppf(u)
    assert np.all(np.diff(x) >= 0)
    assert np.isfinite(x).all()


@each_row("d", [*EACH, Exact(3.0)], ids=repr)
def test_property_plain_values_read_back(d: Distribution) -> None:
    assert distribution_from(d.to_dict()) == d


@given(st.lists(finite, min_size=3, max_size=3), st.sampled_from(("uniform", "triangular", "pert")))
def test_property_draws_stay_within_the_ends(ends: list[float], spread: str) -> None:
    low, mode, high = sorted(ends)
    fields: dict[str, Any] = {"low": low, "high": high, "spread": spread}
    if spread != "uniform":
        fields["mode"] = mode
    x = distribution_from(fields).ppf(U)
    assert x.min() >= low
    assert x.max() <= high
    assert np.all(np.diff(x) >= -1e-12 * max(abs(low), abs(high)))


@given(st.floats(1e-200, 1e200), st.floats(1.0, 1e11))
def test_property_lognormal_keeps_its_range(low: float, ratio: float) -> None:
    high = low * ratio
    assume(high > low)
    d = Lognormal(low, high)
    assert d.ppf(np.array([0.05, 0.95])) == pytest.approx([low, high], rel=1e-9)
    assert low < d.median < high or ratio < 1 + 1e-12
    assert d.mean >= d.median


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e150])
def test_property_a_triangle_scales(scale: float) -> None:
    """Widths multiplied with each other would vanish at 1e-200."""
    x = Triangular(1.0 * scale, 1.5 * scale, 4.0 * scale).ppf(U)
    assert x / scale == pytest.approx(Triangular(1.0, 1.5, 4.0).ppf(U), rel=1e-12)


@each_row(
    ("fields", "expected"),
    [
        ({"value": 2.9}, Exact(2.9)),
        ({"value": 3}, Exact(3.0)),
        ({"low": 0.3, "high": 4.0}, Lognormal(0.3, 4.0)),
        ({"low": 0.0, "high": 4.0}, Uniform(0.0, 4.0)),
        ({"low": -1.0, "high": 4.0}, Uniform(-1.0, 4.0)),
        ({"low": 1.0, "mode": 1.0, "high": 4.0}, Triangular(1.0, 1.0, 4.0)),
        ({"low": 1.0, "value": 2.0, "high": 4.0}, Triangular(1.0, 2.0, 4.0)),
        ({"low": 1.0, "value": 2.0, "high": 4.0, "spread": "lognormal"}, Lognormal(1.0, 4.0)),
        ({"low": 1.0, "value": 2.5, "high": 4.0, "spread": "normal"}, Normal(1.0, 4.0)),
        ({"low": 1.0, "value": 1.5, "high": 4.0, "spread": "uniform"}, Uniform(1.0, 4.0)),
        ({"low": 1.0, "value": 1.5, "high": 4.0, "spread": "exact"}, Exact(1.5)),
        ({"low": 2.0, "high": 2.0}, Exact(2.0)),
        ({"low": 2.0, "mode": 2.0, "high": 2.0, "spread": "pert"}, Exact(2.0)),
        ({"spread": "empirical", "values": [2, 1]}, Empirical((1.0, 2.0))),
    ],
)
def test_worked_what_numbers_mean(fields: dict[str, Any], expected: Distribution) -> None:
    assert distribution_from(fields) == expected


@each_row(
    ("fields", "words"),
    [
        ({}, "value is missing"),
        ({"low": 1.0}, "high is missing"),
        ({"high": 1.0}, "low is missing"),
        ({"low": 4.0, "high": 1.0}, "low=4.0 is above high=1.0"),
        ({"low": 1.0, "high": 1.0, "value": 5.0}, "mode=5.0 is above high=1.0"),
        ({"low": 1.0, "high": 1.0, "value": 5.0, "spread": "lognormal"}, "5.0"),
        ({"low": 1.0, "high": 2.0, "value": 5.0, "spread": "uniform"}, "mode=5.0 is above"),
        ({"low": 1.0, "high": 3.0, "value": 2.9, "spread": "normal"}, "not the median 2"),
        ({"low": 1.0, "high": 4.0, "value": 3.9, "spread": "lognormal"}, "not the median 2"),
        ({"low": -1.0, "high": 4.0, "spread": "lognormal"}, "above zero"),
        ({"low": -3.0, "value": -2.0, "high": -1.0, "spread": "lognormal"}, "above zero"),
        ({"low": 1e-9, "high": 1e9}, "1e+12-fold"),
        ({"low": 1.0, "mode": 2.0, "high": 4.0, "spread": "lognormal"}, "overdetermine"),
        ({"low": 1.0, "mode": 2.0, "high": 4.0, "spread": "uniform"}, "overdetermine"),
        ({"low": 1.0, "mode": 2.0, "value": 3.0, "high": 4.0}, "mode=2.0 and value=3.0 differ"),
        ({"low": 1.0, "high": 4.0, "spread": "triangular"}, "needs mode"),
        ({"low": 1.0, "high": 4.0, "spread": "exact"}, "value is missing"),
        ({"low": 1.0, "high": 4.0, "spread": "trianglar"}, "is not known"),
        ({"low": 1.0, "high": 4.0, "spread": ["normal"]}, "is not known"),
        ({"low": 1.0, "high": 4.0, "spread": 3}, "is not known"),
        ({"value": "2.9"}, "is not a number"),
        ({"value": True}, "is not a number"),
        ({"value": [1]}, "is not a number"),
        ({"low": 1.0, "high": 4.0, "mode": "2"}, "is not a number"),
        ({"value": math.nan}, "not a finite number"),
        ({"value": math.inf}, "not a finite number"),
        ({"low": 1.0, "high": math.inf}, "not a finite number"),
        ({"low": math.nan, "high": 1.0}, "not a finite number"),
        ({"value": 10**400}, "beyond 1e308"),
        ({"value": 1.0, "hihg": 2.0}, "'hihg' does not belong"),
        ({"spread": "beta", "a": 0.0, "b": 1.0}, "above zero"),
        ({"spread": "beta", "a": 1.0}, "b is missing"),
        ({"spread": "empirical"}, "values is missing"),
        ({"spread": "empirical", "values": "123"}, "values is missing"),
        ({"spread": "empirical", "values": []}, "0 observed values"),
        ({"spread": "empirical", "values": [1.0, math.nan]}, "values[1]=nan"),
        ({"spread": "empirical", "values": [1.0, "x"]}, "is not a number"),
        ({"spread": "empirical", "values": [1.0] * 20_001}, "20001 observed values"),
    ],
)
def test_error_contradictions_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(DistributionError) as caught:
        distribution_from(fields)
    assert words in caught.value.message


@given(
    st.dictionaries(
        st.sampled_from(["value", "low", "high", "mode", "spread", "a", "b", "values", "x"]),
        st.one_of(
            st.floats(), st.integers(), st.sampled_from(SPREADS), st.none(), st.booleans(),
            st.lists(st.floats(), max_size=3),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_property_any_fields_are_a_distribution_or_its_error(fields: dict[str, Any]) -> None:
    try:
        d = distribution_from(fields)
    except DistributionError:
        return
    assert d.to_dict()["spread"] in SPREADS


def test_error_hints_lead_out() -> None:
    with pytest.raises(DistributionError) as caught:
        distribution_from({"low": 1.0, "high": 4.0, "spread": "trianglar"})
    assert "triangular" in caught.value.hint
    with pytest.raises(DistributionError) as caught:
        distribution_from({"value": 1.0, "hihg": 2.0})
    assert "high" in caught.value.hint


@pytest.mark.parametrize("kind", [Lognormal, Normal, Uniform])
def test_worked_no_width_is_exact(kind: Any) -> None:
    assert kind(2.0, 2.0).is_exact
    assert kind(2.0, 2.0).ppf(np.asarray(0.5)) == pytest.approx(2.0)


def test_error_negative_sigma() -> None:
    assert Lognormal.from_sigma(2.0, 0.5).sigma == pytest.approx(0.5)
    with pytest.raises(DistributionError, match="negative"):
        Lognormal.from_sigma(2.0, -0.5)


@given(st.floats(0.5, 1e4), st.floats(0.5, 1e4))
def test_matches_the_inverse_incomplete_beta(a: float, b: float) -> None:
    """Many draws follow cubics between nodes; they agree with the function itself and rise."""
    u = np.concatenate([[2.0**-60], (np.arange(5000) + 0.5) / 5000, [1 - 2.0**-53]])
    x = Beta(a, b).ppf(u)
    assert x == pytest.approx(betaincinv(a, b, u), abs=1e-10)
    assert np.diff(x).min() >= -1e-15
    assert x.min() >= 0
    assert x.max() <= 1


@pytest.mark.parametrize("shapes", [(0.01, 0.02), (1e6, 1e6), (0.1, 1e5)])
def test_matches_beyond_the_nodes(shapes: tuple[float, float]) -> None:
    u = np.linspace(0.001, 0.999, 5000)
    assert np.array_equal(Beta(*shapes).ppf(u), betaincinv(*shapes, u))
