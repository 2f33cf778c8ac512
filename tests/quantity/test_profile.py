"""Profiles against dense arrays of (hour, sample)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import BoundaryError, RangeError, UnitError
from taotie.quantity.figure import Figure
from taotie.quantity.profile import Profile
from taotie.quantity.record import recompute, to_record
from taotie.quantity.sampling import Sampling, sampling

Make = Callable[..., Figure]
SMALL = Sampling(200, 7)
shapes = st.lists(st.lists(st.floats(-2.0, 5.0), min_size=6, max_size=6), min_size=1, max_size=3)


def dense(profile: Profile) -> np.ndarray:
    """All samples, axes (hour, sample)."""
    return np.stack([np.broadcast_to(x, (SMALL.n,)) for x in profile.samples()])


@given(shapes, st.sampled_from(("positive", "any")))
def test_matches_dense_samples(make: Make, rows: list[list[float]], sign: str) -> None:
    low = 1.0 if sign == "positive" else -3.0
    with sampling(SMALL.n, SMALL.seed):
        terms = tuple(
            (
                np.array(row),
                make(f"load {i}", ("MW", "kW", "GW")[i], low=low, high=4.0, spread="uniform"),
            )
            for i, row in enumerate(rows)
        )
        profile = Profile(terms, step_h=0.5)
        whole = dense(profile)
        assert whole.shape == (6, SMALL.n)
        near = pytest.approx
        energy = profile.energy()
        assert energy.to("MWh").samples == near(whole.sum(axis=0) * 0.5, rel=1e-9, abs=1e-6)
        assert profile.average().samples == near(whole.mean(axis=0), rel=1e-9, abs=1e-6)
        assert profile.peak().samples == near(whole.max(axis=0), rel=1e-12, abs=1e-9)
        assert profile.average().unit == profile.peak().unit == "MW"
        percentiles = profile.percentiles()
        assert percentiles == near(np.percentile(whole, [5, 50, 95], axis=1), rel=1e-12, abs=1e-12)
        assert recompute(json.loads(json.dumps(to_record([profile.peak(), energy]))), SMALL) == []


def test_worked_a_year_of_hours(make: Make) -> None:
    """8,760 hours: base load 10 MW and a day's wave of 5 MW."""
    wave = np.tile(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(24) / 24), 365)
    with sampling(1000, 1):
        base = make("base", "MW", "facility", low=9.0, mode=10.0, high=11.0)
        swing = make("swing", "MW", "facility", low=4.0, mode=5.0, high=6.0)
        load = Profile(((np.ones(8760), base), (wave, swing)))
        peak = load.peak()
        assert peak.samples == pytest.approx(base.samples + swing.samples, rel=1e-12)
        assert load.energy().to("GWh").samples == pytest.approx(
            8.760 * (base.samples + 0.5 * swing.samples), rel=1e-9
        )
    assert (load.n_hour, load.unit, load.boundary, load.kind) == (
        8760,
        "MW",
        "facility",
        "modelled",
    )
    # equal hours are written once
    assert len(peak.parameters["shapes"][0]) < 100


def test_worked_the_peak_of_a_negative_load_is_its_smallest_shape(make: Make) -> None:
    feed_in = make("solar", "MW", value=-3.0)
    assert Profile((([1.0, 2.0], feed_in),)).peak().p50 == -3.0  # type: ignore[arg-type]


def test_worked_operations(make: Make) -> None:
    load = Profile((([1.0, 3.0], make("it", "MW", "server", value=2.0)),))  # type: ignore[arg-type]
    met = load.at_boundary("facility", make("pue", value=1.5))
    assert (met.boundary, met.peak().p50) == ("facility", 9.0)
    assert load.to("kW").peak().p50 == 6000.0
    assert (load + load).peak().p50 == 12.0
    assert load.at(1) == 6.0
    price = load * make("price", "USD/MWh", value=50.0)
    assert price.energy().to("USD").p50 == 400.0


def test_property_shapes_are_a_copy(make: Make) -> None:
    shape = np.array([1.0, 2.0])
    profile = Profile(((shape, make("x", "MW", value=1.0)),))
    shape[1] = 99.0
    assert profile.peak().p50 == 2.0
    with pytest.raises(ValueError, match="read-only"):
        profile.terms[0][0][0] = 5.0
    assert profile == profile  # and comparing two does not compare arrays
    assert profile != Profile(profile.terms)


@pytest.mark.parametrize("shape", [[], 3.0, [[1.0, 2.0]], [1.0, float("nan")], [float("inf")]])
def test_error_shapes(make: Make, shape: Any) -> None:
    with pytest.raises(RangeError, match="a row of finite numbers"):
        Profile(((shape, make("x", "MW", value=1.0)),))


def test_error_terms_that_do_not_fit(make: Make) -> None:
    x, e = make("x", "MW", "server", value=1.0), make("e", "MWh", "server", value=1.0)
    one, two = np.ones(1), np.ones(2)
    with pytest.raises(RangeError, match="at least one term"):
        Profile(())
    with pytest.raises(RangeError, match=r"one length, not \[1, 2\]"):
        Profile(((one, x), (two, x)))
    with pytest.raises(UnitError, match="MW cannot take a term in MWh"):
        Profile(((one, x), (one, e)))
    with pytest.raises(BoundaryError):
        Profile(((one, x), (one, make("y", "MW", "facility", value=1.0))))
    with pytest.raises(RangeError, match="different length or step"):
        Profile(((one, x),)) + Profile(((two, x),))
    with pytest.raises(RangeError, match="different length or step"):
        Profile(((one, x),)) + Profile(((one, x),), step_h=0.5)
    for step in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(RangeError, match="step_h="):
            Profile(((one, x),), step_h=step)
