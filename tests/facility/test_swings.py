"""Swings of a training job: golden square wave, filters as transfer functions, dips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import DataError, RangeError
from taotie.facility.swing_filters import (
    battery,
    capacitor,
    dip_response,
    low_pass,
    power_floor,
    ramp_limit,
)
from taotie.facility.swings import (
    Band,
    Swing,
    band_results,
    buffer_energy_mj,
    floor_cost_mw,
    harmonic_mw,
    largest_ramp_mw_per_s,
    read_bands,
    read_waveform,
    spectrum_mw,
    square_wave,
    training_waveform,
)


def test_published_square_wave():
    wave = square_wave(105, 45, 2.0, 0.7)
    assert wave.mean_mw == pytest.approx(87, abs=1e-9)
    frequency, amplitude = spectrum_mw(wave)
    for n, printed in ((1, 30.902), (2, 18.164), (3, 3.935)):
        at = int(np.argmin(abs(frequency - 0.5 * n)))
        assert frequency[at] == pytest.approx(0.5 * n)
        assert amplitude[at] == pytest.approx(printed, abs=5e-4)
        assert abs(amplitude[at] - harmonic_mw(n, 105, 45, 0.7)) < 1e-9
    assert buffer_energy_mj(105, 45, 0.7, 2.0) == pytest.approx(25.2)
    assert buffer_energy_mj(105, 45, 0.7, 2.0) / 3.6 == pytest.approx(7.0)
    assert floor_cost_mw(84, 45, 0.7) == pytest.approx(11.7)


@given(
    high=st.floats(1, 500), share=st.floats(0, 0.99), on=st.integers(1, 99), period=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    periods=st.integers(1, 4),
)  # fmt: skip
def test_matches_harmonics_of_any_square_wave(high, share, on, period, periods):
    duty = on / 100
    wave = square_wave(high, share * high, period, duty, period / 100, periods)
    frequency, amplitude = spectrum_mw(wave)
    lines = amplitude[periods - 1 :: periods][:49]
    n = np.arange(1, lines.size + 1)
    assert np.allclose(frequency[periods - 1 :: periods][:49], n / period)
    assert lines == pytest.approx(harmonic_mw(n, high, share * high, duty), abs=1e-9 * max(high, 1))


@given(tau=st.floats(0.05, 30), seed=st.integers(0, 100))
def test_property_a_battery_is_its_transfer_function(tau, seed):
    rng = np.random.default_rng(seed)
    wave = Swing(50 + 40 * rng.random(400), 0.05)
    out = battery(wave, tau)
    frequency, before = spectrum_mw(wave)
    _f, after = spectrum_mw(out.swing)
    # the last line stands at half of the rate, where a real series has no phase
    assert np.allclose(after[:-1], before[:-1] * abs(low_pass(frequency, tau))[:-1], atol=1e-9)
    assert out.swing.mean_mw == pytest.approx(wave.mean_mw)
    assert out.swing.peak_mw <= wave.peak_mw + 1e-9
    assert out.store_mj >= 0


@given(seed=st.integers(0, 100), rate=st.floats(0.5, 500), floor=st.floats(0, 1))
def test_property_ramp_and_floor(seed, rate, floor):
    rng = np.random.default_rng(seed)
    wave = Swing(100 * rng.random(300), 0.1)
    out = ramp_limit(wave, rate)
    assert abs(np.diff(out.swing.power_mw)).max() <= rate * 0.1 * (1 + 1e-9)
    assert out.swing.mean_mw == pytest.approx(wave.mean_mw + out.burnt_mw - out.withheld_mw)
    held = power_floor(wave, floor * wave.peak_mw)
    assert held.swing.power_mw.min() >= floor * wave.peak_mw
    assert held.swing.mean_mw == pytest.approx(wave.mean_mw + held.burnt_mw)


def test_worked_capacitor_of_a_whole_period_flattens():
    flat = capacitor(square_wave(105, 45, 2.0, 0.7), 2.0)
    assert abs(flat.swing.power_mw - 87).max() < 1e-9
    assert flat.store_mj == pytest.approx(25.2)
    small = capacitor(square_wave(105, 45, 2.0, 0.7), 2.0, power_mw=10.0)
    assert small.store_mw <= 20
    assert np.ptp(small.swing.power_mw) == pytest.approx(40, abs=1e-6)


def test_worked_bands_pass_and_fail():
    wave = square_wave(105, 45, 2.0, 0.7)
    bad, good, unknown = band_results(
        wave, [Band(0.1, 1, 20), Band(7, 100, None, 0.2), Band(1, 2.5)]
    )
    assert (bad.passed, good.passed, unknown.passed) == (False, True, None)
    assert bad.mw == pytest.approx(30.902, abs=5e-4)
    assert bad.at_hz == pytest.approx(0.5)
    assert good.limit_mw == pytest.approx(21)


def test_worked_ramps():
    up, down = largest_ramp_mw_per_s(square_wave(105, 45, 2.0, 0.7), 0.1)
    assert up == pytest.approx(600)
    assert down == pytest.approx(600)


def test_worked_checkpoints_and_faults():
    job = training_waveform(100, 40, 2.0, 0.7, 120.0, 0.02, checkpoint_every_s=60, checkpoint_s=6, checkpoint_mw=30, fault_at_s=[100.0], fault_s=5.0, idle_mw=10)  # fmt: skip
    time = job.time_s + 0.01
    assert (job.power_mw[(time > 54) & (time < 60)] == 30).all()
    assert (job.power_mw[(time > 100) & (time < 105)] == 10).all()
    # the lowest band now holds the checkpoints
    plain = training_waveform(100, 40, 2.0, 0.7, 120.0, 0.02)
    slow = Band(0.005, 0.05)
    assert band_results(job, [slow])[0].mw > band_results(plain, [slow])[0].mw + 1
    wobbly = training_waveform(100, 40, 2.0, 0.7, 120.0, 0.02, jitter=0.05)
    assert (
        band_results(wobbly, [Band(0.4, 0.6)])[0].mw < band_results(plain, [Band(0.4, 0.6)])[0].mw
    )


def test_worked_dip():
    dip = dip_response(300.0, 0.4, 0.1, back_after_s=20, back_mw_per_s=10)
    assert dip.lost_mw == 300
    # 0.1 s of dip, 20 s of waiting, 28.5 s for 285 of 300 MW
    assert dip.lost_s == pytest.approx(48.6, abs=0.03)
    assert dip_response(300.0, 0.8, 5.0).rides_through
    assert dip_response(300.0, 0.4, 0.01).lost_mw == 0
    half = dip_response(300.0, 0.4, 0.1, share_on_trip=0.5, share_back=0.0)
    assert half.lost_mw == 150
    assert half.lost_s == float("inf")
    assert half.load_model["Fel"] == 0.5


def test_error_waves(tmp_path):
    with pytest.raises(RangeError, match="not 105 to 45"):
        square_wave(45, 105, 2.0, 0.7)
    with pytest.raises(RangeError, match="duty"):
        square_wave(105, 45, 2.0, 70)
    with pytest.raises(RangeError, match="do not divide"):
        square_wave(105, 45, 2.0, 0.7, 0.3)
    with pytest.raises(RangeError, match=r"voltage=1\.2 is not a share"):
        dip_response(300.0, 1.2, 0.1)
    with pytest.raises(RangeError, match="floor"):
        power_floor(square_wave(105, 45, 2.0, 0.7), 200)
    path = tmp_path / "w.csv"
    path.write_text("time_s,power_kw\n0,1\n1,2\n3,4\n")
    with pytest.raises(DataError, match="uneven"):
        read_waveform(path)
    path.write_text("time_s,power_kw\n0,1000\n1,2000\n2,4000\n")
    assert read_waveform(path).power_mw.tolist() == [1, 2, 4]
    path.write_text("low_hz,high_hz,limit_mw\n0.1,1,\n")
    with pytest.raises(DataError, match="without a limit"):
        read_bands(path)
