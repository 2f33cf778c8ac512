"""Hourly load at the meter, and the swing of a training load."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import BoundaryError, RangeError
from taotie.facility.load_profile import (
    facility_load,
    facility_load_mw,
    it_load_mw,
    square_wave_harmonics_mw,
    training_swing,
)
from taotie.quantity.figure import exact, leaf

day = st.lists(st.floats(0, 1e9).map(lambda x: round(x, 3)), min_size=24, max_size=24).map(np.array)
small = st.floats(0.0, 1e3, allow_subnormal=False).map(lambda x: round(x, 6))


@given(requests=day, energy=small, idle=small, pue=st.floats(1.0, 2.0))
def test_property_energy_is_conserved(
    requests: np.ndarray, energy: float, idle: float, pue: float
) -> None:
    load = facility_load_mw(requests, energy, pue, idle)
    by_hand = pue * (24 * idle + 1e-6 * energy * requests.sum())
    assert load.sum() == pytest.approx(by_hand, rel=1e-9, abs=1e-12)
    assert (load >= it_load_mw(requests, energy, idle) - 1e-9).all()


@given(requests=day, energy=small)
def test_property_twice_the_requests_twice_the_load(requests: np.ndarray, energy: float) -> None:
    np.testing.assert_allclose(
        facility_load_mw(2 * requests, energy, 1.3), 2 * facility_load_mw(requests, energy, 1.3)
    )


def test_matches_a_plain_loop_for_samples_and_hours() -> None:
    rng = np.random.default_rng(0)
    requests, energy = rng.random((5, 24)) * 1e6, rng.random(5)
    idle, pue = rng.random(5), 1 + rng.random(5)
    got = facility_load_mw(requests, energy, pue, idle)
    assert got.shape == (5, 24)
    for s in range(5):
        for h in range(24):
            assert got[s, h] == pytest.approx(pue[s] * (idle[s] + requests[s, h] * energy[s] / 1e6))
    hourly = 1 + rng.random(24)
    one = facility_load_mw(requests[0], energy[0], hourly, idle[0])
    np.testing.assert_allclose(one, hourly * (idle[0] + requests[0] * energy[0] / 1e6))
    shared = facility_load_mw(requests[0], energy, pue, idle)
    assert shared.shape == (5, 24)
    both = facility_load_mw(requests, energy, np.tile(hourly, (5, 1)), idle)
    np.testing.assert_allclose(both[1], hourly * (idle[1] + requests[1] * energy[1] / 1e6))


def test_published_chatgpt_day_as_a_load() -> None:
    """564 MWh a day is a mean load of 23.5 MW."""
    load = it_load_mw(np.full(24, 195e6 / 24), 564e6 / 195e6)
    assert load.sum() == pytest.approx(564.0)
    assert load[0] == pytest.approx(23.5)


def test_worked_load_from_figures() -> None:
    share = np.full(24, 0.5 / 23)
    share[12] = 0.5
    requests = leaf("n", value=24e6, unit="request/d", kind="assumed", note="example")
    energy = leaf("e", value=3.0, unit="Wh/request", boundary="server", kind="assumed", note="ex.")
    idle = leaf("i", value=2.0, unit="MW", boundary="server", kind="assumed", note="example")
    got = facility_load(share, requests, energy, exact(1.5, "1"), idle)
    assert got.profile.boundary == "facility"
    assert got.mean.p50 == pytest.approx(1.5 * (3.0 + 2.0))
    assert got.peak.p50 == pytest.approx(1.5 * (36.0 + 2.0))
    assert got.energy_per_year.unit == "TWh/a"
    assert got.energy_per_year.p50 == pytest.approx(7.5 * 8760e-6)
    assert set(got.profile.label) == {"en", "zh"}


def test_error_boundaries_and_shares() -> None:
    requests = leaf("n", value=24e6, unit="request/d", kind="assumed", note="example")
    bare = leaf("e", value=3.0, unit="Wh/request", kind="assumed", note="example")
    with pytest.raises(BoundaryError):
        facility_load(np.full(24, 1 / 24), requests, bare, exact(1.5, "1"))
    for bad in (np.full(23, 1 / 23), np.full(24, 1.0), np.full(24, np.nan)):
        with pytest.raises(RangeError, match="24 shares"):
            facility_load(bad, requests, bare.with_boundary("server"), exact(1.5, "1"))


def test_published_swing_of_105_and_45_mw() -> None:
    swing = training_swing(105.0, 45.0, 0.7, 2.0, 84.0)
    assert swing.mean_mw == pytest.approx(87.0)
    assert swing.buffer_mj == pytest.approx(25.2)
    assert swing.floor_cost_mw == pytest.approx(11.7)
    np.testing.assert_allclose(
        square_wave_harmonics_mw(105.0, 45.0, 0.7, 3), [30.902, 18.164, 3.935], atol=5e-4
    )


def test_matches_a_fourier_transform_of_the_wave() -> None:
    n, duty = 100_000, 0.7
    wave = np.where(np.arange(n) < duty * n, 105.0, 45.0)
    spectrum = 2 * np.abs(np.fft.rfft(wave))[1:21] / n
    np.testing.assert_allclose(
        square_wave_harmonics_mw(105.0, 45.0, duty, 20), spectrum, rtol=1e-3, atol=1e-6
    )


@given(
    low=st.floats(0, 1e3), extra=st.floats(0, 1e3), duty=st.floats(0, 1), period=st.floats(0, 100)
)
def test_property_swing(low: float, extra: float, duty: float, period: float) -> None:
    high = low + extra
    swing = training_swing(high, low, duty, period, high)
    assert low - 1e-9 <= swing.mean_mw <= high + 1e-9
    assert swing.mean_mw + swing.floor_cost_mw == pytest.approx(high)
    assert swing.buffer_mj <= 0.25 * extra * period + 1e-6
    power = (square_wave_harmonics_mw(high, low, duty, 4000) ** 2).sum() / 2
    variance = duty * (1 - duty) * extra**2
    assert power <= variance * (1 + 1e-9) + 1e-12


def test_worked_swing_of_figures() -> None:
    watt = {"boundary": "facility", "kind": "assumed", "note": "example"}
    swing = training_swing(
        leaf("hi", value=105.0, unit="MW", **watt),
        leaf("lo", value=45.0, unit="MW", **watt),
        exact(0.7, "1"),
        exact(2.0, "s"),
        leaf("floor", value=84.0, unit="MW", **watt),
    )
    assert swing.buffer_mj.to("kWh").p50 == pytest.approx(7.0)
    assert swing.mean_mw.boundary == "facility"


def test_error_swing_and_negative_inputs() -> None:
    with pytest.raises(RangeError, match=r"duty=70\.0 is above 1"):
        training_swing(105.0, 45.0, 70.0, 2.0)
    with pytest.raises(RangeError, match="is above high_mw"):
        training_swing(45.0, 105.0, 0.7, 2.0)
    with pytest.raises(RangeError, match="energy_per_request_wh=-1"):
        it_load_mw([1.0], -1.0)
    with pytest.raises(RangeError, match="requests_per_hour=nan"):
        it_load_mw([np.nan], 1.0)
    with pytest.raises(RangeError, match=r"pue=0\.9 is below 1\.0"):
        facility_load_mw([1.0], 1.0, 0.9)
