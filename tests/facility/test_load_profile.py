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
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile

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


def _mw(key: str, low: float, high: float) -> Figure:
    return leaf(key, low=low, high=high, spread="uniform", unit="MW", boundary="server", kind="assumed", note="ex.")  # fmt: skip


def test_property_connection_never_below_the_busiest_hour_nor_that_below_the_mean() -> None:
    """Draw by draw, whatever the machines counted could draw: here in a part of the draws too little."""
    pue = leaf("pue", low=1.1, high=1.3, spread="uniform", unit="1", kind="assumed", note="ex.")
    load = Profile(
        ((0.5 + np.arange(24) / 23, _mw("e", 1.0, 3.0)), (np.ones(24), _mw("i", 0.1, 0.2)))
    )
    for machines, short in ((_mw("m", 2.0, 4.0), True), (_mw("n", 9.0, 9.5), False)):
        made = facility_load(load, pue, machines)
        connection, peak, mean = (f.samples for f in (made.connection, made.peak, made.mean))
        assert (connection >= peak * (1 - 1e-12)).all()
        assert (peak >= mean).all()
        assert (connection >= machines.samples * pue.samples * (1 - 1e-12)).all()
        raised = connection > machines.samples * pue.samples * (1 + 1e-9)
        assert 0.0 < raised.mean() < 1.0 if short else not raised.any()
        assert made.profile.boundary == made.connection.boundary == "facility"


def test_error_a_load_without_its_boundary() -> None:
    bare = leaf("e", value=3.0, unit="MW", kind="assumed", note="example")
    with pytest.raises(BoundaryError):
        facility_load(Profile(((np.ones(24), bare),)), exact(1.5, "1"), bare)


def test_published_swing_of_105_and_45_mw() -> None:
    swing = training_swing(105.0, 45.0, 0.7, 2.0, 84.0)
    assert swing.mean_mw == pytest.approx(87.0)
    assert swing.buffer_mj == pytest.approx(25.2)
    assert swing.buffer_mj / 3.6 == pytest.approx(7.0)  # kWh
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
